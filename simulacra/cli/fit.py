"""Fit a method on all rows of a table and save the model to a folder.

simulacra fit customers.csv -o model/
simulacra sample model/ -n 1000 -o more/
"""

from __future__ import annotations

import argparse

from simulacra.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("data", nargs="?", metavar="DATA", help="a file, a folder of images, - for standard input, or an output folder")
    add("-m", "--method", metavar="ADDRESS", help="the method (default tables/forest; images/pca for images)")
    add("-o", "--out", metavar="FOLDER", required=True, help="where to write the model; a new folder")
    add("--seed", type=common.whole, default=0, help="any whole number (default 0)")
    add("--target", metavar="COLUMN", help="the column that a model will be trained to predict")
    add("--schema", metavar="FILE", help="facts in place of inferred ones (from simulacra look -o)")
    add("--set", action="append", dest="settings", default=[], metavar="FIELD=VALUE", help=common.SET_HELP)
    add("--na", action="append", default=[], metavar="TEXT", help=common.NA_HELP)
    add("--size", type=common.whole, metavar="PIXELS", help=common.SIZE_HELP)
    add("--mode", choices=("grey", "colour"), help=common.MODE_HELP)
    add("--person", metavar="COLUMN", help="the column that says whose row it is (under a privacy budget)")
    common.budget(parser)
    add("--force", action="store_true", help="replace a model that stands in FOLDER")


def run(given: argparse.Namespace) -> int:
    """Fit and save."""
    from simulacra.core.progress import Show, listen
    from simulacra.engine.models import fit

    with listen(Show()):
        method = fit(
            given.data,
            given.method,
            given.out,
            seed=given.seed,
            target=given.target,
            schema=given.schema,
            settings=common.settings(given.settings),
            na=given.na,
            size=given.size,
            mode=given.mode,
            person=given.person,
            epsilon=given.epsilon,
            delta=given.delta,
            person_rows=given.person_rows or 1,
            unsafe_seed=given.unsafe_seed,
            force=given.force,
        )
    rows = None if "ledger" in method.lineage_.facts else method.lineage_.facts.get("rows")
    print(f"{given.out}: a fitted {method.name}{f' of {rows:,} rows' if rows else ''}, with no row kept back.")
    print(f"Next: simulacra sample {given.out} -n 1000 -o more/")
    return 0
