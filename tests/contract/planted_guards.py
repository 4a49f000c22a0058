"""Guards and transforms that keep the contract, and some that break each rule of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.case import Case, guard
from simulacra.core.data import Dataset
from simulacra.core.options import option
from simulacra.core.report import Finding, View
from simulacra.core.transform import Transform

if TYPE_CHECKING:
    import polars as pl

OK = Finding("rows", "number of rows", "ok", "There are as many rows as before.", 1.0)


@guard("rows", needs=("real",))
def rows(case: Case) -> Iterator[Finding | View]:
    """Compare the number of rows of made and real data."""
    yield OK
    yield View("rows", "bars", "Rows of both tables", {"labels": ["rows"], "series": {"made": [len(case.made)]}})


@guard("rows", needs=("real",))
def loud(case: Case) -> Iterator[Finding | View]:
    """Warn always."""
    yield Finding("rows", "number of rows", "warn", "There are rows.")


@guard("rows", needs=("real",))
def broken(case: Case) -> Iterator[Finding | View]:
    """Fail in the middle."""
    yield OK
    yield Finding("rows", "ratio", "ok", "The ratio is fine.", 1 / (len(case.made) - len(case.made)))


@guard("rows", needs=("real",))
def of_another(case: Case) -> Iterator[Finding | View]:
    """Speak in the name of another guard."""
    yield OK
    yield Finding("columns", "number", "ok", "There are columns.")


@guard("rows", needs=("real",))
def not_plain(case: Case) -> Iterator[Finding | View]:
    """Show what JSON cannot hold."""
    yield OK
    yield View("rows", "bars", "Rows", {"labels": ["rows"], "series": {"made": [float("nan")]}})


@guard("rows", needs=("real",))
def wordless(case: Case) -> Iterator[Finding | View]:
    """Give a figure without a sentence."""
    yield Finding("rows", "number of rows", "ok", "ok", 1.0)


@guard("rows", needs=("real",))
def changes_data(case: Case) -> Iterator[Finding | View]:
    """Overwrite a cell."""
    case.made.frame[0, "age"] = 1
    yield OK


@guard("rows", needs=("real",))
def mute(case: Case) -> Iterator[Finding | View]:
    """Say nothing."""
    return iter(())


@guard("rows", needs=("twin",))
def needs_too_much(case: Case) -> Iterator[Finding | View]:
    """Need what no case has."""
    yield OK


def guesses(case: Case) -> list[Finding | View]:
    """Guess where real data are absent."""
    return [OK]


guesses.name, guesses.needs = "rows", ("real",)  # type: ignore[attr-defined]
count = iter(range(10**6))


@guard("rows", needs=("real",))
def counts_calls(case: Case) -> Iterator[Finding | View]:
    """Say another figure every time."""
    yield Finding("rows", "number", "ok", "There were calls.", float(next(count)))


@dataclass
class Half(Transform):
    """Keep a random half of the rows."""

    name = "tables/half"
    share: float = option(0.5, "share of the rows to keep", low=0, high=1)

    def _apply(self, data: Dataset, rng: Any) -> tuple[pl.DataFrame, Any]:
        kept = rng.permutation(len(data))[: int(len(data) * self.share)]
        return data.frame[kept], kept


class Drifts(Half):
    """Keep another half every time."""

    def _apply(self, data: Dataset, rng: Any) -> tuple[pl.DataFrame, Any]:
        import numpy as np

        return super()._apply(data, np.random.default_rng())


class WrongSource(Half):
    """Name rows that are not there."""

    def _apply(self, data: Dataset, rng: Any) -> tuple[pl.DataFrame, Any]:
        frame, kept = super()._apply(data, rng)
        return frame, kept + len(data)


class Overwrites(Half):
    """Change the table that was given."""

    def _apply(self, data: Dataset, rng: Any) -> tuple[pl.DataFrame, Any]:
        data.frame[0, "age"] = 1
        return super()._apply(data, rng)
