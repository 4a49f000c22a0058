"""What the findings of masking share: names of files, counts and shares in words."""

from __future__ import annotations

from collections.abc import Sequence

from simulacra.core.report import Finding

GUARD = "masking"
SHOWN = 5
"""Columns or combinations that a sentence names."""
COARSER = "generalise dates to years, ages to bands and postcodes to their first digits, or remove a column"


def untested(what: str, name: str, why: str) -> Finding:
    return Finding(GUARD, named(what, name), "unknown", f"not tested: {why}")


def named(what: str, name: str) -> str:
    return f"{what} ({name})" if name else what


def rows_of(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def share_of(part: int, whole: int) -> str:
    return percent(part / whole if whole else 0.0)


def percent(share: float) -> str:
    return "<0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    return ", ".join(columns[:SHOWN]) + more
