"""The summary for a terminal."""

from __future__ import annotations

import unicodedata

import pytest
import report_samples as samples

from simulacra.core.render import text
from simulacra.core.report import Finding, Report


def cells(line: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_order_verdict_first_then_what_is_wrong() -> None:
    said = text.render(samples.plain(), 90)
    assert said.splitlines()[1].startswith("FAIL")
    places = [said.index(s) for s in ("C2ST AUC", "What is wrong", "What is ok", "What was not tested")]
    assert places == sorted(places)
    for part in ("0.9731", "0.9690 to 0.9770", "0.5012", "hours, age", "look for another unit", "audit: needs a model"):
        assert part in said


@pytest.mark.parametrize("width", [72, 80, 100, 140])
def test_fits_the_width(width: int) -> None:
    lines = text.render(samples.plain(), width).splitlines()
    assert max(map(cells, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


def test_figures_are_aligned() -> None:
    lines = text.render(samples.plain(), 90).splitlines()
    header = next(line for line in lines if "95 % interval" in line)
    rows = [line for line in lines if "0.9731" in line or "0.9210" in line]
    end = header.index("value") + len("value")
    assert len(rows) == 2 and all(row[:end].endswith(("0.9731", "0.9210")) for row in rows)


def test_colour_only_when_asked() -> None:
    assert "\x1b" not in text.render(samples.plain())
    coloured = text.render(samples.plain(), colour=True)
    assert "\x1b[31;1mfail\x1b[0m" in coloured


def test_names_cannot_drive_the_terminal() -> None:
    said = text.render(samples.nasty(), 80)
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in said)
    assert "\u202e" not in said and "\\x1b[31mred" in said
    said.encode("utf-8")


def test_a_thousand_findings_do_not_flood() -> None:
    assert len(text.render(samples.wide(1500), 80).splitlines()) < 700


def test_nothing_tested_is_said() -> None:
    assert "UNKNOWN" in text.render(Report(()))
    report = Report((Finding("privacy", "attack", "unknown", "too few rows to tell", headline=True),))
    assert "attack: too few rows to tell" in text.render(report)
