"""Steps of private training (DP-SGD): Poisson samples, clipped gradients, noise, and proof that it was applied.

A step draws every unit of privacy with the same chance, clips what each does to the weights, adds noise and divides by
the expected number of units. The norms of the gradients of single rows are those of opacus, without the gradients
themselves (ghost clipping); its optimiser adds the noise. Samples, noise and whatever a loss draws come from
generators that are seeded anew at every step by the system, so that nobody can know which rows a step saw.
References: Abadi et al. (2016), Deep learning with differential privacy; Li et al. (2022), Large language models can be
strong differentially private learners, for norms without gradients; Holohan and Braghin (2021), Secure random sampling
in differential privacy, for noise as a sum of draws.
"""

from __future__ import annotations

import contextlib
import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from simulacra.core.errors import BudgetError, ConfigError, ModelError, need
from simulacra.parts.resume import Plan

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.budget import Budget

    Losses = Callable[[Tensor], Tensor]
    Modules = Mapping[str, nn.Module]
    Ints = npt.NDArray[np.int64]

CHUNK = 512
"""Rows whose gradients are computed at once; the update of a step does not depend on it."""
MARGIN = 1e-4
"""Part by which gradients are clipped below the norm, so that rounding never exceeds it."""
EXTRA = "private-training"
WORDS, BEFORE = 624, 24
"""Words of the state of torch's generator on the CPU (MT19937, each in 8 bytes), and bytes that stand before them."""


