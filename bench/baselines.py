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


def memoriser(train: pl.DataFrame, n: int, seed: int) -> pl.DataFrame:
    """A chain of trees with one row a leaf: every column is drawn from the leaf that the columns before it lead to."""
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.default_rng(seed)
    codes = np.column_stack([train[c].cast(pl.String).fill_null("\0").rank("dense").to_numpy() for c in train.columns])
    rows = [rng.integers(train.height, size=n)]  # for every column, the donor of each made cell
    for j in range(1, train.width):
        tree = DecisionTreeRegressor(random_state=seed).fit(codes[:, :j], codes[:, j])
        leaf, order = tree.apply(codes[:, :j]), rng.permutation(train.height)
        order = order[np.argsort(leaf[order], kind="stable")]
        wanted = tree.apply(np.column_stack([codes[donors, i] for i, donors in enumerate(rows)]))
        low = np.searchsorted(leaf[order], wanted, "left")
        high = np.searchsorted(leaf[order], wanted, "right")
        rows.append(order[rng.integers(low, high)])
    return pl.DataFrame([train[name].gather(donors) for name, donors in zip(train.columns, rows, strict=True)])
