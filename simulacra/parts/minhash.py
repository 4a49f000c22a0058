"""Near-duplicates among texts: MinHash finds candidates, the exact Jaccard similarity of their pieces decides.

Broder (1997), "On the resemblance and containment of documents"; Indyk and Motwani (1998) for the bands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.errors import ConfigError, near
from simulacra.parts.permute import hashed
from simulacra.parts.shingles import Shingles, shingles

if TYPE_CHECKING:
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

KINDS = ("word", "char")
PERMUTATIONS = 128
RECALL = 0.97
"""Share of the pairs just at the threshold that the bands are chosen to find; of those above it they find more."""
CELLS = 200_000
"""Pieces that are looked at together, so that they stay in the processor's cache."""
CROWD = 128
"""In a band that more rows share than these, each row is compared with the first and so many before it."""


def near_duplicates(
    texts: Sequence[str], threshold: float = 0.9, shingle: str = "word", k: int = 0, permutations: int = PERMUTATIONS
) -> tuple[Places, Floats]:
    """Return (pairs, 2) the rows of near-duplicates, first < second and sorted, and (pairs,) their Jaccard similarity.

    threshold: least similarity of a pair, above 0 and to 1. shingle: "word" or "char", what the compared sets hold;
    k: how many in a run, 0 for 2 words or 5 characters. permutations: hashes a text; more find more near the threshold.
    Every pair is verified; of the pairs at the threshold at least 97 % are found. Texts without a letter or digit are
    equal. Memory: 8 bytes a piece and 4 a band and text. Raises ConfigError.
    """
    if not 0 < threshold <= 1:
        raise ConfigError(f"near-duplicates: threshold must be above 0 and at most 1, got {threshold!r}")
    if shingle not in KINDS:
        raise ConfigError(f"near-duplicates: unknown shingle {shingle!r}.{near(shingle, KINDS)}")
    if k < 0 or permutations < 1:
        raise ConfigError(f"near-duplicates: k must be at least 1 and permutations too, got {k} and {permutations}")
    if not len(texts):
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0)
    sets = shingles(texts, shingle, k or (2 if shingle == "word" else 5))
    pairs = candidates(signatures(sets, *bands(threshold, permutations)))
    found = jaccard(sets, pairs, threshold)
    keep = found >= threshold
    return pairs[keep], found[keep]


def keep_first(
    texts: Sequence[str], threshold: float = 0.9, shingle: str = "word", k: int = 0
) -> npt.NDArray[np.bool_]:
    """Return (texts,) whether a text stays when each near-duplicate of an earlier text that stays is dropped."""
    pairs, _ = near_duplicates(texts, threshold, shingle, k)
    kept: npt.NDArray[np.bool_] = first_of(len(texts), pairs) == np.arange(len(texts))
    return kept


def first_of(rows: int, pairs: Places) -> Places:
    """Return (rows,) the row for which each is dropped, its own where it stays: in order, the first of a kind stays.

    pairs: (pairs, 2) near-duplicates, first < second, in any order.
    """
    out = np.arange(rows, dtype=np.int64)
    stays = [True] * rows
    for first, second in pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))].tolist():
        if stays[first] and stays[second]:
            stays[second] = False
            out[second] = first
    return out


