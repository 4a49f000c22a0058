"""Classes of rows that agree in some columns: their sizes, what they hold, and how few columns tell rows apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

BEAM = 6
"""Combinations of a size that are tried with one more column."""
ROOM = 2**62


@dataclass(frozen=True)
class Classes:
    """Rows grouped by equal values. of: (rows,) number of each row's class. sizes: (classes,) rows of each."""

    of: Ints
    sizes: Ints

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return len(self.of)


def codes(column: pl.Series) -> Ints:
    """Return whole numbers 0.. in place of values, equal for equal ones; all missing cells are one value."""
    import polars as pl

    column = _plain(column)
    none = column.is_null().to_numpy()
    if column.dtype == pl.String:
        column = column.cast(pl.Enum(column.drop_nulls().unique()))
    if column.dtype.is_float() or column.dtype.is_decimal() or column.dtype in (pl.UInt64, pl.Int128):
        return _dense(np.where(none, np.uint64(0), column.hash(1).to_numpy() | np.uint64(1)))
    whole = column.to_physical().cast(pl.Int64).fill_null(0).to_numpy()
    of = _dense(whole)
    return np.where(none, of.max(initial=0) + 1, of)


def _plain(column: pl.Series) -> pl.Series:
    """Return a column in which values that are equal are stored alike."""
    import polars as pl

    if column.dtype.is_float():
        return (column + 0.0).fill_nan(None)  # -0.0 becomes 0.0
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        texts = [None if v is None else str(v) for v in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)
    return column.cast(pl.Int8) if column.dtype == pl.Boolean else column


def group(frame: pl.DataFrame, columns: Sequence[str]) -> Classes:
    """Return the classes of rows that agree in every one of `columns`; missing cells agree with each other."""
    of = np.zeros(frame.height, dtype=np.int64)
    for name in columns:
        of = _joined(of, codes(frame[name]))
    of = _dense(of)
    return Classes(of, np.bincount(of).astype(np.int64))


def _dense(keys: npt.NDArray[np.generic]) -> Ints:
    """Return keys as 0.., each number in use; without a sort where they lie close together."""
    if len(keys) and keys.dtype.kind == "i":
        low = int(keys.min())
        wide = int(keys.max()) - low + 1
        if wide <= 8 * len(keys):
            seen = np.zeros(wide, dtype=bool)
            seen[keys - low] = True
            return np.asarray((np.cumsum(seen) - 1)[keys - low], dtype=np.int64)
    return np.asarray(np.unique(keys, return_inverse=True)[1].reshape(-1), dtype=np.int64)


def _joined(left: Ints, right: Ints) -> Ints:
    """Return one number for each pair of numbers."""
    wide = int(right.max(initial=0)) + 1
    if (int(left.max(initial=0)) + 1) * wide > ROOM:
        left, right = _dense(left), _dense(right)
        wide = int(right.max(initial=0)) + 1
    return np.asarray(left * wide + right, dtype=np.int64)


def diversity(classes: Classes, values: Ints) -> tuple[Ints, Floats]:
    """Return for each class how many different values it holds, and exp(entropy) of their shares."""
    pairs, count = np.unique(_joined(classes.of, values), return_counts=True)
    owner = pairs // (int(values.max(initial=0)) + 1)
    share = count / classes.sizes[owner]
    number = np.bincount(owner, minlength=len(classes.sizes))
    entropy = np.bincount(owner, weights=-share * np.log(share), minlength=len(classes.sizes))
    return number.astype(np.int64), np.exp(entropy)


def categorical_distance(classes: Classes, values: Ints) -> Floats:
    """Return for each class half the sum of differences between its shares of values and those of all rows, 0..1.

    It is the earth mover's distance when every two values are equally far apart.
    """
    whole = np.bincount(values) / len(values)
    pairs, count = np.unique(_joined(classes.of, values), return_counts=True)
    owner, value = np.divmod(pairs, int(values.max(initial=0)) + 1)
    share = count / classes.sizes[owner]
    # Values that a class lacks add their whole share: 1 less the shares of those it has.
    gap = np.abs(share - whole[value]) - whole[value]
    return np.asarray((np.bincount(owner, weights=gap, minlength=len(classes.sizes)) + 1.0) / 2, dtype=np.float64)


