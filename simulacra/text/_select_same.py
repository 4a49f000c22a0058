"""Rows that say what another row says: equal texts, near-duplicates by words, near-duplicates by vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulacra.parts.minhash import first_of, near_duplicates

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.text._select_log import Log

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Pairs = Callable[[Ints], tuple[Ints, Floats]]


def equal(texts: pl.Series, log: Log) -> None:
    """Drop rows whose text stood in an earlier row, but for case, spaces, forms of letters and closing marks."""
    plain = texts.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars(" .!?…'\"")
    rows = log.rows()
    seen = pl.DataFrame({"text": plain[rows], "row": rows}).with_columns(first=pl.col("row").min().over("text"))
    again = seen.filter(pl.col("first") != pl.col("row"))
    partners = again["first"].to_list()
    log.drop("equal", again["row"].to_list(), [f"the text of row {p} again" for p in partners], partners)


def by_words(texts: pl.Series, quality: Floats, least: float, log: Log) -> None:
    """Drop rows whose runs of two words are those of a better row; every pair is verified."""

    def pairs(rows: Ints) -> tuple[Ints, Floats]:
        return near_duplicates(texts[rows].to_list(), least)

    _drop_near("near-duplicate", "Jaccard similarity of runs of two words", pairs, quality, log)


def by_vectors(vectors: npt.NDArray[np.float32], quality: Floats, least: float, log: Log) -> None:
    """Drop rows whose vector points where that of a better row does. vectors: (rows, d) of unit length."""
    from simulacra.parts.text_vectors import near_vectors

    def pairs(rows: Ints) -> tuple[Ints, Floats]:
        return near_vectors(vectors[rows], least)

    _drop_near("alike", "cosine of vectors", pairs, quality, log)


def _drop_near(stage: str, what: str, pairs: Pairs, quality: Floats, log: Log) -> None:
    rows = log.rows()
    order = rows[np.argsort(-quality[rows], kind="stable")]
    # The better row comes first and stays; `first_of` names for each dropped one the row that stayed.
    found, values = pairs(order)
    partner = first_of(len(order), found)
    lost = np.flatnonzero(partner != np.arange(len(order)))
    value = {(int(a), int(b)): float(v) for (a, b), v in zip(found.tolist(), values.tolist(), strict=True)}
    reasons = [f"nearly row {order[partner[i]]}: {what} {value[int(partner[i]), int(i)]:.3f}" for i in lost]
    log.drop(stage, order[lost].tolist(), reasons, order[partner[lost]].tolist())
