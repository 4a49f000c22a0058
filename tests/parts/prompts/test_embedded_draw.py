"""Draws of tokens and cuts of batches, against plain sums."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from simulacra.parts.prompts._embedded_draw import draw
from simulacra.parts.prompts._embedded_run import PLACES, ROWS, cut


def drawn(logits: torch.Tensor, temperature: float, top_p: float, points: torch.Tensor) -> torch.Tensor:
    """Draw once for each point from the same scores."""
    n = len(points)
    return draw(logits.expand(n, -1), torch.full((n,), temperature), torch.full((n,), top_p), points)


def test_shares_of_tokens_are_those_of_the_softmax() -> None:
    """Points spread evenly over [0, 1) meet each token as often as its share says, to one point."""
    logits = torch.randn(1, 1024, generator=torch.Generator().manual_seed(0))
    points = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    made = torch.bincount(drawn(logits, 0.7, 1.0, points), minlength=1024) / 20_000
    assert float((made - (logits[0] / 0.7).softmax(-1)).abs().max()) < 2 / 20_000


def test_no_temperature_takes_the_likeliest() -> None:
    """Also beside rows that are drawn."""
    logits = torch.tensor([[0.0, 3.0, 1.0, 2.0]]).repeat(2, 64)
    points = torch.tensor([0.999, 0.999], dtype=torch.float64)
    made = draw(logits, torch.tensor([0.0, 1.0]), torch.ones(2), points)
    assert int(made[0]) == 1
    assert int(made[1]) > 200


@given(st.integers(0, 2**32), st.floats(0.05, 0.99), st.sampled_from([0.3, 2.0, 40.0]))
def test_a_nucleus_is_the_smallest_set_of_likeliest_tokens_with_its_mass(
    seed: int, top_p: float, spread: float
) -> None:
    """Every token of it is met and none outside of it; a flat row needs more tokens than are looked at first."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=2048) / spread
    shares = np.exp(scores) / np.exp(scores).sum()
    order = np.argsort(-shares)
    size = int(np.searchsorted(np.cumsum(shares[order]), top_p)) + 1
    points = torch.from_numpy(rng.random(500))
    made = drawn(torch.from_numpy(scores).float()[None], 1.0, top_p, points)
    # The last token stands on the edge, where float32 may round either way.
    assert set(made.tolist()) <= set(order[: size + 1].tolist())
    if size > 2:
        edge = shares[order[: size - 1]].sum() / shares[order[:size]].sum()
        assert 0 < edge < 1
        assert int(drawn(torch.from_numpy(scores).float()[None], 1.0, 1e-6, points)[0]) == int(order[0])


@given(st.lists(st.integers(1, 9000), max_size=300))
def test_batches_hold_every_row_once_in_order_and_no_more_than_fits(lengths: list[int]) -> None:
    """A row that is longer than a batch may be stands alone."""
    batches = cut(lengths)
    assert [i for batch in batches for i in batch] == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= ROWS
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= PLACES
