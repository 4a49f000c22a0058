"""ROUGE-L of one text with thousands: a pool that computes it for those alone that can be nearest."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from simulacra.parts._ngrams_words import words

if TYPE_CHECKING:
    import numpy.typing as npt

    Codes = npt.NDArray[np.int32]

_Any = TypeVar("_Any", bound=np.generic)


def rouge_of(common: int, a: int, b: int) -> float:
    """Return the F measure of a common run of words of texts of a and b words, 0..1."""
    return 2 * common / (a + b) if common else 0.0


def longest_common(a: Sequence[Hashable], b: Iterable[Hashable]) -> int:
    """Return the length of the longest common subsequence, by words of bits (Hyyro 2004)."""
    return _Pattern(a).common(b)


class _Pattern:
    """One side of the comparison: for each word the places where it stands, as bits."""

    def __init__(self, sequence: Sequence[Hashable]) -> None:
        self.places: dict[Hashable, int] = {}
        for at, word in enumerate(sequence):
            self.places[word] = self.places.get(word, 0) | 1 << at
        self.length = len(sequence)

    def common(self, other: Iterable[Hashable]) -> int:
        full = (1 << self.length) - 1
        free = full
        for word in other:
            hit = free & self.places.get(word, 0)
            if hit:
                free = ((free + hit) | (free - hit)) & full
        return self.length - free.bit_count()


class Pool:
    """Texts among which the nearest to another is looked for, by ROUGE-L; texts can be added at any time.

    A text of the pool cannot come nearer than the words it has in common with the other allow, in whatever order; only
    those that could be nearest by this bound are compared in full.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._codes: dict[str, int] = {}
        self._flat: Codes = np.zeros(1024, np.int32)
        self._starts: npt.NDArray[np.int64] = np.zeros(64, np.int64)
        self._count = 0
        self._used = 0
        for text in texts:
            self.add(text)

    def __len__(self) -> int:
        return self._count

    def add(self, text: str) -> None:
        """Take a text into the pool; its number is the length of the pool before."""
        # The first place of each text holds no word, so that a text without words is a stretch as well.
        codes = [0, *(self._codes.setdefault(word, len(self._codes) + 1) for word in words(text))]
        end = self._used + len(codes)
        self._flat = _grown(self._flat, end)
        self._starts = _grown(self._starts, self._count + 2)
        self._flat[self._used : end] = codes
        self._count, self._used = self._count + 1, end
        self._starts[self._count] = end

    def nearest(self, text: str, floor: float = 0.0) -> tuple[float, int]:
        """Return the largest ROUGE-L with a text of the pool, 0..1, and that text's number; (0, -1) without one.

        floor: scores up to this one do not matter and count as none, which makes the search faster.
        """
        given = [self._codes.get(word, -1) for word in words(text)]
        if not self._count or not given:
            return 0.0, -1
        bound, lengths = self._bounds(given)
        pattern = _Pattern(given)
        best, at = floor, -1
        for row in np.argsort(-bound, kind="stable"):
            if bound[row] <= best:
                break
            other = self._flat[self._starts[row] + 1 : self._starts[row + 1]].tolist()
            score = rouge_of(pattern.common(other), len(given), int(lengths[row]))
            if score > best:
                best, at = score, int(row)
        return (best, at) if at >= 0 else (0.0, -1)

    def _bounds(self, given: list[int]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Return the largest ROUGE-L that each text can have with the given words, and the words of each."""
        marked = np.zeros(len(self._codes) + 1, np.int64)
        known = [code for code in given if code > 0]
        marked[known] = 1
        starts = self._starts[: self._count]
        shared = np.add.reduceat(marked[self._flat[: self._used]], starts)
        lengths = np.diff(self._starts[: self._count + 1]) - 1
        return 2 * np.minimum(shared, len(known)) / (lengths + len(given)), lengths


def _grown(array: npt.NDArray[_Any], least: int) -> npt.NDArray[_Any]:
    return array if least <= len(array) else np.concatenate([array, np.zeros(max(least, len(array)), array.dtype)])
