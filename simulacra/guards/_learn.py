"""Learners of the guards: boosted trees and linear models on coded tables, and scores of rows they did not see."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.rng import stream

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.guards._frames import Coded, Floats, Ints, Mask

    Index = npt.NDArray[np.intp]

LEVELS = 250
"""Levels a boosted tree keeps apart; HistGradientBoosting takes 255 at most."""
FOLDS = 3
WIDE = 50
WIDEST = 600
"""About as many features a linear model is given; levels beyond them count as none."""


def number_from(seed: int, purpose: str) -> int:
    """Return a seed for a library that wants a number."""
    return int(stream(seed, "guards", purpose).integers(2**31))


def features(columns: tuple[Coded, ...]) -> tuple[Floats, list[bool], list[int]]:
    """Return (rows, features) for trees, which of them are categories, and the column each belongs to."""
    out, categorical, owner = [], [], []
    for at, column in enumerate(columns):
        if column.ordered:
            out.append(column.values)
            categorical.append(False)
            owner.append(at)
        if column.labels or not column.ordered:
            out.append(np.where(column.codes < 0, np.nan, np.minimum(column.codes, LEVELS)))
            categorical.append(True)
            owner.append(at)
    return np.column_stack(out), categorical, owner


def indicators(columns: tuple[Coded, ...], lead: slice) -> Floats:
    """Return (rows, features) for linear models: numbers to mean 0 and deviation 1 over `lead`, levels as 0 and 1."""
    out = []
    levels = max(3, min(40, WIDEST // max(1, len(columns))))
    for column in columns:
        if column.ordered:
            seen = column.values[lead][~np.isnan(column.values[lead])]
            middle, width = (seen.mean(), seen.std()) if len(seen) else (0.0, 1.0)
            out.append(np.clip(np.nan_to_num((column.values - middle) / (width or 1.0)), -10, 10)[:, None])
        kept = min(levels, len(column.labels))
        out.append((column.codes[:, None] == np.arange(kept)).astype(np.float64))
        if column.missing.any():
            out.append(column.missing.astype(np.float64)[:, None])
    return np.hstack(out)


def boosted(kind: str, categorical: list[bool], seed: int) -> Any:
    """Return gradient-boosted trees: kind "class" or "number"."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    learner = HistGradientBoostingClassifier if kind == "class" else HistGradientBoostingRegressor
    # Time goes with features times leaves: smaller trees see enough of a wide table.
    leaves = 31 if len(categorical) <= WIDE else 15
    return learner(categorical_features=np.array(categorical, dtype=bool), max_leaf_nodes=leaves, random_state=seed)


def linear(kind: str) -> Any:
    """Return a linear learner: logistic regression or ridge."""
    from sklearn.linear_model import LogisticRegression, Ridge

    return LogisticRegression(max_iter=200, tol=1e-3) if kind == "class" else Ridge()


def fit(model: Any, x: Floats, y: Any) -> Any:
    """Fit a learner; one that stops before it has converged is good enough to compare two tables with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(x, y)


@dataclass(frozen=True)
class Told:
    """What classifiers that tell made from other rows saw: scores out of fold, and how to score those rows anew."""

    scores: Floats
    is_made: Mask
    models: list[tuple[Any, Index]]
    x: Floats
    owner: list[int]

    def drops(self, columns: list[int], seed: int, rows: int = 3000) -> dict[int, float]:
        """Return how much AUC is lost when a column's cells are permuted among rows the classifiers did not see."""
        from simulacra.guards._stats import auc

        parts = [(model, test[:: max(1, len(self.x) // rows)]) for model, test in self.models]
        whole = np.concatenate([test for _, test in parts])
        label = self.is_made[whole]
        base = auc(self.scores[whole][label], self.scores[whole][~label])[0]
        out = {}
        for column in columns:
            rng = stream(seed, "guards", "permute", column)
            own = [f for f, c in enumerate(self.owner) if c == column]
            scores = []
            for model, test in parts:
                x = self.x[test]
                x[:, own] = x[rng.permutation(len(x))][:, own]
                scores.append(model.predict_proba(x)[:, 1])
            flat = np.concatenate(scores)
            out[column] = base - auc(flat[label], flat[~label])[0]
        return out


def tell_apart(columns: tuple[Coded, ...], made: Ints, other: Ints, seed: int) -> Told:
    """Score rows by classifiers fitted on the other folds: how made does a row look (C2ST)."""
    from sklearn.model_selection import StratifiedKFold

    x, categorical, owner = features(columns)
    rows = np.concatenate([other, made])
    x, is_made = x[rows], np.arange(len(rows)) >= len(other)
    number = number_from(seed, "c2st")
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=number)
    scores, models = np.empty(len(rows)), []
    for train, test in folds.split(x, is_made):
        model = fit(boosted("class", categorical, number), x[train], is_made[train])
        scores[test] = model.predict_proba(x[test])[:, 1]
        models.append((model, test))
    return Told(scores, is_made, models, x, owner)
