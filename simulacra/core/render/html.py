"""A report as one HTML page: no script, nothing from anywhere else, the same bytes for the same report."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from simulacra.core.render import svg, words
from simulacra.core.render.glossary import used
from simulacra.core.render.markup import bdi, table
from simulacra.core.render.views import draw
from simulacra.core.report import Finding, Report, View

LIMIT = 480_000
"""Bytes of a page; it shows fewer columns and findings rather than more bytes."""
STEPS = ((24, 120), (16, 60), (8, 30), (3, 12), (0, 4))
"""Views a section and findings a guard that are shown: the first pair that fits."""
MARKS = ("title", "name", "kind", "facts", "lineage", "recipe", "about")


def render(report: Report) -> str:
    """Return the page, under 500 kB whatever the width of the table."""
    page = ""
    for views, findings in STEPS:
        page = _page(report, views, findings)
        if len(page.encode()) <= LIMIT:
            break
    return page


@cache
def stylesheet(name: str = "style.css") -> str:
    """Return a stylesheet: that of all pages, or one that follows it."""
    from importlib.resources import files

    return files("simulacra.core.render").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _page(report: Report, most_views: int, most_findings: int) -> str:
    css = stylesheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    sections = [s for s in _sections(report, most_views, most_findings) if s[2]]
    glossary = _glossary("".join(body for _, _, body in sections))
    sections.append(("terms", "Terms", glossary))
    links = "".join(f'<li><a href="#{key}">{name}</a></li>' for key, name, _ in sections)
    body = "".join(
        f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{name}</h2>{body}</section>'
        for key, name, body in sections
    )
    # Images stand inside the page; where there are none, none may be shown.
    images = "; img-src data:" if "<img " in body else ""
    policy = f"default-src 'none'; style-src 'sha256-{digest}'{images}; base-uri 'none'; form-action 'none'"
    name = escape(words.title(report))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{name}: {report.verdict}</title>\n<style>{css}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">Skip to the findings</a>\n{_header(report, name)}\n'
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n<main id="main" tabindex="-1">\n{body}\n</main>\n'
        f"<footer><p>Made by Simulacra. This file is complete in itself: it holds no script and loads nothing.</p>"
        f"</footer>\n</body>\n</html>\n"
    )


KIND = "Report on synthetic data"


def _header(report: Report, name: str) -> str:
    about = report.meta.get("about")
    pictured = any(view.kind == "images" for view in report.views)
    shown = "counts and figures, and some images of both" if pictured else "counts and figures, no rows"
    told = about if isinstance(about, str) else f"Made rows compared with real ones: {shown}."
    return (
        f'<header><p class="kind">{escape(words.short(report.meta.get("kind") or KIND))}</p><h1><bdi>{name}</bdi></h1>'
        f'<p class="about">{escape(words.clean(told))}</p>'
        f'<div class="verdict {report.verdict}">{svg.icon(report.verdict)}<div>'
        f"<strong>Verdict: {report.verdict}</strong>"
        f"<p>{escape(words.verdict_sentence(report))}</p></div></div></header>"
    )


def _sections(report: Report, most_views: int, most_findings: int) -> list[tuple[str, str, str]]:
    """Return key, name and content of each section, in reading order."""
    places: dict[str, list[View]] = {"images": [], "texts": [], "columns": [], "pairs": [], "comparisons": []}
    for view in sorted(report.views, key=_rank):
        places[_place(view)].append(view)
    meta = report.meta
    return [
        ("figures", "Headline figures", _cards(words.headlines(report))),
        ("findings", "Findings", _findings(report, most_findings)),
        ("images", "Images", _views(places["images"], "i", most_views, IMAGES)),
        ("texts", "Rows to read", _views(places["texts"], "t", most_views, TEXTS)),
        ("columns", "Columns, worst first", _views(places["columns"], "c", most_views, COLUMNS)),
        ("pairs", "Links between columns", _views(places["pairs"], "m", min(most_views, 9), PAIRS)),
        ("comparisons", "Comparisons", _views(places["comparisons"], "r", most_views, "")),
        ("all", "All figures", _all(words.ordered(report.findings), 2 * most_findings)),
        ("untested", "Not tested", _untested([f for f in report.findings if words.untested(f)], most_findings)),
        ("method", "What the method says", facts(meta.get("facts"), most_findings // 2)),
        ("lineage", "Lineage and recipe", _origin(meta, most_findings // 2)),
    ]


def _place(view: View) -> str:
    """Return the section a view stands in."""
    if view.kind in ("images", "texts"):
        return view.kind
    if view.kind == "matrix":
        return "pairs"
    return "columns" if view.column and view.kind in ("histogram", "levels") else "comparisons"


def _rank(view: View) -> float:
    """Return the order within a section: columns worst first, tables after drawings, others as they came."""
    return -view.score if _place(view) == "columns" else float(view.kind == "table")


COLUMNS = "Real rows are the filled shape, made rows the line, on the same axes; shares of rows."
IMAGES = (
    "Enlarged without smoothing. Rows called real show real images: share the report only where these may be shared."
)
TEXTS = "Made rows as they stand in the output, from all over it; unfold one to read it."
PAIRS = "Each cell is a pair of columns; the numbers above stand for the columns beside them."


def _badge(verdict: str) -> str:
    return f'<span class="badge {verdict}">{svg.icon(verdict)}{verdict}</span>'


def _cards(found: Sequence[Finding]) -> str:
    return f'<ul class="cards">{"".join(_card(f) for f in found[:12])}</ul>{GAUGE}' if found else ""


GAUGE = (
    '<p class="note">On each strip the dot is the figure with its interval, the diamond what a fresh real sample gets, '
    "and the tinted side lies beyond the limit.</p>"
)


def _card(f: Finding) -> str:
    big = '<p class="big none">no figure</p>' if f.value is None else f'<p class="big">{words.figure(f.value)}</p>'
    return (
        f'<li class="card"><div class="top"><h3>{escape(words.short(f.name, 80))}</h3>{_badge(f.verdict)}</div>'
        f"{big}{_measured(f)}<p>{_told(words.gist(f))}</p></li>"
    )


def _findings(report: Report, most: int) -> str:
    out = []
    judged = [f for f in report.findings if not words.untested(f)]
    grave = {g: min(words.GRAVE.index(f.verdict) for f in judged if f.guard == g) for g in {f.guard for f in judged}}
    order = list(dict.fromkeys(f.guard for f in judged))
    for guard in sorted(order, key=lambda g: grave[g]):
        found = words.ordered([f for f in judged if f.guard == guard])
        bad = [f for f in found if f.verdict != "ok"]
        good = [f for f in found if f.verdict == "ok"]
        ask = words.QUESTIONS.get(guard, "")
        lead = f'<p class="note">{ask}</p>' if ask else ""
        shown = "".join(_finding(f) for f in bad[:most]) + _more(len(bad) - most)
        if good:
            listed = "".join(_finding(f) for f in good[:most]) + _more(len(good) - most)
            number = words.count(len(good), "figure is ok", "figures are ok")
            names = "; ".join(dict.fromkeys(words.short(f.name, 48) for f in good[:16]))
            shown += (
                f'<details><summary>{number}</summary>{listed}</details><p class="note folded">{escape(names)}'
                f"{' and others' if len(good) > 16 else ''}</p>"
            )
        out.append(f'<div class="guard"><h3>{bdi(guard.capitalize())}</h3>{lead}{shown}</div>')
    return "".join(out)


def _more(number: int) -> str:
    told = f'<p class="note">{number:,} more are not shown here; the JSON report has them all.</p>'
    return told if number > 0 else ""


def _finding(f: Finding) -> str:
    names, more = words.column_names(f.columns, 12)
    chips = "".join(f"<li>{bdi(n)}</li>" for n in names) + (f"<li>and {more:,} more</li>" if more else "")
    said = f"<p>{_told(words.sentence(f))}</p>"
    if chips:
        said += f'<ul class="chips" aria-label="Columns">{chips}</ul>'
    if f.advice:
        said += f"<p><b>What to try:</b> {escape(words.short(f.advice, 1200))}</p>"
    if f.reference:
        said += f'<p class="note">Reference: {escape(words.short(f.reference, 300))}</p>'
    name = escape(words.short(f.name, 120))
    return (
        f'<article class="finding {f.verdict}"><h4>{_badge(f.verdict)}<span>{name}</span></h4>'
        f'<div class="said">{said}</div>{_measured(f)}</article>'
    )


def _told(text: str) -> str:
    """Return a sentence in which no per cent sign is left alone on a line."""
    return escape(text).replace(" %", "&nbsp;%")


def _measured(f: Finding) -> str:
    """Return the figures of a finding beside their strip; nothing where none was computed."""
    if f.value is None:
        return ""
    rows = (
        ("value", words.figure(f.value)),
        ("95 % interval", words.span(f.interval, "")),
        ("fresh real sample", words.figure(f.fresh, "")),
        ("limit", words.figure(f.limit, "")),
    )
    told = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows if value)
    strip = svg.gauge(f.value, f.interval, f.fresh, f.limit, f.verdict == "fail")
    return f'<div class="measured">{strip}<dl>{told}</dl></div>'


def _views(views: Sequence[View], key: str, most: int, lead: str) -> str:
    if not views:
        return ""
    drawn = "".join(draw(view, f"{key}{i}", key == "c") for i, view in enumerate(views[:most]))
    hidden = views[most:]
    about = f'<p class="about">{lead}</p>' if lead else ""
    if not hidden:
        return f'{about}<div class="views">{drawn}</div>'
    names = [words.short(v.column or v.title, 30) for v in hidden[:40]]
    listed = ", ".join(bdi(n) for n in names) + (f" and {len(hidden) - 40:,} more" if len(hidden) > 40 else "")
    told = f'<p class="note">{len(hidden):,} more are not shown, because they are less far off: {listed}.</p>'
    return f'{about}<div class="views">{drawn}</div>{told}'


def _all(found: Sequence[Finding], most: int) -> str:
    rows = [
        [
            escape(words.short(f.name, 80)),
            bdi(f.guard, 30),
            _badge(f.verdict),
            words.figure(f.value),
            words.span(f.interval),
            words.figure(f.fresh),
            words.figure(f.limit),
        ]
        for f in found
    ]
    header = ("figure", "guard", "verdict", "value", "95 % interval", "fresh real sample", "limit")
    return f'<div class="all">{table(header, rows, "All figures, gravest first", most)}</div>' if rows else ""


BOUNDS = "What no guard measures is not covered: an ok says that a test found nothing, not that nothing is there."


def _untested(found: Sequence[Finding], most: int) -> str:
    if not found:
        return f'<p class="about">Every figure that these guards measure was computed. {BOUNDS}</p>'
    items = "".join(
        f"<li><b>{escape(words.short(f.name, 80))}</b> ({bdi(f.guard, 30)}): "
        f"{escape(words.short(f.sentence.removeprefix('not tested: '), 600))}</li>"
        for f in found[:most]
    )
    return f'<ul class="plain">{items}</ul>{_more(len(found) - most)}<p class="note">{BOUNDS}</p>'


def facts(value: Any, most: int, depth: int = 0) -> str:
    """Return plain values as nested lists of names and values; most: entries of a mapping that are shown."""
    if isinstance(value, Mapping):
        kept = list(value.items())[:most]
        inner = "".join(f"<dt>{bdi(str(k), 60)}</dt><dd>{facts(v, most, depth + 1)}</dd>" for k, v in kept)
        more = f"<dt>and {len(value) - most:,} more</dt><dd></dd>" if len(value) > most else ""
        return f'<dl class="facts">{inner}{more}</dl>' if kept and depth < 4 else bdi(str(dict(value)), 200)
    if isinstance(value, (list, tuple)):
        listed = ", ".join(facts(v, most, 4) for v in value[:20])
        return (listed or "none") + (f" and {len(value) - 20:,} more" if len(value) > 20 else "")
    if value is None:
        return "none" if depth else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value):
        return words.figure(value)
    return bdi(str(value), 400)


def _origin(meta: Mapping[str, Any], most: int) -> str:
    out = []
    rest = {k: v for k, v in meta.items() if k not in MARKS}
    for name, value in (("Run", rest), ("Lineage", meta.get("lineage")), ("Recipe", meta.get("recipe"))):
        if value:
            out.append(f'<div class="guard"><h3>{name}</h3>{facts(value, most)}</div>')
    return "".join(out)


def _glossary(text: str) -> str:
    items = "".join(f"<div><dt>{escape(term)}</dt><dd>{escape(said)}</dd></div>" for term, said in used(text))
    return f'<dl class="terms">{items}</dl>'
