"""The white-box audit of differential privacy: lower bounds of epsilon beside the claim, for every mechanism.

    python bench/audit_dp.py                        every mechanism at epsilon .3, 1, 3, 10; about 15 minutes of CPU
    python bench/audit_dp.py --epsilon 1 --only counts training
    python bench/audit_dp.py --show                 the last result again

A mechanism is run on the pair of tables that it finds hardest to keep apart (engine/_audit_pairs.py, _audit_fits.py);
all that it releases is looked at. The bounds hold together with 99 % confidence over the whole grid. delta is 1e-9. The
last column is a copy of the mechanism with half the noise: its bound must be above the claim.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from collections.abc import Callable
from typing import Any

import polars as pl
import torch
from common import BUILD, save, stop

from simulacra.core.budget import Budget
from simulacra.core.noise import Noise
from simulacra.core.schema import Column, Schema, Table
from simulacra.engine import _audit_fits as fits
from simulacra.engine import _audit_pairs as pairs
from simulacra.tables import Private

DELTA, CONFIDENCE = 1e-9, 0.99
EPSILONS = (0.3, 1.0, 3.0, 10.0)
CANARIES = {0.3: 3_000_000, 1.0: 400_000}


class HalfNoise(Noise):
    """Half the noise that the ledger was charged for."""

    def gaussian(self, counts: Any, scale: float, sensitivity: float) -> Any:
        return super().gaussian(counts, scale / 2, sensitivity)

    def largest(self, scores: Any, scale: float, sensitivity: int) -> int:
        return super().largest(scores, scale / 2, sensitivity)


class HalfTraining(Budget):
    """Training with half the noise it was charged for."""

    def train(self, *, rate: float, steps: int, what: str) -> float:
        return super().train(rate=rate, steps=steps, what=what) / 2


Audit = Callable[[pairs.Make, float], pairs.Outcome]


def fitting(preset: str, declared: bool) -> Audit:
    """Return the audit of whole fits of tables/private."""
    levels = tuple(f"l{i:02d}" for i in range(fits.LEVELS))

    def fit(table: pl.DataFrame, budget: Budget) -> None:
        known = tuple(
            Column(n, "id", "Int64", unique=True, source="declared")
            if n == budget.person
            else Column(n, "category", "String", levels=levels, source="declared")
            for n in table.columns
        )
        schema = Schema({"table": Table(known)}) if declared else None
        Private(preset=preset).fit(table, budget=budget, schema=schema, seed=0)

    return lambda make, epsilon: fits.fits(make, fit, 1200)


MECHANISMS: dict[str, Audit] = {
    "counts": lambda make, epsilon: pairs.counts(make, 50_000),
    "counts, one ledger each": lambda make, epsilon: pairs.releases(make, 4000, parts=4),
    "values (partition selection)": lambda make, epsilon: pairs.values(make, 50_000),
    "choices": lambda make, epsilon: pairs.choices(make, 6000),
    "training (DP-SGD)": lambda make, epsilon: pairs.training(make, CANARIES.get(epsilon, 200_000)),
    "tables/private independent": fitting("independent", True),
    "tables/private tree": fitting("tree", True),
    "tables/private adaptive": fitting("adaptive", True),
    "tables/private adaptive, domain bought": fitting("adaptive", False),
}
PERSONS = 3
"""Rows of a person that are used, in every other mechanism of the grid; one row is the unit in the rest."""


def main() -> None:
    asked = arguments()
    if asked.show:
        show(json.loads((BUILD / "audit_dp.json").read_text("utf-8"))["cells"])
        return
    torch.set_num_threads(1)
    chosen = [m for m in MECHANISMS if not asked.only or any(part in m for part in asked.only)]
    if not chosen:
        stop(f"--only names no mechanism; there are {', '.join(MECHANISMS)}")
    # Two tables of errors a cell: the honest mechanism and its copy with half the noise.
    confidence = 1 - (1 - CONFIDENCE) / (2 * len(MECHANISMS) * len(EPSILONS))
    cells = []
    for name in chosen:
        for epsilon in asked.epsilon:
            cells.append(cell(name, epsilon, confidence))
            show(cells[-1:], head=len(cells) == 1)
            save("audit_dp", {"cells": cells, "delta": DELTA, "confidence": CONFIDENCE})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epsilon", type=float, nargs="+", default=EPSILONS)
    parser.add_argument("--only", nargs="+", help="mechanisms whose name holds one of these")
    parser.add_argument("--show", action="store_true", help="print the last result")
    return parser.parse_args()


def cell(name: str, epsilon: float, confidence: float) -> dict[str, Any]:
    """Audit one mechanism at one epsilon, with all of its noise and with half of it."""
    rows = PERSONS if list(MECHANISMS).index(name) % 2 else 1
    person = "person" if rows > 1 else None
    start = time.process_time()
    make = functools.partial(Budget, epsilon, DELTA, person=person, rows=rows)
    found = MECHANISMS[name](make, epsilon)
    cpu = time.process_time() - start
    kind = HalfTraining if name.startswith("training") else Budget
    noise = Noise() if name.startswith("training") else HalfNoise()
    half = MECHANISMS[name](lambda: kind(epsilon, DELTA, person=person, rows=rows, noise=noise), epsilon)
    runs = found.errors.without + found.errors.within
    bounds = {"bound": found.bound(confidence), "half": half.bound(confidence)}
    return {"mechanism": name, "rows": rows, "epsilon": epsilon, "runs": runs, "cpu_s": cpu, **bounds}


def show(cells: list[dict[str, Any]], *, head: bool = True) -> None:
    """Print a Markdown table."""
    if head:
        print("| mechanism | rows a unit | claim | lower bound | of the claim | half the noise | runs | CPU s |")
        print("|---" * 8 + "|")
    for c in cells:
        share = c["bound"] / c["epsilon"]
        said = [c["mechanism"], c["rows"], f"{c['epsilon']:g}", f"{c['bound']:.3g}", f"{share:.0%}", f"{c['half']:.3g}"]
        print("| " + " | ".join(map(str, [*said, f"{c['runs']:,}", f"{c['cpu_s']:.1f}"])) + " |", flush=True)


if __name__ == "__main__":
    main()
