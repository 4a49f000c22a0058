"""Saved state: what goes in comes out; damaged, newer and hostile folders are ModelErrors."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core import state
from simulacra.core.atomic import sha256
from simulacra.core.errors import ModelError, OutputError

keys = st.text(st.characters(codec="utf-8"), max_size=6) | st.integers(-9, 9)
trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@given(trees)
@settings(max_examples=40, deadline=None)
def test_plain_trees_come_back_as_they_were(tree: Any) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        state.save(Path(folder) / "m", {"tree": tree})
        assert state.load(Path(folder) / "m") == {"tree": tree}


def test_arrays_and_frames_come_back_with_their_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, None], "b": pl.Series(["x", "y"], dtype=pl.Categorical)})
    arrays = [
        np.array([True, False]),
        np.arange(6, dtype=np.int8).reshape(2, 3).T,
        np.array([]),
        np.float32(0.1) * np.ones(2),
    ]
    value = {"frame": frame, "series": frame["b"], "arrays": arrays, "nan": math.nan, "scalar": np.float64(0.5)}
    state.save(tmp_path / "m", value)
    back = state.load(tmp_path / "m")
    assert back["frame"].equals(frame)
    assert back["frame"].schema == frame.schema
    assert back["series"].to_list() == ["x", "y"]
    for a, b in zip(arrays, back["arrays"], strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)
    assert math.isnan(back["nan"])
    assert type(back["scalar"]) is float


@pytest.mark.parametrize("bad", [object(), {1, 2}, lambda: 1, np.array(["text"]), np.array([object()])])
def test_what_is_no_data_is_refused(tmp_path: Path, bad: Any) -> None:
    with pytest.raises(ModelError, match="state may"):
        state.save(tmp_path / "m", {"a": bad})
    assert list(tmp_path.iterdir()) == []


def saved(tmp_path: Path) -> Path:
    path = tmp_path / "m"
    state.save(path, {"a": np.arange(100), "f": pl.DataFrame({"x": [1, 2]}), "t": "text"})
    return path


@pytest.mark.parametrize("file", ["model.json", "arrays.safetensors", "frames/0.arrow", "manifest.json"])
@pytest.mark.parametrize("damage", ["gone", "empty", "half", "flipped"])
def test_damage_is_a_model_error(tmp_path: Path, file: str, damage: str) -> None:
    path = saved(tmp_path)
    target = path / file
    whole = target.read_bytes()
    place = len(whole) // 2
    if damage == "gone":
        target.unlink()
    else:
        flipped = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
        target.write_bytes({"empty": b"", "half": whole[:place], "flipped": flipped}[damage])
    with pytest.raises(ModelError, match=r"damaged|missing|incomplete|checksum|cannot be read|not a saved model"):
        state.load(path)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ('{"$dict": [["a", {"$array": "none"}]]}', "damaged"),
        ('{"$dict": [["a", {"$frame": 7}]]}', "damaged"),
        ('{"$dict": [["a", {"$frame": "../../x"}]]}', "damaged"),
        ('{"$dict": [["a"]]}', "damaged"),
        ('{"$dict": 3}', "damaged"),
        ('{"$call": "os.system"}', "unknown entry"),
        ("{}", "damaged"),
        ("[" * 100_000, "damaged"),
        ("[1]", "damaged"),
    ],
)
def test_a_hostile_tree_is_a_model_error(tmp_path: Path, model: str, message: str) -> None:
    path = saved(tmp_path)
    (path / "model.json").write_text(model)
    listed = json.loads((path / "manifest.json").read_text())
    listed["files"]["model.json"] = sha256(path / "model.json")
    (path / "manifest.json").write_text(json.dumps(listed))
    with pytest.raises(ModelError, match=message):
        state.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, r"newer version \(format 99, known 1\); upgrade"),
        ({"version": "1"}, "newer version"),
        ({"format": "other"}, "not a saved model"),
        ({"files": {"../secret": "0"}}, "outside the folder; do not trust"),
        ({"files": {"/etc/passwd": "0"}}, "outside the folder; do not trust"),
        ({"files": {}}, "incomplete|not listed"),
        ({"files": [1]}, "damaged"),
    ],
)
def test_a_foreign_manifest_is_a_model_error(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = saved(tmp_path)
    listed = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**listed, **change}))
    with pytest.raises(ModelError, match=message):
        state.load(path)


def test_what_is_no_folder_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder; make one with `simulacra fit"):
        state.load(tmp_path / "none")


def test_what_stands_there_is_not_overwritten_unless_it_is_a_model(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with pytest.raises(OutputError, match="already exists"):
        state.save(path, {"new": 1})
    state.save(path, {"new": 1}, overwrite=True)
    assert state.load(path) == {"new": 1}
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="already exists"):
        state.save(other, {"new": 1}, overwrite=True)
    assert (other / "thesis.txt").read_text() == "precious"
    (other / "manifest.json").write_text('{"name": "an extension of a browser"}')
    (tmp_path / "link").symlink_to(path)
    for place in (other, tmp_path / "link"):
        with pytest.raises(OutputError, match="is not a saved model"):
            state.save(place, {"new": 1}, overwrite=True)
    assert (other / "thesis.txt").read_text() == "precious"


def test_a_killed_save_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        import polars as pl
        from simulacra.core import state
        from simulacra.core import atomic
        class Deadly(dict):
            def items(self):
                os.kill(os.getpid(), signal.SIGKILL)
        state.save(sys.argv[1], {"f": pl.DataFrame({"x": [1]}), "d": Deadly(a=1)})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "m")], capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "m").exists()
    state.save(tmp_path / "m", {"a": 1})
    assert state.load(tmp_path / "m") == {"a": 1}


def test_a_save_that_hits_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    code = """
        import resource, sys
        import numpy as np
        from simulacra.core import state
        from simulacra.core.errors import OutputError
        value = {"a": np.arange(10**6)}
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        try:
            state.save(sys.argv[1], value)
        except OutputError as error:
            print("refused:", error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "m")], capture_output=True, text=True
    )
    assert done.stdout.startswith("refused: cannot write"), done.stderr
    assert os.listdir(tmp_path) == []


def test_an_array_of_no_dimension_stays_one(tmp_path: Path) -> None:
    state.save(tmp_path / "s", {"one": np.array(2.5, np.float32), "turned": np.arange(6.0).reshape(2, 3).T})
    back = state.load(tmp_path / "s")
    assert back["one"].shape == () and float(back["one"]) == 2.5
    assert np.array_equal(back["turned"], np.arange(6.0).reshape(2, 3).T)
