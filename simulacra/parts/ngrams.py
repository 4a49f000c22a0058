"""Words of texts, runs of n of them, and how varied texts are by these: distinct-n, self-BLEU, compression, ROUGE-L."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulacra.core.rng import stream
from simulacra.parts._ngrams_rouge import Pool, longest_common, rouge_of
from simulacra.parts._ngrams_words import Words, encode, words

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Ints = npt.NDArray[np.int64]

__all__ = [
    "Grams", "Pool", "Words", "compression_ratio", "distinct_n", "encode", "novelty", "rouge_l", "self_bleu",
    "grams", "words",
]  # fmt: skip

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Grams:
    """Runs of n words: hashes (grams,) uint64, owner (grams,) number of the text, place (grams,) word it begins at."""

    hashes: Hashes
    owner: Ints
    place: Ints


def grams(texts: Words | Sequence[str | None] | pl.Series, n: int) -> Grams:
    """Return every run of n words of every text, repeated ones too; texts of fewer words have none.

    n: at least 1. Two runs that differ have one hash with a probability of about 5e-20.
    """
    coded = _coded(texts)
    at = np.flatnonzero(coded.owner[: max(0, len(coded.ids) - n + 1)] == coded.owner[n - 1 :])
    hashes = np.zeros(len(at), np.uint64)
    for k in range(n):
        hashes = (hashes ^ (hashes >> np.uint64(31))) * _FACTOR + coded.ids[at + k]
    owner = coded.owner[at]
    return Grams(hashes, owner, at - coded.starts[:-1][owner])


def distinct_n(texts: Words | Sequence[str | None] | pl.Series, n: int, most: int | None = None) -> float:
    """Return the share of runs of n words that differ, 0..1 (Li et al. 2016, arXiv 1510.03055); 0 without any.

    most: look at so many runs, the first ones. The share falls with their number, so that two sets of texts may only
    be compared by the same number.
    """
    hashes = grams(texts, n).hashes[:most]
    return len(np.unique(hashes)) / len(hashes) if len(hashes) else 0.0


def compression_ratio(texts: Iterable[str | None], seed: int = 0) -> float:
    """Return the bytes of all texts, one a line, over their bytes compressed (zlib); more is less varied.

    The texts are shuffled by the seed, because zlib sees repetitions over 32 kB only. Reference: Shaib et al. 2024
    (arXiv 2403.00553). 1 without texts.
    """
    given = [text for text in texts if text]
    order = stream(seed, "parts/ngrams", "compression").permutation(len(given))
    whole = "\n".join(given[i] for i in order).encode("utf-8", "replace")
    return len(whole) / len(zlib.compress(whole, 6)) if whole else 1.0


def self_bleu(
    texts: Words | Sequence[str | None] | pl.Series, n: int = 4, sample: int | None = 500, seed: int = 0
) -> float:
    """Return the mean BLEU of each text against all others, 0..1; more is less varied.

    n: longest runs of words. sample: draw so many texts by the seed, None takes all; the score grows with their number.
    A run that no other text has counts as a tenth of one. Reference: Zhu et al. 2018, Texygen (arXiv 1802.01886).
    0 with fewer than two texts of at least one word.
    """
    coded = _coded(texts)
    rows = np.flatnonzero(coded.lengths > 0)
    if sample is not None and len(rows) > sample:
        rows = np.sort(stream(seed, "parts/ngrams", "self-BLEU").choice(rows, sample, replace=False))
    if len(rows) < 2:
        return 0.0
    coded = coded.take(rows)
    logs, orders = np.zeros(len(rows)), np.zeros(len(rows))
    for k in range(1, n + 1):
        hits, total = _clipped(grams(coded, k), len(rows))
        has = total > 0
        logs[has] += np.log(np.where(hits[has] > 0, hits[has], 0.1) / total[has])
        orders += has
    return float((np.exp(logs / orders) * _brevity(coded.lengths)).mean())


def _clipped(grams: Grams, texts: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return of each text how many of its runs another text has as often, and how many it has."""
    total = np.bincount(grams.owner, minlength=texts).astype(np.float64)
    if not len(grams.hashes):
        return np.zeros(texts), total
    order = np.lexsort((grams.owner, grams.hashes))
    gram, owner = grams.hashes[order], grams.owner[order]
    first = np.flatnonzero(np.r_[True, (gram[1:] != gram[:-1]) | (owner[1:] != owner[:-1])])
    count = np.diff(np.r_[first, len(gram)])
    gram, owner = gram[first], owner[first]
    # The most that another text has: the largest count of a run, or the second largest for the text that has it.
    by = np.lexsort((-count, gram))
    gram, owner, count = gram[by], owner[by], count[by]
    head = np.flatnonzero(np.r_[True, gram[1:] != gram[:-1]])
    sizes = np.diff(np.r_[head, len(gram)])
    best = np.repeat(count[head], sizes)
    second = np.repeat(np.where(sizes > 1, count[np.minimum(head + 1, len(count) - 1)], 0), sizes)
    best[head] = second[head]
    return np.bincount(owner, np.minimum(count, best), minlength=texts).astype(np.float64), total


def _brevity(lengths: Ints) -> npt.NDArray[np.float64]:
    """Return BLEU's penalty for a text that is shorter than the text whose length is nearest to its own."""
    order = np.argsort(lengths, kind="stable")
    sizes = lengths[order].astype(np.float64)
    left, right = np.r_[-math.inf, sizes[:-1]], np.r_[sizes[1:], math.inf]
    near = np.where(sizes - left <= right - sizes, left, right)
    out = np.empty(len(sizes))
    out[order] = np.exp(np.minimum(0.0, 1 - near / sizes))
    return out


def rouge_l(a: str, b: str) -> float:
    """Return ROUGE-L of two texts, 0..1: the F measure of the longest words in common order (Lin 2004)."""
    return rouge_of(longest_common(words(a), words(b)), len(words(a)), len(words(b)))


def novelty(candidate: str, pool: Pool | Iterable[str]) -> float:
    """Return 1 minus the largest ROUGE-L of a text with any of a pool, 0..1; 1 for an empty pool.

    Self-Instruct keeps an instruction from .3 on (Wang et al. 2023, arXiv 2212.10560). Whoever asks more than once
    keeps a Pool, whose `nearest` also says which text it is.
    """
    return 1.0 - (pool if isinstance(pool, Pool) else Pool(pool)).nearest(candidate)[0]


def _coded(texts: Words | Sequence[str | None] | pl.Series) -> Words:
    return texts if isinstance(texts, Words) else encode(texts)
