"""A plan as TOML, ready to be changed and given again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from simulacra.mask.plan import MARK, VERSION, Plan, Rule


def toml(plan: Plan) -> str:
    """Return a plan as TOML: what differs from the defaults, and every rule with its reason."""
    plain = Plan()
    lines = [f"{MARK} = {VERSION}"]
    for f in fields(Plan):
        value = getattr(plan, f.name)
        if not isinstance(value, Mapping) and (value != getattr(plain, f.name) or f.name in ("language", "ner")):
            lines.append(f"{f.name} = {_value(value)}")
    tables = {"[person]": plan.person, **{f"[files.{key(f)}]": v for f, v in plan.files.items()}}
    for head, table in tables.items():
        if table:
            lines += ["", head, *(f"{key(k)} = {_value(v)}" for k, v in table.items())]
    for name, rule in plan.types.items():
        lines += ["", f"[types.{key(name)}]", *_lines(replace(rule, type=""))]
    for file, rules in plan.columns.items():
        for column, rule in rules.items():
            lines += ["", f"[columns.{key(file)}.{key(column)}]", *_lines(rule)]
    return "\n".join(lines) + "\n"


def _lines(rule: Rule) -> list[str]:
    told = {**({"type": rule.type} if rule.type else {}), **({"action": rule.action} if rule.action else {})}
    note = f"  # {rule.by}" if rule.by and rule.by != "plan" else ""
    lines = [f"{name} = {_value(value)}" for name, value in {**told, **rule.options}.items()]
    return [lines[0] + note, *lines[1:]] if lines else []


def key(name: str) -> str:
    """Return a name as a key of TOML."""
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
