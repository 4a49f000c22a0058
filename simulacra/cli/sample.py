"""Make rows from a saved model.

The rows are not checked; `simulacra check more/ --real FILE` does. -o with a file ending writes that one file, and
-o - writes CSV to standard output.

  simulacra sample model/ -n 1000 -o more/
  simulacra sample model/ -n 1000 --where 'age>60' -o more.csv
"""

from __future__ import annotations

import argparse
from pathlib import Path

from simulacra.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="a folder that simulacra fit wrote")
    add("-n", type=common.whole, required=True, metavar="ROWS", help="rows to make")
    add("-o", "--out", metavar="OUT", required=True, help="a new folder, a file, or - for standard output")
    add("--seed", type=common.whole, default=0, help="any whole number (default 0)")
    add("--where", action="append", default=[], metavar="CONDITION", help="c=v, 'c in a|b', 'c>60', c=? or c~yes:0.5")
    add("--format", default=None, metavar="FORMAT", help="parquet (default for a folder), csv or jsonl; for images png "
        "(default for a folder), imagefolder, npz or parquet")  # fmt: skip
    add("--neutralise", action="store_true", help=common.NEUTRALISE_HELP)
    add("--workers", type=common.whole, default=1, help="processes that sample (default 1); never changes the rows")
    add("--force", action="store_true", help="replace what simulacra wrote there")


def run(given: argparse.Namespace) -> int:
    """Sample into a folder, a file or standard output."""
    from simulacra.core import where
    from simulacra.core.progress import Show, listen
    from simulacra.engine.models import format_of
    from simulacra.engine.recipe import Recipe
    from simulacra.engine.run import run as carry_out
    from simulacra.io.source import FORMAT_ENDINGS, PACKED_ENDINGS

    to_file = given.out == "-" or Path(given.out).suffix.lower() in {*FORMAT_ENDINGS, *PACKED_ENDINGS, ".npz"}
    if to_file and given.out != "-":
        common.existing(given.out, given.force)
    format = given.format or ("parquet" if to_file else format_of(given.model))
    conditions = where.texts(where.parse(given.where))
    recipe = Recipe(model=given.model, n=given.n, seed=given.seed, where=conditions, format=format)
    if not to_file:
        recipe = recipe.changed(neutralise=given.neutralise)
    with listen(Show()):
        made = carry_out(recipe, out=None if to_file else given.out, workers=given.workers, force=given.force)
        if to_file:
            from simulacra.core.data import as_dataset
            from simulacra.io import files

            rows = as_dataset(made.data)
            format = given.format or ("csv" if given.out == "-" else None)
            files.write(rows, given.out, format=format, neutralise=given.neutralise)
    if given.out != "-":
        print(f"{given.out}: {made.rows:,} rows, not checked.")
        print(f"Next: simulacra check {given.out} --real FILE")
    return 0
