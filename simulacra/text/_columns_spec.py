"""What a recipe says of a column: its kind and entries, read and checked before anything is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulacra.core.errors import ConfigError, near
from simulacra.text._columns_templates import TAKEN

Test = Callable[[Any], bool]
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def text(value: Any) -> bool:
    """Return whether a value is text that is not empty."""
    return isinstance(value, str) and bool(value)


def number(value: Any) -> bool:
    """Return whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def whole(value: Any) -> bool:
    """Return whether a value is a whole number of at least 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def yes_or_no(value: Any) -> bool:
    """Return whether a value is true or false."""
    return isinstance(value, bool)


def texts(value: Any) -> bool:
    """Return whether a value is a list of texts with at least one."""
    return isinstance(value, list | tuple) and bool(value) and all(text(v) for v in value)


def table(value: Any) -> bool:
    """Return whether a value is a table with at least one entry."""
    return isinstance(value, Mapping) and bool(value)


def one_of(*choices: str) -> tuple[Test, str]:
    """Return the test of a choice and its words."""
    return (lambda value: value in choices), f"one of {', '.join(choices)}"


TEXT, NUMBER, WHOLE = (text, "text"), (number, "a number"), (whole, "a whole number of at least 1")
YES, TEXTS, TABLE = (yes_or_no, "true or false"), (texts, "a list of texts"), (table, "a table")
PROMPT = (
    lambda v: text(v) or (table(v) and all(text(t) for t in v.values())),
    "a template, or a table of them by name",
)
SHARE = (lambda v: number(v) and 0 < v <= 1, "a number above 0 and at most 1")
HEAT = (lambda v: number(v) and 0 <= v <= 5, "a number from 0 to 5")
LIST = (lambda v: isinstance(v, list | tuple) and bool(v), "a list")
VALUES = (lambda v: LIST[0](v) or table(v), "a list, or a table")

COLUMN = (lambda v: text(v) and bool(NAME.fullmatch(v)), "the name of a column")
ENDS = (lambda v: isinstance(v, list | tuple) and len(v) == 2 and all(map(whole, v)), "two whole numbers")
PAIR = (lambda v: isinstance(v, list | tuple) and len(v) == 2 and all(map(text, v)), "the names of two columns")
TURNS = (lambda v: whole(v) or ENDS[0](v), "a whole number of at least 1, or two of them")
TABLES = (lambda v: isinstance(v, list | tuple) and bool(v) and all(map(table, v)), "a list of tables")
CALL = (callable, "a function; it is given in Python only, never in a recipe, which may come from a stranger")
COUNT = (lambda v: isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 10**15, "a whole number of at least 0")
AGES = (lambda v: ENDS[0](v) and v[0] <= v[1] <= 120, "two ages, the lower first, such as [18, 80]")
NAMES = (lambda v: text(v) or texts(v), "a text or a list of texts")

ASKED = {"model": TEXT, "temperature": HEAT, "top_p": SHARE, "max_tokens": WHOLE, "system": TEXT, "language": TEXT}
"""Entries of every kind that writes by a model."""
COMMON = {"name": TEXT, "kind": TEXT, "when": TEXT, "keep": YES, "required": YES}
"""Entries of every column."""
KINDS: dict[str, dict[str, tuple[Test, str]]] = {
    "category": {"values": VALUES, "weights": LIST, "by": COLUMN},
    "number": {
        "distribution": one_of("uniform", "integer", "normal", "lognormal", "poisson"),
        "low": NUMBER, "high": NUMBER, "mean": NUMBER, "sd": NUMBER,
        "decimals": (lambda v: isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= 15, "0 to 15"),
    },
    "date": {"start": TEXT, "end": TEXT, "format": TEXT},
    "person": {"locale": NAMES, "sex": one_of("female", "male"), "age": AGES, "fields": NAMES},
    "persona": {"fields": NAMES, "length": one_of("full", "short"), "first": COUNT},
    "seed": {"columns": NAMES, "order": one_of("shuffle", "cycle"), "count": WHOLE},
    "prompt": {**ASKED, "prompt": PROMPT, "schema": TABLE, "turns": TEXTS, "complete": YES, "stop": TEXTS},
    "dialogue": {**ASKED, "user": TEXT, "start": TEXT, "turns": TURNS, "user_model": TEXT},
    "expression": {"value": TEXT, "type": one_of("text", "number", "integer", "boolean", "json", "messages"),
                   "schema": TABLE},
    "label": {"prompt": TEXT, "labels": TEXTS, "model": TEXT, "system": TEXT, "share": YES},
    "judge": {**ASKED, "prompt": TEXT, "rubric": TABLES, "pairwise": PAIR, "by": one_of("words", "logprobs")},
    "check": {"of": COLUMN, "schema": TABLE, "regex": TEXT, "callable": CALL, "runs": one_of("python"), "test": TEXT,
              "seconds": WHOLE, "memory": WHOLE, "on_fail": one_of("drop", "mark")},
    "embedding": {"of": COLUMN, "model": TEXT},
}  # fmt: skip
"""Kinds of columns, their entries, and what each must be."""
NEEDED: dict[str, tuple[str, ...]] = {
    "category": ("values",),
    "date": ("start", "end"),
    "prompt": ("prompt",),
    "dialogue": ("user",),
    "expression": ("value",),
    "label": ("prompt", "labels"),
    "judge": ("prompt",),
    "check": ("of",),
    "embedding": ("of",),
}
"""Entries that a kind cannot be without."""


@dataclass(frozen=True)
class Spec:
    """One entry of the list of columns.

    place: where it stands, for errors. given: its entries but for those of every column. when: template of a condition,
    "" for none. keep: whether it stands in the output. required: whether a row without it is left out.
    """

    place: str
    name: str
    kind: str
    given: Mapping[str, Any]
    when: str = ""
    keep: bool = True
    required: bool = True

    def get(self, entry: str, default: Any = None) -> Any:
        """Return an entry, or the default where it is not given."""
        return self.given.get(entry, default)

    def error(self, fault: str) -> ConfigError:
        """Return an error that says where the fault is."""
        return ConfigError(f"{self.place}: {fault}")


def read_specs(entries: Sequence[Any]) -> tuple[Spec, ...]:
    """Read a list of columns. Raises ConfigError with the place, what was seen, and near misses."""
    out: list[Spec] = []
    for i, entry in enumerate(entries):
        spec = _read(i, entry)
        if spec.name in (other.name for other in out):
            raise spec.error("the name is taken by a column before it; give every column a name of its own")
        out.append(spec)
    return tuple(out)


def _read(i: int, entry: Any) -> Spec:
    place = f"columns[{i}]"
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{place}: a column is a table of entries such as name and kind, got {entry!r}")
    name, kind = entry.get("name"), entry.get("kind")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ConfigError(f"{place}: name must be letters, digits and _, as templates need it, got {name!r}")
    place = f"{place} {name!r}"
    if name in TAKEN:
        raise ConfigError(f"{place}: the name {name!r} has a meaning of its own in templates; take another")
    if kind not in KINDS:
        raise ConfigError(f"{place}: unknown kind {kind!r}.{near(str(kind), KINDS) or ' Known: ' + ', '.join(KINDS)}")
    known = COMMON | KINDS[kind]
    for key, value in entry.items():
        if key not in known:
            raise ConfigError(f"{place}: unknown entry {key!r}.{near(key, known)}")
        fits, what = known[key]
        if not fits(value):
            raise ConfigError(f"{place}: {key} must be {what}, got {value!r}")
    for key in NEEDED.get(kind, ()):
        if key not in entry:
            raise ConfigError(f"{place}: a column of kind {kind} needs {key}")
    given = {k: v for k, v in entry.items() if k not in COMMON}
    # Where a check leaves rows out, all that stay have passed it.
    keep = entry.get("keep", kind != "check" or given.get("on_fail") == "mark")
    return Spec(place, name, kind, given, entry.get("when", ""), keep, entry.get("required", True))


def call_name(call: Any) -> str:
    """Return the name of a function, as "module:name"."""
    return f"{getattr(call, '__module__', '?')}:{getattr(call, '__qualname__', type(call).__name__)}"
