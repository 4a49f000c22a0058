"""What tables/private says of its errors: before it spends, from public facts; after, from what the ledger released."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from simulacra.core.accountant import mu_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from simulacra.core.budget import Budget
    from simulacra.parts._marginals_model import Model

    Floats = npt.NDArray[np.float64]

SIZES = (1_000, 10_000, 100_000, 1_000_000)
"""Numbers of rows for which the error is told before anything is known of the table."""
EPSILONS = (0.1, 0.3, 1.0, 3.0, 10.0)
HALF_NORMAL = math.sqrt(2 / math.pi)
SURE = 1.645
"""Standard deviations of a one-sided bound of 95 %."""
CLEAR = 3.0
"""Standard deviations of its noise below which a noisy count says nothing of its cell."""
OUTSIDE = 2.0
"""Standard deviations of its noise that all bins from one end of a bought range must hold to be drawn."""
LOOKED_AT = 14
"""Columns, evenly spread by size, whose sets stand for all in an estimate."""
SHARED = {1: 1.0, 2: 0.33, 3: 0.2}
"""What is left of the noise of a marginal of so many columns, because those of a model share theirs. This and SCATTER
are fitted to made tables of three public data sets (docs/generators/tables/private.md)."""
SCATTER = 0.25
"""Distance of made rows from the model and of the model from links it does not hold, times the root of rows a cell."""
MOST_CELLS = 5000


def estimate(
    sizes: Sequence[int], rho: float, person_rows: int = 1, rows: Iterable[int] = SIZES
) -> list[dict[str, Any]]:
    """Return the error to expect, before anything is spent: {"rows", "1-way", "2-way", "3-way"} a number of rows.

    sizes: codes of each column. rho: what is left for the model, in zCDP. person_rows: most rows of one person. A
    figure is the mean total variation distance between the made table and the real one over all sets of so many
    columns: a part of the noise that marginals have which divide rho evenly, where no cell errs by more than it holds,
    and the scatter of rows among cells. It grows with the cells and falls with rows and epsilon.
    """
    known = sorted(sizes)
    known = known if len(known) <= LOOKED_AT else [known[i * len(known) // LOOKED_AT] for i in range(LOOKED_AT)]
    # As many marginals as there are columns share a third of rho.
    sigma = person_rows * math.sqrt(len(sizes) / (2 * rho / len(SHARED)))
    out = []
    for n in rows:
        row: dict[str, Any] = {"rows": int(n)}
        for ways, part in SHARED.items():
            sets = list(combinations(known, ways))
            if sets:
                noise = part * sum(_noise(math.prod(s), sigma, n) for s in sets) / len(sets)
                scatter = SCATTER * math.sqrt(sum(math.prod(s) for s in sets) / len(sets) / n)
                row[f"{ways}-way"] = round(min(1.0, math.hypot(noise, scatter)), 4)
        out.append(row)
    return out


def curve(sizes: Sequence[int], budget: Budget, part: float, rows: int) -> dict[str, Any]:
    """Return the error to expect of a table against epsilon: {"epsilon": [..], "error": {"1-way": [..], ..}}.

    part: share of the budget that is left for the model. rows: a public or noisy number of rows.
    """
    spots = sorted({*EPSILONS, float(budget.epsilon)})
    errors = []
    for epsilon in spots:
        rho = part * mu_of(epsilon, budget.delta) ** 2 / 2
        errors.append(estimate(sizes, rho, budget.rows, rows=[rows])[0])
    ways = [name for name in errors[0] if name != "rows"]
    return {"epsilon": spots, "error": {name: [e[name] for e in errors] for name in ways}}


def _noise(cells: int, sigma: float, n: int) -> float:
    """Return the expected distance of a marginal by its noise, where cells hold what a Zipf law gives them."""
    import numpy as np

    mass = 1 / np.arange(1, min(cells, MOST_CELLS) + 1)
    return float(0.5 * np.minimum(HALF_NORMAL * sigma / n, 2 * mass / mass.sum()).sum())


def likely(model: Model, bought: Collection[int]) -> dict[int, list[int]]:
    """Return the codes that rows are drawn from, for columns in which some surely hold nothing.

    Missing is left out where its noisy count is not clear; so are the outermost bins of bought ranges, which end at
    powers of two. bought: the columns of such ranges.
    """
    import numpy as np

    out = {}
    singles = {m.columns[0]: m for m in model.measured if len(m.columns) == 1}
    for column, (size, levels) in enumerate(zip(model.sizes, model.levels, strict=True)):
        seen = singles[column]
        # What is known of a level that was counted with other rare ones is its share of them.
        count = np.asarray(seen.counts)[levels.to] * levels.share
        kept = np.ones(size, bool)
        if size > 1:
            kept[-1] = count[-1] >= CLEAR * seen.sigma
        if column in bought:
            least = OUTSIDE * seen.sigma * np.sqrt(np.arange(1, size))
            kept[:-1] &= (np.cumsum(count[:-1]) >= least) & (np.cumsum(count[-2::-1]) >= least)[::-1]
        if not kept.all() and kept.any():
            out[column] = np.flatnonzero(kept).tolist()
    return out


def errors(model: Model, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each measured marginal, the largest bound first.

    columns: their names. bound: total variation between made rows and the real ones in this marginal, 0..1, exceeded
    with a chance of at most 5 %, from its noisy counts. independent: the same bound for columns that are
    drawn by themselves. cells; noise cells: those whose noisy count is within 3 standard deviations of none; noise
    only: all of them are. Levels too rare to be told apart count as one cell.
    """
    import numpy as np

    out = []
    total = max(1.0, float(model.total))
    alone = [_grouped(model, (i,)) for i in range(len(names))]
    for measured in model.measured:
        noisy, columns, sigma = np.asarray(measured.counts, float).ravel(), measured.columns, measured.sigma
        cells = len(noisy)
        noise = sigma * (cells * HALF_NORMAL + SURE * math.sqrt(cells * (1 - HALF_NORMAL**2)))
        made = _grouped(model, columns)
        plain = _product([alone[c] for c in columns])
        unsure = int((noisy < CLEAR * sigma).sum())
        out.append(
            {
                "columns": [names[c] for c in columns],
                "bound": _bound(made, noisy, noise, total),
                "independent": _bound(plain, noisy, noise, total),
                "cells": cells,
                "noise cells": unsure,
                "noise only": unsure == cells,
            }
        )
    return sorted(out, key=lambda row: -row["bound"])


def _grouped(model: Model, columns: Sequence[int]) -> Floats:
    """Return the model's marginal over groups of levels, as it was measured, flat."""
    import numpy as np

    table = np.asarray(model.marginal(columns), float)
    for axis, column in enumerate(columns):
        to = model.levels[column].to
        out = np.zeros([model.levels[column].groups if a == axis else size for a, size in enumerate(table.shape)])
        np.add.at(np.moveaxis(out, axis, 0), to, np.moveaxis(table, axis, 0))
        table = out
    return table.ravel()


def _bound(made: Floats, noisy: Floats, noise: float, total: float) -> float:
    """Return a bound by way of the noisy counts: the distance to them, and theirs to the real ones."""
    import numpy as np

    return round(min(1.0, float(0.5 * (np.abs(made * total - noisy).sum() + noise) / total)), 4)


def _product(parts: list[Floats]) -> Floats:
    import numpy as np

    out = np.ones(1)
    for part in parts:
        out = np.outer(out, part).ravel()
    return out
