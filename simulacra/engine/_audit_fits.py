"""Whole fits on a pair of tables that their method finds hardest to keep apart, and what all their releases tell.

The noise object of a budget sees every release of a fit, whatever the method does between them. So the auditor knows
what each release counts on the smaller and on the larger table, and adds up what the noisy counts of a fit say for one
against the other: no test of anything that is made from them tells more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core import accountant
from simulacra.core.noise import Noise
from simulacra.engine._audit_bounds import GDP, ZCDP, Errors
from simulacra.engine._audit_pairs import Make, Outcome, units_for

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.budget import Budget

    Ints = npt.NDArray[np.int64]

LEVELS = 12
"""Levels of each column; whether units are added is decided for each, so that a fit is as many runs."""
LOOKS = 3
"""Fits of each table that show what their releases count."""
BASE = 25
"""Rows of a level for each that may be added: enough that the noise hides no level, else a method measures less."""


@dataclass(frozen=True)
class Seen:
    """One noisy release: what it was about, the exact and the noisy counts, and the deviation of the noise."""

    what: str
    exact: Ints
    noisy: Ints
    scale: float


class Watching(Noise):
    """Noise as another object draws it, with a note of every release; the scale noted is the one that was charged."""

    def __init__(self, inner: Noise) -> None:
        self._inner = inner
        self.private = inner.private  # type: ignore[misc]
        self.notes: list[tuple[Ints, Ints, float]] = []

    def gaussian(self, counts: Ints, scale: float, sensitivity: float) -> Ints:
        """Return the noisy counts of the other object."""
        noisy = self._inner.gaussian(counts, scale, sensitivity)
        self.notes.append((counts.copy(), noisy.copy(), scale))
        return noisy

    def largest(self, scores: Ints, scale: float, sensitivity: int) -> int:
        """Return the choice of the other object."""
        return self._inner.largest(scores, scale, sensitivity)

    def ready(self) -> None:
        """Make the other object ready."""
        self._inner.ready()

    def seed(self) -> int:
        """Return the bits of the other object."""
        return self._inner.seed()


Fit = Callable[["pl.DataFrame", "Budget"], Any]


def fits(make: Make, fit: Fit, runs: int, *, name: str = "whole fit", seed: int = 0) -> Outcome:
    """Fit a method again and again on tables in which each of LEVELS levels has units added or not, by lot.

    make: a fresh Budget. fit: fits a method on a table under a budget. runs: levels looked at over all fits. seed: of
    the lots; the noise has none. Reference: Steinke, Nasr and Jagielski (2023), Privacy auditing with one training run.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    budget, _ = _watched(make, fit, table(np.zeros(LEVELS, bool), 1, make()))
    ledger = budget.to_dict()
    form = GDP if ledger["gaussian_only"] else ZCDP
    units = units_for(form, accountant.rho_of(budget.epsilon, budget.delta))
    looks = [table(np.full(LEVELS, added), units, budget) for added in (False, True)]
    known = _known([[_watched(make, fit, t)[1] for _ in range(LOOKS)] for t in looks])
    told: list[list[float]] = [[], []]
    for _ in range(-(-runs // LEVELS)):
        added = rng.random(LEVELS) < 0.5
        budget, seen = _watched(make, fit, table(added, units, budget))
        ratios = sum((_ratios(s, known) for s in seen), np.zeros(LEVELS))
        told[0] += ratios[~added].tolist()
        told[1] += ratios[added].tolist()
    delta = budget.delta - float(ledger["set_aside"])
    return Outcome(name, form, Errors.of(*map(np.array, told)), budget.spent[0], delta, units)


def table(added: npt.NDArray[np.bool_], units: int, budget: Budget) -> pl.DataFrame:
    """Return three columns that say the same: rows of each level, each of a unit of its own, and units where `added`.

    Each of these has three times as many rows as may be used, all of them the same.
    """
    import numpy as np
    import polars as pl

    each = 3 * budget.rows if budget.person is not None else 1
    base = BASE * units * budget.rows
    rows = np.where(added, base + units * each, base)
    level = np.repeat(np.arange(LEVELS), rows)
    text = pl.Series([f"l{i:02d}" for i in range(LEVELS)]).gather(level)
    frame = pl.DataFrame(dict.fromkeys(("first", "second", "third"), text))
    if budget.person is None:
        return frame
    # The first rows of a level are persons of one row each, those added of `each`.
    place = np.concatenate([np.arange(n) for n in rows])
    of_level = np.where(place < base, place, base + (place - base) // each)
    return frame.with_columns(pl.Series(budget.person, level * 10**9 + of_level))


def _watched(make: Make, fit: Fit, rows: pl.DataFrame) -> tuple[Budget, list[Seen]]:
    """Return the budget of one fit and its noisy counts."""
    given = make()
    noise = Watching(given.noise)
    budget = dataclasses.replace(given, noise=noise, public=[], entries=[])
    fit(rows, budget)
    names = [e.what for e in budget.entries if e.mechanism == accountant.GAUSSIAN]
    return budget, [Seen(what, *note) for what, note in zip(names, noise.notes, strict=True)]


def _known(looks: list[list[list[Seen]]]) -> dict[tuple[str, int], tuple[Ints, Ints]]:
    """Return, for every release that counts the same in each fit of a table, what it counts on the two tables."""
    sides: list[dict[tuple[str, int], list[Ints]]] = [{}, {}]
    for side, runs in zip(sides, looks, strict=True):
        for seen in runs:
            for s in seen:
                side.setdefault((s.what, len(s.exact)), []).append(s.exact)
    out = {}
    for key in sides[0].keys() & sides[1].keys():
        pair = [side[key] for side in sides]
        if all(len({e.tobytes() for e in found}) == 1 for found in pair):
            out[key] = (pair[0][0], pair[1][0])
    return out


def _ratios(seen: Seen, known: dict[tuple[str, int], tuple[Ints, Ints]]) -> npt.NDArray[np.float64]:
    """Return the log-likelihood ratio of each level by one release, 0 where its counts are not known beforehand.

    Levels lie in a release in their order; one in which as many cells change tells of each by a cell of its own.
    """
    import numpy as np

    without, within = known.get((seen.what, len(seen.exact)), (seen.exact, seen.exact))
    cells = np.flatnonzero(within != without)
    if len(cells) != LEVELS:
        return np.zeros(LEVELS)
    change = (within - without)[cells].astype(float)
    out: npt.NDArray[np.float64] = (seen.noisy[cells] - (within + without)[cells] / 2) * change / seen.scale**2
    return out
