"""The registry: near misses, and plugins that are broken named and left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulacra.core import registry
from simulacra.core.errors import ConfigError
from simulacra.core.generator import Generator


def test_every_listed_name_loads_and_has_a_first_sentence() -> None:
    for group in registry.GROUPS:
        for name, sentence in registry.listing(group):
            assert callable(registry.load(name, group))
            assert sentence.endswith("."), name
    assert issubclass(registry.load("tables/copula"), Generator)


@pytest.mark.parametrize(
    ("name", "group", "message"),
    [
        ("tables/forrest", "generators", "unknown method 'tables/forrest'. Did you mean: tables/forest"),
        ("copula", "generators", "Did you mean: tables/copula"),
        ("fidelty", "guards", "unknown guard 'fidelty'. Did you mean: fidelity"),
    ],
)
def test_near_misses_are_offered(name: str, group: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.load(name, group)
    with pytest.raises(ConfigError, match="unknown group 'gards'. Did you mean: guards"):
        registry.names("gards")


def plugin(folder: Path, name: str, module: str, code: str, value: str = "") -> None:
    info = folder / f"{module}-1.dist-info"
    info.mkdir(parents=True)
    (folder / f"{module}.py").write_text(code)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[simulacra.generators]\n{name} = {value or module + ':Method'}\n")


def python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("import no_such_library", ""),
        ("def broken(:", ""),
        ("raise ValueError('at import')", ""),
        ("Other = 1", ""),
        ("", "no_such_module:Method"),
    ],
    ids=["library", "syntax", "error", "name", "module"],
)
def test_a_broken_plugin_is_named_and_the_others_stay(tmp_path: Path, code: str, value: str) -> None:
    plugin(tmp_path, "tables/bad", "bad_plugin", code, value)
    ask = """
import warnings
from simulacra.core import registry
from simulacra.core.errors import ConfigError
assert "tables/bad" in registry.names()
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    names = [name for name, _ in registry.listing()]
print(names)
print([str(w.message) for w in said])
try:
    registry.load("tables/bad")
except ConfigError as error:
    print(error)
"""
    names, said, error = python(ask, tmp_path).splitlines()
    assert "tables/copula" in names
    assert "tables/bad" not in names
    assert "tables/bad cannot be loaded from" in said
    assert error.startswith("tables/bad cannot be loaded from")
    assert "reinstall or remove that package" in error


def test_a_plugin_cannot_take_the_place_of_a_built_in_method(tmp_path: Path) -> None:
    plugin(tmp_path, "tables/copula", "thief", "class Method:\n    pass\n")
    ask = "from simulacra.core import registry; print(registry.load('tables/copula').__module__)"
    assert python(ask, tmp_path).strip() == "simulacra.tables.copula"
