"""Batches through the network of the embedded model: answers written, labels weighed, texts scored and embedded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from simulacra.core.rng import stream
from simulacra.parts.prompts._embedded_draw import draw
from simulacra.parts.prompts._embedded_net import Check, Memory, Net
from simulacra.parts.prompts._embedded_words import Words
from simulacra.parts.prompts.request import Request

ROWS = 64
"""Most rows of one batch."""
PLACES = 40_960
"""Most places of one batch, rows times the longest: the memory of keys and values then takes under 1 GB."""


@dataclass(frozen=True)
class Written:
    """An answer: its tokens without the end mark, its text up to a stop, and why it ended."""

    tokens: list[int]
    text: str
    finish: str


def cut(lengths: Sequence[int]) -> list[range]:
    """Return rows in batches, in order: at most ROWS rows and, where there is more than one, PLACES places each."""
    out, first, longest = [], 0, 0
    for i, length in enumerate(lengths):
        longest = max(longest, length)
        if i > first and (i - first == ROWS or (i - first + 1) * longest > PLACES):
            out.append(range(first, i))
            first, longest = i, length
    return [*out, range(first, len(lengths))] if lengths else out


def read(net: Net, prompts: Sequence[list[int]], check: Check, more: int = 0) -> tuple[Memory, Tensor]:
    """Take in prompts side by side. Returns their memory with `more` free places, and (rows, tokens, width) states.

    What all prompts begin with is computed once. Places behind a shorter prompt hold nothing of meaning.
    """
    lengths = [len(p) for p in prompts]
    shared = _shared(prompts)
    size = max(lengths)
    memory = net.memory(1, size + more)
    states = []
    if shared:
        states = [net.many(_table([prompts[0][:shared]], net), memory, 0, check).expand(len(prompts), -1, -1)]
    memory = memory.pick(torch.zeros(len(prompts), dtype=torch.long, device=net.device))
    rest = [p[shared:] + [0] * (size - len(p)) for p in prompts]
    return memory, torch.cat([*states, net.many(_table(rest, net), memory, shared, check)], 1)


def write(
    net: Net, words: Words, prompts: Sequence[list[int]], asked: Sequence[Request], check: Check
) -> list[Written]:
    """Write the answers of one batch; a row that is done leaves it."""
    memory, states = read(net, prompts, check, max(r.max_tokens for r in asked))
    places = torch.tensor([len(p) for p in prompts], device=net.device)
    hidden = states[torch.arange(len(prompts), device=net.device), places - 1]
    points = np.zeros((len(asked), max(r.max_tokens for r in asked)))
    for i, request in enumerate(asked):
        points[i, : request.max_tokens] = stream(request.seed, "prompts/embedded", "tokens").random(request.max_tokens)
    heat = torch.tensor([r.temperature for r in asked], device=net.device)
    mass = torch.tensor([r.top_p for r in asked], device=net.device)
    rows = torch.arange(len(asked), device=net.device)
    out: list[list[int]] = [[] for _ in asked]
    done: dict[int, Written] = {}
    for step in range(points.shape[1]):
        drawn = torch.from_numpy(points[:, step].copy()).to(net.device)[rows]
        tokens = draw(net.logits(hidden), heat[rows], mass[rows], drawn)
        for i, token in zip(rows.tolist(), tokens.tolist(), strict=True):
            if i not in done:
                end = _end(words, asked[i], out[i], token)
                if end is not None:
                    done[i] = end
        if len(done) == len(asked):
            break
        left = torch.tensor([i not in done for i in rows.tolist()], device=net.device)
        if int(left.sum()) <= len(rows) * 3 // 4:
            # Copying the memory costs as much as a step, so rows leave by the quarter.
            keep = left.nonzero()[:, 0]
            rows, tokens, memory = rows[keep], tokens[keep], memory.pick(keep)
        hidden = net.one(tokens, places[rows] + step, memory, check)
    return [done[i] for i in range(len(asked))]


def labels(net: Net, prompts: Sequence[list[int]], choices: Sequence[Sequence[int]], check: Check) -> list[list[float]]:
    """Return the log-probability of each choice after each prompt, (prompts, choices)."""
    memory, states = read(net, prompts, check, max(len(c) for c in choices))
    places = torch.tensor([len(p) for p in prompts], device=net.device)
    first = net.logits(states[torch.arange(len(prompts), device=net.device), places - 1]).log_softmax(-1)
    sums = []
    for choice in choices:
        total = first[:, choice[0]].double()
        for i, (token, following) in enumerate(zip(choice, choice[1:], strict=False)):
            hidden = net.one(torch.full_like(places, token), places + i, memory, check)
            total = total + net.logits(hidden).log_softmax(-1)[:, following]
        sums.append(total)
    return [[float(x) for x in row] for row in torch.stack(sums, 1).tolist()]


def logprobs(net: Net, texts: Sequence[list[int]], befores: Sequence[int], check: Check) -> list[list[float]]:
    """Return the log-probability of every token of each text after its first `before` ones, at least 1."""
    _, states = read(net, texts, check)
    out = []
    for row, (text, before) in enumerate(zip(texts, befores, strict=True)):
        scores = net.logits(states[row, before - 1 : len(text) - 1]).log_softmax(-1)
        wanted = torch.tensor(text[before:], dtype=torch.long, device=net.device)
        out.append([float(x) for x in scores.gather(1, wanted[:, None])[:, 0].tolist()])
    return out


def embed(net: Net, texts: Sequence[list[int]], check: Check) -> list[list[float]]:
    """Return the mean of the last hidden states of each text, of unit length."""
    _, states = read(net, texts, check)
    means = torch.stack([states[i, : len(text)].mean(0) for i, text in enumerate(texts)])
    return [[float(x) for x in row] for row in (means / means.norm(dim=1, keepdim=True)).tolist()]


def _shared(prompts: Sequence[list[int]]) -> int:
    """Return how many tokens all prompts begin with, leaving each at least one of its own; 0 for a single prompt."""
    if len(prompts) == 1:
        return 0
    low, high = min(prompts), max(prompts)
    most = min(len(p) for p in prompts) - 1
    return next((i for i in range(most) if low[i] != high[i]), most)


def _table(rows: Sequence[list[int]], net: Net) -> Tensor:
    return torch.tensor(rows, dtype=torch.long, device=net.device)


def _end(words: Words, request: Request, tokens: list[int], token: int) -> Written | None:
    """Add a token to an answer; return the whole of it when it ends here."""
    if token in words.ends:
        return Written(tokens, words.decode(tokens), "stop")
    tokens.append(token)
    if request.stop:
        # A token holds at least one byte, so a stop that ends here begins within so many tokens.
        tail = words.decode(tokens[-max(len(s.encode()) for s in request.stop) - 1 :])
        if any(s in tail for s in request.stop):
            text = words.decode(tokens)
            return Written(tokens, text[: min(text.find(s) for s in request.stop if s in text)], "stop")
    if len(tokens) >= request.max_tokens:
        return Written(tokens, words.decode(tokens), "length")
    return None
