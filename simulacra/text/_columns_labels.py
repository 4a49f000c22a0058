"""Labels and embeddings: cells that are numbers of a model rather than its words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simulacra.parts.prompts.request import Request
from simulacra.text._columns_cells import Cells
from simulacra.text._columns_column import Known
from simulacra.text._columns_judges import likeliest
from simulacra.text._columns_prompts import Asking
from simulacra.text._columns_schema import column_of, dtype_of
from simulacra.text._columns_spec import Spec

if TYPE_CHECKING:
    import polars as pl

    from simulacra.parts.prompts.desk import Desk

SHARED = {"type": "object", "properties": {"label": {"type": "string"}, "share": {"type": "number"}}}


class Label(Asking):
    """The label that is likeliest as the answer to a prompt; with `share`, how sure the model is of it."""

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        self.prompt = self.template(spec.given["prompt"], "prompt")
        self.labels = tuple(spec.given["labels"])
        if len(set(self.labels)) < max(2, len(self.labels)):
            raise spec.error(f"labels must be at least two different texts, got {list(self.labels)!r}")
        self.written: dict[str, Any] = SHARED if spec.get("share", False) else {"type": "string"}
        self.fields = frozenset(self.written.get("properties", ()))

    def dtype(self) -> pl.DataType:
        """Return text, or a struct of label and share."""
        return dtype_of(self.written)

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return labels, with their shares where those are asked for."""
        return column_of(self.name, self.written, [cells.values[self.name][i] for i in alive])

    async def ask(self, cells: Cells, rows: Sequence[int], desk: Desk) -> None:
        """Ask for the log-probability of every label."""
        asked: dict[int, Request] = self.rendered(cells, rows, lambda i: self._request(cells, i))
        for i, answer in (await self.answers(cells, asked, desk)).items():
            label = self.labels[likeliest(answer)]
            cells.values[self.name][i] = {"label": label, "share": _share(answer.value)} if self.fields else label

    def _request(self, cells: Cells, i: int) -> Request:
        said = self.prompt.render(cells.context(i, self.prompt))
        messages = (*self.opening(cells, i), ("user", said))
        # Nothing is drawn, so that equal words have equal labels and are paid for once.
        return self.request(cells, i, messages, 0, kind="labels", labels=self.labels, seed=0, temperature=0.0)


def _share(values: Sequence[float]) -> float:
    """Return the share of the likeliest label among all of them."""
    top = max(values)
    return 1 / sum(math.exp(value - top) for value in values)


class Embedding(Asking):
    """The vector of a text."""

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        self.needs = (spec.given["of"],)
        self.fields = None

    def dtype(self) -> pl.DataType:
        """Return a list of numbers."""
        import polars as pl

        return pl.List(pl.Float64())

    async def ask(self, cells: Cells, rows: Sequence[int], desk: Desk) -> None:
        """Ask for the vector of each text; rows without a text have none."""
        texts = {i: cells.values[self.needs[0]][i] for i in rows}
        asked = {
            i: self.request(cells, i, (("user", str(text)),), 0, kind="embed", seed=0, temperature=0.0)
            for i, text in texts.items()
            if text is not None
        }
        for i, answer in (await self.answers(cells, asked, desk)).items():
            cells.values[self.name][i] = [float(v) for v in answer.value]
