"""What a trial predicts: the target's classes, which of them are rare, and the draws of training and test rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core import where as conditions
from simulacra.core.errors import ConfigError, DataError, near
from simulacra.core.rng import stream

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.schema import Schema

    Ints = npt.NDArray[np.int64]

CLASSES = 10
"""A number of at most so many different values is taken for a class."""
TAIL = 0.1
"""Share of rows in the rare range of a number when nobody names it."""
LEAST_TEST, LEAST_TRAIN = 10, 5
"""Fewest rows of a rare class to test on and to train on."""
SHARE = 0.8
"""Share of the rows that a draw takes when there is a holdout and nobody says how many rare rows."""
TEST = 0.25
"""Share of the rows that are tested on when there is no holdout."""
ROWS = 20_000
"""Most rows that are trained on, and most that are tested on."""


@dataclass(frozen=True)
class Task:
    """What is predicted.

    target: its column. labels: text of each class. cells: the value, or for a number the range, that `where` takes for
    each class. rare: numbers of the rare classes. number: whether a number is predicted; its classes are then all
    other values (0) and the rare range (1).
    """

    target: str
    labels: tuple[str, ...]
    cells: tuple[Any, ...]
    rare: tuple[int, ...]
    number: bool = False

    def codes(self, frame: pl.DataFrame) -> Ints:
        """Return the class of each row, (rows,), -1 for a value that is none of them."""
        import numpy as np

        if self.number:
            return conditions.mask(frame, {self.target: self.cells[1]}).to_numpy().astype(np.int64)
        text = frame[self.target]
        out = np.full(frame.height, -1, dtype=np.int64)
        for at, cell in enumerate(self.cells):
            out[(text == cell).fill_null(False).to_numpy()] = at
        return out


def read(frame: pl.DataFrame, schema: Schema, target: str, positive: str | None) -> Task:
    """Return the task that a target poses. positive: the rare class, several with commas, or a range such as ">60".

    Raises ConfigError for an unknown class, DataError for one class only.
    """
    column = frame[target].drop_nulls()
    kinds = {c.name: c.kind for c in schema.columns}
    if column.dtype.is_nested() or column.dtype.is_temporal() or kinds.get(target) in ("person", "text"):
        raise DataError(
            f"target {target!r} is a column of kind {kinds.get(target)}; a trial predicts a class or a number"
        )
    if column.dtype.is_float() and column.is_nan().any():
        column = column.filter(column.is_not_nan())
    levels = column.unique().sort()
    if len(levels) < 2:
        raise DataError(f"target {target!r} holds {len(levels)} different value; a trial needs at least two classes")
    if column.dtype.is_numeric() and len(levels) > CLASSES:
        return _number(column, target, positive)
    return _classes(column, levels, target, positive)


def _classes(column: pl.Series, levels: pl.Series, target: str, positive: str | None) -> Task:
    cells = tuple(levels.to_list())
    labels = tuple(_text(cell) for cell in cells)
    if len(cells) > 100:
        raise DataError(f"target {target!r} has {len(cells):,} classes, a trial takes 100 at most: an identifier?")
    if positive is not None:
        wanted = [positive] if positive in labels else [part.strip() for part in positive.split(",")]
        for name in wanted:
            if name not in labels:
                raise ConfigError(f"positive: no class {name!r} in column {target!r}.{near(name, labels)}")
        return Task(target, labels, cells, tuple(sorted(labels.index(name) for name in wanted)))
    counts = [int((column == cell).sum()) for cell in cells]
    few = [k for k, n in enumerate(counts) if n < sum(counts) / (2 * len(counts))]
    return Task(target, labels, cells, tuple(few) or (counts.index(min(counts)),))


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _number(column: pl.Series, target: str, positive: str | None) -> Task:
    if positive is not None:
        found = conditions.parse([f"{target}{positive}"]).get(target) if positive[:1] in "<>" else None
        if not isinstance(found, tuple):
            raise ConfigError(
                f'positive: {target!r} is a number, so the rare rows are a range such as ">60" or "<=5", '
                f"got {positive!r}"
            )
        return Task(target, ("other", f"{target} {positive}"), (None, found), (1,), number=True)
    low, middle, high = (column.quantile(q, "linear") for q in (TAIL, 0.5, 1 - TAIL))
    assert low is not None and middle is not None and high is not None
    # The longer tail is the rarer and dearer one.
    edge, upper = (high, True) if high - middle >= middle - low else (low, False)
    found = (edge, None) if upper else (None, edge)
    return Task(target, ("other", f"{target} {'>=' if upper else '<='} {edge:g}"), (None, found), (1,), number=True)


@dataclass(frozen=True)
class Draws:
    """How training and test rows are drawn.

    codes: (rows,) class of the real rows. rare: rows of each rare class a draw takes, None for a share. split: test
    rows are split off anew in every draw, because there is no holdout. whole: every draw takes all rows.
    """

    task: Task
    codes: Ints
    rare: int | None
    split: bool
    whole: bool
    seed: int

    def rows(self, number: int) -> tuple[Ints, Ints]:
        """Return numbers of the training rows and, where they are split, of the test rows of one draw, in order."""
        import numpy as np

        rng = stream(self.seed, "engine/trial", "draw", number)
        train, test = [], []
        for k in range(len(self.task.labels)):
            order = rng.permutation(np.flatnonzero(self.codes == k))
            held = round(TEST * len(order)) if self.split else 0
            test.append(order[:held])
            left = order[held:]
            train.append(left[: self._taken(k, len(left))])
        return _together(train), thinned(np.concatenate(test), rng)

    def _taken(self, k: int, rows: int) -> int:
        if self.rare is not None:
            return self.rare if k in self.task.rare else rows
        return rows if self.split or self.whole else round(SHARE * rows)

    def shared(self) -> float:
        """Return by what share of its variance over draws a mean is wider than independent draws would make it.

        Draws of a share f of the same rows have f of their rows in common, so their mean keeps f / (1 - f) of the
        variance over draws however many they are (delete-d jackknife, Shao & Wu 1989); where test rows are split off
        anew the factor is that of Nadeau & Bengio (2003). None is known where every draw takes all rows.
        """
        import numpy as np

        if self.split:
            return TEST / (1 - TEST)
        taken = SHARE
        if self.rare is not None:
            # The rare rows are what a draw varies; of the others it takes all.
            taken = max(self.rare / max(1, int(np.sum(self.codes == k))) for k in self.task.rare)
        return 0.0 if self.whole or taken >= 1 else taken / (1 - taken)

    def check(self, test: Ints | None) -> None:
        """Raise DataError or ConfigError for too few rows of a rare class. test: (rows,) classes of the holdout."""
        import numpy as np

        train, split = self.rows(0)
        held = self.codes[split] if test is None else test
        for k in self.task.rare:
            name = self.task.labels[k] if self.task.number else f"{self.task.target} = {self.task.labels[k]}"
            there = int((self.codes == k).sum())
            if self.rare is not None and int((self.codes[train] == k).sum()) < self.rare:
                raise ConfigError(
                    f"rare={self.rare}, but only {int((self.codes[train] == k).sum())} of the {there} rows with {name} "
                    "are there to train on; lower --rare, or give the test rows apart with --holdout"
                )
            least = LEAST_TRAIN if self.rare is None else 2
            if int((self.codes[train] == k).sum()) < least:
                raise DataError(
                    f"{there} rows have {name}; a trial needs {least} to train on. Add rows of that class, or name "
                    "another one with --positive"
                )
            if int((held == k).sum()) < LEAST_TEST:
                raise DataError(
                    f"{int((held == k).sum())} held-out rows have {name}; a trial needs {LEAST_TEST} to test on. Give "
                    "more real rows with --holdout, or name another class with --positive"
                )
            if np.all(held == k):
                raise DataError(f"all held-out rows have {name}; a trial also needs others to tell them from")

    def refuse_balanced(self, fill: float) -> None:
        """Raise DataError when the rare classes are as large already as filling up would make them."""
        import numpy as np

        counts = np.bincount(self.codes[self.rows(0)[0]], minlength=len(self.task.labels))
        if all(counts[k] >= round(fill * counts.max()) for k in self.task.rare):
            told = ", ".join(f"{n:,} {label}" for n, label in zip(counts, self.task.labels, strict=True))
            raise DataError(
                f"target {self.task.target!r} needs no rows: its classes are balanced already ({told}). Name the rare "
                "class with --positive, or take fewer of its rows with --rare"
            )


def _together(parts: list[Ints]) -> Ints:
    """Return the training rows of all classes in order; of more than ROWS the large classes lose rows, not the rare."""
    import numpy as np

    room, most = ROWS, max(len(p) for p in parts)
    for done, size in enumerate(sorted(len(p) for p in parts)):
        level = room // (len(parts) - done)
        if size > level:
            most = level
            break
        room -= size
    return np.sort(np.concatenate([p[:most] for p in parts]))


def thinned(rows: Ints, rng: np.random.Generator) -> Ints:
    """Return at most ROWS of the rows, in order, drawn without regard to class, so that shares stay."""
    import numpy as np

    return np.sort(rows if len(rows) <= ROWS else rng.permutation(rows)[:ROWS])