def bands(threshold: float, permutations: int = PERMUTATIONS) -> tuple[int, int]:
    """Return how many bands and how many hashes a band: the most selective that find RECALL at the threshold."""
    for rows in range(permutations, 1, -1):
        if 1 - (1 - threshold**rows) ** (permutations // rows) >= RECALL:
            return permutations // rows, rows
    return permutations, 1


def signatures(sets: Shingles, count: int, rows: int) -> npt.NDArray[np.uint32]:
    """Return (count, texts) a key for each band: equal where the least of each of `rows` hashes is."""
    out = np.zeros((count, len(sets.sizes)), dtype=np.uint32)
    # Multiplying by an odd number permutes the numbers of 32 bits; the pieces are mixed already.
    factors = (hashed(np.arange(count * rows, dtype=np.uint64), 7) >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
    for place in blocks(sets.sizes):
        pieces = np.ascontiguousarray((sets.padded(place) >> np.uint64(32)).astype(np.uint32).T)
        work = np.empty_like(pieces)
        for band in range(count):
            key = np.zeros(len(place), dtype=np.uint64)
            for factor in factors[band * rows : (band + 1) * rows]:
                np.multiply(pieces, factor, out=work)
                key = key * np.uint64(0x9E3779B97F4A7C15) + work.min(axis=0)
            out[band, place] = (hashed(key, band) >> np.uint64(32)).astype(np.uint32)
    return out


def blocks(sizes: Places) -> Iterator[Places]:
    """Yield the numbers of texts of like size, about CELLS pieces together."""
    order = np.argsort(sizes, kind="stable")
    first = 0
    while first < len(order):
        # Sizes rise: how many fit is judged by the widest of a first guess.
        rows = max(1, CELLS // int(sizes[order[first]]))
        rows = max(1, CELLS // int(sizes[order[min(first + rows, len(order)) - 1]]))
        yield order[first : first + rows]
        first += rows


def candidates(keys: npt.NDArray[np.uint32]) -> Places:
    """Return (pairs, 2) rows that share a key in some band, first < second, each pair once, sorted.

    keys: (bands, rows). Where more than CROWD rows share one, each is paired with the first and CROWD before it.
    """
    count, rows = keys.shape
    found: Places = np.zeros(0, dtype=np.int64)
    waiting: list[Places] = []
    for band in range(count):
        waiting += _sharing(keys[band], rows)
        if sum(map(len, waiting)) > max(CELLS, len(found)) or band == count - 1:
            found, waiting = np.unique(np.concatenate((found, *waiting))), []
    return np.stack((found // rows, found % rows), axis=1)


def _sharing(key: npt.NDArray[np.uint32], rows: int) -> list[Places]:
    """Return first * rows + second of the rows that share a key."""
    # Key above, row below: one sort of numbers brings equal keys together, with their rows in order.
    packed = np.sort(key.astype(np.uint64) << np.uint64(32) | np.arange(rows, dtype=np.uint64))
    keys, row = packed >> np.uint64(32), (packed & np.uint64(0xFFFFFFFF)).astype(np.int64)
    out = []
    for step in range(1, min(CROWD, rows - 1) + 1):
        same = np.flatnonzero(keys[step:] == keys[:-step])
        if not len(same):
            break
        out.append(row[same] * rows + row[same + step])
    if len(out) == CROWD:
        new = np.append(True, keys[1:] != keys[:-1])
        first = row[np.maximum.accumulate(np.where(new, np.arange(rows), 0))]
        out.append((first * rows + row)[~new])
    return out


def jaccard(sets: Shingles, pairs: Places, threshold: float = 0.0) -> Floats:
    """Return (pairs,) the share of pieces that two texts have in common; 0 where their sizes tell it is too small."""
    distinct = _distinct_all(sets, np.unique(pairs))
    one, two = distinct[pairs[:, 0]], distinct[pairs[:, 1]]
    out = np.zeros(len(pairs))
    hope = np.flatnonzero(np.minimum(one, two) >= threshold * np.maximum(one, two))
    widths = sets.sizes[pairs[hope]].sum(axis=1)
    for place in blocks(widths):
        at = hope[place]
        union = _distinct(np.concatenate((sets.padded(pairs[at, 0]), sets.padded(pairs[at, 1])), axis=1))
        out[at] = (one[at] + two[at] - union) / union
    return out


def _distinct_all(sets: Shingles, rows: Places) -> Places:
    out = np.zeros(len(sets.sizes), dtype=np.int64)
    for place in blocks(sets.sizes[rows]):
        out[rows[place]] = _distinct(sets.padded(rows[place]))
    return out


def _distinct(pieces: npt.NDArray[np.uint64]) -> Places:
    """Return (rows,) how many different pieces each row holds; the array is sorted in place."""
    pieces.sort(axis=1)
    changes: Places = np.count_nonzero(pieces[:, 1:] != pieces[:, :-1], axis=1)
    return 1 + changes
