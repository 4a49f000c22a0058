"""Our own tables/smote, driven exactly as imbalanced-learn is.

Ways: "whole": SmoteSampler, real rows and new ones; "new": SmoteSampler, new rows only; "fit": tables/smote on a polars
frame whose schema is inferred; "declared": where it is given; "sample": its sample.
"""

from typing import Any

import imbalanced
import numpy as np
import polars as pl

from simulacra.bridges.sklearn import SmoteSampler
from simulacra.core.schema import Column, Schema
from simulacra.tables import Smote

KINDS = {"borderline": "borderline", "adasyn": "adasyn"}


def sampler(task: str, **more: Any) -> SmoteSampler:
    """Return the sampler of a task, comparing rows as imbalanced-learn does."""
    around = 5 if task == "adasyn" else 10
    return SmoteSampler(kind=KINDS.get(task, "smote"), around=around, scale=False, random_state=0, **more)


def frame(x: Any, y: np.ndarray) -> pl.DataFrame:
    """Return the table as a polars frame with the class as text."""
    rows = pl.from_pandas(x) if hasattr(x, "columns") else pl.DataFrame(x)
    return rows.with_columns(pl.Series("class", y).cast(pl.String))


def schema(rows: pl.DataFrame) -> Schema:
    """Return facts by type alone."""
    kinds = [(c.name, "number" if c.dtype.is_numeric() else "category", str(c.dtype)) for c in rows.iter_columns()]
    return Schema.of(*(Column(*kind) for kind in kinds))


def method(task: str) -> Smote:
    """Return the method of a task, comparing rows as imbalanced-learn does."""
    around = 5 if task == "adasyn" else 10
    return Smote(target="class", kind=KINDS.get(task, "smote"), around=around, scale=False)


def run(task: str, way: str, x: Any, y: np.ndarray, measure: Any) -> None:
    """Measure one way."""
    if way in ("whole", "new"):
        measure(lambda: sampler(task, only_new=way == "new").fit_resample(x, y))
        return
    rows = frame(x, y)
    facts = schema(rows) if way == "declared" else None
    if way in ("fit", "declared"):
        measure(lambda: method(task).fit(rows, schema=facts, seed=1))
        return
    model = method(task).fit(rows, schema=schema(rows), seed=1)
    measure(lambda: model.sample(model.default_rows(len(rows)), seed=1))


def neighbours(task: str, x: Any, y: np.ndarray) -> np.ndarray:
    """Return what the method looks up, in the form of run_imblearn.neighbours."""
    from simulacra.tables import _smote_class as smote

    if task in ("smote", "smotenc"):
        rows = frame(x, y)
        return np.asarray(method(task).fit(rows, schema=schema(rows), seed=1).drawn_[0]["near"])
    none = np.zeros((len(x), 0), np.int64)
    points, unit = smote.compared(x[y == 1], none[y == 1], False)
    around = 10 if task == "borderline" else 5
    layout = smote.Layout(list(range(x.shape[1])), 0, {})
    share, _ = smote.hostile(points, smote.Others(x, none, np.flatnonzero(y == 1)), layout, unit, around)
    return np.rint(share * around).astype(np.int64)


if __name__ == "__main__":
    asked = imbalanced.asked()
    x, y = imbalanced.table(asked.task, asked.rows)
    if asked.out:
        np.save(asked.out, neighbours(asked.task, x, y))
    else:
        run(asked.task, asked.way, *imbalanced.table(asked.task, imbalanced.FEW), lambda call: call())
        run(asked.task, asked.way, x, y, imbalanced.measure)
