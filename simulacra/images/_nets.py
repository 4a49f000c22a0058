"""What the image methods that train networks share: rows kept back, tensors of images, networks with their weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from simulacra.core.errors import ModelError
from simulacra.core.rng import stream
from simulacra.parts.weights import device, load_weights, seeded

if TYPE_CHECKING:
    import numpy.typing as npt

    Images = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]
    Modules = dict[str, torch.nn.Module]

KEPT, FEWEST, MOST_KEPT = 0.1, 48, 1000
"""Share of the images kept back, and the most of them; of fewer than FEWEST none is, and the training images are
measured against."""
PASSES, FEWEST_STEPS = 60, 40
"""Most passes over the training images, but for so many updates."""
CHUNK = 256
"""Pictures that a network without slopes sees at once."""


def split(classes: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the rows to train on and those kept back: a tenth of every class, of few images none."""
    if len(classes) < FEWEST:
        return np.arange(len(classes)), np.arange(0)
    kept = []
    # Distances among those kept back are measured again and again, and grow with their square.
    share = min(KEPT, MOST_KEPT / len(classes))
    for number in np.unique(classes):
        own = rng.permutation(np.flatnonzero(classes == number))
        kept.append(own[: int(share * len(own) + 0.5)])
    back = np.sort(np.concatenate(kept))
    return np.setdiff1d(np.arange(len(classes)), back), back


def steps(most: int, batch: int, rows: int) -> int:
    """Return how many updates `rows` images are worth, at most `most`."""
    return min(most, max(FEWEST_STEPS, -(-PASSES * rows // min(batch, rows))))


def tensor(images: Images, where: str) -> Tensor:
    """Return images, uint8 (n, H, W, C), as pictures (n, C, H, W) of -1..1 on a device."""
    return torch.from_numpy(np.array(images)).to(where).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1


def images(pictures: Tensor) -> Images:
    """Return pictures (n, C, H, W) of -1..1 as images, uint8 (n, H, W, C)."""
    level = ((pictures.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(level.permute(0, 2, 3, 1).cpu().numpy())


@dataclass(frozen=True)
class Sides:
    """Pictures (n, C, H, W) to train on with their classes (n,), and those kept back, on a device.

    count: classes there are. Where none is kept back the training pictures stand in, so that a measure has something.
    """

    real: Tensor
    classes: Tensor
    back: Tensor
    back_classes: Tensor
    count: int

    @classmethod
    def of(cls, pictures: Images, classes: Ints, rows: tuple[Ints, Ints], count: int, where: str) -> Sides:
        """Return both sides; rows: numbers of those to train on and of those kept back."""
        own, back = rows[0], rows[1] if len(rows[1]) else rows[0]
        codes = torch.from_numpy(classes).to(where)
        found = [part[torch.from_numpy(r).to(where)] for r in (own, back) for part in (tensor(pictures, where), codes)]
        return cls(found[0], found[1], found[2], found[3], count)


def modules(method: Any, where: str) -> Modules:
    """Return the method's own networks, untrained, on a device."""
    high, wide, channels = method.rows_["size"]
    found: Modules = method.network(channels, (high, wide), len(method.rows_["count"]))
    return {name: module.to(where) for name, module in found.items()}


@contextlib.contextmanager
def fitted(method: Any, rng: np.random.Generator | None = None) -> Iterator[tuple[str, Modules]]:
    """Give the device and the trained networks, without slopes; rng: of what is drawn by torch inside."""
    where = device(method.device)
    with seeded(rng or stream(0, method.name, "networks"), where, method.threads), torch.no_grad():
        made = modules(method, where)
        own = {k: v for k, v in method.weights_.items() if k.split(".")[0] in made}
        load_weights(made, own)
        for module in made.values():
            module.eval()
        # The first weights took their draws; what follows must not depend on how many those were.
        torch.manual_seed(int((rng or stream(0, method.name, "draws")).integers(2**62)))
        yield where, made


def earlier(method: Any) -> Any:
    """Return the saved model that `start` names, or None. Raises ModelError for one of other classes or sizes."""
    if method.start is None:
        return None
    before: Any = type(method).load(method.start)
    for what in ("size", "levels"):
        known, here = (_plain(one.rows_[what]) for one in (before, method))
        if known != here:
            said = "images of height, width, channels" if what == "size" else "classes"
            raise ModelError(
                f"{method.name}: the model {method.start} to start from has {said} {known}, these data have {here}; "
                "give a model that was fitted on the same"
            )
    return before


def _plain(what: Any) -> list[Any]:
    """Return the size of images, or the levels of a label, as a list."""
    return list(what) if isinstance(what, list) else list(what.to_series().to_list())
