"""Show what a table holds: the inferred schema, with the reason for each fact.

simulacra look customers.csv
simulacra look customers.csv -o schema.toml     to edit, then: simulacra make customers.csv --schema schema.toml
"""

from __future__ import annotations

import argparse

from simulacra.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("data", metavar="DATA", help="a file, a folder of images, - for standard input, or an output folder")
    add("-o", "--out", metavar="FILE", help="write the schema as TOML, to be edited")
    add("--na", action="append", default=[], metavar="TEXT", help=common.NA_HELP)
    add("--size", type=common.whole, metavar="PIXELS", help=common.SIZE_HELP)
    add("--mode", choices=("grey", "colour"), help=common.MODE_HELP)
    add("--force", action="store_true", help="replace FILE")


def run(given: argparse.Namespace) -> int:
    """Infer, print, and write when asked to."""
    from simulacra.core.atomic import write_text
    from simulacra.core.render.schema_text import render_schema
    from simulacra.engine.make import look

    if given.out:
        common.existing(given.out, given.force)
    schema = look(given.data, na=given.na, size=given.size, mode=given.mode)
    if given.out:
        write_text(given.out, schema.to_toml())
    print(render_schema(schema))
    if given.out:
        print(f"\n{given.out}: the schema as TOML. Next: simulacra make {given.data} --schema {given.out} -o out/")
    return 0
