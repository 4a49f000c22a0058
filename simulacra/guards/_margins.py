"""Findings on columns, pairs, triples and correlations, each beside what fresh real rows get."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import LINKS
from simulacra.core.report import Finding, View
from simulacra.guards import _views
from simulacra.guards._joint import Links, choose, column_gap, column_scores, correlation, triples
from simulacra.guards._stats import ALPHA, around, counts, ks, ks_noise, tvd_limit, tvd_tail, z_of
from simulacra.guards._words import Fault, counted, describe, with_numbers, words_gap

if TYPE_CHECKING:
    from simulacra.guards._frames import Coded, Table

FAIL, WARN = 0.10, 0.05
"""Distance of a column (KS or total variation), or of a pair beyond its columns, that matters."""
TRI_FAIL, TRI_WARN = 0.06, 0.03
CORR_FAIL, CORR_WARN = 0.15, 0.08
UNSURE = 0.25
"""When chance alone reaches this distance, nothing smaller can be seen and the verdict is unknown."""


def judged(size: float, noise: float, warn: float, fail: float) -> str:
    """Return the verdict of a distance that must be beyond both noise and what matters."""
    if size > max(noise, fail):
        return "fail"
    if size > max(noise, warn):
        return "warn"
    return "unknown" if noise > max(UNSURE, fail) else "ok"


def gravest(verdicts: list[str]) -> str:
    """Return the gravest of several verdicts; unknown only when nothing else was found."""
    return next((v for v in ("fail", "warn", "ok") if v in verdicts), "unknown")


def shape(table: Table, note: str) -> Iterator[Finding | View]:
    """Yield the column finding and the distribution of every column."""
    made, fresh = column_scores(table, table.part["made"]), column_scores(table, table.part["fresh"])
    real, side = table.part["real"], table.part["made"]
    alpha = ALPHA / len(table.columns)
    gaps = [_gaps(c, real, side, alpha) for c in table.columns]
    noise = [max(x for _, x in g) for g in gaps]
    verdicts = [gravest([judged(size, x, WARN, FAIL) for size, x in g]) for g in gaps]
    verdict = gravest(verdicts)
    worst = [i for i in np.argsort(made, kind="stable") if verdicts[i] in ("warn", "fail")]
    faults = [describe(table.columns[i], real, side, float(1 - made[i])) for i in worst[:12]]
    mean = f"columns agree with real ones to {made.mean():.4f} (fresh real rows {fresh.mean():.4f}, 1 is best){note}"
    if faults:
        more = f"; and {len(worst) - 3} more columns" if len(worst) > 3 else ""
        sentence = f"{mean}. " + "; ".join(f.text for f in faults[:3]) + more
    else:
        low = int(made.argmin())
        sentence = f"{mean}; the worst, {table.columns[low].name}, to {made[low]:.3f}"
        if verdict == "unknown":
            sentence = f"too few rows to tell: {sentence}, while chance alone may reach {max(0.0, 1 - max(noise)):.2f}"
    yield Finding(
        "fidelity",
        "Shape",
        verdict,
        sentence,
        value=float(made.mean()),
        interval=around(float(made.mean()), [float(column_scores(table, g).mean()) for g in table.groups()]),
        fresh=float(fresh.mean()),
        limit=max(0.0, 1 - max(FAIL, *noise)),
        columns=tuple(f.columns[0] for f in faults),
        advice="; ".join(dict.fromkeys(f.advice for f in faults)),
    )
    yield from _views.columns(table, 1 - made)


def _gaps(column: Coded, real: slice, side: slice, alpha: float) -> list[tuple[float, float]]:
    """Return each distance of a column from real, with what fresh rows exceed with probability alpha at most."""
    if not column.ordered:
        a, b = (counts(column.codes[s][column.codes[s] >= 0], len(column.labels) + 1) for s in (real, side))
        return [(column_gap(column, real, side), tvd_limit(a, b, alpha))]
    n, m = (int((~np.isnan(column.values[s])).sum()) for s in (real, side))
    out = [(ks(column.values[real], column.values[side]), ks_noise(n, m, alpha))]
    if column.labels:
        codes = [with_numbers(column, s) for s in (real, side)]
        a, b = (counts(x[x >= 0], len(column.labels) + 1) for x in codes)
        out.append((words_gap(column, real, side), tvd_limit(a, b, alpha)))
    return out


def pair(table: Table, links: Links, note: str) -> Iterator[Finding]:
    """Yield the pair finding: mean pair score, and the links that are lost, weaker, stronger or of another form."""
    verdicts = [judged(f.size, links.noise, WARN, FAIL) for f in links.faults]
    faults = [f for f, v in zip(links.faults, verdicts, strict=True) if v in ("warn", "fail")]
    verdict = gravest(verdicts) if faults else judged(0.0, links.noise, WARN, FAIL)
    made, fresh = float(links.made.mean()), float(links.fresh.mean())
    sentence = f"pairs of columns agree to {made:.4f} (fresh real rows {fresh:.4f}, 1 is best){links.note or note}"
    if faults:
        more = f"; and {counted(len(faults) - 3, 'more pair')}" if len(faults) > 3 else ""
        sentence += ". " + "; ".join(f.text for f in faults[:3]) + more
    elif verdict == "unknown":
        sentence = f"too few rows to tell: {sentence}, and links cannot be judged"
    else:
        sentence += "; no link between two columns is lost"
    yield Finding(
        "fidelity",
        "Pair",
        verdict,
        sentence,
        value=made,
        interval=around(made, links.groups),
        fresh=fresh,
        columns=tuple(dict.fromkeys(c for f in faults[:6] for c in f.columns)),
        advice=faults[0].advice if faults else "",
    )


def tri(table: Table, seed: int, note: str) -> Iterator[Finding]:
    """Yield the triple finding: mean score of made beside fresh rows."""
    made, fresh, groups, drawn = triples(table, seed)
    n, m = table.rows("real"), table.rows("made")
    noise = 1.2 * tvd_tail(n, m, ALPHA)
    verdict = judged(fresh - made, noise, TRI_WARN, TRI_FAIL)
    sentence = f"triples of columns agree to {made:.4f} (fresh real rows {fresh:.4f}, 1 is best){drawn or note}"
    if verdict in ("fail", "warn"):
        sentence += f": {fresh - made:.3f} below fresh rows, so links among columns are lost or columns differ"
    yield Finding(
        "fidelity",
        "Tri-q5",
        verdict,
        sentence if verdict != "unknown" else f"too few rows to tell: {sentence}",
        value=made,
        interval=around(made, groups),
        fresh=fresh,
        limit=max(0.0, fresh - max(TRI_FAIL, noise)),
        advice=LINKS if verdict in ("fail", "warn") else "",
    )


def correlations(table: Table, seed: int) -> Iterator[Finding | View]:
    """Yield the finding on rank correlations of numbers, in both directions, and the matrices of real, made and gap."""
    numbers = [c for c in table.columns if c.ordered]
    chosen, note = choose(len(numbers), 2, seed) if len(numbers) > 1 else ([], "")
    if not chosen:
        return
    part = table.part
    r, f, m = (
        np.array([correlation(numbers[i].values[part[s]], numbers[j].values[part[s]], ranks=True) for i, j in chosen])
        for s in ("real", "fresh", "made")
    )
    n, k = table.rows("real"), table.rows("made")
    noise = 1.2 * z_of(ALPHA / len(chosen) / 2) * math.sqrt(1 / max(n - 3, 1) + 1 / max(k - 3, 1))
    gap = np.abs(m - r)
    verdicts = [judged(float(g), noise, CORR_WARN, CORR_FAIL) for g in gap]
    verdict = gravest(verdicts)
    bad = [i for i in np.argsort(-gap, kind="stable") if verdicts[i] in ("warn", "fail")]
    faults = [_correlation_fault(numbers, chosen[i], float(r[i]), float(m[i])) for i in bad]
    top, fresh = float(gap.max()), float(np.abs(f - r).max())
    sentence = f"rank correlations of numbers differ by {top:.3f} at most (fresh real rows {fresh:.3f}){note}"
    if faults:
        sentence += ". " + "; ".join(f.text for f in faults[:3])
        sentence += f"; and {counted(len(faults) - 3, 'more pair')}" if len(faults) > 3 else ""
    if verdict == "unknown":
        sentence = f"too few rows to tell: {sentence}"
    yield Finding(
        "fidelity",
        "correlation",
        verdict,
        sentence,
        value=top,
        interval=(max(0.0, top - noise / 2), min(2.0, top + noise / 2)),
        fresh=fresh,
        limit=max(CORR_FAIL, noise),
        columns=tuple(dict.fromkeys(c for f in faults[:6] for c in f.columns)),
        advice=faults[0].advice if faults else "",
    )
    yield from _matrices([c.name for c in numbers], chosen, r, m)


def _correlation_fault(numbers: list[Coded], pair: tuple[int, ...], r: float, m: float) -> Fault:
    a, b = (numbers[i].name for i in pair)
    shown = f"correlation of {a} and {b} is {m:+.2f} in made, {r:+.2f} in real"
    if r * m < 0 and min(abs(r), abs(m)) > 0.05:
        return Fault((a, b), f"{shown}: it has the other sign", abs(m - r), LINKS)
    if abs(m) > abs(r):
        advice = "the made values follow each other without the noise of real ones: draw values, do not predict them"
        return Fault((a, b), f"{shown}: cleaner than real", abs(m - r), advice)
    return Fault((a, b), f"{shown}: weaker than real", abs(m - r), LINKS)


def _matrices(names: list[str], chosen: list[tuple[int, ...]], r: object, m: object) -> Iterator[View]:
    real, made = np.asarray(r), np.asarray(m)
    gap = made - real
    worst = dict.fromkeys(names, 0.0)
    for (i, j), g in zip(chosen, np.abs(gap), strict=True):
        worst[names[i]], worst[names[j]] = max(worst[names[i]], g), max(worst[names[j]], g)
    kept = set(sorted(names, key=lambda n: -worst[n])[: _views.MOST_COLUMNS])
    shown = [n for n in names if n in kept]
    score = float(np.abs(gap).max())
    for title, values, diagonal in (
        ("Rank correlation in real", real, 1.0),
        ("Rank correlation in made", made, 1.0),
        ("Rank correlation, made minus real", gap, 0.0),
    ):
        found = {(names[i], names[j]): float(v) for (i, j), v in zip(chosen, values, strict=True)}
        yield _views.matrix(title, shown, found, diagonal, -1.0, score)
