"""The membership attack: from the made rows alone, was this person among the training rows?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import MEMORISED
from simulacra.core.case import Case
from simulacra.core.report import Finding, View
from simulacra.core.rng import stream
from simulacra.core.schema import Column
from simulacra.guards import _frames, _views
from simulacra.guards._distance import nearest, points
from simulacra.guards._stats import ALPHA, auc, chance_se, wilson, z_of

if TYPE_CHECKING:
    import polars as pl

    from simulacra.guards._distance import Points
    from simulacra.guards._frames import Floats, Ints, Table

QUERIES = 3000
"""Most training rows and most holdout rows that are attacked."""
BASE = 40_000
FEW = 100
FAIL, WARN = 0.55, 0.525
"""AUC of the attack from which it matters, when it is also beyond chance."""
HITS_FAIL, HITS_WARN = 3.0, 2.0
"""Hits at a low false alarm rate, as multiples of it, from which they matter."""
HITS_SPREAD = 1.25
SMOOTH = 0.02
"""Distance below which rows count as equally close, so that rounding decides nothing."""
REFERENCE = "van Breugel et al. 2023, Membership inference attacks against synthetic data through overfitting detection"


@dataclass(frozen=True)
class Sides:
    """Coded rows of real, holdout and made, and their places in space; `shown` says how many rows were used."""

    table: Table
    place: Points
    seed: int
    shown: str
    frames: dict[str, pl.DataFrame]

    def at(self, side: str) -> Points:
        """Return the points of a side."""
        return self.place[self.table.part[side]]


def prepare(case: Case, columns: tuple[Column, ...]) -> Sides:
    """Code and place all sides, cut to BASE rows each."""
    assert case.real is not None and case.holdout is not None
    whole = {"real": case.real.frame, "holdout": case.holdout.frame, "made": case.made.frame}
    whole = {side: frame.select(c.name for c in columns) for side, frame in whole.items()}
    most = _frames.room(len(columns), BASE)
    frames = {side: _frames.some_rows(frame, most, case, f"privacy {side}") for side, frame in whole.items()}
    table = _frames.code(frames, columns)
    cut = any(whole[s].height > frames[s].height for s in whole)
    shown = ", ".join(f"{frames[s].height:,} {s}" for s in whole) + " rows" if cut else ""
    place = points(table, table.part["real"], stream(case.seed, "guards", "projection"))
    return Sides(table, place, case.seed, f" (on {shown} drawn at random)" if shown else "", whole)


def membership(sides: Sides) -> Iterator[Finding | View]:
    """Attack: a row that lies closer to made rows than to other real ones is called a training row (DOMIAS).

    Half of the holdout is what the attacker knows of the population; the other half are the rows that were not used.
    """
    rng = stream(sides.seed, "guards", "attack")
    hold, real = (rng.permutation(sides.table.rows(s)) for s in ("holdout", "real"))
    n = min(len(hold) // 2, len(real), QUERIES)
    if n < FEW:
        needed = f"the attack needs {2 * FEW} holdout and {FEW} training rows, got {len(hold)} and {len(real)}"
        text = f"too few rows to tell: {needed}"
        yield Finding("privacy", "membership attack AUC", "unknown", text, headline=True, reference=REFERENCE)
        return
    reference = sides.at("holdout")[np.sort(hold[n:])]
    scores = []
    for side, rows in (("real", real[:n]), ("holdout", hold[:n])):
        query = sides.at(side)[rows]
        scores.append(_score(query, sides.at("made"), reference))
    yield from _judge(scores[0], scores[1], sides)
    yield _views.roc(
        "privacy",
        "Telling training rows from others by the made rows",
        scores[0],
        scores[1],
        auc(scores[0], scores[1])[0],
    )


def _score(query: Points, made: Points, reference: Points) -> Floats:
    """Return the log ratio of distances to the nearest other real row and to the nearest made row, per dimension."""
    near_made, near_other = nearest(query, made)[:, 0], nearest(query, reference)[:, 0]
    ratio: Floats = np.log((near_other + SMOOTH) / (near_made + SMOOTH))
    return ratio


def _judge(members: Floats, others: Floats, sides: Sides) -> Iterator[Finding]:
    n = len(members)
    value, se = auc(members, others)
    beyond = 0.5 + z_of(ALPHA) * chance_se(n, n)
    verdict = "fail" if value > max(FAIL, beyond) else "warn" if value > max(WARN, beyond) else "ok"
    if verdict == "ok" and beyond > 0.6:
        verdict = "unknown"
    tested = f"attacked {n:,} training and {n:,} holdout rows through their distance to made rows{sides.shown}"
    words = {
        "ok": "this attack does no better than chance allows; other attacks, groups of few people and single columns "
        "were not tested",
        "unknown": f"too few rows to tell: chance alone reaches {beyond:.2f}",
        "warn": "training rows leave a trace in the made ones",
        "fail": "training rows can be told from others: the made rows lie close to copies of them",
    }
    yield Finding(
        "privacy",
        "membership attack AUC",
        verdict,
        f"{tested}: AUC {value:.3f} (0.5 is a coin); {words[verdict]}",
        value=value,
        interval=(max(0.0, value - 1.96 * se), min(1.0, value + 1.96 * se)),
        fresh=0.5,
        limit=max(FAIL, beyond),
        advice=MEMORISED if verdict in ("warn", "fail") else "",
        headline=True,
        reference=REFERENCE,
    )
    yield _hits(members, others)


def _hits(members: Floats, others: Floats) -> Finding:
    """Return the share of training rows that are told at a false alarm rate of 1 % (5 % with fewer than 1,000 rows)."""
    n = len(members)
    rate = 0.01 if n >= 1000 else 0.05
    cut = float(np.sort(others)[max(0, math.ceil((1 - rate) * n) - 1)])
    hit, alarms = float((members > cut).mean()), float((others > cut).mean())
    # Both the hits and the place of the cut vary by chance, and rows near one made row go together.
    noise = HITS_SPREAD * z_of(ALPHA) * math.sqrt(2 * rate * (1 - rate) / n) + 6 / n
    fail, warn = max(HITS_FAIL * rate, rate + noise), max(HITS_WARN * rate, rate + noise)
    verdict = "fail" if hit > fail else "warn" if hit > warn else "ok"
    sentence = f"{100 * hit:.1f} % of training rows are told when {100 * rate:.0f} % of other rows are taken for one"
    if verdict != "ok":
        sentence += ": some training rows are as good as copied"
    low, high = wilson(hit * n, n)
    return Finding(
        "privacy",
        f"attack hits at {100 * rate:.0f} % false alarms",
        verdict,
        sentence,
        value=hit,
        interval=(low, high),
        fresh=alarms,
        limit=fail,
        advice=MEMORISED if verdict != "ok" else "",
        reference="Carlini et al. 2022, Membership inference attacks from first principles",
    )


def some(rows: int, most: int, seed: int, purpose: str) -> Ints:
    """Return up to `most` row numbers, drawn without replacement."""
    return np.sort(stream(seed, "guards", purpose).permutation(rows)[:most])
