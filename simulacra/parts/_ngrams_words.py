"""Texts as words, and words as numbers, for whole columns at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Ints = npt.NDArray[np.int64]

_ALONE: Final = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Thai, Lao, kana and Han signs are words of their own: their scripts put no space between words."""
_WORD: Final = rf"[{_ALONE}]|[^\W_{_ALONE}]+(?:['’][^\W_{_ALONE}]+)*"
_PATTERN: Final = re.compile(_WORD)
_CHUNK: Final = 20_000
"""Texts that are cut into words at a time, so that a column of any length needs little memory."""


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation; a Han, kana or Thai sign is a word."""
    return _PATTERN.findall(text.lower())


@dataclass(frozen=True)
class Words:
    """Texts as words: ids (words,) uint64, equal for equal words; starts (texts + 1,) where each text begins."""

    ids: Hashes
    starts: Ints

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ints:
        """Return the number of words of each text (texts,)."""
        return np.diff(self.starts)

    @cached_property
    def owner(self) -> Ints:
        """Return the number of the text that each word stands in (words,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: Ints) -> Words:
        """Return some of the texts, in the order of `rows` (rows,)."""
        lengths = self.lengths[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.arange(starts[-1]) + np.repeat(self.starts[:-1][rows] - starts[:-1], lengths)
        return Words(self.ids[places], starts)


def encode(texts: Sequence[str | None] | pl.Series) -> Words:
    """Return the words of many texts as numbers; a missing text has none."""
    column = texts if isinstance(texts, pl.Series) else pl.Series(texts, dtype=pl.String)
    ids, lengths = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for at in range(0, len(column), _CHUNK):
        lists = column[at : at + _CHUNK].fill_null("").str.to_lowercase().str.extract_all(_WORD)
        lengths.append(lists.list.len().to_numpy().astype(np.int64))
        ids.append(lists.explode(empty_as_null=False).hash().to_numpy())
    return Words(np.concatenate(ids), np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64))
