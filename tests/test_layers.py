"""The rules of dependence of docs/architecture.md, checked on every import statement, wherever it stands.

core <- parts <- { rooms | guards | io | mask, none importing another } <- engine <- { cli | web | bridges | testing }
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MIDDLE = {"tables", "text", "images", "audio", "scenes", "relational", "series", "guards", "io", "mask"}
TOP = {"cli", "web", "bridges", "testing"}
FRONT = "the package's front"
BELOW = {
    "core": {"core"},
    "parts": {"core", "parts"},
    **{name: {"core", "parts", name} for name in MIDDLE},
    "engine": {"core", "parts", "engine"} | MIDDLE,
    **{name: {"core", "parts", "engine"} | MIDDLE | TOP for name in TOP},
}


def test_every_import_points_down() -> None:
    assert list(violations(ROOT)) == []


def test_every_package_has_a_layer() -> None:
    packages = {path.parent.name for path in (ROOT / "simulacra").glob("*/__init__.py")}
    assert packages, "no packages found: is this the repository root?"
    assert packages <= BELOW.keys()


@pytest.mark.parametrize(
    ("where", "line", "fault"),
    [
        ("tables/bad.py", "from simulacra.guards import privacy", "tables may not import guards"),
        ("tables/bad.py", "from ..guards.privacy import copies", "tables may not import guards"),
        ("tables/bad.py", "from simulacra import guards", "tables may not import guards"),
        ("tables/bad.py", "import simulacra.engine.make", "tables may not import engine"),
        ("tables/deep/bad.py", "from ... import io", "tables may not import io"),
        ("guards/bad.py", "    from simulacra.tables.forest import Forest", "guards may not import tables"),
        ("core/bad.py", "from simulacra.parts import trees", "core may not import parts"),
        ("parts/bad.py", "from simulacra import make", "parts may not import the package's front"),
        ("engine/bad.py", "from simulacra.cli import main", "engine may not import cli"),
    ],
)
def test_a_wrong_import_is_named_with_file_and_line(tmp_path: Path, where: str, line: str, fault: str) -> None:
    bad = tmp_path / "simulacra" / where
    bad.parent.mkdir(parents=True)
    inside = "def late():\n" if line.startswith(" ") else "# a comment\n"
    bad.write_text(f"import os\n{inside}{line}\n")
    assert list(violations(tmp_path)) == [f"simulacra/{where}:3: {fault}"]


@pytest.mark.parametrize(
    "line",
    ["from simulacra.core import schema", "from simulacra.parts.trees import build", "import json", "from . import x"],
)
def test_a_right_import_passes(tmp_path: Path, line: str) -> None:
    good = tmp_path / "simulacra" / "tables" / "good.py"
    good.parent.mkdir(parents=True)
    good.write_text(f"{line}\n")
    assert list(violations(tmp_path)) == []


def violations(root: Path) -> Iterator[str]:
    """Yield "file:line: what" for every import under root/simulacra that breaks the rules."""
    for path in sorted((root / "simulacra").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        layer = parts[1]
        if layer not in BELOW:
            continue  # the front itself: simulacra/__init__.py, __main__.py
        for line, target in imported(ast.parse(path.read_text("utf-8")), parts):
            if target not in BELOW[layer] | ({""} if layer in TOP else set()):
                yield f"{path.relative_to(root)}:{line}: {layer} may not import {target or FRONT}"


def imported(tree: ast.Module, module: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield (line, layer) of every import of our own package; the layer "" is the front, `simulacra/__init__.py`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            full = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(module[: -node.level]) if node.level else []
            base += node.module.split(".") if node.module else []
            full = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for name in full:
            if name[0] == "simulacra":
                yield node.lineno, name[1] if len(name) > 1 and name[1] in BELOW else ""
