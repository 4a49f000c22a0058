"""How bench/private.py drives another library: one fresh process, a table of codes in, one of as many rows out.

Standard library only, because it runs inside each peer's own environment.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from protocol import peak_mb


@dataclass(frozen=True)
class Asked:
    """What the bench asks for. sizes: codes of each column, 0 .. size - 1. rho: of (epsilon, delta) in zCDP."""

    method: str
    sizes: dict[str, int]
    epsilon: float
    delta: float
    rho: float
    rows: int
    seed: int


def drive(make: Callable[[dict[str, list[int]], Asked], dict[str, list[int]]]) -> None:
    """Read {"asked", "table"} from the first file named, write the table made to the second, print the costs."""
    given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    asked, table = Asked(**given["asked"]), given["table"]
    del given
    before, start = _cpu(), time.perf_counter()
    made = make(table, asked)
    costs = {"wall_s": time.perf_counter() - start, "cpu_s": _cpu() - before, "rss_mb": peak_mb()}
    Path(sys.argv[2]).write_text(json.dumps(made), "utf-8")
    print(json.dumps(costs))


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = os.times()
    return own.user + own.system + children.ru_utime + children.ru_stime
