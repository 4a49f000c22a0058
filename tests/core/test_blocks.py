"""Sampling by blocks: the same rows for any number of workers, and for output larger than memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from simulacra.core import state
from simulacra.core.errors import ConfigError, DataError, ModelError, NotFitted
from simulacra.core.generator import Generator
from simulacra.tables.copula import Copula
from simulacra.testing import toys


def fitted() -> Copula:
    """A method whose blocks hold 64 rows, so that few rows make several."""
    made = Copula().fit(toys.mixed(200), seed=1)
    vars(made)["block_rows"] = 64
    return made


def test_batches_are_the_rows_of_sample_and_can_go_on_from_any_block() -> None:
    method = fitted()
    whole = method.sample(200, seed=2)
    parts = [b.frame for b in method.batches(200, seed=2)]
    assert [p.height for p in parts] == [64, 64, 64, 8]
    assert pl.concat(parts).equals(whole)
    assert pl.concat([b.frame for b in method.batches(200, seed=2, first=2)]).equals(whole[128:])


def test_conditions_give_the_same_rows_for_any_number_of_workers() -> None:
    method = fitted()
    where = {"size": {"s": 0.5, "m": 0.5}, "price": (5, None)}
    one = method.sample(200, seed=2, where=where)
    assert one.equals(method.sample(200, seed=2, where=where, workers=2))
    assert set(one["size"]) == {"s", "m"}
    # Another process has another order of sets, which must not decide what is drawn.
    either = {"size": {"s", "m", "l"}}
    assert method.sample(200, seed=2, where=either).equals(method.sample(200, seed=2, where=either, workers=2))
    assert one["price"].min() >= 5
    assert one["id"].n_unique() == 200


def test_workers_do_not_run_the_users_script_again(tmp_path: Path) -> None:
    """A script without `if __name__ == "__main__"` is what most people write."""
    script = tmp_path / "mine.py"
    script.write_text(
        """
print("script runs")
from simulacra.tables import Copula
from simulacra.testing import toys
method = Copula().fit(toys.people(100), seed=1)
vars(method)["block_rows"] = 64
print(method.sample(100, seed=2).equals(method.sample(100, seed=2, workers=2)), __file__)
"""
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["script runs", f"True {script}"], done.stderr


def test_a_method_of_a_notebook_is_drawn_here() -> None:
    class Mine(Copula):
        """A method no other process can find."""

    made = Mine().fit(toys.people(100), seed=1)
    vars(made)["block_rows"] = 64
    assert made.sample(100, seed=2, workers=2).equals(made.sample(100, seed=2))


def test_an_error_of_a_worker_is_the_users_error() -> None:
    method = Copula().fit(toys.linked(100), seed=1)
    vars(method)["block_rows"] = 64
    with pytest.raises(DataError, match="widen the condition"):
        method.sample(100, seed=2, where={"x": (1000, None)}, workers=2)


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_workers_must_be_a_number(workers: Any) -> None:
    with pytest.raises(ConfigError, match="workers must be a whole number, at least 1"):
        fitted().sample(10, workers=workers)


def test_a_seed_that_is_not_given_is_taken_fresh_and_recorded() -> None:
    made = fitted()
    a, b = (made.sample(10, kind="dataset") for _ in range(2))
    assert a.lineage.seed != b.lineage.seed
    assert made.sample(10, seed=a.lineage.seed).equals(a.frame)


def test_what_is_not_fitted_or_empty_is_said() -> None:
    with pytest.raises(NotFitted, match=r"tables/copula: call fit\(data\) first"):
        Copula().sample(3)
    with pytest.raises(DataError, match="fit needs data"):
        Copula().fit()
    with pytest.raises(DataError, match="a header but no rows"):
        Copula().fit(toys.people(5).clear())


def test_a_second_fit_forgets_the_first(tmp_path: Path) -> None:
    method = Copula().fit(toys.mixed(100), seed=1)
    method.fit(toys.linked(100), seed=1)
    assert method.sample(3, seed=2).columns == ["x", "y"]
    method.save(tmp_path / "m")
    assert Generator.load(tmp_path / "m").sample(3, seed=2).equals(method.sample(3, seed=2))


@pytest.mark.parametrize("name", ["sample", "__class__", "_sample"])
def test_a_model_that_would_replace_more_than_what_is_learned_is_refused(name: str, tmp_path: Path) -> None:
    fitted().save(tmp_path / "m")
    tree = state.load(tmp_path / "m")
    tree["learned"][name] = "other"
    state.save(tmp_path / "hostile", tree)
    with pytest.raises(ModelError, match="as learned"):
        Generator.load(tmp_path / "hostile")


def test_numbers_of_numpy_are_numbers_and_others_are_named() -> None:
    method = Copula().fit(toys.people(60), seed=np.int64(1))
    made = method.sample(np.int64(5), seed=np.int64(2))
    assert made.equals(method.sample(5, seed=2))
    for n, seed, told in ((2.5, 1, "n must be"), (5, "a", "seed must be"), (5, 1.5, "seed must be")):
        with pytest.raises(ConfigError, match=told):
            method.sample(n, seed=seed)  # type: ignore[arg-type]


def test_an_unknown_field_is_named_with_near_ones() -> None:
    with pytest.raises(ConfigError, match="tables/copula has no field 'spik'. Did you mean: spike"):
        Copula(spik=3)  # type: ignore[call-arg]
