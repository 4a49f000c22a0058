"""Case and guard: what a guard may look at, and the wrapper that says "not tested" when something is absent."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulacra.core.advice import made_for
from simulacra.core.budget import Budget
from simulacra.core.data import Dataset
from simulacra.core.lineage import Lineage
from simulacra.core.report import Finding, View
from simulacra.core.schema import Schema


@dataclass(frozen=True)
class Case:
    """Everything a check is about; what is absent is None.

    made: synthetic data. real: what it was learned from. holdout: real data it never saw. deployed: what the user
    meets later. target: column to predict. schema: facts of the real data. model: the fitted method. labels: ground
    truth beside the data. ledger: privacy spent. seed: of every random step of the guards. facts: what the method
    says about itself.
    """

    made: Dataset
    real: Dataset | None = None
    holdout: Dataset | None = None
    deployed: Dataset | None = None
    target: str | None = None
    schema: Schema | None = None
    model: Any = None
    labels: Dataset | None = None
    ledger: Budget | None = None
    lineage: Lineage | None = None
    seed: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


Items = Iterable[Finding | View]
Guard = Callable[[Case], list[Finding | View]]


def guard(
    name: str, needs: tuple[str, ...] = (), concerns: Callable[[Case], bool] | None = None
) -> Callable[[Callable[[Case], Items]], Guard]:
    """Turn a function of a case into a guard.

    needs: fields of Case it cannot do without; when one is absent the guard says "not tested" in place of guessing.
    concerns: whether a case holds what the guard is about; where it does not, a check by all guards leaves it out.
    The function may yield findings one by one: what it yielded before an unexpected error is kept.
    """

    def wrap(function: Callable[[Case], Items]) -> Guard:
        @functools.wraps(function)
        def run(case: Case) -> list[Finding | View]:
            absent = [n for n in needs if getattr(case, n) is None]
            if absent:
                return [not_tested(name, name, f"needs {' and '.join(absent)}")]
            found = guarded(name, name, lambda: function(case))
            return [made_for(i, case.made.lineage) if isinstance(i, Finding) else i for i in found]

        run.name = name  # type: ignore[attr-defined]
        run.needs = needs  # type: ignore[attr-defined]
        run.concerns = concerns  # type: ignore[attr-defined]
        return run

    return wrap


def guarded(guard: str, name: str, measure: Callable[[], Items]) -> Iterator[Finding | View]:
    """Yield what `measure` yields; an unexpected error becomes one unknown finding, so that the report survives."""
    try:
        yield from measure()
    except Exception as error:
        # A metric of a foreign or rare table may fail in ways nobody foresaw; the other findings must still be seen.
        yield Finding(
            guard,
            name,
            "unknown",
            f"{name} could not be computed: {type(error).__name__}: {error}",
            advice="please report this",
        )


def not_tested(guard: str, name: str, why: str) -> Finding:
    """Return the finding for something that was not tested."""
    return Finding(guard, name, "unknown", f"not tested: {why}")
