"""Every release of a fit beside the same release on a neighbouring table: never farther apart than the ledger says.

The second fit is given the noisy numbers of the first, so that it takes the same way; what it counts then differs by
the unit of privacy that was added alone. No statistics: a single counterexample would be proof.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from simulacra.core import registry
from simulacra.core.budget import Budget
from simulacra.core.noise import UnsafeNoise
from simulacra.core.schema import Column, Schema, Table

LEVELS = {"town": ("Bern", "Lyon", "Porto", "Turku"), "sex": ("f", "m")}


class Repeated(UnsafeNoise):
    """Keeps what each release counts; gives the noisy numbers of an earlier fit, in their order, if there was one."""

    def __init__(self, before: Repeated | None = None) -> None:
        super().__init__(7)
        self.exact: list[np.ndarray] = []
        self.noisy: list[Any] = []
        self._script = list(before.noisy) if before else None

    def _told(self, exact: np.ndarray, fresh: Any) -> Any:
        self.exact.append(exact.copy())
        self.noisy.append(self._script.pop(0) if self._script is not None else fresh)
        return self.noisy[-1]

    def gaussian(self, counts: np.ndarray, scale: float, sensitivity: float) -> Any:
        return self._told(counts, super().gaussian(counts, scale, sensitivity))

    def largest(self, scores: np.ndarray, scale: float, sensitivity: int) -> Any:
        return self._told(scores, super().largest(scores, scale, sensitivity))


def people(units: int, each: int, seed: int) -> pl.DataFrame:
    """Return rows of linked columns, some cells missing; the last unit is like none of the others."""
    rng = np.random.default_rng(seed)
    n = units * each
    town, sex = rng.integers(0, 4, n), rng.integers(0, 2, n)
    income = np.round(rng.lognormal(8, 1, n) * (1 + town))
    last = np.arange(n) >= n - each
    income[last] = [-1e6, 10.0**9, 4.0][seed % 3]
    frame = pl.DataFrame(
        {
            "town": [LEVELS["town"][i] for i in town],
            "income": income.astype(np.int64),
            "sex": [LEVELS["sex"][i] for i in (sex + town) % 2],
            "user": [f"u{i // each}" for i in range(n)],
        }
    )
    missing = pl.Series(rng.random(n) < 0.1) | pl.Series(last & (seed % 2 == 0))
    return frame.with_columns(pl.when(~missing).then("sex").alias("sex"))


def schema(person: str | None) -> Schema:
    known = [Column(n, "category", "String", levels=v, source="declared") for n, v in LEVELS.items()]
    number = Column("income", "number", "Int64", low=-(10**6), high=10**9, step=1, source="declared")
    ids = (Column("user", "id", "String", source="declared"),) if person else ()
    return Schema({"table": Table((known[0], number, known[1], *ids))})


CASES = [
    ("tables/private", {"preset": "adaptive"}, 1, True, 3),
    ("tables/private", {"preset": "adaptive"}, 1, False, 3),
    ("tables/private", {"preset": "adaptive"}, 3, True, 3),
    ("tables/private", {"preset": "adaptive"}, 3, False, 3),
    ("tables/private", {"preset": "tree"}, 3, False, 2),
    ("tables/private", {"preset": "independent"}, 1, True, 2),
    ("tables/vae", {"steps": 2}, 3, False, 1),
    ("tables/gan", {"steps": 2}, 1, True, 1),
]


@pytest.mark.parametrize(("address", "fields", "rows", "declared", "seeds"), CASES)
def test_a_unit_moves_no_release_farther_than_its_sensitivity(
    address: str, fields: dict[str, Any], rows: int, declared: bool, seeds: int
) -> None:
    """One row more, or one person with five rows of which three are used; a domain that is declared, or bought."""
    person = "user" if rows > 1 else None
    each = 5 if person else 1
    farthest = 0.0
    for seed in range(seeds):
        larger = people(1500 // each, each, seed)
        # Without persons every cell of that column would be a value of its own, whose absence delta pays for.
        larger = larger if person else larger.drop("user")
        smaller = larger.head(larger.height - each)
        first, budgets = None, []
        for frame in (smaller, larger):
            noise = Repeated(first)
            budgets.append(Budget(10.0, 1e-6, person=person, rows=rows, noise=noise))
            method = registry.load(address)(**fields)
            method.fit(frame, budget=budgets[-1], schema=schema(person) if declared else None, seed=1)
            first = noise
        a, b = (budget.noise for budget in budgets)
        entries = [e for e in budgets[0].entries if e.scale and e.steps == 0]
        assert [e.what for e in budgets[0].entries] == [e.what for e in budgets[1].entries]
        assert len(entries) == len(a.exact) == len(b.exact) > 0
        for entry, x, y in zip(entries, a.exact, b.exact, strict=True):
            assert len(x) == len(y), entry.what
            moved = math.sqrt(float(((x - y).astype(float) ** 2).sum()))
            assert moved <= entry.sensitivity * (1 + 1e-9), entry.what
            farthest = max(farthest, moved / entry.sensitivity)
    # The bound is reached: what was compared was not the same table twice.
    assert farthest == pytest.approx(1.0)