def ordered_distance(classes: Classes, numbers: Floats) -> Floats:
    """Return for each class the earth mover's distance of its numbers from those of all rows, 0..1.

    Neighbouring values of the m that occur are 1 / (m - 1) apart (Li et al. 2007). One sort, no table of classes x m.
    """
    values, rank, count = np.unique(numbers, return_inverse=True, return_counts=True)
    m = len(values)
    if m < 2:
        return np.zeros(len(classes.sizes))
    whole = np.cumsum(count) / len(numbers)  # (m,) share of all rows up to each value
    sums = np.concatenate([[0.0], np.cumsum(whole)])  # (m + 1,)
    rank = rank.reshape(-1)
    order = np.lexsort((rank, classes.of))
    owner, at = classes.of[order], rank[order]
    first = np.concatenate([[0], np.cumsum(classes.sizes)])[owner]
    share = (np.arange(len(at)) - first + 1) / classes.sizes[owner]  # of the class, up to this row
    last = np.append(owner[1:] != owner[:-1], True)
    stop = np.where(last, m, np.append(at[1:], m))
    area = _area(share, at, stop, whole, sums)
    # Before its first value a class has nothing while all rows may have some.
    head = np.append(True, owner[1:] != owner[:-1])
    area = area + np.where(head, sums[at], 0.0)
    return np.asarray(np.bincount(owner, weights=area, minlength=len(classes.sizes)) / (m - 1), dtype=np.float64)


def _area(level: Floats, start: Ints, stop: Ints, whole: Floats, sums: Floats) -> Floats:
    """Return the sum of |level - whole[j]| over start <= j < stop, for each row; `whole` rises, so it crosses once."""
    cross = np.clip(np.searchsorted(whole, level, "left"), start, stop)
    below = level * (cross - start) - (sums[cross] - sums[start])
    above = (sums[stop] - sums[cross]) - level * (stop - cross)
    return np.asarray(below + above, dtype=np.float64)


def singles(keys: Ints) -> int:
    """Return how many keys occur once."""
    found = np.sort(keys)
    new = found[1:] != found[:-1]
    return int((np.append(True, new) & np.append(new, True)).sum()) if len(found) else 0


def combinations_that_single_out(
    coded: dict[str, Ints], most: int = 4, enough: float = 0.5
) -> list[tuple[tuple[str, ...], float]]:
    """Return combinations of 2..most columns that tell more than `enough` of the rows from all others, with the share.

    coded: column -> codes. Only the smallest are given: no combination holds another one. Pairs are all tried; of
    larger ones, those that extend the BEAM most telling of the size below.
    """
    rows = len(next(iter(coded.values()), np.empty(0)))
    out: list[tuple[tuple[str, ...], float]] = []
    tried: list[tuple[str, ...]] = list(combinations(coded, 2))
    keys: dict[tuple[str, ...], Ints] = {(name,): values for name, values in coded.items()}
    for size in range(2, most + 1):
        found = []
        for names in tried:
            joined = _joined(keys[names[:-1]], coded[names[-1]])
            found.append((names, singles(joined) / max(rows, 1)))
        found.sort(key=lambda f: -f[1])
        out += [f for f in found if f[1] > enough]
        rest = [names for names, share in found if share <= enough][:BEAM]
        keys = {names: _joined(keys[names[:-1]], coded[names[-1]]) for names in rest}
        tried = _wider(rest, tuple(coded), [set(names) for names, _ in out]) if size < most else []
    return out


def _wider(rest: Sequence[tuple[str, ...]], columns: Sequence[str], known: list[set[str]]) -> list[tuple[str, ...]]:
    """Return each combination with one more column, once each, without those that hold a known one."""
    out: dict[frozenset[str], tuple[str, ...]] = {}
    for names in rest:
        for column in columns:
            wider = frozenset((*names, column))
            if column not in names and wider not in out and not any(k <= wider for k in known):
                out[wider] = (*names, column)
    return list(out.values())
