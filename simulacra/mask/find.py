"""Detection of identifiers in free text and in columns of tables: rules, check digits, lists of names, context, NER.

Nothing here asks the network. Offsets are indices of Python strings. A hit with a score of at least types.SURE is
sure; from types.DOUBTFUL on it is doubtful and goes to the review file; below that it is not reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from simulacra.mask.types import DOUBTFUL, SURE, TYPES

__all__ = ["DOUBTFUL", "SURE", "TYPES", "ColumnHit", "Hit", "find_column", "find_text", "find_texts"]


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

    language: two letters ("en", "de", ...), or None to tell from the words of the text. ner: also ask the model of the
    extra `ner` (English). types: report only these. least: lowest score reported, 0..1.
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
    from simulacra.mask import _names_find, _rules, _rules_address, _rules_dates, _rules_labels, _rules_phones

    wanted = None if types is None else frozenset(types)
    whole = ["" if text is None else text for text in texts]
    found: list[list[Hit]] = []
    for text in whole:
        low = text.lower()
        digit = any(map(str.isdecimal, text))
        rows = list(_rules.find(text, digit))
        rows += _rules_labels.find(text, low, digit)
        rows += _rules_dates.find(text, low, digit)
        rows += _rules_address.find(text, low, digit)
        rows += _names_find.find(text)
        if digit:
            rows += _rules_phones.find(text)
        hits = [Hit(*row) for row in rows]
        found.append(_settled([hit for hit in hits if hit.score >= least and (wanted is None or hit.type in wanted)]))
    return found


def _settled(hits: Sequence[Hit]) -> list[Hit]:
    """Keep of overlapping hits the longer and more certain one."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (-hit.score - 0.01 * min(hit.end - hit.start, 40), hit.start)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


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
