"""SMOTE on numbers: which rows of a class new ones start from, which neighbours they move toward, and the draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from simulacra.core.errors import DataError
from simulacra.parts.neighbour_lists import search
from simulacra.parts.neighbours import Points

if TYPE_CHECKING:
    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

AT_ONCE = 1024
"""Rows drawn at once: they stay within a core's own cache."""


class Drawn(TypedDict):
    """One class that rows are drawn for.

    numbers: (rows, numbers) of the class, NaN where missing; base: (bases,) the rows that new ones start from;
    near: (bases, neighbours) rows that they move toward; start: (bases, numbers) the cells they start from, NaN where
    the new cell is missing; votes: (bases, codes) what most of the neighbours have; chance: (bases,) cumulative chances
    of the bases, empty where all are alike; gaps: 1 where some number is missing.
    """

    numbers: Floats
    base: Ints
    near: Ints
    start: Floats
    votes: Ints
    chance: Floats
    gaps: int


@dataclass(frozen=True)
class Rule:
    """How a class is drawn: the fields of the same names of tables/smote."""

    kind: str
    neighbours: int
    around: int
    scale: bool


@dataclass(frozen=True)
class Layout:
    """What the columns of numbers and codes are.

    asked: the numbers that say who is near; levels: how many of the codes are categories, which come first; states:
    number -> the code that says whether it is there (0), for numbers that are missing in some rows.
    """

    asked: list[int]
    levels: int
    states: dict[int, int]


@dataclass(frozen=True)
class Others:
    """A whole table around a class: numbers (rows, numbers), codes (rows, codes), and the rows of the class."""

    numbers: Floats
    codes: Ints
    mine: Ints


def learn(
    label: str, mine: tuple[Floats, Ints], others: Others | None, layout: Layout, rule: Rule
) -> tuple[Drawn, dict[str, Any]]:
    """Learn how to draw rows of a class; returns also what to report of it.

    mine: its numbers (rows, numbers) and codes (rows, codes); others: the whole table, None for kind "smote".
    Raises DataError when no row lies where the kind starts from.
    """
    numbers, codes = mine
    asked, levels = layout.asked, codes[:, : layout.levels]
    points, unit = compared(numbers[:, asked], levels, rule.scale, None if others is None else (others.numbers, asked))
    base, chance, how = np.arange(len(points)), np.zeros(0), set()
    if others is not None:
        share, found = hostile(points, others, layout, unit, rule.around)
        how.add(found)
        base = _starts(label, share, rule)
        if rule.kind == "adasyn":
            chance = np.cumsum(share[base]) / share[base].sum()
    k = min(rule.neighbours, len(points) - 1)
    near, _, found = search(points.take(base), points, k, base)
    drawn = Drawn(
        numbers=numbers,
        base=base,
        near=near,
        start=numbers[base],
        votes=vote(codes, base, near),
        chance=chance,
        gaps=int(np.isnan(numbers).any()),
    )
    for number, state in layout.states.items():
        _settle(drawn, number, drawn["votes"][:, state] == 0)
    return drawn, {"neighbours": k, "starts": len(base), "search": "; ".join(sorted(how | {found}))}


def hostile(points: Points, others: Others, layout: Layout, unit: Floats, around: int) -> tuple[Floats, str]:
    """Return the share of other classes among the rows around each row, (rows,), and how those were found."""
    # Of rows equally far away the first count, so rows of the class stand evenly among the others.
    rows, mine = len(others.numbers), np.zeros(len(others.numbers), np.bool_)
    mine[others.mine] = True
    place = np.empty(rows)
    for part in (mine, ~mine):
        place[part] = (np.arange(part.sum()) + 0.5) / part.sum()
    order = np.argsort(place, kind="stable")
    numbers = (
        others.numbers[order][:, layout.asked] if len(layout.asked) < others.numbers.shape[1] else others.numbers[order]
    )
    numbers /= unit
    whole = Points(numbers, others.codes[order, : layout.levels], points.mismatch)
    mine = mine[order]
    near, _, how = search(points, whole, min(around, rows - 1), np.flatnonzero(mine))
    return 1.0 - mine[near].mean(axis=1), how


def _starts(label: str, hostile: Floats, rule: Rule) -> Ints:
    """Return the rows that new ones start from: near the border, where others are around but not everywhere; or any."""
    fits = (hostile >= 0.5) & (hostile < 1) if rule.kind == "borderline" else hostile > 0
    if not fits.any():
        raise DataError(
            f"tables/smote: no row of class {label!r} lies where kind={rule.kind!r} starts from: of the "
            f"{rule.around} rows around each, {100 * hostile.mean():.0f} % are of other classes on average; use "
            "kind='smote', or change around"
        )
    return np.flatnonzero(fits)


