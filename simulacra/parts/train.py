"""The one training loop of the house: held-out measures, early stopping, best averaged weights, checkpoints, seeds.

A method hands over a `Learner`, which knows its losses, and a `Plan`. Batches are formed from row numbers and every
step seeds torch from (seed, step), so that a training that was stopped and goes on gives the same bytes as one that was
not.
"""

from __future__ import annotations

import contextlib
import gc
import math
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from simulacra.core.errors import DataError
from simulacra.core.progress import task
from simulacra.core.rng import stream
from simulacra.parts.resume import Learner, Plan, State, restore, save
from simulacra.parts.weights import copies, put, seeded, tensors, weights_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.weights import Weights

__all__ = ["Learner", "Plan", "Trained", "train"]

STEADY = 20
"""Steps between two looks at the losses on a GPU, where each look waits for it."""


@dataclass
class Trained:
    """What came of it: the best (averaged) weights, the curves for the report, and plain facts."""

    weights: Weights
    curves: dict[str, Any]
    facts: dict[str, Any]


def train(learner: Learner, plan: Plan) -> Trained:
    """Train until the steps are done, a loss is not finite, or the judge gained nothing for `patience` measurements.

    That is asked after a third of the steps.
    The learner ends with the best weights in its modules. A batch that does not fit into memory is halved and tried
    again. Ctrl-C writes a checkpoint first when the plan has one, and the same call then goes on from there.
    Where a budget pays (plan.private) the learner ends with the weights averaged over all steps, and of losses nothing
    is looked at or kept. Raises DataError when a single row does not fit into memory.
    """
    if plan.rows < 1:
        raise DataError("training needs at least one row")
    with _session(plan), _ctrl_c() as pressed, task(plan.name, total=plan.steps) as show:
        sums: dict[str, torch.Tensor] = {}
        now = _begin(learner, plan, sums)
        show(now.step)
        saved = time.monotonic()
        while now.step < plan.steps and not now.stopped:
            _update(learner, plan, now, sums)
            if plan.private is None and (now.step % plan.every == 0 or now.step == plan.steps or now.stopped):
                _measure(learner, plan, now, sums)
            show(1, _detail(plan, now))
            if plan.checkpoint and (pressed or time.monotonic() - saved > plan.pause):
                save(learner, plan, now, sums)
                saved = time.monotonic()
            if pressed:
                raise KeyboardInterrupt
        if plan.checkpoint:
            # A method may train a second time before its fit is done, and must not repeat the first.
            save(learner, plan, now, sums)
        return _end(learner, plan, now)


