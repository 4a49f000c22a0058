"""The attacks of the audit on tables: membership, the three risks, copies, shadow models, and what was not tested."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulacra.core.case import guarded, not_tested
from simulacra.core.data import Dataset
from simulacra.core.report import Finding, View
from simulacra.engine._audit_model import sampled
from simulacra.engine._audit_shadow import Pool, Shadows
from simulacra.engine.inputs import align
from simulacra.guards import (
    _attack,
    _audit_canaries,
    _audit_findings,
    _audit_membership,
    _audit_risks,
    _audit_stack,
    _copies,
    _frames,
)

if TYPE_CHECKING:
    from simulacra.core.case import Case
    from simulacra.core.schema import Column
    from simulacra.engine._audit_model import Subject
    from simulacra.engine._trial_journal import Journal
    from simulacra.guards._audit_membership import Attempt, Field
    from simulacra.guards._distance import Points
    from simulacra.guards._frames import Ints

ROWS = 20_000
"""Most rows of each side that are attacked or attacked with; the rest is left out at random."""
DRAWN = 40_000
"""Most rows that are drawn from the method to see what it never gives."""
TIMES = 4
"""Rows drawn from the method, as a multiple of those that were made."""


@dataclasses.dataclass
class Work:
    """The attacks on one table: cut frames, the columns that are compared, and what could not be tested."""

    case: Case
    columns: tuple[Column, ...]
    subject: Subject | None
    frames: dict[str, pl.DataFrame]
    person: dict[str, Ints] | None
    untested: list[str]

    @property
    def sizes(self) -> tuple[int, int]:
        """Return how many rows, or persons, can be attacked on the sides real and holdout."""
        if self.person is not None:
            return len(np.unique(self.person["real"])), len(np.unique(self.person["holdout"]))
        return self.frames["real"].height, self.frames["holdout"].height


def attacks(
    case: Case,
    person: str | None,
    subject: Subject | None,
    shadows: int | None,
    journal: Journal,
    step: Callable[..., None],
) -> Iterator[Finding | View]:
    """Yield all findings of the attacks on a table with real rows and a holdout."""
    work = _work(case, person, subject)
    if not work.columns:
        yield not_tested("audit", "attacks", "no column holds values that could be compared")
        return
    real, holdout = work.sizes
    if min(real, holdout // 2) < _audit_stack.FEW:
        who = "rows" if person is None else "persons"
        why = f"{_audit_stack.FEW} real and {2 * _audit_stack.FEW} holdout {who} are needed, got {real} and {holdout}"
        yield not_tested("audit", "attacks", f"too few {who} to tell: {why}")
        return
    field = _field(work)
    tried = _membership(work, field)
    step(1, "shadow models")
    tried += _shadowed(work, field, shadows, journal)
    if not field.fair:
        yield from _audit_findings.unlike(field.alike)
    yield from guarded("audit", "membership", lambda: _audit_findings.membership(tried))
    step(1, "singling out, linkability, inference")
    yield from guarded("audit", "risks", lambda: _audit_findings.risks(_risks(field), field.fair))
    step(1, "copies")
    sides = _attack.prepare(case, work.columns)
    yield from guarded("audit", "exact copies", lambda: _copies.exact(case, sides))
    yield from guarded("audit", "near copies", lambda: _copies.near(sides))
    yield from guarded("audit", "verbatim passages", lambda: _verbatim(work))
    step(2, "")
    yield _not_tested(work)


def _work(case: Case, person: str | None, subject: Subject | None) -> Work:
    assert case.real is not None and case.holdout is not None
    columns = tuple(c for c in _frames.judged(_frames.facts(case)) if c.name != person)
    sides: dict[str, Dataset] = {"real": case.real, "holdout": case.holdout, "made": case.made}
    most = _frames.room(max(1, len(columns)), ROWS)
    frames = {name: _frames.some_rows(d.frame, most, case, f"audit {name}") for name, d in sides.items()}
    untested = [
        f"{name}: {frames[name].height:,} of {len(d):,} rows took part"
        for name, d in sides.items()
        if frames[name].height < len(d)
    ]
    left = [c.name for c in _frames.facts(case) if c.name not in {k.name for k in columns} and c.kind != "empty"]
    if left:
        untested.append(f"columns that are made afresh or hold text, ids or person data: {', '.join(left)}")
    return Work(case, columns, subject, frames, _persons(frames, person), untested)


def _persons(frames: dict[str, pl.DataFrame], person: str | None) -> dict[str, Ints] | None:
    """Return side -> (rows,) whose row it is, a number; an empty cell is a person of its own."""
    if person is None:
        return None
    both = pl.concat([frames[side][person] for side in ("real", "holdout")])
    codes = both.rank("dense").cast(pl.Int64).fill_null(-1).to_numpy().copy()
    gone = codes < 0
    codes[gone] = codes.max(initial=0) + 1 + np.arange(int(gone.sum()))
    n = frames["real"].height
    return {"real": codes[:n], "holdout": codes[n:]}


def _field(work: Work) -> Field:
    """Return the attacked rows in one stack with the made ones and those drawn from the method."""
    frames, case = dict(work.frames), work.case
    if work.subject is None:
        work.untested.append("shadow models, and holes that a copy filter leaves: name the method with --model")
    else:
        assert case.real is not None
        n = min(DRAWN, TIMES * frames["made"].height)
        more, why = sampled(work.subject, case.real, n, case.seed)
        if more is None:
            work.untested.append(f"holes that a copy filter leaves: the method could not be run ({why})")
        else:
            frames["more"] = align(
                dataclasses.replace(case.made, frames={"table": more}), case.real, "drawn", "real"
            ).frame
    whole = _audit_stack.stack(frames, work.columns, case.seed)
    play, fresh = _audit_stack.roles(whole, case.seed, work.person)
    return _audit_membership.Field.of(whole, play, fresh, case.seed)


def _membership(work: Work, field: Field) -> list[Attempt]:
    """Return the attempts of the attacks that need no refit."""
    out = []
    for name in _audit_membership.ATTACKS:
        if name == _audit_membership.HOLES:
            if "more" not in field.whole.part:
                continue
            made = np.concatenate([field.play.made, field.whole.rows("more")])
            field = dataclasses.replace(field, play=dataclasses.replace(field.play, made=made))
        out += list(_audit_membership.attempts(field, name))
    return out


def _shadowed(work: Work, field: Field, shadows: int | None, journal: Journal) -> list[Attempt]:
    if work.subject is None:
        return []
    if shadows == 0:
        work.untested.append("shadow models: --shadows 0")
        return []
    whose = None if work.person is None else np.concatenate([work.person["real"], work.person["holdout"]])
    pool = Pool.of(field, whose)
    if pool is None:
        work.untested.append("shadow models: too few exposed rows")
        return []
    real, both = work.case.real, pl.concat([work.frames["real"], work.frames["holdout"]])
    assert real is not None

    def place(made: Dataset, rows: Ints) -> tuple[Points, Points]:
        drawn = align(made, real, "drawn", "real").frame
        frames = {"real": work.frames["real"], "targets": both[rows], "made": drawn}
        found = _audit_stack.stack(frames, work.columns, field.seed)
        return found.points[found.part["targets"]], found.points[found.part["made"]]

    tried, told = Shadows(work.subject, Dataset({"table": both}), place, pool, journal).attempts(shadows)
    if not tried:
        work.untested.append(f"shadow models: {told}")
    return tried


def _risks(field: Field) -> dict[str, dict[str, _audit_risks.Risk | str]]:
    runs = {
        "made": field.play,
        "copies": field.bootstrap(),
        "planted": field.planted(),
        "innocent": field.innocent(),
    }
    return {
        name: {run: risk(field.whole, play, field.seed) for run, play in runs.items()}
        for name, risk in _audit_risks.RISKS.items()
    }


def _verbatim(work: Work) -> Iterator[Finding]:
    """Yield a finding for each column of free text: passages that only training texts hold."""
    for column in _frames.facts(work.case):
        if column.kind == "text":
            made, real, holdout = (
                work.frames[side][column.name].cast(pl.String).drop_nulls().to_list()
                for side in ("made", "real", "holdout")
            )
            found = _audit_canaries.verbatim(made, real, holdout)
            yield _audit_canaries.repeated(column.name, found)


def _not_tested(work: Work) -> Finding:
    """Return the one finding that says everything the audit did not look at."""
    always = [
        "groups of few people rather than single ones",
        "attackers who know more than one release, or who choose rows that are learned from",
        "text generators, of which there are none here",
    ]
    return not_tested("audit", "limits of this audit", "; ".join([*work.untested, *always]))
