"""Networks trained under differential privacy: tables/vae and tables/gan on Adult, images/vae and images/gan on images.

    python bench/private_networks.py                        tables at epsilon 1, 3 and 10, images at 10
    python bench/private_networks.py --only tables/vae --epsilon 1 --runs 3
    python bench/private_networks.py --show                 the last result again

Tables: protocol, domain and measures of bench/private.py, with tables/private beside (delta 1e-9). Images: 8,000 digits
or 2,158 chest X-rays of 28 x 28 pixels, delta 1e-5; a classifier (logistic regression on pixels) learns from 2,000 made
images and is tested on the real ones left out. CPU seconds are those of the fit, on one thread.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
import statistics
import sys
import time
from typing import Any

import numpy as np
import polars as pl
from common import BUILD, images, save
from private_adult import Distance, auc, tables

from simulacra import Budget
from simulacra.core import options, registry
from simulacra.core.schema import Column, Schema, Table
from simulacra.parts.pictures import series

TABLES, IMAGES = ("tables/private", "tables/vae", "tables/gan"), ("images/vae", "images/gan")
SETS = {"mnist": ("mnist_test_10k", 10), "chest": ("chest_xray_28px", 2)}
SOUGHT = 2000
"""Images that a classifier learns from."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epsilon", type=float, nargs="+")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[*TABLES, *IMAGES])
    parser.add_argument("--set", nargs="*", default=[], help="fields, such as steps=800")
    parser.add_argument("--show", action="store_true", help="print the last result")
    asked = parser.parse_args()
    if asked.show:
        show(json.loads((BUILD / "private_networks.json").read_text("utf-8")))
        return
    runs: dict[str, list[dict[str, float]]] = {}
    for method in asked.only:
        for epsilon in asked.epsilon or ((1.0, 3.0, 10.0) if method in TABLES else (10.0,)):
            for seed in range(asked.runs):
                for label, found in one(method, epsilon, seed, asked.set):
                    runs.setdefault(label, []).append(found)
                    show({label: runs[label]}, heading=len(runs) == 1)
    save("private_networks", runs)


def one(method: str, epsilon: float, seed: int, given: list[str]) -> Any:
    """Yield labels with the measures of one run of a method."""
    if method in TABLES:
        yield f"{method}, epsilon {epsilon:g}", table(method, epsilon, seed, given)
        return
    for name in SETS:
        yield f"{method}, {name}, epsilon {epsilon:g}", image(method, name, epsilon, seed, given)


def fitted(method: str, given: list[str], frame: pl.DataFrame, schema: Schema, budget: Budget, seed: int) -> Any:
    """Return the fitted method and the CPU seconds of its fit."""
    cls: Any = registry.load(method)
    fields = options.parse(cls, method, dict(text.split("=", 1) for text in given))
    begin = time.process_time()
    model = cls(**fields).fit(frame, schema=schema, seed=seed, budget=budget)
    return model, time.process_time() - begin


def table(method: str, epsilon: float, seed: int, given: list[str]) -> dict[str, float]:
    train, test, sizes = tables()
    columns = [Column(c, "category", "Int64", levels=tuple(range(sizes[c]))) for c in train.columns]
    schema = Schema({"table": Table(tuple(columns))})
    model, cpu = fitted(method, given, train, schema, Budget(epsilon, 1e-9), seed)
    # A private table may hold missing cells where the real one surely has some; Adult has a level "?" instead.
    made = model.sample(train.height, seed=seed).fill_null(0)
    return Distance(train, sizes)(made) | {"auc": auc(made, test), "cpu_s": cpu}


def image(method: str, name: str, epsilon: float, seed: int, given: list[str]) -> dict[str, float]:
    from sklearn.linear_model import LogisticRegression

    file, count = SETS[name]
    pixels, labels = images(file)
    order = np.random.default_rng(0).permutation(len(labels))
    cut = len(order) * 4 // 5
    whole = pl.DataFrame([series("image", pixels[order]), pl.Series("label", labels[order].tolist(), pl.Int64)])
    train, test = whole[:cut], whole[cut:]
    schema = Schema({"table": Table((Column("label", "category", "Int64", levels=tuple(range(count))),))})
    model, cpu = fitted(method, given, train, schema, Budget(epsilon, 1e-5), seed)
    made = model.sample(SOUGHT, seed=seed).drop_nulls("label")

    def right(learned: pl.DataFrame) -> float:
        x, y = (f["image"].to_numpy().reshape(f.height, -1) / 255 for f in (learned, test))
        found = LogisticRegression(max_iter=300).fit(x, learned["label"].to_numpy())
        return float(found.score(y, test["label"].to_numpy()))

    return {"accuracy": right(made), "real": right(train[:SOUGHT]), "axes": model.facts_["axes"], "cpu_s": cpu}


def show(runs: dict[str, list[dict[str, float]]], heading: bool = True) -> None:
    """Print means over runs."""
    for name, found in runs.items():
        if heading:
            print("| method | runs | " + " | ".join(found[0]) + " |\n" + "|---" * (2 + len(found[0])) + "|")
        cells = [f"{statistics.fmean(r[key] for r in found):.4g}" for key in found[0]]
        print(f"| {name} | {len(found)} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
