"""Traces of tool calls: a request, a call that fits its schema, the tool's result, and an answer from it.

For the embedded model the call is drawn first, from the schema, and the request is written for it, so that every call
is right by construction; other models write the request and make the call themselves. Every trace is checked before it
is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from simulacra.core.options import option
from simulacra.text._columns_templates import MARKER, Template
from simulacra.text._instruct_draws import Draws
from simulacra.text._instruct_evidence import WORD, content_words, overlap
from simulacra.text._instruct_kind import Brief, Faults, Kind, Work, in_circles, whole
from simulacra.text._instruct_schemas import TOOLS, Tool, read_tools, trace_fault

if TYPE_CHECKING:
    import polars as pl

ASK = """A user asks an assistant for something and names every value.

Tool: the trains between two towns
Values: from = Bern, to = Zurich, day = 2026-03-04
User: Which trains go from Bern to Zurich on 2026-03-04?

Tool: an alarm
Values: hour = 7, label = gym
User: Please set an alarm for 7 with the label gym.

Tool: a hotel room
Values: hotel = Astoria, nights = 3, guests = 2
User: Can you book a room at the Astoria for 3 nights and 2 guests?

Tool: {tool}
Values: {values}
User:"""
BEST_OF = 4
"""Texts that a small model writes at once, of which the first that does is taken."""
TELL = """An assistant answers a user from the result of a tool, in one sentence.

User: Is there a train from Bern to Zurich on 2026-03-04?
Result: train = IC 8, leaves = 09:02, price = 51
Assistant: Yes, on 2026-03-04 the IC 8 leaves for Zurich at 09:02 and costs 51.

User: Please set an alarm for 7 and call it gym.
Result: set = yes
Assistant: The alarm for 7 is set, with the label gym.

User: {request}
Result: {result}
Assistant:"""
WANT = """An assistant can use the tool that is described between two marks:

{{ tool | quoted }}

{% if call %}
Write a message of a user that makes the assistant call it with exactly these arguments, and that names each of them:
{{ call }}
{% else %}
Write a message of a user that the assistant can only answer by calling this tool once. The message names every value \
that the tool needs.
{% endif %}
Write the message alone, as a person would. {{ wish }}"""
RESULT = """A tool was called. Make up what it returns, as one JSON object with a few fields.

{{ tool | quoted }}

