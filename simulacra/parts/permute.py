"""Numbers that look drawn at random but never repeat: a keyed permutation of the row number, and keyed hashes of it.

Every block of rows computes its own part alone, because the value of a row depends on its number and the key only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]

LARGEST = 2**62
"""Largest range that can be permuted."""
ROUNDS = 6


def hashed(numbers: Words, key: int, what: str = "") -> Words:
    """Return 64 well mixed bits for each number: the finaliser of SplitMix64 (Steele, Lea and Flood 2014), keyed."""
    salt = key
    for letter in what.encode():
        salt = (salt * 0x100000001B3 ^ letter) % 2**64
    x = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt % 2**64)
    for _ in range(2):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return x


def below(numbers: Words, bound: int, key: int, what: str) -> npt.NDArray[np.int64]:
    """Return a number in 0..bound-1 for each number; equal numbers give equal results."""
    return (hashed(numbers, key, what) % np.uint64(bound)).astype(np.int64)


def uniform(numbers: Words, key: int, what: str) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each number; equal numbers give equal results."""
    return (hashed(numbers, key, what) >> np.uint64(11)).astype(np.float64) / 2.0**53


def permute(numbers: Words, size: int, key: int) -> Words:
    """Return the place of each number under a keyed permutation of 0..size-1 (size at most LARGEST).

    A balanced Feistel network over the next power of four, walked until the result is inside
    (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    out = numbers.astype(np.uint64)
    outside = np.arange(len(out))
    while outside.size:
        out[outside] = _feistel(out[outside], half, key)
        outside = outside[out[outside] >= np.uint64(size)]
    return out


def _feistel(x: Words, half: int, key: int) -> Words:
    width, low_bits = np.uint64(half), np.uint64(2**half - 1)
    left, right = x >> width, x & low_bits
    for turn in range(ROUNDS):
        left, right = right, left ^ (hashed(right, key, str(turn)) & low_bits)
    return (left << width) | right
