"""What each part of tables/forest is worth: the method with one field changed, on the same splits.

Prints one row a variant. Adult, 80/20: fidelity, detection and utility. Adult, 50/50: the share of made rows nearer to
the training half, and copies without the filter. Montgomery salaries, 80/20: rules between columns with many levels.

Usage: python bench/ablation.py [--seeds 2]
"""

from __future__ import annotations

import argparse
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
    seeds = range(arguments.parse_args().seeds)
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


if __name__ == "__main__":
    main()
