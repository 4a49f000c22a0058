"""Claim: what differential privacy promises of these rows, and whether the ledger bears it out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulacra.core.accountant import SGD
from simulacra.core.budget import CLOSE, Budget
from simulacra.core.case import Case, guard, guarded
from simulacra.core.report import Finding, View

REFERENCE = "Dwork and Roth 2014, The algorithmic foundations of differential privacy"
MOST = 200
"""Entries of the ledger, and marginals, that are listed."""
MOST_DELTA, MANY = 1e-3, 0.1
"""Delta, and delta times rows, from which the promise is hollow."""
NOISY = 0.5
"""Share of marginals that are noise alone from which it is worth a warning."""


def _spent(case: Case) -> bool:
    return case.ledger is not None


@guard("claim", needs=("ledger",), concerns=_spent)
def claim(case: Case) -> Iterator[Finding | View]:
    """Show the privacy claim, what it means for one person, the ledger, what is public, and how large the noise is.

    Nothing here looks at real rows. Headline: the claim, which fails when its noise was seeded, or when its ledger does
    not sum to it. The figure is epsilon.
    """
    assert case.ledger is not None
    yield from guarded("claim", "differential privacy", lambda: _promise(case.ledger))  # type: ignore[arg-type]
    yield from guarded("claim", "ledger", lambda: _ledger(case.ledger))  # type: ignore[arg-type]
    yield from guarded("claim", "delta", lambda: _delta(case.ledger, case.facts.get("rows")))  # type: ignore[arg-type]
    yield from guarded("claim", "what was bought", lambda: _guessed(case.facts.get("guessed")))
    yield from guarded("claim", "error bounds", lambda: _errors(case.facts.get("errors")))
    yield from guarded("claim", "error before spending", lambda: _estimate(case.facts.get("estimate"), case.ledger))


def certainty(epsilon: float, before: float) -> float:
    """Return how sure of one person's presence anybody can become who was sure to `before` (0..1), up to delta."""
    # Beyond any exponent the answer is certainty.
    if epsilon > 700:
        return 1.0
    odds = math.exp(epsilon) * before / (1 - before)
    return odds / (1 + odds)


def _promise(ledger: Budget) -> Iterator[Finding | View]:
    epsilon, delta = ledger.spent
    even, rare = certainty(ledger.epsilon, 0.5), certainty(ledger.epsilon, 0.01)
    odds = (
        f"Whoever gives even odds that somebody is among the rows can get to {100 * even:.0f} % at most, whoever says "
        f"1 % to {100 * rare:.1f} %, whatever else they know; all this may fail with a chance of {ledger.delta:g}"
    )
    sums = abs(epsilon - ledger.epsilon) <= CLOSE * ledger.epsilon and delta <= ledger.delta * (1 + CLOSE)
    verdict = "ok" if ledger.private and sums else "fail"
    sentence = f"{ledger.claim[0].upper()}{ledger.claim[1:]}. {odds}"
    if not ledger.private:
        sentence = f"{ledger.claim}. Whoever knows the seed can take the noise off"
    elif not sums:
        sentence = f"the ledger sums to epsilon {epsilon:g}, delta {delta:g}, and the claim is another: {ledger.claim}"
    yield Finding(
        "claim",
        "differential privacy",
        verdict,
        sentence,
        value=ledger.epsilon,
        advice="" if verdict == "ok" else "make the rows again without a seed for the noise, and release only those",
        headline=True,
        reference=REFERENCE,
    )
    rows = [[f"{100 * b:g} %", f"{100 * certainty(ledger.epsilon, b):.1f} %"] for b in (0.001, 0.01, 0.1, 0.5, 0.9)]
    header = ["sure before", "sure after, at most"]
    note = f"That somebody is among the real rows, for epsilon {ledger.epsilon:g}; up to delta {ledger.delta:g}."
    yield View("claim", "table", "Epsilon as odds for one person", {"header": header, "rows": rows}, note=note)
    public = [[sentence] for sentence in dict.fromkeys(ledger.public)] or [["nothing was declared public"]]
    yield View("claim", "table", "What is taken as public", {"header": ["public"], "rows": public})


def _delta(ledger: Budget, rows: Any) -> Iterator[Finding]:
    """Yield a finding where delta is so large that the promise may fail for somebody.

    rows: their noisy number. To show one row, drawn at random, has a delta of one in their number.
    """
    expected = ledger.delta * rows if isinstance(rows, int | float) else 0.0
    if ledger.delta > MOST_DELTA or expected > MANY:
        text = f"delta {ledger.delta:g} is too large: the promise may fail with that chance"
        text += f", and with about {rows:,.0f} rows for somebody among them" if expected > MANY else ""
        verdict = "fail" if ledger.delta > MOST_DELTA or expected >= 1 else "warn"
        yield Finding("claim", "delta", verdict, text, value=ledger.delta, advice="give a delta such as 1e-9")


