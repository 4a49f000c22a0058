"""Two banks learn about fraud from each other without showing a row: each shares a private synthetic table.

    python examples/fraud_across/across.py build/across --epsilon 1 --delta 1e-7

Each bank makes a table under its own budget, keeps the private report in the house, and lets the folder go only when
`shareable` says that it may. A model is then trained five ways at each bank and tested on real accounts of that bank a
year later, on which nothing was trained. "pooled real" is what nobody may do; it is the mark.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from holders import write
from scipy.stats import t
from sklearn.ensemble import HistGradientBoostingClassifier

import simulacra
from simulacra.engine.share import pooled, shareable

TARGET, RARE = "fraud", "yes"
HOLDERS = ("north", "south")
ARMS = ("own real", "both synthetic", "own real + both synthetic", "own real + the other's synthetic", "pooled real")
RESAMPLES = 400


def share(home: Path, epsilon: float, delta: float, codebook: Path, only: tuple[str, ...] = ()) -> Path:
    """Make the table that a bank shares from its train.csv; return the folder once it may leave the house.

    only: guards of the private report, all when empty; the privacy guard must be among them.
    """
    shared, kept = home / "shared", home / "kept"
    simulacra.make(
        home / "train.csv",
        epsilon=epsilon,
        delta=delta,
        target=TARGET,
        schema=codebook,
        only=only,
        out=shared,
        private_report=kept,
        force=True,
    )
    ledger = shareable(shared, kept)
    print(f"{home.name} may share: {ledger.claim}")
    return shared


def arms(folder: Path, holder: str) -> dict[str, pl.DataFrame]:
    """Return what is trained on at a bank: arm -> rows."""
    real = {name: pl.read_csv(folder / name / "train.csv") for name in HOLDERS}
    own = real[holder]
    made = {name: pooled([folder / name / "shared"]).frame.select(own.columns) for name in HOLDERS}
    others = [made[name] for name in HOLDERS if name != holder]
    sources = ([own], [*made.values()], [own, *made.values()], [own, *others], [*real.values()])
    return {arm: pl.concat(rows, how="vertical_relaxed") for arm, rows in zip(ARMS, sources, strict=True)}


def scores(train: pl.DataFrame, test: pl.DataFrame) -> np.ndarray:
    """Return the chance of fraud that boosted trees give each row of test, (rows,)."""
    both = pl.concat([train, test], how="vertical_relaxed").drop(TARGET)
    words = both.select(pl.col(pl.String)).columns
    x = both.with_columns(pl.col(c).cast(pl.Enum(both[c].unique().drop_nulls().sort())).to_physical() for c in words)
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=7, min_samples_leaf=40, early_stopping=False, random_state=0
    )
    features = x.to_numpy().astype(float)
    model.fit(features[: train.height], (train[TARGET] == RARE).to_numpy())
    return np.asarray(model.predict_proba(features[train.height :])[:, 1])


def measures(score: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return AUROC and average precision of weighted rows; rows of equal score share a threshold."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)
    hits = np.cumsum((weight * truth)[order])[last]
    alarms = np.cumsum((weight * ~truth)[order])[last]
    found = np.diff(hits, prepend=0.0)
    passed = np.diff(alarms, prepend=0.0)
    auroc = float(np.sum(passed * (hits - found / 2)) / (hits[-1] * alarms[-1]))
    return auroc, float(np.sum(found * hits / np.maximum(hits + alarms, 1e-12)) / hits[-1])


def judged(score: dict[str, np.ndarray], truth: np.ndarray, resamples: int) -> dict[str, np.ndarray]:
    """Return for each arm AUROC, average precision and their gains over own real rows, (1 + resamples, 4).

    The first row is of the test rows as they are, the others of test rows drawn again (Poisson bootstrap).
    """
    rng = np.random.default_rng(0)
    weights = [np.ones(len(truth)), *(rng.poisson(1.0, len(truth)).astype(float) for _ in range(resamples))]
    every = {arm: np.array([measures(s, truth, w) for w in weights]) for arm, s in score.items()}
    return {arm: np.hstack([values, values - every[ARMS[0]]]) for arm, values in every.items()}


def compare(folder: Path, resamples: int = RESAMPLES) -> dict[str, dict[str, np.ndarray]]:
    """Train and test every arm at every bank; return holder -> arm -> what `judged` gives."""
    out = {}
    for holder in HOLDERS:
        test = pl.read_csv(folder / holder / "test.csv")
        found = {arm: scores(train, test) for arm, train in arms(folder, holder).items()}
        out[holder] = judged(found, (test[TARGET] == RARE).to_numpy(), resamples)
    return out


def told(runs: list[dict[str, dict[str, np.ndarray]]]) -> str:
    """Return the tables of the banks: means over runs, and 95 % intervals."""
    lines = []
    for holder in HOLDERS:
        lines += ["", f"tested on real accounts of {holder}", ""]
        lines += ["| trained on | AUROC | gain | average precision | gain |", "|---|---|---|---|---|"]
        for arm in ARMS:
            values = np.array([run[holder][arm] for run in runs])  # (runs, 1 + resamples, 4)
            mean = values[:, 0].mean(0)
            half = 1.96 * np.sqrt(values[:, 1:].var(1).mean(0) / len(runs))  # each run has test rows of its own
            if len(runs) > 1:  # what training rows and noise add shows between runs only
                wide = float(t.ppf(0.975, len(runs) - 1))
                half = np.maximum(half, wide * values[:, 0].std(0, ddof=1) / np.sqrt(len(runs)))
            cells = [f"{mean[i]:{'+' * (i > 1)}.3f} ± {half[i]:.3f}" if mean[i] else "" for i in (0, 2, 1, 3)]
            lines.append(f"| {arm} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="where the tables are written")
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--delta", type=float, default=1e-7)
    parser.add_argument("--runs", type=int, default=1, help="repeat with other accounts and other noise")
    given = parser.parse_args()
    runs = []
    for seed in range(given.runs):
        place = given.folder / f"run-{seed}"
        write(place, seed=seed)
        for holder in HOLDERS:
            share(place / holder, given.epsilon, given.delta, place / "codebook.csv")
        runs.append(compare(place))
    print(told(runs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
