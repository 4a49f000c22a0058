"""Imbalanced tables, and how a sampler is measured on them; runs in a peer's environment, with numpy and pandas only.

A table has n rows of class 0 and n / 100 of class 1, whose numbers lie half a standard deviation higher.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LEVELS = [2 + 3 * i for i in range(10)]
"""Levels of the ten categories, 2 to 29."""
FEW = 2000
"""Rows of the call that comes first, so that imports are not timed."""


def numbers(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an array (rows + rows / 100, columns) and the class of each row."""
    rng = np.random.default_rng(0)
    rare = rows // 100
    x = rng.standard_normal((rows + rare, columns))
    x[rows:] += 0.5
    return x, np.repeat([0, 1], [rows, rare])


def mixed(rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a frame of 20 numbers and 10 categories, and the class of each row."""
    x, y = numbers(rows, 20)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(x, columns=[f"n{i}" for i in range(20)])
    for i, levels in enumerate(LEVELS):
        frame[f"c{i}"] = pd.Categorical.from_codes(rng.integers(0, levels, len(x)), [f"l{j}" for j in range(levels)])
    return frame, y


def table(name: str, rows: int) -> tuple[Any, np.ndarray]:
    """Return "mixed" (SMOTE-NC) or 30 numbers."""
    return mixed(rows) if name == "smotenc" else numbers(rows, 30)


def asked() -> argparse.Namespace:
    """Return what the bench asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("smote", "smotenc", "borderline", "adasyn"))
    parser.add_argument("way", help="how: see the script")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", help="write neighbours here (npy) in place of measuring")
    return parser.parse_args()


def measure(call: Callable[[], Any]) -> Any:
    """Run a call, print its cost as one line of JSON, and return its result."""
    # Linux then counts the peak from here on.
    Path("/proc/self/clear_refs").write_text("5")
    before, cpu, wall = _status("VmRSS"), time.process_time(), time.perf_counter()
    out = call()
    cost = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    print(json.dumps({**cost, "extra_mb": _status("VmHWM") - before}))
    return out


def _status(name: str) -> float:
    text = Path("/proc/self/status").read_text()
    return int(text.partition(f"{name}:")[2].split()[0]) / 1000
