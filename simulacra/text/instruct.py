"""Instruction data: tasks, questions from documents, reasoning, dialogues, preferences, tools, mixed prompts."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.errors import ConfigError
from simulacra.core.options import option
from simulacra.parts.prompts.model import read_models
from simulacra.text._base import Texts

if TYPE_CHECKING:
    from simulacra.text._columns_run import Block, Plan
    from simulacra.text._instruct_kind import Kind

KINDS = {
    "self-instruct": "_instruct_self:SelfInstruct",
    "qa": "_instruct_qa:Qa",
    "evol": "_instruct_evol:Evol",
    "reasoning": "_instruct_reasoning:Reasoning",
    "dialogue": "_instruct_dialogue:Dialogue",
    "preference": "_instruct_preference:Preference",
    "tools": "_instruct_tools:Tools",
    "mixed": "_instruct_mixed:Mixed",
}
"""Kind -> module and class."""


@dataclass
class Instruct(Texts):
    """Make instruction data of eight kinds, each checked as it is made.

    kind: self-instruct (new tasks from seed tasks), evol (harder and other instructions), qa (question, answer and
    evidence from documents), reasoning (worked answers, by majority), dialogue, preference (chosen and rejected),
    tools (calls that fit their schemas), mixed (prompts by templates from any labelled table). options: of the kind, as
    a table or as texts such as "samples=5". A row that fails the checks of its kind is tried again, then left out.
    References: Wang et al. (2022) Self-Instruct; Xu et al. (2023) WizardLM; Wang et al. (2022) Self-consistency;
    Longpre et al. (2023) The Flan Collection.
    Example: Instruct(kind="mixed", options={"target": "spam"}).fit(table).sample(100, seed=1)
    """

    name = "text/instruct"
    block_rows: ClassVar[int] = 4096

    kind: str = option("dialogue", "what is made", choices=tuple(KINDS))
    options: tuple[Any, ...] | dict[str, Any] = option(
        (), "options of the kind, a table or texts such as samples=5; docs/generators/text/instruct.md lists them"
    )
    wish: str = option("", "what the model is asked for beside, such as a subject or whom it is for")
    tries: int = option(3, "attempts at a row that does not pass the checks of its kind", low=1, high=20)
    tools: tuple[Any, ...] = option((), "tools of kind tools, as entries of [[tools]] in OpenAI's form")
    templates: tuple[Any, ...] = option(
        (), "templates of kind mixed beside those that ship, as entries of [[templates]]"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._kind()

    def _kind(self) -> Kind:
        """Return what makes the rows, ready but for the data. Raises ConfigError."""
        from simulacra.text._instruct_kind import Brief, settings_of

        module, _, attribute = KINDS[self.kind].partition(":")
        cls = getattr(importlib.import_module(f"simulacra.text.{module}"), attribute)
        settings = settings_of(cls.Options, f"{self.name}: {self.kind}", self.options)
        brief = Brief(
            read_models(self.models), self.language, self.wish, self.tries, tuple(self.tools), tuple(self.templates)
        )
        for given, owner in (("tools", "tools"), ("templates", "mixed")):
            if getattr(self, given) and self.kind != owner:
                raise ConfigError(f"{self.name}: {given} belong to kind {owner}, and kind is {self.kind}")
        if brief.small and (self.wish or self.language):
            what = "wish" if self.wish else "language"
            raise ConfigError(
                f"{self.name}: {what} cannot be told to the embedded model, which goes on from English examples; "
                f"leave {what} out, or give another model in [[models]]"
            )
        kind: Kind = cls(settings, brief)
        return kind

    def _plan(self) -> Plan:
        from simulacra.text._instruct_columns import plan_of

        kind = self._kind()
        kind.take(getattr(self, "seeds_", None))
        return plan_of(kind)

    def foreseen(self) -> list[tuple[float, int]]:
        """Return what a row asks where its first try does: for each stage how many requests, and their most tokens."""
        return self._kind().stages()

    def _made(self, plan: Plan, n: int, seed: int, first: int) -> Iterator[Block]:
        from simulacra.text._instruct_columns import in_rounds, round_rows

        if not round_rows(plan):
            return super()._made(plan, n, seed, first)
        return in_rounds(plan, self._asked_desk, self.name, seed, n, self.block_rows, first)
