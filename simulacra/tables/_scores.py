"""A column as intervals on the normal scale, and back: what the copula knows of one column.

A fitted column is a dict: "field" (parts.fields), "counts" of its ranks (odd cells first, then values in order),
"order" of the intervals (position -> rank), "edges" (inner ends, normal scale), "mean" (score of each rank), "spread"
(variance of the scores), "levels" (whether the order of ranks means nothing), "constant", and "lost" (mass left out).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.schema import Column
from simulacra.parts.encoding import decode, encode
from simulacra.parts.fields import ODD, THERE, join, split

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Fitted = dict[str, Any]

BINS = 64
"""Coarse codes of a column's codec, which the copula does not use."""


def learn(series: pl.Series, column: Column, spike: int, rare: int) -> tuple[Fitted, Ints]:
    """Learn the values of a column and their shares; returns it and the rank of each cell, -1 where missing."""
    field, state, plain = split(series, column, bins=BINS, spike=spike)
    codec, odd = field["codec"], len(field["odd"])
    values = np.full(len(series), -1) if codec is None else encode(plain, codec)
    ranks = np.where(state >= ODD, state - ODD, np.where((state == THERE) & (values >= 0), values + odd, -1))
    counts = np.bincount(ranks[ranks >= 0], minlength=odd + (len(codec["count"]) if codec else 0)).astype(np.float64)
    levels = codec is None or not codec["ordered"]
    kept = counts.copy()
    seldom = slice(None) if levels else slice(0, odd)
    kept[seldom] = np.where(counts[seldom] >= min(rare, counts.max(initial=0)), counts[seldom], 0)
    fitted = {
        "field": field,
        "counts": kept,
        "levels": levels,
        "constant": np.count_nonzero(kept) < 2,
        "lost": round(1 - float(kept.sum() / counts.sum()), 6) if counts.sum() else 0.0,
    }
    if counts.sum():
        _place(fitted, np.arange(len(kept)))
    return fitted, ranks


def order_levels(columns: dict[str, Fitted], ranks: dict[str, Ints]) -> None:
    """Order the levels of every category by their mean on the first principal component of the numbers."""
    varied = {name: fitted for name, fitted in columns.items() if not fitted["constant"]}
    numbers = [normal(ranks[name], fitted)[0] for name, fitted in varied.items() if not fitted["levels"]]
    if not numbers:
        return
    matrix = np.nan_to_num(np.column_stack(numbers))
    _, vectors = np.linalg.eigh(matrix.T @ matrix)
    main = vectors[:, -1]
    component = matrix @ main * np.sign(main[np.abs(main).argmax()])
    for name, fitted in varied.items():
        if not fitted["levels"] or np.count_nonzero(fitted["counts"]) < 3:
            continue
        seen = ranks[name] >= 0
        size = len(fitted["counts"])
        total = np.bincount(ranks[name][seen], component[seen], size)
        rows = np.bincount(ranks[name][seen], minlength=size)
        # Few rows say little: their mean is drawn towards the middle, so that rare levels do not take the ends.
        _place(fitted, np.argsort(total / (rows + 5.0), kind="stable"))


def levels(fitted: Fitted) -> list[str]:
    """Return the levels of a category in the order of their intervals, as text."""
    codec, odd = fitted["field"]["codec"], fitted["field"]["odd"]["value"]
    values = [*odd.to_list(), *(codec["values"]["value"].to_list() if codec else ())]
    return [str(values[rank]) for rank in fitted["order"]]


def normal(ranks: Ints, fitted: Fitted) -> tuple[Floats, float]:
    """Return the normal score of each cell, NaN where missing, and the variance of the scores; not for constants."""
    return np.append(fitted["mean"], np.nan)[ranks], float(fitted["spread"])


def two_sided(mask: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return scores and variance of a yes and no: the upper interval is yes."""
    fitted: Fitted = {"counts": np.array([(~mask).sum(), mask.sum()], np.float64)}
    _place(fitted, np.arange(2))
    return np.where(mask, fitted["mean"][1], fitted["mean"][0]), float(fitted["spread"])


def position(score: Floats, fitted: Fitted) -> Ints:
    """Return the rank whose interval holds each score, -1 for a column without any value."""
    if not len(fitted["counts"]):
        return np.full(len(score), -1)
    found: Ints = fitted["order"][np.searchsorted(fitted["edges"], score, "right")]
    return found


def above(score: Floats, share: float) -> npt.NDArray[np.bool_]:
    """Return which scores are among the highest `share`."""
    from scipy.special import ndtri

    out: npt.NDArray[np.bool_] = score > ndtri(1 - share)
    return out


def cells(ranks: Ints, fitted: Fitted, rng: np.random.Generator) -> pl.Series:
    """Return a cell for every rank, in the form in which the column was read."""
    field = fitted["field"]
    odd = len(field["odd"])
    state = np.where(ranks < 0, THERE, np.where(ranks < odd, ranks + ODD, THERE))
    codec = field["codec"]
    return join(field, state, None if codec is None else decode(np.where(ranks < odd, -1, ranks - odd), codec, rng))


def _place(fitted: Fitted, order: Ints) -> None:
    """Lay the intervals side by side in the given order of ranks."""
    from scipy.special import ndtri

    order = order[fitted["counts"][order] > 0]
    share = fitted["counts"][order] / fitted["counts"].sum()
    edges = ndtri(np.clip(np.cumsum(share)[:-1], 1e-12, 1 - 1e-12))
    height = np.exp(-(edges**2) / 2) / np.sqrt(2 * np.pi)
    mean = (np.append(0.0, height) - np.append(height, 0.0)) / share
    fitted["order"], fitted["edges"] = order, edges
    fitted["mean"] = np.zeros(len(fitted["counts"]))
    fitted["mean"][order] = mean
    fitted["spread"] = float(share @ mean**2)
