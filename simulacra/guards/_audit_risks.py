"""The three risks of the GDPR opinion, each against control rows: singling out, linkability, inference."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.rng import stream
from simulacra.guards._audit_stack import FEW, cells, distinct, nearest
from simulacra.guards._audit_stats import ALPHA
from simulacra.guards._stats import z_of

if TYPE_CHECKING:
    from simulacra.guards._audit_stack import Roles, Stack
    from simulacra.guards._frames import Coded, Floats, Ints, Table

GUESSES = 1000
"""Predicates that are tried."""
BINS = 32
"""Parts of a number in a predicate of several columns."""
RARE = 0.01
"""A predicate is narrowed until it is expected to hold for fewer than this many rows by its columns alone."""
LINKS = 3
"""Candidates that each half of the columns points at."""
SECRETS = 6
"""Most columns that are guessed."""
CLOSE = 0.05
"""A number is guessed when it lies within this share of the rows around the true one."""
TARGETS = 1500
"""Most rows of each side that are linked or guessed."""


@dataclass(frozen=True)
class Risk:
    """How often an attack succeeds on training rows, on control rows, and by a guess without made rows.

    success, control: shares, 0..1; control is what rows show that were never learned from. naive: by guessing. risk:
    success minus control. interval: its 95 %. chance: of so large a risk where nothing leaks. tried: attempts.
    """

    success: float
    control: float
    naive: float
    interval: tuple[float, float]
    chance: float
    tried: int

    @property
    def risk(self) -> float:
        """Return how much oftener training rows fall to the attack than others do."""
        return self.success - self.control

    @property
    def noise(self) -> float:
        """Return the risk that chance alone would give."""
        return z_of(ALPHA) * (self.interval[1] - self.interval[0]) / 3.92

    @property
    def verdict(self) -> str:
        """Return fail or warn for what is beyond chance and matters, unknown for too few attempts, else ok."""
        if self.chance < ALPHA:
            return "fail" if self.risk > FAIL else "warn"
        return "unknown" if self.noise > TOO_NOISY else "ok"


FAIL = 0.05
"""Risk from which it matters, when it is also beyond chance."""
TOO_NOISY = 0.25
"""Chance beyond which nothing can be told."""

Attack = Callable[["Stack", "Roles", int], "Risk | str"]


def single_columns(whole: Stack, play: Roles, seed: int) -> Risk | str:
    """Guess that a value which one made row alone has, or its smallest or largest, belongs to one person.

    Values that are known from the population are left out: they belong to somebody in any case.
    Returns in words why it cannot be tried, when too few values are unique.
    """
    assert whole.table is not None
    made = distinct(whole, play.made)
    found: list[tuple[Floats, float, str]] = []
    for column in whole.table.columns:
        found += [(c, v, how) for c, v, how in _unique(column, made, play.reference)]
    rng = stream(seed, "guards", "audit single columns")
    found = [found[i] for i in rng.permutation(len(found))[:GUESSES]]
    if len(found) < FEW:
        return f"only {len(found)} values of single columns are unique among the made rows; {FEW} are needed"
    hits, control = (
        np.array([_isolates(c[rows], v, how) for c, v, how in found]) for rows in (play.real, play.control)
    )
    naive = np.array([_isolates(c[play.real], _any(c[play.reference], rng), "=") for c, _, _ in found])
    return _scaled(hits, control, naive, len(play.real) / len(play.control))


def _unique(column: Coded, made: Ints, reference: Ints) -> list[tuple[Floats, float, str]]:
    """Return predicates (cells of all rows, value, sign) that hold for one made row alone and none of `reference`."""
    values = column.values if column.ordered else np.where(column.codes < 0, np.nan, column.codes.astype(np.float64))
    seen, count = np.unique(values[made][~np.isnan(values[made])], return_counts=True)
    alone = np.setdiff1d(seen[count == 1], values[reference])
    out = [(values, float(v), "=") for v in alone]
    if column.ordered and len(seen):
        out += [(values, float(seen[0]), "<"), (values, float(seen[-1]), ">")]
    return out


def _isolates(values: Floats, value: float, how: str) -> bool:
    held = values == value if how == "=" else values <= value if how == "<" else values >= value
    return int(held.sum()) == 1


def _any(values: Floats, rng: np.random.Generator) -> float:
    seen = values[~np.isnan(values)]
    return float(rng.choice(seen)) if len(seen) else math.nan


def _scaled(hits: Ints, control: Ints, naive: Ints, ratio: float) -> Risk:
    """Return the risk of predicates of negligible weight: by chance they hold in proportion to the rows of a side."""
    from scipy.stats import binom

    n, a, c = len(hits), int(hits.sum()), int(control.sum())
    expected = min(1.0, ratio * c / n)
    spread = math.sqrt((a / n * (1 - a / n) + ratio**2 * (c + 1) / n * max(0.0, 1 - c / n)) / n)
    risk = a / n - expected
    chance = float(binom.sf(a - 1, a + c, ratio / (1 + ratio))) if a else 1.0
    return Risk(
        a / n,
        expected,
        float(naive.mean()),
        (max(-1.0, risk - 1.96 * spread), min(1.0, risk + 1.96 * spread)),
        chance,
        n,
    )


def several_columns(whole: Stack, play: Roles, seed: int) -> Risk | str:
    """Guess that what several columns of one made row say together belongs to one person.

    Columns are added at random until the predicate holds for one made row alone and is so narrow that a real row
    fulfils it by chance almost never (Cohen and Nissim 2020, predicate singling out).
    """
    assert whole.table is not None
    made = distinct(whole, play.made)
    rng = stream(seed, "guards", "audit several columns")
    codes = cells(whole.table, play.reference, BINS)
    log_share = _shares(codes, play.reference)
    wanted = math.log(RARE / len(play.real))
    hits, control, naive = [], [], []
    for row in rng.permutation(made)[:GUESSES]:
        chosen = _narrow(codes, made, row, log_share, wanted, rng)
        if chosen is None:
            continue
        held = [(codes[rows][:, chosen] == codes[row, chosen]).all(1).sum() == 1 for rows in (play.real, play.control)]
        hits.append(held[0])
        control.append(held[1])
        other = codes[rng.choice(play.reference, len(chosen)), chosen]
        naive.append((codes[play.real][:, chosen] == other).all(1).sum() == 1)
    if len(hits) < FEW:
        return f"only {len(hits)} made rows can be told from the others by several columns; {FEW} are needed"
    return _scaled(np.array(hits), np.array(control), np.array(naive), len(play.real) / len(play.control))


def _shares(codes: Ints, reference: Ints) -> Floats:
    """Return the log share of each cell's value in its column among `reference`, (rows, columns)."""
    out = np.empty(codes.shape)
    for j in range(codes.shape[1]):
        count = np.bincount(codes[reference, j] + 1, minlength=int(codes[:, j].max()) + 2)
        out[:, j] = np.log((count[codes[:, j] + 1] + 0.5) / (len(reference) + 1))
    return out


