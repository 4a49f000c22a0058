"""Simulacra makes synthetic data and proves, in the same run, whether they are faithful, useful and private.

The verbs: look (infer a schema), fit, sample, check (guards), and their sum make; list; redo. Nothing heavy is loaded
before it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.core.generator import Generator
    from simulacra.core.registry import names
    from simulacra.core.report import Finding, Report
    from simulacra.core.schema import Column, Schema
    from simulacra.engine.audit import audit
    from simulacra.engine.check import check
    from simulacra.engine.make import look, make, redo
    from simulacra.engine.models import load
    from simulacra.engine.trial import trial
    from simulacra.io.files import read, write

__version__ = "0.1.0"

_WHERE = {
    "Budget": "core.budget",
    "Column": "core.schema",
    "Dataset": "core.data",
    "Finding": "core.report",
    "Generator": "core.generator",
    "Report": "core.report",
    "Schema": "core.schema",
    "audit": "engine.audit",
    "check": "engine.check",
    "load": "engine.models",
    "look": "engine.make",
    "make": "engine.make",
    "names": "core.registry",
    "read": "io.files",
    "redo": "engine.make",
    "trial": "engine.trial",
    "write": "io.files",
}
__all__ = [
    "Budget",
    "Column",
    "Dataset",
    "Finding",
    "Generator",
    "Report",
    "Schema",
    "audit",
    "check",
    "load",
    "look",
    "make",
    "names",
    "read",
    "redo",
    "trial",
    "write",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"simulacra.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'simulacra' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
