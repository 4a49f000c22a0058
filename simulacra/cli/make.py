"""Fit a method on a table, sample rows, check them against rows it never saw, and write all of it to a folder.

20 % of the rows (with --person: whole persons) are kept back as holdout unless --holdout is given; the rest is fitted,
and what that model makes is shipped. A stopped run goes on when the same command is given again.

  simulacra make customers.csv -n 50000 -o out/
  simulacra make customers.csv --target churn --seed 7 --set leaf=20 -o out/
  simulacra make customers.csv --epsilon 1 --delta 1e-9 --person user_id -o out/
  simulacra make -m tables/rules --schema schema.toml -n 100 -o out/
  simulacra make recipe.toml -o out/
  simulacra make tickets.toml -n 5 --preview
  simulacra make tickets.toml -n 2000 --max-cost 5 -o out/
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import _text, common

if TYPE_CHECKING:
    from simulacra.engine.made import Made
    from simulacra.engine.recipe import Recipe

ENTRIES = (
    "method", "n", "seed", "target", "person", "holdout", "format", "neutralise", "fail_on", "size", "mode",
    "epsilon", "delta", "person_rows", "unsafe_seed",
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("data", nargs="?", metavar="DATA", help="a file (CSV, TSV, Parquet, JSON lines, Arrow), images (a folder or "
        ".npz), - for standard input, an output folder, or a recipe (.toml); left out for methods that need no data",
    )  # fmt: skip
    add("-m", "--method", metavar="ADDRESS", help="the method (default tables/forest, for images images/pca; see "
        "simulacra list)")  # fmt: skip
    add("-n", type=common.whole, metavar="ROWS", help="rows to make (default: as many as the data have)")
    add("-o", "--out", metavar="FOLDER", help="where to write; a new folder")
    add("--seed", type=common.whole, help="any whole number (default 0); the same seed gives the same bytes")
    add("--where", action="append", metavar="CONDITION", help="c=v, 'c in a|b', 'c>60', c=? or c~yes:0.5; may be "
        "given again")  # fmt: skip
    add("--target", metavar="COLUMN", help="the column that a model will be trained to predict")
    add("--person", metavar="COLUMN", help="the column that says whose row it is")
    add("--schema", metavar="FILE", help="facts in place of inferred ones (from simulacra look -o)")
    add("--holdout", metavar="FILE", help="real rows kept apart, in place of 20 %% of the data")
    add("--set", action="append", dest="settings", metavar="FIELD=VALUE", help=common.SET_HELP)
    add("--na", action="append", metavar="TEXT", help=common.NA_HELP)
    add("--size", type=common.whole, metavar="PIXELS", help=common.SIZE_HELP)
    add("--mode", choices=("grey", "colour"), help=common.MODE_HELP)
    add("--only", type=common.names, metavar="GUARDS", help="run only these guards, e.g. fidelity,privacy")
    add("--format", metavar="FORMAT", help="parquet (default), csv or jsonl; for images png, "
        "imagefolder, npz or parquet (default: as they came); for conversations chat, alpaca, sharegpt, completion or "
        "preference, with .parquet behind it in place of JSON lines")  # fmt: skip
    add("--neutralise", action="store_true", default=None, help=common.NEUTRALISE_HELP)
    common.budget(parser)
    add("--private-report", metavar="FOLDER", help="under a privacy budget: where the report goes that compares with "
        "the real rows, which is not for release")  # fmt: skip
    add("--workers", type=common.whole, default=1, help="processes that sample (default 1); never changes the rows")
    add("--fail-on", metavar="VERDICT", help=f"warn or fail: {common.FAIL_ON_HELP}")
    add("--force", action="store_true", help="replace an output of simulacra that stands in FOLDER")
    _text.arguments(parser)


def run(given: argparse.Namespace) -> int:
    """Make, and print the verdict and what to open."""
    from simulacra.core.progress import Show, listen
    from simulacra.engine.run import run as carry_out

    _text.agree(given)
    with listen(Show()):
        made = carry_out(
            recipe(given),
            out=None if given.preview else given.out,
            private_report=given.private_report,
            workers=given.workers,
            force=given.force,
            asking=_text.asking(given),
        )
    if made.folder is None:
        _text.show(made, given.preview)
        return int(made.failed)
    finish(made, given.private_report)
    _text.paid(made)
    return int(made.failed)


def recipe(given: argparse.Namespace) -> Recipe:
    """Return the recipe that the flags describe: a file's with the flags over it, or one of flags alone."""
    from simulacra.core import where
    from simulacra.engine.defaults import format_for, method_for
    from simulacra.engine.inputs import schema_of
    from simulacra.engine.recipe import Recipe
    from simulacra.engine.shipped import is_recipe

    entries = {name: getattr(given, name) for name in ENTRIES if getattr(given, name) is not None}
    for name in ("na", "only"):
        if getattr(given, name):
            entries[name] = tuple(getattr(given, name))
    if given.where:
        entries["where"] = where.texts(where.parse(given.where))
    if given.settings:
        entries["settings"] = common.settings(given.settings)
    if given.schema:
        entries["schema"] = schema_of(given.schema)
    if is_recipe(given.data):
        return Recipe.read(given.data).changed(**entries)
    entries.setdefault("method", method_for(given.data, "epsilon" in entries))
    entries.setdefault("format", format_for(given.data))
    return Recipe(data=given.data or "", **entries)


def finish(made: Made, private_report: str | None = None) -> None:
    """Print the verdict, and the files to open."""
    assert made.folder is not None
    for report in (made.report, made.private_report):
        if report is not None:
            common.show(report)
    wanted = {
        "report.html": "the evidence, in any browser",
        "failures.json": f"what could not be made: {made.missing:,} rows are missing",
        "data": f"the {made.rows:,} rows",
        "lineage": "how each of them came to be",
        "reasons.jsonl": "why each row of the data was kept or dropped",
        "media": f"the {made.rows:,} images",
        "sign.html": "the page to read and sign: claim, ledger, what was not tested",
        "README.md": "the card: what they are and how they were made",
    }
    print("\nOpen:")
    for name, what in wanted.items():
        if (made.folder / name).exists():
            print(f"  {Path(made.folder) / name}  {what}")
    if private_report is not None:
        print(f"  {Path(private_report) / 'report.html'}  beside the real rows; NOT FOR RELEASE")
