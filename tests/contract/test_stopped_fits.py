"""Every method that trains: stopped by Ctrl-C in the middle it goes on to the same model, and says how it went."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulacra.core import registry
from simulacra.core.progress import Event, listen
from simulacra.testing import toys

SMALL: dict[str, dict[str, Any]] = {
    "images/flow": {"batch": 32, "width": 8, "components": 12},
    "images/gan": {"batch": 32, "width": 8},
    "images/vae": {"batch": 32, "width": 8, "latent": 4},
    "tables/flow": {"batch": 32, "width": 8},
    "tables/gan": {"batch": 32, "width": 8},
    "tables/vae": {"batch": 32, "width": 8, "latent": 3},
}


def data(name: str) -> Any:
    return toys.people(300, 1) if name.startswith("tables/") else toys.pictures(80, 8, seed=1)


@pytest.mark.parametrize("name", SMALL)
def test_a_fit_stopped_by_ctrl_c_goes_on_to_the_same_model(name: str, tmp_path: Path) -> None:
    method = registry.load(name)
    whole = method(steps=8, **SMALL[name]).fit(data(name), seed=3)
    pressed: list[Event] = []

    def press(event: Event) -> None:
        if event.total == 8 and event.done >= 2 and not pressed:
            pressed.append(event)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), listen(press):
        method(steps=8, **SMALL[name]).fit(data(name), seed=3, checkpoint=tmp_path / "kept")
    assert any((tmp_path / "kept").iterdir())
    rest = method(steps=8, **SMALL[name]).fit(data(name), seed=3, checkpoint=tmp_path / "kept")
    assert rest.weights_.keys() == whole.weights_.keys()
    assert all(np.array_equal(rest.weights_[key], whole.weights_[key]) for key in whole.weights_)
    assert rest.facts_ == whole.facts_ and rest.curves_ == whole.curves_
    assert rest.sample(5, seed=1).equals(whole.sample(5, seed=1))
