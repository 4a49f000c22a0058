"""text/instruct, kind tools: every call fits its schema, whoever made it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instructed import asking

from simulacra.core.errors import ConfigError, DataError
from simulacra.parts.prompts.replay import Reply
from simulacra.parts.prompts.request import Request
from simulacra.text import Instruct
from simulacra.text._instruct_draws import Draws
from simulacra.text._instruct_schemas import TOOLS, Tool, read_tools, trace_fault

ALARM = {
    "type": "function",
    "function": {
        "name": "set_alarm",
        "description": "An alarm",
        "parameters": {
            "type": "object",
            "properties": {"hour": {"type": "integer", "minimum": 0, "maximum": 23}, "label": {"type": "string"}},
            "required": ["hour"],
        },
    },
}
KNOWN = read_tools([ALARM])


def call(name: str = "set_alarm", arguments: str = '{"hour": 7}', number: str = "c1") -> dict[str, Any]:
    made = {"id": number, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [made]}


ASKED = {"role": "user", "content": "Wake me at 7."}
RESULT = {"role": "tool", "content": '{"done": true}', "tool_call_id": "c1"}
TOLD = {"role": "assistant", "content": "Done."}


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ([ASKED, call(), RESULT, TOLD], ""),
        ([ASKED, TOLD], ""),
        ([ASKED, call("set_clock"), RESULT, TOLD], "unknown tool 'set_clock'"),
        ([ASKED, call(arguments='{"label": "gym"}'), RESULT, TOLD], "'hour' is a required property"),
        ([ASKED, call(arguments='{"hour": 25}'), RESULT, TOLD], "25 is greater than the maximum"),
        ([ASKED, call(arguments='{"hour": "7"}'), RESULT, TOLD], "not of type 'integer'"),
        ([ASKED, call(arguments='{"hour": 7, "day": 1}'), RESULT, TOLD], "has no argument 'day'"),
        ([ASKED, call(arguments="{hour: 7}"), RESULT, TOLD], "no JSON"),
        ([ASKED, call(), TOLD], "the result of call c1 is missing"),
        ([ASKED, call()], "the result of call c1 is missing"),
        ([ASKED, RESULT, TOLD], "a result of no call"),
        ([ASKED, call(), {**RESULT, "tool_call_id": "c2"}, TOLD], "a result of no call"),
        ([ASKED, call(), RESULT], "does not have the last word"),
        ([ASKED, call(), RESULT, {"role": "assistant", "content": " "}], "says nothing"),
        ([{**call(), "role": "user"}, RESULT, TOLD], "a call by user"),
    ],
)
def test_a_trace_is_held_against_the_schemas(messages: list[dict[str, Any]], fault: str) -> None:
    found = trace_fault(messages, KNOWN)
    assert found == "" if not fault else fault in found


PART = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"type": st.just("integer"), "minimum": st.integers(-9, 5), "maximum": st.just(6)}),
        st.just({"type": "number", "minimum": 0, "maximum": 1}),
        st.just({"type": "string"}), st.just({"type": "boolean"}), st.just({"type": "string", "format": "date"}),
        st.fixed_dictionaries({"enum": st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3)}),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner, "minItems": st.integers(0, 3)}),
        st.fixed_dictionaries({"type": st.just("object"), "properties": st.dictionaries(st.just("x"), inner)}),
    ),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["city", "hour", "label", "items"]), PART, min_size=1), st.integers(0, 99))
def test_drawn_arguments_fit_any_schema(parts: dict[str, Any], row: int) -> None:
    schema = {"type": "object", "properties": parts, "required": sorted(parts)[:1]}
    drawn = Draws(5, row).arguments(Tool("t", "", schema, None), 0.5)
    jsonschema.Draft202012Validator(schema).validate(drawn)
    assert drawn == Draws(5, row).arguments(Tool("t", "", schema, None), 0.5)


def drawn(request: Request) -> Reply:
    last = request.messages[-1][1]
    if request.column == "request":
        values = last.rpartition("Values: ")[2].partition("\n")[0]
        return f"Please do it with {values} for me."
    return f"It is done: {last.rpartition('Result: ')[2].partition(chr(10))[0]}."


def test_calls_drawn_from_the_schema_make_sound_traces() -> None:
    method, port = asking(drawn, small=True, kind="tools")
    frame = method.sample(8, seed=1)
    tools = read_tools(TOOLS)
    assert frame.height == 8 and len(set(frame["tool"])) == len(TOOLS)
    for row in frame.iter_rows(named=True):
        roles = [m["role"] for m in row["messages"]]
        assert roles == ["user", "assistant", "tool", "assistant"] and not trace_fault(row["messages"], tools)
        assert json.loads(row["tools"])[0]["type"] == "function"
    assert all(r.kind == "complete" for r in port.asked)


def test_a_request_that_does_not_name_the_values_is_dropped() -> None:
    method, _ = asking(lambda r: "Please do it for me.", small=True, kind="tools", tools=(ALARM,), tries=1)
    with pytest.raises(DataError, match="does not name hour = "):
        method.sample(2, seed=1)


def by_model(made: list[dict[str, Any]]) -> Any:
    def reply(request: Request) -> Reply:
        if request.column == "call":
            assert [t["function"]["name"] for t in request.tools] == ["set_alarm"]
            return list(made)
        if request.schema is not None:
            return {"set": True, "hour": 7}
        return "Please wake me at 7." if request.column == "request" else "The alarm is set for 7."

    return reply


def test_a_call_by_the_model_is_checked_and_kept() -> None:
    method, _ = asking(by_model([{"name": "set_alarm", "arguments": {"hour": 7}}]), kind="tools", tools=(ALARM,))
    row = method.sample(1, seed=1).row(0, named=True)
    assert row["messages"][1]["tool_calls"][0]["function"] == {"name": "set_alarm", "arguments": '{"hour": 7}'}
    assert json.loads(row["messages"][2]["content"]) == {"set": True, "hour": 7}
    assert row["messages"][2]["tool_call_id"] == row["messages"][1]["tool_calls"][0]["id"]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ([], "0 calls in place of one"),
        ([{"name": "set_alarm", "arguments": {}}], "'hour' is a required property"),
        ([{"name": "set_clock", "arguments": {"hour": 7}}], "'set_clock', which is none of the tools"),
        ([{"name": "set_alarm", "arguments": {"hour": 7}}] * 2, "2 calls in place of one"),
    ],
)
def test_a_wrong_call_by_the_model_is_dropped_with_its_reason(made: list[dict[str, Any]], reason: str) -> None:
    method, _ = asking(by_model(made), kind="tools", tools=(ALARM,), tries=2)
    with pytest.raises(DataError):
        method.sample(1, seed=1)
    assert reason in method.failures_[0].reason and method.failures_[0].column == "call"


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        (({"description": "x"},), r"tools\[0\]: a tool is a table with name"),
        ((ALARM, ALARM), r"tools\[1\]: the name 'set_alarm' is taken"),
        (({"name": "x", "parameters": {"type": "array"}},), "a JSON schema of type object"),
        (({"name": "x", "parameters": {"type": "object", "properties": 3}},), r"tools\[0\] 'x': parameters"),
        (("gone.json",), "gone.json cannot be read as a JSON list of tools"),
    ],
)
def test_wrong_tools_are_named(tools: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Instruct(kind="tools", tools=tools)
