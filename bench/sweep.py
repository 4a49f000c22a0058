"""What one factor of images/vae changes: pictures of 64 x 64 pixels in colour whose factors are known.

    python bench/sweep.py                       about 150 CPU seconds
    python bench/sweep.py --show build/bench    also the sheets of a sweep and of samples, as PNG

Fitted on 3,000 toy pictures (cross, disc or square) with place, size and colour as columns beside them. Each factor of
16 other pictures is set to five values from -1.5 to 1.5 standard deviations, and all are read again from the pixels: a
row of the table says by how much each moved, 1 being what was asked for.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time
from pathlib import Path

import numpy as np
from common import ROOT, save

from simulacra.images import Vae
from simulacra.parts.pictures import png
from simulacra.testing import toys

NAMES = ("x", "y", "size", "red", "green", "blue")
AT = np.array([-1.5, -0.75, 0.0, 0.75, 1.5])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=900, help="updates (default 900)")
    parser.add_argument("--show", default="", help="a folder for the sheets")
    asked = parser.parse_args()
    facts = toys.picture_factors(3000, colour=True)
    frame = toys.pictures(3000, 64, colour=True).with_columns(facts.select(NAMES))
    model = Vae(factors=NAMES, latent=4, beta=8.0, steps=asked.steps, width=20, batch=32, patience=0)
    begin = time.process_time()
    model.fit(frame, seed=1)
    cost = time.process_time() - begin
    spread = measured(frame["image"].to_numpy()).std(0)
    fresh = toys.pictures(60, 64, colour=True, seed=99)
    moved = sweeps(model, fresh["image"].to_numpy()[:16], fresh["label"].to_list()[:16], spread)
    print("| factor set | " + " | ".join(NAMES) + " |\n" + "|---" * (len(NAMES) + 1) + "|")
    for name, row in zip(NAMES, moved, strict=True):
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row) + " |")
    others = moved[~np.eye(len(NAMES), dtype=bool)].mean()
    made = model.sample(200, seed=5)
    seen = measured(made["image"].to_numpy())
    follows = {n: float(np.corrcoef(seen[:, i], made[n].to_numpy())[0, 1]) for i, n in enumerate(NAMES)}
    print(f"\nset: {np.diag(moved).mean():.2f}; others: {others:.3f}; fit {cost:.0f} CPU s")
    print("made pictures follow their columns, r: " + ", ".join(f"{n} {r:.3f}" for n, r in follows.items()))
    if asked.show:
        show(Path(asked.show), model, fresh["image"].to_numpy(), fresh["label"].to_list(), made["image"].to_numpy())
    path = save("sweep", {"moved": moved.tolist(), "follows": follows, "fit_s": cost, "steps": asked.steps})
    print(f"written: {path.relative_to(ROOT)}")


def measured(images: np.ndarray) -> np.ndarray:
    """Return place, size and colour (n, 6) as read from the pixels of pictures, uint8 (n, 64, 64, 3)."""
    x = images.astype(float)
    light = x.max(3) - 20
    peak = np.maximum(np.quantile(light.reshape(len(x), -1), 0.97, axis=1), 1)[:, None, None]
    weight = np.clip(light / peak, 0, 1)
    weight[weight <= 0.25] = 0
    place, total = (np.arange(x.shape[1]) + 0.5) / x.shape[1], weight.sum((1, 2)) + 1e-9
    across, down = (weight.sum(axis) @ place / total for axis in (1, 2))
    core = (weight > 0.8)[..., None]
    colour = (x * core).sum((1, 2)) / np.maximum(core.sum((1, 2)), 1)
    return np.column_stack([across, down, np.sqrt(total) / x.shape[1], colour])


def sweeps(model: Vae, images: np.ndarray, labels: list[str], spread: np.ndarray) -> np.ndarray:
    """Return how far each factor (columns) moved when one was set (rows), as a share of what was asked."""
    out = np.zeros((len(NAMES), len(NAMES)))
    for i, name in enumerate(NAMES):
        values = model.units_[0, i] + AT * model.units_[1, i]
        for image, label in zip(images, labels, strict=True):
            out[i] += np.ptp(measured(model.vary(image, name, values, label)), axis=0) / spread / np.ptp(AT)
    return out / len(images)


def show(folder: Path, model: Vae, fresh: np.ndarray, labels: list[str], made: np.ndarray) -> None:
    """Write a sheet of sweeps of one picture of each shape, and one of made pictures above real ones."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = []
    for label in toys.SHAPES:
        image = fresh[labels.index(label)]
        values = [model.units_[0, i] + AT * model.units_[1, i] for i in range(len(NAMES))]
        rows = [model.vary(image, name, at, label) for name, at in zip(NAMES, values, strict=True)]
        sheets.append(np.concatenate([np.concatenate([image, *row], axis=1) for row in rows]))
    (folder / "vae-sweep.png").write_bytes(png(np.concatenate(sheets, axis=1)))
    grid = [np.concatenate(list(x[i : i + 12]), axis=1) for x, n in ((made, 36), (fresh, 12)) for i in range(0, n, 12)]
    (folder / "vae-shapes.png").write_bytes(png(np.concatenate(grid)))


if __name__ == "__main__":
    main()
