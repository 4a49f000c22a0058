"""What tables/private expects of its error before it spends, beside what came, on public tables with nothing declared.

python bench/private_estimate.py [--epsilon 1] [--bins 10]      (about a minute of CPU; needs the extra privacy)
"""

from __future__ import annotations

import argparse
from itertools import combinations
from typing import Any

import numpy as np
from common import dataset, save

from simulacra.core.budget import Budget
from simulacra.tables.private import Private

TABLES = (("adult", 32_561), ("adult", 4_000), ("credit_default_taiwan", 30_000), ("cardio", 70_000))
COLUMNS, SETS, DELTA = 15, 60, 1e-9


def main() -> None:
    """Print expected and found errors, and write them to build/bench."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--epsilon", type=float, default=1.0)
    asked.add_argument("--bins", type=int, default=10)
    given = asked.parse_args()
    rows = [measured(name, n, given.epsilon, given.bins) for name, n in TABLES]
    save("private_estimate", {"epsilon": given.epsilon, "bins": given.bins, "rows": rows})


def measured(name: str, n: int, epsilon: float, bins: int) -> dict[str, Any]:
    """Return and print one row: the mean total variation over marginals of codes, expected and found."""
    frame = dataset(name).head(n)[:, :COLUMNS]
    model = Private(bins=bins).fit(frame, seed=1, budget=Budget(epsilon, DELTA))
    domain, _ = model._learned()
    real, made = domain.encode(frame), domain.encode(model.sample(n, seed=1))
    curve = model.facts_["estimate"]["curve"]
    at = curve["epsilon"].index(epsilon)
    told = [errors[at] for errors in curve["error"].values()]
    came = [round(distance(real, made, domain.sizes, ways), 4) for ways in (1, 2, 3)]
    print(f"{name:24} {n:7,} rows  expected {told}  found {came}", flush=True)
    return {"table": name, "rows": n, "expected": told, "found": came}


def distance(real: Any, made: Any, sizes: tuple[int, ...], ways: int) -> float:
    """Return the mean total variation over at most SETS random sets of columns."""
    sets = list(combinations(range(len(sizes)), ways))
    chosen = np.random.default_rng(0).permutation(len(sets))[:SETS]
    out = []
    for columns in (sets[i] for i in chosen):
        shape = [sizes[c] for c in columns]
        shares = [
            np.bincount(np.ravel_multi_index(tuple(x[:, columns].T), shape), minlength=int(np.prod(shape))) / len(x)
            for x in (real, made)
        ]
        out.append(0.5 * float(np.abs(shares[0] - shares[1]).sum()))
    return sum(out) / len(out)


if __name__ == "__main__":
    main()
