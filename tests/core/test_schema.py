"""Schemas: TOML both ways, and every contradiction named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import SchemaError
from simulacra.core.schema import KINDS, PERSON_FORMATS, SENSITIVITIES, Column, Link, Schema, Table
from simulacra.testing import toys

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
numbers = st.floats(allow_nan=False) | st.integers(-(2**60), 2**60)


@st.composite
def columns(draw: Any, name: str) -> Column:
    kind = draw(st.sampled_from(KINDS))
    low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2)))
    levels = draw(st.lists(words | st.integers(-9, 9) | st.booleans(), max_size=4))
    share = 1 / len(levels) if levels else 0
    return Column(
        name,
        kind,
        dtype=draw(st.sampled_from(["", "Int64", "String", "Datetime(us)"])),
        missing=draw(st.floats(0, 1)),
        low=draw(st.sampled_from([None, low])),
        high=draw(st.sampled_from([None, high])),
        step=draw(st.none() | st.floats(1e-6, 1e6)),
        levels=tuple(levels),
        weights=draw(st.sampled_from([(), (share,) * len(levels)])),
        quantiles=tuple(draw(st.lists(st.floats(allow_nan=False), max_size=3))),
        heavy_tail=draw(st.booleans()),
        format=draw(st.sampled_from(PERSON_FORMATS)) if kind == "person" else draw(words | st.just("")),
        unique=draw(st.booleans()),
        sensitivity=draw(st.sampled_from(SENSITIVITIES)),
        source=draw(st.sampled_from(["declared", "from data"])),
        why=draw(words),
    )


@st.composite
def schemas(draw: Any) -> Schema:
    tables = {}
    for table in draw(st.lists(words, min_size=1, max_size=2, unique=True)):
        names = draw(st.lists(words, min_size=1, max_size=4, unique=True))
        together = draw(st.sampled_from([(), (tuple(names[:2]),)]))
        rows = draw(st.none() | st.integers(0, 10**9))
        tables[table] = Table(tuple(draw(columns(name)) for name in names), tuple(names[:1]), together, rows)
    first = next(iter(tables))
    links = draw(st.sampled_from([(), (Link(first, tables[first].names[0], first, tables[first].names[-1]),)]))
    return Schema(tables, links)


@given(schemas())
@settings(max_examples=60, deadline=None)
def test_toml_brings_every_schema_back(schema: Schema) -> None:
    assert Schema.from_toml(schema.to_toml()) == schema
    assert Schema.from_dict(schema.to_dict()) == schema


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
facts = st.sampled_from(
    ["kind", "missing", "low", "high", "levels", "weights", "quantiles", "step", "format", "unique", "dtype", "source"]
)


@given(st.dictionaries(facts, plain, max_size=4), st.sampled_from(["number", "category", "time"]), plain, plain)
@settings(max_examples=150, deadline=None)
def test_nonsense_is_a_schema_error_and_nothing_else(given: dict[str, Any], kind: str, rows: Any, key: Any) -> None:
    table = {"columns": {"a": {"kind": kind, **given}}, "rows": rows, "key": key}
    for value in (
        {"simulacra_schema": 1, "tables": {"t": table}},
        {"simulacra_schema": 1, "tables": rows, "links": key},
    ):
        try:
            schema = Schema.from_dict(value)
        except SchemaError:
            continue
        assert schema.columns[0].name == "a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no line 'simulacra_schema = 1'"),
        ("simulacra_schema = 99", r"newer version \(schema format 99, known 1\); upgrade"),
        ("simulacra_schema = 1\nlinks = 3\n[tables.t.columns.a]\nkind='number'", "links"),
        ("simulacra_schema = 1\n[tabels.t]", "unknown entry 'tabels'. Did you mean: tables"),
        ("simulacra_schema = 1\n[tables.t]\nrows = 3", r"no \[tables.t.columns.NAME\] entries"),
        (
            "simulacra_schema = 1\n[tables.t.columns.a]\nkind = 'nubmer'",
            "column 'a': unknown kind 'nubmer'. Did you mean: number",
        ),
        (
            "simulacra_schema = 1\n[tables.t.columns.a]\nkind = 'number'\nlo = 1",
            "column 'a': unknown fact 'lo'. Did you mean: low",
        ),
        ("simulacra_schema = 1\n[tables.t.columns.a]\nlow = 1", "column 'a' has no kind"),
        ("simulacra_schema = 1\n[tables.t.columns.a]\nkind = 'number'\nlow = 5\nhigh = 1", "low 5 is above high 1"),
        (
            "simulacra_schema = 1\n[tables.t.columns.a]\nkind = 'person'\nformat = 'hat'",
            "format of person data must be one of",
        ),
        (
            "simulacra_schema = 1\n[tables.t.columns.a]\nkind = 'category'\nlevels=['x']\nweights=[2]",
            "weights must be shares",
        ),
        ("simulacra_schema = 1\n[tables.t\n", "not valid TOML.*line 2"),
        ("a = " + "[" * 20_000, "not valid TOML"),
    ],
)
def test_faults_are_named_with_their_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SchemaError, match=message) as caught:
        Schema.read(path)
    assert str(caught.value).startswith(str(path)) or "column 'a'" in str(caught.value)


def test_numbers_of_numpy_become_plain() -> None:
    column = Column(
        "a", "number", low=np.int64(1), high=np.float64(2), quantiles=[np.float32(1)], unique=np.bool_(True)
    )
    assert [type(v) for v in (column.low, column.high, column.quantiles[0], column.unique)] == [int, float, float, bool]


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="simulacra look DATA -o"):
        Schema.read(tmp_path / "none.toml")


def test_facts_are_changed_by_replace_and_marked_declared() -> None:
    old = Schema.of(Column("age", "number", low=0, high=9, source="from data", why="numbers"))
    new = old.replace("age", unit="years")
    assert new["age"].unit == "years"
    assert (new["age"].source, new["age"].why, old["age"].unit) == ("declared", "declared", "")
    with pytest.raises(SchemaError, match="no column 'agee'. Did you mean: age"):
        old.replace("agee", unit="years")
    with pytest.raises(SchemaError, match="unknown fact 'units'. Did you mean: unit"):
        old.replace("age", units="years")


def test_a_table_refuses_names_that_occur_twice_and_keys_that_do_not_exist() -> None:
    with pytest.raises(SchemaError, match="'a' is named twice"):
        Schema.of(Column("a", "number"), Column("a", "number"))
    with pytest.raises(SchemaError, match="names column 'b', which is not in the table"):
        Schema.of(Column("a", "number"), key=("b",))
    with pytest.raises(SchemaError, match="at least one table"):
        Schema({})
    with pytest.raises(SchemaError, match="a link names table 'q'"):
        Schema({"t": Table((Column("a", "id"),))}, (Link("t", "a", "q", "a"),))


def test_several_tables_must_be_named() -> None:
    both = Schema({"a": Table((Column("x", "id"),)), "b": Table((Column("y", "id"),))})
    with pytest.raises(SchemaError, match=r"there are 2 tables \(a, b\); name one"):
        both.columns  # noqa: B018


def test_the_toys_schema_is_read_as_it_is_written() -> None:
    text = toys.mixed_schema().to_toml()
    assert 'together = [\n    [\n        "height",' in text or "together" in text
    assert tomli_w.dumps(Schema.from_toml(text).to_dict()) == text
