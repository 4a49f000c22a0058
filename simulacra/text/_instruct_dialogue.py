"""Dialogues of several turns between a user, who may be a certain person, and an assistant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from simulacra.core.options import option
from simulacra.text._columns_templates import MARKER, Template
from simulacra.text._instruct_evidence import content_words
from simulacra.text._instruct_kind import (
    COMPLETE,
    Faults,
    Kind,
    Messages,
    Work,
    column_among,
    in_circles,
    speaks_of_itself,
    whole,
)
from simulacra.text._instruct_seeds import TOPICS

if TYPE_CHECKING:
    import polars as pl

Talks = dict[int, Messages]
"""Row of the block -> what was said so far."""
FIRST = """Topic: a lamp that flickers
User: The lamp in my kitchen flickers since yesterday. What can I do about it?

Topic: making friends in a new town
User: I moved here in May and I know nobody. How do people find friends here?

Topic: a shirt that shrank in the wash
User: My new shirt shrank in the wash although I washed it cold. Can I send it back?

Topic: {topic}
User:"""
NEXT = """A user talks to an assistant and asks one more short question.

User: The lamp in my kitchen flickers since yesterday. What can I do about it?
Assistant: Turn it off and screw the bulb in tightly. If it still flickers, try another bulb.
User: I tried another bulb and it still flickers. Is it dangerous?

User: {user}
Assistant: {assistant}
User:"""
BE_SHORT = ("system", "You give short and practical answers in two or three sentences.")
PLAYED = """You play a person who talks to an assistant{% if persona %}. Who you are, between two marks:

{{ persona | quoted }}
{% else %}.
{% endif %}

What you want to talk about, between two marks:

{{ topic | quoted }}

{% if so_far %}
The conversation so far:

{{ so_far }}

