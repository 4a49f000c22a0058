"""Public word lists, from the data of the package mimesis: names, streets, towns and plain words, by their length."""

from __future__ import annotations

import importlib.util
import json
import string
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

LISTS = {
    "given": ("person", "names"),
    "female": ("person", "names", "female"),
    "male": ("person", "names", "male"),
    "family": ("person", "surnames"),
    "city": ("address", "city"),
    "street": ("address", "street", "name"),
    "state": ("address", "state", "abbr"),
    "word": ("text", "words"),
}


@cache
def words(name: str) -> tuple[str, ...]:
    """Return one English word list of the mimesis package, sorted, each word once."""
    file, *path = LISTS[name]
    value = _data(file)
    for step in path:
        value = value[step]
    found: Iterable[str] = [w for part in value.values() for w in part] if isinstance(value, dict) else value
    return tuple(sorted({w for w in found if name == "city" or (w.isalpha() and w.isascii())}))


@cache
def of_length(name: str, length: int, case: str) -> tuple[str, ...] | str:
    """Return the words of a list that have a length, or the nearest length there is; one letter is any letter."""
    if length == 1:
        return string.ascii_uppercase if case in ("upper", "title") else string.ascii_lowercase
    lengths = sorted({len(w) for w in words(name)}, key=lambda n: (abs(n - length), n))
    change: Callable[[str], str] = {"upper": str.upper, "lower": str.lower}.get(case, str)
    chosen = (w for w in words(name) if len(w) == lengths[0])
    return tuple(sorted({change(w) if case != "title" else w[0].upper() + w[1:] for w in chosen}))


@cache
def any_length(name: str, taken: str, case: str) -> tuple[str, ...]:
    """Return the words of a list, but for those whose length is taken."""
    lengths = {len(w) for w in words(name)} - {1, *map(int, taken.split())} or {len(w) for w in words(name)}
    return tuple(sorted({w for n in lengths for w in of_length(name, n, case)}))


@cache
def streets() -> frozenset[str]:
    """Return the words of addresses that name a kind of street, in lower case."""
    value = _data("address")
    short = ("st", "ave", "rd", "dr", "ln", "blvd", "ct", "apt", "suite", "unit", "str", "weg", "platz", "allee", "rue")
    return frozenset((*(w.lower() for w in value["street"]["suffix"]), *short))


@cache
def languages(file: str, entry: str) -> tuple[Any, ...]:
    """Return one entry of a file of the mimesis package in every language that has it."""
    spec = importlib.util.find_spec("mimesis")
    assert spec is not None and spec.origin is not None
    found = sorted((Path(spec.origin).parent / "datasets").glob(f"*/{file}.json"))
    read = (json.loads(path.read_text("utf-8")) for path in found)
    return tuple(value[entry] for value in read if entry in value)


def _data(file: str) -> Any:
    # Read as data: importing the package costs a third of a second and is not needed for lists.
    spec = importlib.util.find_spec("mimesis")
    assert spec is not None and spec.origin is not None
    return json.loads((Path(spec.origin).parent / "datasets" / "en" / f"{file}.json").read_text("utf-8"))
