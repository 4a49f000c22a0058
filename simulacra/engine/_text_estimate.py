"""What a run will ask, before anything is asked: a few rows made with answers of the largest size that was allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.progress import quiet
from simulacra.io import chats, output
from simulacra.parts.prompts.example import example
from simulacra.parts.prompts.model import EMBEDDED
from simulacra.parts.prompts.request import Answer, Request

if TYPE_CHECKING:
    from simulacra.engine._text_job import Job

ROWS = 4
"""Rows that are made to foresee the others."""
LETTERS = 4
"""Letters of a token, about."""
SECONDS = 5.0
"""Taken for one request to a server, which is said with the estimate."""
TOKENS_A_SECOND = 100.0
"""What the embedded model writes on two cores in batches of 64 (docs/benchmarks.md)."""


@dataclass(frozen=True)
class Estimate:
    """What a run will ask at most. rows: that are made. cost: in the currency of the price table.

    seconds: about. alone: only the embedded model is asked, which costs nothing. priced: any model has a price.
    """

    rows: int
    requests: int
    tokens_in: int
    tokens_out: int
    cost: float
    seconds: float
    alone: bool
    priced: bool

    def sentence(self, known: int) -> str:
        """Return the estimate in words. known: answers that the journal holds."""
        if not self.requests:
            return f"{self.rows:,} rows, for which no model is asked."
        what = (
            f"{self.rows:,} rows: about {self.requests:,} requests, {_round(self.tokens_in)} tokens in, at most "
            f"{_round(self.tokens_out)} out; "
        )
        if self.alone:
            paid = f"nothing to pay: the embedded model; at most about {_time(self.seconds)} on two cores."
        else:
            cost = f"at most {self.cost:.4g} by the price table" if self.priced else "no price table, so no cost"
            paid = f"{cost}; about {_time(self.seconds)} if a request takes {SECONDS:g} s."
        return what + paid + (f" The journal holds {known:,} answers{self._reused}" if known else "")

    @property
    def _reused(self) -> str:
        """Return which answers of a journal are taken: those of the embedded model hang on the batch of their rows."""
        if self.alone:
            return "; those of the same batches of rows are not asked again."
        return "; what is asked just so is not asked again."


class Dry:
    """A port that answers with as many words as were allowed, so that nothing is foreseen too small."""

    batches = False
    identity = "dry"

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests in their order."""
        return [self._answer(request) for request in requests]

    def count(self, request: Request) -> int:
        """Return about as many tokens as a prompt has."""
        return sum(len(content) // LETTERS + 4 for _, content in request.messages)

    async def close(self) -> None:
        """Nothing is held."""

    def _answer(self, request: Request) -> Answer:
        tokens = request.max_tokens
        value: Any = None
        text = "word" * tokens
        if request.kind in ("labels", "logprobs", "embed"):
            number = len(request.labels) or (256 if request.kind == "embed" else 8)
            value, text, tokens = [-1.0 - i / 7 for i in range(number)], "", 0
        elif request.schema is not None:
            from json import dumps

            text = dumps(example(request.schema, lambda below: 0, lambda: "word"))
        return Answer(text, value, self.identity, self.count(request), tokens)


def estimate(job: Job) -> Estimate:
    """Return what the run will ask. Raises ConfigError for columns that cannot be made, or not in that format."""
    from simulacra.parts.prompts.desk import Desk

    rows = min(job.n, ROWS)
    method = job.again()
    ports = {model.name: Dry() for model in job.models}
    with Desk(job.models, None, ports=ports) as desk, quiet():
        method.desk = desk
        blocks = list(method.batches(rows, seed=job.recipe.seed))
    spent = desk.spent
    _fits(job.recipe.format, blocks[0].frames["table"])
    share = job.n / rows
    asked = (spent.requests * share, spent.tokens_in * share, spent.tokens_out * share, spent.cost * share)
    stages: Sequence[tuple[float, int]] = getattr(method, "foreseen", tuple)()
    if spent.requests and stages:
        asked = _staged(job, stages, spent.tokens_in / spent.requests)
    requests, tokens_in, out = (round(number) for number in asked[:3])
    alone = all(model.port == EMBEDDED for model in job.models)
    flying = sum(model.concurrency for model in job.models)
    return Estimate(
        rows=job.n,
        requests=requests,
        tokens_in=tokens_in,
        tokens_out=out,
        cost=asked[3],
        seconds=out / TOKENS_A_SECOND if alone else requests * SECONDS / min(flying, max(requests, 1)),
        alone=alone,
        priced=any(model.price_in or model.price_out for model in job.models),
    )


def _staged(job: Job, stages: Sequence[tuple[float, int]], prompt: float) -> tuple[float, float, float, float]:
    """Return requests, tokens in and out, and cost of a method that tells what a row asks where its first try does.

    Answers of no sense pass no check of such a method, so what comes after one was not asked. prompt: tokens of one.
    """
    requests = sum(times for times, _ in stages) * job.n
    tokens_in, out = requests * prompt, sum(times * tokens for times, tokens in stages) * job.n
    dearest = max(job.models, key=lambda model: model.price_in + model.price_out)
    return requests, tokens_in, out, (tokens_in * dearest.price_in + out * dearest.price_out) / 1e6


def _fits(format: str, rows: Any) -> None:
    """Raise ConfigError, before anything is paid, where the columns cannot be written in a format."""
    layout = chats.layout_of(format)
    if layout:
        chats.source(layout, rows.columns)
    elif format == "csv":
        output.dressed(rows.clear(), {}, False)


def _round(number: int) -> str:
    """Return a number with two digits that count."""
    digits = max(0, len(str(number)) - 2)
    return f"{round(number, -digits):,}"


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
