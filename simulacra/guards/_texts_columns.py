"""The texts of a case: which columns are judged, and samples of both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.case import Case
from simulacra.core.rng import stream
from simulacra.parts.text_rows import flat, text_columns

if TYPE_CHECKING:
    import polars as pl

MOST = 6
"""Columns that are judged, the first ones."""
FEW = 50
"""Texts of a side below which nothing can be told."""
ROWS = 20_000
"""Most texts of a side that are read."""
SAMPLE = 500
"""Texts of a side that are compared with each other."""
LETTERS = 8_000
"""Letters of a text that are read."""


@dataclass(frozen=True)
class Texts:
    """Texts of one column in random order; missing and empty cells are left out.

    fresh: real ones beside which made ones are judged, the holdout where it is large enough. known: other real ones.
    """

    name: str
    made: list[str]
    fresh: list[str]
    known: list[str]


def judged(case: Case) -> list[str]:
    """Return the columns that hold texts a model wrote, or may have; methods of tables write placeholders."""
    made_by = case.lineage.made_by if case.lineage is not None else case.made.lineage.made_by
    if made_by.startswith(("tables/", "images/")):
        return []
    sides = [case.made] if case.real is None else [case.made, case.real]
    found = {name for side in sides for name in text_columns(side.frame, case.schema)}
    return [name for name in case.made.columns if name in found]


def gather(case: Case, name: str) -> Texts:
    """Return the texts of a column."""
    made = _side(case.made.frame, name, case.seed, "made")
    known = (
        [] if case.real is None or name not in case.real.columns else _side(case.real.frame, name, case.seed, "real")
    )
    if case.holdout is not None and name in case.holdout.columns and len(case.holdout) >= SAMPLE:
        return Texts(name, made, _side(case.holdout.frame, name, case.seed, "holdout"), known)
    half = len(known) // 2
    return Texts(name, made, known[:half], known[half:])


def _side(frame: pl.DataFrame, name: str, seed: int, side: str) -> list[str]:
    column = flat(frame[name])
    column = column.filter(column.str.strip_chars() != "")
    rows = stream(seed, "diversity", f"{side} {name}").permutation(len(column))[:ROWS]
    return column[np.asarray(rows)].str.slice(0, LETTERS).to_list()
