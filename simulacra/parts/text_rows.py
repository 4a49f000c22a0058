"""Which columns of a table hold text, and the text of each row: plain, conversations, questions with answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from simulacra.core.errors import ConfigError, near
from simulacra.core.schema import Schema

TALKS = ("messages", "conversations")
PAIRS = (("instruction", "output"), ("prompt", "completion"), ("prompt", "chosen"), ("question", "answer"))
"""Columns of what is asked and of what is answered."""
PLAIN = ("text", "story", "content", "document")
LONG = 8.0
"""Words on average from which cells are texts, whatever kind the schema says; 4 do where it says text."""
LOOKED_AT = 500


@dataclass(frozen=True)
class TextRows:
    """The texts of the rows of a table.

    asked, answered: (rows,) what a row asks and what it answers; plain texts ask nothing. whole: (rows,) all of it.
    columns: those that were read. Missing texts are "".
    """

    asked: pl.Series
    answered: pl.Series
    whole: pl.Series
    columns: tuple[str, ...]


def read(frame: pl.DataFrame, columns: Sequence[str] = (), who: str = "texts") -> TextRows:
    """Return the texts of a table.

    columns: one of texts or conversations; two or three of what is asked (its input) and answered; () finds them by
    their names or contents. Raises ConfigError for a column that is not there or when none holds text.
    """
    for name in columns:
        if name not in frame.columns:
            raise ConfigError(f"{who}: no column {name!r} in the table.{near(name, frame.columns)}")
    names = tuple(columns) or _found(frame)
    if not names:
        raise ConfigError(
            f"{who}: no column of text among {', '.join(frame.columns)}; name one, or two of question and answer, "
            "as columns"
        )
    if len(names) == 1:
        if talks := conversations(frame[names[0]]):
            asked = pl.Series(["\n".join(c for _, c in talk[: _answer(talk)]) for talk in talks], dtype=pl.String)
            answered = pl.Series(["\n".join(c for _, c in talk[_answer(talk) :]) for talk in talks], dtype=pl.String)
            return TextRows(asked, answered, flat(frame[names[0]]), names)
        whole = flat(frame[names[0]])
        return TextRows(pl.repeat("", frame.height, dtype=pl.String, eager=True), whole, whole, names)
    last = 2 if names[-2:] == ("chosen", "rejected") else 1
    asked = _joined([flat(frame[name]) for name in names[:-last]])
    answered = flat(frame[names[-last]])
    return TextRows(asked, answered, _joined([flat(frame[name]) for name in names]), names)


def _found(frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the columns to read: those whose names mean a conversation, a question and answer, or a text."""
    there = set(frame.columns)
    for name in TALKS:
        if name in there and conversations(frame[name]):
            return (name,)
    for asked, answered in PAIRS:
        if {asked, answered} <= there:
            more = [c for c in ("input",) if c in there and asked == "instruction"]
            worse = ["rejected"] if answered == "chosen" and "rejected" in there else []
            return (asked, *more, answered, *worse)
    for name in PLAIN:
        if name in there and frame[name].dtype == pl.String:
            return (name,)
    return tuple(text_columns(frame)[:1])


def text_columns(frame: pl.DataFrame, schema: Schema | None = None) -> list[str]:
    """Return the columns that hold texts: sentences or conversations, no identifiers, person data or short levels."""
    kinds = {c.name: c.kind for c in schema.columns} if schema is not None else {}
    out = []
    for name in frame.columns:
        kind = kinds.get(name, "")
        if kind in ("id", "person", "number", "time", "boolean", "image", "audio", "constant", "empty", "mixed"):
            continue
        column = frame[name]
        if column.dtype == pl.String:
            few = column.drop_nulls().head(LOOKED_AT)
            words = few.str.count_matches(r"\w+").mean() if len(few) else 0.0
            if isinstance(words, float) and words >= (LONG / 2 if kind == "text" else LONG):
                out.append(name)
        elif column.dtype.is_nested() and conversations(column.head(LOOKED_AT)):
            out.append(name)
    return out


def conversations(column: pl.Series) -> list[list[tuple[str, str]]]:
    """Return the (role, content) pairs of each row of a column of conversations; [] when it is none.

    A conversation is a list of {role, content} or {from, value}, or the same as JSON text. What the system says, which
    is often the same in every row, is left out.
    """
    first = column.drop_nulls().head(1)
    if not len(first) or not _talk(first[0]):
        return []
    return [_talk(cell) for cell in column.to_list()]


def flat(column: pl.Series) -> pl.Series:
    """Return the text of each cell; the turns of a conversation are lines, a missing cell is ""."""
    if column.dtype == pl.String:
        first = column.drop_nulls().head(1)
        if not len(first) or not first[0].startswith("[{"):
            return column.fill_null("")
    elif not column.dtype.is_nested():
        return column.cast(pl.String).fill_null("")
    if talks := conversations(column):
        return pl.Series(column.name, ["\n".join(c for _, c in talk) for talk in talks], dtype=pl.String)
    return pl.Series(column.name, ["\n".join(strings(cell)) for cell in column.to_list()], dtype=pl.String)


def strings(value: Any) -> list[str]:
    """Return every text inside a value of lists and records, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, pl.Series):
        value = value.to_list()
    if isinstance(value, Mapping):
        value = list(value.values())
    return [text for part in value for text in strings(part)] if isinstance(value, list | tuple) else []


def _talk(cell: Any) -> list[tuple[str, str]]:
    if isinstance(cell, str):
        if not cell.startswith("["):
            return []
        try:
            cell = json.loads(cell)
        except ValueError:
            return []
    if isinstance(cell, pl.Series):
        cell = cell.to_list()
    out = []
    for turn in cell if isinstance(cell, list) else []:
        if not isinstance(turn, Mapping):
            return []
        role, content = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
        if role is None:
            return []
        if role not in ("system", "developer"):
            out.append((str(role), content if isinstance(content, str) else "\n".join(strings(content))))
    return out


def _answer(talk: Sequence[tuple[str, str]]) -> int:
    """Return the place of the answer in a conversation: its last turn, when that is not the only one."""
    return len(talk) - 1 if len(talk) > 1 else 0


def _joined(parts: Sequence[pl.Series]) -> pl.Series:
    frame = pl.DataFrame([part.alias(str(i)) for i, part in enumerate(parts)])
    return frame.select(pl.concat_str(frame.columns, separator="\n").str.strip_chars().alias("text"))["text"]
