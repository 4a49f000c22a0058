"""List the methods, guards and recipes with a sentence each, the fields of one method, or a recipe as it stands.

simulacra list
simulacra list tables/forest
simulacra list recipe:support-tickets > tickets.toml
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the argument."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a method, a guard or a recipe that ships")


def run(given: argparse.Namespace) -> int:
    """Print the listing."""
    from simulacra.core import registry
    from simulacra.core.errors import ConfigError, near
    from simulacra.engine import shipped

    if given.name is None:
        methods = sorted(registry.listing("generators") + registry.listing("transforms"))
        rows = {"Methods": methods, "Guards": registry.listing("guards")}
        for title, listed in (rows | {"Recipes": shipped.listing()}).items():
            print(f"{title}:")
            width = max((len(name) for name, _ in listed), default=0)
            for name, sentence in listed:
                print(f"  {name:<{width}}  {sentence}")
        print("\nsimulacra list NAME shows the fields of a method, or the text of a recipe.")
        return 0
    if given.name.startswith(shipped.PREFIX):
        print(shipped.text(given.name), end="")
        return 0
    for group in ("generators", "transforms"):
        if given.name in registry.names(group):
            describe(given.name, registry.load(given.name, group))
            return 0
    known = registry.names("guards")
    if given.name not in known:
        every = [*registry.names("generators"), *registry.names("transforms"), *known, *shipped.names()]
        raise ConfigError(f"unknown method, guard or recipe {given.name!r}.{near(given.name, every)}")
    guard = registry.load(given.name, "guards")
    needs = ", ".join(getattr(guard, "needs", ())) or "nothing but the made rows"
    print(f"{given.name}: {paragraph(guard.__doc__)}\nNeeds: {needs}.")
    return 0


def describe(name: str, cls: type) -> None:
    """Print the fields of a method: type, default, range or choices, unit, help."""
    from simulacra.core import options

    print(f"{name}: {paragraph(cls.__doc__)}\n")
    if getattr(cls, "private", False):
        how = "It needs" if getattr(cls, "needs_budget", False) else "It can be fitted under"
        print(f"{how} a privacy budget: --epsilon 1 --delta 1e-9.\n")
    fields = options.fields(cls)
    print("Fields, set with --set FIELD=VALUE:" if fields else "It has no fields.")
    for field in fields:
        meta = field.metadata
        kind = str(field.type).replace(" | None", " or none")
        default = "none" if field.default is None else field.default
        # The target is known to the guards too, so it has a flag of its own.
        flag = ["set with --target"] if field.name == "target" else []
        other = [] if meta.get("private") is None else [f"under a budget {meta['private']}"]
        facts = [kind, f"default {default}", *other, *_limits(meta), *flag]
        print(f"  {field.name}: {', '.join(facts)}\n      {meta.get('help', '')}")
    for line in references(cls.__doc__):
        print(f"\n{line}")


def paragraph(doc: str | None) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join((doc or "").strip().split("\n\n")[0].split())


def references(doc: str | None) -> list[str]:
    """Return the lines of a docstring that name its papers."""
    lines = [line.strip() for line in (doc or "").splitlines()]
    return [line for line in lines if line.startswith(("Reference:", "References:"))]


def _limits(meta: Mapping[str, Any]) -> list[str]:
    out = []
    if meta.get("choices"):
        out.append(f"one of {', '.join(meta['choices'])}")
    low, high = meta.get("low"), meta.get("high")
    if low is not None and high is not None:
        out.append(f"{low} to {high}")
    elif low is not None:
        out.append(f"at least {low}")
    elif high is not None:
        out.append(f"at most {high}")
    if meta.get("unit"):
        out.append(str(meta["unit"]))
    return out
