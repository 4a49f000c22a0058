"""text/instruct: worked answers, preference pairs, new tasks, evolved ones and dialogues."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import polars as pl
import pytest
from instructed import asking

from simulacra.core.errors import ConfigError, DataError
from simulacra.parts.ngrams import rouge_l
from simulacra.parts.prompts.replay import Reply
from simulacra.parts.prompts.request import Request
from simulacra.text._instruct_evol import eliminated, unanswered
from simulacra.text._instruct_seeds import ADDED, TASKS
from simulacra.text._instruct_sums import problem

SUMS = pl.DataFrame({"question": ["What is 6 + 7?"], "answer": ["6 + 7 = 13\n#### 13"]})


def answers(*finals: str) -> Any:
    """Return a model that gives these final answers to each question in turn."""
    given: Counter[int] = Counter()

    def reply(request: Request) -> Reply:
        given[request.row] += 1
        final = finals[(given[request.row] - 1) % len(finals)]
        return f"{'I count. ' * given[request.row]}\n#### {final}" if final else "Who knows."

    return reply


# Worked answers -------------------------------------------------------------------------------------------------------


def test_the_majority_of_final_answers_is_kept_with_the_shortest_way_to_it() -> None:
    method, port = asking(answers("12", "13", "13.0", "13", ""), kind="reasoning", options={"samples": 5})
    row = method.fit(SUMS.drop("answer")).sample(1, seed=1).row(0, named=True)
    assert (row["final"], row["agreement"], row["right"], row["known"]) == ("13", 0.6, True, "")
    assert row["answer"] == "I count. I count.\n#### 13"
    assert len({r.seed for r in port.asked}) == 5


def test_a_known_answer_beats_the_majority() -> None:
    method, _ = asking(answers("12", "12", "13"), kind="reasoning", options={"samples": 3})
    row = method.fit(SUMS).sample(1, seed=1).row(0, named=True)
    assert (row["final"], row["known"], row["right"]) == ("13", "13", True)
    assert row["agreement"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("data", "finals", "reason"),
    [
        (SUMS, ("12", "12", "14"), "none of 3 final answers is '13': '12', '12', '14'"),
        (SUMS.drop("answer"), ("1", "2", "3"), "no final answer has a majority"),
        (SUMS.drop("answer"), ("1", "1", "2", "3", "4", "5"), r"2 of 6 final answers agree"),
    ],
)
def test_what_disagrees_is_dropped_or_marked(data: pl.DataFrame, finals: tuple[str, ...], reason: str) -> None:
    options = {"samples": len(finals)}
    method, _ = asking(answers(*finals), kind="reasoning", options=options, tries=1)
    with pytest.raises(DataError, match=reason):
        method.fit(data).sample(1, seed=1)
    method, _ = asking(answers(*finals), kind="reasoning", options={**options, "wrong": "mark"}, tries=1)
    row = method.fit(data).sample(1, seed=1).row(0, named=True)
    assert row["right"] is False and row["final"]
    assert method.facts_["reasoning"] == {"right": 0, "rows": 1, "known": int("answer" in data.columns)}


def test_sums_that_are_made_up_have_their_answers() -> None:
    for level in (1, 2):
        found = {problem(7, row, level) for row in range(300)}
        assert len(found) > 150
        for question, answer in found:
            assert question.endswith("?") and int(answer) >= 0
    assert problem(7, 5, 1) == problem(7, 5, 1) != problem(7, 6, 1)
    text, answer = next(p for p in (problem(7, row, 1) for row in range(99)) if " together?" in p[0])
    assert sum(map(int, re.findall(r"\d+", text))) == int(answer)


# Preference -----------------------------------------------------------------------------------------------------------


def judged(prefer: str) -> Any:
    """Return a model that answers well at low heat and badly at high heat, and a judge with a taste."""

    def reply(request: Request) -> Reply:
        if request.column == "candidate":
            return "A good and clear answer." if request.temperature < 0.5 else "Bad answer, on and on without an end."
        text = request.messages[-1][1]
        better = "A" if text.index("A good") < text.index("Bad answer") else "B"
        return {"good": better, "first": "A", "none": "I like both."}[prefer]

    return reply


def test_the_judge_is_asked_in_both_orders_and_the_length_of_what_it_likes_is_counted() -> None:
    method, port = asking(judged("good"), kind="preference")
    frame = method.sample(6, seed=1)
    assert set(frame["chosen"]) == {"A good and clear answer."} and (frame["margin"] == 2).all()
    asked = [r.messages[-1][1] for r in port.asked if r.column == "judge" and r.row == 0]
    assert len(asked) == 2 and (asked[0].index("A good") < asked[0].index("Bad")) != (
        asked[1].index("A good") < asked[1].index("Bad")
    )
    assert method.facts_["preference"] == {"pairs": 6, "longer chosen": 0}


@pytest.mark.parametrize("prefer", ["first", "none"])
def test_a_judge_that_goes_by_the_order_tells_nothing(prefer: str) -> None:
    method, _ = asking(judged(prefer), kind="preference", tries=1)
    with pytest.raises(DataError, match="as good as one another"):
        method.sample(2, seed=1)


def test_the_same_answer_twice_is_no_pair() -> None:
    method, _ = asking(lambda r: "The same.", kind="preference", tries=1)
    with pytest.raises(DataError, match="of 2 answers 1 can be told apart"):
        method.sample(1, seed=1)


def test_a_checker_chooses_the_right_answer() -> None:
    def reply(request: Request) -> Reply:
        assert request.column == "candidate", "no judge is asked"
        return "6 + 7 = 13\n#### 13" if request.temperature > 0.5 else "6 + 7 = 12\n#### 12"

    method, _ = asking(reply, kind="preference", options={"by": "checker"})
    row = method.fit(SUMS).sample(1, seed=1).row(0, named=True)
    assert "#### 13" in row["chosen"] and "#### 12" in row["rejected"] and row["prompt"] == "What is 6 + 7?"
    with pytest.raises(ConfigError, match="no column 'answer'"):
        asking(reply, kind="preference", options={"by": "checker"})[0].fit(SUMS.rename({"answer": "gold"}))


def test_of_four_candidates_the_best_and_the_worst_are_kept() -> None:
    def reply(request: Request) -> Reply:
        if request.column == "candidate":
            return f"Answer with quality {round(10 * request.temperature)}."
        first, second = map(int, re.findall(r"quality (\d+)", request.messages[-1][1]))
        return "A" if first > second else "B"

    method, _ = asking(reply, kind="preference", options={"candidates": 4, "temperature": 0.8})
    row = method.sample(1, seed=1).row(0, named=True)
    assert (row["chosen"], row["rejected"]) == ("Answer with quality 8.", "Answer with quality 2.")


# New tasks ------------------------------------------------------------------------------------------------------------

NOUNS = ("apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour", "island", "jungle", "kitchen",
         "ladder", "mirror", "needle", "ocean")  # fmt: skip


def inventing(repeat: int = 0) -> Any:
    """Return a model whose tasks are new, except those of every `repeat`-th row."""

    def reply(request: Request) -> Reply:
        if request.column == "instruction":
            k = request.row if not repeat or request.row % repeat else 0
            one, two = NOUNS[k % 15], NOUNS[(k // 15 + 2 * k + 1) % 15]
            return f"Compare {one}{k} with {two}{k * 7} quickly."
        if request.column == "classification":
            return "yes" if "apple" in request.messages[-1][1] else "no"
        if "Label:" in request.messages[-1][1]:
            return "Label: fruit\nInput: A round thing from a tree."
        return "Input: none\nOutput: They differ in many ways."

    return reply


def test_new_tasks_are_unlike_all_before() -> None:
    method, port = asking(inventing(repeat=5), kind="self-instruct", tries=2)
    frame = method.sample(80, seed=1)
    pool = [instruction for instruction, _, _ in TASKS]
    for task in frame["instruction"]:
        assert max(rouge_l(task, other) for other in pool) <= 0.7
        pool.append(task)
    dropped = {f.row for f in method.failures_}
    assert dropped == set(range(5, 80, 5)) and all("is like one before" in f.reason for f in method.failures_)
    shown = [r for r in port.asked if r.column == "instruction" and r.row == 79][0].messages[-1][1]
    made = [task for task in frame["instruction"] if task in shown]
    assert len(made) == 2 and sum(task in shown for task, _, _ in TASKS) == 6, "six seed tasks and two made ones"


def test_labels_of_classifications_come_first() -> None:
    method, port = asking(inventing(), kind="self-instruct")
    frame = method.sample(16, seed=1)
    for row in frame.iter_rows(named=True):
        if row["classification"]:
            assert (row["input"], row["output"]) == ("A round thing from a tree.", "fruit")
        else:
            assert (row["input"], row["output"]) == ("", "They differ in many ways.")
    assert 0 < frame["classification"].sum() < 16
    assert len(port.asked) == 48


def test_rounds_are_the_same_for_any_n_and_from_any_block() -> None:
    whole = asking(inventing(), kind="self-instruct")[0].sample(70, seed=1)
    part = asking(inventing(), kind="self-instruct")[0].sample(40, seed=1)
    assert part.equals(whole.head(40))
    method, _ = asking(inventing(), kind="self-instruct")
    method.block_rows = 32  # type: ignore[misc]
    later = [b.frames["table"] for b in method.fit().batches(70, seed=1, first=1)]
    assert pl.concat(later).equals(whole[32:])


def test_tasks_that_text_cannot_do_are_refused() -> None:
    for task, reason in (
        ("Draw a picture of a house by the sea.", "what text cannot do"),
        ("Go.", "has 1 words"), ("- a list item of words", "begins with a sign"),
    ):  # fmt: skip
        method, _ = asking(lambda r, task=task: task, kind="self-instruct", tries=1)
        with pytest.raises(DataError, match=reason):
            method.sample(1, seed=1)


def test_seed_tasks_come_from_the_data() -> None:
    with pytest.raises(DataError, match="at least 6 different seed tasks, got 2"):
        asking(inventing(), kind="self-instruct")[0].fit(pl.DataFrame({"instruction": ["Do a.", "Do b.", "Do b."]}))


# Evolved tasks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Explain how bread rises.", "Explain how bread rises, and why dough falls that rises too long.", ""),
        ("Explain how bread rises.", "Explain how bread rises.", "says nothing new"),
        ("Explain how bread rises.", "", "is empty"),
        ("Explain how bread rises.", "Here is the rewritten prompt: explain how bread rises in Rome.", "copies words"),
        ("Explain how bread rises.", "Tell a long story about two ships in a storm at night.", "lost its subject"),
        ("Explain how bread rises.", "Describe bread rising and gas.", "asks for no more"),
    ],
)
def test_rules_of_elimination(old: str, new: str, reason: str) -> None:
    found = eliminated(old, new, breadth=False)
    assert reason in found if reason else found == ""


def test_answers_that_refuse_are_eliminated() -> None:
    assert unanswered("I am sorry, but I cannot do that.") == "it refuses"
    assert unanswered("It is the of and.") == "it says nothing"
    assert unanswered("Bread rises because yeast makes gas.") == ""


def test_instructions_evolve_over_rounds_and_spoiled_ones_stay_as_they_were() -> None:
    def reply(request: Request) -> Reply:
        if request.column == "output":
            return "A full answer with many useful words."
        inside = re.findall(r"<data-\w+>\n(.*)\n</data", request.messages[-1][1], re.DOTALL)[0]
        return "sorry" if request.row == 1 else f"{inside} Mention also zebra{request.seed} and lemon{request.seed}."

    method, port = asking(reply, kind="evol", options={"rounds": 3, "breadth": 0.0}, tries=1)
    found = method.sample(8, seed=1, kind="dataset")
    for row in found.frames["table"].iter_rows(named=True):
        steps = row["evolutions"].split(" > ")
        assert 1 <= len(steps) <= 3 and row["instruction"].count("zebra") == len(steps)
        assert row["instruction"].startswith(row["seed_instruction"])
    assert len(set(found.frames["table"]["evolutions"].to_list())) > 2
    assert [f.row for f in method.failures_] == [1] and "passed the rules" in method.failures_[0].reason
    assert all(len(p) == 1 for p in found.frames["lineage"]["parents"].to_list())
    assert "material to work on" in port.asked[0].messages[-1][1]


def test_evolutions_that_are_drawn_need_no_model() -> None:
    method, port = asking(lambda r: "A full answer.", small=True, kind="evol",
                          options={"breadth": 0.0, "kinds": ["constraints", "reasoning"]})  # fmt: skip
    frame = method.sample(12, seed=1)
    assert {r.column for r in port.asked} == {"output"}
    added = [*ADDED["constraints"], *ADDED["reasoning"]]
    for row in frame.iter_rows(named=True):
        assert sum(s in row["instruction"] for s in added) == len(row["evolutions"].split(" > "))


# Dialogues ------------------------------------------------------------------------------------------------------------


def test_dialogues_take_turns_and_the_user_is_the_person_of_the_data() -> None:
    def reply(request: Request) -> Reply:
        return f"I am {request.column} with {request.seed}, and we talk."

    people = pl.DataFrame({"topic": ["bread", "boats"], "persona": ["a baker from Lima", "a sailor of 70 years"]})
    method, port = asking(reply, kind="dialogue", options={"turns": 3, "system": "Be kind."})
    frame = method.fit(people).sample(4, seed=1)
    for row in frame.iter_rows(named=True):
        assert [m["role"] for m in row["messages"]] == ["system", *["user", "assistant"] * 3]
        assert row["messages"][0]["content"] == "Be kind."
        assert (row["topic"], row["persona"]) in list(people.iter_rows())
    for request in port.asked:
        text = request.messages[-1][1]
        if request.column == "user":
            persona = frame["persona"][request.row]
            assert persona in text and text.count("Be kind.") == 0
        else:
            assert request.messages[0] == ("system", "Be kind.") and "baker" not in text
