"""Every listed method, transform and guard keeps the contract."""

from __future__ import annotations

from typing import Any

import pytest

from simulacra.core import registry
from simulacra.testing import check_generator, check_guard, check_transform, toys

CHECKS = {"generators": check_generator, "transforms": check_transform, "guards": check_guard}

SMALL: dict[str, dict[str, Any]] = {
    "images/flow": {"steps": 6, "batch": 32, "width": 8, "components": 12},
    "images/gan": {"steps": 6, "batch": 16, "width": 8},
    "images/vae": {"steps": 6, "batch": 16, "width": 8, "latent": 4},
    "tables/flow": {"steps": 6, "batch": 32, "width": 8},
    "tables/gan": {"steps": 6, "batch": 32, "width": 8},
    "tables/private": {"preset": "tree", "bins": 8},
    "tables/vae": {"steps": 6, "batch": 32, "width": 8, "latent": 3},
    "text/columns": {
        "columns": [
            {"name": "topic", "kind": "category", "values": ["sun", "rain", "wind"]},
            {"name": "pages", "kind": "number", "low": 0, "high": 1},
            {"name": "story", "kind": "prompt", "prompt": "{{ pages }} pages about {{ topic }}"},
        ],
        "models": [{"port": "echo"}],
    },
    "text/personas": {"source": "made"},
    "text/instruct": {"kind": "dialogue", "options": {"turns": 1}, "models": [{"port": "echo"}]},
}
"""Fields of methods that take long, so that the rules, which say nothing of quality, take seconds."""


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in CHECKS for name in registry.names(group)])
def test_everything_listed_keeps_the_contract(group: str, name: str) -> None:
    if group == "transforms":
        check_transform(registry.load(name, group), toys.mixed(150))
        return
    CHECKS[group](small(name) if group == "generators" else registry.load(name, group))


@pytest.mark.parametrize("name", [name for name in registry.names("generators") if name.startswith("tables/")])
def test_generators_keep_the_contract_on_columns_of_every_kind(name: str) -> None:
    check_generator(small(name), toys.mixed(250))


def small(name: str) -> Any:
    """Return a method, or an object of it with the fields of SMALL."""
    method = registry.load(name)
    return method(**SMALL[name]) if name in SMALL else method
