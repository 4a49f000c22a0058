"""Guards on planted faults and on fresh real rows of Adult: faults must fail with their cause named, fresh rows pass.

    python bench/guards.py             4 faults, then 100 seeds of fresh real rows
    python bench/guards.py --seeds 5

Every case splits Adult anew into real 60 %, holdout 20 % and other 20 %. The faults are planted into the other rows,
which nothing was learned from; the memoriser is a chain of trees with one row a leaf, fitted on the real rows. Fresh
real rows pass when the verdict of the whole check is "ok". Exit code 1 when a fault is missed, or fewer than 95 % pass.
"""

from __future__ import annotations

import argparse
import collections
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import baselines
import measures
import polars as pl
from common import ROOT, dataset, save

import simulacra

TARGET = "income"


@dataclass(frozen=True)
class Fault:
    """A planted fault: how it is made from (real, other) rows and what a failing finding must name."""

    name: str
    plant: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
    named: str


FAULTS = (
    Fault(
        "shuffled columns",
        lambda real, other: baselines.independent(other, 0),
        r"link|pair|together|relation|independent",
    ),
    Fault("age > 40 only", lambda real, other: other.filter(pl.col("age") > 40), r"\bage\b"),
    Fault("hours x 1.2", lambda real, other: other.with_columns(longer_hours()), r"\bhours_per_week\b"),
    Fault("leaf-1 memoriser", lambda real, other: baselines.memoriser(real, other.height, 0), r"cop(y|ies|ied)"),
)


def longer_hours() -> pl.Expr:
    return (pl.col("hours_per_week") * 1.2).round().cast(pl.Int64)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100, help="checks of fresh real rows (default 100)")
    seeds = parser.parse_args().seeds
    adult = dataset("adult")

    print("| planted fault | verdict | seconds | a finding that names it |\n|---|---|---|---|", flush=True)
    planted = [judge_fault(fault, adult) for fault in FAULTS]
    fresh = [judge_fresh(adult, seed) for seed in range(seeds)]
    verdicts = collections.Counter(case["verdict"] for case in fresh)
    passed = verdicts["ok"]
    print(f"\nfresh real rows: {passed} of {seeds} pass; verdicts: {dict(verdicts)}")
    for (guard, name), times in collections.Counter(alarm for case in fresh for alarm in case["alarms"]).most_common():
        print(f"  raised by {guard}, {name}: {times}")
    path = save("guards", {"data": "adult", "planted": planted, "fresh": fresh})
    print(f"written: {path.relative_to(ROOT)}")
    return int(not all(case["named"] for case in planted) or passed < 0.95 * seeds)


def three(adult: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Split into real 60 %, holdout 20 %, other 20 %."""
    real, rest = measures.split(adult, 0.6, seed)
    return real, *measures.split(rest, 0.5, seed)


def judge_fault(fault: Fault, adult: pl.DataFrame) -> dict[str, Any]:
    """Plant one fault, check, print a line, and return what was said."""
    real, holdout, other = three(adult, 42)
    made = fault.plant(real, other)
    start = time.perf_counter()
    report = simulacra.check(made, real=real, holdout=holdout, target=TARGET, seed=0)
    seconds = time.perf_counter() - start
    failing = [f for f in report.findings if f.verdict == "fail"]
    naming = [f for f in failing if re.search(fault.named, " ".join((f.sentence, *f.columns)), re.I)]
    print(
        f"| {fault.name} | {report.verdict} | {seconds:.1f} | {naming[0].sentence if naming else 'none'} |", flush=True
    )
    return {
        "fault": fault.name,
        "verdict": report.verdict,
        "seconds": seconds,
        "named": bool(naming),
        "failing": [asdict(f) for f in failing],
    }


def judge_fresh(adult: pl.DataFrame, seed: int) -> dict[str, Any]:
    """Check real rows as if they were made ones."""
    real, holdout, other = three(adult, seed)
    report = simulacra.check(other, real=real, holdout=holdout, target=TARGET, seed=seed)
    alarms = [(f.guard, f.name) for f in report.findings if f.verdict in ("warn", "fail")]
    return {"seed": seed, "verdict": report.verdict, "alarms": alarms}


if __name__ == "__main__":
    raise SystemExit(main())
