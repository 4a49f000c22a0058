"""The public face: what is exported exists, importing is light, and every command is documented."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import simulacra
from simulacra.core import registry

ROOT = Path(__file__).parent.parent
HEAVY = {"numpy", "polars", "pandas", "torch", "sklearn", "pyarrow", "scipy", "mimesis", "safetensors", "opendp"}
PROGRAM = Path(sys.executable).with_name("simulacra")


@pytest.mark.parametrize("module", ["simulacra", "simulacra.tables", "simulacra.testing"])
def test_exported_names_exist_and_are_documented(module: str) -> None:
    loaded = importlib.import_module(module)
    assert loaded.__all__ == sorted(loaded.__all__)
    for name in loaded.__all__:
        assert (getattr(loaded, name).__doc__ or "").strip(), f"{module}.{name} has no docstring"


@pytest.mark.parametrize("code", ["import simulacra", "import simulacra; simulacra.names()", "import simulacra.tables"])
def test_importing_and_listing_load_nothing_heavy(code: str) -> None:
    assert heavy_modules(code) == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["make", "--help"], []])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    start = f"import sys; sys.argv = ['simulacra', *{words!r}]\ntry:\n    from simulacra.cli.main import main; main()\n"
    assert heavy_modules(start + "except SystemExit:\n    pass") == set()


def heavy_modules(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the heavy libraries that it loaded."""
    tail = "\nimport json, sys; print('\\n' + json.dumps([m for m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return HEAVY & set(json.loads(done.stdout.splitlines()[-1]))


def commands() -> list[str]:
    """The commands that `simulacra --help` lists."""
    shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^ {2,4}([a-z]+) {2,}\S", shown, flags=re.M)


def test_every_command_is_listed_and_has_help() -> None:
    assert set(commands()) >= {"look", "make", "fit", "sample", "check", "list", "redo"}
    for command in commands():
        done = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True)
        assert done.returncode == 0, f"simulacra {command} --help: {done.stderr}"
        assert f"simulacra {command}" in done.stdout


def test_every_command_is_documented() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for command in commands():
        assert f"simulacra {command}" in readme, f"README.md does not name: simulacra {command}"


def test_every_command_that_is_documented_exists() -> None:
    known = {*commands(), "--help", "--version"}
    for page in pages():
        for command in re.findall(r"^(?:\$ )?simulacra ([a-z-]+)", page.read_text("utf-8"), flags=re.M):
            assert command in known, f"{page.relative_to(ROOT)} names `simulacra {command}`, which does not exist"


def test_every_make_target_that_is_documented_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M))
    for page in pages():
        for target in re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", page.read_text("utf-8"), flags=re.M):
            assert "".join(target) in targets, f"{page.relative_to(ROOT)} names `make {''.join(target)}`"


def test_every_method_and_guard_has_a_page_and_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    for group in ("generators", "guards"):
        for name in registry.BUILT_IN[group]:
            assert f"({group}/{name}.md)" in index, f"docs/README.md does not link to {name}"
    for target in re.findall(r"\]\(([^)#:]+)\)", index):
        assert (ROOT / "docs" / target).exists(), f"docs/README.md links to {target}, which does not exist"
    for page in (ROOT / "docs").rglob("*.md"):
        name = str(page.relative_to(ROOT / "docs"))
        assert name == "README.md" or f"({name})" in index, f"docs/README.md does not link to {name}"


def test_every_module_stands_once_in_the_architecture_and_nothing_else_does() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("## Modules")[2]
    named = sorted(re.findall(r"`([a-z_/]+\.py)`", table))
    package = ROOT / "simulacra"
    modules = {str(p.relative_to(package)) for p in package.rglob("*.py") if p.name != "__init__.py"} - {"__main__.py"}
    assert named == sorted([*modules, "simulacra/__init__.py", "simulacra/__main__.py"])


def test_what_is_imported_is_declared() -> None:
    """A library that another one brings along may be gone with its next version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    declared = {re.split(r"[^A-Za-z0-9_.-]", d)[0].replace("-", "_") for d in wanted}
    declared = declared - {"scikit_learn", "pillow"} | {"sklearn", "PIL"}
    found = set()
    for path in (ROOT / "simulacra").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    assert found - sys.stdlib_module_names - {"simulacra"} <= declared


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    for requirement in wanted:
        name = re.split(r"[^A-Za-z0-9_.-]", requirement)[0]
        assert name == "simulacra" or f"| {name} " in text, f"docs/dependencies.md has no line for {name}"


def test_the_changelog_names_this_version() -> None:
    assert f"## {simulacra.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def pages() -> list[Path]:
    """Every page of documentation."""
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
