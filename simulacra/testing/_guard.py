"""The rules of the contract of guards."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from simulacra.core.case import Case, Guard
from simulacra.core.report import Finding, Report, View
from simulacra.testing._shared import documented, leaves_the_world_alone, loads_nothing_heavy, require


def fresh_real(rows: int = 600) -> Case:
    """Return a case in which "made" are fresh rows of the source that the real ones came from."""
    from simulacra.core.data import as_dataset
    from simulacra.testing import toys

    made, real, holdout = (as_dataset(toys.people(n, seed)) for n, seed in ((rows, 1), (rows, 2), (rows // 2, 3)))
    return Case(made, real=real, holdout=holdout, target="member", schema=real.schema, seed=5)


def _has_a_name_and_needs(guard: Guard, case: Case) -> None:
    name = getattr(guard, "name", "")
    require(isinstance(name, str) and bool(name), f"{guard!r}: no name; decorate it with core.case.guard")
    known = {f.name for f in dataclasses.fields(Case)}
    needs = getattr(guard, "needs", ())
    require(set(needs) <= known, f"{name}: needs {sorted(set(needs) - known)}, which a Case does not have")
    documented(guard, name)
    loads_nothing_heavy(guard.__module__, name)


def _says_what_it_did_not_test(guard: Guard, case: Case) -> None:
    name: str = guard.name  # type: ignore[attr-defined]
    for absent in guard.needs:  # type: ignore[attr-defined]
        without: dict[str, Any] = {absent: None}
        items = guard(dataclasses.replace(case, **without))
        verdicts = [(i.verdict, i.sentence) for i in items if isinstance(i, Finding)]
        said = bool(verdicts) and all(v == "unknown" and "not tested" in s and absent in s for v, s in verdicts)
        require(said, f"{name}: without {absent} it must say 'not tested' and name {absent}, got {verdicts}")


def _is_silent_on_fresh_data(guard: Guard, case: Case) -> None:
    name: str = guard.name  # type: ignore[attr-defined]
    before = {part: getattr(case, part).frame.clone() for part in ("made", "real", "holdout") if getattr(case, part)}
    calls: list[list[Finding | View]] = []
    leaves_the_world_alone(name, "the guard", lambda: calls.append(guard(case)))
    items, again = calls
    for part, frame in before.items():
        require(getattr(case, part).frame.equals(frame), f"{name}: it changed the table {part}")
    _says_whole_sentences(name, items)
    loud = [f"{i.name}: {i.sentence}" for i in items if isinstance(i, Finding) and i.verdict in ("warn", "fail")]
    require(not loud, f"{name}: it must stay silent on fresh real rows, but says: {'; '.join(loud)}")
    broken = [i.sentence for i in items if isinstance(i, Finding) and "could not be computed" in i.sentence]
    require(not broken, f"{name}: it breaks on an ordinary table: {'; '.join(broken)}")
    first, second = _as_json(name, Report.of(items)), _as_json(name, Report.of(again))
    require(first == second, f"{name}: the same case and seed gave other findings")
    back = _as_json(name, Report.from_dict(json.loads(first)))
    require(back == first, f"{name}: findings and views do not survive a round trip through JSON")


def _says_whole_sentences(name: str, items: list[Finding | View]) -> None:
    require(any(isinstance(i, Finding) for i in items), f"{name}: it says nothing; yield at least one finding")
    for item in items:
        require(isinstance(item, Finding | View), f"{name}: yields {type(item).__name__}, not a Finding or a View")
        require(item.guard == name, f"{name}: an item carries the name {item.guard!r} of another guard")
        if isinstance(item, Finding):
            require(" " in item.sentence.strip(), f"{name}: finding {item.name!r} has no sentence")
        else:
            require(bool(item.title), f"{name}: a view of kind {item.kind!r} has no title")


def _as_json(name: str, report: Report) -> str:
    try:
        return json.dumps(report.to_dict(), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{name}: a finding or view holds what JSON cannot: {error}") from error


RULES: tuple[Callable[[Guard, Case], None], ...] = (
    _has_a_name_and_needs,
    _says_what_it_did_not_test,
    _is_silent_on_fresh_data,
)
"""In the order in which they are checked."""
