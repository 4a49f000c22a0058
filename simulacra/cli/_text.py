"""What `make` says and shows of methods that ask language models: flags, a preview, what was paid, what failed."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulacra.cli import common
from simulacra.core.errors import ConfigError

if TYPE_CHECKING:
    from simulacra.engine.asking import Asking
    from simulacra.engine.made import Made

PREVIEWED = 5
"""Rows of a preview where -n says nothing."""
LISTED = 20
"""Failures that are printed; failures.json has all."""
LINES = 12
"""Lines of one cell in a preview."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument_group("methods that ask language models").add_argument
    add("--preview", action="store_true", help=f"print rows ({PREVIEWED} unless -n says otherwise) and write no "
        "folder; what was answered is kept and not asked again")  # fmt: skip
    add("--max-cost", type=common.number, metavar="COST", help="stop before more than this is paid, in the currency "
        "of the recipe's price table")  # fmt: skip
    add("--journal", metavar="FILE", help="where answers are kept (default: OUT.journal.sqlite beside the folder)")
    add("--batch-out", metavar="FILE", help="write the requests into a batch file (OpenAI's form) and ask nothing")
    add("--batch-in", metavar="FILE", help="take the answers of a batch file, and ask what is left")


def agree(given: argparse.Namespace) -> None:
    """Raise ConfigError for flags that do not go together, and set the rows of a preview."""
    if given.preview and given.n is None:
        given.n = PREVIEWED
    if given.preview and given.batch_out:
        raise ConfigError("--preview prints rows, and --batch-out makes none; give one of them")
    if given.out is None and not given.preview and not given.batch_out:
        raise ConfigError(
            "-o/--out is missing: give a new folder, e.g. -o out/, or --preview to look at some rows first"
        )


def asking(given: argparse.Namespace) -> Asking:
    """Return how models are asked."""
    from simulacra.engine.asking import Asking, beside
    from simulacra.engine.shipped import is_recipe

    recipe = given.data if is_recipe(given.data) else None
    home = given.out if given.out is not None else recipe
    return Asking(
        journal=given.journal,
        home=home,
        known=(beside(recipe),) if recipe is not None else (),
        max_cost=given.max_cost,
        preview=given.preview,
        batch_out=given.batch_out,
        batch_in=given.batch_in,
        say=say,
    )


def say(sentence: str) -> None:
    """Print what a user should know before rows are made."""
    print(sentence, file=sys.stderr, flush=True)


def show(made: Made, preview: bool) -> None:
    """Print the rows of a preview, and what they cost."""
    if preview:
        width = min(shutil.get_terminal_size((100, 24)).columns, 120)
        for number, row in enumerate(made.data.iter_rows(named=True)):
            print("\n".join(lines(row, number, width)))
    paid(made)


def lines(row: dict[str, Any], number: int, width: int) -> Iterator[str]:
    """Yield the lines of one row: names of columns, and their text wrapped beside them."""
    from simulacra.core.render.words import clean
    from simulacra.io import chats

    yield f"--- row {number} ".ljust(width, "-")
    cells = []
    for name, value in row.items():
        turns = chats.turns_of(value)
        cells += [(f"{name}, {who}", said) for who, said in turns] or [(name, chats.plain(value))]
    margin = min(24, max(len(name) for name, _ in cells) + 2)
    for name, text in cells:
        wrapped = [
            line for part in text.splitlines() for line in textwrap.wrap(clean(part), max(20, width - margin)) or [""]
        ]
        if len(wrapped) > LINES:
            wrapped = [*wrapped[:LINES], f"... ({len(text):,} letters)"]
        head = clean(name)[: margin - 2]
        for k, line in enumerate(wrapped or [""]):
            yield f"{head if k == 0 else '':<{margin}}{line}".rstrip()


def paid(made: Made) -> None:
    """Print what this run asked and paid, and what could not be made."""
    from simulacra.core.render.words import clean

    spent = made.spent
    if spent is not None and (spent.requests or spent.again or spent.failed):
        again = f" {spent.again:,} answers came from the journal." if spent.again else ""
        cost = f"; paid {spent.cost:.4f}" if spent.cost else ""
        print(
            f"\nThis run: {spent.requests:,} requests, {spent.tokens_in:,} tokens in, {spent.tokens_out:,} out{cost}."
            f"{again}"
        )
    lost = [f for f in made.failures if f.dropped]
    if lost:
        print(f"\n{made.missing:,} rows are missing:")
        for failure in lost[:LISTED]:
            print(f"  row {failure.row}, column {clean(failure.column)!r}: {clean(failure.reason)}")
        if len(lost) > LISTED:
            print(f"  and {len(lost) - LISTED:,} more: {made.folder / 'failures.json' if made.folder else ''}")
        print(
            "The same command with --force asks again only for what was not answered. An answer that was given but "
            "does not fit is kept: change its prompt, its max_tokens or the seed."
        )
