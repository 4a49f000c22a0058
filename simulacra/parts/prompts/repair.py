"""Answers that must fulfil a JSON schema: the schema in words, JSON out of prose, the fault, one turn to mend it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from simulacra.core.errors import ConfigError, need
from simulacra.parts.prompts.request import Answer, Request

_FENCE = re.compile(r"```[a-zA-Z0-9_-]*[ \t]*\n?(.*?)```", re.DOTALL)
_STARTS = 200
"""Opening brackets of one answer that are tried, so that a page of them costs no more than a moment."""


def in_words(request: Request) -> Request:
    """Return the request with its schema told in words, for a model that takes none otherwise."""
    if request.schema is None:
        return request
    told = f"Answer with JSON alone, no other words, that fulfils this JSON schema:\n{_dumped(request.schema)}"
    messages = list(request.messages)
    if messages[0][0] == "system":
        messages[0] = ("system", f"{messages[0][1]}\n\n{told}")
    else:
        messages.insert(0, ("system", told))
    return dataclasses.replace(request, messages=tuple(messages))


def read(request: Request, answer: Answer) -> tuple[Any, str]:
    """Return the value that an answer holds and "", or None and what is wrong with it."""
    assert request.schema is not None
    fault = "it holds no JSON"
    for number, value in enumerate(candidates(answer.text)):
        found = wrong(request.schema, value)
        if not found:
            return value, ""
        if number == 0:
            fault = found
    if answer.finish == "length":
        fault += f"; it was cut off after max_tokens = {request.max_tokens}"
    return None, fault


def again(request: Request, answer: Answer, fault: str) -> Request:
    """Return the turn that asks a model to mend its answer."""
    asked = (
        f"That answer cannot be used: {fault}. Answer again with JSON alone, no other words, that fulfils this JSON "
        f"schema:\n{_dumped(request.schema)}"
    )
    messages = (*request.messages, ("assistant", answer.text), ("user", asked))
    return dataclasses.replace(request, messages=messages)


def candidates(text: str) -> Iterator[Any]:
    """Yield what JSON a text may hold: the whole, what stands in fences, and each object or list amid other words."""
    whole = text.strip()
    for part in (whole, *(m.strip() for m in _FENCE.findall(whole))):
        try:
            yield _loaded(part)
        except ValueError:
            continue
    decoder = json.JSONDecoder(parse_constant=_refuse)
    place, tried = 0, 0
    while tried < _STARTS and (start := re.compile(r"[\[{]").search(whole, place)):
        tried += 1
        try:
            value, place = decoder.raw_decode(whole, start.start())
            _storable(value)
        except (ValueError, RecursionError):
            place = start.start() + 1
            continue
        yield value


def wrong(schema: Mapping[str, Any], value: Any) -> str:
    """Return how a value breaks a schema, in one sentence with its place, or ""."""
    for error in _validator(_dumped(schema)).iter_errors(value):
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path).lstrip(".")
        return f"{place or 'the whole'}: {error.message[:300]}"
    return ""


def check_schema(schema: Mapping[str, Any], who: str) -> None:
    """Refuse what is no JSON schema before anything is asked with it. Raises ConfigError."""
    jsonschema = need("jsonschema", "text", "a column with a schema")
    try:
        jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator).check_schema(schema)
    except jsonschema.SchemaError as error:
        place = ".".join(str(p) for p in error.absolute_path)
        raise ConfigError(
            f"{who}: schema is no JSON schema{f' at {place}' if place else ''}: {error.message}"
        ) from None
    _require_whole(schema, who)


def _require_whole(schema: Mapping[str, Any], who: str) -> None:
    """Refuse a schema that points outside of itself: a validator would look it up in the network."""
    for ref in _references(schema):
        if not ref.startswith("#") or not _inside(schema, ref):
            raise ConfigError(f"{who}: schema refers to {ref!r}, which is not in it; give the whole schema")


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from _references(part)


def _inside(schema: Any, ref: str) -> bool:
    """Return whether a place such as "#/$defs/name" is in a schema; names of anchors are taken as they are."""
    for part in ref.split("/")[1:]:
        if not isinstance(schema, Mapping) or part not in schema:
            return False
        schema = schema[part]
    return True


@lru_cache(maxsize=256)
def _validator(dumped: str) -> Any:
    jsonschema = need("jsonschema", "text", "a column with a schema")
    schema = json.loads(dumped)
    _require_whole(schema, "an answer")
    return jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)(schema)


def _dumped(schema: Mapping[str, Any] | None) -> str:
    return json.dumps(schema, ensure_ascii=False)


def _loaded(text: str) -> Any:
    try:
        return _storable(json.loads(text, parse_constant=_refuse))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _storable(value: Any) -> Any:
    """Return a value that can be written as UTF-8; half of a surrogate pair cannot."""
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
