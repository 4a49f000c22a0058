"""A value that fulfils a JSON schema, for ports that have no model behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_DEEP = 8


def example(schema: Any, draw: Callable[[int], int], word: Callable[[], str], root: Any = None, depth: int = 0) -> Any:
    """Return a value of the usual kinds of schema; patterns and formats of texts are not looked at.

    draw: a whole number below its argument. word: a text.
    """
    root = schema if root is None else root
    if not isinstance(schema, Mapping) or depth > _DEEP:
        return None
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][draw(len(schema["enum"]))]
    if "$ref" in schema:
        return example(_found(root, str(schema["$ref"])), draw, word, root, depth + 1)
    for name in ("anyOf", "oneOf"):
        if schema.get(name):
            return example(schema[name][draw(len(schema[name]))], draw, word, root, depth + 1)
    if "allOf" in schema:
        parts = [_found(root, p["$ref"]) if "$ref" in p else p for p in schema["allOf"]]
        merged = {"properties": {k: v for p in parts for k, v in p.get("properties", {}).items()}}
        return example({**merged, "type": "object"}, draw, word, root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {k: example(v, draw, word, root, depth + 1) for k, v in schema.get("properties", {}).items()}
    if kind == "array":
        low = schema.get("minItems", 1)
        many = low + draw(min(schema.get("maxItems", low + 2), low + 2) - low + 1)
        return [example(schema.get("items", {}), draw, word, root, depth + 1) for _ in range(many)]
    return _plain(kind, schema, draw, word)


def _plain(kind: str, schema: Mapping[str, Any], draw: Callable[[int], int], word: Callable[[], str]) -> Any:
    if kind == "boolean":
        return bool(draw(2))
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 101) - 1)
        return low + draw(max(int(high - low), 0) + 1)
    if kind == "null":
        return None
    text = word()
    while len(text) < schema.get("minLength", 0):
        text += f" {word()}"
    return text[: schema.get("maxLength", len(text))]


def _found(root: Any, ref: str) -> Any:
    for part in ref.removeprefix("#").strip("/").split("/"):
        root = root.get(part, {}) if part and isinstance(root, Mapping) else root
    return root
