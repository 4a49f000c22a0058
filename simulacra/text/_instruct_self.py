"""Self-Instruct: new tasks from seed tasks, round after round, each of which learns from what was made before.

Reference: Wang et al. (2022), Self-Instruct: aligning language models with self-generated instructions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import DataError
from simulacra.core.options import option
from simulacra.parts.ngrams import Pool
from simulacra.text._columns_templates import MARKER, Template
from simulacra.text._instruct_draws import Draws
from simulacra.text._instruct_kind import (
    Brief,
    Faults,
    Kind,
    Work,
    column_among,
    in_circles,
    labelled,
    speaks_of_itself,
    whole,
)
from simulacra.text._instruct_seeds import TASKS
from simulacra.text._instruct_self_words import (
    ABOUT,
    INPUT_FIRST,
    LABEL_FIRST,
    NEW,
    OPENING,
    SIGHT,
    SMALL_LABEL,
    SMALL_OUTPUT,
    SORTED,
    SORTING,
)

if TYPE_CHECKING:
    import polars as pl

SEEDS, MADE = 6, 2
"""Examples in a prompt: of the seed tasks, and of those made in earlier rounds."""
ROUND = 32
"""Rows of a round."""
BEST_OF = 3
"""Instructions that a small model writes at once, of which the first that does is taken."""


@dataclass(frozen=True)
class Settings:
    """Options of kind = "self-instruct"."""

    similarity: float = option(0.7, "largest ROUGE-L of a new instruction with any before it", low=0.1, high=1)
    instruction: str = option("", "column of the seed instructions; empty takes instruction, prompt or question")


class SelfInstruct(Kind):
    """New tasks, of another kind than those before, with inputs and outputs."""

    name = "self-instruct"
    Options = Settings
    columns = {
        "instruction": "text",
        "input": "text",
        "output": "text",
        "classification": "yes",
        "similarity": "number",
    }
    round_rows = ROUND

    def __init__(self, settings: Settings, brief: Brief) -> None:
        super().__init__(settings, brief)
        self.pool = Pool()
        self.tasks: list[str] = []
        self.made: list[str] = []
        where = "text/instruct: self-instruct"
        self.new, self.sorting = Template(NEW, where), Template(SORTING, where)
        self.label_first, self.input_first = Template(LABEL_FIRST, where), Template(INPUT_FIRST, where)

    def take(self, data: pl.DataFrame | None) -> None:
        """Take seed tasks from the data, such as the paper's file, or those that ship; instances are not looked at."""
        if data is None:
            self.tasks = [instruction for instruction, _, _ in TASKS]
        else:
            usual = ("instruction", "prompt", "question")
            column = column_among(data, self.settings.instruction, usual, "text/instruct: self-instruct")
            self.tasks = [str(text).strip() for text in data[column].to_list() if text and str(text).strip()]
        self.tasks = list(dict.fromkeys(self.tasks))
        if len(self.tasks) < SEEDS:
            raise DataError(
                f"text/instruct: self-instruct needs at least {SEEDS} different seed tasks, got {len(self.tasks)}; add "
                "some, or give no data to start from those that ship"
            )
        for task in self.tasks:
            self.pool.add(task)

    def stages(self) -> list[tuple[float, int]]:
        """Return what one try at a row asks."""
        small, settings = self.brief.small, ((60, BEST_OF), (3, 1), (120, 1))
        return [(times if small else 1, tokens if small else 12 * tokens) for tokens, times in settings]

    async def make(self, work: Work, rows: Sequence[int]) -> None:
        """Make one round: instructions unlike all before, then their inputs and outputs."""
        tasks: dict[int, str] = {}
        near: dict[int, float] = {}
        await work.until(rows, "instruction", partial(self._invented, work, list(self.made), tasks, near))
        sorts: dict[int, bool] = {}
        await work.until(rows, "classification", partial(self._sorted, work, tasks, sorts))
        await work.until(rows, "output", partial(self._done, work, tasks, sorts))
        for i in work.cells.alive(rows):
            self.made.append(tasks[i])
            work.put(i, instruction=tasks[i], classification=sorts[i], similarity=round(near[i], 4))

    async def _invented(
        self,
        work: Work,
        made: Sequence[str],
        tasks: dict[int, str],
        near: dict[int, float],
        rows: list[int],
        attempt: int,
    ) -> Faults:
        prompts: dict[int, Any] = {}
        for i in rows:
            draws = Draws(work.cells.key(f"examples {attempt}"), work.cells.first + i)
            shown = _some(made, MADE, draws)
            shown = [*_some(self.tasks, SEEDS + MADE - len(shown), draws), *shown]
            if self.brief.small:
                listed = "\n".join(f"Task {k}: {' '.join(t.split())}" for k, t in enumerate(shown, 1))
                prompts[i] = f"Come up with a series of different tasks.\n\n{listed}\nTask {len(shown) + 1}:"
            else:
                known = {"tasks": "\n\n".join(shown), "wish": self.brief.wish, MARKER: work.cells.marker}
                prompts[i] = self.new.render(known).strip()
        times = BEST_OF if self.brief.small else 1
        answers = await work.ask_all("instruction", prompts, times, attempt, **self._settings(60, ("\n",), 0.8))
        faults: Faults = {}
        for i, several in answers.items():
            told = []
            for answer in several:
                task = re.sub(r"^(?:Task \d+|Instruction)\s*:\s*", "", whole(answer)).strip().strip('"').strip()
                told.append(self._fault(task))
                if not told[-1]:
                    # It counts from here on, for the rows of this round as well, which are looked at in their order.
                    near[i], _ = self.pool.nearest(task)
                    self.pool.add(task)
                    tasks[i] = task
                    break
            if all(told):
                faults[i] = told[0]
        return faults

    def _fault(self, task: str) -> str:
        """Return why an instruction does not do, "" for one that does."""
        if not 3 <= len(task.split()) <= 150:
            return f"the instruction {task[:60]!r} has {len(task.split())} words"
        if not task[0].isalpha() and task[0] not in "\"'(":
            return f"the instruction {task[:60]!r} begins with a sign"
        if found := SIGHT.search(task):
            return f"the instruction {task[:60]!r} asks for what text cannot do ({found.group()})"
        score, at = self.pool.nearest(task, self.settings.similarity)
        if at >= 0:
            return f"the instruction {task[:60]!r} is like one before it (ROUGE-L {score:.2f})"
        if self.brief.small and not OPENING.match(task):
            return f"the instruction {task[:60]!r} asks for nothing"
        return "it goes round in a circle" if in_circles(task) else ""

    async def _sorted(
        self, work: Work, tasks: Mapping[int, str], sorts: dict[int, bool], rows: list[int], attempt: int
    ) -> Faults:
        prompts = self._prompts(work, {i: tasks[i] for i in rows}, SORTED, self.sorting)
        faults: Faults = {}
        for i, answer in (
            await work.ask("classification", prompts, attempt, **self._settings(3, ("\n",), 0.0))
        ).items():
            word = re.search(r"\b(yes|no)\b", answer.text, re.IGNORECASE)
            if word is None:
                faults[i] = f"whether it is a classification task was answered with {answer.text[:40]!r}"
            else:
                sorts[i] = word.group(1).lower() == "yes"
        return faults

    async def _done(
        self, work: Work, tasks: Mapping[int, str], sorts: Mapping[int, bool], rows: list[int], attempt: int
    ) -> Faults:
        """Have inputs and outputs written: of a classification task the label first, so that all labels come."""
        faults: Faults = {}
        if self.brief.small:
            # What needs no text made up is answered like any question, which a small model does best.
            bare = [i for i in rows if not sorts[i] and not ABOUT.search(tasks[i])]
            rows = [i for i in rows if i not in bare]
            faults |= await self._answered(work, {i: tasks[i] for i in bare}, attempt)
        prompts: dict[int, Any] = {}
        for sort, small, template in ((True, SMALL_LABEL, self.label_first), (False, SMALL_OUTPUT, self.input_first)):
            mine = {i: tasks[i] for i in rows if sorts[i] == sort}
            prompts |= self._prompts(work, mine, small, template)
        settings = self._settings(120, ("\n\n", "\nTask:"), 0.5)
        for i, answer in (await work.ask("output", dict(sorted(prompts.items())), attempt, **settings)).items():
            begin = ("Label: " if sorts[i] else "Input: ") if self.brief.small else ""
            parts = labelled(begin + whole(answer).removeprefix(begin), ("Label", "Input", "Output"))
            given, output = parts.get("Input", ""), parts.get("Label" if sorts[i] else "Output", "")
            given = "" if re.fullmatch(r"\W*(?:none|no input|n/?a)\W*", given, re.IGNORECASE) else given
            fault = _instance_fault(tasks[i], given, output, sorts[i])
            if fault:
                faults[i] = fault
            else:
                work.put(i, input=given, output=output)
        return faults

    async def _answered(self, work: Work, tasks: Mapping[int, str], attempt: int) -> Faults:
        faults: Faults = {}
        answers = await work.ask("answer", dict(tasks), attempt, temperature=0.4, max_tokens=120)
        for i, answer in answers.items():
            said = whole(answer)
            fault = _instance_fault(tasks[i], "", said, False)
            if fault:
                faults[i] = fault
            else:
                work.put(i, input="", output=said)
        return faults

    def _prompts(self, work: Work, tasks: Mapping[int, str], small: str, template: Template) -> dict[int, Any]:
        if self.brief.small:
            return {i: small.replace("{task}", " ".join(task.split())) for i, task in tasks.items()}
        marker = {MARKER: work.cells.marker}
        return {i: template.render({"task": task, **marker}) for i, task in tasks.items()}

    def _settings(self, tokens: int, stop: tuple[str, ...], temperature: float) -> dict[str, Any]:
        if not self.brief.small:
            return {"temperature": temperature, "max_tokens": 12 * tokens}
        return {"kind": "complete", "temperature": temperature, "max_tokens": tokens, "stop": stop}

    def counted(self, values: Mapping[str, Sequence[Any]], alive: Sequence[int]) -> dict[str, Any]:
        """Return how many tasks are classifications."""
        return {"tasks": len(alive), "classification": sum(bool(values["classification"][i]) for i in alive)}


def _instance_fault(task: str, given: str, output: str, sort: bool) -> str:
    """Return why an input with its output does not do, "" for one that does."""
    if not output or output.casefold() == "none":
        return "the model wrote no output"
    if sort and not given:
        return "a classification task has no input"
    if output.casefold() in (given.casefold(), task.casefold()):
        return "the output says the input again"
    if given and given.casefold() == task.casefold():
        return "the input says the task again"
    if speaks_of_itself(output):
        return "the model speaks of itself"
    return "the output goes round in a circle" if in_circles(output) else ""


def _some(texts: Sequence[str], count: int, draws: Draws) -> list[str]:
    """Return so many different texts, or all there are."""
    left = list(texts)
    return [left.pop(draws.below(len(left))) for _ in range(min(count, len(left)))]
