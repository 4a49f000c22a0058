"""What still stands in the output: planted leaks are counted, surrogates are not, and no text is told."""

from __future__ import annotations

from simulacra.core.report import Report
from simulacra.mask.find import Hit
from simulacra.mask.residual import Survey, residual


def hit(text: str, words: str, type: str, score: float = 0.95) -> Hit:
    start = text.index(words)
    return Hit(start, start + len(words), type, score, "test")


BEFORE = ["Call Maria Lopez at (555) 010-0199.", "Seen by Dr. Rao on 3 May 2021.", None]
HITS = [
    [hit(str(BEFORE[0]), "Maria Lopez", "NAME"), hit(str(BEFORE[0]), "(555) 010-0199", "PHONE")],
    [hit(str(BEFORE[1]), "Rao", "NAME"), hit(str(BEFORE[1]), "3 May 2021", "DATE")],
    [],
]
CLEAN = ["Call Ann Bo at (555) 010-0142.", "Seen by Dr. Kim on 9 May 2021.", None]


def survey(after: list[str | None]) -> dict[str, float | None]:
    out = Survey()
    out.texts(BEFORE, HITS, after, file="notes.jsonl")
    return {f.name: f.value for f in out.findings()}


def test_nothing_survives_in_a_clean_output() -> None:
    assert survey(CLEAN) == {"verbatim survivors in their own cell": 0, "verbatim survivors anywhere": 0}


def test_a_string_that_still_stands_in_its_cell_is_counted_whatever_its_punctuation() -> None:
    found = survey(["call maria-lopez at 555 010 0199", "Seen by Dr. Kim on 3 May 2021", None])
    assert found == {"verbatim survivors in their own cell": 3, "verbatim survivors anywhere": 2}


def test_a_string_elsewhere_counts_as_a_whole_word_only_and_common_ones_do_not() -> None:
    found = survey(["x", "Grao, maria lopezza, 3 May 2021, Rao", None])
    assert found["verbatim survivors anywhere"] == 0
    out = Survey()
    out.texts(BEFORE, HITS, CLEAN, file="notes.jsonl")
    out.kept(["nothing", "signed: Maria Lopez", None], file="log.csv")
    first, second = out.findings()
    assert (first.verdict, second.verdict, second.value) == ("ok", "warn", 1)
    assert "NAME 1; in log.csv" in second.sentence


def test_whole_cells_are_compared_row_by_row() -> None:
    out = Survey()
    out.cells(["a@b.com", "c@d.org", None, ""], ["x@y.net", "c@d.org", None, "z"], type="EMAIL", file="people.csv")
    first, second = out.findings()
    assert (first.verdict, first.value) == ("fail", 1)
    assert first.sentence.startswith("1 of 2 identifiers")
    assert "EMAIL 1 in people.csv" in first.sentence
    assert second.value == 1


def test_the_second_pass_forgives_what_masking_wrote() -> None:
    texts = ["Call Ann Bo at 555 010 0142", "mail bob@real.org"]
    again = [
        [hit(texts[0], "Ann Bo", "NAME"), hit(texts[0], "555 010 0142", "PHONE")],
        [hit(texts[1], "bob@real.org", "EMAIL")],
    ]
    ours = [[(5, 11), (15, 27)], []]
    left = residual(again, ours, name="notes.jsonl")
    assert (left.verdict, left.value) == ("fail", 1)
    assert "EMAIL 1" in left.sentence
    assert residual(again, [ours[0], [(5, 17)]]).verdict == "ok"
    doubt = residual([[hit(texts[0], "Ann", "NAME", score=0.6)]], [[]])
    assert doubt.verdict == "warn"


def test_no_string_is_in_what_is_said_or_shown() -> None:
    out = Survey()
    out.texts(BEFORE, HITS, BEFORE, file="notes.jsonl")
    told = str(Report.of(out.findings()).to_dict()) + repr(out)
    for word in ("Maria", "Lopez", "Rao", "0199", "maria"):
        assert word not in told
