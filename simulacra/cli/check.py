"""Judge made rows beside real ones: faithful, useful, private, each figure beside what fresh real rows get.

simulacra check made.parquet --real real.csv --holdout holdout.csv --target churn -o report.html --fail-on fail
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import _audit, _trial, common

if TYPE_CHECKING:
    from simulacra.core.report import Report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("made", metavar="MADE", nargs="?", help="the made rows: a file, - for standard input, or an output folder")
    add("--real", metavar="FILE", help="the real rows they were learned from")
    add("--holdout", metavar="FILE", help="real rows that the method never saw")
    add("--new", metavar="FILE", help="real rows met later")
    add("--target", metavar="COLUMN", help="the column that a model will be trained to predict")
    add("--schema", metavar="FILE", help="facts of the real data, in place of inferred ones")
    add("--only", type=common.names, metavar="GUARDS", help="run only these guards, e.g. fidelity,privacy")
    add("--seed", type=common.whole, default=0, help="seed of the guards' random steps (default 0)")
    add("--na", action="append", default=[], metavar="TEXT", help=common.NA_HELP)
    add("--size", type=common.whole, metavar="PIXELS", help=common.SIZE_HELP)
    add("--mode", choices=("grey", "colour"), help=common.MODE_HELP)
    add("-o", "--out", metavar="FILE", help="write the report: .html, .json or .txt")
    add("--fail-on", choices=("warn", "fail"), help=common.FAIL_ON_HELP)
    add("--force", action="store_true", help="replace FILE")
    _trial.arguments(parser)
    _audit.arguments(parser)


def run(given: argparse.Namespace) -> int:
    """Check, print the summary, and write the report when asked to."""
    from simulacra.core.errors import ConfigError
    from simulacra.core.progress import Show, listen
    from simulacra.core.report import VERDICTS

    _audit.refuse(given)
    _trial.refuse(given)
    if given.out:
        if Path(given.out).suffix.lower() not in (".html", ".htm", ".json", ".txt"):
            raise ConfigError(f"-o {given.out}: a report is written as .html, .json or .txt")
        common.existing(given.out, given.force)
    with listen(Show()):
        report = _trial.run(given) if given.trial else _audit.run(given) if given.audit else _judged(given)
    if given.out:
        report.save(given.out)
        _trial.forget(given)
        _audit.forget(given)
    common.show(report)
    if given.out:
        print(f"\nOpen: {given.out}")
    _audit.sign(given, report)
    return int(bool(given.fail_on) and VERDICTS.index(report.verdict) >= VERDICTS.index(given.fail_on))


def _judged(given: argparse.Namespace) -> Report:
    from simulacra.engine.check import check

    return check(
        given.made,
        real=given.real,
        holdout=given.holdout,
        new=given.new,
        target=given.target,
        schema=given.schema,
        only=given.only,
        seed=given.seed,
        na=given.na,
        size=given.size,
        mode=given.mode,
    )
