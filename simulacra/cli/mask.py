"""Mask identifiers of persons in tables and texts: same person, same surrogate, same shift of dates in all files.

simulacra mask notes.jsonl people.csv -o masked/
simulacra mask notes.jsonl people.csv --plan plan.toml --key ~/.simulacra/study.key -o masked/

Masking is weaker than synthesis: every record is still that of one real person.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from simulacra.cli import common

if TYPE_CHECKING:
    from simulacra.engine.mask import Masked


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("sources", metavar="FILE", nargs="+", help="CSV, TSV, Parquet, Arrow, JSONL, JSON, XML or plain text")
    add("-o", "--out", metavar="FOLDER", required=True, help="where the masked files go; made beside it, then renamed")
    add("--plan", metavar="FILE", help="rules in TOML (default: everything that is found gets a realistic surrogate)")
    add("--key", metavar="FILE", help="the key, made when there is none (default: a key that is thrown away)")
    add("--map", metavar="FILE", help="write the reversal table, which leads back to the persons; never into FOLDER")
    add("--ner", action="store_true", default=None, help="also ask the optional model for names")
    add("--language", metavar="CODE", help="language of the texts, two letters (default en)")
    add(
        "--format",
        metavar="NAME",
        help="what the files are, in place of their endings: csv, jsonl, json, xml, text ...",
    )
    add("--review", metavar="FILE", help="a review file with verdicts, applied to what is found")
    add("--review-file", metavar="FILE", help="write the doubtful places for a review; never into FOLDER")
    add("--context", type=common.whole, default=0, metavar="N", help="characters of text around each doubtful place")
    add("--fail-on", choices=("warn", "fail"), help=common.FAIL_ON_HELP)
    add("--force", action="store_true", help="replace masked files of an earlier run in FOLDER")


def run(given: argparse.Namespace) -> int:
    """Mask, print what was done and what is left to fear."""
    from simulacra.core.progress import Show, listen
    from simulacra.core.report import VERDICTS
    from simulacra.engine.mask import mask

    with listen(Show()):
        done = mask(
            given.sources,
            given.out,
            plan=given.plan,
            key=given.key,
            map=given.map,
            review=given.review,
            review_file=given.review_file,
            context=given.context,
            ner=given.ner,
            language=given.language,
            format=given.format,
            force=given.force,
        )
    _tell(done, given)
    return int(bool(given.fail_on) and VERDICTS.index(done.report.verdict) >= VERDICTS.index(given.fail_on))


def _tell(done: Masked, given: argparse.Namespace) -> None:
    common.show(done.report)
    acted = sum(n for (_, action), n in done.counts.items() if action != "keep")
    print(f"\n{acted:,} places in {len(done.files)} files were masked.")
    if done.fresh:
        print("A key was made for this run and thrown away: nobody can repeat or reverse it. --key FILE keeps one.")
    if done.doubtful:
        where = f"look through {given.review_file}, and run again with --review" if given.review_file else (
            "--review-file FILE writes them down for a review"
        )  # fmt: skip
        print(f"{done.doubtful:,} of them are doubtful: {where}.")
    print("Masking is weaker than synthesis: every record is still that of one real person.")
    print(f"Open: {done.out}/report.html")
