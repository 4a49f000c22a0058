"""JSON out of whatever a model writes around it, and its faults by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import request
from hypothesis import given
from hypothesis import strategies as st

from simulacra.core.errors import ConfigError
from simulacra.parts.prompts import repair
from simulacra.parts.prompts.example import example
from simulacra.parts.prompts.request import Answer

SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)
WHOLES = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), VALUES, max_size=4) | st.lists(VALUES)
PROSE = st.text(st.characters(codec="utf-8", exclude_characters='[]{}`"'), max_size=40)


@given(WHOLES, PROSE, PROSE, st.booleans(), st.integers(0, 4))
def test_the_value_is_found_amid_any_words(value: Any, before: str, after: str, fenced: bool, indent: int) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=indent or None)
    whole = f"{before}\n```json\n{text}\n```\n{after}" if fenced else f"{before} {text} {after}"
    assert value in list(repair.candidates(whole))


@given(st.text(st.characters()))
def test_no_text_is_too_odd(text: str) -> None:
    for value in repair.candidates(text):
        json.dumps(value, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1} and {"a": "x"}', {"a": 1}),
        ('Not {this} but {"a": 2}, see [1].', {"a": 2}),
        ('```\n{"a": 3}\n```', {"a": 3}),
        ('<think>{"a": "no"}</think> {"a": 4}', {"a": 4}),
        ('[{"a": 5}]', None),
        ('{"a": NaN} {"a": 6}', {"a": 6}),
        ('{"b": "\\ud800", "a": 1}\n{"a": 7}', {"a": 7}),
        ("[" * 100_000, None),
        ("{" * 100_000 + '{"a": 8}', None),
        ("", None),
        ("4", None),
    ],
)
def test_of_several_the_first_that_fits_is_taken(text: str, found: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    value, fault = repair.read(request(schema=schema), Answer(text))
    assert value == found and bool(fault) == (found is None)


def test_faults_name_their_place() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}, "required": ["a"]}
    assert repair.wrong(schema, {"a": [1, "x"]}) == "a[1]: 'x' is not of type 'integer'"
    assert repair.wrong(schema, {}) == "the whole: 'a' is a required property"
    assert repair.wrong(schema, {"a": []}) == ""


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"properties": {"a": {"type": "integr"}}}, "schema is no JSON schema at properties.a.type: 'integr'"),
        ({"properties": {"a": {"$ref": "https://example.org/a.json"}}}, "refers to 'https://example.org/a.json'"),
        ({"items": [{"$ref": "#/$defs/b"}], "$defs": {"a": {}}, "$schema": "http://json-schema.org/draft-07/schema#"},
         "refers to '#/\\$defs/b', which is not in it"),
    ],
)  # fmt: skip
def test_what_is_no_schema_is_refused_before_it_is_used(schema: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=f"column 'x': .*{told}"):
        repair.check_schema(schema, "column 'x'")
    if "$ref" in str(schema):
        with pytest.raises(ConfigError, match=told):
            repair.wrong(schema, {})
    repair.check_schema({"$defs": {"a": {"type": "integer"}}, "items": {"$ref": "#/$defs/a"}}, "column 'x'")


def test_the_schema_in_words_joins_the_system_message() -> None:
    schema = {"type": "object"}
    plain = repair.in_words(request("Hello", schema=schema))
    joined = repair.in_words(request(messages=(("system", "Be short."), ("user", "Hello")), schema=schema))
    assert [role for role, _ in plain.messages] == [role for role, _ in joined.messages] == ["system", "user"]
    assert joined.messages[0][1].startswith("Be short.") and joined.messages[0][1].endswith('{"type": "object"}')
    assert repair.in_words(request()) == request()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"enum": [1, "x"]}, "b": {"type": ["number", "null"], "minimum": 3}}},
        {"type": "array", "items": {"type": "string", "minLength": 30, "maxLength": 40}, "minItems": 4, "maxItems": 4},
        {"$defs": {"n": {"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6}}, "$ref": "#/$defs/n"},
        {"anyOf": [{"type": "boolean"}, {"const": None}]},
        {"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "null"}}}]},
        {"properties": {"deep": {"properties": {"deeper": {"type": "array"}}, "required": ["deeper"]}}},
    ],
)
def test_examples_fulfil_their_schema(schema: dict[str, Any]) -> None:
    for draw in range(5):
        value = example(schema, lambda below, draw=draw: draw % below, lambda: "word")
        assert repair.wrong(schema, value) == ""
