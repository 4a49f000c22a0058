"""Personas: streams by number, people behind texts, chains of relations, rows told coarsely, and no repetitions."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.core.errors import ConfigError, DataError, SchemaError
from simulacra.core.schema import Column, Schema, Table
from simulacra.parts.personas import persona, personas
from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.replay import Replay
from simulacra.parts.prompts.request import Answer, Request
from simulacra.testing import toys
from simulacra.text import Personas
from simulacra.text._personas_alike import Alike
from simulacra.text._personas_columns import DEEDS, RELATIONS, cleaned

TEXTS = pl.DataFrame({"id": [1, 2, 3], "text": ["Bees need flowers.", "Rents rise again.", "The goalkeeper is ill."]})
ENDPOINT = {"name": "default", "port": "endpoint", "base_url": "http://127.0.0.1:9/v1"}


def somebody(request: Request) -> str:
    """A persona that no other request gets: words by the request's seed."""
    return persona(99, request.seed, "short").text


def asked(reply: Any = somebody, data: Any = None, seed: int = 1, **given: Any) -> tuple[Personas, Replay]:
    """Return personas whose model is a server that answers by a function, and that function's port."""
    method = Personas(**{"models": (ENDPOINT,), **given})
    port = Replay(reply)
    method.desk = Desk([Model.read(ENDPOINT)], ports={"default": port})
    return method.fit(data, seed=seed), port


# Made by number -----------------------------------------------------------------------------------------------------


def test_made_personas_are_those_of_their_numbers():
    made = Personas()
    frame = made.sample(5000, seed=3)
    assert frame.rename({"persona": "text"}).equals(personas(3, np.arange(5000, dtype=np.uint64)))
    blocks = list(Personas().batches(5000, seed=3, first=1))
    assert pl.concat([b.frames["table"] for b in blocks]).equals(frame[4096:])
    assert blocks[0].frames["lineage"]["personas"].to_list() == [[k] for k in range(4096, 5000)]
    assert made.facts_["repetitions among the first"] == {"MinHash": 0.0, "embedding": 0.0, "personas": 5000}


def test_a_stream_needs_no_storage_and_asks_nobody():
    method, port = asked(source="made")
    blocks = method.batches(10**9, seed=1)
    first = next(blocks)
    assert first.frames["table"].height == 4096 and not port.asked
    blocks.close()


def test_made_personas_come_from_the_command_line(tmp_path):
    from simulacra.cli.main import main

    command = ["make", "-m", "text/personas", "-n", "6000", "--seed", "3", "-o", str(tmp_path / "out")]
    assert main(command) == 0
    parts = sorted((tmp_path / "out" / "data").glob("*.parquet"))
    assert pl.concat([pl.read_parquet(p) for p in parts]).equals(Personas().sample(6000, seed=3))


def test_a_saved_method_gives_the_same_rows(tmp_path):
    made = Personas().fit(toys.people(300, 0), seed=1)
    made.save(tmp_path / "model")
    again = simulacra.load(tmp_path / "model")
    assert again.sample(50, seed=2).equals(made.sample(50, seed=2))


# Of texts -----------------------------------------------------------------------------------------------------------


def test_who_has_to_do_with_a_text():
    method, port = asked(data=TEXTS)
    rows = method.sample(30, seed=1, kind="dataset")
    frame, lineage = rows.frames["table"], rows.frames["lineage"]
    assert method.source_ == "texts" and frame.height == 30 and frame["persona"].n_unique() == 30
    assert set(frame["relation"]) == set(DEEDS) and set(frame["round"]) == {0}
    assert {p for parents in lineage["parents"] for p in parents} == {0, 1, 2}
    for request, relation in zip(port.asked, frame["relation"], strict=True):
        assert f"likely to {relation} this text" in request.messages[0][1]
    shown = [next(t for t in TEXTS["text"] if t in r.messages[0][1]) for r in port.asked]
    assert shown == [TEXTS["text"][p[0]] for p in lineage["parents"]]
    assert lineage["asked"].list.len().to_list() == [1] * 30


def test_a_model_that_goes_on_from_examples_gets_examples():
    method = Personas()
    port = Replay(lambda r: f"{somebody(r)[1:]}\nText: another")
    method.desk = Desk([Model()], ports={"default": port})
    rows = method.fit(TEXTS, seed=1).sample(4, seed=1)
    assert rows["persona"].to_list() == [somebody(r) for r in port.asked]
    assert all(r.messages[0][1].endswith("this text: A") for r in port.asked)
    assert all(r.kind == "complete" and r.stop == ("\n",) for r in port.asked)
    assert rows["persona"].str.ends_with(".").all() and not rows["persona"].str.contains("another").any()


