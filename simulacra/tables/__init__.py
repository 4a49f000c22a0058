"""Generators of tables."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulacra.tables.copula import Copula
    from simulacra.tables.flow import Flow
    from simulacra.tables.forest import Forest
    from simulacra.tables.gan import Gan
    from simulacra.tables.private import Private
    from simulacra.tables.rules import Rules
    from simulacra.tables.smote import Smote
    from simulacra.tables.vae import Vae

_WHERE = {
    "Copula": "copula",
    "Flow": "flow",
    "Forest": "forest",
    "Gan": "gan",
    "Private": "private",
    "Rules": "rules",
    "Smote": "smote",
    "Vae": "vae",
}
__all__ = ["Copula", "Flow", "Forest", "Gan", "Private", "Rules", "Smote", "Vae"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"simulacra.tables.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'simulacra.tables' has no attribute {name!r}")
