"""Mode-specific encoding of numbers: which part of the range (the mode), and how far along it, 0..1.

The modes are the coarse tokens of parts.tokens: parts of about equal rows, in which a value that many rows share, such
as a zero, is a mode of its own. The fine token becomes an offset, spread evenly over the values of its mode.
Reference: Xu et al. (2019), whose modes are the normals of a mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulacra.parts.encoding import Floats, Ints
    from simulacra.parts.tokens import Token


def discrete(view: list[Token]) -> list[int]:
    """Return the places of tokens that stay tokens: states, categories, numbers of few values, and modes."""
    return [j for j, token in enumerate(view) if token["above"] < 0]


def continuous(view: list[Token]) -> list[int]:
    """Return the places of tokens that become offsets."""
    return [j for j, token in enumerate(view) if token["above"] >= 0]


def to_offsets(view: list[Token], tokens: Ints, rng: np.random.Generator) -> Floats:
    """Return the offsets (rows, continuous) of tokens (rows, tokens), 0.5 where a number is not there."""
    out = np.full((len(tokens), len(continuous(view))), 0.5)
    for k, j in enumerate(continuous(view)):
        there = tokens[:, j] < view[j]["size"]
        most = _places(view, j)[tokens[there, view[j]["above"]]]
        out[there, k] = (tokens[there, j] + rng.random(int(there.sum()))) / most
    return np.asarray(np.clip(out, 0.0, 1.0))


def to_places(view: list[Token], tokens: Ints, offsets: Floats) -> Ints:
    """Return tokens (rows, tokens) whose fine ones follow from the modes among them and offsets (rows, continuous)."""
    out = tokens.copy()
    for k, j in enumerate(continuous(view)):
        above = view[j]["above"]
        absent = out[:, above] >= view[above]["size"]
        most = _places(view, j)[np.where(absent, 0, out[:, above])]
        place = np.clip(np.floor(offsets[:, k] * most), 0, most - 1).astype(np.int64)
        out[:, j] = np.where(absent, view[j]["size"], place)
    return out


def _places(view: list[Token], j: int) -> Ints:
    """Return how many places each mode above token j has, (modes,), at least 1."""
    coarse = view[view[j]["above"]]
    most = np.zeros(coarse["size"], np.int64)
    np.maximum.at(most, coarse["codes"], view[j]["codes"])
    return most + 1
