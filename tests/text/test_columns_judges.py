"""Judges, labels, embeddings and dialogues on models that answer by rule."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from simulacra.core.errors import ConfigError
from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.replay import Replay
from simulacra.parts.prompts.request import Answer, Request
from simulacra.text import Columns

DATA = pl.DataFrame({"good": ["long and good", "short"], "bad": ["no", "longer than the other"]})
TWO = [{"name": n, "kind": "seed", "columns": n, "order": "cycle"} for n in ("good", "bad")]


def run(columns: list[dict[str, Any]], reply: Any, n: int = 2, batches: bool = False) -> tuple[Columns, pl.DataFrame]:
    made = Columns(columns=columns)
    made.port = Replay(reply, batches=batches)  # type: ignore[attr-defined]
    made.desk = Desk([Model()], ports={"default": made.port})  # type: ignore[attr-defined]
    return made, made.fit(DATA).sample(n, seed=1)


def longest(request: Request) -> Any:
    """Prefer the longer of the two answers that are shown."""
    a, b = request.messages[-1][1].split("Answer A:")[1].split("Answer B:")
    a, b = (part.split("\n")[2] for part in (a, b))
    better = "A" if len(a) > len(b) else "B"
    if request.kind == "labels":
        return [-0.1, -3.0] if better == "A" else [-3.0, -0.1]
    return {"reason": "it is longer", "better": better}


PAIR = [*TWO, {"name": "win", "kind": "judge", "prompt": "Why?", "pairwise": ["good", "bad"]}]


@pytest.mark.parametrize("by", ["words", "logprobs"])
def test_a_judge_without_bias_says_the_same_in_both_orders(by: str) -> None:
    made, frame = run([*PAIR[:2], {**PAIR[2], "by": by}], longest)
    assert frame["win"].struct.field("better").to_list() == ["good", "bad"]
    assert frame["win"].struct.field("orders").to_list() == [["A", "B"], ["B", "A"]]
    assert made.facts_ == {"win": {"pairs": 2, "agreed": 2, "first place twice": 0, "second place twice": 0}}


def test_a_judge_who_likes_the_first_place_gives_ties_and_is_counted() -> None:
    made, frame = run(PAIR, lambda r: {"reason": "x", "better": "A"}, n=10)
    assert set(frame["win"].struct.field("better")) == {"tie"}
    assert made.facts_["win"] == {"pairs": 10, "agreed": 0, "first place twice": 10, "second place twice": 0}


@pytest.mark.parametrize("by", ["words", "logprobs"])
def test_a_text_that_is_missing_is_not_compared(by: str) -> None:
    asked = {"name": "bad", "kind": "prompt", "prompt": "Say it badly.", "required": False}
    judge = {**PAIR[2], "by": by, "required": False}

    def reply(request: Request) -> Any:
        if request.column == "bad":
            return Answer(error="busy") if request.row == 1 else "no"
        return longest(request)

    made, frame = run([TWO[0], asked, judge], reply)
    assert frame["bad"].to_list() == ["no", None] and frame["win"].is_null().to_list() == [False, True]
    reason = "column 'bad' is empty in this row, so there is nothing to compare"
    assert [(f.row, f.column, f.reason) for f in made.failures_] == [(1, "bad", "busy"), (1, "win", reason)]
    assert {r.row for r in made.port.asked if r.column == "win"} == {0}  # type: ignore[attr-defined]


def test_log_probabilities_of_both_orders_add_up_so_that_a_liking_for_a_place_cancels_out() -> None:
    def leaning(request: Request) -> Any:
        a, b = longest(request)
        return [a / 10 + 5, b / 10]

    made, frame = run([*PAIR[:2], {**PAIR[2], "by": "logprobs"}], leaning)
    assert frame["win"].struct.field("better").to_list() == ["good", "bad"]
    assert frame["win"].struct.field("margin").to_list() == pytest.approx([0.29, -0.29])
    assert made.facts_["win"]["first place twice"] == 2


def test_an_order_inside_of_a_judged_text_stays_in_its_fence() -> None:
    made, _ = run(PAIR, longest)
    for request in made.port.asked:  # type: ignore[attr-defined]
        system, text = request.messages[0][1], request.messages[-1][1]
        marker = system.split("<")[1].split(">")[0]
        assert text.count(f"<{marker}>") == text.count(f"</{marker}>") == 2


RUBRIC = [{"name": "kind", "description": "is it polite?"}, {"name": "right", "low": 0, "high": 10}]
JUDGE = [*TWO, {"name": "verdict", "kind": "judge", "prompt": "Judge {{ good | quoted }}", "rubric": RUBRIC}]


def test_a_rubric_gives_whole_scores_within_their_ends_and_reasons() -> None:
    def reply(request: Request) -> Any:
        if request.row == 1 and "cannot be used" not in request.messages[-1][1]:
            return {"kind": {"reason": "?", "score": 6}, "right": {"reason": "?", "score": 0}}
        return {"kind": {"reason": "polite", "score": 5}, "right": {"reason": "wrong", "score": 0}}

    made, frame = run([*JUDGE, {"name": "k", "kind": "expression", "value": "{{ verdict.kind.score }}"}], reply)
    assert frame["k"].to_list() == ["5", "5"], "a score beyond its end is asked for again"
    assert frame["verdict"][0] == {"kind": {"reason": "polite", "score": 5}, "right": {"reason": "wrong", "score": 0}}
    text = made.port.asked[0].messages[-1][1]  # type: ignore[attr-defined]
    assert "- kind, 1 (worst) to 5 (best): is it polite?" in text and "- right, 0 (worst) to 10 (best)" in text


def test_scores_by_log_probabilities_need_no_words() -> None:
    def reply(request: Request) -> Any:
        return [-abs(int(label) - 3) for label in request.labels]

    made, frame = run([*JUDGE[:2], {**JUDGE[2], "by": "logprobs"}], reply)
    assert frame["verdict"][0] == {"kind": {"reason": "", "score": 3}, "right": {"reason": "", "score": 3}}
    assert [len(r.labels) for r in made.port.asked[:2]] == [5, 11]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("rubric", "fault"),
    [
        ([{"name": "a", "hight": 3}], r"rubric\[0\]: unknown entry 'hight'. Did you mean: high"),
        ([{"name": "a b"}], r"rubric\[0\]: name must be letters"),
        ([{"name": "a", "low": 5, "high": 5}], r"rubric\[0\]: low and high must be whole numbers within 0..100"),
        ([{"name": "a"}, {"name": "a"}], r"rubric\[1\]: the name 'a' is taken"),
    ],
)
def test_a_wrong_rubric_is_named(rubric: list[Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        run([*TWO, {"name": "v", "kind": "judge", "prompt": "x", "rubric": rubric}], longest)


def test_the_likeliest_label_is_taken_and_equal_texts_are_paid_for_once() -> None:
    def reply(request: Request) -> Any:
        return [-2.0, -1.0, -3.0]

    entry = {"name": "tone", "kind": "label", "prompt": "{{ good }}", "labels": ["a", "b", "c"]}
    made, frame = run([*TWO, entry, {**entry, "name": "sure", "share": True}], reply, n=50)
    assert set(frame["tone"]) == {"b"}
    assert frame["sure"][0] == {"label": "b", "share": pytest.approx(0.6652, abs=1e-4)}
    assert len(made.port.asked) <= 4, "two different texts, whichever column asks"  # type: ignore[attr-defined]


def test_an_embedding_is_a_list_of_numbers() -> None:
    _, frame = run([*TWO, {"name": "v", "kind": "embedding", "of": "good"}], lambda r: [0.5, len(r.messages[0][1])])
    assert frame["v"].to_list() == [[0.5, 13.0], [0.5, 5.0]]


TALK = {"name": "talk", "kind": "dialogue", "user": "You are {{ good }}.", "system": "Help.", "turns": 2}


@pytest.mark.parametrize("batches", [False, True])
def test_a_dialogue_alternates_and_each_side_sees_its_own_words(batches: bool) -> None:
    def reply(request: Request) -> str:
        who = "user" if "You play the user" in request.messages[0][1] else "assistant"
        return f"{who} after {sum(role == 'assistant' for role, _ in request.messages)}"

    made, frame = run([*TWO, TALK], reply, batches=batches)
    assert [tuple(m.values()) for m in frame["talk"][0].to_list()] == [
        ("system", "Help."),
        ("user", "user after 0"),
        ("assistant", "assistant after 0"),
        ("user", "user after 1"),
        ("assistant", "assistant after 1"),
    ]
    second = next(r for r in made.port.asked if r.row == 0 and len(r.messages) == 4)  # type: ignore[attr-defined]
    assert "You are long and good." in second.messages[0][1]
    assert second.messages[2:] == (("assistant", "user after 0"), ("user", "assistant after 0"))


def test_a_dialogue_that_fails_at_a_later_turn_is_lost_and_asks_no_more() -> None:
    def reply(request: Request) -> Any:
        late = sum(role == "assistant" for role, _ in request.messages) == 1
        return Answer(error="gone") if late and request.row == 1 else "word"

    made, frame = run([*TWO, {**TALK, "turns": 3}], reply, n=3)
    assert len(frame) == 2
    assert [(f.row, f.reason) for f in made.failures_] == [(1, "gone")]
    assert sum(r.row == 1 for r in made.port.asked) == 3  # type: ignore[attr-defined]


def test_the_number_of_exchanges_is_drawn_and_the_first_words_can_be_given() -> None:
    made, frame = run([*TWO, {**TALK, "turns": [1, 3], "start": "Hello, {{ good }}"}], lambda r: "word", n=60)
    lengths = [(len(talk) - 1) // 2 for talk in frame["talk"]]
    assert set(lengths) == {1, 2, 3}
    assert all(talk[1]["content"].startswith("Hello, ") for talk in frame["talk"])
    assert len(made.port.asked) == sum(2 * n - 1 for n in lengths)  # type: ignore[attr-defined]