Call: {{ call }}"""


@dataclass(frozen=True)
class Settings:
    """Options of kind = "tools"."""

    call: str = option("auto", "who makes the call: it is drawn from the schema, or the model makes it; auto draws "
                       "for the embedded model", choices=("auto", "drawn", "model"))  # fmt: skip
    optional: float = option(0.5, "share of optional arguments that a drawn call has", low=0, high=1)
    system: str = option("", "what stands in the system message of every trace")


class Tools(Kind):
    """Conversations in which the assistant calls a tool, checked against the tools' schemas."""

    name = "tools"
    Options = Settings
    columns = {"messages": "tool messages", "tools": "text", "tool": "text"}

    def __init__(self, settings: Settings, brief: Brief) -> None:
        super().__init__(settings, brief)
        self.drawn = settings.call == "drawn" or (settings.call == "auto" and brief.small)
        self.tools = read_tools(brief.tools or TOOLS)
        self.told = json.dumps([tool.entry for tool in self.tools.values()], ensure_ascii=False)
        self.want, self.result = Template(WANT, "tools: request"), Template(RESULT, "tools: result")

    def take(self, data: pl.DataFrame | None) -> None:
        """No data are needed; rows of data are not looked at."""

    def stages(self) -> list[tuple[float, int]]:
        """Return what one try at a row asks."""
        if self.brief.small:
            return [(BEST_OF, 60), (BEST_OF, 80)]
        return [(1, 400)] * (3 if self.drawn else 4)

    async def make(self, work: Work, rows: Sequence[int]) -> None:
        """Have a request written, the tool called, its result made up, and the request answered."""
        names = list(self.tools)
        order = [int(k) for k in (work.cells.numbers + work.cells.key("tool")) % len(names)]
        tools = {i: self.tools[names[order[i]]] for i in rows}
        requests: dict[int, str] = {}
        calls: dict[int, dict[str, Any]] = {}
        if self.drawn:
            for i in rows:
                draws = Draws(work.cells.key("arguments"), work.cells.first + i)
                calls[i] = {"name": tools[i].name, "arguments": draws.arguments(tools[i], self.settings.optional)}
        await work.until(rows, "request", partial(self._requested, work, tools, calls, requests))
        if not self.drawn:
            await work.until(rows, "call", partial(self._called, work, requests, calls))
        results: dict[int, Any] = {}
        await work.until(rows, "result", partial(self._resulted, work, calls, results))
        await work.until(rows, "answer", partial(self._answered, work, requests, calls, results))

    async def _requested(
        self, work: Work, tools: Mapping[int, Tool], calls: Mapping[int, dict[str, Any]], requests: dict[int, str],
        rows: list[int], attempt: int,
    ) -> Faults:  # fmt: skip
        prompts: dict[int, Any] = {}
        for i in rows:
            call = _line(calls[i]["arguments"]) if i in calls else ""
            if self.brief.small:
                about = tools[i].description.lower() or tools[i].name.replace("_", " ")
                prompts[i] = ASK.replace("{tool}", about).replace("{values}", call)
            else:
                known = {"tool": json.dumps(tools[i].entry, ensure_ascii=False), "call": call, "wish": self.brief.wish}
                prompts[i] = self.want.render({**known, MARKER: work.cells.marker}).strip()
        faults: Faults = {}
        times = BEST_OF if self.brief.small else 1
        for i, several in (await work.ask_all("request", prompts, times, attempt, **self._settings(60))).items():
            said = [whole(answer).removeprefix("User:").strip().strip('"') for answer in several]
            told = [_request_fault(text, calls[i]["arguments"] if i in calls else {}) for text in said]
            if all(told):
                faults[i] = told[0]
            else:
                requests[i] = said[told.index("")]
        return faults

    async def _called(
        self, work: Work, requests: Mapping[int, str], calls: dict[int, dict[str, Any]], rows: list[int], attempt: int
    ) -> Faults:
        """Have the model call a tool of all that there are, and check the call."""
        prompts = {i: (*self._system(), ("user", requests[i])) for i in rows}
        entries = tuple(tool.entry for tool in self.tools.values())
        faults: Faults = {}
        for i, answer in (await work.ask("call", prompts, attempt, tools=entries, max_tokens=400)).items():
            made = answer.value if isinstance(answer.value, list) else []
            fault = self._call_fault(made)
            if fault:
                faults[i] = fault
            else:
                calls[i] = made[0]
        return faults

    def _call_fault(self, made: Sequence[Mapping[str, Any]]) -> str:
        if len(made) != 1:
            return f"the model made {len(made)} calls in place of one"
        name = made[0].get("name")
        if name not in self.tools:
            return f"the model called {name!r}, which is none of the tools"
        return self.tools[name].fault(made[0].get("arguments"))

    async def _resulted(
        self, work: Work, calls: Mapping[int, dict[str, Any]], results: dict[int, Any], rows: list[int], attempt: int
    ) -> Faults:
        """Draw results from the tools' own schemas; of tools without one, have the model make them up."""
        prompts = {}
        for i in rows:
            tool = self.tools[calls[i]["name"]]
            if tool.returns or self.brief.small:
                results[i] = Draws(work.cells.key("result"), work.cells.first + i).result(tool, calls[i]["arguments"])
                continue
            known = {
                "tool": json.dumps(tool.entry, ensure_ascii=False),
                "call": json.dumps(calls[i], ensure_ascii=False),
            }
            prompts[i] = self.result.render({**known, MARKER: work.cells.marker})
        made = await work.ask("result", dict(prompts), attempt, schema={"type": "object"}, max_tokens=400)
        results.update({i: answer.value for i, answer in made.items()})
        return {}

    async def _answered(
        self, work: Work, requests: Mapping[int, str], calls: Mapping[int, dict[str, Any]], results: Mapping[int, Any],
        rows: list[int], attempt: int,
    ) -> Faults:  # fmt: skip
        """Have the request answered from the result, and check the whole trace."""
        prompts: dict[int, Any] = {}
        for i in rows:
            if self.brief.small:
                prompts[i] = TELL.replace("{request}", requests[i]).replace("{result}", _line(results[i]))
            else:
                prompts[i] = f"{requests[i]}\n\nA tool that you called, {calls[i]['name']}, returned:\n" \
                    f"{json.dumps(results[i], ensure_ascii=False)}\n\nAnswer from it alone."  # fmt: skip
        faults: Faults = {}
        times = BEST_OF if self.brief.small else 1
        for i, several in (await work.ask_all("answer", prompts, times, attempt, **self._settings(80))).items():
            said = [whole(answer).removeprefix("Assistant:").strip() for answer in several]
            traces = [self._trace(work.cells.first + i, requests[i], calls[i], results[i], text) for text in said]
            told = [trace_fault(trace, self.tools) or _answer_fault(text, requests[i], calls[i], results[i])
                    for trace, text in zip(traces, said, strict=True)]  # fmt: skip
            if all(told):
                faults[i] = f"the answer {said[0][:80]!r} does not do: {told[0]}"
            else:
                able = [k for k, fault in enumerate(told) if not fault]
                best = max(able, key=lambda k: (overlap(_word(results[i]), said[k]), -k))
                work.put(i, messages=traces[best], tools=self.told, tool=calls[i]["name"])
        return faults

    def _trace(self, row: int, request: str, call: dict[str, Any], result: Any, answer: str) -> list[dict[str, Any]]:
        """Return the messages of a trace in OpenAI's form."""
        name, arguments = call["name"], json.dumps(call["arguments"], ensure_ascii=False)
        made = {"id": f"call_{row}", "type": "function", "function": {"name": name, "arguments": arguments}}
        return [
            *({"role": role, "content": said} for role, said in self._system()),
            {"role": "user", "content": request},
            {"role": "assistant", "content": "", "tool_calls": [made]},
            {
                "role": "tool",
                "content": json.dumps(result, ensure_ascii=False),
                "tool_call_id": made["id"],
                "name": name,
            },
            {"role": "assistant", "content": answer},
        ]

    def _system(self) -> tuple[tuple[str, str], ...]:
        return (("system", self.settings.system),) if self.settings.system else ()

    def _settings(self, tokens: int) -> dict[str, Any]:
        if not self.brief.small:
            return {"max_tokens": 400}
        return {"kind": "complete", "temperature": 0.5, "max_tokens": tokens, "stop": ("\n",)}

    def counted(self, values: Mapping[str, Sequence[Any]], alive: Sequence[int]) -> dict[str, Any]:
        """Return how often each tool is called."""
        return {name: sum(values["tool"][i] == name for i in alive) for name in self.tools}


