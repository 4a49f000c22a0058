"""Transforms by make: rows of data in, those that stay out, each with the row it came from and a reason."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import simulacra
from simulacra.cli.main import main
from simulacra.core.errors import ConfigError, DataError

WORDS = [
    "amber",
    "birch",
    "coral",
    "delta",
    "ember",
    "flint",
    "grove",
    "heron",
    "ivory",
    "jade",
    "kelp",
    "lilac",
    "maple",
]
SAID = [" ".join(WORDS[(i * k + k) % len(WORDS)] for k in range(2, 12)) for i in range(12)]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIMULACRA_KEY", "of these tests")


def talks() -> pl.DataFrame:
    """Return twelve conversations and one that stands there twice."""
    said = [*SAID, SAID[3]]
    return pl.DataFrame(
        {
            "messages": [
                [{"role": "user", "content": f"Tell of {words}."}, {"role": "assistant", "content": f"{words}!"}]
                for words in said
            ],
            "topic": ["stones"] * 13,
        }
    )


def test_select_writes_what_stays_with_sources_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    talks().write_ndjson("talks.jsonl")
    assert main(["make", "talks.jsonl", "-m", "text/select", "--format", "chat", "-o", "out"]) == 0
    rows = [json.loads(line) for line in Path("out/data/part-00000.jsonl").read_text().splitlines()]
    sources = [json.loads(line)["parents"][0] for line in Path("out/lineage/part-00000.jsonl").read_text().splitlines()]
    given = talks().to_dicts()
    assert [given[source] for source in sources] == rows and len(rows) < 13
    reasons = pl.read_ndjson("out/reasons.jsonl")
    assert reasons.height == 13 and reasons.filter("kept")["row"].to_list() == sources
    assert {"reasons.jsonl", "lineage/part-00000.jsonl"} <= set(
        json.loads(Path("out/manifest.json").read_text())["files"]
    )
    assert "why each row of the data was kept or dropped" in capsys.readouterr().out
    card = Path("out/README.md").read_text()
    assert "left these of 13 rows" in card and "Share of real rows: 1" in card
    assert main(["redo", "out", "-o", "again"]) == 0


def test_conversations_stay_lists_of_messages_in_parquet() -> None:
    talks().write_parquet("talks.parquet")
    made = simulacra.make("talks.parquet", "text/select", out="out")
    assert made.data.schema["messages"] == talks().schema["messages"] == pl.read_parquet("out/data").schema["messages"]


def test_n_is_how_many_are_chosen() -> None:
    assert simulacra.make(pl.DataFrame({"text": SAID}), "text/select", n=3).rows == 3


def test_a_table_in_memory_is_given_back_in_kind() -> None:
    made = simulacra.make(pl.DataFrame({"text": SAID}), "text/select")
    assert isinstance(made.data, pl.DataFrame) and made.folder is None and made.lineage.made_by == "text/select"


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(DataError, match="changes rows of data"):
        simulacra.make(method="text/select")
    with pytest.raises(ConfigError, match="target is for methods"):
        simulacra.make(pl.DataFrame({"text": SAID}), "text/select", target="text")


def test_the_list_shows_transforms_and_their_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0 and "text/select" in capsys.readouterr().out
    assert main(["list", "text/select"]) == 0 and "novelty" in capsys.readouterr().out
