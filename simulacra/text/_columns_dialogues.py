"""Dialogues: one model plays the user, one the assistant, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulacra.text._columns_cells import Cells
from simulacra.text._columns_column import Known
from simulacra.text._columns_prompts import MESSAGES, Asking, Messages
from simulacra.text._columns_schema import column_of, dtype_of
from simulacra.text._columns_spec import Spec
from simulacra.text._columns_templates import Talk

if TYPE_CHECKING:
    import polars as pl

    from simulacra.parts.prompts.desk import Desk

PLAY = "You play the user of an assistant, never the assistant. Write the user's next message alone, no name before it."
BEGIN = "Write your first message."


class Dialogue(Asking):
    """A conversation of so many exchanges; `user` says who writes to the assistant and what for."""

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        self.user = self.template(spec.given["user"], "user")
        self.start = self.template(spec.given["start"], "start") if spec.get("start") else None
        turns = spec.get("turns", 3)
        self.low, self.high = (turns, turns) if isinstance(turns, int) else tuple(turns)
        if self.low > self.high:
            raise spec.error(f"turns: the lower end comes first, got {turns!r}")
        self.user_model = self.model("user_model") if "user_model" in spec.given else self.settings["model"]
        self.fields = frozenset(("text",))

    def dtype(self) -> pl.DataType:
        """Return messages."""
        return dtype_of(MESSAGES)

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return messages."""
        return column_of(self.name, MESSAGES, [cells.values[self.name][i] for i in alive])

    async def ask(self, cells: Cells, rows: Sequence[int], desk: Desk) -> None:
        """Ask the two in turn; a conversation that fails at any turn is lost."""
        drawn = cells.below(f"turns of {self.name}", self.high - self.low + 1)
        talks: dict[int, Messages] = self.rendered(cells, rows, lambda i: self.opening(cells, i))
        for turn in range(self.high):
            going = [i for i in talks if turn < self.low + drawn[i]]
            if not going:
                break
            said = await self._said(cells, going, talks, turn, desk)
            heard = {i: (*talks[i], ("user", text)) for i, text in said.items()}
            asked = {i: self.request(cells, i, talk, 2 * turn + 1) for i, talk in heard.items()}
            got = await self.answers(cells, asked, desk)
            lost = set(going) - set(got)
            talks = {i: talk for i, talk in talks.items() if i not in lost}
            talks |= {i: (*heard[i], ("assistant", answer.text)) for i, answer in got.items()}
        for i, talk in talks.items():
            cells.values[self.name][i] = Talk({"role": role, "content": text} for role, text in talk)

    async def _said(
        self, cells: Cells, rows: Sequence[int], talks: Mapping[int, Messages], turn: int, desk: Desk
    ) -> dict[int, str]:
        """Return what the user says next in each row."""
        start = self.start
        if turn == 0 and start is not None:
            first: dict[int, str] = self.rendered(cells, rows, lambda i: start.render(cells.context(i, start)))
            return first
        briefs = self.rendered(cells, rows, lambda i: self._brief(cells, i))
        asked = {
            i: self.request(cells, i, (*brief, *_turned(talks[i])), 2 * turn, model=self.user_model)
            for i, brief in briefs.items()
        }
        return {i: answer.text for i, answer in (await self.answers(cells, asked, desk)).items()}

    def _brief(self, cells: Cells, i: int) -> Messages:
        said = f"{self.user.render(cells.context(i, self.user))}\n\n{PLAY}"
        if self.language:
            said += f" Write in {self.language}."
        return (("system", said), ("user", BEGIN))


def _turned(talk: Sequence[tuple[str, Any]]) -> Messages:
    """Return a conversation as the user sees it: their own words are the assistant's."""
    other = {"user": "assistant", "assistant": "user"}
    return tuple((other[role], said) for role, said in talk if role in other)