def _line(values: Any) -> str:
    """Return arguments or a result as words on one line."""
    if not isinstance(values, Mapping):
        return str(values)
    return ", ".join(f"{name} = {_word(value)}" for name, value in values.items())


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return f"({_line(value)})"
    return " and ".join(map(_word, value)) if isinstance(value, list) else str(value)


def _request_fault(said: str, arguments: Mapping[str, Any]) -> str:
    """Return why a user's message does not do, "" for one that does."""
    if len(said.split()) < 3 or in_circles(said):
        return f"the user said {said[:60]!r}"
    missing = _unnamed(arguments, said)
    return f"the request {said[:80]!r} does not name {missing}" if missing else ""


def _answer_fault(said: str, request: str, call: Mapping[str, Any], result: Any) -> str:
    """Return why an answer does not do, "" for one that does: it tells of the result, and has no number of its own."""
    if in_circles(said):
        return "it goes round in a circle"
    known = set(WORD.findall(f"{request} {json.dumps(call)} {json.dumps(result)}"))
    strange = {word for word in WORD.findall(said) if word[0].isdigit()} - known
    if strange:
        return f"it has {min(strange)}, which stands in no result"
    told = content_words(
        _word([v for v in result.values() if not isinstance(v, bool)] if isinstance(result, Mapping) else result)
    )
    return "it tells nothing of the result" if told and not told & content_words(said) else ""


def _unnamed(arguments: Mapping[str, Any], request: str) -> str:
    """Return the first argument whose value a request does not name, "" where it names all; truths need no words."""
    said = content_words(request)
    for name, value in arguments.items():
        if not isinstance(value, bool) and content_words(_word(value)) - said:
            return f"{name} = {_word(value)}"
    return ""
