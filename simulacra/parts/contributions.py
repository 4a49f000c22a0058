"""What networks under a privacy budget ask of rows before they learn: whose they are, and how many of each are used."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import ConfigError, DataError
from simulacra.parts._domain_cells import texts
from simulacra.parts.bounded import bounded

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset

SURELY = 4.0
"""Deviations of the noise above which a count is no chance."""


def refuse_start(method: Any) -> None:
    """Raise ConfigError for a setting that looks at rows the budget does not pay for."""
    if method.start is not None:
        raise ConfigError(
            f"{method.name}: start cannot be used under a privacy budget, because the rows that model learned from are "
            "not in its ledger; leave start out"
        )


def own(data: Dataset, budget: Budget, rng: np.random.Generator) -> Dataset:
    """Return the rows that are used: at most `budget.rows` of each person, chosen in secret.

    Raises DataError for a table without rows, and for rows of nobody.
    """
    if len(data) == 0:
        raise DataError("the table has a header but no rows; fit needs at least one")
    if budget.person is None:
        return data
    frame = bounded(data.frame, budget.person, budget.rows, None if budget.private else rng.bytes(32))
    return dataclasses.replace(data, frames={next(iter(data.frames)): frame})


def units(frame: pl.DataFrame, budget: Budget) -> npt.NDArray[np.int64]:
    """Return the unit of privacy (rows,) of each row, 0 .. ."""
    if budget.person is None:
        return np.arange(frame.height)
    who = texts(frame[budget.person])
    return who.rank("dense").to_numpy().astype(np.int64) - 1