def _narrow(
    codes: Ints, made: Ints, row: int, log_share: Floats, wanted: float, rng: np.random.Generator
) -> Ints | None:
    """Return columns by which `row` is alone among the made rows and that are rare together; None if there are none."""
    left, weight, chosen = made, 0.0, []
    for j in rng.permutation(codes.shape[1]):
        chosen.append(j)
        left = left[codes[left, j] == codes[row, j]]
        weight += log_share[row, j]
        if len(left) == 1 and weight < wanted:
            return np.array(chosen)
    return np.array(chosen) if len(left) == 1 else None


def linkability(whole: Stack, play: Roles, seed: int) -> Risk | str:
    """Link two halves of a person's columns, known from two sources, through the made row that both are nearest to.

    The columns are dealt out so that either half identifies as well as it can.
    """
    assert whole.table is not None
    if len(whole.table.columns) < 2:
        return "one column has no two halves"
    rng = stream(seed, "guards", "audit links")
    halves = halves_of(whole.table, play.reference)
    made = rng.permutation(distinct(whole, play.made))
    sides = [rng.permutation(rows)[:TARGETS] for rows in (play.members, play.others)]
    both = np.concatenate(sides)
    found = [nearest(p[both], p[made], LINKS)[1] for p in (whole.places(half) for half in halves)]
    linked = (found[0][:, :, None] == found[1][:, None, :]).any((1, 2))
    naive = min(1.0, LINKS * LINKS / len(made))
    return _differ(linked[: len(sides[0])].astype(float), linked[len(sides[0]) :].astype(float), naive)


