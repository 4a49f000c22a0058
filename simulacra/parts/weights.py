"""What every method that uses torch shares: device, seeds, threads, and weights as arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from simulacra.core.errors import ConfigError, ModelError

if TYPE_CHECKING:
    import numpy.typing as npt

    Weights = dict[str, npt.NDArray[Any]]
    Modules = Mapping[str, torch.nn.Module]


def device(wanted: str) -> str:
    """Return the device to use for "auto", "cpu" or "cuda". Raises ConfigError for a GPU that is not there."""
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise ConfigError("device=cuda: torch sees no GPU here; use device=cpu or auto")
    return "cuda" if there and wanted != "cpu" else "cpu"


@contextlib.contextmanager
def seeded(rng: np.random.Generator, device: str = "cpu", threads: int = 1) -> Iterator[None]:
    """Run torch inside with a seed drawn from `rng` and so many threads; its own state is as before afterwards."""
    before = torch.get_num_threads()
    with torch.random.fork_rng(list(range(torch.cuda.device_count())) if device == "cuda" else []):
        try:
            torch.set_num_threads(threads)
            torch.manual_seed(int(rng.integers(2**62)))
            yield
        finally:
            torch.set_num_threads(before)


def weights_of(modules: Modules) -> Weights:
    """Return copies of all weights as arrays, named "module.weight"."""
    return {name: value.detach().cpu().numpy().copy() for name, value in tensors(modules).items()}


def load_weights(modules: Modules, weights: Mapping[str, npt.NDArray[Any]]) -> None:
    """Put weights into modules. Raises ModelError that names the first weight whose name or shape differs."""
    own = tensors(modules)
    for name in own.keys() | weights.keys():
        here = tuple(own[name].shape) if name in own else None
        there = weights[name].shape if name in weights else None
        if here != there:
            raise ModelError(
                f"weight {name!r} has shape {there} in the saved model and {here} in this network; "
                "start from a model with the same columns and the same network"
            )
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(torch.from_numpy(np.array(weights[name])))


def tensors(modules: Modules) -> dict[str, torch.Tensor]:
    """Return the weights themselves, named "module.weight"."""
    return {f"{name}.{key}": value for name, module in modules.items() for key, value in module.state_dict().items()}


def copies(modules: Modules) -> dict[str, torch.Tensor]:
    """Return copies of all weights on their device."""
    return {name: value.detach().clone() for name, value in tensors(modules).items()}


def put(modules: Modules, weights: Mapping[str, torch.Tensor]) -> None:
    """Put copies back in place."""
    with torch.no_grad():
        for name, value in tensors(modules).items():
            value.copy_(weights[name])
