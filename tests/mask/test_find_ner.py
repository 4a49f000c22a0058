"""The optional model: what it adds, what it may not add, and how it agrees with the rules."""

from __future__ import annotations

from simulacra.mask.find import find_text, find_texts


def found(text: str, ner: bool) -> set[tuple[str, str]]:
    return {(text[hit.start : hit.end], hit.type) for hit in find_text(text, ner=ner)}


def test_the_model_adds_what_no_list_holds() -> None:
    text = "The merger of Novartis was approved."
    assert found(text, ner=False) == set()
    assert found(text, ner=True) == {("Novartis", "ORGANIZATION")}


def test_agreement_makes_a_hit_more_certain() -> None:
    text = "Then Robert Ellison walked in."
    alone, both = find_text(text), find_text(text, ner=True)
    assert [hit.type for hit in both] == ["NAME"]
    assert both[0].score >= alone[0].score and both[0].by.endswith("ner")


def test_forms_of_their_own_stand() -> None:
    text = "SSN 219-09-9999, card 4539 1488 0343 6467, BP 120/80, order no 10293, MRN 4471-20-9."
    assert found(text, ner=True) == found(text, ner=False)


def test_numbers_codes_and_ordinary_words_are_no_people() -> None:
    text = "DOB: n/a. SSN: n/a. IP: n/a. ECG normal. Metformin 500 mg BID. Ticket A-88213-X7. See HTTPS docs."
    assert found(text, ner=True) == set()


def test_capitals_do_not_matter_to_the_model() -> None:
    text = "the letter went to jonathan kowalczewski in tauranga"
    assert any("kowalczewski" in words for words, kind in found(text, ner=True) if kind == "NAME")


def test_a_batch_is_read_like_single_texts() -> None:
    texts = ["Anna Smith came.", "", "Novartis hired Bob Dylan.", "nothing"]
    assert find_texts(texts, ner=True) == [find_text(text, ner=True) for text in texts]
