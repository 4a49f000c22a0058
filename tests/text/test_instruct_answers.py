"""Final answers: found, compared by each checker, voted on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.text._instruct_answers import expression, final, number, same, vote


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("16 - 3 = 13.\n#### 13", "13"),
        ("She makes 9 * 2 = $<<9*2=18>>18 every day.\n#### 18", "18"),
        ("So we get \\boxed{\\frac{1}{2}} in the end.", "\\frac{1}{2}"),
        ("First 3. Therefore the answer is 42.", "42"),
        ("**Final answer:** (B)", "(B)"),
        ("We add 3 and 4\nand get 7 apples.", "7"),
        ("Paris", "Paris"),
        ("It depends on many things that nobody can know today", ""),
        ("", ""),
    ],
)
def test_the_final_answer_is_found(text: str, answer: str) -> None:
    assert final(text) == answer


@pytest.mark.parametrize(
    ("one", "other", "checker", "alike"),
    [
        ("1,200", "1200", "auto", True),
        ("$18", "18 dollars", "auto", True),
        ("0.5", "1/2", "number", True),
        ("18", "19", "auto", False),
        ("(B)", "b)", "auto", True),
        ("A", "B", "choice", False),
        ("2*x + 2", "2(x+1)", "auto", True),
        ("\\frac{3}{4}", "0.75", "expression", True),
        ("x^2", "x*x", "expression", True),
        ("x^2", "x*3", "expression", False),
        ("the Nile", "The Nile.", "auto", True),
        ("the Nile", "the Rhine", "auto", False),
        ("", "", "auto", False),
        ("several", "12", "number", False),
    ],
)
def test_answers_are_compared(one: str, other: str, checker: str, alike: bool) -> None:
    assert same(one, other, checker) is alike
    assert same(other, one, checker) is alike


def test_a_tolerance_is_relative() -> None:
    assert same("100", "100.9", "number", 0.01) and not same("100", "102", "number", 0.01)


@pytest.mark.parametrize(
    "text", ["__import__('os')", "(1).real", "[1][0]", "9**9**9", "1/0", "f(x)(y)", "a" * 300, "2 +"]
)
def test_what_is_no_expression_is_not_run(text: str) -> None:
    assert expression(text) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**9), 10**9))
def test_whole_numbers_are_read_with_and_without_thousands_signs(value: int) -> None:
    assert number(f"{value:,}") == value == number(f"{value} km")


def test_the_majority_wins_and_a_tie_has_none() -> None:
    won = vote(["12", "12.0", "13", ""])
    assert (won.answer, won.share, won.members) == ("12", 0.5, (0, 1))
    assert vote(["1", "2"]).members == () and vote(["", ""]).share == 0
