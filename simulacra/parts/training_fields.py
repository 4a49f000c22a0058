"""The fields that all methods share whose networks are trained by parts.train, each declared once."""

from __future__ import annotations

from typing import Any

from simulacra.core.options import option


def patience(default: int) -> Any:
    """Declare after how many measurements without gain training ends; a Plan asks it."""
    return option(default, "Measurements without gain before training ends, 0 for never.", low=0)


def start(same: str) -> Any:
    """Declare a model to start from; same: what it must have in common with this one."""
    return option(None, f"Saved model of the same {same} whose weights training starts from.")


def device() -> Any:
    """Declare where to compute."""
    return option("auto", "Where to compute; auto takes a GPU if there is one.", choices=("auto", "cpu", "cuda"))


def threads() -> Any:
    """Declare the threads of the CPU."""
    return option(1, "Threads of the CPU; another number may change the last digits.", low=1, high=256)


def precision() -> Any:
    """Declare the numbers used in training."""
    return option("float32", "Numbers used in training on a GPU.", choices=("float32", "mixed"))


def clip(default: float) -> Any:
    """Declare the norm to which private training clips."""
    return option(default, "Under a budget: most norm of what one unit adds to a gradient.", low=1e-6)
