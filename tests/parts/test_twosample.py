"""The cheap two-sample test: half for rows of one kind, high for rows that differ, in margins or in links alone."""

from __future__ import annotations

import numpy as np

from simulacra.parts.twosample import auc


def rows(seed: int, n: int = 1500, link: float = 0.9, shift: float = 0.0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 4))
    x[:, 1] = link * x[:, 0] + np.sqrt(1 - link**2) * x[:, 1]
    x[draw.random(n) < 0.1, 2] = np.nan
    return x + shift


def test_fresh_rows_cannot_be_told_apart_and_others_can() -> None:
    draw = np.random.default_rng(0)
    assert auc(rows(1), rows(2), draw) < 0.55
    assert auc(rows(1, shift=1.0), rows(2), draw) > 0.8
    assert auc(rows(1, link=0.0), rows(2), draw) > 0.7


def test_a_handful_of_rows_says_nothing_either_way() -> None:
    assert auc(rows(1, 3), rows(2, 3), np.random.default_rng(0)) == 0.5
