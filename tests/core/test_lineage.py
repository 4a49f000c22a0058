"""Lineage: a chain that counts synthetic steps, and hashes that only the owner of the key can recompute."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import polars as pl
import pytest

from simulacra.core.errors import DataError
from simulacra.core.lineage import Lineage, keyed_hash, versions
from simulacra.testing import toys


def test_a_child_is_one_step_further_and_holds_no_real_rows() -> None:
    real = Lineage()
    assert (real.generation, real.real_share, real.made_by) == (0, 1.0, "")
    first = real.child("tables/forest", seed=3)
    second = first.child("tables/copula", seed=4)
    assert [(x.generation, x.real_share, x.made_by) for x in (first, second)] == [
        (1, 0.0, "tables/forest"),
        (2, 0.0, "tables/copula"),
    ]


def test_it_survives_json_and_newer_entries() -> None:
    line = Lineage("m", {"leaf": 5}, 1, 2, {"python": "3"}, ("ab",), 0.5, 2, 1.0, 1e-6, {"k": [1]})
    text = json.dumps({**line.to_dict(), "invented later": 1})
    assert Lineage.from_dict(json.loads(text)) == line


@pytest.mark.parametrize("damage", [{"generation": "2"}, {"parents": 3}, {"facts": []}, {"made_by": None}])
def test_a_damaged_one_is_a_data_error(damage: dict[str, object]) -> None:
    with pytest.raises(DataError, match=f"lineage: {next(iter(damage))} cannot be"):
        Lineage.from_dict({**Lineage().to_dict(), **damage})


def test_the_hash_depends_on_content_and_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULACRA_KEY", "one")
    frame = toys.people(50)
    found = keyed_hash(frame)
    assert keyed_hash(frame.clone()) == found
    assert keyed_hash(frame.with_columns(pl.col("age") + 1)) != found
    assert keyed_hash(frame.rename({"age": "years"})) != found
    assert keyed_hash(frame.head(49)) != found
    monkeypatch.setenv("SIMULACRA_KEY", "two")
    assert keyed_hash(frame) != found


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMULACRA_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    frame = toys.people(20)
    found = keyed_hash(frame)
    key = tmp_path / "simulacra" / "lineage.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert keyed_hash(frame) == found
    key.unlink()
    assert keyed_hash(frame) != found


def test_without_a_place_for_the_key_it_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.delenv("SIMULACRA_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    assert keyed_hash(toys.people(5)) != keyed_hash(toys.people(5))


def test_versions_name_what_decides_the_bytes() -> None:
    assert {"python", "simulacra", "numpy", "polars"} <= set(versions())


@pytest.mark.parametrize("cut", [b"", b"0123456789"])
def test_a_key_that_was_cut_short_is_made_anew(cut: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMULACRA_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    key = tmp_path / "simulacra" / "lineage.key"
    key.parent.mkdir()
    key.write_bytes(cut)
    keyed_hash(toys.people(5))
    assert len(key.read_bytes()) == 32 and stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [p.name for p in key.parent.iterdir()] == [key.name]
