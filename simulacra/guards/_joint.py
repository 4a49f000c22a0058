"""Pairs and triples of columns: joint counts on shared bins, and the links between columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import LINKS
from simulacra.core.rng import stream
from simulacra.guards._stats import ALPHA, counts, cramers_v, ks, midranks, tvd, tvd_mean, tvd_tail
from simulacra.guards._words import Fault, words_gap

if TYPE_CHECKING:
    from simulacra.guards._frames import Coded, Floats, Ints, Table

MAX_SETS = 600
"""Most pairs, and most triples, that are measured; of more a random choice is."""
LEVELS = 50
"""Levels of a column kept apart in joint counts; the rest counts as one."""


def binned(column: Coded, real: slice, bins: int, *, equal_width: bool = False) -> Ints:
    """Return bins 0..: quantiles (or equal widths) of the real numbers, frequent levels; missing has one of its own."""
    missing = column.missing | column.broken
    if not column.ordered:
        return np.where(missing, LEVELS + 1, np.minimum(column.codes, LEVELS))
    seen = column.values[real][~np.isnan(column.values[real])]
    if not len(seen):
        return missing.astype(np.int64)
    if equal_width:
        edges = np.linspace(seen.min(), seen.max(), bins + 1)
    else:
        edges = np.quantile(seen, np.linspace(0, 1, bins + 1))
    cut = np.searchsorted(np.unique(edges[1:-1]), column.values, "right")
    return np.where(np.isnan(column.values), bins + 1 + np.minimum(column.codes + 1, LEVELS), cut)


def choose(width: int, size: int, seed: int) -> tuple[list[tuple[int, ...]], str]:
    """Return all sets of `size` columns, or a random choice of MAX_SETS, and a note of that choice."""
    total = comb(width, size)
    if total <= MAX_SETS:
        return list(combinations(range(width), size)), ""
    rng = stream(seed, "guards", f"sets of {size}")
    picked: set[tuple[int, ...]] = set()
    while len(picked) < MAX_SETS:
        picked.add(tuple(sorted(rng.choice(width, size, replace=False).tolist())))
    return sorted(picked), f" (on {MAX_SETS:,} of {total:,} drawn at random)"


def joint(codes: Sequence[Ints]) -> tuple[Ints, int]:
    """Return one code for each row of several columns, and how many codes there may be."""
    out = codes[0]
    size = int(out.max(initial=0)) + 1
    for more in codes[1:]:
        width = int(more.max(initial=0)) + 1
        out, size = out * width + more, size * width
        if size > 4 * len(out):
            # More cells than rows: only those that occur are kept, so that counts stay as short as the table.
            _, out = np.unique(out, return_inverse=True)
            size = int(out.max(initial=0)) + 1
    return out, size


@dataclass(frozen=True)
class Links:
    """Every measured pair: score of made and fresh against real (1 best), association on each side, faults.

    groups: mean score of parts of the made rows. noise: distance that chance reaches in one of the pairs.
    """

    names: tuple[str, ...]
    pairs: list[tuple[int, ...]]
    made: Floats
    fresh: Floats
    real_link: Floats
    made_link: Floats
    groups: list[float]
    faults: tuple[Fault, ...]
    noise: float
    note: str


def links(table: Table, seed: int) -> Links:
    """Measure pairs of columns: the pair score of made and of fresh rows, and how far a link is from the real one.

    The score is 1 - half the gap of correlations for two numbers, else 1 - total variation on ten equal bins.
    A link is at fault by the total variation on eight quantile bins beyond what its columns and chance explain.
    """
    chosen, note = choose(len(table.columns), 2, seed)
    used = sorted({i for pair in chosen for i in pair})
    real, fresh, made = (table.part[s] for s in ("real", "fresh", "made"))
    wide = {i: binned(table.columns[i], real, 10, equal_width=True) for i in used}
    fine = {i: binned(table.columns[i], real, 8) for i in used}
    n, m = table.rows("real"), table.rows("made")
    tail = tvd_tail(n, m, ALPHA / max(1, len(chosen)))
    single = {i: tvd(counts(fine[i][real], 200), counts(fine[i][made], 200)) for i in used}
    rows, groups = [], table.groups()
    for i, j in chosen:
        code, size = joint((fine[i], fine[j]))
        a, b = counts(code[real], size), counts(code[made], size)
        rest = tvd(a, b) - tvd_mean(a, b) - tail - single[i] - single[j]
        ties = [link(fine[i][s], fine[j][s]) for s in (real, made)]
        scores = _pair_scores(table, (i, j), wide, real, [made, fresh, *groups])
        rows.append((*ties, rest + tail, *scores))
    measured = np.array(rows).reshape(len(rows), -1)
    names = tuple(c.name for c in table.columns)
    faults = [
        _fault(names[i], names[j], row[0], row[1], row[2])
        for (i, j), row in zip(chosen, measured, strict=True)
        if row[2] > tail
    ]
    faults.sort(key=lambda f: -f.size)
    real_link, made_link, _, score, fresh_score, *parts = measured.T
    means = [float(p.mean()) for p in parts]
    return Links(names, chosen, score, fresh_score, real_link, made_link, means, tuple(faults), tail, note)


def _fault(a: str, b: str, real: float, made: float, size: float) -> Fault:
    numbers = f"association {made:.2f} in made, {real:.2f} in real"
    if made < real - 0.05:
        text = f"the link between {a} and {b} is {'lost' if made < 0.4 * real else 'weaker than in real'} ({numbers})"
    elif made > real + 0.05:
        text = f"the link between {a} and {b} is stronger than in real ({numbers})"
    else:
        text = f"the link between {a} and {b} has another form than in real"
    return Fault((a, b), text, size, LINKS)


def link(a: Ints, b: Ints) -> float:
    """Return the association of two columns of codes, 0..1."""
    width = int(b.max(initial=0)) + 1
    return cramers_v(counts(a * width + b, (int(a.max(initial=0)) + 1) * width).reshape(-1, width))


def _pair_scores(
    table: Table, pair: tuple[int, int], wide: dict[int, Ints], real: slice, sides: list[slice]
) -> list[float]:
    a, b = (table.columns[i] for i in pair)
    if a.ordered and b.ordered:
        r = correlation(a.values[real], b.values[real])
        return [1 - abs(r - correlation(a.values[s], b.values[s])) / 2 for s in sides]
    code, size = joint((wide[pair[0]], wide[pair[1]]))
    base = counts(code[real], size)
    return [1 - tvd(base, counts(code[s], size)) for s in sides]


def correlation(a: Floats, b: Floats, *, ranks: bool = False) -> float:
    """Return the correlation of two columns (of their ranks, if asked) where both have a value; 0 for a constant."""
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if len(a) < 3 or a.min() == a.max() or b.min() == b.max():
        return 0.0
    if ranks:
        a, b = midranks(a), midranks(b)
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))


def triples(table: Table, seed: int) -> tuple[float, float, list[float], str]:
    """Return the mean score against real of made, fresh and groups of made rows (Tri-q5, 1 best), and a note."""
    chosen, note = choose(len(table.columns), 3, seed)
    real = table.part["real"]
    codes = {i: binned(table.columns[i], real, 5) for i in sorted({i for t in chosen for i in t})}
    scores, groups = [], table.groups()
    for triple in chosen:
        code, size = joint([codes[i] for i in triple])
        a = counts(code[real], size)
        scores.append([1 - tvd(a, counts(code[s], size)) for s in (table.part["made"], table.part["fresh"], *groups)])
    made, fresh, *rest = (float(x) for x in np.mean(scores, axis=0))
    return made, fresh, rest, note


def column_scores(table: Table, side: slice) -> Floats:
    """Return 1 - KS or 1 - total variation of every column of some rows against real, 1 best."""
    return np.array([1 - column_gap(c, table.part["real"], side) for c in table.columns])


def column_gap(column: Coded, real: slice, side: slice) -> float:
    """Return the distance of a column's values from the real ones: KS for numbers, total variation for levels."""
    if column.ordered:
        return max(ks(column.values[real], column.values[side]), words_gap(column, real, side))
    a, b = (counts(column.codes[s][column.codes[s] >= 0], len(column.labels) + 1) for s in (real, side))
    return tvd(a, b) if a.sum() and b.sum() else float(a.sum() != b.sum())
