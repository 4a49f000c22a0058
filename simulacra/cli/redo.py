"""Run the recipe of an output folder again and say whether the bytes are the same.

The data must still be where the recipe says, unchanged; --data names another place. The exit code is 1 when bytes
differ.

  simulacra redo out/ -o again/
"""

from __future__ import annotations

import argparse

from simulacra.cli import _text, common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="a folder that simulacra make wrote")
    add("-o", "--out", metavar="FOLDER", required=True, help="where to write; a new folder")
    add("--data", metavar="FILE", help="the data, when they are no longer where the recipe says")
    add("--holdout", metavar="FILE", help="the holdout, when it is no longer where the recipe says")
    add("--workers", type=common.whole, default=1, help="processes that sample (default 1); never changes the rows")
    add("--spend", action="store_true", help="make a folder again that was made under a privacy budget, and spend that "
        "budget once more")  # fmt: skip
    add("--force", action="store_true", help="replace an output of simulacra that stands there")


def run(given: argparse.Namespace) -> int:
    """Make it again and compare."""
    from simulacra.core.progress import Show, listen
    from simulacra.engine.make import redo

    with listen(Show()):
        made = redo(
            given.folder,
            given.out,
            data=given.data,
            holdout=given.holdout,
            workers=given.workers,
            force=given.force,
            spend=given.spend,
            say=_text.say,
        )
    if made.changed:
        print(f"{given.out} differs from {given.folder} in {', '.join(made.changed)}.")
        print("Other versions of libraries or another machine type change bytes; lineage.json names the versions.")
        return 1
    print(f"{given.out}: every file has the same bytes as in {given.folder}.")
    return 0
