"""Every listed method, transform and guard keeps the contract."""

from __future__ import annotations

import pytest

from simulacra.core import registry
from simulacra.testing import check_generator, check_guard, check_transform, toys


@pytest.mark.parametrize("name", registry.names("generators"))
def test_generators_keep_the_contract(name: str) -> None:
    check_generator(registry.load(name))


@pytest.mark.parametrize("name", registry.names("generators"))
def test_generators_keep_the_contract_on_columns_of_every_kind(name: str) -> None:
    check_generator(registry.load(name), toys.mixed(250))


@pytest.mark.parametrize("name", registry.names("transforms"))
def test_transforms_keep_the_contract(name: str) -> None:
    check_transform(registry.load(name, "transforms"))


@pytest.mark.parametrize("name", registry.names("guards"))
def test_guards_keep_the_contract(name: str) -> None:
    check_guard(registry.load(name, "guards"))
