"""Texts as sets of hashed pieces: runs of words or of characters, each a number of 64 bits.

The hash is our own and hangs on the text alone: the same on every machine, in every version of every library.
Letters count without case, width and accents ("Café" is "cafe"); a letter of a script that sets no spaces
(Chinese, Japanese, Thai, Lao, Khmer, Burmese) is a word by itself.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts.permute import hashed

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]

CHUNK = 2_000_000
"""Characters that are hashed together: 16 MB an array."""
BASE = 0x9E3779B97F4A7C15 | 1
ORDER = 0xC2B2AE3D27D4EB4F
SEPARATOR, LETTER, ALONE, NOTHING = range(4)
NO_SPACES = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x4DBF),
             (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))  # fmt: skip
"""First and last letter of scripts that set no spaces between words."""


@dataclass(frozen=True)
class Shingles:
    """Hashed pieces of texts. codes: (pieces,) of all texts, one after another. starts: (texts + 1,) where each begins.

    A piece that a text repeats stands there as often; no text is without one.
    """

    codes: Words
    starts: Places

    @property
    def sizes(self) -> Places:
        """Return (texts,) how many pieces each text has."""
        return np.diff(self.starts)

    def padded(self, rows: Places) -> Words:
        """Return (rows, widest) the pieces of some texts; shorter ones repeat their last, which changes no set."""
        sizes = self.sizes[rows]
        place = np.minimum(np.arange(int(sizes.max())), sizes[:, None] - 1)
        return self.codes[place + self.starts[rows][:, None]]


def shingles(texts: Sequence[str], kind: str = "word", k: int = 2) -> Shingles:
    """Return the runs of k words ("word") or k characters ("char") of each text, as hashes.

    A text shorter than k is one piece; texts without a letter or digit share one piece, so they are equal.
    """
    codes, sizes = [], []
    for part in chunks(texts):
        found, lengths = _char_runs(part, k) if kind == "char" else _word_runs(part, k)
        codes.append(found)
        sizes.append(lengths)
    total = np.concatenate(sizes) if sizes else np.zeros(0, dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(total))).astype(np.int64)
    return Shingles(np.concatenate(codes) if codes else np.zeros(0, dtype=np.uint64), starts)


@dataclass(frozen=True)
class Vocabulary:
    """The words of some texts.

    words: (words,) each different one, as it is first written. codes: (words,) their hashes.
    places: (all words,) the number of each word of the texts among them. sizes: (texts,) how many words each text has.
    """

    words: Sequence[str]
    codes: Words
    places: Places
    sizes: Places


def vocabularies(texts: Sequence[str]) -> Iterator[Vocabulary]:
    """Yield the words of the texts, some texts at a time, in order."""
    for part in chunks(texts):
        found, sizes, begins, ends = _word_codes(part)
        codes, first, places = np.unique(found, return_index=True, return_inverse=True)
        joined = "\n".join(part)
        written = [joined[a:b] for a, b in zip(begins[first].tolist(), ends[first].tolist(), strict=True)]
        yield Vocabulary(written, codes, places, sizes)


def chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the texts, about CHUNK characters at a time, in order."""
    first, size = 0, 0
    for i, text in enumerate(texts):
        size += len(text) + 1
        if size >= CHUNK:
            yield texts[first : i + 1]
            first, size = i + 1, 0
    if first < len(texts):
        yield texts[first:]


def _word_runs(texts: Sequence[str], k: int) -> tuple[Words, Places]:
    found, lengths, *_ = _word_codes(texts)
    return _runs(found, lengths, k)


def _char_runs(texts: Sequence[str], k: int) -> tuple[Words, Places]:
    """Runs of characters; whatever stands between two words counts as one space."""
    letters, kinds, text = _letters(texts)
    letters[kinds == SEPARATOR] = np.uint64(ORDER)
    blank = kinds == SEPARATOR
    keep = kinds != NOTHING
    keep[1:] &= ~(blank[1:] & blank[:-1])
    keep[0] &= not blank[0]
    letters, blank, text = letters[keep], blank[keep], text[keep]
    # What stands before the end of a text separates nothing.
    last = np.append(np.diff(text) != 0, True)
    letters, text = letters[~(blank & last)], text[~(blank & last)]
    return _runs(hashed(letters, 0), np.bincount(text, minlength=len(texts)).astype(np.int64), k)


