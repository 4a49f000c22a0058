"""A table of columns, each drawn, looked up, computed or asked for, in order of reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulacra.core.errors import ConfigError
from simulacra.core.options import option
from simulacra.text._base import Texts
from simulacra.text._columns_spec import call_name, read_specs


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

    def params(self) -> dict[str, Any]:
        """Return the configuration as plain values; a function stands as the text "module:name"."""
        return {**super().params(), "columns": tuple(_named(column) for column in self.columns)}

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the columns and the rows of data they take. Raises ConfigError for a check by a function."""
        for i, column in enumerate(self.columns):
            if "callable" in column:
                raise ConfigError(
                    f"columns[{i}] {column['name']!r} holds a Python function, which is never saved; check by schema, "
                    "regex or runs instead, or keep the columns in your own code"
                )
        super().save(path, overwrite=overwrite)

    def _columns(self) -> Sequence[Mapping[str, Any]]:
        return self.columns


def _named(column: Mapping[str, Any]) -> dict[str, Any]:
    return {k: call_name(v) if k == "callable" else v for k, v in column.items()}
