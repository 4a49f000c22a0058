"""Every recipe that ships, run whole on the embedded model; what a row promises is worked out again from the row."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import simulacra
from simulacra.engine import shipped
from simulacra.engine.made import Made

ROWS = {
    "recipe:labelled-table": 40,
    "recipe:maths-by-persona": 8,
    "recipe:preference-pairs": 2,
    "recipe:question-answer": 3,
    "recipe:support-tickets": 8,
}
RESERVED = ("@example.com", "@example.org", "@example.net")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Return the run of a recipe, made once for all tests: a row costs a second of a processor."""
    folder = tmp_path_factory.mktemp("recipes")
    done: dict[str, Made] = {}

    def of(name: str) -> Made:
        if name not in done:
            out = folder / name.removeprefix(shipped.PREFIX)
            done[name] = simulacra.make(name, n=ROWS[name], out=out)
        return done[name]

    return of


def lineage(made: Made) -> list[dict[str, Any]]:
    assert made.folder is not None
    return [json.loads(line) for path in (made.folder / "lineage").iterdir() for line in path.read_text().splitlines()]


def test_each_recipe_that_ships_is_run_here() -> None:
    assert shipped.names() == sorted(ROWS)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_all_rows_are_made_and_load_as_a_data_set(name: str, runs: Callable[[str], Made], tmp_path: Path) -> None:
    import datasets

    made = runs(name)
    assert made.rows == ROWS[name] and made.failures == ()
    assert made.verdict in ("ok", "unknown", "warn")
    datasets.disable_progress_bars()
    files = str(made.folder / "data" / "*.parquet")  # type: ignore[operator]
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
    assert loaded.num_rows == ROWS[name]
    assert loaded.column_names == made.data.columns
    assert {line["row"] for line in lineage(made)} == set(range(ROWS[name]))


def test_evidence_stands_in_its_document_and_numbers_of_answers_in_the_evidence(runs: Callable[[str], Made]) -> None:
    handbook = Path(shipped.data("recipe:handbook"))
    for row in runs("recipe:question-answer").data.iter_rows(named=True):
        document = " ".join((handbook / row["source"]).read_text("utf-8").split())
        assert " ".join(row["evidence"].split()) in document
        assert len(row["question"].split()) >= 3 and row["question"].endswith("?")
        numbers = re.compile(r"\d+(?:[.,]\d+)*")
        assert set(numbers.findall(row["answer"])) <= set(numbers.findall(row["evidence"]))


def test_answers_of_maths_problems_are_those_of_the_numbers_in_the_problem(runs: Callable[[str], Made]) -> None:
    for row in runs("recipe:maths-by-persona").data.iter_rows(named=True):
        question = row["instruction"].split("\n\n")[1]
        numbers = [int(n) for n in re.findall(r"(?<![-\w])\d+(?![-\w])", question)]
        truth = {
            "product": lambda a, b: a * b,
            "sum": lambda c, a, b: c + a * b,
            "difference": lambda all_, a, b: all_ - a * b,
            "sharing": lambda hours, b: hours / b,
        }[row["form"]](*numbers)
        assert row["answer"] == truth > 0
        assert row["output"].endswith(f"The answer is {truth:g}.")


def test_each_maths_problem_is_about_a_persona_of_its_own_named_in_the_lineage(runs: Callable[[str], Made]) -> None:
    from simulacra.parts.personas import persona

    made = runs("recipe:maths-by-persona")
    assert made.data["persona"].struct.field("text").n_unique() == made.rows
    for row, line in zip(made.data.iter_rows(named=True), lineage(made), strict=True):
        [number] = line["personas"]
        assert persona(0, number, "short").text == row["persona"]["text"]
        assert row["instruction"].startswith(row["persona"]["text"]) and row["hobby"] in row["instruction"]


def test_a_labelled_table_gives_every_class_as_often_in_several_forms_with_its_own_labels(
    runs: Callable[[str], Made],
) -> None:
    made = runs("recipe:labelled-table").data
    table = dict(pl.read_csv(shipped.data("recipe:messages")).iter_rows())
    assert Counter(made["label"]) == dict.fromkeys(set(table.values()), made.height // 4)
    assert {"zero-shot", "few-shot", "chain-of-thought"} <= set(made["form"])
    assert made["template"].n_unique() >= 5
    for row in made.filter(pl.col("form") == "zero-shot").iter_rows(named=True):
        [text] = [text for text in table if text in row["instruction"]]
        assert row["output"] == table[text] == row["label"]
    for row in made.filter(pl.col("form") == "chain-of-thought").iter_rows(named=True):
        assert row["output"].rstrip(".").endswith(row["label"]) and len(row["output"].split()) > 3


def test_pairs_differ_and_both_orders_are_judged(runs: Callable[[str], Made]) -> None:
    made = runs("recipe:preference-pairs")
    tasks = pl.read_csv(shipped.data("recipe:tasks"))["task"].to_list()
    for row, line in zip(made.data.iter_rows(named=True), lineage(made), strict=True):
        assert row["prompt"] == tasks[line["parents"][0]]
        assert row["chosen"].strip() and row["chosen"] != row["rejected"]
        assert [letter in "AB" for letter in row["verdict"]["orders"]] == [True, True]
        judged = [asked["key"] for asked in line["asked"] if asked["column"] == "verdict"]
        assert len(set(judged)) == 2


def test_tickets_obey_their_samplers_and_say_what_the_columns_say(runs: Callable[[str], Made]) -> None:
    defects = {"leak", "heat", "stop", "flicker", "turn", "crack", "zip", "strap", "rain", "left", "charge", "lose"}
    for row in runs("recipe:support-tickets").data.iter_rows(named=True):
        assert row["priority"] in ("high", "normal", "low") and row["channel"] in ("email", "chat", "phone")
        assert "2026-01-01" <= str(row["opened"]) <= "2026-06-30"
        assert row["customer"]["email"].endswith(RESERVED)
        assert row["product"] in row["message"] and row["message"].endswith(f"\n\n{row['customer']['first_name']}")
        if row["topic"] == "defect" and row["product"] != "running shoes":
            assert any(word in row["message"] for word in defects)


def test_conversations_of_a_recipe_load_as_messages(tmp_path: Path) -> None:
    import datasets

    made = simulacra.make(
        "recipe:labelled-table",
        n=12,
        format="chat",
        out=tmp_path / "chat",
        settings={"options": ["target=topic", "few=.5"]},
    )
    datasets.disable_progress_bars()
    files = [str(p) for p in (made.folder / "data").iterdir()]  # type: ignore[operator]
    loaded = datasets.load_dataset("json", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    for row in loaded:
        assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
