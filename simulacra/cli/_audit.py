"""The flags of `simulacra check --audit`: attacks on made rows and on the method that made them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import common
from simulacra.core.errors import ConfigError

if TYPE_CHECKING:
    from simulacra.core.report import Report

FLAGS = ("model", "person", "shadows", "sign")
"""Names of the flags that have a meaning with --audit only."""
FOREIGN = ("new", "only", "target", "trial")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags, in a group of their own."""
    group = parser.add_argument_group(
        "audit of privacy",
        "Attack the made rows and the method behind them, with controls on the same table: simulacra check MADE "
        "--audit --model M --real train.csv --holdout holdout.csv -o audit.html",
    )
    add = group.add_argument
    add("--audit", action="store_true", help="run the audit: membership, singling out, linkability, inference, copies")
    add("--model", metavar="M", help="what made the rows: a saved model, an output folder, a recipe or an address")
    add("--person", metavar="COLUMN", help="the column that says whose row it is: one person is attacked, not one row")
    add(
        "--shadows",
        type=common.whole,
        metavar="N",
        help="refits for the attack by shadow models (default: as many of 32 as 2 minutes allow; 0 for none)",
    )
    add(
        "--sign", metavar="FILE", help="write the page to sign of an output made under a privacy budget, with the audit"
    )


def refuse(given: argparse.Namespace) -> None:
    """Raise ConfigError for flags that do not go together."""
    if not given.audit:
        for name in FLAGS:
            if getattr(given, name) is not None:
                raise ConfigError(f"--{name} belongs to --audit; add --audit, or leave it out")
        return
    for name in FOREIGN:
        if getattr(given, name):
            raise ConfigError(f"--{name} has no meaning with --audit; leave it out")
    if given.made is None:
        raise ConfigError("name the made rows to audit: simulacra check MADE --audit --model M --real real.csv ...")
    if given.sign:
        from simulacra.engine.private import signable

        if Path(given.sign).suffix.lower() not in (".html", ".htm"):
            raise ConfigError(f"--sign {given.sign}: the page to sign is written as .html")
        common.existing(given.sign, given.force)
        signable(given.made)


def run(given: argparse.Namespace) -> Report:
    """Run the audit that the flags describe; with -o it keeps a journal beside the report."""
    from simulacra.engine.audit import audit

    return audit(
        given.made,
        model=given.model,
        real=given.real,
        holdout=given.holdout,
        person=given.person,
        shadows=given.shadows,
        schema=given.schema,
        seed=given.seed,
        na=given.na,
        size=given.size,
        mode=given.mode,
        journal=_journal(given),
    )


def sign(given: argparse.Namespace, report: Report) -> None:
    """Write the page to sign, where it was asked for."""
    if not (given.audit and given.sign):
        return
    from simulacra.core.atomic import write_text
    from simulacra.engine.private import signed

    write_text(given.sign, signed(given.made, report, apart=given.real is not None))
    print(f"\nOpen: {given.sign}")


def _journal(given: argparse.Namespace) -> Path | None:
    """Return where a stopped audit keeps its finished refits: beside the report."""
    return Path(given.out).with_suffix(".audit.jsonl") if given.out else None


def forget(given: argparse.Namespace) -> None:
    """Remove the journal of an audit whose report is written: the report holds all figures."""
    path = _journal(given)
    if given.audit and path is not None:
        path.unlink(missing_ok=True)
