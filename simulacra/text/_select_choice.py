"""Which rows are chosen: the best first, none nearer to a chosen one than a distance that is found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulacra.parts.ngrams import Pool, words

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.text._select_log import Log

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Vectors = npt.NDArray[np.float32]

GOOD: Final = 0.5
"""Share of the rows, the best by score, that are chosen among; twice as many as wanted at the least."""
HALVINGS: Final = 8
"""Steps of the search for the distance: to 1/256."""
BLOCK: Final = 512
ASKED: Final = 128
"""Words of a row that are compared for its novelty."""


@dataclass(frozen=True)
class Chosen:
    """What was chosen of rows that were given best first.

    picked: (chosen,) places in their order. nearest: (rows,) place of the nearest chosen row that stood before, -1
    for none. cosine: (rows,) its cosine. most: cosine from which a row was passed over.
    """

    picked: Ints
    nearest: Ints
    cosine: Floats
    most: float


def novel(asked: Sequence[str], quality: Floats, least: float, log: Log) -> None:
    """Drop rows whose text is nearer, by ROUGE-L, to that of a better row than 1 - least."""
    rows = log.rows()
    pool, members = Pool(), []
    lost, partners, reasons = [], [], []
    for row in rows[np.argsort(-quality[rows], kind="stable")].tolist():
        text = " ".join(words(asked[row])[:ASKED])
        near, at = pool.nearest(text, 1 - least)
        if at < 0:
            pool.add(text)
            members.append(row)
            continue
        lost.append(row)
        partners.append(members[at])
        reasons.append(f"little new beside row {members[at]}: ROUGE-L {near:.2f}")
    log.drop("novelty", lost, reasons, partners)


def choose(vectors: Vectors, n: int) -> Chosen:
    """Choose n of rows that are given best first, so that they are good and lie far apart.

    A row is taken when its cosine with all rows taken before it stays below a bound (the filter of Liu et al. 2024,
    DEITA, arXiv 2312.15685); the bound is not fixed but the least by which n rows of the better half are found.
    vectors: (rows, d) of unit length. n: at most the number of rows.
    """
    good = min(len(vectors), max(2 * n, round(GOOD * len(vectors))))
    low, high = 0.0, 1.0
    best = _pass(vectors[:good], n, np.inf)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        tried = _pass(vectors[:good], n, middle)
        if len(tried.picked) < n:
            low = middle
        else:
            high, best = middle, tried
    return best


def _pass(vectors: Vectors, n: int, most: float) -> Chosen:
    """Take rows in their order, each with a cosine below `most` to those taken before, until there are n."""
    rows = len(vectors)
    taken = np.empty((min(n, rows), vectors.shape[1]), np.float32)
    picked: list[int] = []
    nearest, cosine = np.full(rows, -1, dtype=np.int64), np.zeros(rows)
    for first in range(0, rows, BLOCK):
        block = vectors[first : first + BLOCK]
        at, near = np.full(len(block), -1), np.full(len(block), -np.inf, np.float32)
        if picked:
            against = block @ taken[: len(picked)].T
            at, near = against.argmax(1), against.max(1)
        for i in range(len(block)):
            nearest[first + i] = picked[at[i]] if at[i] >= 0 else -1
            cosine[first + i] = max(float(near[i]), 0.0)
            if near[i] >= most:
                continue
            taken[len(picked)] = block[i]
            picked.append(first + i)
            if len(picked) == n:
                return Chosen(np.array(picked, dtype=np.int64), nearest, cosine, most)
            new = block @ block[i]
            closer = new > near
            at[closer], near[closer] = len(picked) - 1, new[closer]
    return Chosen(np.array(picked, dtype=np.int64), nearest, cosine, most)


def best(rows: Ints, quality: Floats, vectors: Vectors, n: int, log: Log, among: str = "") -> None:
    """Choose n of the rows that are left, and write down why of each. among: which rows, in words."""
    order = rows[np.argsort(-quality[rows], kind="stable")]
    if not n:
        log.drop("choice", order.tolist(), [f"no row{among} was wanted: there are more values than rows"] * len(order))
        return
    chosen = choose(vectors[order], n)
    taken = set(chosen.picked.tolist())
    lost, reasons, partners = [], [], []
    last = int(chosen.picked[-1])
    for place, row in enumerate(order.tolist()):
        if place in taken:
            continue
        lost.append(row)
        if place < last:
            other = int(order[chosen.nearest[place]])
            near = f"cosine {chosen.cosine[place]:.2f}, {chosen.most:.2f} or more is too near"
            reasons.append(f"near row {other}, which is chosen and scores no less: {near}")
            partners.append(other)
        else:
            reasons.append(f"its score is place {place + 1:,} of {len(order):,}{among}; {n:,} were found before it")
            partners.append(-1)
    log.drop("choice", lost, reasons, partners)
    kept = order[chosen.picked].tolist()
    reasons = [f"chosen: its score is place {p + 1:,} of {len(order):,}{among}" for p in chosen.picked.tolist()]
    others = [int(order[at]) if at >= 0 else -1 for at in chosen.nearest[chosen.picked].tolist()]
    beside = [f"; cosine {c:.2f} with the nearest better one" for c in chosen.cosine[chosen.picked].tolist()]
    told = [r + (more if o >= 0 else "") for r, more, o in zip(reasons, beside, others, strict=True)]
    log.keep("choice", kept, told, others)


def shares(sizes: Iterable[int], n: int) -> list[int]:
    """Return how many of n each group gets: as many as any other, as far as it has them; first groups get the rest."""
    sizes = list(sizes)
    out = [0] * len(sizes)
    left = min(n, sum(sizes))
    while left:
        open_ = [i for i, size in enumerate(sizes) if out[i] < size]
        each, more = divmod(left, len(open_))
        for at, i in enumerate(open_):
            add = min(sizes[i] - out[i], each + (at < more))
            out[i] += add
            left -= add
    return out
