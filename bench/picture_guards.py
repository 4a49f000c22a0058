"""The guard of images on planted faults and on fresh real images: faults must fail with their cause, fresh ones pass.

    python bench/picture_guards.py             9 faults in 3 sets, then 20 seeds of fresh real images of each
    python bench/picture_guards.py --seeds 3

Sets: digits of 8 x 8 pixels (scikit-learn), toy pictures of 16 x 16 in colour, chest x-rays of 28 x 28. Every case
splits its set anew into real, holdout and other images; faults are planted into the other ones, or made of the real
ones. Fresh cases take 60 to 600 images a side, half of them without a holdout. Exit code 1 when a fault is missed or
fresh images raise a warning in more than 5 % of cases.
"""

from __future__ import annotations

import argparse
import collections
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from common import ROOT, images, save

import simulacra
from simulacra.guards import _pictures_distance as measure
from simulacra.parts import pictures
from simulacra.testing import toys

Labelled = tuple[np.ndarray, np.ndarray]
SIZES = (60, 120, 250, 600)


def digits(_: int) -> Labelled:
    from sklearn.datasets import load_digits

    found = load_digits()
    return np.rint(found.images * 255 / 16).astype(np.uint8)[..., None], found.target.astype(str)


def shapes(seed: int) -> Labelled:
    frame = toys.pictures(2400, side=16, colour=True, seed=1000 + seed)
    return frame["image"].to_numpy(), frame["label"].to_numpy().astype(str)


def xrays(_: int) -> Labelled:
    found, labels = images("chest_xray_28px")
    return found[..., None], np.where(labels == 1, "pneumonia", "normal")


SETS: dict[str, Callable[[int], Labelled]] = {"digits": digits, "shapes": shapes, "x-rays": xrays}


def three(name: str, seed: int, size: int = 0) -> tuple[Labelled, Labelled, Labelled]:
    """Return real, holdout and other images: a third of the set each, or `size`, and twice as many real ones."""
    x, y = SETS[name](seed)
    order = np.random.default_rng(seed).permutation(len(x))
    size = size or len(x) // 3
    parts = (order[2 * size : 4 * size], order[:size], order[size : 2 * size])
    return tuple((x[rows], y[rows]) for rows in parts)  # type: ignore[return-value]


def byte(x: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


def drawn(real: Labelled, n: int, rng: np.random.Generator, among: int = 0) -> Labelled:
    rows = rng.integers(among or len(real[0]), size=n)
    return real[0][rows], real[1][rows]


def one_level(real: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    x, y = drawn(real, len(other[0]), rng)
    return byte(x.astype(float) + rng.integers(-1, 2, x.shape)), y


def one_pixel(real: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    x, y = drawn(real, len(other[0]), rng)
    n, high, wide = x.shape[:3]
    x[np.arange(n), rng.integers(high, size=n), rng.integers(wide, size=n)] = rng.integers(256, size=(n, 1))
    return x, y


def fifty(real: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    return drawn(real, len(other[0]), rng, 50)


def smote(real: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    """Blend a real image with one of its five nearest of the same class, pixel by pixel."""
    flat = real[0].reshape(len(real[0]), -1).astype(float)
    near = {}
    for label in np.unique(real[1]):
        same = np.flatnonzero(real[1] == label)
        d = measure.distances(flat[same], flat[same])
        near |= {row: same[np.argsort(line)[1:6]] for row, line in zip(same, d, strict=True)}
    rows = rng.integers(len(flat), size=len(other[0]))
    pick = np.array([rng.choice(near[row]) for row in rows])
    made = flat[rows] + rng.random((len(rows), 1)) * (flat[pick] - flat[rows])
    return byte(made).reshape(-1, *real[0].shape[1:]), real[1][rows]


def blurred(_: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    from scipy.ndimage import gaussian_filter

    width = 0.6 if other[0].shape[1] < 16 else 1.0
    return byte(gaussian_filter(other[0].astype(float), (0, width, width, 0))), other[1]


def noisy(_: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    return byte(other[0] + rng.normal(0, 20, other[0].shape)), other[1]


def brighter(_: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    return byte(other[0].astype(float) + 30), other[1]


def shuffled(_: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    return other[0], rng.permutation(other[1])


def dropped(_: Labelled, other: Labelled, rng: np.random.Generator) -> Labelled:
    kept = other[1] != np.unique(other[1])[0]
    return other[0][kept], other[1][kept]


FAULTS = (
    ("training images, one grey level of noise", one_level, r"copied or blended"),
    ("training images, one pixel changed", one_pixel, r"copied or blended"),
    ("SMOTE in pixel space", smote, r"copied or blended"),
    ("50 images repeated", fifty, r"fewer different images"),
    ("blurred", blurred, r"blurred"),
    ("noise of deviation 20", noisy, r"noisy|knows most made images"),
    ("30 of 255 brighter", brighter, r"brighter"),
    ("labels shuffled", shuffled, r"do not show what their label says"),
    ("one class never made", dropped, r"is never made"),
)


def table(given: Labelled) -> pl.DataFrame:
    return pl.DataFrame({"image": pictures.series("image", given[0]), "label": given[1].tolist()})


def check(made: Labelled, real: Labelled, holdout: Labelled | None, seed: int) -> simulacra.Report:
    kept = None if holdout is None else table(holdout)
    return simulacra.check(table(made), real=table(real), holdout=kept, only="images", seed=seed)


def judge_fault(name: str, fault: tuple[str, Any, str]) -> dict[str, Any]:
    real, holdout, other = three(name, 42)
    made = fault[1](real, other, np.random.default_rng(7))
    start = time.process_time()
    report = check(made, real, holdout, 0)
    seconds = time.process_time() - start
    failing = [f for f in report.findings if f.verdict == "fail" and re.search(fault[2], f.sentence)]
    said = failing[0].sentence if failing else "none"
    print(f"| {name} | {fault[0]} | {report.verdict} | {seconds:.1f} | {said} |", flush=True)
    return {"set": name, "fault": fault[0], "verdict": report.verdict, "seconds": seconds, "said": said}


def judge_fresh(name: str, seed: int) -> dict[str, Any]:
    size = min(SIZES[seed % len(SIZES)], len(SETS[name](seed)[0]) // 4)
    real, holdout, other = three(name, seed, size)
    report = check(other, real, holdout if seed // len(SIZES) % 2 == 0 else None, seed)
    alarms = [f.name for f in report.findings if f.verdict in ("warn", "fail")]
    return {"set": name, "seed": seed, "images": size, "verdict": report.verdict, "alarms": alarms}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="checks of fresh real images of each set (default 20)")
    seeds = parser.parse_args().seeds
    print("| set | planted fault | verdict | CPU s | a finding that names it |\n|---|---|---|---|---|", flush=True)
    planted = [judge_fault(name, fault) for fault in FAULTS for name in SETS]
    fresh = [judge_fresh(name, seed) for name in SETS for seed in range(seeds)]
    quiet = sum(not case["alarms"] for case in fresh)
    print(f"\nfresh real images: {quiet} of {len(fresh)} cases raise no warning")
    for name, times in collections.Counter(alarm for case in fresh for alarm in case["alarms"]).most_common():
        print(f"  raised by {name}: {times}")
    path = save("picture_guards", {"planted": planted, "fresh": fresh})
    print(f"written: {path.relative_to(ROOT)}")
    return int(any(case["said"] == "none" for case in planted) or quiet < 0.95 * len(fresh))


if __name__ == "__main__":
    raise SystemExit(main())
