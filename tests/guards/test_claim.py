"""The guard of the privacy claim: a ledger that holds passes, one that was seeded or does not sum fails."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

from simulacra.core.budget import Budget
from simulacra.core.case import Case
from simulacra.core.data import Dataset
from simulacra.core.noise import UnsafeNoise
from simulacra.core.report import Finding, View
from simulacra.guards.claim import certainty, claim

MADE = Dataset({"table": pl.DataFrame({"a": [1, 2]})})


def spent(noise: Any = None, epsilon: float = 1.0) -> Budget:
    budget = Budget(epsilon, 1e-9, person="id", rows=2, **({"noise": noise} if noise else {}))
    budget.public.append("levels of column 'a' (declared)")
    budget.gaussian([5, 6], rho=budget.rho_left, what="counts of a")
    budget.close()
    return budget


def judged(ledger: Budget, **facts: Any) -> tuple[dict[str, Finding], list[View]]:
    found = claim(Case(made=MADE, ledger=ledger, facts=facts))
    return {f.name: f for f in found if isinstance(f, Finding)}, [v for v in found if isinstance(v, View)]


def test_a_ledger_that_sums_to_its_claim_is_ok_and_says_so_in_one_sentence() -> None:
    findings, views = judged(spent())
    assert {f.verdict for f in findings.values()} == {"ok"}
    said = findings["differential privacy"].sentence
    assert "(1, 1e-09)-differential privacy for all rows of one 'id', of which at most 2 are used" in said
    assert "even odds that somebody is among the rows can get to 73 %" in said
    tables = {v.title: v.data["rows"] for v in views}
    assert tables["What is taken as public"] == [["levels of column 'a' (declared)"]]
    ledger = next(rows for title, rows in tables.items() if title.startswith("The ledger"))
    assert ledger[0][0] == "counts of a" and ledger[0][4] == 2


def test_seeded_noise_fails_by_name() -> None:
    findings, _ = judged(spent(UnsafeNoise(1)))
    assert findings["differential privacy"].verdict == "fail"
    assert findings["differential privacy"].sentence.startswith("NOT PRIVATE")


def test_a_ledger_that_was_tampered_with_fails() -> None:
    told = spent().to_dict()
    told["entries"][0]["rho"] *= 2
    findings, _ = judged(Budget.from_dict(told))
    assert findings["differential privacy"].verdict == "fail"
    assert "the claim is another" in findings["differential privacy"].sentence


@pytest.mark.parametrize(("noisy", "verdict"), [(0, "ok"), (1, "ok"), (3, "warn")])
def test_marginals_of_noise_alone_are_named(noisy: int, verdict: str) -> None:
    errors = [
        {"columns": [f"c{i}"], "bound": 0.1 * (i + 1), "noise only": i < noisy, "cells": 4, "noise cells": 4}
        for i in range(4)
    ]
    findings, views = judged(spent(), errors=errors)
    assert findings["error bounds"].verdict == verdict
    assert findings["error bounds"].columns == tuple(f"c{i}" for i in range(noisy))
    rows = next(v.data["rows"] for v in views if v.title.startswith("How far"))
    assert [row[0] for row in rows] == ["c3", "c2", "c1", "c0"], "the worst first"


def test_columns_bought_from_noise_alone_fail_by_name() -> None:
    findings, _ = judged(spent(), guessed=["ward", "cost"])
    assert findings["what was bought"].verdict == "fail" and findings["what was bought"].columns == ("ward", "cost")
    assert "what was bought" not in judged(spent(), guessed=[])[0]


@pytest.mark.parametrize(("delta", "rows", "verdict"), [(0.5, 100, "fail"), (1e-4, 5000, "warn"), (1e-9, 10**6, "")])
def test_a_delta_that_makes_the_promise_hollow_is_said(delta: float, rows: int, verdict: str) -> None:
    budget = Budget(1.0, delta)
    budget.gaussian([5], rho=budget.rho_left, what="counts")
    budget.close()
    findings, _ = judged(budget, rows=rows)
    assert findings["delta"].verdict == verdict if verdict else "delta" not in findings


def test_odds_are_those_of_the_definition() -> None:
    assert certainty(math.log(3), 0.5) == pytest.approx(0.75)
    assert certainty(1e-12, 0.2) == pytest.approx(0.2)
    assert certainty(1e6, 0.2) == 1.0


def test_without_a_ledger_it_is_not_heard() -> None:
    assert claim.concerns(Case(made=MADE)) is False  # type: ignore[attr-defined]
    assert claim(Case(made=MADE))[0].verdict == "unknown"  # type: ignore[union-attr]
