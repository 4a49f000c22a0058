"""Findings on copies: made images that are training images, or nearly, that repeat each other, and their variety."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import MEMORISED, VARIETY
from simulacra.core.report import Finding, View
from simulacra.guards import _views
from simulacra.guards._pictures_distance import chance_of, effective_number, nearest, tolerance_of
from simulacra.guards._stats import ALPHA, wilson
from simulacra.guards._words import percent

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.guards._frames import Floats, Ints
    from simulacra.guards._pictures import Images, Pictures

    Keys = npt.NDArray[np.uint64]

EXACT_FAIL = 0.005
NEAR_FAIL, NEAR_WARN = 0.05, 0.02
"""Shares of near copies from which they matter, when they are also more than chance gives; real ones show 0.01."""
REPEAT_FAIL, REPEAT_WARN = 0.05, 0.01
VARIED = 1000
"""Most images whose effective number is computed."""
POOR_FAIL, POOR_WARN = 0.5, 0.8


def exact(p: Pictures) -> Iterator[Finding]:
    """Yield the finding on made images that equal a training image in every pixel; all images are looked at."""
    train = np.unique(keys(p.all_real))
    made = np.isin(keys(p.all_made), train)
    usual = np.isin(keys(p.fresh.images), train) if p.holdout else _earlier(p.all_real)
    share, fresh, n = float(made.mean()), float(usual.mean()), len(made)
    sure = chance_of(int(made.sum()), n, int(usual.sum()), len(usual)) < ALPHA
    bad = share - fresh if sure else 0.0
    verdict = "fail" if bad > EXACT_FAIL else "warn" if bad > 0 else "ok"
    sentence = (
        f"{percent(share)} of {n:,} made images equal a training image in every pixel, {percent(fresh)} of real ones do"
    )
    yield Finding(
        "images",
        "exact copies",
        verdict,
        f"{sentence}: training images were copied" if verdict != "ok" else sentence,
        value=share,
        interval=wilson(share * n, n),
        fresh=fresh,
        limit=min(1.0, fresh + EXACT_FAIL),
        advice=MEMORISED if verdict != "ok" else "",
    )


def near(p: Pictures) -> Iterator[Finding | View]:
    """Yield the finding on made images nearer to a training image than real ones are, by pixels and by convolutions."""
    far = {
        "pixels": (nearest(p.made_pixels, p.train_pixels)[0], real_distances(p)),
        "random convolutions": (
            nearest(p.made.texture, p.train_texture)[0],
            nearest(p.fresh.texture, p.train_texture, _own(p, p.deep))[0],
        ),
    }
    shares = {space: _near(*pair) for space, pair in far.items()}
    space = max(shares, key=lambda s: (shares[s][1] < ALPHA / 2, shares[s][0]))
    share, chance, fresh = shares[space]
    n = len(far[space][0])
    sure = chance < ALPHA / 2
    verdict = "fail" if sure and share > NEAR_FAIL else "warn" if sure and share > NEAR_WARN else "ok"
    searched, others = len(p.train if space == "pixels" else p.deep), "holdout" if p.holdout else "other training"
    whole = "" if searched == len(p.all_real) else f" of {len(p.all_real):,}"
    sentence = (
        f"{percent(share)} of {n:,} made images are nearer to one of {searched:,}{whole} training images than all but "
        f"{percent(fresh)} of {len(p.fresh):,} {others} images are, by {space}"
    )
    if verdict != "ok":
        sentence += f"; chance gives as many in fewer than {ALPHA:g} of cases: training images were copied or blended"
    yield Finding(
        "images",
        "near copies",
        verdict,
        sentence,
        value=share,
        interval=wilson(share * n, n),
        fresh=fresh,
        limit=NEAR_FAIL,
        advice=MEMORISED if verdict != "ok" else "",
        headline=True,
        reference="exact test by the negative hypergeometric distribution; docs/guards/images.md",
    )
    title = "Distance to the nearest training image, by pixels: real is the holdout"
    title = title if p.holdout else "Distance to the nearest other training image, by pixels"
    note = "Made images further left than real ones are copies or blends."
    yield _views.two_histograms("images", title, far["pixels"][1], far["pixels"][0], note, share)


def real_distances(p: Pictures) -> Floats:
    """Return the distances, by pixels, of real images to the training image nearest to each, themselves left out."""
    return nearest(p.fresh.pixels, p.train_pixels, _own(p, p.train))[0]


def _own(p: Pictures, train: Ints) -> Ints | None:
    return None if p.fresh_rows is None else np.searchsorted(train, p.fresh_rows)


def _near(made: Floats, other: Floats) -> tuple[float, float, float]:
    """Return the share of near made images, the chance of so many, and the share of other images as near."""
    tolerance = tolerance_of(other)
    close, usual = int((made <= tolerance).sum()), int((other <= tolerance).sum())
    return close / len(made), chance_of(close, len(made), usual, len(other)), usual / len(other)


def repeats(p: Pictures) -> Iterator[Finding]:
    """Yield the finding on made images that repeat another made image, exactly or nearly."""
    again, twice = _earlier(p.all_made), _earlier(p.all_real)
    same, real = float(again.mean()), float(twice.mean())
    sure = chance_of(int(again.sum()), len(again), int(twice.sum()), len(twice)) < ALPHA / 2
    made, fresh = (nearest(side.pixels, side.pixels, np.arange(len(side)))[0] for side in (p.made, p.fresh))
    close, chance, usual = _near(made, fresh)
    n = len(p.made)
    bad = max(same - real if sure else 0.0, close - usual if chance < ALPHA / 2 else 0.0)
    verdict = "fail" if bad > REPEAT_FAIL else "warn" if bad > REPEAT_WARN else "ok"
    sentence = (
        f"{percent(same)} of {len(p.all_made):,} made images equal another made one in every pixel ({percent(real)} of "
        f"real ones do), and {percent(close)} lie as near to another as only {percent(usual)} of fresh real ones do"
    )
    if verdict != "ok":
        sentence += ": fewer different images than rows"
    value = max(same, close)
    yield Finding(
        "images",
        "repeated images",
        verdict,
        sentence,
        value=value,
        interval=wilson(value * n, n),
        fresh=max(real, usual),
        limit=min(1.0, max(real, usual) + REPEAT_FAIL),
        advice="the method draws from too few different images: " + VARIETY if verdict != "ok" else "",
    )


def _earlier(images: Images) -> npt.NDArray[np.bool_]:
    """Return of each image whether an earlier one equals it."""
    out = np.ones(len(images), dtype=bool)
    out[np.unique(keys(images), return_index=True)[1]] = False
    return out


def keys(images: Images) -> Keys:
    """Return one number of 64 bits an image; equal images have equal keys."""
    digests = (hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in np.ascontiguousarray(images))
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def variety(p: Pictures) -> Iterator[Finding]:
    """Yield the effective number of different images beside that of real ones; never judged alone."""
    rows = np.arange(len(p.made))[:VARIED]
    made, fresh, other = (side.pixels[rows] for side in (p.made, p.fresh, p.other))
    width = float(np.median(nearest(fresh, other)[0])) * 2
    value, mark, again = (effective_number(x, width) for x in (made, fresh, other))
    ratio = value / mark
    noise = 4 * abs(again - mark) / mark
    verdict = "fail" if ratio < min(POOR_FAIL, 1 - noise) else "warn" if ratio < min(POOR_WARN, 1 - noise) else "ok"
    words = {"ok": "no poorer than real ones", "warn": "poorer than real ones", "fail": "much poorer than real ones"}
    yield Finding(
        "images",
        "variety (effective number)",
        verdict,
        f"{len(rows):,} made images are worth {value:.1f} entirely different ones, as many real ones {mark:.1f}: "
        f"{words[verdict]}. Noise raises this figure too, so it counts only beside precision and recall",
        value=value,
        fresh=mark,
        limit=mark * min(POOR_FAIL, 1 - noise),
        advice=VARIETY if verdict != "ok" else "",
        reference="Friedman and Dieng 2023, The Vendi score (arXiv 2210.02410)",
    )
