"""Detection of identifiers in free text and in columns of tables: rules, check digits, lists of names, context, NER.

Nothing here asks the network. Offsets are indices of Python strings. A hit with a score of at least types.SURE is
sure; from types.DOUBTFUL on it is doubtful and goes to the review file; below that it is not reported.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.mask.types import DOUBTFUL, SURE, TYPES

if TYPE_CHECKING:
    from simulacra.mask._rules import Found

__all__ = ["DOUBTFUL", "SURE", "TYPES", "ColumnHit", "Hit", "find_column", "find_text", "find_texts"]


_BY_WORDS = frozenset(("NAME", "CITY", "LOCATION", "ORGANIZATION"))


@dataclass(frozen=True, slots=True)
class Hit:
    """One identifier in a text: text[start:end] is of this type with this certainty (0..1), and by which rule."""

    start: int
    end: int
    type: str
    score: float
    by: str


@dataclass(frozen=True, slots=True)
class ColumnHit:
    """What a whole column holds: its type, the certainty (0..1), how many cells were looked at, and why.

    share: share of those cells that agree. by: "content", "name of the column" or "dtype".
    """

    type: str
    score: float
    cells: int
    share: float
    by: str


def find_text(
    text: str,
    language: str | None = None,
    ner: bool = False,
    *,
    types: Collection[str] | None = None,
    least: float = DOUBTFUL,
) -> list[Hit]:
    """Return the identifiers of one text, sorted by position, none overlapping another.

    language: two letters ("en", "de", ...), or None to tell from the words; it only decides whether a capital is a
    sign of a name (in German every noun has one). ner: also ask the model of the extra `ner` (English). types:
    report only these. least: lowest score reported, 0..1. Raises ConfigError for an unknown type, DataError for a text
    that is no string, MissingExtra without the extra.
    """
    return find_texts([text], language, ner, types=types, least=least)[0]


def find_texts(
    texts: Iterable[str | None],
    language: str | None = None,
    ner: bool = False,
    *,
    types: Collection[str] | None = None,
    least: float = DOUBTFUL,
) -> list[list[Hit]]:
    """Return the identifiers of each text (see find_text); a missing text has none."""
    wanted = _wanted(types)
    if ner and language not in (None, "en"):
        raise ConfigError(f"ner=True reads English only, but language is {language!r}: leave one of the two out")
    whole = [_checked(text) for text in texts]
    rows: Iterable[list[Found]] = (_rows(text, language) for text in whole)
    if ner:
        from simulacra.mask import _ner

        rows = (_ner.merge(found, more) for found, more in zip(rows, _ner.find(whole), strict=True))
    return [[Hit(*row) for row in found if row[3] >= least and (wanted is None or row[2] in wanted)] for found in rows]


def _wanted(types: Collection[str] | None) -> frozenset[str] | None:
    if types is None:
        return None
    for kind in types:
        if kind not in TYPES:
            raise ConfigError(f"no type of identifier is called {kind!r}.{near(kind, TYPES)}")
    return frozenset(types)


def _checked(text: str | None) -> str:
    if text is not None and not isinstance(text, str):
        raise DataError(f"a text to search is {type(text).__name__}, not a string: decode or convert it first")
    return text or ""


def _rows(text: str, language: str | None) -> list[Found]:
    """Ask every rule, then what the hits make likely beside them; keep of overlapping hits the better one."""
    from simulacra.mask import (
        _names_find,
        _rules,
        _rules_address,
        _rules_blocks,
        _rules_dates,
        _rules_labels,
        _rules_phones,
    )

    low = text.lower()
    digit = any(map(str.isdecimal, text))
    rows = [*_rules.find(text, digit), *_rules_labels.find(text, low, digit), *_rules_dates.find(text, low, digit)]
    rows += _rules_address.find(text, low, digit)
    rows += _rules_blocks.regions(text)
    rows += _names_find.find(text, language)
    if not digit:
        return _settled(rows)
    rows += _rules_phones.find(text)
    rows = _settled(rows)
    return _settled([*rows, *_rules_blocks.extend(text, rows, text in (low, text.upper()))])


def _settled(rows: Sequence[Found]) -> list[Found]:
    """Keep of overlapping hits the longer and more certain one; sorted by position."""
    if len(rows) < 2:
        return list(rows)
    kept: list[Found] = []
    for row in sorted(rows, key=_worth):
        at = bisect_left(kept, row)
        if (at == 0 or kept[at - 1][1] <= row[0]) and (at == len(kept) or row[1] <= kept[at][0]):
            kept.insert(at, row)
    return kept


def _worth(row: Found) -> tuple[float, int]:
    """Order hits, best first: certainty and length; a form of its own counts more than a word of a list."""
    return -row[3] - 0.01 * min(row[1] - row[0], 40) - 0.15 * (row[2] not in _BY_WORDS), row[0]


def find_column(series: Any, name: str | None = None) -> ColumnHit | None:
    """Return what a whole column holds, or None: several things, free text, or nothing that points to a person.

    series: a polars Series, or anything that polars.Series reads. name: the column's name, if not the series' own.
    Only facts about the column are returned, no value of it.
    """
    import polars as pl

    from simulacra.mask import _columns

    column = series if isinstance(series, pl.Series) else pl.Series(name or "", series, strict=False)
    found = _columns.find(column, column.name if name is None else name)
    return None if found is None else ColumnHit(*found)
