"""Forty-eight short texts in several styles and languages, their identifiers marked; invented, written for this test.

notes.txt holds a text a line. [[TYPE|words]] marks an identifier, [[TYPE|words|part]] one of which only a part counts.
"""

from __future__ import annotations

import re
from pathlib import Path

_MARK = re.compile(r"\[\[([A-Z_]+)\|([^|\]]+)(?:\|([^\]]+))?\]\]")


def texts() -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Return each text with its identifiers: start, end (exclusive), type."""
    read = []
    for line in Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines():
        text, spans, done = "", [], 0
        for match in _MARK.finditer(line):
            text += line[done : match.start()]
            kept = match[3] or match[2]
            start = len(text) + match[2].index(kept)
            spans.append((start, start + len(kept), match[1]))
            text += match[2]
            done = match.end()
        read.append((text + line[done:], spans))
    return read
