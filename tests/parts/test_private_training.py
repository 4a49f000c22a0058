"""Private training: what a row can do to a step is bounded, samples and noise are those that were paid for."""

from __future__ import annotations

import secrets
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from simulacra.core.budget import Budget
from simulacra.core.errors import BudgetError, ConfigError, MissingExtra, ModelError
from simulacra.core.noise import Noise, UnsafeNoise
from simulacra.parts.convnets import Encoder
from simulacra.parts.nets import Heads, TokenEncoder, mlp
from simulacra.parts.private_nets import PrivateHeads
from simulacra.parts.private_steps import PrivateSteps
from simulacra.parts.train import Plan, train

SIZES = [3, 2, 5]


def steps(rows: int, **other: Any) -> PrivateSteps:
    given: dict[str, Any] = {
        "rate": 0.5, "steps": 3, "sigma": 1.0, "clip": 0.5, "lot": rows / 2, "units": np.arange(rows), "most": 1,
        "seed": lambda: secrets.randbits(63), "device": "cpu",
    }  # fmt: skip
    return PrivateSteps(**{**given, **other})


class Rows:
    """Networks over tokens, over pictures or over numbers, and the loss of each row, which nothing random enters."""

    def __init__(self, kind: str, rows: int = 12) -> None:
        torch.manual_seed(3)
        draw = torch.Generator().manual_seed(4)
        self.nets: dict[str, nn.Module]
        if kind == "tokens":
            heads = Heads(SIZES, 6, [torch.full((s,), 1 / s) for s in SIZES], linked=4)
            nn.init.normal_(heads.heard)
            self.nets = {"encoder": TokenEncoder(SIZES, 6, 4), "decoder": mlp(4, 6, 1, 6, normal=True)}
            self.nets["heads"] = PrivateHeads(heads)
            self.x = torch.stack([torch.randint(s, (rows,), generator=draw) for s in SIZES], 1)
        elif kind == "pictures":
            self.nets = {"encoder": Encoder(1, (8, 8), 2, width=4)}
            self.x = torch.randn(rows, 1, 8, 8, generator=draw)
        else:
            self.nets = {"line": nn.Linear(3, 2)}
            self.x = torch.randn(rows, 3, generator=draw)
        self.kind, self.scale = kind, torch.logspace(-4, 6, rows)
        for net in self.nets.values():
            net.double()
        if self.x.is_floating_point():
            self.x = self.x.double()
        self.weights = [w for net in self.nets.values() for w in net.parameters()]

    def __call__(self, rows: Tensor) -> Tensor:
        x = self.x[rows]
        if self.kind == "tokens":
            out = self.nets["heads"](self.nets["decoder"](self.nets["encoder"](x)), x)
        elif self.kind == "pictures":
            out = self.nets["encoder"](x, x.new_zeros(len(x), 0)).square().sum(1)
        else:
            out = self.nets["line"](x).sin().sum(1)
        return self.scale[rows] * out  # type: ignore[no-any-return]

    def watched(self, **other: Any) -> PrivateSteps:
        private = steps(len(self.x), **other)
        private.watch(self.nets, torch.optim.SGD(self.weights, 0.1))
        return private

    def gradient(self, row: int) -> list[Tensor]:
        found = torch.autograd.grad(self(torch.tensor([row])).sum(), self.weights, allow_unused=True)
        return [torch.zeros_like(w) if g is None else g for w, g in zip(self.weights, found, strict=True)]


def length(parts: list[Tensor]) -> float:
    return float(torch.stack([p.square().sum() for p in parts]).sum().sqrt())


@pytest.mark.parametrize("kind", ["tokens", "pictures", "numbers"])
def test_one_row_more_changes_a_sum_by_the_clipping_norm_at_most(kind: str) -> None:
    """Gradients of rows differ by ten orders of size, so that some are clipped and some are not."""
    rows, draw = Rows(kind), np.random.default_rng(1)
    private = rows.watched()
    lengths = []
    for _ in range(25):
        some = torch.from_numpy(draw.permutation(12)[: draw.integers(1, 12)])
        more = private.clipped(rows, some, 0.5)
        less = private.clipped(rows, some[1:], 0.5)
        lengths.append(length([a - b for a, b in zip(more, less, strict=True)]))
    assert max(lengths) <= 0.5
    assert max(lengths) > 0.49
    assert min(lengths) < 0.1


