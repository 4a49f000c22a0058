"""Generators of text by language models."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulacra.text.columns import Columns
    from simulacra.text.instruct import Instruct
    from simulacra.text.personas import Personas

_WHERE = {
    "Columns": "columns",
    "Instruct": "instruct",
    "Personas": "personas",
}
__all__ = ["Columns", "Instruct", "Personas"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"simulacra.text.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'simulacra.text' has no attribute {name!r}")
