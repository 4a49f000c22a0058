"""The audit: attacks on made rows and on the method that made them, each with controls on the user's own table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.budget import Budget
from simulacra.core.case import Case, guarded, not_tested
from simulacra.core.data import Dataset
from simulacra.core.errors import DataError
from simulacra.core.infer_images import columns_of
from simulacra.core.lineage import keyed_hash, versions
from simulacra.core.options import whole
from simulacra.core.progress import quiet, task
from simulacra.core.report import Finding, Report, View
from simulacra.core.schema import Schema
from simulacra.engine._audit_model import Subject, subject_of
from simulacra.engine._trial_journal import Journal
from simulacra.engine.inputs import align, is_path, require, schema_of, take

if TYPE_CHECKING:
    from simulacra.core.generator import Generator

ABSENT = "the attacks need --real and --holdout: the rows that were learned from, and rows that never were"


@dataclass(frozen=True)
class Sides:
    """What is audited: the made rows, the real ones, the holdout, and the column that says whose row it is."""

    made: Dataset
    real: Dataset | None
    holdout: Dataset | None
    person: str | None


def audit(
    made: Any,
    *,
    model: Generator | str | Path | None = None,
    real: Any = None,
    holdout: Any = None,
    person: str | None = None,
    shadows: int | None = None,
    schema: Schema | str | Path | None = None,
    seed: int = 0,
    na: Iterable[str] = (),
    size: int | None = None,
    mode: str | None = None,
    journal: str | Path | None = None,
) -> Report:
    """Attack made rows and their method, and say for each attack what it tells and whether it works on this table.

    made: a frame, a Dataset, a file, or an output folder. model: what made them, a method, a saved model, an output
    folder, a recipe or an address; an output folder brings its own recipe. real: the rows they were learned from.
    holdout: real rows drawn alike that were not, at least 200. person: the column that says whose row it is; unless
    given, that of the recipe or the budget. shadows: fits for the attack by shadow models, None for as many of 32 as
    2 minutes allow, 0 for none. schema: facts of the real data. seed: of every random step; the same seed and shadows
    give the same findings, but for private noise. na, size, mode: as for check. journal: a file that keeps finished
    fits; the caller removes it.
    Raises DataError for tables whose columns differ or that share persons, ConfigError for an unknown model or column.
    """
    seed = whole(seed, "seed")
    shadows = shadows if shadows is None else whole(shadows, "shadows", 0)
    facts = schema_of(schema)
    subject = subject_of(model, made, facts)
    person = person or (subject.person if subject is not None else None)
    sides = _taken(made, real, holdout, person, {"na": tuple(na), "size": size, "mode": mode})
    case = _case(sides, subject, facts, seed)
    mark = Journal(journal, _identity(sides, subject, seed), "an audit")
    items: list[Finding | View] = []
    with task("audit", total=6) as step:
        items += guarded("audit", "claim", lambda: _claimed(case, subject))
        step(1, "attacks")
        items += _attacks(case, sides, subject, shadows, mark, step)
    return Report.of(items, _meta(case, made, subject))


def _taken(made: Any, real: Any, holdout: Any, person: str | None, reading: dict[str, Any]) -> Sides:
    given = {"made": made, "real": real, "holdout": holdout}
    tables = {name: take(source, **reading) for name, source in given.items() if source is not None}
    for name, data in tables.items():
        if len(data) == 0:
            raise DataError(f"{name}: the table has a header but no rows; an audit needs at least one")
    first = next((name for name in ("real", "holdout") if name in tables), None)
    if first is not None:
        tables = {n: d if n == first else align(d, tables[first], n, first) for n, d in tables.items()}
        require(person, tables[first].columns, "person")
    if person is not None and "real" in tables and "holdout" in tables:
        both = tables["real"].frame[person].drop_nulls().is_in(tables["holdout"].frame[person].drop_nulls().implode())
        if both.any():
            raise DataError(
                f"person: {int(both.sum()):,} rows of real belong to values of {person!r} that are in holdout too, so "
                "that these are no control; give a holdout of other persons"
            )
    return Sides(tables["made"], tables.get("real"), tables.get("holdout"), person)


def _case(sides: Sides, subject: Subject | None, schema: Schema | None, seed: int) -> Case:
    model = None if subject is None else subject.fitted
    lineage = sides.made.lineage
    facts = lineage.facts if "ledger" in lineage.facts or model is None else model.lineage_.facts
    ledger = facts.get("ledger")
    return Case(
        made=sides.made,
        real=sides.real,
        holdout=sides.holdout,
        schema=schema or (sides.real or sides.holdout or sides.made).schema,
        model=model,
        ledger=Budget.from_dict(ledger) if ledger else None,
        lineage=lineage,
        seed=seed,
        facts=dict(facts),
    )


def _identity(sides: Sides, subject: Subject | None, seed: int) -> Any:
    tables = [d for d in (sides.made, sides.real, sides.holdout) if d is not None]
    method = None if subject is None else (subject.name, subject.method.params(), subject.seed)
    return versions(), seed, sides.person, method, [keyed_hash(d.frame) for d in tables]


def _claimed(case: Case, subject: Subject | None) -> Iterator[Finding | View]:
    """Yield the claim, its ledger, and lower bounds of epsilon on tables where the method must work hardest."""
    from simulacra.engine._audit_dp import lower_bounds
    from simulacra.guards.claim import claim

    if case.ledger is None:
        yield not_tested("audit", "claim", "no differential privacy is claimed for these rows, so there is no ledger")
        return
    yield from claim(case)
    with quiet():
        yield from lower_bounds(case.ledger, None if subject is None else subject.method)


def _attacks(
    case: Case, sides: Sides, subject: Subject | None, shadows: int | None, journal: Journal, step: Any
) -> Iterator[Finding | View]:
    from simulacra.engine import _audit_images, _audit_tables
    from simulacra.guards import _frames

    if case.real is None or case.holdout is None:
        yield not_tested("audit", "attacks", ABSENT)
        return
    with _frames.one_thread():
        if columns_of(case.real.frame):
            yield from _audit_images.attacks(case, subject, shadows, journal, step)
        else:
            yield from _audit_tables.attacks(case, sides.person, subject, shadows, journal, step)


def _meta(case: Case, made: Any, subject: Subject | None) -> dict[str, Any]:
    """Return what the report says about itself: sizes, method and seed."""
    known = (("made", case.made), ("real", case.real), ("holdout", case.holdout))
    return {
        "title": f"Audit: {Path(made).name if is_path(made) else 'made rows'}",
        "about": "Attacks on made rows, each with controls on the same table. Figures, no rows; not for release.",
        **{f"{name} rows": len(data) for name, data in known if data is not None},
        **({"method": subject.name} if subject is not None else {}),
        "check seed": case.seed,
    }