def _guessed(columns: Any) -> Iterator[Finding]:
    """Yield a finding where the domain of columns was bought from noise alone."""
    if not isinstance(columns, Sequence) or not columns:
        return
    yield Finding(
        "claim",
        "what was bought",
        "fail",
        f"what {', '.join(map(repr, columns[:5]))} hold{'s' * (len(columns) == 1)} does not stand out of the noise: "
        "kinds, ranges and levels are guesses, and so are the made values",
        value=len(columns),
        limit=0,
        columns=tuple(columns),
        advice="declare these columns in a schema (simulacra look) or a code book; or give more epsilon, or more rows",
    )


def _ledger(ledger: Budget) -> Iterator[Finding | View]:
    epsilon, delta = ledger.spent
    number = len(ledger.entries)
    trained = any(e.mechanism == SGD for e in ledger.entries)
    account = "Renyi accounting" if trained else "zero-concentrated differential privacy"
    sentence = (
        f"{number:,} release{'s' * (number != 1)}, added up by {account}, come to epsilon {epsilon:.6g} at delta "
        f"{delta:g}; the claim is {ledger.epsilon:g} at {ledger.delta:g}"
    )
    if trained:
        sentence += "; the noise of training is floating-point, unlike the exact noise of counts"
    yield Finding("claim", "ledger", "ok" if ledger.private else "fail", sentence, value=epsilon, limit=ledger.epsilon)
    yield _shares(ledger, trained)
    header = ["release", "mechanism", "rho", "delta", "sensitivity", "noise", "numbers", "sampling rate", "steps"]
    rows = [
        [e.what, e.mechanism, f"{e.rho:.3g}", f"{e.delta:.3g}", e.sensitivity, e.scale, e.cells or None]
        + [f"{e.rate:.3g}", e.steps] * bool(e.steps)
        for e in ledger.entries[:MOST]
    ]
    header = header if trained else header[:7]
    rows = [[*row, *[None] * (len(header) - len(row))] for row in rows]
    more = f"{number - MOST:,} further entries are in lineage.json." if number > MOST else ""
    title = f"The ledger: every release for {ledger.unit}"
    yield View("claim", "table", title, {"header": header, "rows": rows}, note=more)


def _shares(ledger: Budget, trained: bool) -> View:
    """Return where the budget went: releases of one kind together."""
    groups: dict[str, list[float]] = {}
    for entry in ledger.entries:
        kind = re.sub(r"\b(columns?) (?!\().*$", r"\1", entry.what)
        groups.setdefault(kind, []).append(entry.rho)
    whole = sum(map(sum, groups.values()))
    rows = [
        [kind, len(costs), "all that was left" if not sum(costs) else f"{100 * sum(costs) / whole:.1f} %"]
        for kind, costs in groups.items()
    ]
    note = "Shares are those of releases that cost rho; training took what they left." if trained else ""
    header = ["releases", "number", "share of the budget"]
    return View("claim", "table", "Where the budget went", {"header": header, "rows": rows}, note=note)


def _errors(errors: Any) -> Iterator[Finding | View]:
    """Yield what is known of the error of each marginal after the noise."""
    if not isinstance(errors, Sequence) or not errors:
        return
    noisy = [e for e in errors if e.get("noise only")]
    share = len(noisy) / len(errors)
    worst = max(errors, key=lambda e: float(e["bound"]))
    mean = sum(float(e["bound"]) for e in errors) / len(errors)
    sentence = (
        f"{len(errors):,} measured marginals are off by at most {100 * mean:.1f} % of rows on average (bound at 95 %), "
        f"at worst {100 * float(worst['bound']):.1f} % ({', '.join(worst['columns'])})"
    )
    if noisy:
        sentence += f"; {len(noisy):,} of them are noise alone, so that what they show of rare groups means nothing"
    verdict = "warn" if share > NOISY else "ok"
    advice = "give more epsilon, fewer bins or fewer columns, or declare the domain so that it need not be bought"
    columns = tuple(dict.fromkeys(c for e in noisy for c in e["columns"]))
    yield Finding(
        "claim", "error bounds", verdict, sentence, value=mean, columns=columns,
        advice=advice if verdict == "warn" else "",
    )  # fmt: skip
    header = ["marginal", "bound on total variation", "noise alone", "cells", "cells of noise alone"]
    ordered = sorted(errors, key=lambda e: -float(e["bound"]))
    rows = [[" x ".join(e["columns"]), *_cells(e)] for e in ordered[:MOST]]
    yield View("claim", "table", "How far noise alone moves each measured marginal", {"header": header, "rows": rows})


def _cells(error: Mapping[str, Any]) -> list[Any]:
    noise = "yes" if error.get("noise only") else "no"
    return [error["bound"], noise, error.get("cells"), error.get("noise cells")]


def _estimate(estimate: Any, ledger: Budget | None) -> Iterator[Finding | View]:
    """Yield the error that was to be expected before anything was spent, over a range of epsilon."""
    curve = estimate.get("curve") if isinstance(estimate, Mapping) else None
    if not isinstance(curve, Mapping) or ledger is None:
        return
    note = f"From the domain and the noisy number of rows alone; epsilon {ledger.epsilon:g} was spent."
    data = {"x": list(curve["epsilon"]), "series": {str(k): list(v) for k, v in curve["error"].items()}}
    yield View("claim", "curve", "Error to expect against epsilon (total variation of marginals)", data, note=note)
