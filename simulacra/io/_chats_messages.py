"""Messages of a conversation: read from cells, checked, and brought to the types of a column."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Talk = list[dict[str, Any]]

ROLES = ("system", "developer", "user", "assistant", "tool")
SHAREGPT = {"system": "system", "developer": "system", "user": "human", "assistant": "gpt", "tool": "observation"}
"""Role -> its name in ShareGPT; what calls a tool is "function_call" there."""
FROM = {
    "system": "system", "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant",
    "observation": "tool", "tool": "tool", "function_call": "assistant",
}  # fmt: skip
"""Name of a role in ShareGPT -> role."""


@dataclass(frozen=True)
class Misfit:
    """A row that does not fit a layout. index: of the row in its table. column: which cell. reason: a sentence."""

    index: int
    column: str
    reason: str


class Unfit(ValueError):
    """A cell that does not fit a layout."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def is_talk(column: pl.Series) -> bool:
    """Return whether a column holds lists of messages."""
    import polars as pl

    if column.dtype == pl.String:
        first = column.drop_nulls().head(1).to_list()
        return bool(first) and _list_in(first[0]) is not None
    inner = column.dtype.inner if isinstance(column.dtype, pl.List) else None
    return isinstance(inner, pl.Struct) and {f.name for f in inner.fields} >= {"role", "content"}


def talk(cell: Any, column: str, role: str = "") -> Talk:
    """Return the messages of a cell: a list of them, the same as JSON text, or one text, which `role` says if given.

    Raises Unfit.
    """
    if isinstance(cell, str):
        found = _list_in(cell)
        if found is None and role:
            return [{"role": role, "content": text(cell, column)}]
        cell = cell if found is None else found
    if isinstance(cell, str) or not isinstance(cell, Sequence) or not cell:
        raise Unfit(column, f"holds no messages, but {_seen(cell)}")
    return [_message(entry, column, i) for i, entry in enumerate(cell)]


def ended(messages: Talk, column: str) -> Talk:
    """Return a conversation that a trainer can learn from. Raises Unfit where no assistant has the last word."""
    if messages[-1]["role"] != "assistant":
        raise Unfit(column, f"ends with a turn of {messages[-1]['role']}, and an answer of the assistant must end it")
    if not any(message["role"] == "user" for message in messages):
        raise Unfit(column, "has no turn of a user that the assistant answers")
    return messages


def with_system(messages: Talk, words: Any) -> Talk:
    """Return a conversation with the words of a system message before it, where it has none of its own."""
    if not isinstance(words, str) or not words.strip() or messages[0]["role"] == "system":
        return messages
    return [{"role": "system", "content": words}, *messages]


def single(messages: Talk, column: str, layout: str) -> tuple[str, str, str]:
    """Return question, answer and the system's words of a conversation of one turn. Raises Unfit for others."""
    system = "\n".join(m["content"] for m in messages if m["role"] in ("system", "developer"))
    rest = [m for m in messages if m["role"] not in ("system", "developer")]
    if [m["role"] for m in rest] != ["user", "assistant"] or any(m.get("tool_calls") for m in rest):
        said = "calls tools" if any(m.get("tool_calls") for m in rest) else f"has {len(rest)} turns"
        raise Unfit(column, f"{said}, and {layout} holds one question with one answer; choose chat or sharegpt")
    return rest[0]["content"], rest[1]["content"], system


def to_sharegpt(messages: Talk) -> list[dict[str, str]]:
    """Return messages as ShareGPT has them."""
    out = []
    for message in messages:
        if message.get("content") or not message.get("tool_calls"):
            out.append({"from": SHAREGPT[message["role"]], "value": message["content"] or ""})
        for call in message.get("tool_calls") or ():
            named = {"name": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"])}
            out.append({"from": "function_call", "value": json.dumps(named, ensure_ascii=False)})
    return out


def text(cell: Any, column: str) -> str:
    """Return a cell as text. Raises Unfit for an empty one and for other values."""
    if isinstance(cell, bool | int | float):
        return str(cell)
    if not isinstance(cell, str) or not cell.strip():
        if cell == "" and column == "input":
            return ""
        raise Unfit(column, f"holds no text, but {_seen(cell)}")
    return cell


def text_of(cell: Any, column: str) -> str:
    """Return the text of a cell that holds one text, or one message. Raises Unfit."""
    return str(talk(cell, column, "user")[-1]["content"])


def as_text(value: Any) -> str | None:
    """Return a value as JSON text; text stays as it is, None where there is none."""
    return value if value is None or isinstance(value, str) else json.dumps(bare(value), ensure_ascii=False)


def bare(value: Any) -> Any:
    """Return plain values without the empty entries that a column of records adds to each of them."""
    if isinstance(value, Mapping):
        return {k: bare(v) for k, v in value.items() if v is not None}
    return [bare(v) for v in value] if isinstance(value, list | tuple) else value


def message_type(tooled: bool) -> Any:
    """Return the type of a column of messages. tooled: they may call tools."""
    import polars as pl

    fields: dict[str, Any] = {"role": pl.String, "content": pl.String}
    if tooled:
        function = pl.Struct({"name": pl.String, "arguments": pl.String})
        call = pl.Struct({"id": pl.String, "type": pl.String, "function": function})
        fields |= {"tool_calls": pl.List(call), "tool_call_id": pl.String, "name": pl.String}
    return pl.List(pl.Struct(fields))


def _message(entry: Any, column: str, i: int) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise Unfit(column, f"turn {i + 1} is {_seen(entry)}, and a message has role and content")
    role = entry.get("role") or FROM.get(str(entry.get("from")), entry.get("from"))
    content = entry.get("content", entry.get("value"))
    if role not in ROLES:
        raise Unfit(column, f"turn {i + 1} is said by {role!r}; roles are {', '.join(ROLES)}")
    calls = _calls(entry, content, column, i)
    if entry.get("from") == "function_call":
        content = ""
    if not isinstance(content, str) or not (content.strip() or calls):
        if not (calls and content is None):
            raise Unfit(column, f"turn {i + 1}, of {role}, holds no text, but {_seen(content)}")
        content = ""
    rest = {k: str(entry[k]) for k in ("tool_call_id", "name") if entry.get(k)}
    return {"role": role, "content": content, **({"tool_calls": calls} if calls else {}), **rest}


def _calls(entry: Mapping[str, Any], content: Any, column: str, i: int) -> list[dict[str, Any]]:
    """Return the calls of tools in OpenAI's form, their arguments as JSON text."""
    given = entry.get("tool_calls") or ()
    if entry.get("from") == "function_call":
        given = [_list_in(str(content), dict)]
    out = []
    for place, call in enumerate(given):
        function = call.get("function", call) if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping) or not function.get("name"):
            raise Unfit(column, f"turn {i + 1} calls a tool without a name: {_seen(call)}")
        arguments = as_text(function.get("arguments") or {})
        try:
            json.loads(arguments or "")
        except (ValueError, RecursionError):
            raise Unfit(column, f"turn {i + 1} calls {function['name']} with arguments that are no JSON") from None
        known = call.get("id") or f"call_{place}"
        out.append({"id": known, "type": "function", "function": {"name": function["name"], "arguments": arguments}})
    return out


def _list_in(cell: str, kind: type = list) -> Any:
    """Return the list (of records) that a text holds as JSON, None where it is plain words."""
    opening = "[" if kind is list else "{"
    if not cell.lstrip().startswith(opening):
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if kind is list and not (found and all(isinstance(entry, dict) for entry in found)):
        return None
    return found if isinstance(found, kind) else None


def _seen(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{value!r:.60}"
