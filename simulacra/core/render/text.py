"""A report as text for a terminal: verdict, headline figures, what is wrong, what is ok, what was not tested."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from simulacra.core.render import words
from simulacra.core.report import Finding, Report

COLOURS = {"fail": "31;1", "warn": "33", "unknown": "36", "ok": "32"}
SHOWN = 40
"""Findings told in full; a table of thousands of columns must not flood a terminal."""


def render(report: Report, width: int = 100, colour: bool = False) -> str:
    """Return the summary in lines of at most `width` characters (72 or more); colour: mark verdicts with ANSI codes."""
    width = max(width, 72)
    parts = [
        _verdict(report, width, colour),
        _headlines(report, width, colour),
        _wrong(report, width, colour),
        _open(report, width, colour),
        _ok(report, width),
        _untested(report, width),
    ]
    return "\n\n".join(p for p in parts if p)


def _paint(verdict: str, text: str, colour: bool) -> str:
    return f"\x1b[{COLOURS[verdict]}m{text}\x1b[0m" if colour else text


def _verdict(report: Report, width: int, colour: bool) -> str:
    head = f"{report.verdict.upper():<8}"
    body = _wrap(words.verdict_sentence(report), width - 8)
    first = _paint(report.verdict, head, colour) + body[0]
    return "\n".join([words.short(words.title(report), width), first, *(" " * 8 + line for line in body[1:])])


def _headlines(report: Report, width: int, colour: bool) -> str:
    found = words.headlines(report)[:12]
    if not found:
        return ""
    header = ("", "value", "95 % interval", "fresh real", "limit", "verdict")
    rows = [
        (f.name, words.figure(f.value), words.span(f.interval), words.figure(f.fresh), words.figure(f.limit), f.verdict)
        for f in found
    ]
    wide = [max(words.cells(row[i]) for row in (header, *rows)) for i in range(6)]
    room = width - 2 - sum(wide[1:]) - 2 * 5
    wide[0] = min(wide[0], max(room, 16))
    lines = [_row(header, wide)]
    for row in rows:
        names = _wrap(words.clean(row[0]), wide[0])
        lines.append(_row((names[0], *row[1:]), wide, colour))
        lines += ["  " + name for name in names[1:]]
    return "\n".join(lines)


def _row(cells: Sequence[str], wide: Sequence[int], colour: bool = False) -> str:
    first, *rest, verdict = cells
    middle = "  ".join(words.pad(c, w, right=True) for c, w in zip(rest, wide[1:], strict=False))
    end = _paint(verdict, verdict, colour) if verdict in COLOURS else verdict
    return f"  {words.pad(first, wide[0])}  {middle}  {end}".rstrip()


def _wrong(report: Report, width: int, colour: bool) -> str:
    bad = words.of_verdict(report, "fail", "warn")
    if not bad:
        return ""
    lines = ["What is wrong"]
    for finding in bad[:SHOWN]:
        lines += _finding(finding, width, colour)
    if len(bad) > SHOWN:
        lines.append(f"  and {len(bad) - SHOWN} more; the HTML page and the JSON have them all")
    return "\n".join(lines)


def _finding(finding: Finding, width: int, colour: bool) -> list[str]:
    head = f"  {_paint(finding.verdict, finding.verdict, colour)}  {words.clean(finding.guard)}: "
    figures = "" if finding.headline or finding.value is None else f" ({_figures(finding)})"
    lines = [head + words.short(finding.name, 60) + figures]
    lines += [" " * 8 + line for line in _wrap(words.sentence(finding), width - 8)]
    if finding.columns:
        names, more = words.column_names(finding.columns, 8)
        listed = ", ".join(names) + (f" and {more:,} more" if more else "")
        lines += _labelled("columns", listed, width)
    if finding.advice:
        lines += _labelled("try", words.clean(finding.advice), width)
    return lines


def _figures(finding: Finding) -> str:
    fresh = "" if finding.fresh is None else f", fresh real {words.figure(finding.fresh)}"
    limit = "" if finding.limit is None else f", limit {words.figure(finding.limit)}"
    return words.figure(finding.value) + fresh + limit


def _labelled(label: str, text: str, width: int) -> list[str]:
    first, *rest = _wrap(text, width - 18)
    return [f"        {label + ':':<9} {first}", *(" " * 18 + line for line in rest)]


def _ok(report: Report, width: int) -> str:
    good = words.of_verdict(report, "ok")
    if not good:
        return ""
    lines = ["What is ok"]
    for guard in dict.fromkeys(f.guard for f in good):
        found = [f for f in good if f.guard == guard]
        names = list(dict.fromkeys(words.short(f.name, 48) for f in found))
        more = f" and {len(names) - 16} more" if len(names) > 16 else ""
        first, *rest = _wrap("; ".join(names[:16]) + more, width - 14)
        lines += [f"  {words.pad(words.short(guard, 10), 10)}  {first}", *(" " * 14 + line for line in rest)]
    return "\n".join(lines)


def _open(report: Report, width: int, colour: bool) -> str:
    found = [f for f in words.of_verdict(report, "unknown") if not words.untested(f)]
    lines = ["What is too little to tell"] if found else []
    for finding in found[:SHOWN]:
        lines += _finding(finding, width, colour)
    if len(found) > SHOWN:
        lines.append(f"  and {len(found) - SHOWN} more; the HTML page and the JSON have them all")
    return "\n".join(lines)


def _untested(report: Report, width: int) -> str:
    absent = [f for f in report.findings if words.untested(f)]
    if not absent:
        return ""
    lines = ["What was not tested"]
    for finding in absent[:SHOWN]:
        said = words.clean(f"{finding.name}: {finding.sentence.removeprefix('not tested: ')}")
        first, *rest = _wrap(said, width - 4)
        lines += ["  " + first, *("    " + line for line in rest)]
    if len(absent) > SHOWN:
        lines.append(f"  and {len(absent) - SHOWN} more")
    return "\n".join(lines)


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 16), break_on_hyphens=False) or [""]