def halves_of(table: Table, rows: Ints) -> tuple[list[int], list[int]]:
    """Return two halves of the columns: each goes, the most varied first, to the half that identifies less."""
    codes = cells(table, rows, BINS)[rows]
    order = sorted(range(codes.shape[1]), key=lambda j: (-_entropy(codes[:, j]), j))
    halves: tuple[list[int], list[int]] = ([], [])
    weight = [0.0, 0.0]
    for j in order:
        to = int(weight[1] < weight[0])
        halves[to].append(j)
        weight[to] += _entropy(codes[:, j])
    if not halves[1]:
        halves[1].append(halves[0].pop())
    return halves


def _entropy(codes: Ints) -> float:
    share = np.unique(codes, return_counts=True)[1] / len(codes)
    return float(-(share * np.log(share)).sum())


def secrets_of(table: Table, rows: Ints) -> list[int]:
    """Return the columns that are hardest to guess: as many numbers as categories where there are."""
    codes = cells(table, rows, BINS)[rows]
    varied = sorted(range(codes.shape[1]), key=lambda j: (-_entropy(codes[:, j]), j))
    varied = [j for j in varied if _entropy(codes[:, j]) > 0.1]
    kinds = [[j for j in varied if table.columns[j].ordered is kind] for kind in (True, False)]
    half = SECRETS // 2
    short = [max(0, half - len(k)) for k in kinds]
    return kinds[0][: half + short[1]] + kinds[1][: half + short[0]]


def inference(whole: Stack, play: Roles, seed: int) -> Risk | str:
    """Guess one column of a person from all others, by the made row that is nearest in these."""
    assert whole.table is not None
    table, rng = whole.table, stream(seed, "guards", "audit inference")
    secrets = secrets_of(table, play.reference)
    if len(table.columns) < 2 or not secrets:
        return "no column is left that could be guessed from another"
    sides = [rng.permutation(rows)[:TARGETS] for rows in (play.members, play.others)]
    both, right, naive = np.concatenate(sides), [], []
    for secret in secrets:
        places = whole.places([j for j in range(len(table.columns)) if j != secret])
        guess = play.made[nearest(places[both], places[play.made])[1][:, 0]]
        right.append(_same(table.columns[secret], both, guess, play.reference))
        anyone = rng.choice(play.reference, len(both))
        naive.append(_same(table.columns[secret], both, anyone, play.reference).mean())
    guessed = np.mean(right, axis=0)
    return _differ(guessed[: len(sides[0])], guessed[len(sides[0]) :], float(np.mean(naive)))


def _same(column: Coded, rows: Ints, guess: Ints, reference: Ints) -> Floats:
    """Return 1 where the guessed cell is right: the same level, or a number among the nearest of the true one."""
    level = (column.codes[rows] == column.codes[guess]) & (column.missing[rows] == column.missing[guess])
    if not column.ordered:
        return np.asarray(level.astype(np.float64))
    seen = np.sort(column.values[reference][~np.isnan(column.values[reference])])
    place = [
        (np.searchsorted(seen, x, "left") + np.searchsorted(seen, x, "right")) / max(1, 2 * len(seen))
        for x in (column.values[rows], column.values[guess])
    ]
    near = np.abs(place[0] - place[1]) <= CLOSE / 2
    there = ~np.isnan(column.values[rows]) & ~np.isnan(column.values[guess])
    neither = np.isnan(column.values[rows]) & np.isnan(column.values[guess]) & level
    out: Floats = np.where(there, near, neither).astype(np.float64)
    return out


def _differ(members: Floats, others: Floats, naive: float) -> Risk:
    """Return the risk of two samples of successes, 0..1 each."""
    from scipy.stats import fisher_exact

    n, m = len(members), len(others)
    a, c = float(members.mean()), float(others.mean())
    spread = math.sqrt((members.var() + 0.25 / n) / n + (others.var() + 0.25 / m) / m)
    if set(np.unique(np.concatenate([members, others]))) <= {0.0, 1.0}:
        hit, miss = int(members.sum()), int(others.sum())
        chance = float(fisher_exact([[hit, n - hit], [miss, m - miss]], alternative="greater").pvalue)
    else:
        pooled = math.sqrt(np.concatenate([members, others]).var() * (1 / n + 1 / m))
        chance = 0.5 * math.erfc((a - c) / max(pooled, 1e-12) / math.sqrt(2))
    risk = a - c
    return Risk(a, c, naive, (max(-1.0, risk - 1.96 * spread), min(1.0, risk + 1.96 * spread)), chance, n)


RISKS: dict[str, Attack] = {
    "singling out by one column": single_columns,
    "singling out by several columns": several_columns,
    "linkability": linkability,
    "inference of attributes": inference,
}
