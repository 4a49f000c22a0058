"""Figures of how varied a list of texts is, each on as many texts and words as those it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulacra.core.rng import stream
from simulacra.guards._texts_columns import SAMPLE
from simulacra.parts.minhash import first_of, near_duplicates
from simulacra.parts.ngrams import Words, compression_ratio, distinct_n, encode, grams, self_bleu, words
from simulacra.parts.text_vectors import near_vectors, unit, vectors

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Vectors = npt.NDArray[np.float32]

HEAD = 100
"""Words of a text that count for distinct-n and the order of words, so that a few long texts do not decide."""
RUNS = 5_000
"""Runs of words that distinct-n is taken over without real texts; with them, as many as the shorter side has."""
ORDERED = 2_500
"""Runs of two words that are needed to tell whether their order means anything."""
MOST_RUNS = 50_000
NEAR_WORDS, NEAR_VECTORS, NEAR_TOPIC = 0.7, 0.85, 0.6
"""Jaccard similarity, cosine, and cosine about the mean vector from which two texts count as forms of one."""
DUPLICATE = 0.8
OPENING = 3
GROUPS = 5


@dataclass(frozen=True)
class Coded:
    """A list of texts made ready: their words, cut to HEAD, their vectors and openings."""

    texts: Sequence[str]
    head: Words
    vectors: Vectors

    @classmethod
    def of(cls, texts: Sequence[str]) -> Coded:
        """Make a sample of texts ready."""
        coded = encode(texts)
        keep = np.arange(len(coded.ids)) - np.repeat(coded.starts[:-1], coded.lengths) < HEAD
        starts = np.concatenate([[0], np.cumsum(np.minimum(coded.lengths, HEAD))]).astype(np.int64)
        return cls(texts, Words(coded.ids[keep], starts), vectors(texts))

    def __len__(self) -> int:
        return len(self.texts)

    def groups(self) -> list[Coded]:
        """Return the texts in GROUPS parts."""
        parts = np.array_split(np.arange(len(self)), GROUPS)
        return [Coded([self.texts[i] for i in p], self.head.take(p), self.vectors[p]) for p in parts]


def runs(side: Coded, n: int) -> int:
    """Return how many runs of n words there are."""
    return int(np.maximum(side.head.lengths - n + 1, 0).sum())


def distinct(n: int, most: int) -> Callable[[Coded], float]:
    """Return the figure distinct-n over so many runs, less where a part of the texts is asked."""
    return lambda side: distinct_n(side.head, n, min(most, runs(side, n)))


def bleu(side: Coded) -> float:
    """Return self-BLEU."""
    return self_bleu(side.head, sample=None)


def compression(side: Coded) -> float:
    """Return the compression ratio."""
    return compression_ratio(side.texts)


def vendi(side: Coded) -> float:
    """Return the Vendi score of the vectors, 1..texts: how many entirely different texts would vary as much.

    Friedman and Dieng 2023 (arXiv 2210.02410).
    """
    values = np.linalg.eigvalsh(side.vectors.astype(np.float64) @ side.vectors.T / len(side))
    values = values[values > 1e-12]
    values = values / values.sum() if len(values) else np.ones(1)
    return float(np.exp(-(values * np.log(values)).sum()))


def effective_size(side: Coded) -> float:
    """Return how many texts there are when near ones count as forms of one, as a share of all, 0..1.

    Texts near each other are linked; the figure is exp of the entropy of the linked groups. Near are those whose words,
    vectors, or vectors about the mean of all agree; the last finds forms of one text said in other words.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs, _ = near_duplicates(side.texts, NEAR_WORDS)
    alike, _ = near_vectors(side.vectors, NEAR_VECTORS)
    about = unit(side.vectors - side.vectors.mean(0))
    topic = np.argwhere(np.triu(about @ about.T >= NEAR_TOPIC, 1))
    links = np.concatenate([pairs, alike, topic])
    matrix = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), (len(side), len(side)))
    _, member = connected_components(matrix, directed=False)
    share = np.bincount(member) / len(side)
    return float(np.exp(-(share * np.log(share)).sum()) / len(side))


def duplicates(texts: Sequence[str]) -> int:
    """Return how many texts nearly repeat an earlier one: Jaccard similarity of runs of two words of DUPLICATE."""
    pairs, _ = near_duplicates(texts, DUPLICATE)
    return int((first_of(len(texts), pairs) != np.arange(len(texts))).sum())


def openings(texts: Sequence[str]) -> list[tuple[str, int]]:
    """Return the first words of texts and how many begin so, the most common first."""
    found = pl.Series("words", [" ".join(words(text[:200])[:OPENING]) for text in texts]).value_counts()
    found = found.sort("count", "words", descending=[True, False]).head(5)
    return [(str(opening), int(count)) for opening, count in found.iter_rows()]


def order(side: Coded, seed: int) -> tuple[float, float]:
    """Return how much fewer different pairs of words there are than with all words shuffled, as a share, and its z.

    Words of language follow each other for a reason, so that pairs come back; drawn at random they do not.
    """
    most = min(runs(side, 2), MOST_RUNS)
    real = len(np.unique(grams(side.head, 2).hashes[:most]))
    mix = stream(seed, "diversity", "order").permutation(len(side.head.ids))
    drawn = len(np.unique(grams(Words(side.head.ids[mix], side.head.starts), 2).hashes[:most]))
    return 1 - real / max(drawn, 1), (drawn - real) / max(1.0, np.sqrt(most - drawn))


def coverage(made: Coded, real: Coded, other: Coded, seed: int) -> tuple[float, float]:
    """Return the share of topics of real texts that made ones reach, and that as many other real ones do.

    Topics are clusters of the vectors of `other`; one of share p counts by p, and by less where fewer than p/2 of
    the texts lie in it.
    """
    from sklearn.cluster import KMeans

    middle = other.vectors.mean(0)
    topics = max(5, min(25, len(other) // 20))
    model = KMeans(topics, n_init=3, random_state=int(stream(seed, "diversity", "topics").integers(2**31)))
    share = np.bincount(model.fit_predict(unit(other.vectors - middle)), minlength=topics) / len(other)

    def reached(side: Coded) -> float:
        got = np.bincount(model.predict(unit(side.vectors - middle)), minlength=topics) / len(side)
        return float((share * np.minimum(1, 2 * got / np.maximum(share, 1e-9))).sum())

    return reached(made), reached(real)


def sample(texts: Sequence[str]) -> Coded:
    """Return the first texts, which are in random order, made ready."""
    return Coded.of(texts[:SAMPLE])
