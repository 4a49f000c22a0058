"""The classifier two-sample test: can boosted trees tell made rows from real ones, and by what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import LINKS
from simulacra.core.report import Finding, View
from simulacra.core.rng import stream
from simulacra.guards import _views
from simulacra.guards._joint import Links, column_gap
from simulacra.guards._learn import FOLDS, Told, tell_apart
from simulacra.guards._stats import ALPHA, auc, chance_se, ks_noise, tvd_tail, z_of
from simulacra.guards._words import Fault, counted, describe, listed, percent

if TYPE_CHECKING:
    from simulacra.guards._frames import Coded, Ints, Table

ROWS = 10_000
"""Most rows of each side that the classifier sees."""
COLUMNS = 100
FAIL, WARN = 0.60, 0.55
"""AUC from which rows are told apart well enough to matter, when it is also beyond chance."""
TWINS = 0.30
"""AUC below which made rows are near copies: training rows with a little noise score 0.25, a close fit of a small table
0.36 to 0.45."""
FEW = 80
"""With fewer rows a side the test would miss an AUC of 0.65."""
SPREAD = 1.3
"""Out-of-fold scores vary more than one set of scores: measured on fresh rows of several tables."""
REFERENCE = "Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests"


def detect(table: Table, links: Links | None, seed: int, against: str) -> Iterator[Finding | View]:
    """Yield the headline: AUC out of fold, its cause in words when there is one, and the ROC curve.

    against: "holdout" (fresh rows of the table) or "training" (all real rows, when no holdout can be used).
    """
    n = min(table.rows("made"), table.rows("fresh") + (0 if against == "holdout" else table.rows("real")), ROWS)
    if n < 2 * FOLDS:
        yield Finding(
            "fidelity", "C2ST AUC", "unknown", f"too few rows to tell: {n} a side", headline=True, reference=REFERENCE
        )
        return
    columns, note = _some_columns(table.columns, seed)
    n = max(min(n, 1000), min(n, ROWS * 60 // max(60, len(columns))))
    made, other, spare = _rows(table, n, seed, against)
    told = tell_apart(columns, made, other, seed)
    fresh = _fresh(columns, other, spare, seed)
    yield _judge(table, columns, told, fresh, links, against, note, seed)
    positive, negative = told.scores[told.is_made], told.scores[~told.is_made]
    if against == "training":
        yield _too_close(auc(positive, negative), n)
    yield _views.roc(
        "fidelity", f"Telling made rows from {against} rows", positive, negative, auc(positive, negative)[0]
    )


def _some_columns(columns: tuple[Coded, ...], seed: int) -> tuple[tuple[Coded, ...], str]:
    if len(columns) <= COLUMNS:
        return columns, ""
    kept = np.sort(stream(seed, "guards", "c2st columns").permutation(len(columns))[:COLUMNS])
    return tuple(columns[i] for i in kept), f" (on {COLUMNS} of {len(columns):,} columns drawn at random)"


def _rows(table: Table, n: int, seed: int, against: str) -> tuple[Ints, Ints, Ints]:
    """Draw n made rows, n rows to tell them from, and as many other real rows as there are, up to n."""
    rng = stream(seed, "guards", "c2st rows")
    place = {side: np.arange(s.start, s.stop) for side, s in table.part.items()}
    made = rng.permutation(place["made"])[:n]
    if against == "holdout":
        return made, rng.permutation(place["fresh"])[:n], rng.permutation(place["real"])[:n]
    real = rng.permutation(np.concatenate([place["real"], place["fresh"]]))
    return made, real[:n], real[n : 2 * n]


def _fresh(columns: tuple[Coded, ...], other: Ints, spare: Ints, seed: int) -> float | None:
    """Return the AUC between real rows and other real rows, both of the size of the smaller, at most 4,000."""
    half = len(spare) < len(other) // 4
    a, b = (other[: len(other) // 2], other[len(other) // 2 :]) if half else (other, spare)
    k = min(len(a), len(b), 4000)
    if k < 2 * FOLDS:
        return None
    told = tell_apart(columns, b[:k], a[:k], seed)
    return auc(told.scores[told.is_made], told.scores[~told.is_made])[0]


def _judge(
    table: Table,
    columns: tuple[Coded, ...],
    told: Told,
    fresh: float | None,
    links: Links | None,
    against: str,
    note: str,
    seed: int,
) -> Finding:
    n = int(told.is_made.sum())
    value, se = auc(told.scores[told.is_made], told.scores[~told.is_made])
    beyond = 0.5 + z_of(ALPHA) * SPREAD * chance_se(n, n)
    fail, warn = max(FAIL, beyond), max(WARN, beyond)
    verdict = "fail" if value > fail else "warn" if value > warn else "unknown" if n < FEW else "ok"
    rows = {"holdout": "holdout rows", "training": "training rows (there is no holdout large enough)"}[against]
    told_by = f"boosted trees tell {n:,} made from {n:,} {rows} with AUC {value:.3f} (0.5 is a coin)"
    faults: list[Fault] = []
    if verdict == "ok":
        sentence = f"{told_by}: no difference that matters was found{note}"
    elif verdict == "unknown":
        sentence = f"too few rows to tell: {told_by}, and chance alone reaches {beyond:.2f}{note}"
    else:
        faults = causes(table, columns, told, links, seed)
        sentence = f"{told_by}{note}: " + "; ".join(f.text for f in faults)
    named = tuple(dict.fromkeys(c for f in faults for c in f.columns))
    return Finding(
        "fidelity",
        "C2ST AUC",
        verdict,
        sentence,
        value=value,
        interval=(max(0.0, value - 1.96 * se), min(1.0, value + 1.96 * se)),
        fresh=fresh,
        limit=fail,
        columns=named,
        advice="; ".join(dict.fromkeys(f.advice for f in faults)),
        headline=True,
        reference=REFERENCE,
    )


def _too_close(figure: tuple[float, float], n: int) -> Finding:
    """Return the finding on an AUC below one half: made rows have training rows so near that they are mixed up."""
    value, se = figure
    chance = 0.5 - z_of(ALPHA) * SPREAD * chance_se(n, n)
    limit = min(TWINS, chance)
    verdict = "fail" if value < limit else "warn" if value < chance else "ok" if n >= FEW else "unknown"
    words = {
        "fail": "too good: made rows are such near copies of training rows that classifiers mix them up",
        "warn": "made rows follow the training rows closely; without a holdout a good fit and copying look alike here",
    }
    usual = "classifiers that never saw a row take it for the other kind no more often than chance"
    sentence = f"{words.get(verdict, usual)} (AUC {value:.3f})"
    return Finding(
        "fidelity",
        "nearness to training rows",
        verdict,
        sentence,
        value=value,
        interval=(max(0.0, value - 1.96 * se), min(1.0, value + 1.96 * se)),
        fresh=0.5,
        limit=limit,
        advice=""
        if verdict == "ok"
        else "give real rows that the method never saw as holdout and see the privacy findings",
    )


def causes(table: Table, columns: tuple[Coded, ...], told: Told, links: Links | None, seed: int) -> list[Fault]:
    """Return in words what the classifier leans on: columns that differ alone, links that are lost, or neither."""
    real, made = table.part["real"], table.part["made"]
    gaps = {i: column_gap(c, real, made) for i, c in enumerate(columns)}
    order = sorted(gaps, key=lambda i: -gaps[i])
    drops = told.drops(order[:40], seed)
    top = max(drops.values())
    n, m = table.rows("real"), table.rows("made")
    out = []
    for i in sorted(drops, key=lambda i: -drops[i]):
        column = columns[i]
        noise = ks_noise(n, m, ALPHA) if column.ordered else tvd_tail(n, m, ALPHA) + 0.02
        if drops[i] < max(0.25 * top, 0.003):
            continue
        if gaps[i] > max(noise, 0.03):
            out.append(describe(column, real, made, gaps[i]))
        absent = [float(column.missing[s].mean()) for s in (real, made)]
        if max(absent) < 1 and abs(absent[0] - absent[1]) > max(0.02, ks_noise(n, m, ALPHA)):
            text = f"{column.name}: {percent(absent[1])} of made cells are missing, {percent(absent[0])} of real"
            out.append(
                Fault((column.name,), text, abs(absent[0] - absent[1]), "model missing cells as they are in real")
            )
        if len(out) >= 3:
            break
    if links is not None and links.faults:
        out.append(_lost(links, alone=not out))
    if not out:
        names = [columns[i].name for i in sorted(drops, key=lambda i: -drops[i])[:3]]
        text = f"it leans most on {listed(names)}, which alone and in pairs are as in real: on links of more columns"
        out.append(Fault(tuple(names), text, top, LINKS))
    return out


def _lost(links: Links, *, alone: bool) -> Fault:
    worst = links.faults[:3]
    text = "; ".join(f.text for f in worst)
    if len(links.faults) > len(worst):
        text += f"; and {counted(len(links.faults) - len(worst), 'more pair')}"
    start = "each column alone is as in real, but links between columns are not: " if alone else "besides, "
    return Fault(tuple(dict.fromkeys(c for f in worst for c in f.columns)), start + text, worst[0].size, LINKS)
