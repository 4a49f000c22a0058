"""Worked answers: several for each question, the majority of their final answers, and known answers if there are any.

Reference: Wang et al. (2022), Self-consistency improves chain of thought reasoning in language models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError
from simulacra.core.options import option
from simulacra.text._instruct_answers import CHECKERS, Vote, final, same, vote
from simulacra.text._instruct_kind import TURNS, Brief, Faults, Kind, Work, column_among
from simulacra.text._instruct_sums import problem

if TYPE_CHECKING:
    import polars as pl

WORKED = """{question}

Work it out step by step. Write the final answer alone on the last line, behind four signs: #### answer"""
EXAMPLES = """Question: Ida has 4 bags with 6 nuts in each. How many nuts does Ida have?
Answer: Ida has 4 * 6 = 24 nuts.
#### 24

Question: Leo has 7 pens and gets 5 more. How many pens does Leo have now?
Answer: Leo has 7 + 5 = 12 pens now.
#### 12

Question: Tom has 20 coins and gives 8 of them to Ann. How many coins does he have left?
Answer: Tom has 20 - 8 = 12 coins left.
#### 12

Question: {question}
Answer:"""


@dataclass(frozen=True)
class Settings:
    """Options of kind = "reasoning"."""

    samples: int = option(5, "worked answers to each question, of which the majority counts", low=1, high=TURNS)
    agree: float = option(0.5, "least share of the answers that agree, where the right one is not known", low=0, high=1)
    checker: str = option("auto", "how final answers are compared", choices=CHECKERS)
    tolerance: float = option(1e-6, "relative difference of numbers that are the same", low=0, high=0.5)
    wrong: str = option("drop", "what becomes of rows that miss the known answer or do not agree",
                        choices=("drop", "mark"))  # fmt: skip
    question: str = option("", "column of the questions; empty takes question, problem, instruction or prompt")
    answer: str = option("", "column of the known answers, worked ones too; empty takes answer, if there is one")
    temperature: float = option(0.7, "of the worked answers", low=0, high=2)
    level: int = option(0, "steps of the sums that are made up without data; 0 takes 1 for the embedded model, else 2",
                        low=0, high=2)  # fmt: skip


class Reasoning(Kind):
    """Worked answers to questions, kept when their final answers agree with one another or with a known one."""

    name = "reasoning"
    Options = Settings
    columns = {
        "question": "text", "answer": "text", "final": "text", "agreement": "number", "right": "yes", "known": "text",
    }  # fmt: skip

    def __init__(self, settings: Settings, brief: Brief) -> None:
        super().__init__(settings, brief)
        self.question, self.known = "", ""

    def take(self, data: pl.DataFrame | None) -> None:
        """Take questions and known answers from the data; without data small sums in words are made up."""
        self.seeds = data
        if data is None:
            return
        where, usual = "text/instruct: reasoning", ("question", "problem", "instruction", "prompt")
        self.question = column_among(data, self.settings.question, usual, where)
        if self.settings.answer or "answer" in data.columns:
            self.known = column_among(data, self.settings.answer, ("answer",), where)
        if self.known == self.question:
            raise ConfigError(f"{where}: question and answer are both column {self.known!r}; name two")

    def stages(self) -> list[tuple[float, int]]:
        """Return what one try at a row asks."""
        return [(self.settings.samples, 90 if self.brief.small else 800)]

    async def make(self, work: Work, rows: Sequence[int]) -> None:
        """Have each question answered several times, and count."""
        asked = {i: self._asked(work, i) for i in rows}
        await work.until(rows, "answer", partial(self._answered, work, asked))

    def _asked(self, work: Work, i: int) -> tuple[str, str]:
        """Return a question and its known answer, "" without one."""
        if self.seeds is None:
            level = self.settings.level or (1 if self.brief.small else 2)
            return problem(work.cells.key("problem"), work.cells.first + i, level)
        seed = work.seed(i)
        known = str(seed[self.known] if self.known and seed[self.known] is not None else "")
        return str(seed[self.question] or ""), (final(known) or known.strip()) if known else ""

    async def _answered(
        self, work: Work, asked: Mapping[int, tuple[str, str]], rows: list[int], attempt: int
    ) -> Faults:
        text = EXAMPLES if self.brief.small else self.brief.wished(WORKED)
        prompts = {i: text.replace("{question}", asked[i][0].strip()) for i in rows}
        settings: dict[str, Any] = {"temperature": self.settings.temperature, "max_tokens": 800}
        if self.brief.small:
            settings |= {"kind": "complete", "max_tokens": 90, "stop": ("\n\n", "\nQuestion:")}
        faults: Faults = {}
        answers = await work.ask_all("answer", prompts, self.settings.samples, attempt, **settings)
        last = attempt + 1 == self.brief.tries
        for i, several in answers.items():
            fault = self._judged(work, i, asked[i], [a.text for a in several], last)
            if fault:
                faults[i] = fault
        return faults

    def _judged(self, work: Work, i: int, asked: tuple[str, str], texts: list[str], last: bool) -> str:
        """Set the cells of a row, or return why its answers do not do."""
        question, known = asked
        how = (self.settings.checker, self.settings.tolerance)
        finals = [final(text) for text in texts]
        voted = vote(finals, *how)
        members, right = voted.members, voted.share >= self.settings.agree and bool(voted.members)
        fault = "" if right else f"{_told(voted, finals)}, and {self.settings.agree:.0%} are wanted"
        if known:
            members = tuple(k for k, answer in enumerate(finals) if answer and same(answer, known, *how))
            right = bool(members)
            fault = "" if right else f"none of {len(finals)} final answers is {known!r}: {', '.join(map(repr, finals))}"
        if not right and (self.settings.wrong == "drop" or not last):
            return fault
        # Of those that agree the shortest is taken: a long one more often wanders off and comes back by luck.
        best = min(members or voted.members or range(len(texts)), key=lambda k: (len(texts[k]), k))
        if not finals[best]:
            return "no worked answer has a final one"
        answer = texts[best].partition("####")[0].strip()
        share = sum(same(f, finals[best], *how) for f in finals) / len(finals)
        work.put(i, question=question, answer=f"{answer}\n#### {finals[best]}".strip(), final=finals[best])
        work.put(i, agreement=share, right=right, known=known)
        return ""

    def counted(self, values: Mapping[str, Sequence[Any]], alive: Sequence[int]) -> dict[str, Any]:
        """Return how many rows are right, and how many were held against a known answer."""
        return {"right": sum(bool(values["right"][i]) for i in alive), "rows": len(alive),
                "known": sum(bool(values["known"][i]) for i in alive)}  # fmt: skip


def _told(voted: Vote, finals: Sequence[str]) -> str:
    if not voted.members:
        return f"no final answer has a majority: {', '.join(map(repr, finals))}"
    return f"{len(voted.members)} of {len(finals)} final answers agree ({voted.answer!r})"
