"""The page to sign, made to be printed: the privacy claim, and everything that stands behind it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from simulacra.core.render import words
from simulacra.core.render.html import stylesheet
from simulacra.core.render.markup import table
from simulacra.core.render.views import draw
from simulacra.core.report import Finding, Report, View

NOT_COVERED = (
    "What is true of people in general: that smokers fall ill more often can be learned from these rows about somebody "
    "who was never among them.",
    "Facts declared public: the guarantee takes them as known to everyone, and does not check that they are.",
    "Other releases from the same people: their budgets add to this one.",
    "The machine and those who ran it: the time a run took, its messages and its working files are not part of the "
    "release.",
)
ANNEX = "Annex"
APART = (
    "<p><b>This copy is not for release:</b> its audit was computed from real rows, which no budget paid. Keep it "
    "where they are kept; the sign.html of the output may be released.</p>"
)


@dataclass(frozen=True)
class Page:
    """What the page shows. report: of the release, with the findings of the guard "claim". title: what was made.

    checklist: items of Safe Harbor as mappings of item, words, state, covered, how. audit: the report of an audit, None
    when none was run. facts: versions, hashes and other plain values for the foot of the page. apart: the audit looked
    at real rows without paying, so this page is not released.
    """

    title: str
    report: Report
    checklist: Sequence[Mapping[str, Any]] = ()
    audit: Report | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    apart: bool = False


def render(page: Page) -> str:
    """Return the page as HTML: no script, nothing from anywhere else, the same bytes for the same page."""
    css = stylesheet() + stylesheet("sign.css")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    sections = [(name, body) for name, body in _sections(page) if body]
    body = "".join(
        f'<section class="{_place(i, name)}" aria-labelledby="s{i}"><h2 id="s{i}">{i + 1}. {escape(name)}</h2>'
        f"{inner}</section>"
        for i, (name, inner) in enumerate(sections)
    )
    name = escape(words.clean(page.title))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>To sign: {name}</title>\n<style>{css}</style>\n</head>\n"
        f'<body class="sign">\n<header><p class="kind">Privacy statement, to read and sign</p>'
        f"<h1><bdi>{name}</bdi></h1>{_claim(page.report)}{APART * page.apart}</header>\n<main>\n{body}\n</main>\n"
        "<footer><p>Made by Simulacra. This file is complete in itself: it holds no script and loads nothing. Any "
        "browser prints it, or saves it as PDF.</p></footer>\n</body>\n</html>\n"
    )


def _place(number: int, name: str) -> str:
    """Return how a section is printed: the first two side by side, annexes after the signature."""
    return "annex" if name.startswith(ANNEX) else "half" if number < 2 else ""


def _claim(report: Report) -> str:
    found = next((f for f in report.findings if f.guard == "claim" and f.headline), None)
    if found is None:
        return '<p class="claim">No privacy claim is made.</p>'
    return f'<p class="claim {found.verdict}">{escape(words.clean(found.sentence))}.</p>'


def _sections(page: Page) -> list[tuple[str, str]]:
    views = {v.title.split(":")[0].split(" (")[0]: v for v in page.report.views if v.guard == "claim"}
    return [
        ("What it means for one person", _drawn(views, "Epsilon as odds for one person")),
        ("What is taken as public", _drawn(views, "What is taken as public")),
        ("Where the budget went", _told(page.report, "ledger") + _drawn(views, "Where the budget went")),
        ("The audit", _audit(page.audit)),
        ("Singling out, linkability, inference (GDPR)", _risks(page.audit)),
        ("What was not tested, and what no guarantee covers", _untested(page)),
        ("Signature", SIGNATURE),
        ("Annex: Safe Harbor (HIPAA)", _checklist(page.checklist)),
        ("Annex: error and noise", _noise(page.report, views)),
        ("Annex: the ledger in full", _drawn(views, "The ledger")),
        ("Annex: versions and hashes", _facts(page.facts)),
    ]


SIGNATURE = (
    "<p>I have read this page. The facts in section 2 are public, nothing else was released from the same persons "
    "under this budget, and I approve the release.</p>"
    '<div class="lines"><p>Name</p><p>Role</p><p>Date and place</p><p>Signature</p></div>'
)


def _drawn(views: Mapping[str, View], title: str) -> str:
    found = views.get(title)
    return "" if found is None else draw(found, title.split()[-1].lower())


def _told(report: Report, name: str) -> str:
    return "".join(_line(f) for f in report.findings if f.guard == "claim" and f.name == name)


def _line(finding: Finding) -> str:
    return f"<p><b>{finding.verdict}</b>: {escape(words.clean(finding.sentence))}.</p>"


def _noise(report: Report, views: Mapping[str, View]) -> str:
    drawn = _drawn(views, "Error to expect against epsilon") + _drawn(
        views, "How far noise alone moves each measured marginal"
    )
    return _told(report, "error bounds") + drawn


def _audit(audit: Report | None) -> str:
    if audit is None:
        return (
            "<p>Not run for this page. <code>simulacra check FOLDER --audit --sign FILE.html</code> runs it and writes "
            "this page again with its figures.</p>"
        )
    shown = [f for f in audit.findings if f.guard in ("audit", "privacy") and not words.untested(f)]
    return _findings(shown, "Attacks and bounds of the audit")


RISKS = ("singling out", "linkability", "inference")


def _risks(audit: Report | None) -> str:
    found = [] if audit is None else [f for f in audit.findings if any(r in f.name.lower() for r in RISKS)]
    measured = [f for f in found if f.value is not None]
    if measured:
        return _findings(measured, "The three risks, beyond what the control group shows")
    return (
        "<p>Not measured here: these three figures compare made rows with the real ones, and need "
        "<code>simulacra check FOLDER --audit --real FILE --holdout FILE</code>, whose page stays with the real rows. "
        "Under differential privacy none of the three can succeed on one person by more than the odds of section 1 "
        "allow.</p>"
    )


def _findings(found: Sequence[Finding], caption: str) -> str:
    rows = [
        [
            escape(words.short(f.name, 80)),
            f.verdict,
            words.figure(f.value),
            words.span(f.interval),
            words.figure(f.fresh),
            escape(words.clean(f.sentence)),
        ]
        for f in found
    ]
    header = ("figure", "verdict", "value", "95 % interval", "control", "what it means")
    return table(header, rows, caption, len(rows)) if rows else "<p>Nothing was measured.</p>"


def _checklist(items: Sequence[Mapping[str, Any]]) -> str:
    if not items:
        return ""
    rows = [
        [escape(f"{i['item']}. {i['words']}"), *(escape(words.clean(i[k])) for k in ("state", "covered", "how"))]
        for i in items
    ]
    lead = (
        "<p>The eighteen identifiers of 45 CFR 164.514(b)(2). Safe Harbor also asks that the holder has no actual "
        "knowledge that what is left could identify somebody; no tool can attest that.</p>"
    )
    return (
        f'{lead}<div class="items">'
        + table(("identifier", "state", "covered", "how"), rows, "Safe Harbor, item by item", len(rows))
        + "</div>"
    )


def _untested(page: Page) -> str:
    reports = (page.report, *(() if page.audit is None else (page.audit,)))
    found = dict.fromkeys(f"{f.name}: {f.sentence}" for r in reports for f in r.findings if words.untested(f))
    listed = "".join(f"<li>{escape(words.clean(t))}</li>" for t in (*found, *NOT_COVERED))
    return f'<ul class="plain">{listed}</ul>'


def _facts(facts: Mapping[str, Any]) -> str:
    rows = [[escape(words.clean(k)), f"<code>{escape(words.clean(v))}</code>"] for k, v in facts.items()]
    return table(("what", "value"), rows, "Versions and hashes", len(rows)) if rows else ""
