"""The process of the test server: requests in, faults by settings, answers drawn from their own words."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import datetime
import email.utils
import hashlib
import json
import math
import re
import signal
import sys
from typing import Any

from aiohttp import web

from simulacra.parts.prompts.example import example

FAULTS = ("rate_429", "rate_500", "hang", "cut", "stall", "malformed")
WORDS = (
    "river", "morning", "teacher", "quiet", "market", "garden", "letter", "window", "number", "winter", "story",
    "answer", "simple", "little", "bright", "copper", "travel", "doctor", "orange", "family", "weather", "kitchen",
    "street", "paper", "music", "engine", "bridge", "forest", "silver", "question", "village", "table",
)  # fmt: skip


class Draw:
    """Whole numbers from the words of a request."""

    def __init__(self, *words: Any) -> None:
        self._name = json.dumps(words, sort_keys=True, default=str)
        self._count = 0

    def __call__(self, below: int) -> int:
        self._count += 1
        digest = hashlib.blake2b(f"{self._name}\x1f{self._count}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") % below

    def word(self) -> str:
        """Return a word."""
        return WORDS[self(len(WORDS))]


class App:
    """One server: its settings and what it has seen."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.tries: collections.Counter[str] = collections.Counter()
        self.given: collections.Counter[str] = collections.Counter()
        self.by_fault: collections.Counter[str] = collections.Counter()
        self.flying = 0
        self.most = 0
        self.slots = asyncio.Semaphore(settings["slots"] or 1_000_000)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer or fail one request."""
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            return await self._answer(request, await request.json())
        finally:
            self.flying -= 1

    async def counts(self, _: web.Request) -> web.Response:
        """Tell what was seen."""
        return web.json_response(
            {
                "requests": sum(self.tries.values()),
                "answered": sum(self.given.values()),
                "repeated": sum(n - 1 for n in self.given.values()),
                "most": self.most,
                "by_fault": dict(self.by_fault),
            }
        )

    async def _answer(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        content = json.dumps(body, sort_keys=True)
        self.tries[content] += 1
        refusal = self._refusal(request, body)
        if refusal is not None:
            return refusal
        fault = self._fault(content)
        self.by_fault[fault] += 1
        if fault == "hang":
            await asyncio.sleep(3600)
        async with self.slots:
            await asyncio.sleep(self.settings["latency"])
        failure = self._failure(fault)
        if failure is not None:
            return failure
        kind = request.path.rsplit("/", 1)[-1]
        made = {"embeddings": embedding, "completions": completion}.get(kind, chat)
        if request.path.endswith("chat/completions"):
            made = chat
        text = json.dumps(made(body, self.settings))
        if fault in ("cut", "stall"):
            return await _half(request, text, fault)
        self.given[content] += 1
        return web.Response(text=text, content_type="application/json")

    def _refusal(self, request: web.Request, body: dict[str, Any]) -> web.Response | None:
        settings = self.settings
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if settings["key"] and given != settings["key"]:
            return refused(401, f"Incorrect API key provided: {given}", "invalid_api_key")
        first, last = settings["down"]
        if first <= sum(self.tries.values()) < last:
            return refused(503, "the server is loading")
        for name in settings["unknown"]:
            if name in body:
                return refused(400, f"Unsupported parameter: '{name}' is not supported with this model.")
        if settings["schemas"] == "refuse" and "response_format" in body:
            return refused(400, "response_format of type json_schema is not supported")
        size = words_in(body) + (body.get("max_tokens") or 0)
        if settings["context"] and size > settings["context"]:
            limit = settings["context"]
            return refused(400, f"This model's maximum context length is {limit} tokens, you asked for {size}")
        if settings["most"] and self.flying > settings["most"]:
            return self._too_many()
        return None

    def _fault(self, content: str) -> str:
        point = Draw(content, self.tries[content])(10**9) / 10**9
        for fault in FAULTS:
            point -= self.settings[fault]
            if point < 0:
                return fault
        return "none"

    def _failure(self, fault: str) -> web.Response | None:
        if fault == "rate_429":
            return self._too_many()
        if fault == "rate_500":
            return refused(500, "the server had an error")
        if fault == "malformed":
            return web.Response(text='{"choices": [{"message": {"content": "half', content_type="application/json")
        return None

    def _too_many(self) -> web.Response:
        after = self.settings["retry_after"]
        if after == "date":
            soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)
            after = email.utils.format_datetime(soon, usegmt=True)
        out = refused(429, "Rate limit reached", "rate_limit_exceeded")
        out.headers["Retry-After"] = str(after)
        return out


async def _half(request: web.Request, text: str, fault: str) -> web.StreamResponse:
    """Send half of an answer, then close the connection or keep silent."""
    out = web.StreamResponse(headers={"Content-Length": str(len(text)), "Content-Type": "application/json"})
    await out.prepare(request)
    await out.write(text[: len(text) // 2].encode())
    if fault == "stall":
        await asyncio.sleep(3600)
    if request.transport is not None:
        request.transport.close()
    return out


def refused(status: int, message: str, code: str = "") -> web.Response:
    """Return an error in OpenAI's form."""
    return web.json_response({"error": {"message": message, "code": code or None}}, status=status)


