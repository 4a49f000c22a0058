"""Expressions: cells that a template makes of the columns before it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulacra.text._columns_cells import Cells
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_prompts import MESSAGES
from simulacra.text._columns_schema import column_of, dtype_of, fields_of, too_large
from simulacra.text._columns_spec import Spec
from simulacra.text._columns_templates import Talk, Unfit, truth

if TYPE_CHECKING:
    import polars as pl


class Expression(Column):
    """A template's text, or the number, the truth, the JSON or the messages that it writes."""

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        self.type = str(spec.get("type", "text"))
        self.schema = MESSAGES if self.type == "messages" else spec.get("schema")
        if "schema" in spec.given and self.type != "json":
            raise spec.error(f'schema belongs to type = "json", got {self.type!r}')
        if self.schema is not None:
            from simulacra.parts.prompts.repair import check_schema

            check_schema(self.schema, spec.place)
        self.value = self.template(spec.given["value"], "value")
        if self.type == "messages":
            self.fields = frozenset(("text",))
        elif self.type == "json":
            self.fields = fields_of(self.schema) if self.schema else None

    def dtype(self) -> pl.DataType:
        """Return the type that is named; JSON without a schema is kept as text."""
        return dtype_of(self._written)

    @property
    def _written(self) -> Mapping[str, Any]:
        named = {"text": "string", "json": ""}.get(self.type, self.type)
        return self.schema if self.schema is not None else {"type": named}

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return values of the type that is named."""
        return column_of(self.name, self._written, [cells.values[self.name][i] for i in alive])

    def fill(self, cells: Cells, rows: Sequence[int]) -> None:
        """Render each row and read what was written."""
        for i in rows:
            try:
                cells.values[self.name][i] = self._read(self.value.render(cells.context(i, self.value)))
            except Unfit as error:
                cells.fail(i, self.name, str(error), self.spec.required)

    def _read(self, text: str) -> Any:
        if self.type == "text":
            return text
        if self.type == "boolean":
            return truth(text)
        try:
            if self.type in ("number", "integer"):
                value: Any = float(text) if self.type == "number" else int(text)
                if value - value != 0 or (self.type == "integer" and too_large(value)):
                    raise ValueError("no column can hold it")
                return value
            value = json.loads(text, parse_constant=_refuse)
            if too_large(value):
                raise ValueError("a whole number of more than 64 bits")
        except (ValueError, RecursionError) as error:
            what = "JSON" if self.type in ("json", "messages") else f"of type {self.type}"
            raise Unfit(f"{text[:80]!r} is not {what} ({error})") from error
        if self.schema is not None:
            from simulacra.parts.prompts.repair import wrong

            if fault := wrong(self.schema, value):
                raise Unfit(f"the value does not fulfil its schema: {fault}")
        return Talk(value) if self.type == "messages" else value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
