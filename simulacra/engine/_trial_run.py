"""A trial in hand: every arm of every draw is run once, kept in the journal, and gathered into one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.data import Dataset
from simulacra.core.errors import ConfigError, SimulacraError
from simulacra.core.progress import quiet, task
from simulacra.core.rng import stream

if TYPE_CHECKING:
    from simulacra.engine._trial_arms import Plan
    from simulacra.engine._trial_journal import Journal
    from simulacra.engine._trial_learn import Learner, Test
    from simulacra.engine._trial_task import Draws, Task


@dataclass(frozen=True)
class Tables:
    """The rows of a trial: real, held out and made before, whose columns agree; whether the schema was declared."""

    real: Dataset
    holdout: Dataset | None
    made: Any
    declared: bool

    def given(self) -> list[Dataset]:
        """Return the tables that are there."""
        made = [Dataset({"table": self.made})] if self.made is not None else []
        return [self.real, *([self.holdout] if self.holdout is not None else []), *made]


@dataclass(frozen=True)
class Work:
    """A trial in hand: what is drawn, how it is learned, and what is finished."""

    rows: Tables
    task: Task
    draws: Draws
    learner: Learner
    plans: list[Plan]
    fill: float
    journal: Journal

    def run(self, seeds: int) -> None:
        """Run every arm of every draw that the journal does not have."""
        failed = {plan for (_, plan), result in self.journal.done.items() if "why" in result}
        with task("trial", total=seeds * len(self.plans)) as step:
            for number in range(seeds):
                for plan in self.plans:
                    name = plan.arm.name
                    if (number, name) not in self.journal.done and name not in failed:
                        with quiet():
                            result = self._one(number, plan)
                        self.journal.add(number, name, result)
                        failed |= {name} if "why" in result else set()
                    step(1, f"draw {number + 1} of {seeds}, {name}")

    def _one(self, number: int, plan: Plan) -> dict[str, Any]:
        """Return the figures of one arm of one draw, or why it cannot be run."""
        import numpy as np

        from simulacra.engine._trial_arms import Draw
        from simulacra.engine._trial_learn import Test, measures, without_groups

        train, held = self.draws.rows(number)
        frame = self.rows.real.frame
        draw = Draw(
            self.task,
            frame[train],
            self.draws.codes[train],
            self.rows.real.schema,
            self.rows.declared,
            self.draws.seed,
            number,
            self.fill,
        )
        try:
            rows = plan.rows(draw)
        except ConfigError:
            raise
        except SimulacraError as error:
            return {"why": str(error)}
        test = self._tested() if not self.draws.split else Test(frame[held], self.draws.codes[held])
        # One seed for all arms of a draw: what differs is the rows.
        found = self.learner.predict(draw, rows, test, int(draw.rng("learner").integers(2**31)))
        seen = np.concatenate([draw.codes, rows.extra_codes])[rows.rows]
        trained = np.bincount(seen, rows.weights, len(self.task.labels)) / rows.weights.sum()
        out: dict[str, Any] = {"values": measures(self.learner, self.task, found, test, trained)}
        if not self.draws.split:
            out["parts"] = without_groups(self.learner, self.task, found, test)
        return out

    def _tested(self) -> Test:
        import numpy as np

        from simulacra.engine._trial_learn import Test
        from simulacra.engine._trial_task import thinned

        assert self.rows.holdout is not None
        frame = self.rows.holdout.frame
        # A class that no training row has cannot be predicted, and is left out.
        known = np.flatnonzero(self.task.codes(frame) >= 0)
        kept = thinned(known, stream(self.draws.seed, "engine/trial", "test"))
        return Test(frame[kept], self.task.codes(frame[kept]))

    def outcome(self, seeds: int, measure: str) -> Any:
        """Return all figures as guards._trial takes them."""
        import numpy as np

        from simulacra.guards._trial import Outcome

        done, absent = self.journal.done, {}
        values: dict[str, Any] = {}
        parts: dict[str, Any] = {}
        classes: dict[str, Any] = {}
        for plan in self.plans:
            name = plan.arm.name
            found = [done[i, name] for i in range(seeds) if (i, name) in done]
            why = [f["why"] for f in found if "why" in f]
            if why:
                absent[name] = why[0]
                continue
            names = found[0]["values"][""]
            values[name] = {m: np.array([f["values"][""][m] for f in found]) for m in names}
            if "parts" in found[0]:
                parts[name] = {m: np.array([f["parts"][m] for f in found]) for m in found[0]["parts"]}
            labels = [label for label in found[0]["values"] if label]
            classes[name] = {
                label: {m: float(np.mean([f["values"][label][m] for f in found])) for m in names} for label in labels
            }
        return Outcome(
            self.task.target, measure, tuple(p.arm for p in self.plans), values, parts,
            self.draws.shared(), classes, absent, self.notes(),
        )  # fmt: skip

    def notes(self) -> tuple[str, ...]:
        """Return what a reader must know about the draws."""
        train, _ = self.draws.rows(0)
        codes = self.draws.codes[train]
        told = [f"{int((codes == k).sum()):,} {self.task.labels[k]}" for k in self.task.rare]
        out = [f"Each draw trains on {len(codes):,} real rows, {', '.join(told)} among them; {self.learner.told()}."]
        if self.draws.whole:
            out.append(
                "Every draw takes all real rows, because MADE was learned from them: the intervals cover the learner's "
                "chance and the held-out rows, not the draw of training rows."
            )
        return tuple(out)
