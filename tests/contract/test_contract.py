"""Every listed method, transform and guard keeps the contract."""

from __future__ import annotations

import pytest

from simulacra.core import registry
from simulacra.testing import check_generator, check_guard, check_transform, toys

CHECKS = {"generators": check_generator, "transforms": check_transform, "guards": check_guard}


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in CHECKS for name in registry.names(group)])
def test_everything_listed_keeps_the_contract(group: str, name: str) -> None:
    CHECKS[group](registry.load(name, group))


@pytest.mark.parametrize("name", registry.names("generators"))
def test_generators_keep_the_contract_on_columns_of_every_kind(name: str) -> None:
    check_generator(registry.load(name), toys.mixed(250))
