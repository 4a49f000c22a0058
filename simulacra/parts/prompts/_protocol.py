"""OpenAI's protocol as functions: what is sent for a request, and what its answer says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer, Request

TOP = 20
"""Tokens whose log-probability is asked for; more are refused by most servers."""


class Malformed(ValueError):
    """The answer of a server is not what its protocol says."""


class Untold(ValueError):
    """A server gave log-probabilities that do not tell the labels apart, or none at all (`nothing`)."""

    def __init__(self, reason: str, *, nothing: bool = False) -> None:
        super().__init__(reason)
        self.nothing = nothing


def path(request: Request) -> str:
    """Return where a request goes, below base_url."""
    return {"embed": "embeddings", "complete": "completions", "logprobs": "completions"}.get(
        request.kind, "chat/completions"
    )


def body(request: Request, model: Model, refused: frozenset[str]) -> dict[str, Any]:
    """Return what is sent. refused: parameters that the server does not take."""
    name = model.model or model.name
    if request.kind == "embed":
        return _settled({"model": name, "input": request.messages[-1][1]}, model, refused)
    if request.kind == "logprobs":
        return _settled(echo(name, joined(request)), model, refused)
    out: dict[str, Any] = {"model": name}
    if request.kind == "complete":
        out["prompt"] = request.messages[-1][1]
    else:
        out["messages"] = [{"role": role, "content": content} for role, content in request.messages]
    if request.kind == "labels":
        top = 5 if "top_logprobs" in refused else TOP
        out |= {"max_tokens": 1, "temperature": 1.0, "logprobs": True, "top_logprobs": top}
        return _settled(out, model, refused - {"top_logprobs"})
    out |= {"temperature": request.temperature, "max_tokens": request.max_tokens, "seed": request.seed % 2**31}
    if request.top_p != 1.0:
        out["top_p"] = request.top_p
    if request.stop:
        out["stop"] = list(request.stop)
    if request.tools:
        out["tools"] = [t if "function" in t else {"type": "function", "function": dict(t)} for t in request.tools]
    if request.schema is not None:
        shape = {"name": "answer", "schema": request.schema, "strict": True}
        out["response_format"] = {"type": "json_schema", "json_schema": shape}
    return _settled(out, model, refused)


def echo(name: str, prompt: str) -> dict[str, Any]:
    """Return what asks for the log-probabilities of a text itself."""
    return {"model": name, "prompt": prompt, "max_tokens": 1, "echo": True, "logprobs": 1, "temperature": 0.0}


def joined(request: Request) -> str:
    """Return all messages as one text, for servers that score no messages."""
    return "\n\n".join(content for _, content in request.messages)


def _settled(out: dict[str, Any], model: Model, refused: frozenset[str]) -> dict[str, Any]:
    if "max_tokens" in refused and "max_tokens" in out:
        out["max_completion_tokens"] = out["max_tokens"]
    out |= model.options
    return {k: v for k, v in out.items() if k not in refused and v != ""}


def read(request: Request, reply: Any, counted: int) -> Answer:
    """Return the answer that a reply holds. counted: tokens of the prompt, where the server does not tell.

    Raises Malformed, and Untold where log-probabilities are missing.
    """
    if request.kind == "embed":
        return Answer(value=_vector(reply), **_usage(reply, counted, ""))
    if request.kind == "logprobs":
        prompt = joined(request)
        return read_echo(reply, prompt, len(prompt) - len(request.messages[-1][1]))
    choice = _first(reply)
    if request.kind == "labels":
        return Answer(value=labelled(choice, request.labels), **_usage(reply, counted, "."))
    if request.kind == "complete":
        text, calls = choice.get("text"), None
    else:
        message = choice.get("message")
        if not isinstance(message, Mapping):
            raise Malformed("a choice without a message")
        text, calls = _words(message.get("content")), _calls(message.get("tool_calls"))
    if not isinstance(text, str):
        raise Malformed("a choice without text")
    finish = "length" if choice.get("finish_reason") == "length" else "stop"
    error = _withheld(request, str(choice.get("finish_reason")), text, calls)
    return Answer(storable(text), calls, finish=finish, error=error, **_usage(reply, counted, text))


def read_echo(reply: Any, prompt: str, start: int) -> Answer:
    """Return the log-probabilities of a prompt from one of its characters on. Raises Malformed, Untold."""
    return Answer(value=scored(_first(reply), prompt, start), **_usage(reply, tokens_of(prompt), ""))


def labelled(choice: Mapping[str, Any], labels: Sequence[str]) -> list[float]:
    """Return the log-probability of each label by the first token of the answer.

    Upper and lower case and spaces around a token are one. A label whose token is not listed gets the smallest that is:
    it is at most that. Raises Untold.
    """
    content = (choice.get("logprobs") or {}).get("content") or [{}]
    listed = content[0].get("top_logprobs") if isinstance(content[0], Mapping) else None
    if not listed:
        raise Untold("there are none", nothing=True)
    plain = [label.strip().lower() for label in labels]
    mass = [0.0] * len(labels)
    for entry in listed:
        token, chance = str(entry["token"]).strip().lower(), math.exp(min(float(entry["logprob"]), 0.0))
        meant = [i for i, label in enumerate(plain) if token and label.startswith(token)]
        if len(meant) > 1:
            raise Untold(f"the labels {labels[meant[0]]!r} and {labels[meant[1]]!r} begin with the same token")
        for i in meant:
            mass[i] += chance
    if not any(mass):
        raise Untold("none of the labels is among the likeliest first words of its answer")
    least = min(float(entry["logprob"]) for entry in listed)
    return [math.log(m) if m else least for m in mass]


def scored(choice: Mapping[str, Any], prompt: str, start: int) -> list[float]:
    """Return the log-probabilities of the tokens of a prompt from one of its characters on.

    The very first token of all has none and is left out. Raises Untold, Malformed.
    """
    told = choice.get("logprobs")
    if not isinstance(told, Mapping) or not told.get("token_logprobs"):
        raise Untold("there are none of a prompt", nothing=True)
    scores, offsets = told["token_logprobs"], told.get("text_offset")
    if not isinstance(offsets, list) or len(offsets) != len(scores):
        raise Malformed("log-probabilities without the places of their tokens")
    ends = [*offsets[1:], len(prompt)]
    inside = [
        s for s, begin, end in zip(scores, offsets, ends, strict=True) if begin < len(prompt) and end > start
    ]  # fmt: skip
    return [float(s) for s in inside if s is not None]


def storable(text: str) -> str:
    """Return a text that can be written as UTF-8: halves of surrogate pairs become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _first(reply: Any) -> Mapping[str, Any]:
    choices = reply.get("choices") if isinstance(reply, Mapping) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise Malformed("an answer without choices")
    return choices[0]


