"""What a run will ask is foreseen without asking, and never too small."""

from __future__ import annotations

from typing import Any

import pytest

from simulacra.engine._text_estimate import Estimate, estimate
from simulacra.engine._text_job import gather
from simulacra.engine.recipe import Recipe

PROMPT = {"name": "said", "kind": "prompt", "prompt": "Say a thing.", "max_tokens": 100}


def foreseen(n: int, columns: Any, **model: Any) -> Estimate:
    models = ({"base_url": "http://127.0.0.1:1/v1", **model},) if model else ()
    settings = {"columns": columns, "models": models}
    return estimate(gather(Recipe(method="text/columns", n=n, settings=settings), None, None))


def test_requests_tokens_and_cost_grow_with_the_rows() -> None:
    one = foreseen(10, (PROMPT,), price_in=1.0, price_out=2.0)
    many = foreseen(1000, (PROMPT, PROMPT | {"name": "more", "prompt": "And {{ said }}"}), price_in=1.0, price_out=2.0)
    assert (one.requests, one.tokens_out) == (10, 1000)
    assert (many.requests, many.tokens_out) == (2000, 200_000)
    # The second prompt holds the first answer, as long as it may be.
    assert many.tokens_in > 1000 * 100
    assert many.cost == pytest.approx((many.tokens_in * 1.0 + many.tokens_out * 2.0) / 1e6, rel=0.01)


def test_it_is_said_in_words_what_is_not_known_too() -> None:
    assert "nothing to pay: the embedded model" in foreseen(10, (PROMPT,)).sentence(0)
    told = foreseen(10, (PROMPT,), concurrency=1).sentence(7)
    assert "no price table, so no cost; about 50 s if a request takes 5 s. The journal holds 7 answers" in told
    # The embedded model's answers hang on the batch: 3 rows of a preview are another batch than 3 of 100.
    assert "holds 3 answers; those of the same batches of rows are not" in foreseen(100, (PROMPT,)).sentence(3)
    drawn = {"name": "topic", "kind": "category", "values": ["sun"]}
    assert foreseen(10, (drawn,)).sentence(0) == "10 rows, for which no model is asked."
