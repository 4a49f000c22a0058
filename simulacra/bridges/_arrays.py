"""tables/smote on plain arrays of numbers, without a schema: what a sampler gets most often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import DataError
from simulacra.core.rng import stream
from simulacra.tables import _smote_class as smote
from simulacra.tables._smote_clean import appoint

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.tables.smote import Smote

    Array = npt.NDArray[Any]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


def oversample(
    x: Array, y: Ints, names: list[str], method: Smote, categorical: list[int], only_new: bool, seed: int
) -> tuple[Array, Ints]:
    """Return the real rows followed by the new ones, and their classes.

    x: (rows, columns) numbers, NaN where missing; y: (rows,) classes by number, names: of the classes; categorical:
    columns of categories; only_new: leave the real rows out.
    """
    count = np.bincount(y)
    wanted = np.maximum(0, np.rint(method.ratio * count.max()).astype(np.int64) - count)
    real = 0 if only_new and method.clean == "none" else len(x)
    out = np.empty((real + int(wanted.sum()), x.shape[1]), x.dtype)
    out[:real] = x[:real]
    labels = np.concatenate([y[:real], np.repeat(np.arange(len(wanted)), wanted)])
    table = _Table(x, categorical)
    rule = smote.Rule(method.kind, method.neighbours, method.around, method.scale)
    end = real
    for label in np.flatnonzero(wanted):
        rows = np.flatnonzero(y == label)
        if len(rows) < 2:
            raise DataError(
                f"class {names[label]!r} has one row, and new rows lie between two; add rows of it, or leave it out"
            )
        others = smote.Others(*table.take(x), rows) if method.kind != "smote" else None
        drawn, _ = smote.learn(names[label], table.take(x[rows]), others, table.layout, rule)
        start, end = end, end + int(wanted[label])
        table.draw(drawn, stream(seed, method.name, f"class {names[label]}"), out[start:end])
    if method.clean != "none":
        numbers, codes = table.take(out)
        judge, _ = appoint(numbers, codes[:, : table.layout.levels], labels, method.clean, method.scale)
        kept = np.flatnonzero(judge["unwanted"] == 0)
        kept = kept[kept >= len(x)] if only_new else kept
        return out[kept], labels[kept]
    return out, labels


class _Table:
    """Which columns of an array are numbers and which categories, and which numbers are missing in some rows."""

    def __init__(self, x: Array, categorical: list[int]) -> None:
        # Between true and false there is nothing.
        chosen = range(x.shape[1]) if x.dtype.kind == "b" else categorical
        self.levels = {c: np.unique(x[:, c]) for c in chosen}
        self.numbers = [c for c in range(x.shape[1]) if c not in self.levels]
        gaps = np.isnan(x.min(axis=0)) if x.dtype.kind == "f" else np.zeros(x.shape[1], np.bool_)
        self.gaps = [i for i, c in enumerate(self.numbers) if gaps[c]]
        states = {number: len(self.levels) + i for i, number in enumerate(self.gaps)}
        self.layout = smote.Layout(list(range(len(self.numbers))), len(self.levels), states)

    def take(self, rows: Array) -> tuple[Floats, Ints]:
        """Return the numbers and the codes of rows."""
        numbers = (rows[:, self.numbers] if self.levels else rows).astype(np.float64)
        codes = [np.searchsorted(levels, rows[:, c]) for c, levels in self.levels.items()]
        codes += [np.isnan(numbers[:, i]).astype(np.int64) for i in self.gaps]
        return numbers, np.stack(codes, axis=1) if codes else np.zeros((len(rows), 0), np.int64)

    def draw(self, drawn: smote.Drawn, rng: np.random.Generator, out: Array) -> None:
        """Fill `out` (rows, columns) with new rows."""
        base, other, gap = smote.pick(drawn, len(out), rng)
        if not self.levels:
            smote.move(drawn, base, other, gap, out)
            return
        if self.numbers:
            numbers = np.empty((len(out), len(self.numbers)), out.dtype)
            smote.move(drawn, base, other, gap, numbers)
            out[:, self.numbers] = numbers
        for i, (column, levels) in enumerate(self.levels.items()):
            out[:, column] = levels[drawn["votes"][base, i]]
