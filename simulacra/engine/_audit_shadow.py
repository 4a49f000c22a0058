"""Shadow models: the method fitted again with and without the attacked rows, and what each fit gives there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.data import Dataset
from simulacra.core.errors import SimulacraError
from simulacra.core.progress import quiet, task
from simulacra.core.rng import stream
from simulacra.guards import _audit_lira, _audit_stack
from simulacra.guards._audit_membership import PLANTED

if TYPE_CHECKING:
    from simulacra.engine._audit_model import Subject
    from simulacra.engine._trial_journal import Journal
    from simulacra.guards._audit_lira import Trials
    from simulacra.guards._audit_membership import Attempt, Field
    from simulacra.guards._distance import Points
    from simulacra.guards._frames import Floats, Ints, Mask

LEAST, MOST = 4, 32
"""Fewest shadow models that say anything, and most that are fitted unless a number is given."""
SECONDS = 120.0
"""Processor time that shadow models may take unless their number is given."""
TARGETS = 300
"""Most training rows, and as many other rows, that shadow models are fitted with and without."""


@dataclass(frozen=True)
class Pool:
    """The attacked rows of shadow models and the rows that every fit learns from.

    rows: the numbers of the attacked rows in the stack, training rows first. group: (rows of real and holdout,) which
    target a row goes in and out with, -1 for rows that are always in, -2 for those that never are.
    """

    field: Field
    rows: Ints
    group: Ints

    @classmethod
    def of(cls, field: Field, person: Ints | None) -> Pool | None:
        """Return the pool of the most exposed rows, None when there are too few. person: (real + holdout,) or None."""
        play, n = field.play, len(field.play.members)
        sides = [play.members[field.exposed[:n]], play.others[field.exposed[n:]]]
        most = min(TARGETS, *(len(s) for s in sides))
        if most < _audit_stack.FEW // 2:
            return None
        rng = stream(field.seed, "engine/audit", "shadow targets")
        rows = np.concatenate([np.sort(rng.permutation(s)[:most]) for s in sides])
        real, hold = (field.whole.part[s] for s in ("real", "holdout"))
        group = np.full(hold.stop, -2)
        group[real] = -1
        group[rows] = np.arange(len(rows))
        if person is not None:
            target = {int(person[row]): i for i, row in enumerate(rows)}
            group = np.array([target.get(int(p), int(g)) for p, g in zip(person, group, strict=True)])
        return cls(field, rows, group)

    def deal(self, number: int) -> Mask:
        """Return which targets fit `number` learns from, exactly half; fit 0 is the audited one."""
        half = len(self.rows) // 2
        if number == 0:
            return np.arange(len(self.rows)) < half
        order = stream(self.field.seed, "engine/audit", "shadow halves", number).permutation(len(self.rows))
        return order < half

    def learned(self, inside: Mask) -> Ints:
        """Return the numbers of the rows that a fit with these targets learns from."""
        chosen = np.append(inside, [False, True])  # group -2: never, -1: always
        return np.flatnonzero(chosen[self.group])


@dataclass(frozen=True)
class Shadows:
    """Shadow models of one method on one table.

    rows: real rows and, below them, those of the holdout. place: made rows -> points of the attacked rows and of them.
    """

    subject: Subject
    rows: Dataset
    place: Callable[[Dataset, Ints], tuple[Points, Points]]
    pool: Pool
    journal: Journal

    def attempts(self, number: int | None) -> tuple[list[Attempt], str]:
        """Return the attempts of all readings, and in words why there are none, or ""."""
        field = self.pool.field
        readings = [_audit_lira.read(field.whole.points[self.pool.rows], field.whole.points[field.play.made])]
        wanted = MOST if number is None else number
        spent = 0.0
        with task("shadow models", total=wanted) as step:
            for i in range(1, wanted + 1):
                began = time.process_time()
                try:
                    readings.append(self._one(i))
                except SimulacraError as error:
                    return [], f"{self.subject.name} could not be fitted again: {error}"
                spent += time.process_time() - began
                step(1, f"{i} of at most {wanted}")
                if number is None and spent + spent / i > SECONDS:
                    break
        count = len(readings) - 1
        if count < LEAST:
            why = f"one fit takes {spent / max(1, count):.0f} s, and {LEAST} at least are needed"
            return [], f"{why}; ask for them (--shadows)"
        dealt = np.stack([self.pool.deal(i) for i in range(count + 1)]).astype(np.int64)
        trials = _trials(readings, dealt)
        return list(_audit_lira.attempts(trials, self._controls(dealt), field.seed)), ""

    def _one(self, number: int) -> dict[str, Floats]:
        """Return the readings under one shadow model, from the journal when they are there."""
        if (number, "shadow") in self.journal.done:
            return {k: np.array(v) for k, v in self.journal.done[number, "shadow"].items()}
        rows = Dataset({"table": self.rows.frame[self.pool.learned(self.pool.deal(number))]})
        n = len(self.pool.field.play.made)
        with quiet():
            seed = int(stream(self.pool.field.seed, "engine/audit", "shadow seed", number).integers(2**31))
            made = self.subject.fit(rows, seed).sample(n, seed=seed, kind="dataset")
        out = _audit_lira.read(*self.place(made, self.pool.rows))
        self.journal.add(number, "shadow", {k: [float(x) for x in v] for k, v in out.items()})
        return out

    def _controls(self, dealt: Ints) -> Mapping[str, Trials]:
        """Return what methods of known leak would give in the same trials, from rows that are placed already."""
        return {kind: _trials(*self._planted(kind, dealt)) for kind in ("copies", "planted", "innocent")}

    def _planted(self, kind: str, dealt: Ints) -> tuple[list[dict[str, Floats]], Ints]:
        field, points = self.pool.field, self.pool.field.whole.points
        readings, inside = [], dealt.copy()
        for i, who in enumerate(dealt):
            rng = stream(field.seed, "engine/audit", f"shadow {kind}", i)
            learned = self.pool.learned(who == 1)
            if kind == "copies":
                made = rng.choice(learned, len(field.play.made))
                # Rows that were learned from but not drawn leave no trace, and do not count.
                inside[i, (who == 1) & ~np.isin(self.pool.rows, made)] = -1
            elif kind == "planted":
                made = np.concatenate([field.fresh, rng.permutation(learned)[: int(PLANTED * len(learned))]])
            else:
                made = rng.choice(field.fresh, len(field.fresh) // 2, replace=False)
            readings.append(_audit_lira.read(points[self.pool.rows], points[made]))
        return readings, inside


def _trials(readings: list[dict[str, Floats]], inside: Ints) -> Trials:
    named = {name: np.stack([r[name] for r in readings]) for name in _audit_lira.READINGS}
    return _audit_lira.Trials(named, inside.astype(np.int8))
