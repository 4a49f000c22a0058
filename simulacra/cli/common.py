"""Flags and words that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from simulacra.core.report import Report

FAIL_ON_HELP = "exit with 1 when the verdict is at least this grave"
NA_HELP = "a text that means a missing cell, e.g. --na NA; may be given again (the empty cell is always missing)"
NEUTRALISE_HELP = "in CSV, quote text that a spreadsheet would run as a formula"
SIZE_HELP = "scale the square in the middle of each image to so many pixels a side (default: as they are)"
MODE_HELP = "convert images (default: as they are)"
SET_HELP = "set a field of the method; may be given again (fields: simulacra list METHOD)"


def budget(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of a privacy budget."""
    add = parser.add_argument
    add("--epsilon", type=number, metavar="E", help="the privacy budget: learn under differential privacy; 1 is usual")
    add("--delta", type=number, metavar="D", help="chance that the guarantee fails, far below one in the number of "
        "persons, such as 1e-9")  # fmt: skip
    add("--person-rows", type=whole, metavar="K", help="most rows of one person that are used (default 1); more rows "
        "need more noise")  # fmt: skip
    add("--unsafe-seed", type=whole, metavar="S", help="for tests: seed the private noise; the output is marked NOT "
        "PRIVATE")  # fmt: skip


def settings(texts: Sequence[str]) -> dict[str, Any]:
    """Turn ["leaf=20"] into {"leaf": "20"}; the method reads the text by the field's type. Raises ConfigError."""
    out = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise ConfigError(f"--set {text!r} is not FIELD=VALUE, e.g. --set leaf=20")
        out[name.strip()] = value.strip()
    return out


def names(text: str) -> tuple[str, ...]:
    """Turn "privacy, fidelity" into its names."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def whole(text: str) -> int:
    """Read a whole number, with thousands marked by "_" if at all."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def number(text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def existing(path: str, force: bool) -> None:
    """Raise OutputError when a file that is to be written stands there already."""
    if Path(path).is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file")
    if Path(path).exists() and not force:
        raise OutputError(f"{path} already exists; choose another -o, or --force to replace it")


def show(report: Report) -> None:
    """Print the summary of a report."""
    import shutil

    print(report.text(min(shutil.get_terminal_size((100, 24)).columns, 120)))