def schedule(step: int, plan: Plan) -> float:
    """Return the factor of the rate at a step: a short rise, then half a cosine down to `decay`."""
    rise = min(100, max(1, plan.steps // 20))
    along = min(1.0, step / max(1, plan.steps))
    return min(1.0, (step + 1) / rise) * (plan.decay + (1 - plan.decay) * 0.5 * (1 + math.cos(math.pi * along)))


@contextlib.contextmanager
def _session(plan: Plan) -> Iterator[None]:
    with seeded(stream(plan.seed, "parts/train", "session"), plan.device, plan.threads):
        try:
            yield
        finally:
            if plan.private is not None:
                plan.private.detach()


@contextlib.contextmanager
def _ctrl_c() -> Iterator[list[bool]]:
    """Hold Ctrl-C back until the update in hand is whole; the second one is not held."""
    pressed: list[bool] = []

    def hold(number: int, frame: Any) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(True)

    try:
        before = signal.signal(signal.SIGINT, hold) if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN else None
    except ValueError:
        # Only the main thread is told of signals.
        before = None
    try:
        yield pressed
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _begin(learner: Learner, plan: Plan, sums: dict[str, torch.Tensor]) -> State:
    for optimiser in learner.optimisers().values():
        for group in optimiser.param_groups:
            group.setdefault("initial_lr", group["lr"])
    now = restore(learner, plan, sums)
    if now is None:
        # Until something was measured, what training began with is the best there is.
        begin = plan.batch if plan.private is None else plan.private.chunk
        now = State(min(begin, plan.rows), best=copies(learner.modules()), average=copies(learner.modules()))
    return now


def _update(learner: Learner, plan: Plan, now: State, sums: dict[str, torch.Tensor]) -> None:
    """Make one update and add its losses to `sums`."""
    factor = schedule(now.step, plan)
    for optimiser in learner.optimisers().values():
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"] * factor
    for module in learner.modules().values():
        module.train()
    losses = _tried(learner, plan, now)
    now.seen += now.batch
    now.step += 1
    if plan.private is None:
        _add_up(losses, plan, now, sums)
    if plan.average and not now.stopped:
        _follow(learner, plan, now)


def _add_up(losses: Mapping[str, torch.Tensor], plan: Plan, now: State, sums: dict[str, torch.Tensor]) -> None:
    """Add losses to `sums`, and end the training where one is no finite number."""
    for name, value in losses.items():
        sums[name] = sums.get(name, torch.zeros((), device=value.device)) + value.detach().float()
    sums["#"] = sums.get("#", torch.zeros(())) + 1
    look = plan.device == "cpu" or now.step % STEADY == 0 or now.step % plan.every == 0
    if look and not all(bool(torch.isfinite(v)) for v in sums.values()):
        now.stopped = "diverged"


def _tried(learner: Learner, plan: Plan, now: State) -> dict[str, torch.Tensor]:
    """Make one update; while the batch does not fit into memory, halve it."""
    learning = [w for module in learner.modules().values() for w in module.parameters() if w.requires_grad]
    # A private sample is drawn once: to draw again whenever a large one does not fit would make large ones rarer.
    sample = None if plan.private is None else plan.private.rows()
    while True:
        if plan.private is None or sample is None:
            rows = torch.from_numpy(_rows(plan, now.seen, now.batch)).to(plan.device)
            torch.manual_seed(int(stream(plan.seed, "parts/train", "step", now.step).integers(2**62)))
        else:
            rows, plan.private.chunk = sample, now.batch
        try:
            with torch.autocast(plan.device, torch.bfloat16, plan.precision == "mixed" and plan.device == "cuda"):
                return learner.step(rows)
        except (MemoryError, RuntimeError) as error:
            if not _is_memory(error):
                raise
            if now.batch == 1:
                raise DataError(
                    "training does not fit into memory even one row at a time; lower width or depth, or use a "
                    "machine with more memory"
                ) from error
        now.batch, now.halved = now.batch // 2, now.halved + 1
        for w in learning:
            # What the update held fixed when it broke off, such as a critic, would never learn again.
            w.requires_grad_(True)
        gc.collect()
        if plan.device == "cuda":
            torch.cuda.empty_cache()


def _is_memory(error: BaseException) -> bool:
    said = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "out of memory" in said or "allocate mem" in said


def _rows(plan: Plan, seen: int, batch: int) -> npt.NDArray[np.int64]:
    """Return the next rows: every epoch is a permutation of its own, and a batch may cross from one into the next."""
    out, place = [], seen
    while place < seen + batch:
        epoch, offset = divmod(place, plan.rows)
        order = _order(plan.seed, epoch, plan.rows)
        out.append(order[offset : offset + seen + batch - place])
        place += len(out[-1])
    return np.concatenate(out)


_orders: dict[tuple[int, int, int], npt.NDArray[np.int64]] = {}


def _order(seed: int, epoch: int, rows: int) -> npt.NDArray[np.int64]:
    key = (seed, epoch, rows)
    if key not in _orders:
        _orders.clear()
        _orders[key] = stream(seed, "parts/train", "epoch", epoch).permutation(rows)
    return _orders[key]


def _follow(learner: Learner, plan: Plan, now: State) -> None:
    """Move the averaged weights toward the present ones, quickly at first."""
    decay = min(plan.average, (1 + now.step) / (10 + now.step))
    with torch.no_grad():
        for name, value in tensors(learner.modules()).items():
            if value.is_floating_point():
                now.average[name].lerp_(value, 1 - decay)
            else:
                now.average[name].copy_(value)


def _measure(learner: Learner, plan: Plan, now: State, sums: dict[str, torch.Tensor]) -> None:
    """Measure on rows kept back with the averaged weights, keep the best, and decide whether to go on."""
    count = float(sums.pop("#", torch.ones(())))
    now.curves["step"].append(now.step)
    for name, total in sums.items():
        _add(now.curves, "training", name, float(total) / count)
    sums.clear()
    if now.stopped:
        return
    present = copies(learner.modules())
    if plan.average:
        put(learner.modules(), now.average)
    for module in learner.modules().values():
        module.eval()
    torch.manual_seed(int(stream(plan.seed, "parts/train", "measure", now.step).integers(2**62)))
    with torch.no_grad():
        found = learner.held_out()
    for name, value in found.items():
        _add(now.curves, "held out", name, value)
    if found[plan.judge] < now.best_value:
        now.best_value, now.best_step, now.since, now.best = found[plan.judge], now.step, 0, copies(learner.modules())
    else:
        now.since += 1
    if not math.isfinite(found[plan.judge]):
        now.stopped = "diverged"
    elif plan.patience and now.since >= plan.patience and plan.steps // 3 <= now.step < plan.steps:
        # Before that the rate is at its highest and the averaged weights lag behind, so that no gain says little.
        now.stopped = "no gain"
    put(learner.modules(), present)


def _add(curves: dict[str, Any], group: str, name: str, value: float) -> None:
    known = curves[group].setdefault(name, [])
    # JSON has no infinity, and a curve has a gap where there was no number.
    known += [None] * (len(curves["step"]) - 1 - len(known)) + [value if math.isfinite(value) else None]


def _detail(plan: Plan, now: State) -> str:
    seen = now.curves["held out"].get(plan.judge)
    return f"step {now.step:,} of at most {plan.steps:,}" + (
        f", {plan.judge} {seen[-1]:.4g}" if seen and seen[-1] else ""
    )


def _end(learner: Learner, plan: Plan, now: State) -> Trained:
    if plan.private is not None:
        plan.private.close(learner.modules())
        now.best = now.average
    put(learner.modules(), now.best)
    for module in learner.modules().values():
        module.eval()
    if plan.private is not None:
        return Trained(weights_of(learner.modules()), {}, plan.private.facts())
    facts = {
        "steps": now.step,
        "most": plan.steps,
        "stopped": now.stopped or "all steps done",
        "judge": plan.judge,
        "best": now.best_value if math.isfinite(now.best_value) else None,
        "best_step": now.best_step,
        "batch": now.batch,
        "halved": now.halved,
        "device": plan.device,
        "threads": plan.threads,
        "precision": plan.precision,
    }
    return Trained(weights_of(learner.modules()), now.curves, facts)
