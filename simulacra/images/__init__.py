"""Generators of small labelled pictures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulacra.images.flow import Flow
    from simulacra.images.pca import Pca

_WHERE = {"Flow": "flow", "Pca": "pca"}
__all__ = ["Flow", "Pca"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"simulacra.images.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
