"""Which columns help to single a person out, which tell something about one, and which name one outright."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulacra.core import patterns
from simulacra.core.errors import ConfigError, near

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.schema import Column, Schema

PLACES = ("city", "postcode")
"""Formats of person data that many people share: they help to single out, and name nobody alone."""
RARE = 5
"""A level of a category that fewer rows hold is rare."""
MOST_LEVELS = 200
MOST = 12
"""Most columns that are taken as quasi-identifiers when none are declared."""
SENSITIVE = (
    r"\b(diagnos[ei]s|disease|condition|icd|illness|treatment|therapy|drug|medication|procedure|result|outcome|hiv"
    r"|disability|income|salary|wage|pay|loan|debt|balance|default|fraud|score|crime|offence|offense|vote|party)\b"
)
"""Words of the names of columns that people would not have told about them."""


@dataclass(frozen=True)
class Roles:
    """What the columns of a table mean for re-identification.

    quasi: columns whose values others may know of a person. sensitive: columns that tell something about one.
    direct: columns that name a person outright and were not replaced. why: column -> the reason, for found ones.
    """

    quasi: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)


def roles(
    frame: pl.DataFrame,
    schema: Schema,
    *,
    quasi: Sequence[str] | None = None,
    sensitive: Sequence[str] | None = None,
    replaced: Iterable[str] = (),
) -> Roles:
    """Return the roles that were declared, and for those left None the ones that kinds and names of columns show.

    replaced: columns whose cells were exchanged for values that are linked to nobody; they have no role. Quasi-
    identifiers are dates and times, columns named after age, sex, place, postcode, origin, family or work, and
    categories with a level that fewer than five rows hold. Raises ConfigError for a declared column that is not there.
    """
    for name in (*(quasi or ()), *(sensitive or ())):
        if name not in frame.columns:
            raise ConfigError(f"column {name!r} is not in the table.{near(name, frame.columns)}")
    out = set(replaced)
    facts = {c.name: c for c in schema.columns if c.name in frame.columns and c.name not in out}
    told = {n for n, c in facts.items() if re.search(SENSITIVE, patterns.words_of(n)) and c.copied}
    told = (told if sensitive is None else set(sensitive)) - set(quasi or ())
    why = {n: reason for n, c in facts.items() if n not in told and (reason := _quasi(frame, c))}
    found = tuple(quasi) if quasi is not None else tuple(list(why)[:MOST])
    return Roles(
        quasi=found,
        sensitive=tuple(sensitive) if sensitive is not None else tuple(n for n in facts if n in told - set(found)),
        direct=tuple(n for n, c in facts.items() if n not in found and _direct(c)),
        why={n: why.get(n, "declared") for n in found},
    )


def _quasi(frame: pl.DataFrame, column: Column) -> str:
    """Return why a column is a quasi-identifier, or ""."""
    if column.sensitivity == "quasi" or (column.kind == "person" and column.format in PLACES):
        return patterns.quasi(column.name) or column.format or "the schema says so"
    if column.sensitivity == "direct" or column.kind in ("id", "person", "constant", "empty", "image", "audio"):
        return ""
    if what := patterns.quasi(column.name):
        return what
    if column.kind == "time":
        return "dates and times"
    if column.kind in ("category", "boolean", "mixed"):
        counts = frame[column.name].drop_nulls().value_counts()
        if counts.height <= MOST_LEVELS and counts.height and int(counts["count"].min()) < RARE:  # type: ignore[arg-type]
            return "a rare level"
    return ""


def _direct(column: Column) -> bool:
    return column.sensitivity == "direct" or (column.kind == "person" and column.format not in PLACES)
