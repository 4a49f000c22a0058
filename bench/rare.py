"""Rare class of images: 30 pneumonia x-rays beside 980 normal ones; does any arm beat duplicates with augmentation?

    python bench/rare.py                          every arm, 10 draws (about 15 CPU-minutes)
    python bench/rare.py --seeds 3 --methods images/pca
    python bench/rare.py --methods "" --arms "SMOTE,duplicates,strong augmentation"   simple arms (about 3 CPU-minutes)

Chest x-rays of 28 x 28 pixels, 1,349 of each class. 738 of them, half of each class, are held out once; each draw takes
30 of the other pneumonia images and all 980 other normal ones. Every arm trains the same small network for 150 steps of
64 images. "strong augmentation" is the arm to beat: duplicates, all images cropped, flipped, rotated and lit anew. The
report is written to build/bench/rare.html, the figures to build/bench/rare.json. The same command goes on where it was
stopped.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import polars as pl
from common import BUILD, ROOT, images, save

from simulacra.engine.trial import trial

HELD = 369
METHODS = "images/pca,images/vae,images/flow"
STEPS = {"images/vae": {"steps": 150}, "images/flow": {"steps": 300}}
"""Training of each method in a draw: about as long as all its classifiers together."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="draws of the rare rows (default 10)")
    parser.add_argument("--rare", type=int, default=30, help="rare rows in each draw (default 30)")
    parser.add_argument("--methods", default=METHODS, help=f"generators, with commas (default {METHODS})")
    parser.add_argument("--arms", default="", help="only these arms, with commas")
    given = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    real, holdout = halves()
    methods = [m.strip() for m in given.methods.split(",") if m.strip()]
    start = time.process_time()
    report = trial(
        real,
        holdout=holdout,
        target="label",
        positive="1",
        rare=given.rare,
        methods=methods,
        settings={m: fields for m, fields in STEPS.items() if m in methods},
        arms=[a.strip() for a in given.arms.split(",") if a.strip()] or None,
        seeds=given.seeds,
        journal=BUILD / "rare.trial.jsonl",
    )
    report.save(BUILD / "rare.html")
    print(report.text())
    for view in report.views:
        if view.kind == "table":
            show(view.title, view.data["header"], view.data["rows"])
    spent = time.process_time() - start
    path = save("rare", {"data": "chest_xray_28px", "cpu_seconds": spent, "report": report.to_dict()})
    print(f"\n{spent:.0f} CPU-s; written: {path.relative_to(ROOT)}, {(BUILD / 'rare.html').relative_to(ROOT)}")
    return 0


def halves() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows to train on and those held out, which are the same in every run."""
    pictures, labels = images("chest_xray_28px")
    rng = np.random.default_rng(0)
    order = [rng.permutation(np.flatnonzero(labels == k)) for k in (0, 1)]
    # The first HELD of each class were held out while the augmentation was developed; these are others.
    held = np.sort(np.concatenate([o[HELD : 2 * HELD] for o in order]))
    kept = np.sort(np.concatenate([np.concatenate([o[:HELD], o[2 * HELD :]]) for o in order]))
    return tuple(  # type: ignore[return-value]
        pl.DataFrame({"image": pl.Series(pictures[at]), "label": labels[at].astype(np.int64)}) for at in (kept, held)
    )


def show(title: str, header: list[str], rows: list[list[object]]) -> None:
    """Print a table as Markdown."""
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join('-' if c is None else f'{c:.4f}' if isinstance(c, float) else str(c) for c in row)} |")


if __name__ == "__main__":
    raise SystemExit(main())
