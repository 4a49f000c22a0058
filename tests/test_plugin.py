"""The example plugin, installed as a package of its own: listed, made and keeping the contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulacra.testing import toys

ROOT = Path(__file__).parent.parent
PLUGIN = ROOT / "examples" / "plugin"
GUIDE = ROOT / "CONTRIBUTING.md"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that has the plugin installed; nothing is fetched."""
    site = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(PLUGIN)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return os.environ | {"PYTHONPATH": str(site)}


def python(code: str, env: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_listed_only_where_it_is_installed(installed: dict[str, str]) -> None:
    code = "import simulacra; print('tables/shuffle' in simulacra.names())"
    assert python(code, installed).strip() == "True"
    assert python(code, dict(os.environ)).strip() == "False"


def test_listing_it_loads_nothing_heavy(installed: dict[str, str]) -> None:
    code = "import sys, simulacra; simulacra.names(); print({'numpy', 'polars', 'sklearn'} & set(sys.modules))"
    assert python(code, installed).strip() == "set()"


def test_it_keeps_the_contract(installed: dict[str, str]) -> None:
    python("import simulacra.testing, simulacra_shuffle as s; simulacra.testing.check_generator(s.Shuffle)", installed)


def test_the_steps_of_the_guide_give_what_it_shows(installed: dict[str, str], tmp_path: Path) -> None:
    guide = GUIDE.read_text("utf-8")
    program = Path(sys.executable).with_name("simulacra")

    described = subprocess.run([program, "list", "tables/shuffle"], capture_output=True, text=True, env=installed)
    assert described.returncode == 0, described.stderr
    assert described.stdout.strip() in guide

    data, out = tmp_path / "people.csv", tmp_path / "out"
    toys.people(5000).write_csv(data)
    command = [program, "make", data, "-m", "tables/shuffle", "-o", out]
    made = subprocess.run(command, capture_output=True, text=True, env=installed)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[0] in guide
    assert json.loads((out / "lineage.json").read_text("utf-8"))["made_by"] == "tables/shuffle"
    for told in (
        "fail  fidelity: C2ST AUC",
        "each\n        column alone is as in real, but links between columns are not",
    ):
        assert told in made.stdout
        assert told in guide


def test_the_guide_shows_the_example_as_it_is() -> None:
    guide = GUIDE.read_text("utf-8")
    for name in ("simulacra_shuffle.py", "pyproject.toml"):
        assert (PLUGIN / name).read_text("utf-8").strip() in guide, f"CONTRIBUTING.md shows another {name}"
