"""Evidence: quotations are found where they stand, and told apart from what stands nowhere."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.text._instruct_evidence import chunks, find, overlap, sentences, telling, unmarked, unwrapped

SOURCE = (
    "The museum opens at ten o\u2019clock.  On Mondays it\nstays \u201cfirmly\u201d closed \u2013 except on holidays. "
    "Children under six pay nothing, and dogs wait outside."
)


def test_space_case_quotes_and_dashes_do_not_count() -> None:
    found = find('on mondays it stays "firmly" closed - except on holidays', SOURCE)
    assert found is not None and found.score == 1
    assert found.text == "On Mondays it\nstays \u201cfirmly\u201d closed \u2013 except on holidays."
    assert SOURCE[found.start : found.end] == found.text


def test_a_quotation_with_a_wrong_word_is_near_and_not_exact() -> None:
    found = find("Children under seven pay nothing, and dogs wait outside", SOURCE)
    assert found is not None and 0.85 < found.score < 1
    assert found.text == "Children under six pay nothing, and dogs wait outside"


def test_what_is_made_up_scores_low() -> None:
    found = find("The cafe on the roof serves soup and bread all day", SOURCE)
    assert found is None or found.score < 0.6


def test_less_than_three_words_prove_nothing() -> None:
    assert find("ten o'clock", SOURCE) is None
    assert find("", SOURCE) is None


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(alphabet="abcde", min_size=1, max_size=5), min_size=5, max_size=40), st.data())
def test_every_run_of_words_of_a_source_is_found(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words) - 3))
    end = data.draw(st.integers(start + 3, len(words)))
    found = find("  ".join(words[start:end]).upper(), " \n".join(words))
    assert found is not None and found.score == 1
    assert found.text.split() == words[start:end] or words[start:end] == found.text.split()[: end - start]


def test_sentences_end_where_they_end() -> None:
    text = "Dr. Berg met Prof. A. Lind at 5 p.m. today. They left!\n- one item\n- two items\n\nA new\nparagraph."
    assert sentences(text) == [
        "Dr. Berg met Prof. A. Lind at 5 p.m. today.", "They left!", "- one item", "- two items", "A new paragraph.",
    ]  # fmt: skip


def test_only_whole_sentences_that_stand_alone_can_be_asked_about() -> None:
    assert telling("The museum opens at ten every day of the week.")
    for poor in (
        "It opens at ten every day of the week.", "Opens at ten.", "What time does the museum open on a Monday?",
        "| a | b | c | d | e | f | g.", "the museum opens at ten every day",
    ):  # fmt: skip
        assert not telling(poor), poor


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="ab. \n", max_size=60), max_size=8), st.integers(5, 40))
def test_chunks_are_short_and_lose_no_word(paragraphs: list[str], tokens: int) -> None:
    text = "\n\n".join(paragraphs)
    pieces = chunks(text, tokens)
    assert all(len(piece) <= 4 * tokens and piece.strip() for piece in pieces)
    letters = "".join("".join(pieces).split())
    assert letters == "".join(text.split())


def test_marks_of_markdown_are_taken_away() -> None:
    assert unmarked("See [the **guide**](g.md) and `run it`. ![x](y.png)") == "See the guide and run it. "


def test_overlap_is_the_share_of_telling_words() -> None:
    assert overlap("It opens at ten", "The museum opens at ten") == 1
    assert overlap("It closes at noon", "The museum opens at ten") == 0


def test_lines_of_a_paragraph_are_put_together_and_those_of_lists_and_tables_stay() -> None:
    text = "A line that\nis wrapped.\n\n- one item\n  of two lines\n- two\n\n| a | b |\n|---|---|\n\n    code\n    more"
    assert unwrapped(text) == (
        "A line that is wrapped.\n\n- one item of two lines\n- two\n\n| a | b |\n|---|---|\n\n    code\n    more"
    )
