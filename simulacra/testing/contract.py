"""The contract that every generator, transform and guard keeps, ours or a stranger's.

Each violation is an AssertionError with one sentence that says which rule was broken and by what. A rule that all must
keep is added here, not in forty test files.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import DataError
from simulacra.testing import _generator, _guard
from simulacra.testing._shared import (
    documented,
    fresh,
    leaves_the_world_alone,
    loads_nothing_heavy,
    must_raise,
    one_sentence,
    refuses_bad_fields,
    require,
    well_described_fields,
)

if TYPE_CHECKING:
    from simulacra.core.case import Case, Guard
    from simulacra.core.generator import Generator
    from simulacra.core.transform import Transform


def check_generator(method: Generator | type[Generator], data: Any = None) -> None:
    """Raise AssertionError with one sentence for the first rule that a generator breaks.

    method: a class or an unfitted object. data: any table to fit on; a toy of 300 rows when None. A method with
    needs_data = False is fitted on the schema of that toy instead when no data are given.
    """
    made = method() if isinstance(method, type) else method
    case = _generator.Trial(made, data)
    for rule in _generator.RULES:
        with one_sentence(case.name, rule):
            rule(case)


def check_transform(method: Transform | type[Transform], data: Any = None) -> None:
    """Raise AssertionError with one sentence for the first rule that a transform breaks.

    method: a class or an object. data: any table; a toy of 300 rows when None.
    """
    from simulacra.core.data import as_dataset
    from simulacra.testing import toys

    step = method() if isinstance(method, type) else method
    name, frame = step.name, as_dataset(toys.people(300) if data is None else data).frame
    require(bool(name), f"{type(step).__name__}: no name; set name = an address such as 'tables/shuffle'")
    documented(type(step), name)
    well_described_fields(type(step), name)
    refuses_bad_fields(type(step), step.params(), name)
    loads_nothing_heavy(type(step).__module__, name)
    kept = frame.clone()
    made = leaves_the_world_alone(name, "apply", lambda: step.apply(frame, seed=7, kind="dataset"))
    require(frame.equals(kept), f"{name}: apply changed the table it was given")
    again = fresh(step).apply(frame, seed=7)
    require(made.frame.equals(again), f"{name}: the same seed gave other rows")
    source = next(iter(made.source.values()), ())
    inside = all(-1 <= int(row) < frame.height for row in source)
    require(len(source) == made.frame.height and inside, f"{name}: source rows must be -1 or a row of the table given")
    require(
        made.lineage.facts.get(name, {}).get("seed") == 7, f"{name}: its step and seed are missing from the lineage"
    )
    must_raise(DataError, lambda: step.apply(frame.clear(), seed=7), f"{name}: apply to a table without rows")


def check_guard(guard: Guard, case: Case | None = None) -> None:
    """Raise AssertionError with one sentence for the first rule that a guard breaks.

    case: real rows and, as `made`, fresh rows of the same source, on which the guard must stay silent; a toy when None.
    """
    fresh_case = _guard.fresh_real() if case is None else dataclasses.replace(case)
    for rule in _guard.RULES:
        with one_sentence(getattr(guard, "name", repr(guard)), rule):
            rule(guard, fresh_case)
