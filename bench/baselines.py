"""The two ends of the scale: every row a copy, and no link between columns at all."""

from __future__ import annotations

import numpy as np
import polars as pl


def bootstrap(train: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Training rows drawn with replacement: the ceiling of fidelity, and no privacy."""
    return train[np.random.default_rng(seed).integers(train.height, size=train.height)]


def independent(train: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Every column shuffled by itself: the true margins, and nothing between columns."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame([train[name][rng.permutation(train.height)] for name in train.columns])
