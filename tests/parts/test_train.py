"""The training loop: stopped and gone on equals undisturbed, the best weights are kept, and every trouble is said."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from simulacra.core.errors import DataError, ModelError
from simulacra.core.generator import Checkpoint
from simulacra.parts.train import Plan, train
from simulacra.parts.weights import load_weights, seeded, weights_of

PLAN = Plan(rows=200, steps=120, batch=32, seed=5, judge="error", every=20, patience=0, average=0.9)


class Line:
    """Learns y = 3 x - 1 from 200 noisy points; trouble is planted on request."""

    def __init__(self, biggest: int = 10**9, breaks: int = -1, worsens: int = 10**9, press: int = -1) -> None:
        draw = np.random.default_rng(0)
        x = draw.normal(size=(250, 1)).astype(np.float32)
        self.x = torch.from_numpy(x)
        self.y = 3 * self.x - 1 + 0.1 * torch.from_numpy(draw.normal(size=(250, 1)).astype(np.float32))
        with seeded(np.random.default_rng(1)):
            self.net = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1))
        self.optimiser = torch.optim.Adam(self.net.parameters(), 0.02)
        self.biggest, self.breaks, self.worsens, self.press = biggest, breaks, worsens, press
        self.updates, self.batches = 0, []

    def modules(self) -> dict[str, torch.nn.Module]:
        return {"net": self.net}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"net": self.optimiser}

    def step(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        if len(rows) > self.biggest:
            raise torch.OutOfMemoryError("planted: out of memory")
        self.updates += 1
        self.batches.append(rows.numpy())
        if self.updates == self.press:
            os.kill(os.getpid(), signal.SIGINT)
        # Noise of torch's own makes the loop's seeding part of the test.
        noise = 0.01 * torch.randn(len(rows), 1)
        loss = ((self.net(self.x[rows] + noise) - self.y[rows]) ** 2).mean()
        if self.updates == self.breaks:
            loss = loss * float("nan")
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"squared error": loss}

    def held_out(self) -> dict[str, float]:
        error = float(((self.net(self.x[200:]) - self.y[200:]) ** 2).mean())
        return {"error": error + 100.0 * (self.updates > self.worsens)}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def test_it_learns_and_shows_its_curves() -> None:
    done = train(Line(), PLAN)
    assert done.facts["stopped"] == "all steps done" and done.facts["steps"] == 120
    errors = done.curves["held out"]["error"]
    assert done.curves["step"] == [20, 40, 60, 80, 100, 120]
    assert errors[-1] < 0.1 < errors[0]
    assert len(done.curves["training"]["squared error"]) == 6


def test_one_seed_gives_the_same_weights_and_torch_is_left_as_it_was() -> None:
    torch.manual_seed(77)
    threads, before = torch.get_num_threads(), torch.get_rng_state().clone()
    first, second = train(Line(), PLAN), train(Line(), PLAN)
    other = train(Line(), dataclasses.replace(PLAN, seed=6))
    assert same(first.weights, second.weights) and not same(first.weights, other.weights)
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == threads


def test_every_epoch_sees_every_row_once() -> None:
    line = Line()
    train(line, dataclasses.replace(PLAN, steps=25))
    seen = np.concatenate(line.batches)
    assert len(seen) == 800
    for epoch in seen.reshape(4, 200):
        assert sorted(epoch) == list(range(200))


def test_stopped_by_ctrl_c_it_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = train(Line(), PLAN)
    plan = dataclasses.replace(PLAN, checkpoint=Checkpoint(tmp_path / "c", "this"))
    with pytest.raises(KeyboardInterrupt):
        train(Line(press=50), plan)
    line = Line()
    rest = train(line, plan)
    assert same(rest.weights, whole.weights) and rest.curves == whole.curves and rest.facts == whole.facts
    assert line.updates == 70
    again = Line()
    assert same(train(again, plan).weights, whole.weights) and again.updates == 0


def test_the_checkpoint_of_another_fit_is_not_taken_up(tmp_path: Path) -> None:
    plan = dataclasses.replace(PLAN, checkpoint=Checkpoint(tmp_path / "c", "that"))
    with pytest.raises(KeyboardInterrupt):
        train(Line(press=50), plan)
    for other in (Checkpoint(tmp_path / "c", "this"), Checkpoint(tmp_path / "d", "that")):
        line = Line()
        train(line, dataclasses.replace(plan, checkpoint=other))
        assert line.updates == 120


def test_a_damaged_checkpoint_costs_time_and_nothing_else(tmp_path: Path) -> None:
    plan = dataclasses.replace(PLAN, checkpoint=Checkpoint(tmp_path / "c", "this"))
    with pytest.raises(KeyboardInterrupt):
        train(Line(press=50), plan)
    (tmp_path / "c" / "train" / "arrays.safetensors").write_bytes(b"cut")
    assert same(train(Line(), plan).weights, train(Line(), PLAN).weights)


def test_killed_at_any_moment_the_checkpoint_is_whole_or_absent(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_train as t, dataclasses, os, pathlib\n"
        "from simulacra.parts.train import train\n"
        "from simulacra.core.generator import Checkpoint\n"
        "kept = Checkpoint(pathlib.Path(sys.argv[2]), 'this')\n"
        "plan = dataclasses.replace(t.PLAN, checkpoint=kept, pause=0.0)\n"
        "line = t.Line(); step = line.step\n"
        "def dying(rows):\n"
        "    if line.updates == int(sys.argv[3]): os.kill(os.getpid(), 9)\n"
        "    return step(rows)\n"
        "line.step = dying; train(line, plan)\n"
    )
    words = [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path / "c"), "40"]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    line = Line()
    plan = dataclasses.replace(PLAN, checkpoint=Checkpoint(tmp_path / "c", "this"))
    assert same(train(line, plan).weights, train(Line(), PLAN).weights)
    assert line.updates == 80


def test_a_batch_that_does_not_fit_is_halved_and_said() -> None:
    done = train(Line(biggest=10), PLAN)
    assert done.facts["batch"] == 8 and done.facts["halved"] == 2 and done.facts["steps"] == 120
    with pytest.raises(DataError, match="one row at a time"):
        train(Line(biggest=0), PLAN)


def test_what_was_held_fixed_when_memory_ran_out_learns_again() -> None:
    line, begin = Line(), weights_of(Line().modules())
    step = line.step

    def frozen(rows: torch.Tensor) -> dict[str, torch.Tensor]:
        if len(rows) > 10:
            line.net[0].requires_grad_(False)
            raise torch.OutOfMemoryError("planted: out of memory")
        return step(rows)

    line.step = frozen  # type: ignore[method-assign]
    assert not np.array_equal(train(line, PLAN).weights["net.0.weight"], begin["net.0.weight"])


def test_the_checkpoint_of_another_network_is_not_taken_up(tmp_path: Path) -> None:
    plan = dataclasses.replace(PLAN, checkpoint=Checkpoint(tmp_path / "c", "this"))
    train(Line(), plan)
    line = Line()
    line.net = torch.nn.Sequential(torch.nn.Linear(1, 1))
    line.optimiser = torch.optim.Adam(line.net.parameters(), 0.02)
    train(line, plan)
    assert line.updates == 120


def test_another_error_is_not_taken_for_a_full_memory() -> None:
    line = Line()
    line.y = line.y[:10]
    with pytest.raises(IndexError):
        train(line, PLAN)


def test_a_loss_that_is_no_number_ends_the_training_with_the_best_weights() -> None:
    done = train(Line(breaks=75), PLAN)
    assert done.facts["stopped"] == "diverged" and done.facts["steps"] == 75 and done.facts["best_step"] == 60
    assert all(np.isfinite(w).all() for w in done.weights.values())
    line = Line()
    load_weights(line.modules(), done.weights)
    line.net.eval()
    with torch.no_grad():
        assert line.held_out()["error"] == pytest.approx(done.facts["best"])


def test_diverging_before_the_first_measurement_leaves_what_it_began_with() -> None:
    start = weights_of(Line().modules())
    done = train(Line(breaks=3), PLAN)
    assert done.facts["best"] is None and same(done.weights, start)


def test_without_gain_it_stops_early_and_keeps_the_best() -> None:
    done = train(Line(worsens=60), dataclasses.replace(PLAN, steps=360, patience=3))
    assert done.facts["stopped"] == "no gain" and done.facts["best_step"] == 60 and done.facts["steps"] == 120


def test_weights_of_another_network_are_refused_by_name() -> None:
    small, large = torch.nn.Linear(2, 3), torch.nn.Linear(2, 4)
    with pytest.raises(ModelError, match=r"net\.(weight|bias).*\(3|shape"):
        load_weights({"net": large}, weights_of({"net": small}))
