"""Membership by shadow models: what refits with and without a row give at its place, pooled over rows.

Every fit is the victim once: the audited one, of which it is known who was in, and each shadow. A row's figure under a
victim is compared with those of the other fits that had left it out (Carlini et al. 2022, offline LiRA).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.rng import stream
from simulacra.guards._audit_membership import AROUND, CHOSEN, SMOOTH, Attempt, emptiness
from simulacra.guards._audit_stack import nearest
from simulacra.guards._audit_stats import ALPHA, Figures, Hits, figures, share_above, tail, two_sided
from simulacra.guards._stats import placements

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.guards._distance import Points
    from simulacra.guards._frames import Floats, Mask

    Inside = npt.NDArray[np.int8]

SHUFFLES = 100
"""Times that membership is dealt out anew to see what chance gives."""
LOCAL = 5
"""Neighbours whose distances say how dense the made rows lie."""
READINGS = ("nearest made row", "density of made rows", "holes")


@dataclass(frozen=True)
class Trials:
    """What each fit gives at each attacked row.

    reading: name -> (fits, rows). inside: (fits, rows) 1 where the row was learned from, 0 where not, -1 where it does
    not count.
    """

    reading: Mapping[str, Floats]
    inside: Inside


def read(rows: Points, made: Points) -> dict[str, Floats]:
    """Return the readings of made rows at the places of attacked rows, (rows,) each."""
    far = nearest(rows, made, AROUND)[0]
    logs = -np.log(far + SMOOTH)
    return dict(zip(READINGS, (logs[:, 0], logs[:, :LOCAL].mean(1), emptiness(far)), strict=True))


def scores(reading: Floats, inside: Inside) -> Floats:
    """Return how far each row's reading lies above those of the other fits without it, (fits, rows); NaN if unknown."""
    out = inside == 0
    count, total = out.sum(0), (reading * out).sum(0)
    others = count - out
    mean = (total - reading * out) / np.where(others > 0, others, np.nan)
    # The scale knows nothing of who was in, so that it favours neither.
    scale = reading.var(0)
    scale = np.sqrt((len(reading) * scale + 4 * scale.mean()) / (len(reading) + 4)) + 1e-9
    return np.asarray((reading - mean) / scale)


def tell(reading: Floats, inside: Inside, rows: Mask, seed: int) -> Figures:
    """Return how well the scores at some of the rows tell who was in, with what chance gives by shuffling."""
    rng = stream(seed, "guards", "audit shuffles")
    found = figures(*_split(reading, inside, rows))
    by_luck = []
    for _ in range(SHUFFLES):
        # Within a fit any half of the rows was as likely to be in as any other.
        dealt = np.stack([row[rng.permutation(inside.shape[1])] for row in inside])
        pair = _split(reading, dealt, rows)
        by_luck.append([placements(*pair)[0].mean(), *(share_above(h.rate, *pair) for h in found.hits)])
    spread = max(found.spread, float(np.std([luck[0] for luck in by_luck])))
    hits = []
    for hit, luck in zip(found.hits, np.array(by_luck).T[1:], strict=True):
        sigmas = (hit.share - luck.mean()) / max(luck.std(), 1 / found.members)
        hits.append(Hits(hit.rate, hit.share, hit.interval, max(hit.chance, tail(float(sigmas)))))
    half = 1.96 * max(spread, (found.interval[1] - found.interval[0]) / 3.92)
    interval = (max(0.0, found.auc - half), min(1.0, found.auc + half))
    return Figures(found.auc, spread, interval, tuple(hits), found.members, found.others)


def _split(reading: Floats, inside: Inside, rows: Mask) -> tuple[Floats, Floats]:
    found = scores(reading, inside)
    there = rows[None] & ~np.isnan(found)
    return found[there & (inside == 1)], found[there & (inside == 0)]


def attempts(trials: Trials, controls: Mapping[str, Trials], seed: int) -> Iterator[Attempt]:
    """Yield an attempt for each reading. controls: copies, planted and innocent, as Attempt knows them."""
    rng = stream(seed, "guards", "audit shadow third")
    picked = rng.permutation(trials.inside.shape[1]) < CHOSEN * trials.inside.shape[1]
    whole = np.ones(len(picked), bool)
    for name in READINGS:
        sign = 1.0
        pick = tell(trials.reading[name], trials.inside, picked, seed)
        if name == READINGS[-1]:
            sign = 1.0 if pick.auc >= 0.5 else -1.0
            pick = tell(sign * trials.reading[name], trials.inside, picked, seed)
        told = tell(sign * trials.reading[name], trials.inside, ~picked, seed)
        ends = {run: tell(c.reading[name], c.inside, whole, seed) for run, c in controls.items()}
        copies, planted = ends["copies"].auc, ends["planted"]
        if name == READINGS[-1]:
            copies = max(copies, 1 - copies)
            fires = two_sided(planted) < ALPHA
        else:
            fires = planted.verdict in ("warn", "fail")
        quiet = two_sided(ends["innocent"]) > ALPHA
        attack = f"{len(trials.inside) - 1} shadow models, {name}"
        yield Attempt(attack, "most exposed", pick, told, copies, fires, quiet)