Write your next message to the assistant: react to what it said, and go on or ask more.
{% else %}
Write your first message to the assistant, in which you say what you need.
{% endif %}
Write the message alone, in your own voice, without quotes. {{ wish }}"""


@dataclass(frozen=True)
class Settings:
    """Options of kind = "dialogue"."""

    turns: int = option(2, "questions of the user, each with an answer", low=1, high=20)
    topic: str = option("", "column of the data with what the user talks about; empty takes topic, else the first one")
    persona: str = option("", "column of the data with who the user is; empty takes persona, if there is one")
    system: str = option("", "what stands in the system message of every dialogue")
    assistant: str = option("", "model that plays the assistant; empty takes the first", unit="model")


class Dialogue(Kind):
    """Conversations of a user with an assistant."""

    name = "dialogue"
    Options = Settings
    columns = {"messages": "messages", "topic": "text", "persona": "text"}

    def take(self, data: pl.DataFrame | None) -> None:
        """Take topics and persons from the data, or the topics that ship."""
        import polars as pl

        self.played = Template(PLAYED, "text/instruct: dialogue")
        self.topic, self.persona = "topic", ""
        if data is None:
            self.seeds = pl.DataFrame({"topic": TOPICS})
            return
        self.topic = column_among(data, self.settings.topic, ("topic", *data.columns[:1]), "text/instruct: dialogue")
        wanted = self.settings.persona or ("persona" if "persona" in data.columns else "")
        self.persona = column_among(data, wanted, (), "text/instruct: dialogue") if wanted else ""
        self.seeds = data

    def stages(self) -> list[tuple[float, int]]:
        """Return what one try at a row asks."""
        turns, small = self.settings.turns, self.brief.small
        return [(turns, 60 if small else 200), (turns, 120 if small else 500)]

    async def make(self, work: Work, rows: Sequence[int]) -> None:
        """Let user and assistant speak in turn."""
        seeds = {i: work.seed(i) for i in rows}
        opening = (("system", self.settings.system),) if self.settings.system else ()
        talks: Talks = dict.fromkeys(rows, opening)
        for turn in range(self.settings.turns):
            first = turn * self.brief.tries
            await work.until(rows, "user", partial(self._user, work, talks, seeds, first))
            await work.until(rows, "assistant", partial(self._assistant, work, talks, first))
        for i in work.cells.alive(rows):
            messages = [{"role": role, "content": said} for role, said in talks[i]]
            work.put(i, messages=messages, topic=str(seeds[i][self.topic]), persona=self._who(seeds[i]))

    async def _user(
        self, work: Work, talks: Talks, seeds: dict[int, dict[str, Any]], first: int, rows: list[int], attempt: int
    ) -> Faults:
        """Let the user speak: after examples where the model is small, else in the role that the seed describes."""
        prompts, settings = {}, dict[str, Any](max_tokens=200)
        for i in rows:
            before = [m for m in talks[i] if m[0] != "system"]
            prompts[i] = self._small(before, seeds[i]) if self.brief.small else self._large(work, before, seeds[i])
        if self.brief.small:
            settings = {**COMPLETE, "temperature": 0.4, "max_tokens": 60, "stop": ("\n",)}
        faults: Faults = {}
        for i, answer in (await work.ask("user", prompts, first + attempt, **settings)).items():
            said = whole(answer).removeprefix("User:").strip().strip('"').strip()
            if len(said.split()) < 3 or in_circles(said):
                faults[i] = f"the user said {said[:60]!r}"
            elif any(said == words for _, words in talks[i]):
                faults[i] = f"the user said again {said[:60]!r}"
            elif self.brief.small and not _about(said, f"{seeds[i][self.topic]} {talks[i][-1:]}"):
                faults[i] = f"the user said {said[:60]!r}, which is not about {_line(seeds[i][self.topic])[:60]!r}"
            else:
                talks[i] = (*talks[i], ("user", said))
        return faults

    async def _assistant(self, work: Work, talks: Talks, first: int, rows: list[int], attempt: int) -> Faults:
        """Let the assistant answer the conversation so far."""
        settings: dict[str, Any] = {"max_tokens": 120 if self.brief.small else 500}
        if self.settings.assistant:
            settings["model"] = self.settings.assistant
        prompts: dict[int, Any] = {i: talks[i] for i in rows}
        if self.brief.small:
            settings["temperature"] = 0.4
            # Without words of its own the model's template has it introduce itself; what is said here is not kept.
            prompts = {i: (BE_SHORT, *(m for m in talk if m[0] != "system")) for i, talk in prompts.items()}
        answers = await work.ask("assistant", prompts, first + attempt, **settings)
        faults: Faults = {}
        for i, answer in answers.items():
            said = whole(answer).removeprefix("Assistant:").strip()
            if not said or in_circles(said) or speaks_of_itself(said) or any(said == words for _, words in talks[i]):
                faults[i] = f"the assistant said {said[:60]!r}"
            else:
                talks[i] = (*talks[i], ("assistant", said))
        return faults

    def _small(self, said: Sequence[tuple[str, str]], seed: dict[str, Any]) -> str:
        if not said:
            return FIRST.replace("{topic}", _line(seed[self.topic]))
        user, assistant = _line(said[-2][1]), _line(said[-1][1])
        return NEXT.replace("{assistant}", assistant[:400]).replace("{user}", user)

    def _large(self, work: Work, said: Sequence[tuple[str, str]], seed: dict[str, Any]) -> str:
        known = {
            "topic": seed[self.topic], "persona": self._who(seed), "wish": self.brief.wish, MARKER: work.cells.marker,
            "so_far": "\n\n".join(f"{'You' if role == 'user' else 'Assistant'}: {words}" for role, words in said),
        }  # fmt: skip
        return self.played.render(known).strip()

    def _who(self, seed: dict[str, Any]) -> str:
        return str(seed[self.persona] or "") if self.persona else ""


def _about(said: str, topic: str) -> bool:
    return bool(content_words(said) & content_words(topic))


def _line(value: Any) -> str:
    """Return a value on one line."""
    return " ".join(str(value).split())
