"""A column as intervals on the normal scale, and back: what the copula knows of one column.

A fitted column is a dict: "form" (constant, numbers, levels, mixed), "codec" (parts.encoding), "order" of its intervals
(position -> rank), "edges" (inner ends of the intervals, normal scale), "mean" (score of each rank), "spread" (variance
of the scores), "lost" (mass of levels left out), and for texts how they are read and written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.schema import Column
from simulacra.core.times import parse
from simulacra.parts.encoding import decode, encode, fit_codec

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Fitted = dict[str, Any]


def learn(series: pl.Series, column: Column, spike: int, rare: int) -> Fitted:
    """Learn the values of a column and their shares; the intervals follow from `order_levels`."""
    read = _read(series, column)
    values, words = read["values"].drop_nulls(), read["words"]
    if not len(values) and not len(words):
        return {"form": "constant", "value": series.clear(), "lost": 0.0}
    ordered = read["form"] != "levels"
    codec = fit_codec(values, ordered=ordered, spike=spike)
    count = codec["count"].astype(np.float64)
    kept = count if ordered else np.where(count >= min(rare, count.max()), count, 0.0)
    counted = words.alias("word").value_counts(sort=True).sort("count", "word", descending=[True, False])
    counts = np.concatenate([counted["count"].to_numpy().astype(np.float64), kept])
    if np.count_nonzero(counts) == 1:
        commonest = codec["values"]["value"].gather([int(kept.argmax())])
        value = commonest if read["form"] == "levels" else series.drop_nulls().head(1)
        return {"form": "constant", "value": value, "lost": _lost(count, kept)}
    fitted = {
        "form": read["form"],
        "codec": codec,
        "counts": counts,
        "words": counted["word"],
        "time": read["time"],
        "digits": read["digits"],
        "lost": _lost(count, kept),
    }
    _place(fitted, np.arange(len(counts)))
    return fitted


def _lost(count: Floats, kept: Floats) -> float:
    return round(float(1 - kept.sum() / count.sum()), 6) if len(count) else 0.0


def ranks(series: pl.Series, fitted: Fitted) -> Ints:
    """Return the rank of each cell: words first, then values in order; -1 where missing."""
    if fitted["form"] == "constant":
        return np.full(len(series), -1)
    if fitted["form"] != "mixed":
        return encode(_as_read(series, fitted), fitted["codec"])
    words = {word: i for i, word in enumerate(fitted["words"].to_list())}
    number = encode(_as_read(series, fitted), fitted["codec"])
    word = series.replace_strict(words, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()
    return np.where(number >= 0, number + len(words), word)


def order_levels(columns: dict[str, Fitted], found: dict[str, Ints]) -> None:
    """Order the levels of every category by their mean on the first principal component of the numbers."""
    numbers = [normal(found[name], f)[0] for name, f in columns.items() if f["form"] == "numbers"]
    if not numbers:
        return
    matrix = np.nan_to_num(np.column_stack(numbers))
    _, vectors = np.linalg.eigh(matrix.T @ matrix)
    component = matrix @ vectors[:, -1]
    for name, fitted in columns.items():
        if fitted["form"] != "levels":
            continue
        seen = found[name] >= 0
        size = len(fitted["counts"])
        total = np.bincount(found[name][seen], component[seen], size)
        rows = np.bincount(found[name][seen], minlength=size)
        # Few rows say little: their mean is drawn towards the middle, so that rare levels do not take the ends.
        _place(fitted, np.argsort(total / (rows + 5.0), kind="stable"))


def normal(found: Ints, fitted: Fitted) -> tuple[Floats, float]:
    """Return the normal score of each cell, NaN where missing, and the variance of the scores; not for constants."""
    return np.append(fitted["mean"], np.nan)[found], float(fitted["spread"])


def two_sided(mask: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return scores and variance of a yes and no: the lower interval is yes."""
    fitted: Fitted = {"counts": np.array([mask.sum(), (~mask).sum()], np.float64), "form": "levels"}
    _place(fitted, np.arange(2))
    return np.where(mask, fitted["mean"][0], fitted["mean"][1]), float(fitted["spread"])


def position(score: Floats, fitted: Fitted) -> Ints:
    """Return the rank whose interval holds each score."""
    if fitted["form"] == "constant":
        return np.zeros(len(score), np.int64)
    found: Ints = fitted["order"][np.searchsorted(fitted["edges"], score, "right")]
    return found


def below(score: Floats, share: float) -> npt.NDArray[np.bool_]:
    """Return which scores are among the lowest `share`."""
    from scipy.special import ndtri

    out: npt.NDArray[np.bool_] = score < ndtri(share)
    return out


def cells(found: Ints, fitted: Fitted, rng: np.random.Generator) -> pl.Series:
    """Return a value for every rank, in the form in which the column was read."""
    if fitted["form"] == "constant":
        return fitted["value"].extend_constant(None, 1).head(1).new_from_index(0, len(found))  # type: ignore[no-any-return]
    words = len(fitted["words"])
    values = decode(np.where(found >= words, found - words, -1) if words else found, fitted["codec"], rng)
    if fitted["time"]:
        return values.dt.strftime(fitted["time"])
    if fitted["form"] != "mixed":
        return values
    digits = fitted["digits"]
    texts = [f"{v:.{digits}f}" if v is not None else None for v in values.to_list()]
    spoken = fitted["words"].gather(pl.Series(np.where(found < words, found, 0).astype(np.uint32)))
    chosen = pl.when(pl.Series(found < words)).then(spoken).otherwise(pl.Series(texts, dtype=pl.String))
    return pl.select(chosen).to_series()


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


def _read(series: pl.Series, column: Column) -> dict[str, Any]:
    """Return a column as values to order, and for a mixed one its words beside them."""
    plain = {"values": series, "words": pl.Series([], dtype=pl.String), "time": "", "digits": 0}
    if column.kind == "time" and series.dtype == pl.String:
        values = parse(series, column.format)
        if values.null_count() == series.null_count():
            return {**plain, "form": "numbers", "values": values, "time": column.format}
        return {**plain, "form": "levels"}
    if column.kind == "mixed" and series.dtype == pl.String:
        values = series.cast(pl.Float64, strict=False)
        words = series.filter(values.is_null() & series.is_not_null())
        digits = series.filter(values.is_not_null()).str.extract(r"\.(\d+)$").str.len_chars().max()
        return {**plain, "form": "mixed", "values": values, "words": words, "digits": digits or 0}
    ordered = column.kind in ("number", "time") and (series.dtype.is_numeric() or series.dtype.is_temporal())
    return {**plain, "form": "numbers" if ordered else "levels"}


def _as_read(series: pl.Series, fitted: Fitted) -> pl.Series:
    if fitted["time"]:
        return parse(series, fitted["time"])
    return series.cast(pl.Float64, strict=False) if fitted["form"] == "mixed" else series
