"""Words and numbers that text and page share: cleaning, figures, names, the order of findings, the verdict sentence."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from simulacra.core.report import Finding, Report

GRAVE = ("fail", "warn", "unknown", "ok")
"""Verdicts in the order in which they are shown."""

QUESTIONS = {
    "fidelity": "Does it look like the real data?",
    "utility": "Does it teach a model what the real data teaches?",
    "privacy": "Does it give away rows it was made from?",
    "claim": "What is promised to every single person, and does the ledger bear it out?",
    "answers": "Is every row there, and what was asked for it?",
    "diversity": "Do the texts differ, or say the same again?",
    "content": "Do person data or secrets stand in them?",
    "images": "Do the pictures look real, vary as much, and show what their label says, without being copies?",
}


def clean(text: object) -> str:
    """Return text that can do no harm where it is shown: control and direction characters become visible escapes."""
    given = str(text)
    if given.isascii() and given.isprintable():
        return given
    out = []
    for char in given:
        kind = unicodedata.category(char)
        if kind == "Cs":
            out.append("\N{REPLACEMENT CHARACTER}")
        elif char in "\n\t\r" or kind == "Cc" or (kind == "Cf" and unicodedata.bidirectional(char) != "BN"):
            out.append(char.encode("unicode_escape").decode("ascii"))
        else:
            out.append(char)
    return "".join(out)


def short(text: object, limit: int = 60) -> str:
    """Return clean text of at most `limit` characters, cut in the middle so that both ends can be recognised."""
    # Cut before cleaning, so that a text of any length costs little, and again where escapes made it longer.
    return _cut(clean(_cut(str(text), limit)), limit)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    tail = (limit - 3) // 3
    return text[: limit - 3 - tail] + "..." + text[len(text) - tail :]


def figure(value: float | None, absent: str = "-") -> str:
    """Return a number with the digits that matter: 0.5135, 12.3, 48,842, 0.00012."""
    if value is None:
        return absent
    size = abs(value)
    if value == int(value) and size < 1e15:
        return f"{int(value):,}"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 0.001:
        return f"{value:.4f}"
    if size >= 0.0001:
        return f"{value:.2g}"
    # A remainder of rounding is no figure to read digits of.
    return "0" if size < 1e-9 else "<0.0001" if value > 0 else ">-0.0001"


def span(interval: tuple[float, float] | None, absent: str = "-") -> str:
    """Return an interval as "low to high"."""
    return absent if interval is None else f"{figure(interval[0])} to {figure(interval[1])}"


def percent(share: float) -> str:
    """Return a share (0..1) in per cent; a trace is never shown as nothing."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    return f"{100 * share:.1f} %"


def amount(value: float) -> str:
    """Return a short number for an axis: 1990, 25k, 1.5M."""
    size = abs(value)
    for unit, name in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= unit:
            scale = 1e3 if name == "k" else unit
            return f"{value / scale:.4g}{name}"
    return f"{value:.4g}"


def count(number: int, one: str, many: str = "") -> str:
    """Return "1 column" or "3 columns"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def cells(text: str) -> int:
    """Return how many places of a terminal a text takes: wide letters take two, marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, wide: int, right: bool = False) -> str:
    """Return a text filled with blanks to so many places of a terminal; right: blanks first."""
    space = " " * max(0, wide - cells(text))
    return space + text if right else text + space


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings gravest first, headlines before others, otherwise as they came."""
    return sorted(findings, key=lambda f: (GRAVE.index(f.verdict), not f.headline))


def of_verdict(report: Report, *verdicts: str) -> list[Finding]:
    """Return the findings with one of these verdicts, gravest first."""
    return ordered([f for f in report.findings if f.verdict in verdicts])


def untested(finding: Finding) -> bool:
    """Return whether nothing was measured; an unknown with a figure was measured, but is too little to tell."""
    return finding.verdict == "unknown" and finding.value is None


def headlines(report: Report) -> list[Finding]:
    """Return the figures to show first: those marked so, or the four gravest that have a value."""
    marked = [f for f in report.findings if f.headline]
    return marked or ordered([f for f in report.findings if f.value is not None])[:4]


def title(report: Report) -> str:
    """Return the name of what was checked."""
    return short(report.meta.get("title") or report.meta.get("name") or "Synthetic data", 120)


def verdict_sentence(report: Report) -> str:
    """Return the verdict in one sentence, with the figures that decide it."""
    if isinstance(report.meta.get("answer"), str):
        # A trial asks a question of its own; its answer is no count of figures.
        return clean(report.meta["answer"])
    judged = [f for f in report.findings if f.verdict != "unknown"]
    untested = len(report.findings) - len(judged)
    tail = f" {count(untested, 'figure was', 'figures were')} not tested." if untested else ""
    # Texts stand alone: nothing real of their kind is beside them.
    compared = any(f.fresh is not None for f in judged) or "real rows" in report.meta
    if report.verdict in ("fail", "warn"):
        bad = of_verdict(report, report.verdict)
        names = "; ".join(dict.fromkeys(short(f.name, 48) for f in bad[:4]))
        more = f" and {len(bad) - 4:,} more" if len(bad) > 4 else ""
        near = "worse than fresh real data, but within the limit" if compared else "near the limit"
        what = "beyond the limit" if report.verdict == "fail" else near
        verb = "is" if len(bad) == 1 else "are"
        return f"{len(bad):,} of {count(len(judged), 'figure')} {verb} {what}: {names}{more}.{tail}"
    if report.verdict == "unknown":
        return f"Too little could be tested to tell.{tail}"
    beyond = "what fresh real data shows" if compared else "its limit"
    return f"None of {count(len(judged), 'figure')} is beyond {beyond}.{tail}"


def sentence(finding: Finding, most: int = 1200) -> str:
    """Return the sentence of a finding with a capital and a full stop, unless it begins with a column's name."""
    text = short(finding.sentence, most).strip()
    named = any(text.startswith(clean(c)) for c in finding.columns if c)
    text = text if named else text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?:" else text + "."


def gist(finding: Finding, most: int = 180) -> str:
    """Return the first sentence of a finding, or as many of its words as fit."""
    text = sentence(finding)
    first = text.split(". ")[0].removesuffix(".") + "."
    if len(first) <= most:
        return first
    return first[:most].rsplit(" ", 1)[0].rstrip(",;:") + " ..."


def column_names(columns: Sequence[str], most: int) -> tuple[list[str], int]:
    """Return the first names, shortened, and how many more there are."""
    return [short(c) for c in columns[:most]], max(0, len(columns) - most)
