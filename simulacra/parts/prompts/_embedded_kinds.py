"""Requests of each kind to the embedded model as batches, and their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulacra.parts.prompts import _embedded_run as run
from simulacra.parts.prompts._embedded_net import Check, Net
from simulacra.parts.prompts._embedded_words import Words
from simulacra.parts.prompts.request import Answer, Request

Asked = Sequence[tuple[Request, list[int]]]
"""Requests with the tokens of their prompts."""


def answer(kind: str, net: Net, words: Words, asked: Asked, check: Check) -> list[Answer]:
    """Answer requests of one kind in their order."""
    made = {"chat": _write, "complete": _write, "labels": _labels, "logprobs": _logprobs, "embed": _embed}[kind]
    return made(net, words, asked, check)


def _write(net: Net, words: Words, asked: Asked, check: Check) -> list[Answer]:
    out = []
    for batch in run.cut([len(prompt) + r.max_tokens for r, prompt in asked]):
        requests, prompts = [asked[i][0] for i in batch], [asked[i][1] for i in batch]
        for prompt, made in zip(prompts, run.write(net, words, prompts, requests, check), strict=True):
            out.append(Answer(made.text, None, "", len(prompt), len(made.tokens), finish=made.finish))
    return out


def _labels(net: Net, words: Words, asked: Asked, check: Check) -> list[Answer]:
    out: dict[int, Answer] = {}
    alike: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for i, (request, _) in enumerate(asked):
        alike.setdefault(words.choices(request), []).append(i)
    for choices, rows in alike.items():
        more = max(len(c) for c in choices)
        for batch in run.cut([len(asked[i][1]) + more for i in rows]):
            chosen = [rows[i] for i in batch]
            for i, scores in zip(chosen, run.labels(net, [asked[i][1] for i in chosen], choices, check), strict=True):
                out[i] = Answer(asked[i][0].labels[scores.index(max(scores))], scores, "", len(asked[i][1]))
    return [out[i] for i in range(len(asked))]


def _logprobs(net: Net, words: Words, asked: Asked, check: Check) -> list[Answer]:
    out: dict[int, Answer] = {}
    for chosen in _even(asked):
        befores = [len(words.before(asked[i][0])) for i in chosen]
        scored = run.logprobs(net, [asked[i][1] for i in chosen], befores, check)
        out |= {i: Answer("", s, "", len(asked[i][1])) for i, s in zip(chosen, scored, strict=True)}
    return [out[i] for i in range(len(asked))]


def _embed(net: Net, words: Words, asked: Asked, check: Check) -> list[Answer]:
    out: dict[int, Answer] = {}
    for chosen in _even(asked):
        vectors = run.embed(net, [asked[i][1] for i in chosen], check)
        out |= {i: Answer("", v, "", len(asked[i][1])) for i, v in zip(chosen, vectors, strict=True)}
    return [out[i] for i in range(len(asked))]


def _even(asked: Asked) -> Iterator[list[int]]:
    """Yield batches of texts of like length, so that little is computed for places that hold nothing."""
    order = sorted(range(len(asked)), key=lambda i: len(asked[i][1]))
    for batch in run.cut([len(asked[i][1]) for i in order]):
        yield [order[i] for i in batch]
