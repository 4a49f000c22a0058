"""Public helpers for authors of methods and guards: the contract, and small data whose truth is known."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulacra.testing import toys
    from simulacra.testing.contract import check_generator, check_guard, check_transform

__all__ = ["check_generator", "check_guard", "check_transform", "toys"]


def __getattr__(name: str) -> Any:
    if name == "toys":
        return importlib.import_module("simulacra.testing.toys")
    if name in __all__:
        return getattr(importlib.import_module("simulacra.testing.contract"), name)
    raise AttributeError(f"module 'simulacra.testing' has no attribute {name!r}")