def _vector(reply: Any) -> list[float]:
    try:
        vector = [float(v) for v in reply["data"][0]["embedding"]]
    except (KeyError, IndexError, TypeError, ValueError):
        raise Malformed("an answer without an embedding") from None
    if not vector or not all(map(math.isfinite, vector)):
        raise Malformed("an embedding that is empty or not finite")
    return vector


def _words(content: Any) -> Any:
    """Return the text of a message; some servers give it in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return "" if content is None else content


def _calls(calls: Any) -> list[dict[str, Any]] | None:
    """Return tool calls as names and arguments; arguments that are no JSON stay the text they are."""
    if not calls:
        return None
    out = []
    try:
        for call in calls:
            given = call["function"].get("arguments") or "{}"
            if isinstance(given, str):
                try:
                    given = json.loads(given)
                except ValueError:
                    given = storable(given)
            out.append({"name": storable(str(call["function"]["name"])), "arguments": given})
    except (KeyError, TypeError, AttributeError):
        raise Malformed("tool calls without a function") from None
    return out


def _withheld(request: Request, finish: str, text: str, calls: Any) -> str:
    """Return why there is no answer although the server gave one, or ""."""
    if finish == "content_filter":
        return "the server's content filter withheld the answer"
    if finish == "length" and not text and not calls:
        return f"the answer is empty: all of max_tokens = {request.max_tokens} went before its first word"
    return ""


class _Tokens(TypedDict):
    tokens_in: int
    tokens_out: int


def _usage(reply: Any, counted: int, text: str) -> _Tokens:
    told = reply.get("usage") if isinstance(reply, Mapping) else None
    told = told if isinstance(told, Mapping) else {}
    tokens = (told.get("prompt_tokens", counted), told.get("completion_tokens", tokens_of(text)))
    whole = [n if isinstance(n, int) and 0 <= n < 2**53 else 0 for n in tokens]
    return {"tokens_in": whole[0], "tokens_out": whole[1]}


def tokens_of(text: str) -> int:
    """Return the tokens of a text by rule of thumb: four bytes each."""
    return (len(text.encode("utf-8", "replace")) + 3) // 4
