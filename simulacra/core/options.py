"""Fields of a method, declared once in its dataclass.

Help text, checks, command line, form and recipe are all read from there.
"""

from __future__ import annotations

import dataclasses
import operator
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from simulacra.core.errors import ConfigError, near


def option(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
    unit: str = "",
    private: Any = None,
) -> Any:
    """Declare a field: default, one plain sentence, the legal range (ends included) or the choices, the unit.

    private: the default of a fit under a privacy budget, where it is another one.
    """
    metadata = {"help": help, "low": low, "high": high, "choices": tuple(choices), "unit": unit, "private": private}
    if isinstance(default, list | dict | set):
        raise TypeError("defaults of fields must be immutable; use a tuple")
    return dataclasses.field(default=default, metadata=metadata)


def whole(value: Any, name: str, least: int | None = None) -> int:
    """Return a whole number of any kind (also numpy's) as an int. Raises ConfigError for others and those too small."""
    try:
        out = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        out = None
    if out is None or (least is not None and out < least):
        bound = "" if least is None else f", at least {least}"
        raise ConfigError(f"{name} must be a whole number{bound}, got {value!r}")
    return out


def fields(cls: type) -> list[dataclasses.Field[Any]]:
    """Return the configuration fields of a method."""
    return [f for f in dataclasses.fields(cls) if f.init]


def check(method: Any, name: str) -> None:
    """Check every field of a method against its declared type, range and choices. Raises ConfigError."""
    hints = typing.get_type_hints(type(method))
    for field in fields(type(method)):
        value, meta = getattr(method, field.name), field.metadata
        allowed = _types(hints[field.name])
        if not _fits(value, allowed):
            wanted = " or ".join(t.__name__ for t in allowed).replace("NoneType", "nothing")
            raise ConfigError(f"{name}: {field.name} must be {wanted}, got {value!r}")
        if value is None:
            continue
        if meta.get("choices") and value not in meta["choices"]:
            choices = meta["choices"]
            raise ConfigError(
                f"{name}: {field.name} must be one of {', '.join(choices)}, got {value!r}.{near(str(value), choices)}"
            )
        low, high = meta.get("low"), meta.get("high")
        if isinstance(value, int | float) and (
            (low is not None and value < low) or (high is not None and value > high) or value != value
        ):
            ends = f"{low if low is not None else '-inf'}..{high if high is not None else 'inf'}"
            raise ConfigError(f"{name}: {field.name} must be within {ends}, got {value!r}")


def settle(method: Any, given: Collection[str], private: bool) -> None:
    """Give fields that the user left alone their defaults under a privacy budget, or back those without one.

    given: fields that the user named.
    """
    for field in fields(type(method)):
        other = field.metadata.get("private")
        usual, wanted = (field.default, other) if private else (other, field.default)
        if other is not None and field.name not in given and getattr(method, field.name) == usual:
            setattr(method, field.name, wanted)


def parse(cls: type, name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Turn texts such as {"leaf": "20"} into values of the declared types. Raises ConfigError with near misses."""
    hints = typing.get_type_hints(cls)
    known = {f.name: f for f in fields(cls)}
    out: dict[str, Any] = {}
    for key, text in given.items():
        if key not in known:
            raise ConfigError(f"{name} has no field {key!r}.{near(key, known)}")
        out[key] = _read(text, _types(hints[key]), f"{name}: {key}")
    return out


def _types(hint: Any) -> tuple[type, ...]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return tuple(t for part in typing.get_args(hint) for t in _types(part))
    return (typing.get_origin(hint) or hint,)


def _fits(value: Any, allowed: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in allowed
    if isinstance(value, int) and float in allowed:
        return True
    return isinstance(value, allowed)


def _read(text: str, allowed: tuple[type, ...], where: str) -> Any:
    if type(None) in allowed and text.lower() in ("", "none"):
        return None
    if bool in allowed and text.lower() in ("true", "false", "yes", "no"):
        return text.lower() in ("true", "yes")
    for kind in (int, float):
        if kind in allowed:
            try:
                return kind(text)
            except ValueError:
                continue
    if tuple in allowed:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if str in allowed:
        return text
    wanted = " or ".join({"NoneType": "none", "bool": "true/false"}.get(t.__name__, t.__name__) for t in allowed)
    raise ConfigError(f"{where} must be {wanted}, got {text!r}")