class PrivateSteps:
    """What the loop of parts.train asks, in place of its own batches, when a budget pays for the training.

    rate, steps, sigma: as charged to the budget. clip: most norm of what one unit adds to a gradient. lot: expected
    units of a step, by which sums are divided. units: (rows,) the unit that each training row belongs to, 0 .. . most:
    rows of one unit at most. seed: gives fresh bits (core.noise). device: of the weights.
    """

    def __init__(
        self,
        *,
        rate: float,
        steps: int,
        sigma: float,
        clip: float,
        lot: float,
        units: Ints,
        most: int,
        seed: Callable[[], int],
        device: str,
    ) -> None:
        if len(units) and int(np.bincount(units).max()) > most:
            raise BudgetError(f"private training: a unit has more than {most} rows; bound its rows first")
        self.rate, self.steps, self.sigma, self.clip, self.lot, self.most = rate, steps, sigma, clip, lot, most
        self.units, self.device, self.chunk, self.done = torch.from_numpy(units), device, CHUNK, 0
        self.count = int(units.max()) + 1 if len(units) else 0
        self._seed, self._noise, self._draw = seed, torch.Generator(device), torch.Generator()
        self._hooks: Any = None

    @classmethod
    def charged(
        cls,
        budget: Budget,
        *,
        rows: int,
        batch: int,
        steps: int,
        clip: float,
        units: Ints,
        device: str,
        what: str,
        chunk: int = CHUNK,
    ) -> PrivateSteps:
        """Charge a training to the budget and return its steps.

        rows: how many there are, as the budget released it; batch: of those expected in a step; chunk: rows whose
        gradients are computed at once. Raises BudgetError.
        """
        rate = min(1.0, batch / max(1, rows))
        sigma = budget.train(rate=rate, steps=steps, what=f"{what} (floating-point noise)")
        out = cls(
            rate=rate, steps=steps, sigma=sigma, clip=clip, lot=rate * max(1, rows), units=units, most=budget.rows,
            seed=budget.noise.seed, device=device,
        )  # fmt: skip
        out.chunk = chunk
        return out

    def plan(self, method: Any, rows: int, seed: int, **given: Any) -> Plan:
        """Return the plan of the training that was charged; gradients are clipped in 32 bits."""
        shared = {"rows": rows, "steps": self.steps, "batch": max(1, round(self.lot)), "seed": seed, "judge": ""}
        return Plan.of(method, self.device, **{**shared, "precision": "float32", "private": self, **given})

    def watch(self, modules: Modules, optimiser: torch.optim.Optimizer) -> None:
        """Attach to the modules whose weights an optimiser changes, all of which learn privately.

        Raises ConfigError for layers that mix rows or whose gradients for single rows are not known, MissingExtra.
        """
        need("opacus", EXTRA, "training under a privacy budget")
        from opacus.grad_sample import GradSampleHooksFastGradientClipping as Hooks
        from opacus.optimizers import DPOptimizerFastGradientClipping as Noisy

        whole = nn.ModuleDict(dict(modules))
        self.weights = [w for w in whole.parameters() if w.requires_grad]
        known = {*Hooks.GRAD_SAMPLERS, *Hooks.NORM_SAMPLERS}
        owners: set[int] = set()
        for name, layer in whole.named_modules():
            own = [w for w in layer.parameters(recurse=False) if w.requires_grad]
            if isinstance(layer, nn.modules.batchnorm._NormBase) or (own and type(layer) not in known):
                raise ConfigError(
                    f"a network under a privacy budget may not hold {type(layer).__name__} ({name}): it mixes rows, or "
                    "the gradient of a single row is not known; use layers such as Linear, Conv2d, LayerNorm, GroupNorm"
                )
            if owners & {id(w) for w in own}:
                raise ConfigError(f"a network under a privacy budget may not share weights between layers ({name})")
            owners |= {id(w) for w in own}
        given = {id(w) for group in optimiser.param_groups for w in group["params"]}
        if given != {id(w) for w in self.weights}:
            raise ModelError("the optimiser of a private training changes other weights than those that are clipped")
        self._optimiser = optimiser
        self._hooks = Hooks(whole, strict=False, loss_reduction="sum", max_grad_norm=self.clip)
        self._hooks.disable_hooks()
        self._noisy = Noisy(
            optimiser,
            noise_multiplier=self.sigma,
            max_grad_norm=self.clip,
            expected_batch_size=self.lot,
            generator=self._noise,
            secure_mode=True,
        )
        self._first = [w.detach().clone() for w in self.weights]

    def rows(self) -> Tensor:
        """Return the numbers of the rows of the next step, none at all now and then, and seed what is drawn in it."""
        self._refill(self._draw)
        self._refill(self._noise)
        # What a loss draws is as secret as the sample: with it known, a row more would change what others drew.
        torch.manual_seed(self._seed())
        self._refill(torch.default_generator)
        taken = torch.rand(self.count, generator=self._draw, dtype=torch.float64) < self.rate
        return taken[self.units].nonzero()[:, 0].to(self.device)

    def separate(self, losses: Losses, rows: Tensor) -> None:
        """Raise ConfigError when the loss of one of these rows reaches a network through another row."""
        if len(rows) > 1:
            each = self._forward(losses, rows)
            self._backward(each[0])
            if any(bool(w._norm_sample[1:].any()) for w in self.weights):  # type: ignore[attr-defined]
                raise ConfigError("a network under a privacy budget mixes rows: each must be seen on its own")

    def update(self, losses: Losses, rows: Tensor, free: Losses | None = None, made: Tensor | None = None) -> None:
        """Make one update by the noisy mean of the clipped gradients of rows.

        losses: row numbers -> the loss of each. free, made: losses that no real row has a part in, of `made` things,
        whose clipped gradients are added without noise. Raises BudgetError after the last step that was charged.
        """
        if self.done >= self.steps:
            raise BudgetError(f"only {self.steps} steps of private training were charged")
        sums = self.clipped(losses, rows, self.clip / self.most)
        others = None if free is None or made is None else self.clipped(free, made, self.clip / self.most)
        for weight, total in zip(self.weights, sums, strict=True):
            weight.summed_grad = total  # type: ignore[attr-defined]
        self._noisy.add_noise()
        self._noisy.scale_grad()
        if others is not None and made is not None:
            for weight, total in zip(self.weights, others, strict=True):
                weight.grad += total / len(made)  # type: ignore[operator]
        self.done += 1
        self._optimiser.step()
        for weight in self.weights:
            weight.grad = weight.summed_grad = None  # type: ignore[attr-defined]
        if self.done == 1:
            self._applied()
        if not all(bool(torch.isfinite(w).all()) for w in self.weights):
            raise ModelError(f"private training: weights are no longer finite at step {self.done}; lower the rate")

    def clipped(self, losses: Losses, rows: Tensor, clip: float) -> list[Tensor]:
        """Return the sum over rows of their gradients, each clipped to a norm of `clip`, for every weight."""
        out = [torch.zeros_like(w) for w in self.weights]
        for part in rows.split(self.chunk) if len(rows) else ():  # type: ignore[no-untyped-call]
            for total, more in zip(out, self._clipped(losses, part, clip), strict=True):
                if more is not None:
                    total += more
        return out

    def close(self, modules: Modules) -> None:
        """Detach, and see that all charged steps were done and changed the weights in `modules`.

        Raises BudgetError, ModelError.
        """
        self.detach()
        if self.done != self.steps:
            raise BudgetError(f"{self.steps} steps of private training were charged and {self.done} were done")
        kept = {id(w) for module in modules.values() for w in module.parameters()}
        if any(id(w) not in kept for w in self.weights):
            raise ModelError("private training changed weights that are not those the model keeps")
        self._applied()

    def detach(self) -> None:
        """Take everything off the modules that `watch` put there."""
        if self._hooks is not None:
            self._hooks.cleanup()
            self._hooks = None

    def facts(self) -> dict[str, Any]:
        """Return what is public of the training."""
        return {
            "steps": self.done,
            "rate": self.rate,
            "rows expected in a step": round(self.lot, 1),
            "noise multiplier": self.sigma,
            "clip": self.clip,
            "noise": "floating point, a sum of four draws",
            "device": self.device,
        }

    def _refill(self, generator: torch.Generator) -> None:
        """Give a generator a state out of all it can have; of a seed the CPU's keeps 32 bits, few enough to try."""
        generator.manual_seed(self._seed())
        if generator.device.type == "cpu":
            secret = b"".join(self._seed().to_bytes(8, "little") for _ in range(8))
            words = np.frombuffer(hashlib.shake_256(secret).digest(4 * WORDS), np.uint32).astype(np.uint64)
            state = generator.get_state()
            state[BEFORE : BEFORE + 8 * WORDS] = torch.from_numpy(words.view(np.uint8))
            generator.set_state(state)

    def _applied(self) -> None:
        if any(bool(torch.equal(w, first)) for w, first in zip(self.weights, self._first, strict=True)):
            raise ModelError("private training: a noisy update did not reach the weights; nothing was learned")

    def _clipped(self, losses: Losses, rows: Tensor, clip: float) -> tuple[Tensor | None, ...]:
        while len(rows):
            each = self._forward(losses, rows)
            self._backward(each.sum())
            norms = self._hooks.get_norm_sample()
            good = torch.isfinite(norms) & torch.isfinite(each.detach())
            if bool(good.all()):
                factors = (clip / (norms * (1 + MARGIN)).clamp_min(clip * 1e-9)).clamp(max=1.0)
                with _quiet():
                    return torch.autograd.grad((factors * each).sum(), self.weights, allow_unused=True)
            # A row whose gradient is no number takes no part; the others must not depend on it.
            rows = rows[good]
        return (None,) * len(self.weights)

    def _forward(self, losses: Losses, rows: Tensor) -> Tensor:
        """Return the loss of each row, ready for a backward pass that leaves the norms of their gradients."""
        for weight in self.weights:
            weight.grad, weight._forward_counter = None, 0  # type: ignore[attr-defined]
            # A weight that no loss reaches has no gradient, and must not keep the norms of the rows before.
            weight._norm_sample = torch.zeros(len(rows), device=self.device)  # type: ignore[attr-defined]
        self._hooks.enable_hooks()
        try:
            return losses(rows)
        except BaseException:
            self._hooks.disable_hooks()
            raise

    def _backward(self, loss: Tensor) -> None:
        try:
            with _quiet():
                loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        finally:
            self._hooks.disable_hooks()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what torch says of first layers, whose inputs have no slopes; their hooks fire as they should."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Full backward hook is firing", UserWarning)
        yield
