"""Generators of small labelled pictures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulacra.images.flow import Flow
    from simulacra.images.gan import Gan
    from simulacra.images.pca import Pca
    from simulacra.images.vae import Vae

_WHERE = {"Flow": "flow", "Gan": "gan", "Pca": "pca", "Vae": "vae"}
__all__ = ["Flow", "Gan", "Pca", "Vae"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"simulacra.images.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
