"""Train on made rows, test on real ones: the task, its learners, and the verdicts on classes and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.case import Case, guarded, not_tested
from simulacra.core.report import Finding, View
from simulacra.core.rng import stream
from simulacra.guards import _frames
from simulacra.guards._joint import binned, link
from simulacra.guards._learn import boosted, features, fit, indicators, linear, number_from

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.schema import Column
    from simulacra.guards._frames import Coded, Floats, Ints, Table

ROWS = 20_000
"""Most rows that are trained on, and most that are tested on."""
CLASSES = 10
FEW = 30
"""Fewest test rows, and FEW_A_CLASS of a class."""
FEW_A_CLASS = 10
REFITS = 3
COLUMNS = 100
"""Most columns that are learned from: those most associated with the target in real rows."""
SMALL = 3000
"""Below so many training rows, how much a figure varies from one training set to another is measured by refits."""
REFERENCE = "Esteban et al. 2017, Real-valued medical time series generation (arXiv 1706.02633)"


@dataclass(frozen=True)
class Task:
    """What is predicted from what: features for trees and for lines, and the rows to train and to test on.

    kind: "class" or "number". y: (rows,) class number or value. labels: text of each class.
    """

    kind: str
    target: str
    y: Floats
    labels: tuple[str, ...]
    trees: Floats
    categorical: list[bool]
    lines: Floats
    made: Ints
    real: Ints
    test: Ints
    tested_on: str
    seed: int

    def predict(self, learner: str, train: Ints) -> Floats:
        """Fit on some rows and return predictions for the test rows: (test, classes) chances, or (test, 1) numbers."""
        number = number_from(self.seed, "utility")
        x = self.trees if learner == "boosted trees" else self.lines
        model = boosted(self.kind, self.categorical, number) if learner == "boosted trees" else linear(self.kind)
        if self.kind == "number":
            out: Floats = fit(model, x[train], self.y[train]).predict(x[self.test])[:, None]
            return out
        seen = np.unique(self.y[train]).astype(int)
        chances = np.zeros((len(self.test), len(self.labels)))
        if len(seen) == 1:
            chances[:, seen[0]] = 1.0
            return chances
        chances[:, seen] = fit(model, x[train], self.y[train]).predict_proba(x[self.test])
        return chances

    def refits(self, learner: str) -> list[Floats]:
        """Return predictions after training on real rows drawn anew (bootstrap); none for large tables."""
        out = []
        for again in range(REFITS if len(self.real) < SMALL else 0):
            rng = stream(self.seed, "guards", "utility refit", again)
            out.append(self.predict(learner, self.real[rng.integers(len(self.real), size=len(self.real))]))
        return out


def spread(values: Iterable[float]) -> float:
    """Return the deviation of a score over refits, 0 when there are none."""
    found = list(values)
    return float(np.std(found, ddof=1)) if found else 0.0


def utility(case: Case) -> Iterator[Finding | View]:
    """Yield the findings of both learners."""
    from simulacra.guards import _classes, _regression

    task = prepare(case)
    if isinstance(task, str):
        yield not_tested("utility", "utility", task)
        return
    judge = _classes.judge if task.kind == "class" else _regression.judge
    for learner in ("boosted trees", "linear model"):
        chosen = learner
        yield from guarded("utility", f"train on made, {learner}", lambda chosen=chosen: judge(task, chosen))  # type: ignore[misc]


def prepare(case: Case) -> Task | str:
    """Return the task, or in words why there is none."""
    assert case.real is not None and case.target is not None
    known = {c.name: c for c in _frames.facts(case)}
    column = known.get(case.target)
    if column is None:
        return f"the target {case.target!r} is not a column of the table"
    if not column.copied or column.kind in ("empty", "constant", "time"):
        return (
            f"the target {case.target!r} is a column of kind {column.kind}; only categories and numbers are predicted"
        )
    inputs = tuple(c for c in _frames.judged(tuple(known.values())) if c.name != case.target)
    if not inputs:
        return "there is no other column to predict the target from"
    frames, tested_on = _frames_of(case, [*(c.name for c in inputs), case.target])
    return _task(_frames.code(frames, (column, *inputs)), column, tested_on, case.seed)


def _frames_of(case: Case, names: list[str]) -> tuple[dict[str, pl.DataFrame], str]:
    """Return real, made and test rows, all with a target; real and made of equal size."""
    import polars as pl

    assert case.real is not None
    real, made = (side.frame.select(names) for side in (case.real, case.made))
    if _frames.usable_holdout(case):
        assert case.holdout is not None
        test, tested_on = case.holdout.frame.select(names), "holdout rows"
    else:
        order = stream(case.seed, "guards", "utility halves").permutation(real.height)
        half = real.height // 2
        test, real = real[np.sort(order[:half])], real[np.sort(order[half:])]
        tested_on = "training rows (there is no holdout large enough, so this flatters a method that copies)"
    real, made, test = (f.filter(pl.col(names[-1]).is_not_null()) for f in (real, made, test))
    n = min(real.height, made.height, ROWS)
    out = {
        "real": _frames.some_rows(real, n, case, "utility real"),
        "made": _frames.some_rows(made, n, case, "utility made"),
        "test": _frames.some_rows(test, ROWS, case, "utility test"),
    }
    return out, tested_on


def _task(table: Table, column: Column, tested_on: str, seed: int) -> Task | str:
    if not table.columns or table.columns[0].column.name != column.name or len(table.columns) < 2:
        return f"the target {column.name!r} or all other columns are of a type that cannot be learned from"
    target, inputs = table.columns[0], table.columns[1:]
    rows = {s: np.arange(p.start, p.stop) for s, p in table.part.items()}
    y, labels = _classes_of(target, rows)
    kind = "class" if labels else "number"
    rows = {s: r[~np.isnan(y[r])] for s, r in rows.items()}
    sizes = {s: len(r) for s, r in rows.items()}
    if min(sizes.values()) < FEW:
        return (
            f"too few rows to tell: {sizes['made']} made, {sizes['real']} real, {sizes['test']} test rows with a target"
        )
    if kind == "class" and len(labels) < 2:
        return f"the target {column.name!r} has not two classes of {FEW_A_CLASS} training and test rows each"
    if kind == "number" and np.ptp(y[rows["test"]]) == 0:
        return f"the target {column.name!r} has one value only among the test rows"
    inputs = _related(inputs, y, rows["real"])
    trees, categorical, _ = features(inputs)
    return Task(
        kind, column.name, y, labels, trees, categorical, indicators(inputs, table.part["real"]),
        rows["made"], rows["real"], rows["test"], tested_on, seed,
    )  # fmt: skip


def _related(inputs: tuple[Coded, ...], y: Floats, real: Ints) -> tuple[Coded, ...]:
    if len(inputs) <= COLUMNS:
        return inputs
    side = slice(int(real.min()), int(real.max()) + 1)
    edges = np.quantile(y[real], np.linspace(0, 1, 9)[1:-1])
    target = np.searchsorted(edges, np.nan_to_num(y[side]), "right")
    strength = [-link(target, binned(c, side, 8)[side]) for c in inputs]
    return tuple(inputs[i] for i in np.sort(np.argsort(strength, kind="stable")[:COLUMNS]))


def _classes_of(target: Coded, rows: dict[str, Ints]) -> tuple[Floats, tuple[str, ...]]:
    """Return class numbers and labels, or the numbers themselves and no labels; rows that do not count are NaN."""
    codes, labels = target.codes, target.labels
    if target.ordered:
        levels = np.unique(target.values[np.concatenate([rows["real"], rows["test"]])])
        levels = levels[~np.isnan(levels)]
        if len(levels) != 2:
            return target.values, ()
        codes = np.where(np.isin(target.values, levels), np.searchsorted(levels, target.values), -1)
        labels = tuple(f"{v:g}" for v in levels)
    enough = [
        k for k in range(len(labels)) if min(int((codes[rows[s]] == k).sum()) for s in ("real", "test")) >= FEW_A_CLASS
    ][:CLASSES]
    y = np.full(len(codes), np.nan)
    for place, k in enumerate(enough):
        y[codes == k] = place
    return y, tuple(labels[k] for k in enough)
