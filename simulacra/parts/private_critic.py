"""The critic of a GAN under a privacy budget, as its generator sees it: averaged over updates, and now and then."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

TURN = 8
"""Updates of the critic for one of the generator: noisy as they are, one says too little (Bie et al. 2023)."""
STEADY = 0.9
"""Decay of the averaged weights of the critic that the generator learns from."""


class Steady:
    """Averages of the weights of a critic that learns by noisy steps; they hold less of the noise."""

    def __init__(self, weights: Sequence[Tensor]) -> None:
        self.weights, self.done = list(weights), 0
        self.averages = [w.detach().clone() for w in self.weights]

    def follow(self) -> bool:
        """Take in an update of the critic; return whether it is the generator's turn."""
        for average, w in zip(self.averages, self.weights, strict=True):
            average.lerp_(w.detach(), 1 - STEADY)
        self.done += 1
        return self.done % TURN == 0

    @contextlib.contextmanager
    def instead(self) -> Iterator[None]:
        """Put the averages in place of the weights, and hold them fixed, while the generator learns."""
        present = [w.detach().clone() for w in self.weights]
        self._set(self.averages, False)
        try:
            yield
        finally:
            self._set(present, True)

    def _set(self, values: Sequence[Tensor], learning: bool) -> None:
        with torch.no_grad():
            for w, value in zip(self.weights, values, strict=True):
                w.copy_(value)
        for w in self.weights:
            w.requires_grad_(learning)
