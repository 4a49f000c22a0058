"""Lower bounds of epsilon for a model with a ledger: its releases, its training and its fit on worst-case tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from simulacra.core.accountant import SGD
from simulacra.core.budget import CHOICE
from simulacra.core.case import guarded, not_tested
from simulacra.core.noise import Noise
from simulacra.core.report import Finding
from simulacra.engine import _audit_fits, _audit_pairs

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.budget import Budget, Release
    from simulacra.core.generator import Generator
    from simulacra.core.report import View
    from simulacra.engine._audit_pairs import Outcome

CONFIDENCE = 0.99
"""That no bound of one audit is too high."""
DRAWS = 500_000
"""Noisy counts of one replay."""
PICKS = 1500
"""Choices of one replay, for each of its two tables; they are drawn one by one."""
WEIGHTS = 40_000_000
"""Canaries times steps of one training."""
FIT_RUNS = 960
LITTLE = 0.25
"""Part of the claim below which a bound is no evidence for it."""
GDP_AUDIT = "Tight auditing of differential privacy in MST and AIM, arXiv 2604.18352"
ONE_RUN = "Steinke, Nasr and Jagielski 2023, Privacy auditing with one training run"


def lower_bounds(ledger: Budget, method: Generator | None = None, *, noise: Noise | None = None) -> list[Finding]:
    """Return lower bounds of epsilon beside the claim, from tables that are hardest to keep apart.

    ledger: of the model, closed. method: what was fitted, None where it is not known; tables/private is then fitted
    anew on such tables, under the same claim. noise: what draws, the system's when None. Takes about 20 seconds.
    """
    if not ledger.private:
        return [not_tested("audit", "lower bound of epsilon", "the noise was seeded, so that nothing is private")]
    parts = list(_parts(ledger, method, noise or Noise()))
    confidence = 1 - (1 - CONFIDENCE) / max(1, len(parts))
    out: list[Finding | View] = []
    for name, run in parts:
        out += guarded("audit", name, lambda run=run, name=name: [_finding(name, run(), ledger, confidence)])  # type: ignore[misc]
    return [f for f in out if isinstance(f, Finding)]


def _parts(ledger: Budget, method: Generator | None, noise: Noise) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    """Yield what can be audited of a ledger, and how."""
    released = [e for e in ledger.entries if e.mechanism != SGD]
    if released:
        picks = sum(e.mechanism == CHOICE for e in released)
        runs = max(300, min(3000, DRAWS // (2 * len(released)), PICKS // max(1, picks)))
        yield "lower bound of epsilon, releases", lambda: _audit_pairs.replay(ledger, noise, runs)
    for e in ledger.entries:
        if e.mechanism == SGD:
            yield "lower bound of epsilon, training", lambda e=e: _training(ledger, e, noise)  # type: ignore[misc]
    if method is not None and method.name == "tables/private":
        yield "lower bound of epsilon, whole fit", lambda: _whole(ledger, method, noise)


def _training(ledger: Budget, entry: Release, noise: Noise) -> Outcome:
    runs = min(200_000, max(4000, WEIGHTS // entry.steps))
    rate, steps, sigma = entry.rate, entry.steps, entry.scale
    errors = _audit_pairs.canaries(runs, sigma, sigma, rate=rate, steps=steps, rows=ledger.rows, seed=noise.seed)
    kept = ledger.delta - float(ledger.to_dict()["set_aside"])
    return _audit_pairs.Outcome("training", SGD, errors, ledger.epsilon, kept, rate=rate, steps=steps)


def _whole(ledger: Budget, method: Generator, noise: Noise) -> Outcome:
    """Fit the method on worst-case tables under the same claim, without what names columns of the user's table."""
    from simulacra.core.budget import Budget

    params = {**method.params(), "target": None, "rules": ()}

    def make() -> Budget:
        return Budget(ledger.epsilon, ledger.delta, person=ledger.person, rows=ledger.rows, noise=noise)

    def fit(table: pl.DataFrame, budget: Budget) -> None:
        type(method)(**params).fit(table, budget=budget, seed=0)

    return _audit_fits.fits(make, fit, FIT_RUNS)


def _finding(name: str, found: Outcome, ledger: Budget, confidence: float) -> Finding:
    bound, claim = found.bound(confidence), ledger.epsilon
    runs = found.errors.without + found.errors.within
    verdict = "fail" if bound > claim else "ok" if bound >= LITTLE * claim else "unknown"
    words = {
        "fail": "more than is claimed: the noise is too small, or a release is not in the ledger",
        "ok": "which does not contradict it",
        "unknown": "too little to say much; more runs would be needed",
    }
    sentence = (
        f"{runs:,} runs on tables made to be told apart show that epsilon is at least {bound:.2g} at delta "
        f"{found.delta:.2g} (99 % confidence); {claim:g} is claimed, {words[verdict]}"
    )
    advice = "do not release what this model makes" if verdict == "fail" else ""
    reference = ONE_RUN if found.form == SGD else GDP_AUDIT
    known = {"value": bound, "limit": claim, "advice": advice, "headline": verdict == "fail"}
    return Finding("audit", name, verdict, sentence, reference=reference, **known)  # type: ignore[arg-type]
