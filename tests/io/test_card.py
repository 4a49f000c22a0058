"""The card: readable by people and machines, whatever the columns are called."""

from __future__ import annotations

import json
import re

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.lineage import Lineage
from simulacra.core.report import Finding, Report
from simulacra.core.schema import Column, Schema
from simulacra.io.card import Card, croissant, readme

NAMES = st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12), min_size=1, unique=True)


def card(names: list[str], report: Report | None = None, **lineage: object) -> Card:
    schema = Schema.of(*(Column(n, "category", dtype="String") for n in names))
    line = Lineage(made_by="tables/copula", seed=3, generation=1, real_share=0.0, **lineage)  # type: ignore[arg-type]
    empty = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    return Card(1234, empty, ".csv", {"part-00000.csv": "ab" * 32}, schema, line, report)


@settings(deadline=None, max_examples=60)
@given(NAMES)
def test_no_name_breaks_the_table_or_becomes_markup(names: list[str]) -> None:
    lines = readme(card(names)).split("\n")
    start = lines.index("## Columns") + 4
    rows = lines[start : start + len(names)]
    assert lines[start + len(names)] == ""
    for row in rows:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 5, row
        assert "<" not in row and ">" not in row


@settings(deadline=None, max_examples=60)
@given(NAMES)
def test_every_column_is_a_field_of_its_own(names: list[str]) -> None:
    fields = json.loads(json.dumps(croissant(card(names))))["recordSet"][0]["field"]
    assert [f["name"] for f in fields] == names
    assert len({f["@id"] for f in fields}) == len(names)
    assert all(f["source"]["extract"]["column"] == f["name"] for f in fields)


def test_types_of_the_fields() -> None:
    empty = pl.DataFrame(
        schema={"n": pl.Int64, "x": pl.Float32, "b": pl.Boolean, "d": pl.Date, "t": pl.Datetime("us"), "s": pl.String}
    )
    schema = Schema.of(*(Column(c, "category") for c in empty.columns))
    fields = croissant(Card(1, empty, ".parquet", {}, schema, Lineage(made_by="m")))["recordSet"][0]["field"]
    assert [f["dataType"] for f in fields] == [
        "sc:Integer", "sc:Float", "sc:Boolean", "sc:Date", "sc:DateTime", "sc:Text",
    ]  # fmt: skip


def test_the_evidence_is_said_or_said_to_be_missing() -> None:
    bad = Finding("privacy", "exact copies", "fail", "12 rows | are copies", value=12, fresh=0.5, headline=True)
    quiet = Finding("fidelity", "range", "ok", "fine")
    text = readme(card(["a"], Report((bad, quiet))))
    assert "Verdict: **fail**" in text and "exact copies | 12 | 0.5 | 12 rows \\| are copies" in text
    assert "| range |" not in text
    assert "Not checked" in readme(card(["a"])) and croissant(card(["a"]))["sim:verdict"] == "not checked"


def test_privacy_is_claimed_only_when_it_was_paid_for() -> None:
    assert "Guarantee: none." in readme(card(["a"]))
    paid = card(["a"], epsilon=1.5, delta=1e-6)
    assert "differential privacy, epsilon 1.5, delta 1e-06" in readme(paid)
    assert croissant(paid)["sim:privacy"] == "differential privacy, epsilon 1.5, delta 1e-06"
