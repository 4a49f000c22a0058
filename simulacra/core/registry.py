"""What there is: addresses of generators, transforms, guards and ports, ours and those of installed plugins.

Listing imports no heavy library. A plugin adds a line to its project file, e.g.
[project.entry-points."simulacra.generators"] "tables/shuffle" = "my_package:Shuffle".
"""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from typing import Any

from simulacra.core.errors import ConfigError, near

GROUPS = ("generators", "transforms", "guards", "ports")

BUILT_IN: dict[str, dict[str, str]] = {
    "generators": {
        "tables/forest": "simulacra.tables.forest:Forest",
        "tables/copula": "simulacra.tables.copula:Copula",
        "tables/rules": "simulacra.tables.rules:Rules",
        "tables/private": "simulacra.tables.private:Private",
        "tables/smote": "simulacra.tables.smote:Smote",
        "tables/gan": "simulacra.tables.gan:Gan",
        "tables/vae": "simulacra.tables.vae:Vae",
        "tables/flow": "simulacra.tables.flow:Flow",
        "images/gan": "simulacra.images.gan:Gan",
        "images/vae": "simulacra.images.vae:Vae",
        "images/pca": "simulacra.images.pca:Pca",
        "images/flow": "simulacra.images.flow:Flow",
        "text/columns": "simulacra.text.columns:Columns",
        "text/instruct": "simulacra.text.instruct:Instruct",
        "text/personas": "simulacra.text.personas:Personas",
    },
    "transforms": {"text/select": "simulacra.text.select:Select"},
    "guards": {
        "fidelity": "simulacra.guards.fidelity:fidelity",
        "utility": "simulacra.guards.utility:utility",
        "privacy": "simulacra.guards.privacy:privacy",
        "claim": "simulacra.guards.claim:claim",
        "images": "simulacra.guards.images:images",
        "diversity": "simulacra.guards.diversity:diversity",
        "content": "simulacra.engine.content:content",
    },
    "ports": {
        "echo": "simulacra.core.port:echo",
        "embedded": "simulacra.parts.prompts.embedded:Embedded",
        "endpoint": "simulacra.parts.prompts.endpoint:Endpoint",
    },
}


@cache
def _found(group: str) -> dict[str, str]:
    from importlib.metadata import entry_points

    out = dict(BUILT_IN[group])
    for entry in entry_points(group=f"simulacra.{group}"):
        out.setdefault(entry.name, entry.value)
    return out


def names(group: str = "generators") -> list[str]:
    """Return the addresses of a group, sorted. Raises ConfigError for an unknown group."""
    if group not in GROUPS:
        raise ConfigError(f"unknown group {group!r}.{near(group, GROUPS)}")
    return sorted(_found(group))


def load(address: str, group: str = "generators") -> Any:
    """Return the class or function behind an address. Raises ConfigError with near misses, or why it will not load."""
    known = _found(group)
    if address not in known:
        kind = {"generators": "method", "transforms": "transform", "guards": "guard", "ports": "port"}[group]
        raise ConfigError(f"unknown {kind} {address!r}.{near(address, known)}")
    module, _, attribute = known[address].partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        # Whatever a stranger's module does when it loads, the others must stay usable.
        raise ConfigError(
            f"{address} cannot be loaded from {known[address]}: {error}; reinstall or remove that package"
        ) from error


def listing(group: str = "generators") -> list[tuple[str, str]]:
    """Return (address, first sentence of its documentation); a broken plugin is named in a warning and left out."""
    out = []
    for name in names(group):
        try:
            doc = load(name, group).__doc__ or ""
        except ConfigError as error:
            warnings.warn(str(error), stacklevel=2)
            continue
        out.append((name, " ".join(doc.strip().split("\n\n")[0].split())))
    return out
