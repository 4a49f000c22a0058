"""Finding, View, Report: what a guard says, what it shows, and the whole of it as text, JSON and one HTML file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VERDICTS = ("ok", "unknown", "warn", "fail")
"""From harmless to grave: `unknown` is "too few rows to tell" or "not tested"."""


@dataclass(frozen=True)
class Finding:
    """One judged figure.

    guard: who says it. name: what was measured, in the field's terms. verdict: one of VERDICTS.
    sentence: what it means, in plain words with the columns named. value: the figure; None when it was not computed.
    interval: its 95 % interval. fresh: what a fresh real sample of the same size gets. limit: where `fail` begins.
    columns: those it is about, worst first. advice: what to try. headline: shown first. reference: paper or page.
    """

    guard: str
    name: str
    verdict: str
    sentence: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    fresh: float | None = None
    limit: float | None = None
    columns: tuple[str, ...] = ()
    advice: str = ""
    headline: bool = False
    reference: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict must be one of {VERDICTS}, got {self.verdict!r}")
        for name in ("value", "fresh", "limit"):
            given = getattr(self, name)
            if given is not None:
                # JSON has no NaN: a figure that is none is None.
                object.__setattr__(self, name, float(given) if math.isfinite(given) else None)
        object.__setattr__(self, "headline", bool(self.headline))
        if self.interval is not None:
            low, high = (float(x) for x in self.interval)
            object.__setattr__(self, "interval", (low, high) if math.isfinite(low + high) else None)


@dataclass(frozen=True)
class View:
    """Something to look at: counts and matrices as plain lists, of made images and texts some rows.

    kind: "histogram" (edges, real, made), "levels" (labels, real, made), "matrix" (columns, values, low, high),
    "curve" (x, series), "bars" (labels, series), "effects" (labels, values, low, high, smallest), "table" (header,
    rows), "images" (png, width, height, cell, columns, rows: a contact sheet with a caption a row), "texts" (rows: made
    rows to read, each a name and cells). title: a sentence.
    score: larger is worse, for ordering. column: the column it is about, "" for all.
    """

    guard: str
    kind: str
    title: str
    data: Mapping[str, Any]
    column: str = ""
    score: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Report:
    """All findings and views of a check, with one verdict that is the gravest of them, never an average."""

    findings: tuple[Finding, ...]
    views: tuple[View, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[Finding | View], meta: Mapping[str, Any] | None = None) -> Report:
        """Gather what guards gave, in their order."""
        given = list(items)
        findings = tuple(i for i in given if isinstance(i, Finding))
        return cls(findings, tuple(i for i in given if isinstance(i, View)), dict(meta or {}))

    @property
    def verdict(self) -> str:
        """Return the gravest verdict: fail, warn, unknown (a headline is unknown, or nothing is ok) or ok."""
        seen = {f.verdict for f in self.findings}
        for grave in ("fail", "warn"):
            if grave in seen:
                return grave
        if "ok" not in seen or any(f.headline and f.verdict == "unknown" for f in self.findings):
            return "unknown"
        return "ok"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "verdict": self.verdict,
            "meta": dict(self.meta),
            "findings": [dataclasses.asdict(f) for f in self.findings],
            "views": [dataclasses.asdict(v) for v in self.views],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Report:
        """Read what `to_dict` wrote."""
        findings = []
        for given in value["findings"]:
            given = {**given, "columns": tuple(given["columns"])}
            given["interval"] = tuple(given["interval"]) if given["interval"] else None
            findings.append(Finding(**given))
        return cls(tuple(findings), tuple(View(**v) for v in value["views"]), value["meta"])

    def text(self, width: int = 100) -> str:
        """Return the summary for a terminal."""
        from simulacra.core.render.text import render

        return render(self, width)

    def html(self) -> str:
        """Return one self-contained HTML page: no script, nothing from anywhere else."""
        from simulacra.core.render.html import render

        return render(self)

    def save(self, path: str | Path) -> None:
        """Write the report: .html, .json or .txt by its ending. Raises ConfigError for another, OutputError."""
        from simulacra.core.atomic import write_json, write_text
        from simulacra.core.errors import ConfigError

        ending = Path(path).suffix.lower()
        if ending in (".html", ".htm"):
            write_text(path, self.html())
        elif ending == ".json":
            write_json(path, self.to_dict())
        elif ending == ".txt":
            write_text(path, self.text() + "\n")
        else:
            raise ConfigError(
                f"{path}: a report is written as .html, .json or .txt, not {ending or 'without an ending'}"
            )

    def __str__(self) -> str:
        return self.text()
