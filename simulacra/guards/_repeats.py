"""Findings on whole rows: rows that repeat, and made tables that are too good to be new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.case import Case
from simulacra.core.report import Finding
from simulacra.guards._margins import judged
from simulacra.guards._stats import ALPHA, share_noise, wilson
from simulacra.guards._words import listed, percent

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.guards._frames import Coded, Table

    Keys = npt.NDArray[np.uint64]

COPY = "look whether the made file is the training file; else raise the smallest leaf or lower the rounds of the method"


def row_keys(table: Table) -> Keys:
    """Return one 64-bit key a row of the compared columns; equal rows have equal keys."""
    key = np.zeros(table.part["more"].stop, dtype=np.uint64) if "more" in table.part else None
    if key is None:
        key = np.zeros(max(s.stop for s in table.part.values()), dtype=np.uint64)
    for column in table.columns:
        for cells in _cells(column):
            key ^= cells + np.uint64(0x9E3779B97F4A7C15) + (key << np.uint64(6)) + (key >> np.uint64(2))
            # The finaliser of SplitMix64 (Steele et al. 2014) spreads every bit over the whole key.
            key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            key ^= key >> np.uint64(31)
    return key


def _cells(column: Coded) -> list[Keys]:
    out = [column.codes.astype(np.uint64)]
    if column.ordered:
        # Adding zero turns -0.0 into 0.0, which is equal but has other bits.
        out.append((np.nan_to_num(column.values, nan=-1.5e308) + 0.0).view(np.uint64))
    return out


def repeated(keys: Keys) -> float:
    """Return the share of rows that an earlier row equals."""
    return 1 - len(np.unique(keys)) / len(keys) if len(keys) else 0.0


def repeats(case: Case, table: Table) -> Iterator[Finding]:
    """Yield the finding on made rows that equal another made row, beside as many fresh rows."""
    keys, n = row_keys(table), table.rows("made")
    made, fresh = (repeated(keys[table.part[s]]) for s in ("made", "fresh"))
    noise = share_noise((made + fresh) / 2, n, n, ALPHA)
    verdict = judged(made - fresh, noise, 0.01, 0.05) if made > fresh else "ok"
    sentence = f"{percent(made)} of made rows repeat another made row, {percent(fresh)} of as many fresh real rows do"
    yield Finding(
        "fidelity",
        "repeated rows",
        verdict,
        f"too few rows to tell: {sentence}" if verdict == "unknown" else sentence,
        value=made,
        interval=wilson(made * n, n),
        fresh=fresh,
        limit=min(1.0, fresh + max(0.05, noise)),
        advice="the method draws from too few different rows: let it vary values"
        if verdict in ("warn", "fail")
        else "",
    )


def too_good(case: Case, table: Table, holdout: bool) -> Iterator[Finding]:
    """Yield the finding on closeness to the training rows beyond what sampling noise allows.

    Three signs: made rows that are training rows more often than fresh rows are; columns whose counts repeat the
    training counts exactly; without a holdout also rows that a classifier finds more real than real ones.
    """
    keys = row_keys(table)
    real = np.unique(keys[table.part["real"] if holdout else table.seen])
    made = float(np.isin(keys[table.part["made"]], real).mean())
    fresh = float(np.isin(keys[table.part["fresh"]], np.unique(keys[table.part["real"]])).mean())
    n = table.rows("made")
    noise = share_noise((made + fresh) / 2, n, n, ALPHA)
    verdict = judged(made - fresh, noise, max(0.01, fresh), max(0.05, 2 * fresh)) if made > fresh else "ok"
    exact = _exact(case, table)
    sentence = f"{percent(made)} of made rows are copies of training rows, {percent(fresh)} of fresh real rows are"
    if exact:
        sentence += f"; {listed(exact)} hold exactly the values of the training rows, as often as these"
        verdict = "warn" if verdict in ("ok", "unknown") else verdict
    if verdict == "ok":
        sentence = f"made rows are no closer to the training rows than sampling allows: {sentence}"
    yield Finding(
        "fidelity",
        "too good",
        verdict,
        f"too few rows to tell: {sentence}" if verdict == "unknown" else sentence,
        value=made,
        interval=wilson(made * n, n),
        fresh=fresh,
        limit=min(1.0, fresh + max(0.05, 2 * fresh, noise)),
        columns=tuple(exact),
        advice=COPY if verdict in ("fail", "warn") else "",
    )


def _exact(case: Case, table: Table) -> list[str]:
    """Return columns of 10 or more distinct values whose made values are the real ones, count for count."""
    assert case.real is not None
    if len(case.made) != len(case.real):
        return []
    out = []
    for column in table.columns:
        a, b = (side.frame[column.name] for side in (case.real, case.made))
        if a.dtype == b.dtype and a.n_unique() >= 10 and a.sort().equals(b.sort(), null_equal=True):
            out.append(column.name)
    return out
