"""Images side by side: every method of images and simple controls on chest x-rays of 28 x 28 pixels, one thread.

    python bench/images.py                              1 seed of every method, about 6 minutes of one core
    python bench/images.py --seeds 3 --only pca,flow    means and spreads
    python bench/images.py --show build/bench/sheets    a sheet of samples of each row as PNG, to be looked at
    python bench/images.py --data mnist --rows 3000     another set: digits, of which so many are fitted

The 2,698 x-rays are split once (numpy seed 42): 738 are held out, a method is fitted on the 1,960 others and draws 738.
Frechet distances are percentages of the total variance of held-out images: among 32 principal components of pixels, in
the 64 leading axes of random convolutions, and in all their features. Precision, recall and coverage (k = 5) are those
of the pixel components, where a Gaussian is weakest, and of the convolutions. A near copy lies nearer to a training
image, pixel by pixel, than all but 1 % of the held-out images do. Costs are CPU seconds of the process.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from common import ROOT, images, save, stop

from simulacra.core import registry
from simulacra.guards import _pictures_distance as measure
from simulacra.parts import features, pictures
from simulacra.parts.warp import warp

HELD_OUT = 738
FEW = 50
METHODS = ("pca", "flow", "gan", "vae")
SETS = {"xray": "chest_xray_28px", "mnist": "mnist_test_10k"}

Made = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Split:
    """Training and held-out images, uint8 (n, H, W, C), their labels, and the spaces fitted on the training images."""

    train: np.ndarray
    labels: np.ndarray
    held: np.ndarray
    held_labels: np.ndarray

    @cached_property
    def spaces(self) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        return {
            "pixels": features.Pixels.fit(self.train),
            "conv64": features.convolutions(self.train),
            "conv": features.Convolutions.fit(self.train),
        }

    @cached_property
    def real(self) -> dict[str, np.ndarray]:
        return {name: space(self.held) for name, space in self.spaces.items()}

    @cached_property
    def tolerance(self) -> float:
        return measure.tolerance_of(measure.nearest(flat(self.held), flat(self.train))[0])

    @property
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame([pictures.series("image", self.train), pl.Series("label", self.labels.astype(str))])


def main() -> None:
    asked = arguments()
    split = divided(asked.data, asked.rows)
    wanted = asked.only.split(",") if asked.only else [*CONTROLS, *METHODS]
    for name in wanted:
        if name not in (*CONTROLS, *METHODS):
            stop(f"No row {name!r}; there are {', '.join((*CONTROLS, *METHODS))}.")
    fields = {k: read(v) for k, _, v in (part.partition("=") for part in asked.set)}
    results: dict[str, list[dict[str, float]]] = {}
    print("| row | " + " | ".join(title for title, _ in COLUMNS.values()) + " |\n" + "|---" * (len(COLUMNS) + 1) + "|")
    for name in wanted:
        runs = []
        for seed in range(asked.seeds):
            begin = time.process_time()
            made, costs = CONTROLS[name](split, seed) if name in CONTROLS else drawn(name, split, seed, fields)
            runs.append(judged(split, made[0]) | costs)
            print(f"{name}, seed {seed}: {time.process_time() - begin:.0f} CPU s", file=sys.stderr)
            if asked.show:
                sheet(Path(asked.show) / f"{asked.data}-{name}-{seed}.png", *made)
        results[name] = runs
        print(
            f"| {name} | " + " | ".join(cell(runs, key, write) for key, (_, write) in COLUMNS.items()) + " |",
            flush=True,
        )
    path = save("images", {"data": SETS[asked.data], "split": "738 held out, seed 42", "runs": results})
    print(f"\nwritten: {path.relative_to(ROOT)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each row, seeds 0, 1, .. (default 1)")
    parser.add_argument("--only", default="", help="rows, such as pca,flow,smote (default: all)")
    parser.add_argument("--data", choices=list(SETS), default="xray", help="which set (default xray)")
    parser.add_argument("--rows", type=int, default=0, help="most training images (default: all)")
    parser.add_argument("--set", action="append", default=[], help="a field of the methods, such as steps=3000")
    parser.add_argument("--show", default="", help="a folder for sheets of samples")
    asked = parser.parse_args()
    if asked.seeds < 1:
        parser.error("--seeds must be at least 1")
    return asked


def divided(name: str, rows: int) -> Split:
    found, labels = images(SETS[name])
    order = np.random.default_rng(42).permutation(len(found))
    held, train = order[:HELD_OUT], order[HELD_OUT:][: rows or None]
    found = found[..., None] if found.ndim == 3 else found
    return Split(found[train], labels[train], found[held], labels[held])


def drawn(name: str, split: Split, seed: int, fields: dict[str, object]) -> tuple[Made, dict[str, float]]:
    """Fit a method of images and draw as many images as are held out."""
    method = registry.load(f"images/{name}")(**fields)
    begin = time.process_time()
    method.fit(split.frame, seed=seed)
    fitted = time.process_time()
    made = method.sample(len(split.held), seed=seed)
    cost = 1000 * (time.process_time() - fitted) / len(split.held)
    found, _ = pictures.arrays(made)
    return (found, made["label"].to_numpy()), {"fit_s": fitted - begin, "sample_ms": cost}


def flat(found: np.ndarray) -> np.ndarray:
    return found.reshape(len(found), -1) / 255.0


def floor(split: Split, seed: int) -> tuple[Made, dict[str, float]]:
    rows = np.random.default_rng(seed).permutation(len(split.train))[: len(split.held)]
    return (split.train[rows], split.labels[rows]), {}


def repeated(split: Split, seed: int) -> tuple[Made, dict[str, float]]:
    rng = np.random.default_rng(seed)
    rows = rng.choice(rng.permutation(len(split.train))[:FEW], len(split.held))
    return (split.train[rows], split.labels[rows]), {}


def varied(split: Split, seed: int) -> tuple[Made, dict[str, float]]:
    rows = np.random.default_rng(seed).integers(len(split.train), size=len(split.held))
    out = warp(split.train[rows].astype(np.float32) / 255, np.arange(len(rows), dtype=np.uint64), seed)
    return (np.rint(out * 255).astype(np.uint8), split.labels[rows]), {}


def smote(split: Split, seed: int) -> tuple[Made, dict[str, float]]:
    """Images between an image and one of its five nearest of the same class, pixel by pixel."""
    rng, points = np.random.default_rng(seed), flat(split.train)
    out, labels = [], rng.choice(split.labels, len(split.held))
    for label in labels:
        own = np.flatnonzero(split.labels == label)
        one = rng.choice(own)
        near = own[np.argsort(((points[own] - points[one]) ** 2).sum(1), kind="stable")[1:6]]
        out.append(points[one] + rng.random() * (points[rng.choice(near)] - points[one]))
    made = np.rint(np.array(out) * 255).astype(np.uint8).reshape(-1, *split.train.shape[1:])
    return (made, labels), {}


CONTROLS = {"training images": floor, "50 images repeated": repeated, "smote": smote, "augmented": varied}


def judged(split: Split, made: np.ndarray) -> dict[str, float]:
    """Return every measure of made images, uint8 (n, H, W, C)."""
    out: dict[str, float] = {}
    for name, space in split.spaces.items():
        points = space(made)
        out[f"fd_{name}"] = measure.frechet_percent(points, split.real[name])
        if name != "conv":
            found = measure.precision_recall_coverage(points, split.real[name])
            out |= {f"{what}_{name}": value for what, value in zip("prc", found, strict=True)}
    near = measure.nearest(flat(made), flat(split.train))[0]
    return out | {"copies": 100 * float((near <= split.tolerance).mean())}


def sheet(path: Path, made: np.ndarray, labels: np.ndarray) -> None:
    """Write up to four rows of 16 images a class as one PNG, twice their size."""
    rows = []
    for label in np.unique(labels)[:10]:
        own = made[labels == label][: 64 if len(np.unique(labels)) < 4 else 16]
        rows += [own[i : i + 16] for i in range(0, len(own) // 16 * 16, 16)]
    if not rows:
        return
    grid = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pictures.png(grid.repeat(2, 0).repeat(2, 1)))


def read(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        return text


COLUMNS: dict[str, tuple[str, Callable[[float], str]]] = {
    "fd_pixels": ("FD % pixels", "{:.1f}".format),
    "fd_conv64": ("FD % conv, 64 axes", "{:.1f}".format),
    "fd_conv": ("FD % conv, all", "{:.1f}".format),
    "p_pixels": ("precision", "{:.2f}".format),
    "r_pixels": ("recall", "{:.2f}".format),
    "c_pixels": ("coverage", "{:.2f}".format),
    "p_conv64": ("P conv", "{:.2f}".format),
    "r_conv64": ("R conv", "{:.2f}".format),
    "c_conv64": ("C conv", "{:.2f}".format),
    "copies": ("near copies %", "{:.1f}".format),
    "fit_s": ("fit CPU s", "{:.1f}".format),
    "sample_ms": ("ms an image", "{:.2f}".format),
}


def cell(runs: list[dict[str, float]], key: str, write: Callable[[float], str]) -> str:
    values = [run[key] for run in runs if key in run]
    if not values:
        return "-"
    spread = f" ± {write(statistics.stdev(values))}" if len(values) > 1 else ""
    return write(statistics.fmean(values)) + spread


if __name__ == "__main__":
    main()
