"""Tables side by side: ours, two peers and two baselines on Adult, every method in a fresh process on one thread.

    python bench/tables.py                       5 seeds, every peer that is installed (make bench-peers installs them)
    python bench/tables.py --quick               1 seed, no peers, no neural detector: a look in about a minute
    python bench/tables.py --seeds 3 --peers sdv

Adult's 48,842 rows are split 80/20 (numpy seed 42). A method is fitted on the 39,073 training rows with the seeds
0, 1, .. and samples as many rows. The measures are those of bench/measures.py. Fit and sample seconds are wall time of
the two calls inside a fresh process; imports that a method makes inside its fit count.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import baselines
import measures
import polars as pl
from common import BUILD, ROOT, dataset, save, stop

TARGET = "income"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
OURS = ("forest", "copula")
PEERS = {"sdv": "SDV GaussianCopula", "argn": "mostlyai TabularARGN"}
LABELS = {"forest": "tables/forest", "copula": "tables/copula", **PEERS}


@dataclass(frozen=True)
class Split:
    """The two halves of the data, and the file that methods in other processes read."""

    train: pl.DataFrame
    holdout: pl.DataFrame
    path: Path


def main() -> None:
    asked = arguments()
    if asked.show:
        last = json.loads((BUILD / "tables.json").read_text("utf-8"))
        show({name: summarise(runs) for name, runs in last["runs"].items()}, last["make_s"])
        return
    peers = chosen_peers(asked.peers)
    train, holdout = measures.split(dataset("adult"))
    BUILD.mkdir(parents=True, exist_ok=True)
    split = Split(train, holdout, BUILD / "adult_train.parquet")
    train.write_parquet(split.path)

    whole = whole_process(dataset("adult"))
    results: dict[str, list[dict[str, float]]] = {}
    for name, make in methods(split, peers):
        runs = range(1 if asked.quick or name == "training rows" else asked.seeds)
        results[name] = [one(name, make, split, seed, mlp=not asked.quick) for seed in runs]
        # Written after every method: a peer that takes an hour does not put the others at risk.
        path = save("tables", {"data": "adult", "split": "80/20, seed 42", "make_s": whole, "runs": results})
    show({name: summarise(runs) for name, runs in results.items()}, whole)
    print(f"\nwritten: {path.relative_to(ROOT)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="runs of each method, seeds 0, 1, .. (default 5)")
    parser.add_argument("--quick", action="store_true", help="1 seed, no peers, no neural detector")
    parser.add_argument("--peers", default="installed", help="installed (default), all, none, or names: sdv,argn")
    parser.add_argument("--show", action="store_true", help="print the table of the last run again, and run nothing")
    asked = parser.parse_args()
    if asked.seeds < 1:
        parser.error("--seeds must be at least 1")
    if asked.quick:
        asked.peers = "none"
    return asked


def chosen_peers(asked: str) -> list[str]:
    """Return the peers to run; ends with a message where one that was named is not installed."""
    installed = [name for name in PEERS if peer_python(name).exists()]
    if asked == "installed":
        for name in PEERS.keys() - set(installed):
            print(f"{PEERS[name]} is left out: not installed, see make bench-peers")
        return installed
    names = {"all": list(PEERS), "none": []}.get(asked, asked.split(","))
    for name in names:
        if name not in PEERS:
            stop(f"No peer {name!r}; there are {', '.join(PEERS)}.")
        if name not in installed:
            stop(f"The peer {name!r} is not installed: run make bench-peers first.")
    return names


def peer_python(name: str) -> Path:
    return ROOT / "build" / "peers" / name / "bin" / "python"


Make = Callable[[int], tuple[pl.DataFrame, dict[str, float]]]


def methods(split: Split, peers: list[str]) -> Iterator[tuple[str, Make]]:
    """Yield every method as a function from seed to made rows and costs."""
    yield "training rows", lambda seed: (split.train, {})
    yield "bootstrap of training rows", lambda seed: (baselines.bootstrap(split.train, seed), {})
    yield "independent columns", lambda seed: (baselines.independent(split.train, seed), {})
    for name in (*OURS, *peers):
        python = peer_python(name) if name in PEERS else Path(sys.executable)
        yield LABELS[name], functools.partial(run, name, python, split)


def run(name: str, python: Path, split: Split, seed: int) -> tuple[pl.DataFrame, dict[str, float]]:
    """Fit and sample in a fresh process; returns the made rows and what the process says it cost."""
    made = BUILD / f"adult_{name}_{seed}.parquet"
    command = [python, ROOT / "bench" / "peers" / f"run_{name}.py", split.path, made, "--rows", split.train.height]
    command += ["--seed", seed, "--target", TARGET]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=os.environ | ONE_THREAD)
    if done.returncode:
        stop(f"{LABELS.get(name, name)} failed with seed {seed}:\n{done.stderr[-3000:]}")
    costs: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return pl.read_parquet(made), costs


def one(name: str, make: Make, split: Split, seed: int, *, mlp: bool) -> dict[str, float]:
    """Make one table and measure it."""
    print(f"{name}, seed {seed} ...", file=sys.stderr)
    made, costs = make(seed)
    made = made.select(pl.col(c).cast(split.train.schema[c], strict=False) for c in split.train.columns)
    return asdict(measures.judge(split.train, split.holdout, made, TARGET, seed=seed, mlp=mlp)) | costs


def summarise(runs: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Middle and spread of every measure: mean and standard deviation of qualities, median and range of costs."""

    def both(key: str) -> dict[str, float]:
        values = [run[key] for run in runs]
        if key in COSTS:
            return {"middle": statistics.median(values), "low": min(values), "high": max(values)}
        return {"middle": statistics.fmean(values), "sd": statistics.stdev(values) if len(values) > 1 else 0.0}

    return {key: both(key) for key in runs[0]}


