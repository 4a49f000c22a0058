"""Rare classes: time and memory of balancing a table, beside imbalanced-learn in the same run.

    python bench/balance.py                        every section, 3 runs each (make bench-peers installs the peer)
    python bench/balance.py --only smotenc --runs 1
    python bench/balance.py --quick                a tenth of the rows, 1 run

Every call runs in a fresh process on one thread, after the same call on a small table, so that imports are not timed.
CPU and wall seconds are medians; memory is the peak above what the process held before the call. The tables stand in
bench/peers/imbalanced.py.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from common import BUILD, ROOT, save, stop

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
PEER = ROOT / "build" / "peers" / "imblearn" / "bin" / "python"
WAYS = {
    "whole": "SmoteSampler, real rows and new ones",
    "new": "SmoteSampler, new rows only",
    "fit": "tables/smote on polars: fit, schema inferred",
    "declared": "tables/smote on polars: fit, schema given",
    "sample": "tables/smote on polars: sample",
}
Row = dict[str, str | float]


def main() -> None:
    asked = arguments()
    results: dict[str, list[Row]] = {}
    for name in asked.only:
        title, section = SECTIONS[name]
        print(f"\n## {title}\n")
        results[name] = section(asked)
        show(results[name])
        kept = BUILD / "balance.json"
        before = json.loads(kept.read_text("utf-8")).get("sections", {}) if kept.is_file() else {}
        save("balance", {"sections": {**before, name: results[name]}})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"sections, of {','.join(SECTIONS)}")
    parser.add_argument("--runs", type=int, default=3, help="runs of each call (default 3)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, 1 run")
    parser.add_argument("--no-peer", action="store_true", help="leave imbalanced-learn out")
    asked = parser.parse_args()
    asked.only = asked.only.split(",")
    unknown = [name for name in asked.only if name not in SECTIONS]
    if unknown:
        stop(f"No section {unknown[0]!r}; there are {', '.join(SECTIONS)}.")
    if not asked.no_peer and not PEER.exists():
        print("imbalanced-learn is left out: not installed, see make bench-peers")
        asked.no_peer = True
    if asked.no_peer:
        asked.only = [name for name in asked.only if name != "neighbours"]
    asked.runs = 1 if asked.quick else asked.runs
    return asked


# Sections: each takes the arguments and returns the rows of its table -------------------------------------------------


def smotenc(asked: argparse.Namespace) -> list[Row]:
    return costs("smotenc", size(asked, 100_000), ["whole", "new", "fit", "declared", "sample"], asked)


def smote(asked: argparse.Namespace) -> list[Row]:
    return costs("smote", size(asked, 1_000_000), ["new", "whole", "fit", "declared", "sample"], asked)


def around(asked: argparse.Namespace) -> list[Row]:
    """Borderline and ADASYN: every rare row against all rows. The peer takes minutes at 1e6, so it runs at 1e5."""
    out = []
    for task in ("borderline", "adasyn"):
        out += costs(task, size(asked, 100_000), ["new"], asked)
        once = argparse.Namespace(**{**vars(asked), "runs": 1, "no_peer": True})
        out += costs(task, size(asked, 1_000_000), ["new"], once)
    return out


def neighbours(asked: argparse.Namespace) -> list[Row]:
    """Share of rare rows whose neighbours, or whose number of others around them, are those of imbalanced-learn."""
    out: list[Row] = []
    for task in ("smote", "smotenc", "borderline", "adasyn"):
        rows = size(asked, 100_000)
        found = []
        for python, script in ((sys.executable, "run_smote"), (str(PEER), "run_imblearn")):
            path = BUILD / f"neighbours_{script}.npy"
            call(python, script, task, "neighbours", rows, ["--out", str(path)])
            found.append(np.load(path).reshape(rows // 100, -1))
        same = float((np.sort(found[0], axis=1) == np.sort(found[1], axis=1)).all(axis=1).mean())
        out.append({"task": task, "rows": rows, "rare rows": rows // 100, "with the same neighbours": same})
    return out


SECTIONS: dict[str, tuple[str, Callable[[argparse.Namespace], list[Row]]]] = {
    "smotenc": ("SMOTE-NC, 20 numbers and 10 categories", smotenc),
    "smote": ("SMOTE, 30 numbers", smote),
    "around": ("Borderline-SMOTE and ADASYN, 30 numbers", around),
    "neighbours": ("Neighbours, against imbalanced-learn", neighbours),
}


# What they share ------------------------------------------------------------------------------------------------------


def size(asked: argparse.Namespace, rows: int) -> int:
    return rows // 10 if asked.quick else rows


def costs(task: str, rows: int, ways: list[str], asked: argparse.Namespace) -> list[Row]:
    """Return a row of medians for each of our ways and for the peer."""
    calls = [(sys.executable, "run_smote", way, WAYS[way]) for way in ways]
    if not asked.no_peer:
        calls.append((str(PEER), "run_imblearn", "whole", "imbalanced-learn, real rows and new ones"))
    out: list[Row] = []
    for python, script, way, label in calls:
        runs = [json.loads(call(python, script, task, way, rows).splitlines()[-1]) for _ in range(asked.runs)]
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        out.append({"task": task, "rows": rows, "what": label, **middle})
    return out


def call(python: str, script: str, task: str, way: str, rows: int, more: list[str] | None = None) -> str:
    """Run one of the scripts in a fresh process and return what it printed."""
    path = Path(__file__).parent / "peers" / f"{script}.py"
    command = [python, str(path), task, way, "--rows", str(rows), *(more or [])]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    if done.returncode:
        stop(f"{' '.join(command)} failed with exit code {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


def show(rows: list[Row]) -> None:
    """Print rows as a Markdown table."""
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows:
        print("| " + " | ".join(cell(value) for value in row.values()) + " |")


def cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.0f}" if value >= 100 else f"{value:.3f}"


if __name__ == "__main__":
    main()
