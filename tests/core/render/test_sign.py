"""The page to sign: everything a privacy officer needs is on it, it says what is absent, and it loads nothing."""

from __future__ import annotations

import re

from simulacra.core.budget import Budget
from simulacra.core.case import Case
from simulacra.core.data import Dataset
from simulacra.core.render.sign import NOT_COVERED, Page, render
from simulacra.core.report import Finding, Report
from simulacra.guards.claim import claim


def statement(**more: object) -> str:
    import polars as pl

    budget = Budget(1.0, 1e-9, person="<user>")
    budget.public.append("levels of column 'sex' (declared)")
    budget.gaussian([5], rho=budget.rho_left, what="counts of <b>sex</b>")
    budget.close()
    made = Dataset({"table": pl.DataFrame({"a": [1]})})
    estimate = {"curve": {"epsilon": [0.1, 1, 10], "error": {"this": [0.3, 0.1, 0.05]}}}
    report = Report.of(claim(Case(made=made, ledger=budget, facts={"estimate": estimate})))
    untested = Finding("privacy", "privacy", "unknown", "not tested: needs real and holdout")
    report = Report((*report.findings, untested), report.views)
    return render(Page("100 rows", report, facts={"part-00000.csv (sha256)": "ab12"}, **more))  # type: ignore[arg-type]


def test_everything_is_on_the_page() -> None:
    page = statement()
    for words in (
        "(1, 1e-09)-differential privacy for all rows of one &#x27;&lt;user&gt;&#x27;",
        "can get to 73 % at most",
        "levels of column &#x27;sex&#x27; (declared)",
        "counts of &lt;b&gt;sex&lt;/b&gt;",
        "Error to expect against epsilon",
        "privacy: not tested: needs real and holdout",
        "ab12",
        "Signature",
        "--audit --sign",
        "Not measured here",
    ):
        assert words in page, words
    for sentence in NOT_COVERED:
        assert sentence.split(":")[0] in page
    assert page == statement(), "the same page, the same bytes"


def test_it_runs_nothing_and_loads_nothing() -> None:
    page = statement()
    assert "<script" not in page and "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"(http|//)", page)
    assert "<b>sex</b>" not in page
    assert "@page" in page and "A4" in page


def test_an_audit_and_a_checklist_are_shown_when_they_were_made() -> None:
    audit = Report.of(
        [
            Finding("audit", "lower bound of epsilon", "ok", "at least 0.6 of 1 at 99 %", value=0.6, limit=1.0),
            Finding("audit", "linkability", "ok", "no better than the control", value=0.01, interval=(0.0, 0.03)),
        ]
    )
    items = [{"item": 1, "words": "Names", "state": "replaced", "covered": "yes", "how": "surrogates"}]
    page = statement(audit=audit, checklist=items)
    assert "at least 0.6 of 1 at 99 %" in page and "no better than the control" in page
    assert "1. Names" in page and "surrogates" in page
    assert "Not measured here" not in page and "Not run for this page" not in page


def test_without_a_claim_it_says_that_there_is_none() -> None:
    assert "No privacy claim is made" in render(Page("rows", Report(())))
