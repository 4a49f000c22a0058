"""Networks over tokens: chances sum to one, draws follow them, and the penalty's short cut is the gradient's length."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from simulacra.parts.nets import Heads, Mixture, Spots, TokenEncoder, gumbel, mlp
from simulacra.parts.weights import seeded

SIZES = [2, 3, 2]


def heads(linked: int) -> Heads:
    """Return heads with weights that make columns depend on the vector and on each other."""
    with seeded(np.random.default_rng(0)):
        out = Heads(SIZES, 4, [torch.full((size,), 1 / size) for size in SIZES], linked)
        torch.nn.init.normal_(out.out.weight)
        if linked:
            torch.nn.init.normal_(out.heard)
    return out


@pytest.mark.parametrize("linked", [0, 5])
def test_chances_of_all_rows_sum_to_one_and_draws_follow_them(linked: int) -> None:
    net = heads(linked)
    rows = torch.tensor(list(itertools.product(*(range(size) for size in SIZES))))
    with seeded(np.random.default_rng(1)), torch.no_grad():
        vector = torch.randn(1, 4)
        chance = torch.exp(-net.loss(vector.expand(len(rows), -1), rows))
        drawn = net.draw(vector.expand(20_000, -1), gumbel(20_000, net.spots.total))
        soft = net.relaxed(vector.expand(20_000, -1), gumbel(20_000, net.spots.total), 0.5)[1]
    assert float(chance.sum()) == pytest.approx(1, abs=1e-5)
    for made in (drawn, soft):
        seen = np.array([(made == row).all(1).float().mean() for row in rows])
        assert np.abs(seen - chance.numpy()).max() < 0.02


def test_what_is_given_is_made_and_what_is_barred_is_not() -> None:
    net = heads(5)
    given = torch.tensor([[-1, 2, -1]]).expand(500, -1)
    with seeded(np.random.default_rng(1)), torch.no_grad():
        vector = torch.randn(500, 4)
        ones, tokens, _ = net.relaxed(vector, gumbel(500, net.spots.total), 0.5, given)
        drawn = net.draw(vector, gumbel(500, net.spots.total), None, given)
        bars = [torch.tensor([[j == 0 and value == 1 for value in range(size)]]) for j, size in enumerate(SIZES)]
        free = net.draw(vector, gumbel(500, net.spots.total), lambda j, rows: bars[j])
    assert (tokens[:, 1] == 2).all() and (drawn[:, 1] == 2).all()
    assert torch.equal(ones.round(), net.spots.one_hot(tokens))
    assert (free[:, 0] == 0).all() and int(free[:, 1].max()) > int(free[:, 1].min())


def test_gradients_pass_through_drawn_tokens() -> None:
    net = heads(5)
    with seeded(np.random.default_rng(1)):
        vector = torch.randn(50, 4, requires_grad=True)
        ones = net.relaxed(vector, gumbel(50, net.spots.total), 0.5)[0]
    gradient = torch.autograd.grad(ones[:, -1].sum(), vector)[0]
    assert float(gradient.abs().sum()) > 0


def test_the_same_noise_makes_rows_that_differ_by_their_vectors_alone() -> None:
    net = heads(5)
    with seeded(np.random.default_rng(1)), torch.no_grad():
        same = net.draw(torch.zeros(30, 4), gumbel(1, net.spots.total))
    assert (same == same[0]).all()


def test_a_mixture_draws_what_its_density_says() -> None:
    with seeded(np.random.default_rng(2)), torch.no_grad():
        prior = Mixture(1, 3)
        prior.middle[:] = torch.tensor([[-4.0], [0.0], [5.0]])
        prior.spread[:] = torch.log(torch.tensor([[0.5], [1.0], [0.25]]))
        prior.weight[:] = torch.log(torch.tensor([0.2, 0.5, 0.3]))
        grid = torch.linspace(-12, 12, 4001)[:, None]
        density = prior.log_density(grid).exp()
        drawn = prior.draw(20_000)[:, 0]
    assert float(density.sum() * 24 / 4000) == pytest.approx(1, abs=1e-3)
    assert float((drawn > 3).float().mean()) == pytest.approx(0.3, abs=0.02)
    assert float((drawn < -2.5).float().mean()) == pytest.approx(0.2, abs=0.02)


def test_rows_and_hidden_layers_have_their_shapes() -> None:
    with seeded(np.random.default_rng(0)):
        assert TokenEncoder(SIZES, 8, 6)(torch.zeros(5, 3, dtype=torch.int64)).shape == (5, 6)
        assert mlp(3, 8, 2, 4, normal=True)(torch.zeros(5, 3)).shape == (5, 4)
    assert Spots(SIZES).one_hot(torch.tensor([[1, 2, 0]])).tolist() == [[0, 1, 0, 0, 1, 1, 0]]
