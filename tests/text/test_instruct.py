"""text/instruct: what all kinds share - options, tries, failures, rows that hang on nothing but seed and number."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from instructed import asking

from simulacra.core.errors import ConfigError, DataError
from simulacra.parts.prompts.replay import Reply
from simulacra.parts.prompts.request import Request
from simulacra.text import Instruct
from simulacra.text.instruct import KINDS


def test_options_are_a_table_or_texts() -> None:
    table = pl.DataFrame({"text": ["a b", "c d", "e f"], "kind": ["x", "y", "x"]})
    one = Instruct(kind="mixed", options={"target": "kind", "few": 0.0}).fit(table).sample(20, seed=1)
    two = Instruct(kind="mixed", options=("target=kind", "few=0")).fit(table).sample(20, seed=1)
    assert one.equals(two) and "few-shot" not in one["form"].to_list()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "mixt"}, "kind must be one of .*Did you mean: mixed"),
        ({"kind": "reasoning", "options": {"sample": 3}}, "no field 'sample'. Did you mean: samples"),
        ({"kind": "reasoning", "options": {"samples": 0}}, "samples must be within 1"),
        ({"kind": "reasoning", "options": ("samples",)}, "name=value"),
        ({"kind": "qa", "options": {"evidence": "found"}}, "evidence must be one of auto, quoted, drawn"),
        ({"kind": "dialogue", "options": {"assistant": "big"}}, "no model is named 'big'"),
        ({"kind": "dialogue", "tools": ({"name": "x"},)}, "tools belong to kind tools"),
        ({"kind": "evol", "options": {"kinds": ["deeper"]}}, "unknown evolution 'deeper'"),
    ],
)
def test_wrong_options_are_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Instruct(**fields).fit(seed=1)


@pytest.mark.parametrize("kind", ["qa", "mixed"])
def test_kinds_that_need_data_say_so(kind: str) -> None:
    with pytest.raises(DataError, match=f"{kind} needs"):
        Instruct(kind=kind).fit()


def test_every_kind_says_what_its_options_are() -> None:
    for kind in KINDS:
        options = Instruct(kind=kind)._kind().Options
        for field in options.__dataclass_fields__.values():
            assert field.metadata["help"], (kind, field.name)


def talk(request: Request) -> Reply:
    return (
        f"I have a question, number {request.seed}, about the lamp."
        if request.column == "user"
        else f"Try bulb {request.seed}."
    )


def test_rows_hang_on_seed_and_number_alone() -> None:
    whole = asking(talk, kind="dialogue", options={"turns": 1})[0].sample(12, seed=3)
    part = asking(talk, kind="dialogue", options={"turns": 1})[0].sample(5, seed=3)
    other = asking(talk, kind="dialogue", options={"turns": 1})[0].sample(5, seed=4)
    assert part.equals(whole.head(5)) and not other.equals(part)


def test_a_failed_try_is_tried_again_and_a_row_that_fails_moves_no_other() -> None:
    def reply(request: Request) -> Reply:
        if request.column == "assistant" and request.row in (1, 2) and len(seen.setdefault(request.row, [])) < limit:
            seen[request.row].append(request.seed)
            return "I cannot say, I cannot say. I cannot say, I cannot say."
        return talk(request)

    seen: dict[int, list[int]] = {}
    limit = 2
    method, _ = asking(reply, kind="dialogue", options={"turns": 1})
    assert method.sample(4, seed=3).height == 4 and not method.failures_
    assert all(len(set(seeds)) == 2 for seeds in seen.values()), "every try has a seed of its own"

    seen, limit = {}, 9
    method, _ = asking(reply, kind="dialogue", options={"turns": 1})
    found = method.sample(4, seed=3, kind="dataset")
    assert found.frames["lineage"]["row"].to_list() == [0, 3]
    assert [(f.row, f.column) for f in method.failures_] == [(1, "assistant"), (2, "assistant")]
    assert "in each of several tries" in method.failures_[0].reason
    clean = asking(talk, kind="dialogue", options={"turns": 1})[0].sample(4, seed=3)
    assert found.frames["table"]["messages"].to_list() == clean["messages"].gather([0, 3]).to_list()


def test_lineage_tells_what_was_asked_for_each_row() -> None:
    method, port = asking(talk, kind="dialogue", options={"turns": 2})
    lineage = method.sample(2, seed=3, kind="dataset").frames["lineage"]
    assert [e["template"] for e in lineage["asked"][0]] == ["dialogue/user", "dialogue/assistant"] * 2
    assert len(port.asked) == 8 and len({r.seed for r in port.asked if r.column == "user"}) == 4


@pytest.mark.parametrize("field", ["wish", "language"])
def test_the_embedded_model_is_told_no_wish_and_no_language(field: str) -> None:
    with pytest.raises(ConfigError, match=f"{field} cannot be told to the embedded model.*another model"):
        Instruct(kind="dialogue", **{field: "German"})
    assert getattr(
        Instruct(kind="dialogue", models=({"base_url": "http://127.0.0.1:1/v1"},), **{field: "German"}), field
    )


def test_the_language_is_asked_for_and_the_wish_stands_in_the_prompt() -> None:
    method, port = asking(talk, kind="dialogue", options={"turns": 1}, language="German", wish="For beginners.")
    method.sample(1, seed=3)
    assert port.asked[0].messages[0] == ("system", "Write in German.")
    assert "For beginners." in port.asked[0].messages[-1][1]
