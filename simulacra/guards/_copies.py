"""Copies of training rows, exact and near, and distance ratios, each beside what holdout rows show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import MEMORISED
from simulacra.core.case import Case
from simulacra.core.report import Finding, View
from simulacra.guards import _frames, _views
from simulacra.guards._attack import Sides, some
from simulacra.guards._distance import nearest
from simulacra.guards._margins import judged
from simulacra.guards._repeats import row_keys
from simulacra.guards._stats import ALPHA, share_noise, wilson
from simulacra.guards._words import percent

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats, Ints

ROWS = 3000
"""Most made and most holdout rows whose nearest training row is looked for."""
NEAR = 0.02
"""Share of holdout rows that count as near copies: their distance to the training rows sets the tolerance."""
MOST_CELLS = 30_000_000
"""Most cells of a side that are searched for copies: 2 million rows of 15 columns."""
COMMON = 0.5
FAR = 0.25
"""Noise beyond which nothing can be told."""


def exact(case: Case, sides: Sides) -> Iterator[Finding]:
    """Yield the finding on made rows that equal a training row, beside holdout rows that do so by chance."""
    columns = tuple(c.column for c in sides.table.columns)
    most = max(_frames.room(len(columns)), MOST_CELLS // len(columns))
    frames = {side: _frames.some_rows(frame, most, case, f"copies {side}") for side, frame in sides.frames.items()}
    coded = all(sides.table.rows(s) == f.height for s, f in frames.items())
    table = sides.table if coded else _frames.code(frames, columns)
    keys = row_keys(table)
    real = np.unique(keys[table.part["real"]])
    made, fresh = (float(np.isin(keys[table.part[s]], real).mean()) for s in ("made", "holdout"))
    n, m = table.rows("made"), table.rows("holdout")
    cut = [f"{frames[s].height:,} of {f.height:,} {s}" for s, f in sides.frames.items() if f.height > frames[s].height]
    what = "equal a training row in every compared column" + (f" (on {', '.join(cut)} rows)" if cut else "")
    yield _judge("exact copies", what, made, fresh, n, m, 0.005)


def near(sides: Sides) -> Iterator[Finding | View]:
    """Yield the finding on made rows closer to a training row than all but 2 % of holdout rows are."""
    far = [nearest(sides.at(s)[_some(sides, s)], sides.at("real"))[:, 0] for s in ("made", "holdout")]
    tolerance = max(float(np.quantile(far[1], NEAR)), 0.01)
    made, fresh = (float((f <= tolerance).mean()) for f in far)
    what = f"are near copies of a training row (within {tolerance:.3f}, a level apart is 1)"
    yield _judge("near copies", what, made, fresh, len(far[0]), len(far[1]), 0.02)
    title = "Distance to the nearest training row: real is the holdout"
    yield _views.two_histograms("privacy", title, far[1], far[0], "Made rows further left than real ones copy.", made)


def _some(sides: Sides, side: str) -> Ints:
    return some(sides.table.rows(side), ROWS, sides.seed, f"near {side}")


def _judge(name: str, what: str, made: float, fresh: float, n: int, m: int, margin: float) -> Finding:
    """Judge a share of made rows against that of holdout rows: three times it and a margin more fails."""
    noise = share_noise((made * n + fresh * m) / (n + m), n, m, ALPHA)
    fail, warn = fresh + max(noise, 2 * fresh + margin), fresh + max(noise, 0.5 * fresh + margin / 4)
    verdict = "fail" if made > fail else "warn" if made > warn else "ok"
    sentence = f"{percent(made)} of made rows {what}, {percent(fresh)} of holdout rows do by chance"
    if verdict == "ok" and fresh > COMMON:
        verdict = "unknown"
        sentence += ": rows of this table are so often equal that copies cannot be told"
    elif verdict == "ok" and noise > FAR:
        verdict, sentence = "unknown", f"too few rows to tell: {sentence}"
    elif verdict != "ok":
        sentence += ": training rows were copied"
    return Finding(
        "privacy",
        name,
        verdict,
        sentence,
        value=made,
        interval=wilson(made * n, n),
        fresh=fresh,
        limit=min(1.0, fail),
        advice=MEMORISED if verdict in ("fail", "warn") else "",
    )


def ratios(sides: Sides) -> Iterator[Finding]:
    """Yield the smell: are made rows nearer to training rows than to as many holdout rows? At most a warning."""
    n = min(sides.table.rows("real"), sides.table.rows("holdout"))
    made = sides.at("made")[_some(sides, "made")]
    train = sides.at("real")[some(sides.table.rows("real"), n, sides.seed, "ratio real")]
    hold = sides.at("holdout")[some(sides.table.rows("holdout"), n, sides.seed, "ratio holdout")]
    a, b = nearest(made, train, 2), nearest(made, hold, 2)
    closer = float(((a[:, 0] < b[:, 0]) + 0.5 * (a[:, 0] == b[:, 0])).mean())
    nndr = [float(np.median(_ratio(x))) for x in (a, b)]
    # Made rows share neighbours, so shares vary more than independent rows would.
    noise = 1.5 * share_noise(0.5, len(made), n, ALPHA)
    verdict = judged(closer - 0.5, noise, 0.03, 1.0)
    verdict = "unknown" if verdict == "ok" and noise > FAR else verdict
    yield Finding(
        "privacy",
        "distance ratios",
        verdict,
        f"{percent(closer)} of made rows are nearer to training rows than to as many holdout rows (half is chance); "
        f"median distance ratio {nndr[0]:.2f} to training, {nndr[1]:.2f} to holdout rows. A smell only: such ratios "
        "neither prove nor disprove privacy",
        value=closer,
        interval=wilson(closer * len(made), len(made)),
        fresh=0.5,
        reference="Yao et al. 2025, The DCR delusion (arXiv 2505.01524)",
        advice=MEMORISED if verdict == "warn" else "",
    )


def _ratio(near: Floats) -> Floats:
    out: Floats = near[:, 0] / np.maximum(near[:, 1], 1e-9)
    return out
