"""Adult as a table of codes over a public domain, and how far a made table of codes is from it.

The private data are the first 32,561 rows of adult.parquet (adult.data of UCI), the rest (adult.test) is for testing.
Categories are those of the codebook adult.names and "?", edges of numbers are fixed below, education_num is dropped:
14 columns of sizes 14, 9, 16, 17, 8, 15, 7, 6, 3, 12, 10, 13, 42, 2. Every category has a cell for "?".
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl
from common import dataset

Ints = npt.NDArray[np.int64]

TRAIN = 32_561
TARGET = "income"
EDGES: dict[str, list[int]] = {
    "age": list(range(20, 81, 5)),
    "fnlwgt": [*range(25_000, 250_000, 25_000), 250_000, 300_000, 350_000, 400_000, 500_000, 750_000],
    "capital_gain": [1, 1_000, 2_000, 3_000, 4_000, 5_000, 7_500, 10_000, 15_000, 20_000, 50_000],
    "capital_loss": [1, 500, 1_000, 1_500, 1_750, 2_000, 2_250, 2_500, 3_000],
    "hours_per_week": [10, 15, 20, 25, 30, 35, 40, 41, 45, 50, 55, 60],
}
LEVELS = {"education": 17, "marital_status": 8, "relationship": 7, "race": 6, "sex": 3}
"""Cells where the file, unlike the codebook with its "?", has one fewer."""


def tables() -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """Return the private rows, the test rows, both as codes, and the size of each column."""
    raw = dataset("adult").drop("education_num")
    codes, sizes = [], {}
    for column in raw.columns:
        if column in EDGES:
            values = np.searchsorted(EDGES[column], raw[column].to_numpy(), side="right")
            sizes[column] = len(EDGES[column]) + 1
        else:
            text = raw[column].fill_null("?")
            levels = sorted(text.unique())
            values = text.replace_strict(levels, range(len(levels)), return_dtype=pl.Int64).to_numpy()
            sizes[column] = LEVELS.get(column, len(levels))
        codes.append(pl.Series(column, values, dtype=pl.Int64))
    whole = pl.DataFrame(codes)
    return whole[:TRAIN], whole[TRAIN:], sizes


class Distance:
    """Mean total variation between a table and the private one over all marginals of 1, 2 and 3 columns."""

    def __init__(self, real: pl.DataFrame, sizes: dict[str, int]) -> None:
        self.sizes = [sizes[c] for c in real.columns]
        self.real = {g: self._shares(real.to_numpy(), g) for g in self._groups()}

    def __call__(self, made: pl.DataFrame) -> dict[str, float]:
        """Return {"tv1", "tv2", "tv3"}, each 0..1, 0 best. made: codes in the same columns, any number of rows."""
        codes = made.to_numpy()
        found: dict[str, list[float]] = {"tv1": [], "tv2": [], "tv3": []}
        for group, shares in self.real.items():
            found[f"tv{len(group)}"].append(0.5 * float(np.abs(shares - self._shares(codes, group)).sum()))
        return {name: float(np.mean(values)) for name, values in found.items()}

    def _groups(self) -> Iterable[tuple[int, ...]]:
        return (g for k in (1, 2, 3) for g in combinations(range(len(self.sizes)), k))

    def _shares(self, codes: Ints, group: tuple[int, ...]) -> npt.NDArray[np.float64]:
        shape = [self.sizes[c] for c in group]
        at = np.ravel_multi_index(tuple(codes[:, c] for c in group), shape)
        return np.bincount(at, minlength=math.prod(shape)) / len(codes)


def auc(made: pl.DataFrame, test: pl.DataFrame) -> float:
    """Return the AUC on the test rows of boosted trees (100 rounds) that learn the target from the made rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    if made[TARGET].n_unique() < 2:
        return 0.5
    model = HistGradientBoostingClassifier(max_iter=100, random_state=0)
    model.fit(made.drop(TARGET).to_numpy(), made[TARGET].to_numpy())
    return float(roc_auc_score(test[TARGET].to_numpy(), model.predict_proba(test.drop(TARGET).to_numpy())[:, 1]))
