"""What takes minutes: large tables, many seeds, and runs that are killed again and again. Run by `make test-slow`."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import simulacra
from simulacra.tables import Forest
from simulacra.testing import toys

pytestmark = pytest.mark.slow
PROGRAM = Path(sys.executable).with_name("simulacra")


def test_a_million_rows_keep_their_links() -> None:
    """Slow: a million rows are fitted and 200,000 drawn, on one and on two processes."""
    real = toys.linked(1_000_000, r=0.7, seed=1)
    model = Forest().fit(real, seed=1)
    made = model.sample(200_000, seed=2, workers=2)
    x, y = (name for name, dtype in real.schema.items() if dtype.is_numeric())
    assert abs(made.select(pl.corr(x, y)).item() - real.select(pl.corr(x, y)).item()) < 0.02
    assert made.equals(model.sample(200_000, seed=2))


def test_fifteen_hundred_columns_are_made_and_checked(tmp_path: Path) -> None:
    """Slow: 1,500 columns go through fit, sample, all guards and the page."""
    made = simulacra.make(toys.wide(600, 1500), n=600, out=tmp_path / "out", seed=3)
    assert made.data.width == 1500
    assert (tmp_path / "out" / "report.html").stat().st_size < 500_000


def test_fresh_real_rows_pass_in_nearly_all_of_forty_seeds() -> None:
    """Slow: forty checks of rows that are real. A verdict of warn counts as a false alarm."""
    passed = []
    for seed in range(40):
        real, holdout, fresh = (toys.people(2000, seed=1000 * part + seed) for part in (1, 2, 3))
        report = simulacra.check(fresh, real=real, holdout=holdout, only=("fidelity", "privacy"), seed=seed)
        passed.append(report.verdict in ("ok", "unknown"))
    assert sum(passed) >= 38


def test_a_run_killed_at_any_moment_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    """Slow: the whole job on 150,000 rows, killed eight times at random moments, against a run that nobody stopped."""
    table = tmp_path / "people.parquet"
    toys.people(150_000, seed=4).write_parquet(table)

    def command(out: str) -> list[str]:
        return [str(PROGRAM), "make", str(table), "--seed", "5", "-o", str(tmp_path / out)]

    subprocess.run(command("whole"), check=True, capture_output=True)
    moments = random.Random(6)
    for _ in range(8):
        process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.2, 5))
        process.kill()
        if process.wait() == 0:
            break
    if not (tmp_path / "killed" / "manifest.json").exists():
        subprocess.run(command("killed"), check=True, capture_output=True)
    whole, killed = (json.loads((tmp_path / out / "manifest.json").read_text()) for out in ("whole", "killed"))
    assert killed["files"] == whole["files"]
