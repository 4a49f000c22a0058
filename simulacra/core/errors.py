"""Every error a user can cause, with the exit code the command line gives it.

SimulacraError (exit code 2)
    DataError          the data cannot be read or do not fit the request
    SchemaError        a schema contradicts itself or the data
    ConfigError        an unknown method, field, guard or value
    NotFitted          sample or save before fit
    MissingExtra       an optional library is not installed
    OutputError        the output exists, is not writable, or the disk is full
    ModelError         a saved model is damaged, foreign or from a newer version
    BudgetError        the privacy budget does not cover the release
    SpendError         the limit of cost is reached (exit code 1: what is there can be used)

Each message has four parts: what was wrong, where, what was seen, what to do.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from types import ModuleType


class SimulacraError(Exception):
    """Base of every error that is the user's to mend."""

    exit_code = 2


class DataError(SimulacraError):
    """The data cannot be read, or do not fit what was asked."""


class SchemaError(SimulacraError):
    """A schema contradicts itself or the data."""


class ConfigError(SimulacraError):
    """An unknown method, field, guard or value."""


class NotFitted(SimulacraError):
    """A method that learns was asked before it was fitted."""


class MissingExtra(SimulacraError, ImportError):
    """An optional library is not installed."""


class OutputError(SimulacraError):
    """The output exists, is not writable, or the disk is full."""


class ModelError(SimulacraError):
    """A saved model is damaged, foreign, or from a newer version."""


class BudgetError(SimulacraError):
    """The privacy budget does not cover the release."""


class SpendError(SimulacraError):
    """The limit of cost is reached: nothing more is asked, and what was paid for is kept."""

    exit_code = 1


def need(module: str, extra: str, who: str) -> ModuleType:
    """Import an optional library, or name the command that installs it.

    Raises MissingExtra: "tables/gan needs torch: pip install 'simulacra[torch]'".
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = module.partition(".")[0]
        raise MissingExtra(f"{who} needs {missing}: pip install 'simulacra[{extra}]' ({error})") from error


def near(name: str, known: Iterable[str]) -> str:
    """Return a hint such as " Did you mean: tables/copula, tables/rules?", or the choices when few, or nothing."""
    import difflib

    known = [str(k) for k in known]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if not close:
        tail = name.rsplit("/", 1)[-1].lower()
        close = [k for k in known if tail and (tail in k.lower() or k.lower() in name.lower())][:3]
    if close:
        return f" Did you mean: {', '.join(close)}?"
    return f" Known: {', '.join(known)}." if 0 < len(known) <= 12 else ""
