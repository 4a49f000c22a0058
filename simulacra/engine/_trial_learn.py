"""The learners of a trial: boosted trees or a line for tables, a small network for images; the same budget for all."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.guards import _frames, _learn, _scores

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.schema import Schema
    from simulacra.engine._trial_arms import Draw, Rows
    from simulacra.engine._trial_task import Task

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

LEARNERS = ("trees", "linear", "network")
TREES = 100
STEPS, BATCH = 150, 64
GROUPS = 20
"""Groups of test rows that are left out in turn."""
MEASURES = ("AUROC", "average precision", "recall at fixed specificity")
ERROR, OVERALL = "mean absolute error in the rare range", "mean absolute error"


@dataclass(frozen=True)
class Test:
    """The test rows of one draw and the class of each."""

    frame: pl.DataFrame
    codes: Ints


@dataclass(frozen=True)
class Learner:
    """How every arm is trained. kind: one of LEARNERS. steps, batch: of the network. specificity: that recall is at."""

    kind: str
    steps: int = STEPS
    batch: int = BATCH
    specificity: float = 0.9

    def told(self) -> str:
        """Return the budget in words."""
        return {
            "trees": f"boosted trees, {TREES} rounds",
            "linear": "a linear model",
            "network": f"a small convolutional network, {self.steps} steps of {self.batch}",
        }[self.kind]

    def predict(self, draw: Draw, rows: Rows, test: Test, seed: int) -> Floats:
        """Return the chances of each class of the test rows, (test, classes), or predicted numbers, (test, 1)."""
        learn = _network if self.kind == "network" else _table
        return learn(self, draw, rows, test, seed)


def _table(learner: Learner, draw: Draw, rows: Rows, test: Test, seed: int) -> Floats:
    import numpy as np

    known = {c.name: c for c in draw.schema.columns}
    inputs = tuple(c for c in _frames.judged(tuple(known.values())) if c.name != draw.task.target)
    frames = {"real": draw.frame, "test": test.frame} | ({"made": rows.extra} if rows.extra is not None else {})
    table = _frames.code(frames, inputs)
    train = np.arange(sum(f.height for f in frames.values()))
    order = np.concatenate([train[table.part[s]] for s in ("real", "made") if s in table.part])[rows.rows]
    tested = train[table.part["test"]]
    kind = "number" if draw.task.number else "class"
    if learner.kind == "trees":
        x, categorical, _ = _learn.features(table.columns)
        model = _learn.boosted(kind, categorical, seed)
        # No stopping early: it would give each arm a budget of its own.
        model.set_params(max_iter=TREES, early_stopping=False)
    else:
        x, model = _learn.indicators(table.columns, table.part["real"]), _learn.linear(kind)
    y = _targets(draw, rows)[rows.rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x[order], y, sample_weight=rows.weights)
    if draw.task.number:
        return np.asarray(model.predict(x[tested]), dtype=np.float64)[:, None]
    chances = np.zeros((len(tested), len(draw.task.labels)))
    chances[:, model.classes_.astype(int)] = model.predict_proba(x[tested])
    return chances


def _targets(draw: Draw, rows: Rows) -> Any:
    import numpy as np

    if not draw.task.number:
        return np.concatenate([draw.codes, rows.extra_codes])
    frames = [draw.frame] + ([rows.extra] if rows.extra is not None else [])
    return np.concatenate([numbers(f, draw.task) for f in frames])


def numbers(frame: pl.DataFrame, task: Task) -> Floats:
    """Return the target of each row as a number."""
    import numpy as np
    import polars as pl

    return frame[task.target].cast(pl.Float64).to_numpy().astype(np.float64)


def _network(learner: Learner, draw: Draw, rows: Rows, test: Test, seed: int) -> Floats:
    import numpy as np

    from simulacra.core.errors import need

    need("torch", "torch", "a trial of images")
    from simulacra.parts.classify import chances
    from simulacra.parts.warp import STRONG, Warp

    frames = [draw.frame] + ([rows.extra] if rows.extra is not None else [])
    images = np.concatenate([pixels(f, draw.schema) for f in frames])
    codes = np.concatenate([draw.codes, rows.extra_codes])
    return chances(
        images[rows.rows],
        codes[rows.rows],
        rows.weights.astype(np.float32),
        pixels(test.frame, draw.schema),
        classes=len(draw.task.labels),
        steps=learner.steps,
        batch=learner.batch,
        seed=seed,
        varied={"": None, "light": Warp(), "strong": STRONG}[rows.varied],
    )


def pixels(frame: pl.DataFrame, schema: Schema) -> npt.NDArray[np.float32]:
    """Return the images of a frame as floats in 0..1, (rows, height, width, channels)."""
    import numpy as np

    from simulacra.parts.pictures import arrays

    return np.asarray(arrays(frame, schema)[0], dtype=np.float32) / np.float32(255)


# Measures -----------------------------------------------------------------------------------------------------------


def measures(
    learner: Learner, task: Task, found: Floats, test: Test, trained: Floats | None
) -> dict[str, dict[str, float]]:
    """Return label -> measure -> figure for each rare class, and under "" their mean.

    found: what `predict` gave. trained: (classes,) shares of the classes that the learner saw, weights counted; None
    leaves calibration out.
    """
    import numpy as np

    if task.number:
        return {"": _of_number(learner, task, found[:, 0], test)}
    out = {}
    for k in task.rare:
        truth = test.codes == k
        taken = _scores.decided(found, k)
        out[task.labels[k]] = _ranked(learner, found[:, k], truth) | _decided(taken, truth)
        if trained is not None:
            wanted = np.bincount(test.codes, minlength=len(task.labels)) / max(len(test.codes), 1)
            out[task.labels[k]] |= _calibrated(found, _scores.corrected(found, trained, wanted), k, truth)
    return {"": {m: float(np.mean([one[m] for one in out.values()])) for m in next(iter(out.values()))}, **out}


def _ranked(learner: Learner, score: Floats, truth: Any) -> dict[str, float]:
    return {
        MEASURES[0]: _scores.auroc(score, truth),
        MEASURES[1]: _scores.average_precision(score, truth),
        at(learner): _scores.recall_at(score, truth, learner.specificity),
    }


def at(learner: Learner) -> str:
    """Return the name of recall at a fixed specificity."""
    return f"recall at {100 * learner.specificity:g} % specificity"


def _decided(taken: Any, truth: Any, name: str = "") -> dict[str, float]:
    return {f"recall{name}": _scores.recall(taken, truth), f"specificity{name}": _scores.specificity(taken, truth)}


def _calibrated(found: Floats, corrected: Floats, k: int, truth: Any) -> dict[str, float]:
    out = _decided(_scores.decided(corrected, k), truth, ", corrected")
    for name, chances in (("", found), (", corrected", corrected)):
        out[f"Brier{name}"] = _scores.brier(chances[:, k], truth)
        out[f"mean chance{name}"] = float(chances[:, k].mean())
    # The correction moves all log-odds of two classes alike, which leaves their slope as it is.
    return out | {"slope": _scores.slope(found[:, k], truth)}


def _of_number(learner: Learner, task: Task, found: Floats, test: Test) -> dict[str, float]:
    import numpy as np

    truth, error = test.codes == 1, np.abs(found - numbers(test.frame, task))
    low = task.cells[1][0]
    out = {ERROR: float(error[truth].mean()), OVERALL: float(error.mean())}
    return out | _ranked(learner, found if low is not None else -found, truth)


def without_groups(learner: Learner, task: Task, found: Floats, test: Test) -> dict[str, list[float]]:
    """Return measure -> its figure without each group of test rows in turn; every class is spread over the groups."""
    import numpy as np

    least = min(int((test.codes == k).sum()) for k in task.rare)
    groups, group = min(GROUPS, least), np.zeros(len(test.codes), dtype=np.int64)
    for k in range(len(task.labels)):
        own = np.flatnonzero(test.codes == k)
        group[own] = np.arange(len(own)) % groups
    out: dict[str, list[float]] = {}
    for g in range(groups):
        left = group != g
        part = Test(test.frame.filter(left), test.codes[left]) if task.number else Test(test.frame, test.codes[left])
        for name, value in measures(learner, task, found[left], part, None)[""].items():
            out.setdefault(name, []).append(value)
    return out