def whole_process(data: pl.DataFrame) -> float:
    """Seconds from start to end of `simulacra make`, report and all, on the whole of Adult."""
    source, out = BUILD / "adult.parquet", BUILD / "make"
    data.write_parquet(source)
    shutil.rmtree(out, ignore_errors=True)
    program = Path(sys.executable).with_name("simulacra")
    command = [program, "make", source, "--target", TARGET, "--seed", "0", "-o", out]
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=os.environ | ONE_THREAD)
    if done.returncode:
        stop(f"simulacra make failed with exit code {done.returncode}:\n{done.stderr[-3000:]}")
    return time.perf_counter() - start


COLUMNS: dict[str, tuple[str, Callable[[float], str]]] = {
    "shape": ("Shape", "{:.4f}".format),
    "pair": ("Pair", "{:.4f}".format),
    "tri": ("Tri-q5", "{:.4f}".format),
    "c2st": ("C2ST trees", "{:.4f}".format),
    "c2st_mlp": ("C2ST MLP", "{:.4f}".format),
    "tstr": ("TSTR trees", "{:.4f}".format),
    "tstr_logistic": ("TSTR logistic", "{:.4f}".format),
    "copies": ("copies %", lambda share: f"{100 * share:.2f}"),
    "fit_s": ("fit s", "{:.1f}".format),
    "sample_s": ("sample s", "{:.2f}".format),
    "rss_mb": ("peak MB", "{:.0f}".format),
}


COSTS = ("fit_s", "sample_s", "rss_mb")


def show(summary: dict[str, dict[str, dict[str, float]]], whole: float) -> None:
    """Print the table as Markdown: qualities as mean ± standard deviation, costs as median (lowest-highest)."""
    print("| method | " + " | ".join(title for title, _ in COLUMNS.values()) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, values in summary.items():
        print(f"| {name} | " + " | ".join(cell(values.get(key), write) for key, (_, write) in COLUMNS.items()) + " |")
    print(f"\n`simulacra make` with its report, whole process: {whole:.1f} s")


def cell(value: dict[str, float] | None, write: Callable[[float], str]) -> str:
    if value is None or value["middle"] != value["middle"]:
        return "-"
    if "low" in value:
        return f"{write(value['middle'])} ({write(value['low'])}-{write(value['high'])})"
    return write(value["middle"]) + (f" ± {write(value['sd'])}" if value["sd"] else "")


if __name__ == "__main__":
    main()
