"""How the bench drives any method: one fresh process that fits, samples and prints its costs as one line of JSON.

Standard library only, because it runs inside each peer's own environment.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def drive(
    read: Callable[[str], Any],
    fit: Callable[[Any, str, int], Any],
    sample: Callable[[Any, int, int], Any],
    write: Callable[[Any, str], None],
) -> None:
    """Read, fit, sample and write as the command line says; reading and writing are not timed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("train", help="Parquet file to fit on")
    parser.add_argument("made", help="Parquet file to write")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--target", required=True)
    asked = parser.parse_args()

    data = read(asked.train)
    start = time.perf_counter()
    model = fit(data, asked.target, asked.seed)
    fitted = time.perf_counter()
    made = sample(model, asked.rows, asked.seed)
    sampled = time.perf_counter()
    write(made, asked.made)
    print(json.dumps({"fit_s": fitted - start, "sample_s": sampled - fitted, "rss_mb": peak_mb()}))


def peak_mb() -> float:
    """Peak resident memory of this process and of its largest child, MB."""
    # ru_maxrss of this process starts at the size of the one that forked it, so Linux's own high-water mark is read.
    status = Path("/proc/self/status").read_text()
    own = int(status.partition("VmHWM:")[2].split()[0])
    return (own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1000
