"""A table of columns, each drawn, looked up, computed or asked for, in order of reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulacra.core.options import option
from simulacra.text._base import Texts
from simulacra.text._columns_spec import read_specs


@dataclass
class Columns(Texts):
    """Make rows column by column: samplers, rows of data, expressions, prompts to language models, judges and checks.

    columns: entries with name, kind and what the kind needs, as [[columns]] in a recipe; each refers to those before.
    Everything that is drawn is a function of (seed, column, row number); every answer is paid for once.
    Example: Columns(columns=[{"name": "topic", "kind": "category", "values": ["sun", "rain"]}]).sample(3, seed=1)
    """

    name = "text/columns"

    columns: tuple[Any, ...] = option((), "columns of the output, as entries of [[columns]], in order of reference")

    def __post_init__(self) -> None:
        super().__post_init__()
        read_specs(self.columns)

    def _columns(self) -> Sequence[Mapping[str, Any]]:
        return self.columns
