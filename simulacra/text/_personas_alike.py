"""Personas that resemble an earlier one, found in two stages: by their words (MinHash), then by their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

STAGES = ("MinHash", "embedding")


@dataclass(frozen=True)
class Twin:
    """A persona that is dropped. row: its number; first: of the persona it resembles; stage: which found it; value."""

    row: int
    first: int
    stage: str
    value: float


@dataclass
class Alike:
    """Takes personas a block at a time and tells which resemble an earlier one that stays.

    least: similarity from which two are alike, of their pairs of words (Jaccard) and of their vectors (cosine).
    by_vector: whether the second stage is taken.
    """

    least: float
    by_vector: bool = True
    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    vectors: list[Floats] = field(default_factory=list)

    def twins(self, rows: Sequence[int], texts: Sequence[str], given: Floats | None = None) -> list[Twin]:
        """Return those of a block that resemble an earlier persona, and keep the others. given: vectors of a model."""
        from simulacra.parts.minhash import near_duplicates
        from simulacra.parts.text_vectors import near_vectors, unit, vectors

        numbers, known = [*self.rows, *rows], len(self.rows)
        if not rows:
            return []
        out = self._twins(*near_duplicates([*self.texts, *texts], self.least), numbers, known, STAGES[0])
        gone = {twin.row for twin in out}
        left = [i for i, row in enumerate(rows) if row not in gone]
        if not self.by_vector:
            self.rows += [rows[i] for i in left]
            self.texts += [texts[i] for i in left]
            return out
        found = vectors([texts[i] for i in left]) if given is None else unit(given[left])
        numbers = [*self.rows, *(rows[i] for i in left)]
        every = np.concatenate([*self.vectors, found])
        more = self._twins(*near_vectors(every, self.least), numbers, known, STAGES[1])
        gone = {twin.row for twin in more}
        for place, i in enumerate(left):
            if rows[i] not in gone:
                self.rows.append(rows[i])
                self.texts.append(texts[i])
                self.vectors.append(found[place : place + 1])
        self.vectors = [np.concatenate(self.vectors)] if self.vectors else []
        return sorted([*out, *more], key=lambda twin: twin.row)

    def _twins(
        self,
        pairs: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
        numbers: Sequence[int],
        known: int,
        stage: str,
    ) -> list[Twin]:
        from simulacra.parts.minhash import first_of

        new = pairs[:, 1] >= known
        pairs, values = pairs[new], values[new]
        first = first_of(len(numbers), pairs)
        value = dict(zip(map(tuple, pairs.tolist()), values.tolist(), strict=True))
        dropped = np.flatnonzero(first != np.arange(len(first))).tolist()
        return [Twin(numbers[i], numbers[first[i]], stage, value[int(first[i]), i]) for i in dropped]


def share(texts: Sequence[str], least: float) -> dict[str, float]:
    """Return the share of texts that resemble an earlier one, by each stage alone."""
    from simulacra.parts.minhash import first_of, near_duplicates
    from simulacra.parts.text_vectors import near_vectors, vectors

    found = (near_duplicates(texts, least)[0], near_vectors(vectors(texts), least)[0])
    own = np.arange(len(texts))
    return {
        stage: float((first_of(len(texts), pairs) != own).mean()) for stage, pairs in zip(STAGES, found, strict=True)
    }
