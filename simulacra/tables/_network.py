"""What the GAN and the VAE of tables share: rows as tokens, the model to start from, what may not be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import ModelError, need
from simulacra.parts.assemble import assemble, fill_surrogates, ranks_of
from simulacra.parts.plan import read
from simulacra.parts.tokens import Token, barred, fit_tokens, to_ranks, to_tokens

if TYPE_CHECKING:
    import polars as pl
    import torch

    from simulacra.core.data import Dataset
    from simulacra.parts.domain import Domain
    from simulacra.parts.encoding import Ints
    from simulacra.parts.fields import Field

BINS, SPIKE = 64, 5
KEPT, MOST_KEPT = 0.1, 4000
"""Share of the rows that is kept back from training to judge it, and the most of them."""
PASSES = 100
"""Most passes over the training rows: small tables need fewer steps."""
CHUNK = 8192
"""Rows drawn at once."""


@dataclass
class Encoded:
    """A table as a network sees it: fields, view, tokens (rows, tokens) of its rows, and the weights to start from."""

    fields: list[Field]
    view: list[Token]
    tokens: Ints
    weights: Mapping[str, Any]


def encode(method: Any, data: Dataset) -> Encoded:
    """Return the rows of a method's data as tokens.

    With a model to start from, its columns, tokens and weights are taken. Raises ModelError where its columns differ.
    """
    need("torch", "torch", method.name)
    if method.start is None:
        fields, chain = read(data.frame, data.schema.columns, None, bins=BINS, spike=SPIKE)
        view = fit_tokens(chain, bins=BINS)
        return Encoded(fields, view, whole(view, to_tokens(view, [v.ranks for v in chain])), {})
    before = type(method).load(method.start)
    known, here = before.empty_.schema, data.frame.schema
    if known != here:
        names = [c for c in {**known, **here} if known.get(c) != here.get(c)]
        raise ModelError(
            f"{method.name}: the model {method.start} to start from has other columns or types ({', '.join(names)}); "
            "give a model that was fitted on the same columns"
        )
    if domain_of(before) is not None:
        raise ModelError(
            f"{method.name}: the model {method.start} was fitted under a privacy budget, on other tokens than a fit "
            "without one has; start from a model that was fitted without a budget"
        )
    tokens = seen(before, data.frame)
    return Encoded(before.fields_, before.view_, tokens, before.weights_)


def seen(method: Any, frame: pl.DataFrame) -> Ints:
    """Return the tokens of rows that need not be those that a method learned from."""
    domain = domain_of(method)
    if domain is not None:
        return domain.encode(frame)
    ranks = ranks_of(frame, method.fields_, method.schema_.columns)
    return whole(method.view_, to_tokens(method.view_, ranks))


def whole(view: list[Token], tokens: Ints) -> Ints:
    """Return tokens in which one that is absent though it cannot be, as for a level never seen, is the usual value."""
    out = tokens.copy()
    for j, token in enumerate(view):
        if token["gate"] < 0:
            usual = int(np.bincount(token["codes"], token["count"], token["size"]).argmax())
            out[:, j] = np.where(out[:, j] == token["size"], usual, out[:, j])
    return out


def sizes(view: list[Token]) -> list[int]:
    """Return how many values each token has for a network: one more where it can be absent."""
    return [token["size"] + (token["gate"] >= 0) for token in view]


def shares(tokens: Ints, view: list[Token]) -> list[torch.Tensor]:
    """Return the share of each value of each token among rows, (size,) each."""
    import torch

    out = []
    for j, size in enumerate(sizes(view)):
        count = np.bincount(tokens[:, j], minlength=size) + 0.5
        out.append(torch.from_numpy((count / count.sum()).astype(np.float32)))
    return out


def divide(rows: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the numbers of the training rows and of those kept back; a single row is both."""
    order = rng.permutation(rows)
    kept = min(MOST_KEPT, max(1, round(KEPT * rows))) if rows > 1 else 0
    return (order[kept:], order[:kept]) if kept else (order, order)


def length(steps: int, batch: int, rows: int) -> tuple[int, int]:
    """Return the steps and the batch for so many training rows: small tables take fewer of either."""
    batch = max(1, min(batch, rows // 4))
    return max(1, min(steps, PASSES * rows // batch)), batch


class Bars:
    """What may not be drawn: levels that are too rare, and an absent token where its state says that it is there."""

    def __init__(self, view: list[Token], device: str) -> None:
        import torch

        self.view, self.torch = view, torch
        self.rare = [torch.from_numpy(never).to(device)[None] for never in barred(view)]

    def __call__(self, j: int, rows: torch.Tensor) -> torch.Tensor:
        """Return true where token j may not be drawn, (rows or 1, size); rows: tokens of the row drawn so far."""
        never, gate = self.rare[j], self.view[j]["gate"]
        if gate < 0:
            return never
        gone = (rows[:, gate] != 0)[:, None]
        return self.torch.cat([never | gone, ~gone], 1)


def to_frame(method: Any, tokens: Ints, rng: np.random.Generator) -> pl.DataFrame:
    """Return tokens as rows of a method's table, with placeholders for surrogates."""
    domain = domain_of(method)
    if domain is not None:
        return domain.draw(tokens, rng)
    return assemble(method.fields_, to_ranks(method.view_, tokens, rng), len(tokens), rng)[0]


def finish(method: Any, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
    """Return the rows with fresh ids, person data and texts; start: number of the first row."""
    domain = domain_of(method)
    return fill_surrogates(method.fields_, frame, rng, start) if domain is None else domain.finish(frame, rng, start)


def domain_of(method: Any) -> Domain | None:
    """Return the domain of a method that was fitted under a privacy budget, None for others."""
    saved = getattr(method, "domain_", None)
    if saved is None:
        return None
    from simulacra.parts.domain import Domain

    return Domain.from_state(saved)
