"""The plan of a masking run: which column holds what, and what is done with it; TOML both ways.

    simulacra_mask = 1
    language = "en"
    text = "surrogate"                       # what happens to anything found in free text

    [person]
    "people.csv" = "patient_id"              # the column that names the person, a file each

    [types.DATE]
    action = "shift"
    days = 180

    [columns."people.csv".email]
    type = "EMAIL"
    action = "surrogate"

Rules of a column win over rules of a type, and those over the defaults.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from simulacra.core.atomic import write_text
from simulacra.core.errors import ConfigError, near
from simulacra.mask.types import TYPES

VERSION = 1
MARK = "simulacra_mask"
TEXT = "TEXT"
"""Type of a column of free text, in which identifiers are found one by one."""
ACTIONS = {
    "keep": "leave it as it is",
    "remove": "empty the cell, or take the place out of its text",
    "mask": 'write a fixed text: with = "[NAME]", or last = 4 characters kept',
    "generalise": "write it coarser: dates to years, ages to bands and 90+, ZIP codes to three digits, numbers to bins",
    "pseudonym": "write a keyed code, such as P-3f9a17c2d4e8b065; the same value and key, the same code",
    "shift": "move dates by a secret number of days per person; intervals stay",
    "format": "write a code of the same length and classes of characters with valid check digits; never two alike",
    "surrogate": "write a realistic value of the same kind that belongs to nobody",
}
"""Action -> what it does."""
ONLY = {"shift": ("DATE",)}
"""Action -> the only types it is for."""
DEFAULTS = {**dict.fromkeys(TYPES, "surrogate"), "DATE": "shift", "AGE": "generalise", "OTHER": "mask"}
"""Type -> what happens to it without a plan."""
OPTIONS: dict[str, tuple[type, tuple[str, ...], str]] = {
    "with": (str, ("mask",), "text that is written in its place"),
    "last": (int, ("mask",), "characters at the end that stay, 1..8"),
    "length": (int, ("pseudonym",), "hexadecimal digits of a code, 8..64"),
    "width": (int, ("generalise",), "width of bands and bins, 1 or more"),
    "digits": (int, ("generalise",), "first digits of a postcode that stay, 1..5"),
    "day_first": (bool, ("shift", "generalise"), "whether 03/04/2019 is the third of April"),
    "part": (str, ("surrogate",), 'what a name is: "given", "family" or "full"'),
}
"""Option of a rule -> its type, the actions it belongs to, and what it says."""
RANGES = {"last": (1, 8), "length": (8, 64), "width": (1, 10**9), "digits": (1, 5)}


@dataclass(frozen=True)
class Rule:
    """What a column or a place in a text holds, and what happens to it.

    type: one of mask.types.TYPES, TEXT, or "" for a column that names nobody. action: one of ACTIONS. options: of the
    action, see OPTIONS. by: where the rule comes from, in words; not written.
    """

    type: str
    action: str
    options: Mapping[str, Any] = field(default_factory=dict)
    by: str = field(default="", compare=False)


@dataclass(frozen=True)
class Plan:
    """All rules and choices of a run.

    language: of the texts, two letters. ner: use the optional model for names, too. project: two projects under one key
    get unrelated surrogates. text: action on what is found in texts, "" for the defaults of the types. doubtful:
    "act" or "keep", what happens to doubtful places until they were reviewed. disagree: "refuse" or "warn", for tables
    that say different things of one person. days: most days that dates move, either way. weekday: move by whole weeks.
    person: file -> column that names the person. columns: file -> column -> rule. types: type -> rule.
    files: file -> {"encoding": ..., "format": ...}. k, quasi, sensitive: of the checks; columns named "column" or
    "file:column".
    """

    language: str = "en"
    ner: bool = False
    project: str = ""
    text: str = ""
    doubtful: str = "act"
    disagree: str = "refuse"
    days: int = 365
    weekday: bool = False
    k: int = 5
    quasi: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    person: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)
    types: Mapping[str, Rule] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a plan. Raises ConfigError with near misses for unknown entries, types, actions and values."""
        path = Path(path)
        try:
            value = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise ConfigError(f"--plan {path} cannot be read: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"--plan {path} is not TOML: {error}") from error
        return cls.from_dict(value, str(path))

    @classmethod
    def from_dict(cls, value: Mapping[str, Any], shown: str = "plan") -> Self:
        """Return a plan from plain values. Raises ConfigError as `read` does."""
        return cls(**_checked(dict(value), shown))

    def to_toml(self) -> str:
        """Return the plan as TOML, ready to be changed and given again."""
        return _toml(self)

    def write(self, path: str | Path) -> None:
        """Write the plan."""
        write_text(path, self.to_toml())

    def rule_of(self, type: str, action: str = "") -> Rule:
        """Return what happens to a type; action: of a text or column, in place of the default."""
        rule = self.types.get(type)
        if rule is not None and not action:
            return rule
        wanted = action or self.text or DEFAULTS.get(type, "mask")
        if wanted in ("surrogate", "format") and not action and DEFAULTS.get(type) != "surrogate":
            wanted = DEFAULTS.get(type, "mask")
        if wanted in ONLY and type not in ONLY[wanted]:
            wanted = DEFAULTS.get(type, "mask")
        return Rule(type, wanted, rule.options if rule and rule.action == wanted else {})

    def with_columns(self, columns: Mapping[str, Mapping[str, Rule]], person: Mapping[str, str]) -> Plan:
        """Return the plan with every column settled."""
        return replace(self, columns=columns, person=person)

    def require(self, columns: Mapping[str, Iterable[str]]) -> None:
        """Raise ConfigError for files and columns of the plan that the input lacks; columns: file -> its columns."""
        for what, given in (("columns", self.columns), ("person", self.person), ("files", self.files)):
            for name in given:
                if name not in columns:
                    raise ConfigError(f"plan, [{what}]: {name!r} is not among the files to mask.{near(name, columns)}")
        for file, rules in self.columns.items():
            for column in rules:
                _one_of(column, columns[file], f'plan, [columns."{file}"]: no column {column!r} in {file}')
        for file, column in self.person.items():
            if column:
                _one_of(column, columns[file], f"plan, [person]: no column {column!r} in {file}")


def _one_of(name: str, known: Iterable[str], message: str) -> None:
    known = list(known)
    if name not in known:
        raise ConfigError(f"{message}.{near(name, known)}")


def action(name: Any, where: str) -> str:
    """Return a known action, or raise ConfigError with near misses."""
    if name not in ACTIONS:
        raise ConfigError(f"{where}: unknown action {name!r}.{near(str(name), ACTIONS)}")
    return str(name)


def _checked(value: dict[str, Any], shown: str) -> dict[str, Any]:
    version = value.pop(MARK, VERSION)
    if version != VERSION:
        raise ConfigError(f"{shown}: written for version {version!r} of plans, and this is {VERSION}; update simulacra")
    known = {f.name: f for f in fields(Plan)}
    plain = Plan()
    out: dict[str, Any] = {}
    for name, given in value.items():
        if name not in known:
            raise ConfigError(f"{shown}: unknown entry {name!r}.{near(name, [*known, MARK])}")
        wanted = type(getattr(plain, name)) if name not in ("person", "columns", "types", "files") else dict
        if wanted is tuple and isinstance(given, list) and all(isinstance(v, str) for v in given):
            given = tuple(given)
        if not isinstance(given, wanted) or isinstance(given, bool) != (wanted is bool):
            raise ConfigError(f"{shown}: {name} must be {_word(wanted)}, got {given!r}")
        out[name] = given
    _choices(out, shown)
    if "types" in out:
        out["types"] = {name: _type_rule(name, rule, shown) for name, rule in out["types"].items()}
    if "columns" in out:
        out["columns"] = {file: _column_rules(file, rules, shown) for file, rules in out["columns"].items()}
    for file, options in out.get("files", {}).items():
        if not isinstance(options, dict) or not set(options) <= {"encoding", "format"}:
            raise ConfigError(f'{shown}, [files."{file}"]: may hold encoding and format, got {options!r}')
    for file, column in out.get("person", {}).items():
        if not isinstance(column, str):
            raise ConfigError(f"{shown}, [person]: {file!r} must be the name of a column, got {column!r}")
    return out


def _choices(out: Mapping[str, Any], shown: str) -> None:
    for name, choices in {"doubtful": ("act", "keep"), "disagree": ("refuse", "warn")}.items():
        if out.get(name, choices[0]) not in choices:
            raise ConfigError(f"{shown}: {name} must be {' or '.join(choices)}, got {out[name]!r}")
    if out.get("text"):
        action(out["text"], f"{shown}, text")
    for name, low, high in (("days", 1, 36500), ("k", 1, 10**6)):
        if not low <= out.get(name, low) <= high:
            raise ConfigError(f"{shown}: {name} must be in {low}..{high}, got {out[name]!r}")
    if out.get("weekday") and out.get("days", 365) < 7:
        raise ConfigError(f"{shown}: weekday = true moves by whole weeks, and days = {out['days']} holds none")


def _type_rule(name: str, given: Any, shown: str) -> Rule:
    where = f"{shown}, [types.{name}]"
    if name not in TYPES:
        raise ConfigError(f"{shown}, [types]: unknown type {name!r}.{near(name, TYPES)}")
    return _rule({"type": name, **_table(given, where)}, where)


def _column_rules(file: str, given: Any, shown: str) -> dict[str, Rule]:
    rules = _table(given, f'{shown}, [columns."{file}"]')
    out = {}
    for column, rule in rules.items():
        where = f'{shown}, [columns."{file}".{_key(column)}]'
        # "email = 'remove'" is short for a table with an action alone.
        out[column] = _rule({"action": rule} if isinstance(rule, str) else _table(rule, where), where)
    return out


def _table(given: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ConfigError(f'{where}: must be a table such as {{ action = "surrogate" }}, got {given!r}')
    return given


def _rule(given: Mapping[str, Any], where: str) -> Rule:
    kind = given.get("type", "")
    if kind not in ("", TEXT, *TYPES):
        raise ConfigError(f"{where}: unknown type {kind!r}.{near(str(kind), [*TYPES, TEXT])}")
    act = action(given["action"], where) if "action" in given else ""
    if act in ONLY and kind not in ("", TEXT, *ONLY[act]):
        raise ConfigError(f"{where}: {act} is for {', '.join(ONLY[act])}, and this is {kind}; choose another action")
    options = {name: value for name, value in given.items() if name not in ("type", "action")}
    for name, value in options.items():
        _option(name, value, act, where)
    return Rule(str(kind), act, options, "plan")


def _option(name: str, value: Any, act: str, where: str) -> None:
    if name not in OPTIONS:
        raise ConfigError(f"{where}: unknown entry {name!r}.{near(name, ['type', 'action', *OPTIONS])}")
    wanted, actions, what = OPTIONS[name]
    if act and act not in actions:
        raise ConfigError(f"{where}: {name} ({what}) belongs to {', '.join(actions)}, not to {act}")
    if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
        raise ConfigError(f"{where}: {name} must be {_word(wanted)}, got {value!r}")
    low, high = RANGES.get(name, (0, 0))
    if name in RANGES and not low <= value <= high:
        raise ConfigError(f"{where}: {name} must be in {low}..{high}, got {value!r}")
    if name == "part" and value not in ("given", "family", "full"):
        raise ConfigError(f'{where}: part must be "given", "family" or "full", got {value!r}')


def _word(kind: type) -> str:
    return {str: "a text", int: "a whole number", bool: "true or false", tuple: "a list of texts"}.get(kind, "a table")


def _toml(plan: Plan) -> str:
    plain = Plan()
    lines = [f"{MARK} = {VERSION}"]
    for f in fields(Plan):
        value = getattr(plan, f.name)
        if not isinstance(value, Mapping) and (value != getattr(plain, f.name) or f.name in ("language", "ner")):
            lines.append(f"{f.name} = {_value(value)}")
    tables = {"[person]": plan.person, **{f"[files.{_key(f)}]": v for f, v in plan.files.items()}}
    for head, table in tables.items():
        if table:
            lines += ["", head, *(f"{_key(k)} = {_value(v)}" for k, v in table.items())]
    for name, rule in plan.types.items():
        lines += ["", f"[types.{_key(name)}]", *_lines(replace(rule, type=""))]
    for file, rules in plan.columns.items():
        for column, rule in rules.items():
            lines += ["", f"[columns.{_key(file)}.{_key(column)}]", *_lines(rule)]
    return "\n".join(lines) + "\n"


def _lines(rule: Rule) -> list[str]:
    told = {**({"type": rule.type} if rule.type else {}), **({"action": rule.action} if rule.action else {})}
    note = f"  # {rule.by}" if rule.by and rule.by != "plan" else ""
    lines = [f"{name} = {_value(value)}" for name, value in {**told, **rule.options}.items()]
    return [lines[0] + note, *lines[1:]] if lines else []


def _key(name: str) -> str:
    return name if name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    text = "".join(_ESCAPES.get(c, c) if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in str(value))
    return f'"{text}"'


_ESCAPES = {'"': '\\"', "\\": "\\\\"}
