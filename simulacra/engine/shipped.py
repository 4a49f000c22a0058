"""Recipes that ship with the library, and their data, by names such as recipe:support-tickets."""

from __future__ import annotations

from pathlib import Path

from simulacra.core.errors import ConfigError, near

PREFIX = "recipe:"
FOLDER = Path(__file__).parent.parent / "recipes"


def is_recipe(source: object) -> bool:
    """Return whether a source is a recipe by its name: a .toml file, or one that ships."""
    text = str(source) if isinstance(source, str | Path) else ""
    return text.endswith(".toml") or text.startswith(PREFIX)


def names() -> list[str]:
    """Return the names of the recipes that ship, with their prefix."""
    return [f"{PREFIX}{path.stem}" for path in sorted(FOLDER.glob("*.toml"))]


def listing() -> list[tuple[str, str]]:
    """Return (name, first sentence of its head) of each recipe."""
    return [(name, text(name).splitlines()[0].removeprefix("#").strip()) for name in names()]


def text(name: str) -> str:
    """Return a recipe that ships as TOML, with its comments. Raises ConfigError with near misses."""
    if name not in names():
        raise ConfigError(f"no recipe {name!r} ships.{near(name, names()) or ' Known: ' + ', '.join(names())}")
    return (FOLDER / f"{name.removeprefix(PREFIX)}.toml").read_text("utf-8")


def data(name: str) -> str:
    """Return where the data of a recipe lie: of a name such as recipe:handbook the file or folder that ships.

    Another name is returned as it is. Raises ConfigError for one that does not ship.
    """
    if not name.startswith(PREFIX):
        return name
    known = {p.stem: p for p in FOLDER.iterdir() if p.suffix != ".toml" and not p.name.startswith((".", "_"))}
    asked = name.removeprefix(PREFIX)
    if asked not in known:
        raise ConfigError(f"no data {name!r} ship.{near(asked, known) or ' Known: ' + ', '.join(known)}")
    return str(known[asked])