def _runs(found: Words, lengths: Places, k: int) -> tuple[Words, Places]:
    """Return the hash of each run of k pieces inside a text; a text with fewer is one run."""
    padded = np.maximum(lengths, k)
    starts, ends = np.cumsum(padded) - padded, np.cumsum(lengths)
    if (lengths < k).any():
        place = np.arange(int(padded.sum())) - np.repeat(starts - (ends - lengths), padded)
        beyond = place >= np.repeat(ends, padded)
        found = np.append(found, np.uint64(0))[np.where(beyond, len(found), place)]
    out = np.zeros(max(0, len(found) - k + 1), dtype=np.uint64)
    for i in range(k):
        out *= np.uint64(ORDER)
        out += found[i : len(found) - k + 1 + i]
    inside = np.ones(len(out), dtype=bool)
    for i in range(1, k):
        cut = starts[1:] - i
        inside[cut[cut < len(out)]] = False
    return hashed(out[inside], k), padded - k + 1


def _word_codes(texts: Sequence[str]) -> tuple[Words, Places, Places, Places]:
    """Return (words,) the hash of each, (texts,) how many each text has, and where each begins and ends, all joined."""
    letters, kinds, text = _letters(texts)
    place = np.arange(len(kinds))
    if (kinds == NOTHING).any():
        place = np.flatnonzero(kinds != NOTHING)
        letters, kinds, text = letters[place], kinds[place], text[place]
    first, last = kinds != SEPARATOR, kinds != SEPARATOR
    inside = (kinds[:-1] == LETTER) & (kinds[1:] == LETTER)
    first[1:] &= ~inside
    last[:-1] &= ~inside
    begins, ends = np.flatnonzero(first), np.flatnonzero(last) + 1
    if not len(begins):
        return letters[:0], np.zeros(len(texts), dtype=np.int64), begins, ends
    # sum of letter * BASE^place, taken back to the place where the word begins: BASE is odd, so it has an inverse.
    sums = np.add.reduceat(letters * _powers(BASE, len(letters)), begins)
    codes = sums * _powers(pow(BASE, -1, 2**64), len(letters))[begins]
    sizes = np.bincount(text[begins], minlength=len(texts)).astype(np.int64)
    return hashed(codes, 1), sizes, place[begins], place[ends]


def _letters(texts: Sequence[str]) -> tuple[Words, npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Return the value of each character, what it is, and its text; every text ends with a separator."""
    joined = "\n".join(texts) + "\n"
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    seen = np.flatnonzero(np.bincount(points))
    values, kinds = np.zeros(int(seen[-1]) + 1, dtype=np.uint64), np.zeros(int(seen[-1]) + 1, dtype=np.uint8)
    for point in seen.tolist():
        values[point], kinds[point] = _letter(point)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
    return values[points], kinds[points], np.repeat(np.arange(len(texts), dtype=np.int32), lengths)


def _letter(point: int) -> tuple[int, int]:
    """Return the value and the kind of one character."""
    char = chr(point)
    if 0x300 <= point < 0x370:
        return 0, NOTHING
    if not (char.isalnum() or unicodedata.category(char) in ("Mn", "Mc")):
        return 0, SEPARATOR
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not 0x300 <= ord(c) < 0x370).casefold()
    value = int.from_bytes(hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return value, ALONE if any(low <= point <= high for low, high in NO_SPACES) else LETTER


_POWERS: dict[int, Words] = {}


def _powers(base: int, n: int) -> Words:
    """Return (n,) the powers of a number modulo 2^64; those of a chunk are kept."""
    if len(_POWERS.get(base, ())) < n:
        steps = np.full(max(n, CHUNK), base, dtype=np.uint64)
        steps[0] = 1
        _POWERS[base] = np.multiply.accumulate(steps)
    return _POWERS[base][:n]
