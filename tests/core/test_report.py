"""Findings and reports: the gravest verdict counts, and JSON brings everything back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulacra.core.case import Case, guard
from simulacra.core.data import as_dataset
from simulacra.core.errors import ConfigError
from simulacra.core.report import Finding, Report, View
from simulacra.testing import toys


def finding(verdict: str, headline: bool = False) -> Finding:
    return Finding("g", "n", verdict, "A sentence.", 0.5, (0.4, 0.6), 0.45, 0.9, ("a",), headline=headline)


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        (["ok", "ok"], "ok"),
        (["ok", "warn", "ok"], "warn"),
        (["ok"] * 50 + ["fail"], "fail"),
        (["warn", "fail"], "fail"),
        (["ok", "unknown"], "ok"),
        (["unknown"], "unknown"),
        ([], "unknown"),
    ],
)
def test_the_gravest_verdict_counts_and_no_average(verdicts: list[str], whole: str) -> None:
    assert Report.of(finding(v) for v in verdicts).verdict == whole


def test_an_unknown_headline_makes_the_whole_unknown() -> None:
    assert Report.of([finding("ok"), finding("unknown", headline=True)]).verdict == "unknown"


def test_json_brings_everything_back() -> None:
    report = Report.of(
        [finding("warn"), View("g", "bars", "Title", {"labels": ["a"], "series": {"x": [1.0]}})], {"n": 3}
    )
    text = json.dumps(report.to_dict(), allow_nan=False)
    assert Report.from_dict(json.loads(text)).to_dict() == report.to_dict()


def test_figures_that_are_none_are_none() -> None:
    nan, inf = float("nan"), float("inf")
    found = Finding("g", "n", "ok", "A sentence.", nan, (nan, 1.0), inf, nan)
    assert (found.value, found.interval, found.fresh, found.limit) == (None, None, None, None)
    with pytest.raises(ValueError, match="verdict must be one of"):
        Finding("g", "n", "fine", "A sentence.")


def test_a_report_is_written_by_its_ending(tmp_path: Path) -> None:
    report = Report.of([finding("ok")])
    for name in ("r.json", "r.html", "r.txt"):
        report.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0
    with pytest.raises(ConfigError, match=r"as .html, .json or .txt, not .pdf"):
        report.save(tmp_path / "r.pdf")
    assert not (tmp_path / "r.pdf").exists()


@guard("planted", needs=("real", "holdout"))
def planted(case: Case) -> Iterator[Finding | View]:
    """Find something, then fail."""
    yield Finding("planted", "rows", "warn", "There are rows.")
    raise ZeroDivisionError("in the middle")


def test_one_failing_measure_never_loses_the_report() -> None:
    data = as_dataset(toys.people(10))
    items = planted(Case(data, real=data, holdout=data))
    assert [getattr(i, "verdict", "") for i in items] == ["warn", "unknown"]
    assert "ZeroDivisionError: in the middle" in items[1].sentence  # type: ignore[union-attr]


def test_what_is_absent_is_said() -> None:
    data = as_dataset(toys.people(10))
    (only,) = planted(Case(data, real=data))
    assert only.sentence == "not tested: needs holdout"  # type: ignore[union-attr]