def test_an_answer_that_is_no_persona_costs_its_row_alone():
    def reply(request: Request) -> str | Answer:
        if request.row == 2:
            return "I cannot."
        return Answer(error="the server is tired") if request.row == 4 else somebody(request)

    method, _ = asked(reply, TEXTS)
    rows = method.sample(6, seed=1, kind="dataset")
    assert rows.frames["lineage"]["row"].to_list() == [0, 1, 3, 5]
    told = {f.row: f.reason for f in method.failures_}
    assert "no persona" in told[2] and "tired" in told[4] and set(told) == {2, 4}


# Of personas --------------------------------------------------------------------------------------------------------


def test_each_round_is_made_from_the_one_before():
    method, port = asked(rounds=3)
    rows = method.sample(10, seed=5, kind="dataset")
    frame = rows.frames["table"].with_columns(rows.frames["lineage"]["row"], rows.frames["lineage"]["asked"])
    assert frame["row"].to_list() == list(range(10)) and frame["round"].to_list() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert frame["persona"][4] == persona(5, 1).text
    prompts = [r.messages[-1][1] for r in port.asked]
    for row in frame.filter(pl.col("round") > 0).iter_rows(named=True):
        before = frame["persona"][row["made_from"]]
        assert row["made_from"] == row["row"] - 1 and row["relation"] in RELATIONS
        assert any(before in p and f"Describe {row['relation']} of" in p for p in prompts)
        assert len(row["asked"]) == 1
    assert frame.filter(pl.col("round") == 0)["asked"].list.len().sum() == 0


def test_a_model_that_goes_on_is_shown_whole_personas():
    method = Personas(rounds=2)
    port = Replay(lambda r: f"n {'older ' * (r.row + 1)}{r.column[-1]} who keeps bees.")
    method.desk = Desk([Model()], ports={"default": port})
    rows = method.sample(6, seed=1)["persona"]
    assert (
        rows[1] == "An older 1 who keeps bees." and "Person: An older 1 who keeps bees." in port.asked[2].messages[0][1]
    )
    assert f"Person: {rows[0]}\n" in port.asked[0].messages[0][1]


def test_a_lost_round_loses_those_behind_it_and_no_other():
    def reply(request: Request) -> str | Answer:
        lost = request.row == 1 and request.column == "persona_2"
        return Answer(error="refused") if lost else somebody(request)

    method, _ = asked(reply, rounds=3)
    rows = method.sample(12, seed=5, kind="dataset").frames["lineage"]["row"].to_list()
    assert rows == [0, 1, 2, 3, 4, 5, 8, 9, 10, 11]
    told = [(f.row, f.reason) for f in method.failures_]
    assert told == [(6, "refused"), (7, "the persona before it in the chain is missing")]


def test_another_language_begins_as_it_likes():
    method, port = asked(lambda r: f"Eine Bäckerin aus Ulm mit {r.row} Katzen.", TEXTS, language="German")
    rows = method.sample(3, seed=1)
    assert rows["persona"].str.starts_with("Eine").all()
    assert all("Write in German." in r.messages[0][1] for r in port.asked)


def test_rows_hang_on_no_count():
    few, many = (asked(rounds=2)[0].sample(n, seed=4) for n in (7, 80))
    assert many.head(7).equals(few)


# Repetitions --------------------------------------------------------------------------------------------------------


def test_repetitions_are_dropped_in_two_stages_and_named():
    first = "A retired beekeeper from a mountain village who keeps bees and sells honey at the weekly market in town."
    words = "A retired beekeeper from a mountain village who keeps bees and sells honey at the weekly market in towns."
    order = "A beekeeper, retired, who sells honey at the weekly market in town and keeps bees from a mountain village."
    answers = {0: first, 1: "A taxi driver who paints.", 2: first, 3: words, 4: order, 5: "A nurse who collects maps."}
    method, _ = asked(lambda r: answers[r.row], TEXTS)
    rows = method.sample(6, seed=1, kind="dataset")
    assert rows.frames["lineage"]["row"].to_list() == [0, 1, 5]
    told = {f.row: f.reason for f in method.failures_}
    assert set(told) == {2, 3, 4} and all("row 0" in reason for reason in told.values())
    assert "Jaccard" in told[2] and "cosine" in told[4]
    assert method.facts_["dropped as alike"] == {"MinHash": 1, "embedding": 2}


def test_repetitions_of_earlier_blocks_are_found():
    known = Alike(0.9)
    texts = personas(1, range(200))["text"].to_list()
    assert known.twins(range(100), texts[:100]) == []
    twins = known.twins(range(100, 250), texts[100:200] + texts[:50])
    assert [(t.row, t.first, t.value) for t in twins] == [(200 + i, i, 1.0) for i in range(50)]
    assert known.twins([], []) == [] and len(known.rows) == 200


