"""A method and a guard of their own, installed as a plugin into a folder, so that these tests are quick."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PLUGIN = '''
import sys
import time
from dataclasses import dataclass
from simulacra.core.case import guard
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.core.report import Finding

@dataclass
class Slow(Generator):
    """Draw real rows anew, slowly enough to be stopped at any moment."""

    name = "toys/slow"
    pause: float = option(0.0, "how long a block takes", low=0, high=9, unit="seconds")

    def _fit(self, data, rng):
        self.frame_ = data.frame
        print("toys/slow is fitted", file=sys.stderr)
        time.sleep(self.pause)

    def _sample(self, n, rng):
        time.sleep(self.pause)
        return self.frame_[rng.integers(self.frame_.height, size=n)]

@dataclass
class Blocks(Slow):
    """Draw real rows anew, in small blocks as methods of images do."""

    name = "toys/blocks"
    block_rows = 256

@guard("toys")
def toys(case):
    """Say how many rows there are."""
    yield Finding("toys", "rows", "ok", "there are rows", value=len(case.made), headline=True)

@guard("uneasy")
def uneasy(case):
    """Warn."""
    yield Finding("uneasy", "unease", "warn", "a feeling")

@guard("broken")
def broken(case):
    """Break."""
    raise RuntimeError("a fault of this guard")
'''
ENTRIES = """[simulacra.generators]
toys/slow = toys_plugin:Slow
toys/blocks = toys_plugin:Blocks
[simulacra.guards]
toys = toys_plugin:toys
broken = toys_plugin:broken
uneasy = toys_plugin:uneasy
"""


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that has the plugin."""
    site = tmp_path_factory.mktemp("site")
    (site / "toys_plugin.py").write_text(PLUGIN)
    info = site / "toys_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    return os.environ | {"PYTHONPATH": str(site), "SIMULACRA_KEY": "of these tests", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real table."""
    path = tmp_path_factory.mktemp("real") / "people.csv"
    rows = [f"{20 + i % 60},{'Ulm' if i % 3 else 'Bonn'},{i % 7 * 0.25:.2f}" for i in range(200)]
    path.write_text("age,town,price\n" + "\n".join(rows) + "\n")
    return path
