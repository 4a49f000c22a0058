"""The flags of `simulacra check --trial`: does it help to add made rows of a rare class?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.cli import common
from simulacra.core.errors import ConfigError

if TYPE_CHECKING:
    from simulacra.core.report import Report

FLAGS = ("methods", "set", "positive", "rare", "seeds", "arms", "learner", "measure")
"""Names of the flags that have a meaning with --trial only."""
FOREIGN = ("new", "only")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags, in a group of their own."""
    group = parser.add_argument_group(
        "trial of a rare class",
        "Train the same learner on real rows alone, with class weights, with duplicates, with rows of each method, and "
        "say what helps: simulacra check --trial --real data.csv --target fraud --methods tables/forest -o report.html",
    )
    add = group.add_argument
    add("--trial", action="store_true", help="run the trial; MADE may be left out, or is one more arm (with --holdout)")
    add("--methods", type=common.names, metavar="LIST", help="methods to try, e.g. tables/smote,tables/forest")
    add("--set", action="append", metavar="METHOD:FIELD=VALUE", help="set a field of a method; may be given again")
    add(
        "--positive", metavar="CLASS", help="the rare class, or a range of a number such as '>60' (default: the rarest)"
    )
    add("--rare", type=common.whole, metavar="N", help="rows of the rare class that each draw trains on")
    add("--seeds", type=common.whole, metavar="N", help="draws of the training rows (default 10, at least 3)")
    add("--arms", type=common.names, metavar="LIST", help="run only these arms, e.g. duplicates,tables/forest")
    add("--learner", choices=("trees", "linear", "network"), help="what is trained (default trees; images: network)")
    add("--measure", help="what decides the verdicts: AUROC (default), 'average precision' or recall")


def refuse(given: argparse.Namespace) -> None:
    """Raise ConfigError for flags that do not go together."""
    if not given.trial:
        for name in FLAGS:
            if getattr(given, name) is not None:
                raise ConfigError(f"--{name} belongs to --trial; add --trial, or leave it out")
        if given.made is None:
            raise ConfigError("name the made rows to judge: simulacra check MADE --real real.csv, or add --trial")
        return
    for name in FOREIGN:
        if getattr(given, name):
            raise ConfigError(f"--{name} has no meaning with --trial; leave it out")
    for name, example in (("real", "--real data.csv"), ("target", "--target fraud")):
        if getattr(given, name) is None:
            raise ConfigError(f"--trial needs --{name}, e.g. simulacra check --trial {example} ...")


def run(given: argparse.Namespace) -> Report:
    """Run the trial that the flags describe; with -o it keeps a journal beside the report."""
    from simulacra.engine.trial import trial

    wanted: dict[str, Any] = {
        name: getattr(given, name)
        for name in ("methods", "positive", "rare", "seeds", "arms", "learner", "measure")
        if getattr(given, name) is not None
    }
    return trial(
        given.real,
        given.made,
        target=given.target,
        holdout=given.holdout,
        settings=_settings(given.set or []),
        schema=given.schema,
        seed=given.seed,
        na=given.na,
        size=given.size,
        mode=given.mode,
        journal=_journal(given),
        **wanted,
    )


def _journal(given: argparse.Namespace) -> Path | None:
    """Return where a stopped trial keeps what is finished: beside the report."""
    return Path(given.out).with_suffix(".trial.jsonl") if given.out else None


def forget(given: argparse.Namespace) -> None:
    """Remove the journal of a trial whose report is written: the report holds all figures."""
    path = _journal(given)
    if given.trial and path is not None:
        path.unlink(missing_ok=True)


def _settings(texts: list[str]) -> dict[str, dict[str, str]]:
    """Turn ["tables/forest:leaf=20"] into {"tables/forest": {"leaf": "20"}}. Raises ConfigError."""
    out: dict[str, dict[str, str]] = {}
    for text in texts:
        method, sign, rest = text.partition(":")
        if not sign or "=" in method:
            raise ConfigError(f"--set {text!r} is not METHOD:FIELD=VALUE, e.g. --set tables/forest:leaf=20")
        out.setdefault(method.strip(), {}).update(common.settings([rest]))
    return out
