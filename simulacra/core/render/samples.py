"""A View of kind "texts": made rows to read, each folded behind its first words."""

from __future__ import annotations

from html import escape

from simulacra.core.render.markup import bdi
from simulacra.core.render.words import clean, short
from simulacra.core.report import View

GLANCE = 90
"""Letters of a row that stand beside its name while it is folded."""


def draw(view: View, key: str) -> str:
    """Return the rows, each with its cells by name. data: rows, each with name and cells, a list of [name, text]."""
    rows = [(str(row["name"]), [(str(name), str(text)) for name, text in row["cells"]]) for row in view.data["rows"]]
    if not rows:
        raise ValueError("there is no row to read")
    note = f'<p class="note">{escape(clean(view.note))}</p>' if view.note else ""
    return "".join(_row(name, cells) for name, cells in rows) + note


def _row(name: str, cells: list[tuple[str, str]]) -> str:
    longest = max((text for _, text in cells), key=len, default="")
    told = "".join(f"<dt>{bdi(column, 60)}</dt><dd>{_text(text)}</dd>" for column, text in cells)
    return (
        f"<details><summary><b>{escape(short(name, 40))}</b> {bdi(' '.join(longest.split()), GLANCE)}</summary>"
        f"<dl>{told}</dl></details>"
    )


def _text(text: str) -> str:
    """Return a text with its own lines, and nothing in it that a page or a terminal would obey."""
    return "<bdi>" + "\n".join(escape(clean(line)) for line in text.splitlines()) + "</bdi>"
