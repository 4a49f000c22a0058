"""Prompts: cells that a model writes, as text, as values of a schema, or as a conversation of several turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from simulacra.parts.prompts.request import Answer, Request
from simulacra.text._columns_cells import Cells
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_languages import in_script, scripts_of
from simulacra.text._columns_schema import column_of, dtype_of, fields_of, too_large
from simulacra.text._columns_spec import Spec
from simulacra.text._columns_templates import Talk, Template, Unfit

if TYPE_CHECKING:
    import polars as pl

    from simulacra.parts.prompts.desk import Desk

TEMPERATURE, MAX_TOKENS = 0.7, 256
Messages = tuple[tuple[str, str], ...]


class Asking(Column):
    """What all columns that ask for words share: a model, a temperature, a system prompt with the language."""

    asks = True

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        self.settings = {
            "model": self.model(),
            "temperature": float(spec.get("temperature", TEMPERATURE)),
            "top_p": float(spec.get("top_p", 1.0)),
            "max_tokens": int(spec.get("max_tokens", MAX_TOKENS)),
        }
        self.language = str(spec.get("language", known.language))
        self.system = self.template(spec.given["system"], "system") if spec.get("system") else None

    def opening(self, cells: Cells, i: int) -> Messages:
        """Return the system message of a row, none where nothing is to be said in it. Raises Unfit."""
        said = self.system.render(cells.context(i, self.system)) if self.system else ""
        if self.language:
            said = f"{said}\n\nWrite in {self.language}.".lstrip()
        return (("system", said),) if said else ()

    def request(self, cells: Cells, i: int, messages: Messages, turn: int, **changes: Any) -> Request:
        """Return one request of a row; its seed is drawn from (seed, column, turn, row)."""
        seed = cells.request_seeds(self.name, turn)[i]
        given = {**self.settings, "seed": seed, "row": cells.first + i, "column": self.name, **changes}
        return Request(messages, **given)

    def counted(self, cells: Cells) -> dict[str, Any]:
        """Return how many texts are not in the script of the language that was asked for."""
        scripts = scripts_of(self.language)
        made = cells.values[self.name] if scripts else []
        wrong = sum(v is not None and i not in cells.lost and not in_script(v, scripts) for i, v in enumerate(made))
        return {f"not in {self.language}": wrong} if wrong else {}

    async def answers(
        self, cells: Cells, requests: Mapping[int, Request], desk: Desk, templates: Mapping[int, str] | None = None
    ) -> dict[int, Answer]:
        """Return the answers to requests of rows, noted in the lineage; rows without one have failed."""
        got = await self.all_answers(cells, {i: [request] for i, request in requests.items()}, desk, templates)
        return {i: answer for i, [answer] in got.items()}

    async def all_answers(
        self,
        cells: Cells,
        requests: Mapping[int, Sequence[Request]],
        desk: Desk,
        templates: Mapping[int, str] | None = None,
    ) -> dict[int, list[Answer]]:
        """Return the answers of rows that each ask several requests; a row that lacks one of them has failed."""
        told = iter(await desk.ask([request for several in requests.values() for request in several]))
        out = {}
        for i, several in requests.items():
            answers = [next(told) for _ in several]
            cells.log(i, self.name, (templates or {}).get(i, self.name), [a for a in answers if a.ok])
            fault = next((answer.error for answer in answers if not answer.ok), "")
            if fault:
                cells.fail(i, self.name, fault, self.spec.required)
            else:
                out[i] = [a if a.text.isascii() else replace(a, text=clean(a.text)) for a in answers]
        return out

    def rendered(self, cells: Cells, rows: Sequence[int], what: Any) -> dict[int, Any]:
        """Return what a function makes of each row; rows of which it cannot have failed."""
        out = {}
        for i in rows:
            try:
                out[i] = what(i)
            except Unfit as error:
                cells.fail(i, self.name, str(error), self.spec.required)
        return out


class Prompt(Asking):
    """What a model answers to a prompt; with a schema its value, with turns the whole conversation."""

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        given = spec.given["prompt"]
        named = given if isinstance(given, Mapping) else {self.name: given}
        places = {name: f"prompt.{name}" if isinstance(given, Mapping) else "prompt" for name in named}
        self.prompts = {name: self.template(source, places[name]) for name, source in named.items()}
        self.turns = [self.template(t, f"turns[{k}]") for k, t in enumerate(spec.get("turns", ()))]
        for turn in self.turns:
            # Under its own name a later turn sees the conversation so far, which is no circle.
            turn.names -= {self.name}
        self.settings["stop"] = tuple(spec.get("stop", ()))
        if spec.get("complete"):
            self._without_chat()
        self.schema = spec.get("schema")
        if self.schema is not None:
            from simulacra.parts.prompts.repair import check_schema

            if self.turns:
                raise spec.error("schema and turns cannot be given together; ask for the values in a column of its own")
            check_schema(self.schema, spec.place)
        self.fields = frozenset(("text",)) if self.turns else fields_of(self.schema) if self.schema else frozenset()

    def _without_chat(self) -> None:
        """Go on from the prompt as it stands, as small models and those without a chat template do best."""
        other = next((e for e in ("system", "schema", "turns", "language") if self.spec.get(e)), None)
        if other is not None or self.language:
            raise self.spec.error(f"complete goes on from a text, so {other or 'language'} cannot be said beside it")
        self.settings["kind"] = "complete"

    def dtype(self) -> pl.DataType:
        """Return text, the type of the schema, or messages."""
        return dtype_of(MESSAGES if self.turns else self.schema)

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return texts, values of the schema or messages."""
        schema = MESSAGES if self.turns else self.schema
        return column_of(self.name, schema, [cells.values[self.name][i] for i in alive])

    async def ask(self, cells: Cells, rows: Sequence[int], desk: Desk) -> None:
        """Ask turn by turn; the rows of one turn are one batch."""
        known, drawn = list(self.prompts), cells.below(f"prompt of {self.name}", len(self.prompts))
        names = {i: known[drawn[i]] for i in rows}
        talks = self.rendered(cells, rows, lambda i: self._first(cells, i, self.prompts[names[i]]))
        for turn, template in enumerate([None, *self.turns]):
            if template is not None:
                talks = self.rendered(cells, list(talks), partial(self._further, cells, template, talks))
            asked = {i: self.request(cells, i, talk, turn, schema=self.schema) for i, talk in talks.items()}
            got = await self.answers(cells, asked, desk, names)
            for i, answer in got.items():
                cells.values[self.name][i] = answer.text if self.schema is None else answer.value
                if self.schema is not None and too_large(answer.value):
                    cells.fail(i, self.name, "it holds a whole number of more than 64 bits", self.spec.required)
                    cells.values[self.name][i] = None
            talks = {i: (*talks[i], ("assistant", answer.text)) for i, answer in got.items()}
        if self.turns:
            for i, talk in talks.items():
                cells.values[self.name][i] = Talk({"role": role, "content": said} for role, said in talk)

    def _first(self, cells: Cells, i: int, template: Template) -> Messages:
        return (*self.opening(cells, i), ("user", template.render(cells.context(i, template))))

    def _further(self, cells: Cells, template: Template, talks: Mapping[int, Messages], i: int) -> Messages:
        """Return a conversation with the user's next words; the template sees it so far by the column's name."""
        so_far = Talk({"role": role, "content": said} for role, said in talks[i])
        said = template.render({**cells.context(i, template), self.name: so_far})
        return (*talks[i], ("user", said))


def clean(text: str) -> str:
    """Return a text that can be written as UTF-8: half of a pair of surrogates cannot."""
    return text.encode("utf-8", "replace").decode()


MESSAGES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"role": {"type": "string"}, "content": {"type": "string"}},
        "required": ["role", "content"],
    },
}
"""Schema of a list of messages."""
