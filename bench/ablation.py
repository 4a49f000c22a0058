"""What each part of tables/forest is worth: the method with one field changed, on the same splits.

Prints one row a variant. Adult, 80/20: fidelity, detection and utility. Adult, 50/50: the share of made rows nearer to
the training half, and copies without the filter. Montgomery salaries, 80/20: rules between columns with many levels.

With --sizes: seconds and memory of the default on a wide and on a long table instead.

Usage: python bench/ablation.py [--seeds 2] [--sizes]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Mapping
from typing import Any

import measures
import numpy as np
import polars as pl
from common import dataset, save

from simulacra.core.data import as_dataset
from simulacra.tables.forest import Forest

VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "gain 0 (cuts follow noise)": {"gain": 0.0},
    "gain 1": {"gain": 1.0},
    "gain 4": {"gain": 4.0},
    "leaf 5": {"leaf": 5},
    "leaf 20": {"leaf": 20},
    "leaf 40": {"leaf": 40},
    "no boosting": {"boost": False},
    "6 parents": {"max_parents": 6},
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=2)
    arguments.add_argument("--sizes", action="store_true")
    given = arguments.parse_args()
    if given.sizes:
        return sizes()
    seeds = range(given.seeds)
    adult, salaries = dataset("adult"), dataset("employee_salaries")
    table = {}
    names = (
        "Shape",
        "Pair",
        "Tri-q5",
        "C2ST",
        "TSTR",
        "copies %",
        "C2ST 50/50",
        "DCR 50/50",
        "raw copies %",
        "salaries",
    )
    print("| variant | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|", sep="\n")
    for name, fields in VARIANTS.items():
        rows = [[*wide(adult, fields, s), *half(adult, fields, s), detected(salaries, fields, s)] for s in seeds]
        table[name] = dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))
        print(f"| {name} | " + " | ".join(f"{v:.4f}" for v in table[name].values()) + " |", flush=True)
    save("ablation", {"variants": table, "seeds": len(seeds)})


def wide(frame: pl.DataFrame, fields: Mapping[str, Any], seed: int) -> list[float]:
    """Shape, Pair, Tri-q5, C2ST, TSTR and copies in percent on an 80/20 split."""
    train, holdout = measures.split(frame)
    made = sampled(train, {"target": "income", **fields}, seed)
    found = measures.judge(train, holdout, made, "income", seed=seed, mlp=False)
    return [found.shape, found.pair, found.tri, found.c2st, found.tstr, 100 * found.copies]


def half(frame: pl.DataFrame, fields: Mapping[str, Any], seed: int) -> list[float]:
    """C2ST, DCR share and copies in percent without the filter on a 50/50 split."""
    train, holdout = measures.split(frame, 0.5)
    made = sampled(train, {"target": "income", **fields}, seed)
    raw = sampled(train, {"target": "income", **fields, "copies": "keep"}, seed)
    shares = measures.c2st(holdout, made, seed=seed), measures.dcr_share(train, holdout, made, seed=seed)
    return [*shares, 100 * measures.copies(train, raw)]


def detected(frame: pl.DataFrame, fields: Mapping[str, Any], seed: int) -> float:
    """C2ST on an 80/20 split."""
    train, holdout = measures.split(frame)
    return measures.c2st(holdout, sampled(train, fields, seed), seed=seed)


def sampled(train: pl.DataFrame, fields: Mapping[str, Any], seed: int) -> pl.DataFrame:
    """As many rows as were fitted."""
    forest = Forest(**fields).fit(as_dataset(train), seed=seed)
    made: pl.DataFrame = forest.sample(train.height, seed=seed, kind="polars")
    return made


def sizes() -> None:
    """Print processor seconds of fit and sample, and the peak of memory, for 1,500 columns and for a million rows."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(2000, 30)) @ rng.normal(size=(30, 1500)) + rng.normal(size=(2000, 1500))
    wide_one = pl.DataFrame({f"c{i}": numbers[:, i].round(2) for i in range(1500)})
    adult = dataset("adult")
    long_one = pl.concat([adult] * (1_000_000 // adult.height + 1))[:1_000_000]
    for name, frame, n in (("2,000 x 1,500", wide_one, 2000), ("1,000,000 x 15", long_one, 100_000)):
        data = as_dataset(frame)
        assert data.schema.names  # inferred before the clock starts
        start = time.process_time()
        forest = Forest().fit(data, seed=1)
        middle = time.process_time()
        forest.sample(n, seed=2, kind="polars")
        spent = middle - start, time.process_time() - middle
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{name}: fit {spent[0]:.1f} s, sample {n:,} rows {spent[1]:.2f} s, peak so far {memory:.2f} GB", flush=True
        )


if __name__ == "__main__":
    main()
