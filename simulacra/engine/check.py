"""Check: run the guards over a case and gather their findings in a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from simulacra.core import registry
from simulacra.core.budget import Budget
from simulacra.core.case import Case, guarded
from simulacra.core.errors import ConfigError, DataError, near
from simulacra.core.lineage import Lineage
from simulacra.core.progress import task
from simulacra.core.report import Finding, Report, View
from simulacra.core.schema import Schema
from simulacra.engine.inputs import align, is_path, require, schema_of, take
from simulacra.parts.curves import training


def check(
    made: Any,
    *,
    real: Any = None,
    holdout: Any = None,
    new: Any = None,
    target: str | None = None,
    schema: Schema | str | Path | None = None,
    only: Iterable[str] | None = None,
    seed: int = 0,
    na: Iterable[str] = (),
    size: int | None = None,
    mode: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Report:
    """Judge made rows beside real ones, with one verdict that is the gravest of all findings.

    made, real, holdout, new: a frame, a Dataset, a file, or an output folder. real: what the rows were learned from.
    holdout: real rows the method never saw. new: rows met later. target: column to predict. schema: facts of the real
    data. only: guards to run, None for all. seed: of every random step. na: texts that count as missing in text files.
    size, mode: of images that are read (io.images.read).
    facts: what the method says about itself. What is absent is reported as not tested.
    Raises DataError for tables whose columns differ, ConfigError for an unknown guard or target.
    """
    guards = chosen(only)
    schema = schema_of(schema)
    given = {"real": real, "holdout": holdout, "new": new}
    tables = {name: take(source, na=na, size=size, mode=mode) for name, source in given.items() if source is not None}
    rows = take(made, na=na, size=size, mode=mode)
    for name, data in {"made": rows, **tables}.items():
        if len(data) == 0:
            raise DataError(f"{name}: the table has a header but no rows; a check needs at least one")
    if tables:
        first, like = next(iter(tables.items()))
        tables = {name: data if name == first else align(data, like, name, first) for name, data in tables.items()}
        rows = align(rows, like, "made", first)
    require(target, rows.columns, "target")
    case = Case(
        made=rows,
        real=tables.get("real"),
        holdout=tables.get("holdout"),
        deployed=tables.get("new"),
        target=target,
        schema=schema or tables.get("real", tables.get("holdout", rows)).schema,
        ledger=ledger_of(rows.lineage),
        lineage=rows.lineage,
        seed=seed,
        facts=dict(facts or rows.lineage.facts),
    )
    return judge(case, guards, {"title": Path(made).name} if is_path(made) else None)


def ledger_of(lineage: Lineage) -> Budget | None:
    """Return the privacy ledger that made rows carry, None when there is none. Raises BudgetError for a damaged one."""
    known = lineage.facts.get("ledger")
    return Budget.from_dict(known) if isinstance(known, Mapping) else None


def chosen(only: Iterable[str] | None) -> list[str]:
    """Return the guards to run. Raises ConfigError with near misses for an unknown one."""
    known = registry.names("guards")
    given = [only] if isinstance(only, str) else list(only or known)
    for name in given:
        if name not in known:
            raise ConfigError(f"unknown guard {name!r}.{near(name, known)}")
    return given


def judge(
    case: Case, guards: Iterable[str], meta: Mapping[str, Any] | None = None, more: Iterable[Finding | View] = ()
) -> Report:
    """Run guards over a case; one that breaks becomes one unknown finding, and the others are still heard.

    more: what the engine itself has to say, before the guards.
    """
    guards = list(guards)
    if guards == registry.names("guards"):
        guards = [name for name in guards if concerned(name, case)]
    items: list[Any] = list(more)
    with task("check", total=len(guards)) as step:
        for name in guards:
            items += guarded(name, name, lambda name=name: registry.load(name, "guards")(case))  # type: ignore[misc]
            step(1, name)
    items += guarded("privacy", "by design", lambda: _cautions(case))
    items += guarded("training", "training", lambda: training(case.facts, getattr(case.model, "curves_", {})))
    return Report.of(items, {**_meta(case), **(meta or {})})


def concerned(name: str, case: Case) -> bool:
    """Return whether a case holds what a guard is about; a guard that does not say so is heard on every case."""
    try:
        concerns = getattr(registry.load(name, "guards"), "concerns", None)
        return concerns is None or bool(concerns(case))
    except Exception:
        # What is wrong with a guard is said when it runs.
        return True


def _cautions(case: Case) -> Iterator[Finding]:
    """Yield what a method says of its own rows that no figure of one run can show."""
    said = case.facts.get("caution")
    if said:
        yield Finding("privacy", "by design", "warn", str(said), advice="share rows of another method, if any")


def _meta(case: Case) -> dict[str, Any]:
    """Return what the report says about itself: sizes and seeds, never a clock time or a path."""
    counts = {
        f"{name} rows": len(data)
        for name, data in (("made", case.made), ("real", case.real), ("holdout", case.holdout), ("new", case.deployed))
        if data is not None
    }
    target = {"target": case.target} if case.target else {}
    line = {"lineage": _line(case.lineage)} if case.lineage and case.lineage.made_by else {}
    facts = {"facts": dict(case.facts)} if case.facts else {}
    return {**counts, "columns": len(case.made.columns), **target, "check seed": case.seed, **facts, **line}


def _line(lineage: Lineage) -> dict[str, Any]:
    return {name: value for name, value in lineage.to_dict().items() if name != "facts"}
