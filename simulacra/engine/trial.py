"""The rare-class trial: does it help to add made rows of a rare class, against simple arms with the same budget?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.data import Dataset
from simulacra.core.errors import ConfigError, DataError, near
from simulacra.core.lineage import keyed_hash, versions
from simulacra.core.options import whole
from simulacra.core.report import Finding, Report, View
from simulacra.engine._trial_journal import Journal
from simulacra.engine.inputs import align, is_path, require, schema_of, take

if TYPE_CHECKING:
    from simulacra.core.generator import Generator
    from simulacra.core.schema import Schema
    from simulacra.engine._trial_arms import Plan
    from simulacra.engine._trial_learn import Learner
    from simulacra.engine._trial_run import Tables, Work
    from simulacra.engine._trial_task import Draws, Task

LEAST = 3
"""Fewest draws: below, nothing is known about their spread."""
COPIES = (
    "MADE needs --holdout: its rows were learned from all real rows, so none of these is new to it and fit to test on. "
    "Give real rows that the method never saw, or name methods (--methods), which are fitted anew in each draw"
)


def trial(
    real: Any,
    made: Any = None,
    *,
    target: str,
    holdout: Any = None,
    methods: Iterable[str | Generator] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    positive: str | None = None,
    rare: int | None = None,
    fill: float = 1.0,
    seeds: int = 10,
    seed: int = 0,
    arms: Iterable[str] | None = None,
    learner: str | None = None,
    steps: int = 150,
    specificity: float = 0.9,
    measure: str | None = None,
    schema: Schema | str | Path | None = None,
    na: Iterable[str] = (),
    size: int | None = None,
    mode: str | None = None,
    journal: str | Path | None = None,
) -> Report:
    """Train the same learner on several mixes of real and made rows, and say which arm helps, hurts or shows nothing.

    real: real rows, a frame, a Dataset or a file; images are a column of arrays. made: rows made before, as one more
    arm; needs holdout. target: the column to predict. holdout: real rows to test on; without it 25 % are split off
    anew in each draw. methods: addresses or unfitted generators, each fitted in every draw on its training rows.
    settings: address -> field -> value. positive: the rare class (several with commas), or for a number a range such
    as ">60"; the smallest class or the longer tail unless given. rare: rows of each rare class that a draw trains on.
    fill: rare classes are brought to this many times the largest class, above 0 to 1. seeds: draws, 3 at least, 10 for
    a firm answer. seed: of every random step. arms: names of arms to run, all unless given. learner: "trees", "linear"
    or, for images, "network". steps: updates of the network, 64 rows each. specificity: at which recall is measured,
    0..1. measure: that decides the verdicts. schema: facts of the real data. na: texts that mean a missing cell. size,
    mode: of images that are read (io.images.read). journal: a file that keeps what is finished, so that the same call
    goes on after a stop; the caller removes it.
    Raises ConfigError, DataError for a request that cannot be met.
    """
    from simulacra.engine import _trial_arms
    from simulacra.engine._trial_run import Work

    seeds = whole(seeds, "seeds", LEAST)
    seed = whole(seed, "seed")
    reading = {"na": tuple(na), "size": size, "mode": mode}
    rows = _rows(real, made, holdout, target, schema_of(schema), reading)
    problem, image = _task(rows.real, target, positive)
    how = _learner(learner, image, problem, steps, specificity)
    draws = _draws(rows, problem, rare, fill, seed)
    known = _methods(methods, settings or {}, target)
    plans = _chosen(_trial_arms.plans(problem, image, known, rows.made), arms)
    measure = _measure(measure, problem, how)
    identity = (
        versions(), problem, draws.codes.tobytes(), rare, fill, seed, how, [p.arm.name for p in plans],
        [(m.name, m.params()) for m in known], *(keyed_hash(d.frame) for d in rows.given()),
    )  # fmt: skip
    return _report(Work(rows, problem, draws, how, plans, fill, Journal(journal, identity)), real, seeds, measure)


def _report(work: Work, real: Any, seeds: int, measure: str) -> Report:
    from simulacra.guards import _trial, _trial_views
    from simulacra.guards._frames import one_thread

    with one_thread():
        work.run(seeds)
    outcome = work.outcome(seeds, measure)
    found: list[Finding | View] = [*_trial.findings(outcome), *_trial_views.views(outcome)]
    return Report.of(found, _meta(real, work.rows, work, seeds, _trial.answer(outcome)))


def _rows(real: Any, made: Any, holdout: Any, target: str, schema: Schema | None, reading: Mapping[str, Any]) -> Tables:
    """Return the tables with a target in every row. Raises ConfigError, DataError."""
    import polars as pl

    from simulacra.engine._trial_run import Tables

    if made is not None and holdout is None:
        raise ConfigError(COPIES)
    first = take(real, schema=schema, **reading)
    if len(first) == 0:
        raise DataError("real: the table has a header but no rows; a trial needs rows of at least two classes")
    require(target, first.columns, "target")
    sides = {"holdout": holdout, "made": made}
    others = {
        name: align(take(source, **reading), first, name, "real")
        for name, source in sides.items()
        if source is not None
    }
    first = dataclasses.replace(first, given_schema=first.schema)

    def told(data: Dataset) -> Dataset:
        there = pl.col(target).is_not_null()
        if data.frame[target].dtype.is_float():
            there = there & pl.col(target).is_not_nan()
        return dataclasses.replace(data, frames={"table": data.frame.filter(there)}, given_schema=first.schema)

    done = {name: told(data) for name, data in others.items()}
    made_rows = done["made"].frame if "made" in done else None
    return Tables(told(first), done.get("holdout"), made_rows, schema is not None)


def _task(real: Dataset, target: str, positive: str | None) -> tuple[Task, bool]:
    from simulacra.core.infer_images import columns_of
    from simulacra.engine import _trial_task
    from simulacra.guards._frames import judged

    image = bool(columns_of(real.frame))
    if not image and all(c.name == target for c in judged(real.schema.columns)):
        raise DataError(
            f"beside target {target!r} no column holds numbers, times or categories to predict it from "
            f"(columns: {', '.join(real.columns)}); ids, names and free text say nothing of other rows"
        )
    return _trial_task.read(real.frame, real.schema, target, positive), image


def _learner(learner: str | None, image: bool, problem: Task, steps: int, specificity: float) -> Learner:
    from simulacra.engine._trial_learn import Learner

    allowed = ("network",) if image else ("trees", "linear")
    kind = allowed[0] if learner is None else learner
    if kind not in allowed:
        raise ConfigError(f"learner {kind!r} is not for {'images' if image else 'tables'}.{near(kind, allowed)}")
    if image and problem.number:
        raise ConfigError(f"target {problem.target!r} is a number; a trial of images predicts classes")
    if not 0 < specificity < 1:
        raise ConfigError(f"specificity must lie between 0 and 1, got {specificity!r}")
    return Learner(kind, whole(steps, "steps", 1), specificity=specificity)


def _draws(rows: Tables, problem: Task, rare: int | None, fill: float, seed: int) -> Draws:
    from simulacra.engine._trial_task import Draws

    if rare is not None:
        rare = whole(rare, "rare", 2)
        if rows.made is not None:
            raise ConfigError(
                "rare: MADE was learned from all real rows, so no draw may take fewer of them; leave --rare out, or "
                "name methods (--methods), which are fitted anew in each draw"
            )
    if not 0 < fill <= 1:
        raise ConfigError(f"fill must be above 0 and at most 1, got {fill!r}")
    held = rows.holdout
    draws = Draws(problem, problem.codes(rows.real.frame), rare, held is None, rows.made is not None, seed)
    draws.check(None if held is None else problem.codes(held.frame))
    draws.refuse_balanced(fill)
    return draws


def _methods(
    methods: Iterable[str | Generator], settings: Mapping[str, Mapping[str, Any]], target: str
) -> Sequence[Generator]:
    """Return the methods with their settings. Raises ConfigError for settings of a method that is not among them."""
    from simulacra.engine._trial_arms import method_of

    out = [method_of(m, target, settings) for m in ([methods] if isinstance(methods, str) else methods)]
    names = [m.name for m in out]
    for name in settings:
        if name not in names:
            raise ConfigError(f"settings for {name!r}, which is not among the methods.{near(name, names)}")
    return out


def _chosen(plans: list[Plan], arms: Iterable[str] | None) -> list[Plan]:
    """Return the plans to run: those named and what they are held against."""
    if arms is None:
        return plans
    known = {p.arm.name: p for p in plans}
    wanted = [arms] if isinstance(arms, str) else list(arms)
    for name in wanted:
        if name not in known:
            raise ConfigError(f"unknown arm {name!r}.{near(name, known)}")
    kept = {"real", *wanted, *(known[name].arm.against for name in wanted)}
    return [p for p in plans if p.arm.name in kept]


def _measure(measure: str | None, problem: Task, learner: Learner) -> str:
    from simulacra.engine._trial_learn import ERROR, MEASURES, at

    recall = at(learner)
    words = {"recall": recall, **{m: m for m in (*MEASURES[:2], recall)}}
    words |= {ERROR: ERROR, "mean absolute error": "mean absolute error"} if problem.number else {}
    if measure is None:
        return ERROR if problem.number else MEASURES[0]
    found = {w.lower(): m for w, m in words.items()}.get(measure.lower())
    if found is None:
        raise ConfigError(f"unknown measure {measure!r}.{near(measure, words)}")
    return found


def _meta(real: Any, rows: Tables, work: Work, seeds: int, answer: str) -> dict[str, Any]:
    """Return what the report says about itself."""
    target = rows.real.frame[work.task.target]
    rare = ", ".join(work.task.labels[k] for k in work.task.rare)
    return {
        "title": f"Trial: {Path(real).name if is_path(real) else 'rare rows'}, {work.task.target}",
        "about": "Rows of a rare class added to training, beside simple arms with the same budget: figures, no rows.",
        "answer": answer,
        "real rows": len(target),
        **({"holdout rows": len(rows.holdout)} if rows.holdout is not None else {}),
        "target": work.task.target,
        "rare": rare,
        "draws": seeds,
        "learner": work.learner.told(),
        "check seed": work.draws.seed,
    }
