"""Tools as their schemas tell them: read from a recipe, calls and whole traces held against them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulacra.core.errors import ConfigError, need

_PLACE = {"type": "string", "examples": ["Lisbon", "Oslo", "Nairobi", "Lima", "Kyoto", "Boston", "Hamburg", "Perth"]}
_DAY = {"type": "string", "format": "date"}
TOOLS: tuple[dict[str, Any], ...] = (
    {
        "name": "get_weather",
        "description": "The weather of a place on a day",
        "parameters": {"type": "object", "properties": {"place": _PLACE, "day": _DAY}, "required": ["place", "day"]},
        "returns": {
            "type": "object",
            "properties": {
                "sky": {"enum": ["sunny", "cloudy", "rainy", "windy"]},
                "degrees": {"type": "integer", "minimum": -5, "maximum": 34},
            },
            "required": ["sky", "degrees"],
        },
    },
    {
        "name": "convert_money",
        "description": "An amount of money in another currency",
        "parameters": {
            "type": "object",
            "properties": {
                "amount": {"type": "integer", "minimum": 5, "maximum": 900},
                "source": {"enum": ["euros", "dollars", "pounds"]},
                "target": {"enum": ["yen", "francs", "crowns"]},
            },
            "required": ["amount", "source", "target"],
        },
        "returns": {
            "type": "object",
            "properties": {"amount": {"type": "integer", "minimum": 10, "maximum": 90_000}},
            "required": ["amount"],
        },
    },
    {
        "name": "book_table",
        "description": "A table in a restaurant",
        "parameters": {
            "type": "object",
            "properties": {
                "restaurant": {
                    "type": "string",
                    "examples": ["Luna", "The Old Mill", "Casa Verde", "Sakura", "Blue Fig"],
                },
                "people": {"type": "integer", "minimum": 2, "maximum": 9},
                "time": {"type": "string", "examples": ["18:30", "19:00", "19:45", "20:15"]},
            },
            "required": ["restaurant", "people", "time"],
        },
        "returns": {
            "type": "object",
            "properties": {"booked": {"const": True}, "table": {"type": "integer", "minimum": 1, "maximum": 30}},
            "required": ["booked", "table"],
        },
    },
    {
        "name": "find_book",
        "description": "Books of a library on a subject",
        "parameters": {
            "type": "object",
            "properties": {
                "subject": {"type": "string", "examples": ["whales", "bridges", "chess", "volcanoes", "bread", "Mars"]},
                "language": {"enum": ["English", "French", "Spanish"]},
            },
            "required": ["subject"],
        },
        "returns": {
            "type": "object",
            "properties": {
                "found": {"type": "integer", "minimum": 1, "maximum": 60},
                "shelf": {"type": "string", "examples": ["A4", "B12", "C7", "D3"]},
            },
            "required": ["found", "shelf"],
        },
    },
)
"""Tools to start with, where the recipe names none."""


@dataclass(frozen=True)
class Tool:
    """One tool. parameters: JSON schema of its arguments. returns: that of its result, None where it is not told."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    returns: Mapping[str, Any] | None

    @property
    def entry(self) -> dict[str, Any]:
        """Return the tool in OpenAI's form."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}

    def fault(self, arguments: Any) -> str:
        """Return why arguments do not fit the schema, "" where they do; what the schema does not name does not fit."""
        import jsonschema

        if not isinstance(arguments, Mapping):
            return f"{self.name} was called with {arguments!r:.60} in place of named arguments"
        strange = sorted(set(arguments) - set(self.parameters.get("properties", {})))
        if strange and "additionalProperties" not in self.parameters:
            return f"{self.name} has no argument {strange[0]!r}"
        checker = jsonschema.Draft202012Validator(dict(self.parameters))
        for error in sorted(checker.iter_errors(dict(arguments)), key=lambda e: str(e.json_path)):
            return f"{self.name}: {error.json_path}: {error.message[:160]}"
        return ""


def read_tools(entries: Sequence[Any]) -> dict[str, Tool]:
    """Read tools: OpenAI's form, or name, description, parameters (and returns) alone; a text is a JSON file of them.

    Raises ConfigError with the place.
    """
    need("jsonschema", "text", "tools")
    out: dict[str, Tool] = {}
    for number, entry in enumerate(_listed(entries)):
        place = f"tools[{number}]"
        function = entry.get("function", entry) if isinstance(entry, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str) or not function["name"]:
            raise ConfigError(f"{place}: a tool is a table with name, description and parameters, got {entry!r:.100}")
        name = function["name"]
        if name in out:
            raise ConfigError(f"{place}: the name {name!r} is taken by a tool before it")
        returns = function.get("returns", entry.get("returns"))
        parameters = function.get("parameters") or {"type": "object", "properties": {}}
        for what, schema in (("parameters", parameters), ("returns", returns)):
            if schema is not None:
                _check(schema, f"{place} {name!r}: {what}")
        out[name] = Tool(name, str(function.get("description", "")), parameters, returns)
    return out


def _listed(entries: Sequence[Any]) -> list[Any]:
    out: list[Any] = []
    for entry in entries:
        if not isinstance(entry, str):
            out.append(entry)
            continue
        try:
            found = json.loads(Path(entry).read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(f"tools: {entry} cannot be read as a JSON list of tools ({error})") from error
        out += found if isinstance(found, list) else [found]
    return out


def _check(schema: Any, place: str) -> None:
    from simulacra.parts.prompts.repair import check_schema

    if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
        raise ConfigError(f"{place}: a JSON schema of type object, got {schema!r:.100}")
    check_schema(schema, place)


def trace_fault(messages: Sequence[Mapping[str, Any]], tools: Mapping[str, Tool]) -> str:
    """Return why a conversation is no sound trace, "" for one that is.

    Every call names a tool that is known and fits its schema, is followed by a result with its id before anybody else
    speaks, no result comes without a call, and the assistant has the last word.
    """
    open_: list[str] = []
    for place, message in enumerate(messages, 1):
        role, where = message.get("role"), f"message {place}"
        if role == "tool":
            if message.get("tool_call_id") not in open_:
                return f"{where}: a result of no call"
            open_.remove(str(message["tool_call_id"]))
            continue
        if open_:
            return f"{where}: the result of call {open_[0]} is missing before it"
        for call in message.get("tool_calls") or ():
            fault = _call_fault(call, role, tools)
            if fault:
                return f"{where}: {fault}"
            open_.append(str(call["id"]))
        if role == "assistant" and not message.get("tool_calls") and not str(message.get("content") or "").strip():
            return f"{where}: the assistant says nothing"
    if open_:
        return f"the result of call {open_[0]} is missing"
    last = messages[-1] if messages else {}
    return "" if last.get("role") == "assistant" else "the assistant does not have the last word"


def _call_fault(call: Mapping[str, Any], role: Any, tools: Mapping[str, Tool]) -> str:
    if role != "assistant":
        return f"a call by {role}"
    function = call.get("function", {})
    if function.get("name") not in tools:
        return f"unknown tool {function.get('name')!r}"
    try:
        arguments = json.loads(function.get("arguments") or "")
    except (ValueError, TypeError, RecursionError):
        return "arguments that are no JSON"
    return tools[function["name"]].fault(arguments)
