"""Tables under differential privacy: ours beside AIM and MST of dpmm and OpenDP, on Adult with a public domain.

    python bench/private.py                                    5 runs at epsilon 1, 1 at .3, 3 and 10, installed peers
    python bench/private.py --epsilon 1 --runs 5 --only ours   ours alone
    python bench/private.py --only ours-adaptive dpmm-aim      some methods
    python bench/private.py --show                             the last result again

delta is 1e-9; neighbours differ by one row. Each run is a fresh process on one thread; wall seconds, CPU seconds and
peak memory are those of that process from codes to codes. TV is the mean total variation to the private rows over all
marginals of 1, 2 and 3 columns, AUC that of boosted trees that learn income from the made rows, on adult.test.
`make bench-peers` installs the peers. What the figures mean: docs/generators/tables/private.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from common import BUILD, ROOT, save, stop
from private_adult import Distance, auc, tables

from simulacra.core.accountant import rho_of

DELTA = 1e-9
EPSILONS = (0.3, 1.0, 3.0, 10.0)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
METHODS = {
    "ours": ("adaptive", "tree", "independent"),
    "dpmm": ("aim", "mst"),
    "opendpmbi": ("aim", "mst"),
}
MEASURES = ("tv1", "tv2", "tv3", "auc", "wall_s", "cpu_s", "rss_mb")


def main() -> None:
    asked = arguments()
    if asked.show:
        show(json.loads((BUILD / "private.json").read_text("utf-8"))["runs"])
        return
    train, test, sizes = tables()
    distance = Distance(train, sizes)
    runs: dict[str, list[dict[str, float]]] = {}
    for name, made in floors(train, test).items():
        runs[name] = [distance(made) | ({} if made is test else {"auc": auc(made, test)})]
    for epsilon in asked.epsilon:
        for method in chosen(asked.only):
            label = f"{method}, epsilon {epsilon:g}"
            for seed in range(asked.runs or (5 if epsilon == 1 else 1)):
                print(f"{label}, run {seed} ...", file=sys.stderr)
                found = one(method, train, sizes, epsilon, seed, asked.timeout)
                if found is None:
                    print(f"{label}: not finished after {asked.timeout} s", flush=True)
                    break
                made, costs = found
                runs.setdefault(label, []).append(distance(made) | {"auc": auc(made, test)} | costs)
            if label in runs:
                show({label: runs[label]})
            save("private", {"runs": runs, "delta": DELTA})
    show(runs)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epsilon", type=float, nargs="+", default=EPSILONS)
    parser.add_argument("--runs", type=int, help="runs of each method at each epsilon")
    parser.add_argument("--only", nargs="+", help="methods, such as ours, ours-tree, dpmm-aim")
    parser.add_argument(
        "--timeout", type=int, default=1800, help="seconds after which a run is given up (default 1800)"
    )
    parser.add_argument("--show", action="store_true", help="print the last result")
    return parser.parse_args()


def chosen(only: list[str] | None) -> list[str]:
    """Return the methods asked for that can run here, such as "ours-tree"."""
    known = [f"{who}-{how}" for who, all_of in METHODS.items() for how in all_of]
    wanted = [m for m in known if only is None or m in only or m.partition("-")[0] in only]
    missing = {m.partition("-")[0] for m in wanted if not python(m).is_file()}
    if missing and only is not None:
        stop(f"Not installed: {', '.join(sorted(missing))}. Run make bench-peers")
    return [m for m in wanted if m.partition("-")[0] not in missing]


def python(method: str) -> Path:
    """Return the interpreter that runs a method."""
    who = method.partition("-")[0]
    return Path(sys.executable) if who == "ours" else ROOT / "build" / "peers" / who / "bin" / "python"


def floors(train: pl.DataFrame, test: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return tables whose figures need no method: what can be reached, and what is easy."""
    rng = np.random.default_rng(0)
    return {
        "private rows": train,
        "a random half of them": train[rng.permutation(train.height)[: train.height // 2]],
        "the test rows": test,
        "columns shuffled": train.select(s.gather(rng.permutation(train.height)) for s in train),
    }


def one(
    method: str, train: pl.DataFrame, sizes: dict[str, int], epsilon: float, seed: int, timeout: int
) -> tuple[pl.DataFrame, dict[str, float]] | None:
    """Make one table of codes in a fresh process; return it with what it cost, None where it takes too long."""
    who, _, how = method.partition("-")
    BUILD.mkdir(parents=True, exist_ok=True)
    given, made = BUILD / f"private_{method}_given.json", BUILD / f"private_{method}_made.json"
    asked: dict[str, Any] = {"method": how, "sizes": sizes, "epsilon": epsilon, "delta": DELTA}
    asked |= {"rho": rho_of(epsilon, DELTA), "rows": train.height, "seed": seed}
    given.write_text(json.dumps({"asked": asked, "table": train.to_dict(as_series=False)}), "utf-8")
    command = [str(python(method)), str(ROOT / "bench" / "peers" / f"run_{who}.py"), str(given), str(made)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | ONE_THREAD, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        stop(f"{method} failed at epsilon {epsilon:g}:\n{done.stderr[-3000:]}")
    costs: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return pl.DataFrame(json.loads(made.read_text("utf-8")), schema=dict.fromkeys(train.columns, pl.Int64)), costs


def show(runs: dict[str, list[dict[str, float]]]) -> None:
    """Print a Markdown table: means over runs."""
    print("| method | runs | TV 1-way | TV 2-way | TV 3-way | AUC | wall s | CPU s | peak MB |\n" + "|---" * 9 + "|")
    for name, found in runs.items():
        cells = []
        for key in MEASURES:
            places = 4 if key.startswith("tv") or key == "auc" else 1 if key.endswith("_s") else 0
            cells.append(f"{statistics.fmean(r[key] for r in found):.{places}f}" if key in found[0] else "-")
        print(f"| {name} | {len(found)} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
