"""A training that can go on: its plan, what it hands over, and the checkpoint of all that it needs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import torch

from simulacra.core import state
from simulacra.core.errors import ModelError
from simulacra.parts.weights import load_weights, weights_of

if TYPE_CHECKING:
    from simulacra.core.generator import Checkpoint
    from simulacra.parts.private_steps import PrivateSteps


class Learner(Protocol):
    """What is trained: modules, optimisers, one update, and measures on rows kept back."""

    def modules(self) -> dict[str, torch.nn.Module]:
        """Return everything that is trained, by name: it is saved, averaged and restored."""

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return the optimisers by name; the loop sets their rates by the schedule."""

    def step(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Make one update from row numbers (batch,) int64 and return the losses by name."""

    def held_out(self) -> dict[str, float]:
        """Return measures on rows kept back, smaller is better; the averaged weights are in place, gradients off."""


@dataclass(frozen=True)
class Plan:
    """How to train.

    rows: training rows. steps: most updates. batch: rows an update. seed: of everything random. judge: the measure that
    decides which weights are best. every: steps between measurements. patience: measurements without gain before the
    end, 0 for never. average: decay of the averaged weights, 0 for none. decay: share of the rate that is left at the
    last step (cosine), 1 for a constant rate. device: "cpu" or "cuda". threads: of the CPU. precision: "float32", or
    "mixed" for bfloat16 where a GPU has it. checkpoint: where to keep the state of an unfinished fit. pause: seconds
    between two savings of it. name: of this training, for progress and for a fit that trains more than once. private:
    the steps a budget pays for; then nothing is measured, kept back or saved on the way, and all steps are done.
    """

    rows: int
    steps: int
    batch: int
    seed: int
    judge: str
    every: int = 200
    patience: int = 10
    average: float = 0.999
    decay: float = 0.02
    device: str = "cpu"
    threads: int = 1
    precision: str = "float32"
    checkpoint: Checkpoint | None = None
    pause: float = 30.0
    name: str = "train"
    private: PrivateSteps | None = None

    @classmethod
    def of(cls, method: Any, device: str, **given: Any) -> Self:
        """Return a plan with the fields that a method shares with others (parts.training_fields)."""
        shared = {name: getattr(method, name) for name in ("patience", "threads", "precision")}
        return cls(**{**shared, "device": device, "checkpoint": method._checkpoint, **given})


@dataclass
class State:
    """All that a training needs to go on."""

    batch: int
    step: int = 0
    seen: int = 0
    halved: int = 0
    since: int = 0
    best_step: int = 0
    best_value: float = math.inf
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    average: dict[str, torch.Tensor] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=lambda: {"step": [], "training": {}, "held out": {}})
    stopped: str = ""


def save(learner: Learner, plan: Plan, now: State, sums: Mapping[str, torch.Tensor]) -> None:
    """Write everything that a later call needs, all or nothing."""
    assert plan.checkpoint is not None
    kept = {f.name: getattr(now, f.name) for f in dataclasses.fields(now) if f.name not in ("best", "average")}
    tree = {
        "identity": plan.checkpoint.identity,
        "plan": _described(plan),
        "state": kept,
        "present": weights_of(learner.modules()),
        "best": _arrays(now.best),
        "average": _arrays(now.average),
        "sums": {name: float(value) for name, value in sums.items()},
        "optimisers": {name: _arrays(o.state_dict()) for name, o in learner.optimisers().items()},
    }
    state.save(plan.checkpoint.path / plan.name, tree, overwrite=True)


def restore(learner: Learner, plan: Plan, sums: dict[str, torch.Tensor]) -> State | None:
    """Return the state that a stopped training left, with its weights in place; None when there is none of this one."""
    if plan.checkpoint is None or not (plan.checkpoint.path / plan.name).exists():
        return None
    try:
        tree = state.load(plan.checkpoint.path / plan.name)
    except ModelError:
        # Damaged: what it held is trained again.
        return None
    if tree.get("identity") != plan.checkpoint.identity or tree.get("plan") != _described(plan):
        return None
    try:
        load_weights(learner.modules(), tree["present"])
    except ModelError:
        # A network of the user's own that was changed in the meantime.
        return None
    for name, optimiser in learner.optimisers().items():
        optimiser.load_state_dict(_tensor_tree(tree["optimisers"][name]))
    sums.update({name: torch.tensor(value, device=plan.device) for name, value in tree["sums"].items()})
    weights = {k: {n: torch.from_numpy(np.array(w)).to(plan.device) for n, w in tree[k].items()} for k in _KEPT}
    return State(**{**tree["state"], **weights})


_KEPT = ("best", "average")


def _described(plan: Plan) -> dict[str, Any]:
    """Return what must be the same for a training to go on; another device or thread count would give other bytes."""
    return {f.name: getattr(plan, f.name) for f in dataclasses.fields(plan) if f.name not in _FREE}


_FREE = ("checkpoint", "pause", "private")


def _arrays(value: Any) -> Any:
    """Return a tree with arrays in place of tensors."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy().copy()
    if isinstance(value, Mapping):
        return {k: _arrays(v) for k, v in value.items()}
    return [_arrays(v) for v in value] if isinstance(value, list | tuple) else value


def _tensor_tree(value: Any) -> Any:
    """Return a tree with tensors in place of arrays."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value))
    if isinstance(value, Mapping):
        return {k: _tensor_tree(v) for k, v in value.items()}
    return [_tensor_tree(v) for v in value] if isinstance(value, list) else value
