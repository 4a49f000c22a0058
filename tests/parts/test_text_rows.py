"""parts/text_rows: texts of rows in every layout, and which columns hold texts at all."""

import json

import polars as pl
import pytest

from simulacra.core.errors import ConfigError
from simulacra.core.schema import Column, Schema, Table
from simulacra.parts.text_rows import flat, read, text_columns

TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "content": "Because."},
]


@pytest.mark.parametrize("cell", [TURNS, json.dumps(TURNS)])
def test_a_conversation_is_asked_and_answered_without_the_words_of_the_system(cell: object) -> None:
    rows = read(pl.DataFrame({"messages": [cell, cell]}))
    assert rows.asked.to_list() == ["Why?"] * 2 and rows.answered.to_list() == ["Because."] * 2
    assert rows.whole.to_list() == ["Why?\nBecause."] * 2


def test_what_is_asked_has_its_input_and_what_is_preferred_is_the_answer() -> None:
    alpaca = read(pl.DataFrame({"output": ["4"], "instruction": ["Add."], "input": ["2 and 2"]}))
    assert (alpaca.asked[0], alpaca.answered[0], alpaca.columns) == (
        "Add.\n2 and 2",
        "4",
        ("instruction", "input", "output"),
    )
    pairs = read(pl.DataFrame({"prompt": ["Why?"], "chosen": ["Because."], "rejected": ["No."]}))
    assert (pairs.asked[0], pairs.answered[0], pairs.whole[0]) == ("Why?", "Because.", "Why?\nBecause.\nNo.")


def test_plain_text_asks_nothing_and_missing_cells_are_empty() -> None:
    rows = read(pl.DataFrame({"text": ["One.", None]}))
    assert rows.asked.to_list() == ["", ""] and rows.whole.to_list() == ["One.", ""]


def test_identifiers_levels_and_numbers_hold_no_text() -> None:
    long = "a sentence of more than eight words stands in every cell"
    frame = pl.DataFrame(
        {"id": ["A-1", "A-2"], "level": ["low", "high"], "n": [1, 2], "note": [long, long], "who": [long, long]}
    )
    assert text_columns(frame) == ["note", "who"]
    schema = Schema({"table": Table((Column("who", "person", format="address"), Column("note", "text")))})
    assert text_columns(frame, schema) == ["note"]


def test_other_lists_and_records_are_all_their_texts() -> None:
    assert flat(pl.Series([{"a": "x", "b": ["y", "z"]}, None])).to_list() == ["x\ny\nz", ""]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="no column 'txt'.*text"):
        read(pl.DataFrame({"text": ["a"]}), ["txt"])
    with pytest.raises(ConfigError, match="no column of text among a"):
        read(pl.DataFrame({"a": [1]}))
