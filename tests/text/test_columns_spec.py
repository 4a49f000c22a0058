"""What a recipe may say of columns, and how each fault is named before anything is asked."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from simulacra.core.errors import ConfigError, DataError, ModelError, SimulacraError
from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.replay import Replay
from simulacra.text import Columns

TOPIC = {"name": "topic", "kind": "category", "values": ["sun", "rain"]}
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


def prompt(name: str = "answer", **given: Any) -> dict[str, Any]:
    return {"name": name, "kind": "prompt", "prompt": "hi", **given}


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ([TOPIC, prompt(promt="x")], "columns[1] 'answer': unknown entry 'promt'. Did you mean: prompt?"),
        ([{"name": "a", "kind": "promt"}], "columns[0] 'a': unknown kind 'promt'. Did you mean: prompt"),
        ([{"name": "a b", "kind": "prompt"}], "columns[0]: name must be letters, digits and _"),
        (["topic"], "columns[0]: a column is a table of entries"),
        ([TOPIC, TOPIC], "columns[1] 'topic': the name is taken"),
        ([{**TOPIC, "name": "row"}], "columns[0] 'row': the name 'row' has a meaning of its own"),
        ([{"name": "a", "kind": "prompt"}], "columns[0] 'a': a column of kind prompt needs prompt"),
        ([prompt(temperature=9)], "temperature must be a number from 0 to 5, got 9"),
        ([prompt(max_tokens=0)], "max_tokens must be a whole number of at least 1, got 0"),
        ([prompt(schema={})], "schema must be a table, got {}"),
        ([{"name": "c", "kind": "check", "of": "x", "callable": "os:system"}], "it is given in Python only"),
    ],
)
def test_a_wrong_entry_is_named_with_its_place_when_the_object_is_made(columns: list[Any], fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Columns(columns=columns)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ([], "no column stands in the output"),
        ([{**TOPIC, "keep": False}], "no column stands in the output"),
        ([TOPIC, prompt(prompt="{{ topik }}")], "'topik', which is no column before it. Did you mean: topic?"),
        ([prompt(prompt="{{ topic }}"), TOPIC], "'topic', which stands after it (columns[1] 'topic'); move that one"),
        ([prompt(prompt="{{ answer }}")], "in a circle: 'answer' -> 'answer'"),
        (
            [prompt("a", prompt="{{ b }}"), prompt("b", system="{{ c.x }}"), prompt("c", prompt="{{ a }}")],
            "columns[0] 'a': the columns refer to one another in a circle: 'a' -> 'b' -> 'c' -> 'a'",
        ),
        ([prompt(prompt="{{ topic")], "columns[0] 'answer': prompt, line 1: unexpected end of template"),
        ([prompt("a", schema=SCHEMA), prompt("b", prompt="{{ a.titel }}")], "no field 'titel'. Did you mean: title"),
        ([TOPIC, prompt("b", prompt="{{ topic.x }}", when="{{ topik == 'sun' }}")], "when refers to 'topik'"),
        ([prompt(model="big")], "columns[0] 'answer': model: no model is named 'big'. Known: default."),
        ([prompt(schema={"type": "wrong"})], "columns[0] 'answer': schema is no JSON schema"),
        ([prompt(schema=SCHEMA, turns=["more"])], "schema and turns cannot be given together"),
        ([{"name": "s", "kind": "seed"}], "takes rows of the data, and there are none"),
        ([prompt(prompt="{{ seed.x }}")], "takes rows of the data (seed), and there are none"),
        ([{"name": "n", "kind": "number", "low": 2, "high": 1}], "low must be below high, got 2 and 1"),
        ([{"name": "n", "kind": "number", "distribution": "normal", "mean": 1}], "a number that is normal needs sd"),
        ([{"name": "n", "kind": "number", "low": 0, "high": 1, "sd": 1}], "sd says nothing of a number"),
        ([{"name": "c", "kind": "category", "values": ["a", 1]}], "values must be all text, all numbers"),
        ([{"name": "c", "kind": "category", "values": ["a"], "weights": [-1]}], "must be 1 numbers of at least 0"),
        ([TOPIC, {"name": "c", "kind": "category", "by": "topic", "values": {"sun": ["a"]}}], "for topic = 'rain'"),
        ([{"name": "d", "kind": "date", "start": "2024-02-30", "end": "2024-03-01"}], "start must be a date"),
        ([{"name": "p", "kind": "person", "locale": "xx"}], "no locale 'xx'"),
        ([{"name": "p", "kind": "person", "fields": ["mail"]}], "a person has no 'mail'. Did you mean: email?"),
        ([TOPIC, {"name": "c", "kind": "check", "of": "topic"}], "one of schema, regex, callable, runs, got none"),
        ([TOPIC, {"name": "c", "kind": "check", "of": "topic", "regex": "(?=x)"}], "there are no look-arounds"),
        ([TOPIC, {"name": "j", "kind": "judge", "prompt": "x"}], "a judge needs either rubric or pairwise"),
        ([{"name": "j", "kind": "judge", "prompt": "x", "pairwise": ["a", "b"]}], "refers to 'a', which is no column"),
        ([{"name": "l", "kind": "label", "prompt": "x", "labels": ["a", "a"]}], "at least two different texts"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_named_before_anything_is_asked(columns: list[Any], fault: str) -> None:
    port = Replay(lambda request: "never")
    made = Columns(columns=columns)
    made.desk = Desk([Model()], ports={"default": port})
    with pytest.raises(SimulacraError) as caught:
        made.sample(3, seed=1)
    assert fault in str(caught.value)
    assert port.asked == []


def test_an_unknown_column_of_the_data_is_named_with_near_ones() -> None:
    made = Columns(columns=[prompt(prompt="{{ seed.subjct }}")])
    with pytest.raises(ConfigError, match=r"the data have no column 'subjct'\. Did you mean: subject\?"):
        made.fit(pl.DataFrame({"subject": ["a"]}))
    plain = Columns(columns=[prompt(prompt="{{ subject }}")])
    with pytest.raises(ConfigError, match=r"The data have such a column: write seed\.subject\."):
        plain.fit(pl.DataFrame({"subject": ["a"]}))


def test_data_without_rows_are_refused() -> None:
    with pytest.raises(DataError, match="have a header but no rows"):
        Columns(columns=[{"name": "s", "kind": "seed"}]).fit(pl.DataFrame({"x": []}))


def test_conditions_on_rows_are_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="where is not for text"):
        Columns(columns=[TOPIC]).sample(1, where={"topic": "sun"})  # type: ignore[arg-type]


def test_a_function_is_named_in_the_configuration_and_never_saved(tmp_path: Any) -> None:
    made = Columns(columns=[TOPIC, {"name": "c", "kind": "check", "of": "topic", "callable": len}])
    assert made.params()["columns"][1]["callable"] == "builtins:len"
    made.sample(2, seed=1)
    with pytest.raises(ConfigError, match=r"columns\[1\] 'c' holds a Python function, which is never saved"):
        made.save(tmp_path / "model")


def test_no_key_stands_in_the_configuration() -> None:
    with pytest.raises(ConfigError) as caught:
        Columns(columns=[prompt()], models=[{"base_url": "http://127.0.0.1:1/v1", "key_env": "sk-secret-1234"}])
    assert "sk-secret" not in str(caught.value)
    made = Columns(columns=[prompt()], models=[{"base_url": "http://127.0.0.1:1/v1", "key_env": "MY_KEY"}])
    assert made.params()["models"] == ({"port": "endpoint", "base_url": "http://127.0.0.1:1/v1", "key_env": "MY_KEY"},)


def test_a_model_that_was_saved_with_wrong_columns_is_refused(tmp_path: Any) -> None:
    made = Columns(columns=[TOPIC]).fit()
    made.save(tmp_path / "model")
    loaded = Columns.load(tmp_path / "model")
    assert loaded.sample(5, seed=3).equals(made.sample(5, seed=3))
    with pytest.raises(ModelError):
        Columns.load(tmp_path / "none")
