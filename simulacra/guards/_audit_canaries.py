"""Canaries and verbatim passages: what a generator of images or texts repeats of single training rows.

A canary is a strange row. Some canaries are learned from and as many are not; a method that remembers gives rows nearer
to the first. Figures are about the method, fitted anew with canaries, not about the rows that were made before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import MEMORISED
from simulacra.core.report import Finding
from simulacra.guards._audit_stats import ALPHA, Figures, exact_interval, figures
from simulacra.guards._words import percent

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.guards._frames import Floats

    Images = npt.NDArray[np.uint8]

WORDS = 8
"""Words of a passage that counts as repeated: so many in a row are seldom said twice by chance."""
CARLINI = "Carlini et al. 2019, The secret sharer: evaluating and testing unintended memorization"


def exposure(inserted: Floats, others: Floats) -> Floats:
    """Return the exposure of each canary in bits: log2 of how many candidates there are, less log2 of its rank.

    inserted: (canaries,) scores of those learned from, larger is likelier. others: (candidates,) scores of canaries of
    the same kind that were not. 1 / ln 2 = 1.44 bits on average by chance; at most log2 of others + 1, for a canary
    that stands above all others.
    """
    ordered = np.sort(others)
    above = len(others) - np.searchsorted(ordered, inserted, "right")
    same = np.searchsorted(ordered, inserted, "right") - np.searchsorted(ordered, inserted, "left")
    return np.asarray(np.log2(len(others) + 1) - np.log2(1 + above + same / 2))


def strange(images: Images) -> Images:
    """Return images that are like none of the real ones, and unlike each other: turned upside down, light for dark.

    images: uint8 (n, H, W, C).
    """
    return np.ascontiguousarray(255 - images[:, ::-1])


def remembered(inserted: Floats, others: Floats, what: str) -> Finding:
    """Return the finding on canaries by their scores, larger for those a method gives back. what: of the canaries."""
    found: Figures = figures(inserted, others)
    bits = exposure(inserted, others)
    verdict = "unknown" if found.limit > 0.8 and found.verdict == "ok" else found.verdict
    said = {
        "ok": "the method gives those back no more than the others",
        "unknown": f"too few canaries to tell: chance alone reaches {found.limit:.2f}",
        "warn": "the method remembers some of them",
        "fail": "the method remembers single training rows",
    }
    return Finding(
        "audit",
        "canaries",
        verdict,
        f"{len(inserted)} {what} were learned from and {len(others)} were not: their mean exposure is "
        f"{float(bits.mean()):.2f} bits (1.44 by chance, at most {math.log2(len(others) + 1):.1f}), {found.told()}; "
        f"{said[verdict]}",
        value=found.auc,
        interval=found.interval,
        fresh=0.5,
        limit=found.limit,
        advice=MEMORISED if verdict in ("warn", "fail") else "",
        reference=CARLINI,
    )


@dataclass(frozen=True)
class Verbatim:
    """Made texts that repeat a passage found only in training texts, and those that repeat one only in the holdout.

    made, control: counts among `texts` made texts. chance: of so many more of the first where nothing is remembered.
    """

    made: int
    control: int
    texts: int
    chance: float


def verbatim(made: Sequence[str], train: Sequence[str], holdout: Sequence[str], n: int = WORDS) -> Verbatim:
    """Count made texts with a passage of n words that stands in training texts and in no holdout text, and the reverse.

    Training and holdout texts are cut to equal number, so that by chance both happen equally often.
    """
    from scipy.stats import binom

    size = min(len(train), len(holdout))
    first, second = passages(train[:size], n), passages(holdout[:size], n)
    only, other = first - second, second - first
    found = [passages([text], n) for text in made]
    hits, control = (sum(not f.isdisjoint(p) for f in found) for p in (only, other))
    chance = float(binom.sf(hits - 1, hits + control, 0.5)) if hits else 1.0
    return Verbatim(hits, control, len(made), chance)


def passages(texts: Iterable[str], n: int = WORDS) -> set[tuple[str, ...]]:
    """Return all runs of n words, without regard to case and white space; a shorter text is one run."""
    out: set[tuple[str, ...]] = set()
    for text in texts:
        words = text.lower().split()
        out.update(tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1)) if words)
    return out


def longest_shared(canaries: Sequence[str], made: Sequence[str]) -> Floats:
    """Return how many words in a row of each canary stand in a made text, (canaries,): a score for `exposure`."""
    out = np.zeros(len(canaries))
    most = max((len(c.split()) for c in canaries), default=0)
    for n in range(1, most + 1):
        known = {p for p in passages(made, n) if len(p) == n}
        hits = [any(p in known for p in passages([c], n) if len(p) == n) for c in canaries]
        if not any(hits):
            break
        out[np.array(hits)] = n
    return out


def repeated(column: str, found: Verbatim) -> Finding:
    """Return the finding on passages of a text column."""
    share, control = found.made / max(1, found.texts), found.control / max(1, found.texts)
    leaks = found.chance < ALPHA
    verdict = "ok" if not leaks else "fail" if share - control > 0.005 else "warn"
    sentence = (
        f"{percent(share)} of made texts in {column!r} hold {WORDS} words in a row that stand in training texts only; "
        f"{percent(control)} hold such words of the holdout"
    )
    return Finding(
        "audit",
        f"verbatim passages, {column}",
        verdict,
        f"{sentence}: training texts were copied" if leaks else sentence,
        value=share,
        interval=exact_interval(found.made, max(1, found.texts)),
        fresh=control,
        limit=control + 0.005,
        columns=(column,),
        advice=MEMORISED if leaks else "",
        reference=CARLINI,
    )
