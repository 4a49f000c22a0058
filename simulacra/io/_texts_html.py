"""HTML as sections of readable text: headings, paragraphs, lists and tables, without what a reader does not see."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from simulacra.io._texts_plain import Section, by_heading

UNSEEN = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "iframe", "object", "nav", "title", "select")
)
"""Elements that are left out with all they hold."""
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
"""Elements without an end."""
BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt", "fieldset",
     "figcaption", "figure", "footer", "form", "header", "hr", "main", "ol", "p", "pre", "section", "summary", "table",
     "tbody", "tfoot", "thead", "ul")
)  # fmt: skip
"""Elements before and after which a paragraph ends."""
CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)


def charset(head: bytes) -> str | None:
    """Return the encoding that a page says it has, None where it says nothing or names none that is known."""
    import codecs

    found = CHARSET.search(head)
    if found is None:
        return None
    try:
        return codecs.lookup(found.group(1).decode("ascii")).name
    except LookupError:
        return None


def html(text: str) -> list[Section]:
    """Return the sections of a page by its headings."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return by_heading([(level, " ".join(title.split()), body) for level, title, body in reader.ended()])


class _Reader(HTMLParser):
    """Collects (level, heading, text); what is unseen is counted by its own tag until that is closed as often."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str, str]] = []
        self.level, self.title = 0, ""
        self.parts: list[str] = []
        self.unseen, self.depth = "", 0
        self.kept, self.heading = 0, 0

    def ended(self) -> list[tuple[int, str, str]]:
        """Return what was found, the last section with it."""
        return [*self.found, (self.level, self.title, _lines(self.parts))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.unseen:
            self.depth += tag == self.unseen
        elif tag not in VOID and (tag in UNSEEN or _hidden(dict(attrs))):
            self.unseen, self.depth = tag, 1
        elif re.fullmatch(r"h[1-6]", tag):
            self.found.append((self.level, self.title, _lines(self.parts)))
            self.level, self.title, self.parts, self.heading = int(tag[1]), "", [], int(tag[1])
        elif self.heading:
            self.title += " " if tag == "br" else ""
        elif tag in BLOCKS:
            self.parts.append("\n\n")
            self.kept += tag == "pre"
        else:
            self.parts.append({"br": "\n", "li": "\n- ", "tr": "\n", "td": " | ", "th": " | "}.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if self.unseen:
            self.depth -= tag == self.unseen
            self.unseen = self.unseen if self.depth else ""
        elif self.heading and re.fullmatch(r"h[1-6]", tag):
            self.heading = 0
        elif tag in BLOCKS and not self.heading:
            self.parts.append("\n\n")
            self.kept = max(0, self.kept - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self.unseen:
            return
        if self.heading:
            self.title += data
        else:
            self.parts.append(data if self.kept else re.sub(r"\s+", " ", data))


def _hidden(attrs: dict[str, str | None]) -> bool:
    style = (attrs.get("style") or "").replace(" ", "").lower()
    return "hidden" in attrs or attrs.get("aria-hidden") == "true" or "display:none" in style


def _lines(parts: list[str]) -> str:
    lines = (re.sub(r"^ (?=\S)|(?<=\S) $", "", line) for line in "".join(parts).split("\n"))
    return "\n".join(line[2:] if line.startswith("| ") else line for line in lines)
