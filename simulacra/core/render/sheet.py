"""A View of kind "images": one contact sheet inside the page, enlarged without smoothing, a caption beside each row."""

from __future__ import annotations

import re
from html import escape

from simulacra.core.render.markup import bdi
from simulacra.core.render.words import clean, count, short
from simulacra.core.report import View

WIDE = 720
"""Pixels on the screen that a sheet is enlarged to at most, by a whole factor so that its pixels stay square."""
CELL = 96
"""Pixels on the screen that one image is enlarged to at most."""
PNG = re.compile(r"iVBORw0KGgo[A-Za-z0-9+/]+={0,2}")


def draw(view: View, key: str) -> str:
    """Return the sheet with its captions and its note.

    data: png (base64), width and height (pixels of the sheet), cell (side of one image), columns, rows (captions).
    """
    data = view.data
    png, rows = str(data["png"]), [clean(r) for r in data["rows"]]
    wide, high, cell, columns = (int(data[name]) for name in ("width", "height", "cell", "columns"))
    if not PNG.fullmatch(png):
        raise ValueError("the sheet is no PNG in base64")
    if min(wide, high, cell, columns) < 1 or not rows:
        raise ValueError(f"a sheet of {wide} x {high} pixels and {len(rows)} rows shows nothing")
    scale = max(1, min(WIDE // wide, CELL // cell))
    captions = "".join(f"<li>{bdi(row, 40)}</li>" for row in rows)
    told = f"{short(view.title, 120)}: {count(len(rows), 'row')} of {count(columns, 'image')}: {'; '.join(rows)}"
    note = f'<p class="note">{escape(clean(view.note))}</p>' if view.note else ""
    return (
        f'<div class="sheet"><ul aria-hidden="true">{captions}</ul>'
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(short(view.title, 120))}">'
        f'<img alt="{escape(short(told, 600))}" width="{wide * scale}" height="{high * scale}" '
        f'src="data:image/png;base64,{png}"></div></div>{note}'
    )