def words_in(body: dict[str, Any]) -> int:
    """Return the words of a prompt, which stand for its tokens."""
    texts = [str(m.get("content")) for m in body.get("messages", [])] or [str(body.get("prompt", body.get("input")))]
    return sum(len(text.split()) for text in texts)


def chat(body: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to messages."""
    draw = Draw(body["messages"], body.get("seed"))
    text = settings["text"] or " ".join(draw.word() for _ in range(5 + draw(20)))
    message: dict[str, Any] = {"role": "assistant"}
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    told = schema_in_words(body["messages"])
    if draw(10**9) / 10**9 < settings["wrong_schema"] and (schema or told):
        text = json.dumps({"wrong": text})
    elif schema is not None and settings["schemas"] == "yes":
        text = json.dumps(example(schema, draw, draw.word))
    elif told is not None:
        text = f"Here it is:\n```json\n{json.dumps(example(told, draw, draw.word))}\n```\nI hope that helps."
    if body.get("tools"):
        tool = body["tools"][draw(len(body["tools"]))]["function"]
        given = json.dumps(example(tool.get("parameters", {}), draw, draw.word))
        call = {"id": "call_1", "type": "function", "function": {"name": tool["name"], "arguments": given}}
        message["tool_calls"] = [call]
        text = ""
    words = text.split(" ")
    most = body.get("max_tokens") or body.get("max_completion_tokens") or len(words)
    message["content"] = " ".join(words[:most]) or None
    choice = {"index": 0, "message": message, "finish_reason": "stop" if len(words) <= most else "length"}
    if body.get("logprobs") and settings["logprobs"] != "no":
        choice["logprobs"] = {"content": [first_token(body, settings)]}
    return {"choices": [choice], **usage(body, settings, min(len(words), most))}


def schema_in_words(messages: list[dict[str, Any]]) -> Any:
    """Return the schema that the messages tell in words."""
    for message in messages:
        _, found, rest = str(message.get("content")).partition("JSON schema:\n")
        if found:
            return json.JSONDecoder().raw_decode(rest)[0]
    return None


def first_token(body: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the log-probabilities of the first token."""
    weights = {t: 1 + Draw(body["messages"], t)(1000) for t in settings["vocabulary"]}
    total = sum(weights.values())
    top = sorted(((math.log(w / total), t) for t, w in weights.items()), reverse=True)
    listed = [{"token": t, "logprob": p} for p, t in top[: body.get("top_logprobs", 0)]]
    return {"token": top[0][1], "logprob": top[0][0], "top_logprobs": listed}


def completion(body: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return what follows a text, and the log-probabilities of the text itself when it is echoed."""
    draw = Draw(body["prompt"], body.get("seed"))
    most = body.get("max_tokens", 16)
    text = settings["text"] or "".join(f" {draw.word()}" for _ in range(min(most, 5 + draw(20))))
    choice: dict[str, Any] = {"index": 0, "text": text, "finish_reason": "stop"}
    if body.get("echo"):
        choice["text"] = body["prompt"] + (text if most else "")
        if body.get("logprobs") is not None and settings["logprobs"] == "yes":
            choice["logprobs"] = prompt_tokens(body["prompt"])
    return {"choices": [choice], **usage(body, settings, len(text.split()))}


def prompt_tokens(prompt: str) -> dict[str, Any]:
    """Return a text as tokens, a word with the space before it each, with log-probabilities by the words before."""
    found = list(re.finditer(r"\s*\S+|\s+$", prompt))
    scores = [-0.1 - Draw(prompt[: m.end()])(5000) / 1000 for m in found]
    return {
        "tokens": [m.group() for m in found],
        "token_logprobs": [None, *scores[1:]],
        "text_offset": [m.start() for m in found],
    }


def embedding(body: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return a vector in which texts of the same words are near."""
    counts = [0.0] * 32
    for word in str(body["input"]).lower().split():
        counts[Draw(word)(32)] += 1.0
    size = sum(c * c for c in counts) ** 0.5 or 1.0
    return {"data": [{"index": 0, "embedding": [c / size for c in counts]}], **usage(body, settings, 0)}


def usage(body: dict[str, Any], settings: dict[str, Any], written: int) -> dict[str, Any]:
    """Return the counts of tokens, where the server tells them."""
    counts = {"prompt_tokens": words_in(body), "completion_tokens": written}
    return {"model": body.get("model"), "usage": counts} if settings["usage"] else {"model": body.get("model")}


async def serve(settings: dict[str, Any]) -> None:
    """Serve until the pipe of whoever started this process is closed."""
    app = App(settings)
    site = web.Application(client_max_size=64 * 2**20)
    site.router.add_post("/v1/{kind:.*}", app.post)
    site.router.add_get("/counts", app.counts)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    # Ctrl-C is for whoever started it; this process ends with the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(json.loads(sys.stdin.readline())))
