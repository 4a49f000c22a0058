"""Conversations as rows of the formats that trainers load: chat, Alpaca, ShareGPT, completion and preference."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError
from simulacra.io import _chats_messages as turns
from simulacra.io._chats_messages import Misfit, Talk

if TYPE_CHECKING:
    import polars as pl

LAYOUTS = ("chat", "alpaca", "sharegpt", "completion", "preference")
"""Layouts of a row; each is written as JSON lines, and with ".parquet" behind its name as Parquet."""
FORMATS = (*LAYOUTS, *(f"{name}.parquet" for name in LAYOUTS))

ASKED, ANSWERED = ("instruction", "prompt", "question"), ("output", "completion", "answer")
"""Names of the columns of a question and of its answer, the n-th of one beside the n-th of the other."""
TALKS = ("messages", "conversations")
TAKEN = (*TALKS, *ASKED, *ANSWERED, "input", "system", "chosen", "rejected", "tools")
"""Columns that mean something in a layout; those that a layout does not use are left out of it, all others stay."""


@dataclass(frozen=True)
class Source:
    """Which columns of a table hold a conversation.

    talk: of whole ones; asked, answered: of one turn. listed: prompt and answer are lists of messages, not texts.
    """

    talk: str = ""
    asked: str = ""
    answered: str = ""
    listed: bool = False


def layout_of(format: str) -> str:
    """Return the layout that a format of rows asks for, "" for none."""
    return format.removesuffix(".parquet") if format in FORMATS else ""


def refuse(format: str, method: str) -> None:
    """Raise ConfigError for a format of conversations where a method makes none."""
    if format in FORMATS:
        raise ConfigError(f"format {format} is for conversations, and {method} makes none; choose jsonl or parquet")


def source(layout: str, columns: Sequence[str]) -> Source:
    """Return which columns a layout is made from. Raises ConfigError where there are none, with what to do."""
    if layout == "preference":
        asked = next((name for name in ASKED if name in columns), "")
        if asked and {"chosen", "rejected"} <= set(columns):
            return Source(asked=asked)
        wanted = "prompt, chosen and rejected"
    else:
        talk = next((name for name in TALKS if name in columns), "")
        if talk:
            return Source(talk=talk)
        for asked, answered in zip(ASKED, ANSWERED, strict=True):
            if asked in columns and answered in columns:
                return Source(asked=asked, answered=answered)
        pairs = ", or ".join(f"{q} and {a}" for q, a in zip(ASKED, ANSWERED, strict=True))
        wanted = f"messages, or {pairs}"
    raise ConfigError(
        f"format {layout} is made from the columns {wanted}, and the rows have {', '.join(columns)}; give the columns "
        "these names in the recipe, or choose the format jsonl or parquet, which take any columns"
    )


def shape(frame: pl.DataFrame, layout: str) -> tuple[pl.DataFrame, list[Misfit]]:
    """Return the rows in a layout, without those that do not fit it, and which ones these are.

    frame: with the columns of `source`; a conversation is a list of {role, content}, or the same as JSON text. The
    types of the columns depend on those of the frame alone, so that parts of one output agree.
    Raises ConfigError for a table without a conversation.
    """
    import polars as pl

    found = source(layout, frame.columns)
    found = dataclasses.replace(found, listed=_listed(frame, layout, found))
    one: Callable[[Mapping[str, Any], Source], dict[str, Any]] = _ROWS[layout]
    made: list[dict[str, Any]] = []
    kept: list[int] = []
    misfits: list[Misfit] = []
    needed = frame.select([c for c in frame.columns if c in TAKEN])
    for i, row in enumerate(needed.iter_rows(named=True)):
        try:
            made.append(one(row, found))
            kept.append(i)
        except turns.Unfit as fault:
            misfits.append(Misfit(i, fault.column, fault.reason))
    types = _types(layout, found.listed, "tools" in frame.columns, "system" in frame.columns)
    rest = frame[kept].select([c for c in frame.columns if c not in TAKEN])
    shaped = pl.DataFrame(made, schema=types, strict=False) if made else pl.DataFrame(schema=types)
    return shaped.hstack(rest), misfits


def as_json(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with lists and records as JSON text, so that a table of conversations is a table of texts."""
    import polars as pl

    from simulacra.core.infer_images import shape_of

    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested() and shape_of(dtype) is None]
    return frame.with_columns(
        pl.Series(name, [turns.as_text(cell) for cell in frame[name].to_list()], dtype=pl.String) for name in nested
    )


