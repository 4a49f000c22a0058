"""Plain values to the fields of a plan, each checked, with near misses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from simulacra.core.errors import ConfigError, near
from simulacra.mask._plan_write import key as _key
from simulacra.mask.plan import ACTIONS, MARK, ONLY, OPTIONS, RANGES, TEXT, VERSION, Plan, Rule
from simulacra.mask.types import TYPES

TABLES = ("person", "columns", "types", "files")


def action(name: Any, where: str) -> str:
    """Return a known action, or raise ConfigError with near misses."""
    if name not in ACTIONS:
        raise ConfigError(f"{where}: unknown action {name!r}.{near(str(name), ACTIONS)}")
    return str(name)


def checked(value: dict[str, Any], shown: str) -> dict[str, Any]:
    """Return the fields of a plan from plain values. Raises ConfigError, see Plan.read."""
    version = value.pop(MARK, VERSION)
    if version != VERSION:
        raise ConfigError(f"{shown}: written for version {version!r} of plans, and this is {VERSION}; update simulacra")
    known = {f.name: f for f in fields(Plan)}
    plain = Plan()
    out: dict[str, Any] = {}
    for name, given in value.items():
        if name not in known:
            raise ConfigError(f"{shown}: unknown entry {name!r}.{near(name, [*known, MARK])}")
        wanted = type(getattr(plain, name)) if name not in TABLES else dict
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
    for name, low, high in (("days", 1, 36500), ("k", 1, 1000)):
        if not low <= int(out.get(name, low)) <= high:
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
    if isinstance(value, int) and name in RANGES and not low <= value <= high:
        raise ConfigError(f"{where}: {name} must be in {low}..{high}, got {value!r}")
    if name == "part" and value not in ("given", "family", "full"):
        raise ConfigError(f'{where}: part must be "given", "family" or "full", got {value!r}')


def _word(kind: type) -> str:
    return {str: "a text", int: "a whole number", bool: "true or false", tuple: "a list of texts"}.get(kind, "a table")