def _settle(drawn: Drawn, column: int, there: Bools) -> None:
    """Say for which bases a number will be there; where it is and the base has none, the neighbours' mean is taken."""
    values = drawn["numbers"][:, column]
    start = drawn["start"][:, column]
    near = values[drawn["near"]]
    seen = ~np.isnan(near)
    mean = np.where(seen, near, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    start = np.where(np.isnan(start), np.where(seen.any(axis=1), mean, np.nan), start)
    drawn["start"][:, column] = np.where(there, start, np.nan)


def vote(codes: Ints, base: Ints, near: Ints) -> Ints:
    """Return the most frequent code among the neighbours: (bases, codes).

    Where several are as frequent it is the base row's own, if that is among them, else that of the nearest.
    """
    out = np.empty((len(base), codes.shape[1]), np.int64)
    for at, column in enumerate(codes.T):
        around = column[near]  # (bases, neighbours)
        score = 2 * (around[:, :, None] == around[:, None, :]).sum(axis=2)
        score += around == column[base][:, None]
        out[:, at] = around[np.arange(len(base)), score.argmax(axis=1)]
    return out


def pick(drawn: Drawn, n: int, rng: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    """Draw for n new rows the base, the row of the neighbour, and how far toward it (0..1): (n,) each."""
    if len(drawn["chance"]):
        base = np.searchsorted(drawn["chance"], rng.random(n), "right").clip(max=len(drawn["base"]) - 1)
    else:
        base = rng.integers(len(drawn["base"]), size=n)
    other = drawn["near"][base, rng.integers(drawn["near"].shape[1], size=n)]
    return base, other, rng.random(n)


def move(drawn: Drawn, base: Ints, other: Ints, gap: Floats, out: npt.NDArray[Any]) -> None:
    """Write the numbers of new rows to `out`, (rows, numbers): on the line from each base to its neighbour."""
    width = drawn["start"].shape[1]
    room = np.empty((2, AT_ONCE, width))
    whole = out.dtype.kind in "iu"
    for first in range(0, len(base), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        here, there = room[:, : len(base[part])]
        # Without "clip" the room would be filled through another one.
        np.take(drawn["start"], base[part], axis=0, out=here, mode="clip")
        np.take(drawn["numbers"], other[part], axis=0, out=there, mode="clip")
        if drawn["gaps"]:
            lost = np.isnan(there)
            there[lost] = here[lost]
        there -= here
        there *= gap[part, None]
        if whole:
            out[part] = np.rint(there + here)
        else:
            np.add(there, here, out=out[part], casting="same_kind")


def compared(
    numbers: Floats, codes: Ints, scale: bool, whole: tuple[Floats, list[int]] | None = None
) -> tuple[Points, Floats]:
    """Return the rows of a class as they are compared, and what their numbers were divided by: (numbers,).

    A number is divided by its standard deviation within the class (with scale), or else in the whole table where the
    class has one value alone. Two levels are as far apart as the median of the standard deviations. whole: the numbers
    of the whole table, and which of them are compared.
    """
    spread = _spread(numbers)
    unit = np.ones(len(spread))
    if scale:
        flat = np.flatnonzero(spread == 0)
        unit = np.where(spread > 0, spread, 1.0)
        if whole is not None and flat.size:
            wider = _spread(whole[0][:, [whole[1][i] for i in flat]])
            unit[flat] = np.where(wider > 0, wider, 1.0)
    middle = float(np.median(spread / unit)) if len(spread) else 0.0
    return Points(numbers / unit, codes, middle**2 or 1.0), unit


def _spread(numbers: Floats) -> Floats:
    there = ~np.isnan(numbers)
    count = np.maximum(there.sum(axis=0), 1)
    gap = np.where(there, numbers, 0.0)
    gap = np.where(there, numbers - gap.sum(axis=0) / count, 0.0)
    spread: Floats = np.sqrt(np.square(gap).sum(axis=0) / count)
    # The mean of equal numbers is not always the number.
    spread[np.fmax.reduce(numbers, axis=0) == np.fmin.reduce(numbers, axis=0)] = 0.0
    return spread


def apportion(weights: list[int], n: int) -> list[int]:
    """Return whole numbers in the proportions of the weights that sum to n: the largest remainders are rounded up."""
    total = sum(weights)
    exact = [n * weight / total for weight in weights]
    counts = [int(share) for share in exact]
    by_rest = sorted(range(len(weights)), key=lambda i: (counts[i] - exact[i], i))
    for i in by_rest[: n - sum(counts)]:
        counts[i] += 1
    return counts