def test_a_model_may_embed_personas():
    def reply(request: Request) -> Any:
        if request.kind == "embed":
            return [1.0, 0.0] if "baker" in request.messages[-1][1] else [0.0, 1.0 + request.row]
        return (
            f"A baker of town number {request.row} here."
            if request.row in (1, 3)
            else f"A nurse of ward {request.row} here."
        )

    method, _ = asked(reply, TEXTS, vectors="default")
    method.sample(4, seed=1)
    cosine = {f.row for f in method.failures_ if "cosine" in f.reason}
    assert cosine == {2, 3} and set(method.sample(4, seed=1).columns) == {"persona", "relation", "round", "made_from"}


# Rows and schemas ---------------------------------------------------------------------------------------------------


def people(rows: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "person_id": [f"P-{i:05d}" for i in range(rows)],
            "full_name": [f"Name{i} Family{i}" for i in range(rows)],
            "email": [f"name{i}@mail.test" for i in range(rows)],
            "age": rng.integers(20, 90, rows),
            "income": np.round(rng.lognormal(10, 0.5, rows), 2),
            "job": [("clerk", "baker", "nurse")[i % 3] if i else "astronaut" for i in range(rows)],
            "member": rng.random(rows) < 0.5,
            "joined": [date(2000 + i % 20, 1 + i % 12, 1 + i % 28) for i in range(rows)],
        }
    )


def test_rows_are_told_coarsely_and_nothing_that_identifies():
    real = people()
    method = Personas().fit(real, seed=1)
    rows = method.sample(400, seed=1)
    text = " ".join(rows["persona"])
    assert method.source_ == "rows" and rows.height > 300
    assert not any(name in text for column in ("person_id", "full_name", "email") for name in real[column])
    assert "astronaut" not in text and "baker" in text
    assert not any(f"{income}" in text for income in real["income"])
    assert rows["persona"].str.contains(r"age is \d+ to \d+").all()
    assert rows["persona"].str.contains(r"joined is 20\d\d[ ,.]").all() and "whose member is yes" in text
    assert "real people" in method.facts_["made from"]


def test_a_told_row_is_true_of_its_row():
    real = people()
    made = Personas().fit(real, seed=1).sample(400, seed=1, kind="dataset")
    told = made.frames["table"]["persona"].str.extract_groups(r"age is (?<low>\d+) to (?<high>\d+)").struct.unnest()
    own = real[made.frames["lineage"]["parents"].list.first()]
    assert own["age"].is_between(told["low"].cast(pl.Int64), told["high"].cast(pl.Int64)).all()
    jobs = made.frames["table"]["persona"].str.extract(r"job is (\w+)")
    assert (jobs.fill_null("astronaut") == own["job"]).all()


def test_a_schema_alone_gives_a_stream():
    schema = toys.people_schema()
    method = Personas().fit(schema=schema, seed=1)
    rows = method.sample(5000, seed=2)
    assert method.source_ == "schema" and rows["persona"].n_unique() > 1000
    assert rows.head(10).equals(Personas().fit(schema=schema, seed=1).sample(10, seed=2))
    assert 0 < method.facts_["repetitions among the first"]["equal"] < 0.2
    ages = rows["persona"].str.extract(r"age is (\d+)").cast(pl.Int64)
    assert ages.min() >= 0 and ages.max() < 120


# Wrong use ----------------------------------------------------------------------------------------------------------


def test_wrong_use_is_named():
    with pytest.raises(DataError, match="source texts needs data"):
        Personas(source="texts").fit(seed=1)
    with pytest.raises(ConfigError, match="needs a schema"):
        Personas(source="schema").fit(seed=1)
    with pytest.raises(ConfigError, match="no column 'txt'.*text"):
        Personas(column="txt").fit(TEXTS, seed=1)
    with pytest.raises(ConfigError, match="vectors: no model is named 'small'"):
        Personas(vectors="small")
    with pytest.raises(ConfigError, match="English only"):
        Personas(language="German")
    with pytest.raises(DataError, match="no column of the table can be told"):
        Personas(source="rows").fit(people().select("person_id", "email"), seed=1)
    bare = Schema({"t": Table((Column("age", "number"),))})
    with pytest.raises(SchemaError, match="age"):
        Personas().fit(schema=bare, seed=1).sample(3, seed=1)


@pytest.mark.parametrize(
    ("answer", "persona"),
    [
        ('"A baker who sings in a choir."', "A baker who sings in a choir."),
        ("Persona: A baker who sings in a choir.\n\nNote: no name.", "A baker who sings in a choir."),
        ("\n  A baker who sings in a choir", "A baker who sings in a choir."),
        ("A baker who sings. He also", "A baker who sings."),
        ("A person who is likely to like this text: A baker who sings.", "A baker who sings."),
        ("A person who is likely to read this text.", ""),
        ("I cannot.", ""),
        ("If you want to see it, look for the big car.", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_answers_are_cleaned(answer, persona):
    text, why = cleaned(answer)
    assert text == persona and bool(why) == (persona == "")
