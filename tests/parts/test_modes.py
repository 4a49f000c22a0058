"""Numbers as modes and offsets: back and forth is the same, and offsets fill their mode evenly."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from simulacra.core.data import as_dataset
from simulacra.parts.modes import continuous, discrete, to_offsets, to_places
from simulacra.parts.plan import read
from simulacra.parts.tokens import Token, fit_tokens, to_tokens


def spiked(rows: int = 6000) -> tuple[list[Token], Any]:
    """Return view and tokens of a number that is zero in a third of the rows and missing in a tenth."""
    rng = np.random.default_rng(0)
    x = pl.Series("x", np.where(rng.random(rows) < 1 / 3, 0.0, np.round(rng.lognormal(5, 1, rows), 2)))
    frame = pl.DataFrame({"x": x.set(pl.Series(rng.random(rows) < 0.1), None), "c": rng.choice(["a", "b"], rows)})
    data = as_dataset(frame)
    _, chain = read(data.frame, data.schema.columns, None, bins=64, spike=5)
    view = fit_tokens(chain)
    return view, to_tokens(view, [variable.ranks for variable in chain])


def test_tokens_are_the_same_after_offsets() -> None:
    view, tokens = spiked()
    assert len(continuous(view)) == 1
    offsets = to_offsets(view, tokens, np.random.default_rng(1))
    assert offsets.min() >= 0 and offsets.max() <= 1
    shuffled = tokens.copy()
    shuffled[:, continuous(view)] = 0
    assert np.array_equal(to_places(view, shuffled, offsets), tokens)


def test_offsets_fill_their_mode_evenly() -> None:
    view, tokens = spiked()
    (j,) = continuous(view)
    mode = tokens[:, view[j]["above"]]
    offsets = to_offsets(view, tokens, np.random.default_rng(1))[:, 0]
    # The spike and the missing cells have an offset too, of which nothing is made.
    some = (mode == np.bincount(mode[mode < view[j]["size"]])[1:].argmax() + 1) & (tokens[:, j] < view[j]["size"])
    assert abs(offsets[some].mean() - 0.5) < 0.1
    assert offsets[some].std() > 0.2


def test_a_spike_is_a_mode_of_its_own() -> None:
    view, tokens = spiked()
    (j,) = continuous(view)
    share = np.bincount(tokens[:, view[j]["above"]]).max() / len(tokens)
    assert 0.27 < share < 0.33
    assert j not in discrete(view)


def test_ends_of_offsets_stay_inside_their_mode() -> None:
    view, tokens = spiked(500)
    for end in (0.0, 1.0):
        made = to_places(view, tokens, np.full((len(tokens), 1), end))
        assert (made[:, continuous(view)[0]] <= view[continuous(view)[0]]["size"]).all()
        assert np.array_equal(made[:, discrete(view)], tokens[:, discrete(view)])
