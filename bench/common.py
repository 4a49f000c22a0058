"""What the benchmarks share: finding the data, ending with a clear message, writing results."""

from __future__ import annotations

import gzip
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"


def stop(message: str) -> NoReturn:
    """End with exit code 2 and one plain sentence."""
    print(message, file=sys.stderr)
    raise SystemExit(2)


def dataset(name: str) -> pl.DataFrame:
    """Return the benchmark table `name`, found in the folder SIMULACRA_DATA or in ../shared/data."""
    folder = Path(os.environ.get("SIMULACRA_DATA", ROOT.parent / "shared" / "data"))
    path = folder / f"{name}.parquet"
    if not path.is_file():
        stop(f"No benchmark table {path}. Name the folder that holds {name}.parquet: SIMULACRA_DATA=/path make bench")
    return pl.read_parquet(path)


def images(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of `name`.npz, found as `dataset` finds its tables."""
    folder = Path(os.environ.get("SIMULACRA_DATA", ROOT.parent / "shared" / "data"))
    path = folder / f"{name}.npz"
    if not path.is_file():
        stop(f"No benchmark images {path}. Name the folder that holds {name}.npz: SIMULACRA_DATA=/path make bench")
    with np.load(path, allow_pickle=False) as found:
        return found["images"], found["labels"]


def lines(name: str) -> list[dict[str, Any]]:
    """Return the rows of NAME.jsonl.gz, found as `dataset` finds its tables."""
    folder = Path(os.environ.get("SIMULACRA_DATA", ROOT.parent / "shared" / "data"))
    path = folder / f"{name}.jsonl.gz"
    if not path.is_file():
        stop(f"No benchmark texts {path}. Name the folder that holds {name}.jsonl.gz: SIMULACRA_DATA=/path make bench")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def save(name: str, result: dict[str, Any]) -> Path:
    """Write one benchmark's result, with the machine it ran on, as build/bench/NAME.json."""
    machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    path = BUILD / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**result, "on": machine}, indent=2) + "\n")
    return path
