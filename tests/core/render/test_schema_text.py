"""The schema as text: every column with its reason, within the width, harmless."""

from __future__ import annotations

import pytest

from simulacra.core.infer import infer
from simulacra.core.render.schema_text import render_schema
from simulacra.core.schema import Column, Schema
from simulacra.testing import toys


@pytest.mark.parametrize("width", [72, 100, 140])
def test_every_column_and_reason_is_shown_within_the_width(width: int) -> None:
    schema = infer({"people": toys.people(rows=300)})
    text = render_schema(schema, width)
    assert max(map(len, text.splitlines())) <= width
    assert text.startswith("people: 300 rows, 7 columns")
    plain = " ".join(text.split())
    for column in schema:
        assert column.name in text and column.why in plain


def test_kinds_tell_what_matters() -> None:
    text = render_schema(
        Schema.of(
            Column("price", "number", low=0.5, high=9.0, step=0.01, unit="EUR", missing=0.25),
            Column("mail", "person", format="email", unique=True, sensitivity="direct"),
            Column("code", "id", format="AA-99"),
            Column("seen", "time", format="%d.%m.%Y", low="2020-01-01", high="2021-01-01"),
            Column("town", "category", levels=("Ulm", "Bonn", "Jena", "Trier"), weights=(0.4, 0.3, 0.2, 0.1)),
            Column("size", "mixed", low=1, high=9, levels=("tbd",), weights=(0.1,)),
            rows=10,
            key=("code",),
            together=(("price", "seen"),),
        )
    )
    for shown in (
        "0.5 .. 9, step 0.01 EUR", "25.0 %", "person (email)", "unique [identifies]", "AA-99",
        "2020-01-01 .. 2021-01-01, %d.%m.%Y", "Ulm 40.0%, Bonn 30.0%, Jena 20.0%, 1 more", "1 .. 9 and tbd 10.0%",
        "Key: code names every row.", "Missing together, in the same rows: price, seen.", "declared",
    ):  # fmt: skip
        assert shown in text, shown


def test_values_cannot_steer_the_terminal() -> None:
    text = render_schema(
        Schema.of(Column("a\x1b[2J", "category", levels=("\x1b]0;x\x07", "line\nbreak"), why="\x1b[31mred"))
    )
    assert "\x1b" not in text and "\x07" not in text and "\\x1b" in text


def test_thousands_of_columns_do_not_flood() -> None:
    text = render_schema(Schema.of(*(Column(f"c{i}", "number") for i in range(1500))))
    assert "... and 1,300 more columns" in text and len(text.splitlines()) < 500
