"""Plain text and Markdown as sections: a heading, and what stands below it until the next one."""

from __future__ import annotations

import re

Section = tuple[str, str]
"""Where it stands (a heading, a page, a line), and the text."""

HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
WITHIN = " > "
"""Between a heading and the one below it."""


def tidy(text: str) -> str:
    """Return a text without signs that nobody sees, spaces at line ends, and more than one empty line in a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00ad", "").replace("\ufeff", "")
    text = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


def plain(text: str) -> list[Section]:
    """Return a plain text as one section, nothing of an empty one."""
    body = tidy(text)
    return [("", body)] if body else []


def markdown(text: str) -> list[Section]:
    """Return the sections of a Markdown text by its headings; front matter is left out, code stays as it is."""
    lines = _without_front_matter(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    found: list[tuple[int, str, list[str]]] = [(0, "", [])]
    fence = ""
    for line in lines:
        mark = FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence) and not line.strip().strip(fence[0])):
            fence = "" if fence else mark.group(1)
        body = found[-1][2]
        if fence or mark:
            body.append(line)
        elif heading := HEADING.match(line):
            found.append((len(heading.group(1)), _words(heading.group(2) or ""), []))
        elif (under := UNDERLINE.match(line)) and body and body[-1].strip() and _alone(body):
            found.append((1 if under.group(1)[0] == "=" else 2, _words(body.pop()), []))
        else:
            body.append(line)
    return by_heading([(level, title, "\n".join(body)) for level, title, body in found])


def by_heading(found: list[tuple[int, str, str]]) -> list[Section]:
    """Return sections with the path of headings above them, from (level, heading, text below it) in order."""
    out: list[Section] = []
    above: list[tuple[int, str]] = []
    for level, title, body in found:
        if level:
            above = [(at, name) for at, name in above if at < level] + [(level, title)]
        text = tidy(body)
        if text:
            out.append((WITHIN.join(name for _, name in above if name), text))
    return out


def _without_front_matter(lines: list[str]) -> list[str]:
    if lines and lines[0].strip() == "---":
        end = next((i for i, line in enumerate(lines[1:200], 1) if line.strip() in ("---", "...")), 0)
        return lines[end + 1 :] if end else lines
    return lines


def _alone(body: list[str]) -> bool:
    """Tell whether the last line is a paragraph of its own, so that what underlines it makes a heading of it."""
    last = body[-1].lstrip()
    return (len(body) == 1 or not body[-2].strip()) and not last.startswith(("|", "-", "*", ">", "+", "#"))


def _words(title: str) -> str:
    """Return a heading without the marks of links, code and stress."""
    title = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", title)
    return re.sub(r"[`*]+|(?<!\w)_+|_+(?!\w)", "", title).strip()
