"""Fields of a method: checked against type, range and choices, read from text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from simulacra.core import options
from simulacra.core.errors import ConfigError
from simulacra.core.options import option


@dataclass
class Method:
    """A method with a field of every type."""

    leaf: int = option(5, "rows of a leaf", low=1, high=100)
    share: float = option(0.5, "a share", low=0, high=1)
    rare: str = option("drop", "what to do", choices=("drop", "keep"))
    target: str | None = option(None, "a column")
    fast: bool = option(False, "whether to hurry")
    columns: tuple[str, ...] = option((), "columns")
    shrink: float | None = option(None, "a weight", low=0, high=1)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"leaf": 100},
        {"share": 1},
        {"share": 0.0},
        {"rare": "keep"},
        {"target": "y"},
        {"fast": True},
        {"shrink": None},
    ],
)
def test_legal_values_pass(given: dict[str, Any]) -> None:
    method = Method(**given)
    options.check(method, "m")
    assert {key: getattr(method, key) for key in given} == given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"leaf": 0}, "m: leaf must be within 1..100, got 0"),
        ({"leaf": 101}, "leaf must be within"),
        ({"leaf": 2.5}, "leaf must be int, got 2.5"),
        ({"leaf": True}, "leaf must be int, got True"),
        ({"leaf": "5"}, "leaf must be int, got '5'"),
        ({"share": float("nan")}, "share must be within 0..1, got nan"),
        ({"rare": "kep"}, "rare must be one of drop, keep, got 'kep'. Did you mean: keep"),
        ({"target": 3}, "target must be str or nothing, got 3"),
        ({"fast": 1}, "fast must be bool, got 1"),
        ({"columns": ["a"]}, "columns must be tuple"),
        ({"shrink": 2.0}, "shrink must be within"),
    ],
)
def test_illegal_values_name_field_and_range(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("..", r"\.\.")):
        options.check(Method(**given), "m")


def test_text_is_read_by_the_declared_type() -> None:
    given = {"leaf": "20", "share": "0.25", "target": "y", "fast": "yes", "columns": "a, b", "shrink": "none"}
    assert options.parse(Method, "m", given) == {
        "leaf": 20,
        "share": 0.25,
        "target": "y",
        "fast": True,
        "columns": ("a", "b"),
        "shrink": None,
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"laef": "3"}, "m has no field 'laef'. Did you mean: leaf"),
        ({"leaf": "many"}, "leaf must be int, got 'many'"),
        ({"fast": "perhaps"}, "fast must be true/false, got 'perhaps'"),
    ],
)
def test_text_that_does_not_fit_is_named(given: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        options.parse(Method, "m", given)


def test_defaults_must_not_be_shared() -> None:
    with pytest.raises(TypeError, match="immutable"):
        option([], "columns")