def as_talks(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with conversations, which were read as JSON text, as lists of messages again."""
    import polars as pl

    tooled = "tools" in frame.columns
    out = []
    for name in frame.columns:
        if frame[name].dtype == pl.String and turns.is_talk(frame[name]):
            try:
                cells = [None if cell is None else turns.talk(cell, name) for cell in frame[name].to_list()]
            except turns.Unfit:
                # One cell is something else, so the column is text.
                continue
            out.append(pl.Series(name, cells, turns.message_type(tooled), strict=False))
    return frame.with_columns(out)


def spoken(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with conversations as what was said in them, and other lists and records as JSON text.

    What the system says is often the same in every row and is left out: a check of variety would see nothing else.
    """
    import polars as pl

    talks = [name for name in frame.columns if turns.is_talk(frame[name])]
    said = [pl.Series(name, [_said(cell) or None for cell in frame[name].to_list()]) for name in talks]
    return as_json(frame.with_columns(series.cast(pl.String) for series in said))


def _said(cell: Any) -> str:
    return "\n\n".join(words for who, words in turns_of(cell) if who not in ("system", "developer"))


def turns_of(cell: Any) -> list[tuple[str, str]]:
    """Return (who, what they said) of a conversation, [] for any other cell."""
    try:
        messages = turns.talk(cell, "") if isinstance(cell, str | list) else []
    except turns.Unfit:
        return []
    return [(m["role"], m["content"] or plain(m.get("tool_calls"))) for m in messages]


def plain(value: Any) -> str:
    """Return a cell as a reader sees it: text as it is, nothing as "", other values as JSON."""
    return "" if value is None else str(turns.as_text(value))


def _listed(frame: pl.DataFrame, layout: str, found: Source) -> bool:
    """Return whether prompt and answer are lists of messages: where whole conversations came in, or lists did."""
    if layout not in ("completion", "preference"):
        return False
    names = ("chosen", "rejected", found.asked) if layout == "preference" else (found.asked, found.answered)
    return bool(found.talk) or any(turns.is_talk(frame[name]) for name in names)


def _chat(row: Mapping[str, Any], found: Source) -> dict[str, Any]:
    return {"messages": _talk(row, found), **_tools(row)}


def _alpaca(row: Mapping[str, Any], found: Source) -> dict[str, Any]:
    if not found.talk:
        talk = _talk(row, found)
        extra = {"system": row["system"] or ""} if "system" in row else {}
        texts = turns.text_of(row[found.asked], found.asked), turns.text(row.get("input") or "", "input")
        return {"instruction": texts[0], "input": texts[1], "output": talk[-1]["content"], **extra}
    asked, answer, system = turns.single(_talk(row, found), found.talk, "alpaca")
    return {"instruction": asked, "input": "", "output": answer, **({"system": system} if "system" in row else {})}


def _sharegpt(row: Mapping[str, Any], found: Source) -> dict[str, Any]:
    return {"conversations": turns.to_sharegpt(_talk(row, found)), **_tools(row)}


def _completion(row: Mapping[str, Any], found: Source) -> dict[str, Any]:
    talk = _talk(row, found)
    if found.listed:
        return {"prompt": talk[:-1], "completion": talk[-1:], **_tools(row)}
    system = f"{row['system']}\n\n" if row.get("system") else ""
    return {"prompt": system + talk[-2]["content"], "completion": talk[-1]["content"]}


def _preference(row: Mapping[str, Any], found: Source) -> dict[str, Any]:
    given = {"prompt": found.asked, "chosen": "chosen", "rejected": "rejected"}
    if not found.listed:
        out: dict[str, Any] = {name: turns.text(row[column], column) for name, column in given.items()}
    else:
        out = {
            name: turns.talk(row[column], column, "user" if name == "prompt" else "assistant")
            for name, column in given.items()
        }
    if out["chosen"] == out["rejected"]:
        raise turns.Unfit("rejected", "is the same as chosen, so that there is nothing to prefer")
    return {**out, **_tools(row)}


def _talk(row: Mapping[str, Any], found: Source) -> Talk:
    """Return the conversation of a row: the whole one, or question and answer with the system's words before."""
    if found.talk:
        talk = turns.talk(row[found.talk], found.talk)
        return turns.ended(turns.with_system(talk, row.get("system")), found.talk)
    asked = turns.talk(row[found.asked], found.asked, "user")
    if row.get("input"):
        asked[-1] = {**asked[-1], "content": f"{asked[-1]['content']}\n\n{turns.text(row['input'], 'input')}"}
    answered = turns.talk(row[found.answered], found.answered, "assistant")
    return turns.ended(turns.with_system(asked + answered, row.get("system")), found.answered)


def _tools(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"tools": turns.as_text(row["tools"])} if "tools" in row else {}


_ROWS = {
    "chat": _chat, "alpaca": _alpaca, "sharegpt": _sharegpt, "completion": _completion, "preference": _preference
}  # fmt: skip


def _types(layout: str, listed: bool, tooled: bool, system: bool) -> dict[str, Any]:
    import polars as pl

    talk: Any = turns.message_type(tooled)
    cell: Any = talk if listed else pl.String
    tools = {"tools": pl.String} if tooled and (listed or layout in ("chat", "sharegpt", "preference")) else {}
    return {
        "chat": {"messages": talk, **tools},
        "alpaca": {
            "instruction": pl.String, "input": pl.String, "output": pl.String,
            **({"system": pl.String} if system else {}),
        },
        "sharegpt": {"conversations": pl.List(pl.Struct({"from": pl.String, "value": pl.String})), **tools},
        "completion": {"prompt": cell, "completion": cell, **tools},
        "preference": {"prompt": cell, "chosen": cell, "rejected": cell, **tools},
    }[layout]  # fmt: skip
