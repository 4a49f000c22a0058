"""Pieces of HTML that every section uses: names, tables, legends."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from simulacra.core.render import svg
from simulacra.core.render.words import short

CELLS = 40
"""Columns of a heat map, and rows of a table of numbers, that are shown."""


def bdi(text: str, limit: int = 60) -> str:
    """Return a name that keeps its own writing direction among other words."""
    return f"<bdi>{escape(short(text, limit)) or '&quot;&quot;'}</bdi>"


def table(header: Sequence[object], rows: Sequence[Sequence[str]], caption: str, most: int = CELLS) -> str:
    """Return a table of ready HTML cells that scrolls inside its own box; the first cell of a row names it.

    caption: for those who do not see the heading above. most: rows that are shown.
    """
    head = "".join(f'<th scope="col">{escape(short(h, 60))}</th>' for h in header)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>"
        for row in rows[:most]
    )
    more = f'<p class="note">{len(rows) - most:,} more rows are not shown.</p>' if len(rows) > most else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(short(caption, 120))}"><table>'
        f'<caption class="unseen">{escape(short(caption, 200))}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )


def legend(names: Sequence[str], styles: Sequence[str], shape: str) -> str:
    """Return what each colour and shape stands for."""
    items = "".join(
        f"<li>{svg.swatch(style, shape if style == 'real' or shape != 'area' else 'line')}{bdi(name, 40)}</li>"
        for name, style in zip(names, styles, strict=True)
    )
    return f'<ul class="legend">{items}</ul>'


def folded(inner: str) -> str:
    """Return numbers that fold out below a drawing."""
    return f"<details><summary>Numbers</summary>{inner}</details>"