@pytest.mark.parametrize("kind", ["tokens", "pictures", "numbers"])
def test_sums_are_those_of_gradients_taken_row_by_row(kind: str) -> None:
    rows = Rows(kind)
    wanted = [torch.zeros_like(w) for w in rows.weights]
    for i in range(12):
        own = rows.gradient(i)
        for total, part in zip(wanted, own, strict=True):
            total += min(1.0, 0.5 / length(own)) * part
    private = rows.watched()
    for chunk in (12, 5):
        private.chunk = chunk
        found = private.clipped(rows, torch.arange(12), 0.5)
        for a, b in zip(found, wanted, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_the_layers_over_heads_give_the_loss_of_the_heads() -> None:
    torch.manual_seed(0)
    heads = Heads(SIZES, 6, [torch.full((s,), 1 / s) for s in SIZES], linked=4)
    nn.init.normal_(heads.heard)
    inner, tokens = torch.randn(9, 6), torch.stack([torch.randint(s, (9,)) for s in SIZES], 1)
    torch.testing.assert_close(PrivateHeads(heads)(inner, tokens), heads.loss(inner, tokens))


def test_a_row_without_a_finite_gradient_takes_no_part_and_leaves_the_others_alone() -> None:
    rows = Rows("numbers")
    private = rows.watched()
    others = private.clipped(rows, torch.tensor([0, 1, 3]), 0.5)
    rows.x[2] = torch.nan
    for a, b in zip(private.clipped(rows, torch.tensor([0, 1, 2, 3]), 0.5), others, strict=True):
        assert torch.equal(a, b)
    assert length(private.clipped(rows, torch.tensor([2]), 0.5)) == 0


def test_rows_of_one_unit_share_the_norm() -> None:
    rows = Rows("numbers")
    rows.scale = torch.full((12,), 1e6)
    private = rows.watched(units=np.repeat(np.arange(4), 3), most=3)
    sums: list[list[Tensor]] = []
    private._noisy.add_noise = lambda: sums.append([w.summed_grad.clone() for w in rows.weights])  # type: ignore
    private._noisy.scale_grad = lambda: [setattr(w, "grad", torch.ones_like(w)) for w in rows.weights]
    private.update(rows, torch.arange(3))
    assert 0 < length(sums[0]) <= 0.5
    with pytest.raises(BudgetError, match="more than 2 rows"):
        steps(12, units=np.repeat(np.arange(4), 3), most=2)


def test_samples_are_poisson_of_the_rate_that_was_charged() -> None:
    """Each unit is in 3,000 samples independently of others; the bounds are passed by chance once in 10^7 runs."""
    rate, count, draws = 0.1, 50, 3000
    private = steps(2 * count, rate=rate, units=np.repeat(np.arange(count), 2), most=2)
    taken = np.zeros((draws, count), bool)
    for i in range(draws):
        rows = private.rows().numpy()
        taken[i, rows // 2] = True
        assert len(rows) == 2 * taken[i].sum()
    assert np.abs(taken.mean(0) - rate).max() < 5.8 * (rate * (1 - rate) / draws) ** 0.5
    size = taken.sum(1)
    assert size.var() == pytest.approx(count * rate * (1 - rate), rel=0.15)
    together = np.corrcoef(taken.T)[np.triu_indices(count, 1)]
    assert np.abs(together).max() < 6 / draws**0.5
    assert np.abs(np.corrcoef(size[1:], size[:-1])[0, 1]) < 5.5 / draws**0.5


def test_a_step_without_rows_adds_noise_of_the_charged_size() -> None:
    torch.manual_seed(0)
    net = nn.Linear(100, 100, bias=False)
    before = net.weight.detach().clone()
    private = steps(10, sigma=2.0, clip=0.3, lot=5.0)
    private.watch({"net": net}, torch.optim.SGD(net.parameters(), 1.0))
    private.rows()
    private.update(lambda rows: net(torch.ones(len(rows), 100)).sum(1), torch.zeros(0, dtype=torch.int64))
    moved = (net.weight.detach() - before).numpy()
    assert moved.std() == pytest.approx(2.0 * 0.3 / 5.0, rel=0.05)
    assert abs(moved.mean()) < 5.5 * moved.std() / 100


def test_what_no_real_row_has_a_part_in_comes_without_noise() -> None:
    torch.manual_seed(0)
    net = nn.Linear(1, 1, bias=False)
    private = steps(10, sigma=1e-9, clip=1.0, lot=4.0)
    private.watch({"net": net}, torch.optim.SGD(net.parameters(), 1.0))
    before = float(net.weight.detach())
    private.update(
        lambda rows: net(torch.full((len(rows), 1), 0.5))[:, 0],
        torch.arange(2),
        lambda made: net(torch.full((len(made), 1), -0.75))[:, 0],
        torch.arange(7),
    )
    assert float(net.weight.detach()) == pytest.approx(before - 2 * 0.5 / 4 + 0.75, abs=1e-6)


class Mixes(nn.Module):
    """Subtracts the mean of the batch, without weights of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0)


def test_layers_that_mix_rows_and_unknown_ones_are_refused() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

    shared = nn.Linear(3, 3)
    twice = nn.Linear(3, 3)
    twice.weight = shared.weight
    for net in (nn.BatchNorm1d(3), nn.BatchNorm1d(3, affine=False), Own(), nn.Sequential(shared, twice)):
        whole = nn.Sequential(nn.Linear(3, 3), net)
        with pytest.raises(ConfigError, match="under a privacy budget may not"):
            steps(4).watch({"net": whole}, torch.optim.SGD(whole.parameters(), 0.1))
    torch.manual_seed(0)
    x = torch.randn(4, 3)
    for middle, mixes in ((Mixes(), True), (nn.LayerNorm(3), False)):
        net = nn.Sequential(nn.Linear(3, 3), middle, nn.Linear(3, 1))
        private = steps(4)
        private.watch({"net": net}, torch.optim.SGD(net.parameters(), 0.1))

        def losses(rows: Tensor, net: nn.Module = net) -> Tensor:
            return net(x[rows])[:, 0].square()  # type: ignore[no-any-return]

        if mixes:
            with pytest.raises(ConfigError, match="mixes rows"):
                private.separate(losses, torch.arange(4))
        else:
            private.separate(losses, torch.arange(4))


def test_an_optimiser_of_other_weights_is_refused() -> None:
    rows = Rows("numbers")
    with pytest.raises(ModelError, match="other weights"):
        steps(12).watch(rows.nets, torch.optim.SGD([nn.Parameter(torch.ones(2))], 0.1))


class Line:
    """Learns y = 3 x - 1 from 200 rows under a budget."""

    def __init__(self, private: PrivateSteps, rate: float = 0.02, other: bool = False) -> None:
        torch.manual_seed(1)
        self.x = torch.linspace(-1, 1, 200)[:, None]
        self.net, self.private = nn.Linear(1, 1), private
        self.kept = nn.Linear(1, 1) if other else self.net
        self.optimiser = torch.optim.Adam(self.net.parameters(), rate)
        private.watch({"net": self.net}, self.optimiser)

    def modules(self) -> dict[str, nn.Module]:
        return {"net": self.kept}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"net": self.optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        self.private.update(lambda some: (self.net(self.x[some]) - 3 * self.x[some] + 1)[:, 0].square(), rows)
        return {"loss": torch.tensor(float("nan"))}

    def held_out(self) -> dict[str, float]:
        raise AssertionError("nothing is measured under a budget")


def plan_of(private: PrivateSteps) -> Plan:
    return Plan(200, private.steps, 100, 5, "", average=0.9, private=private)


def test_the_loop_does_the_steps_of_the_ledger_and_keeps_nothing_of_losses() -> None:
    budget = Budget(20.0, 1e-5)
    private = PrivateSteps.charged(
        budget, rows=190, batch=100, steps=60, clip=1.0, units=np.arange(200), device="cpu", what="training"
    )
    line = Line(private, 0.2)
    state = torch.get_rng_state()
    done = train(line, plan_of(private))
    budget.close()
    entry = budget.entries[0]
    assert (entry.steps, entry.rate, entry.scale) == (private.done, private.rate, private.sigma)
    assert private.rate == 100 / 190 and private.lot == pytest.approx(100)
    assert budget.spent[0] == pytest.approx(20, rel=1e-6)
    assert done.curves == {} and done.facts["steps"] == 60
    assert not {"judge", "best", "loss"} & done.facts.keys()
    assert float(done.weights["net.weight"][0, 0]) == pytest.approx(3, abs=1)
    assert torch.equal(torch.get_rng_state(), state)


def test_noise_comes_from_the_system_unless_it_is_unsafe() -> None:
    def weights(noise: Noise) -> Any:
        private = steps(200, seed=noise.seed)
        return train(Line(private), plan_of(private)).weights["net.weight"]

    assert weights(Noise()) != weights(Noise())
    unsafe = [weights(UnsafeNoise(s)) for s in (1, 1, 2)]
    assert unsafe[0] == unsafe[1] != unsafe[2]


def test_a_training_that_does_not_reach_the_weights_that_are_kept_is_an_error() -> None:
    private = steps(200)
    with pytest.raises(ModelError, match="did not reach the weights"):
        train(Line(private, rate=0.0), plan_of(private))
    private = steps(200)
    with pytest.raises(ModelError, match="not those the model keeps"):
        train(Line(private, other=True), plan_of(private))


def test_weights_that_are_no_numbers_are_an_error() -> None:
    private = steps(200)
    line = Line(private)
    with torch.no_grad():
        line.net.bias.fill_(torch.inf)
    with pytest.raises(ModelError, match="no longer finite at step 1"):
        train(line, plan_of(private))


def test_no_more_and_no_fewer_steps_than_were_charged() -> None:
    private = steps(200, steps=2)
    line = Line(private)
    for _ in range(2):
        line.step(private.rows())
    with pytest.raises(BudgetError, match="only 2 steps"):
        line.step(private.rows())
    private = steps(200, steps=2)
    line = Line(private)
    line.step(private.rows())
    with pytest.raises(BudgetError, match="2 steps of private training were charged and 1 were done"):
        private.close(line.modules())


def test_without_opacus_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opacus", None)
    private = steps(200, steps=2)
    with pytest.raises(MissingExtra, match=r"pip install 'simulacra\[private-training\]'"):
        Line(private)
