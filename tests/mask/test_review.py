"""The review file: it holds no text, what is said in it is done, and what no longer fits is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulacra.core.errors import ConfigError, DataError, OutputError
from simulacra.mask.find import Hit
from simulacra.mask.review import Entry, Review, doubtful, handle, key_of, write

TEXTS = ["Rao met Price today", None, "Price and Rao", "the Price was high"]
KEY = b"k" * 32


def hits(score: float = 0.6) -> list[list[Hit]]:
    return [
        [Hit(0, 3, "NAME", 0.95, "test"), Hit(8, 13, "NAME", score, "test")],
        [],
        [Hit(0, 5, "NAME", score, "test")],
        [Hit(4, 9, "NAME", score, "test")],
    ]


def entries(context: int = 0) -> list[Entry]:
    return list(doubtful("notes.jsonl", "text", TEXTS, hits(), key=KEY, context=context))


def said(tmp_path: Path, **verdicts: object) -> Review:
    """Write the entries, say something of the row of each name (row0=...), and read it again."""
    path = tmp_path / "review.jsonl"
    write(path, entries(), output=tmp_path / "out")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line.update(verdicts.get(f"row{line['row']}", {}))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Review.read(path)


def spans(found: list[list[Hit]], row: int) -> list[tuple[int, int, str]]:
    return [(h.start, h.end, h.type) for h in found[row]]


def test_only_doubtful_hits_are_asked_about_and_no_text_is_written(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    assert write(path, entries(), output=tmp_path / "out") == 3
    text = path.read_text()
    assert "Price" not in text
    assert "Rao" not in text
    assert path.stat().st_mode & 0o077 == 0
    assert [json.loads(line)["verdict"] for line in text.splitlines()] == ["", "", ""]


def test_context_is_written_when_asked_for() -> None:
    assert [e.context for e in entries(context=4)] == ["met Price tod", "Price and", "the Price was"]


def test_it_is_never_written_into_the_output(tmp_path: Path) -> None:
    for place in ("out/review.jsonl", "out/deep/review.jsonl", "other/../out/review.jsonl"):
        with pytest.raises(OutputError, match="lies in the output"):
            write(tmp_path / place, entries(), output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_verdicts_are_done(tmp_path: Path) -> None:
    review = said(tmp_path, row0={"verdict": "yes"}, row2={"verdict": "ORGANIZATION"}, row3={"verdict": "no"})
    found = review.apply("notes.jsonl", "text", TEXTS, hits(), key=KEY)
    assert spans(found, 0) == [(0, 3, "NAME"), (8, 13, "NAME")]
    assert found[0][1].score == 1.0
    assert spans(found, 2) == [(0, 5, "ORGANIZATION")]
    assert spans(found, 3) == []
    assert review.stale() == []


def test_another_span_replaces_what_it_overlaps(tmp_path: Path) -> None:
    review = said(tmp_path, row2={"verdict": "0-13 ORGANIZATION"})
    found = review.apply("notes.jsonl", "text", TEXTS, hits(), key=KEY)
    assert spans(found, 2) == [(0, 13, "ORGANIZATION")]
    assert spans(found, 0) == [(0, 3, "NAME"), (8, 13, "NAME")]


def test_a_verdict_holds_here_unless_it_is_for_everywhere(tmp_path: Path) -> None:
    here = said(tmp_path, row0={"verdict": "no"}).apply("notes.jsonl", "text", TEXTS, hits(), key=KEY)
    assert [len(h) for h in here] == [1, 0, 1, 1]
    all_of_them = said(tmp_path, row0={"verdict": "no", "everywhere": True})
    assert [len(h) for h in all_of_them.apply("notes.jsonl", "text", TEXTS, hits(), key=KEY)] == [1, 0, 0, 0]


def test_a_missed_place_is_added(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    path.write_text('{"file": "notes.jsonl", "column": "text", "row": 2, "start": 10, "end": 13, "type": "NAME"}\n')
    found = Review.read(path).apply("notes.jsonl", "text", TEXTS, hits(), key=KEY)
    assert spans(found, 2) == [(0, 5, "NAME"), (10, 13, "NAME")]


def test_text_that_moved_is_found_by_its_handle_and_text_that_went_is_named(tmp_path: Path) -> None:
    review = said(tmp_path, row2={"verdict": "no"}, row3={"verdict": "4-9"})
    moved = [TEXTS[0], None, "So Price and Rao", "nobody"]
    again = [hits()[0], [], [Hit(3, 8, "NAME", 0.6, "test")], []]
    found = review.apply("notes.jsonl", "text", moved, again, key=KEY)
    assert found[2] == []
    assert found[0] == hits()[0]  # the verdict on row 3 does not wander to another row that holds the same word
    assert len(review.stale()) == 1
    told = Review.read(tmp_path / "review.jsonl")
    gone = told.apply("notes.jsonl", "text", ["a", None, "b", "c"], [[], [], [], []], key=KEY)
    assert gone == [[], [], [], []]
    assert told.stale() == [
        "review.jsonl line 2: notes.jsonl row 2 column 'text' characters 0-5: the text that was reviewed is not there "
        "any more",
        "review.jsonl line 3: notes.jsonl row 3 column 'text' characters 4-9: the text that was reviewed is not there "
        "any more",
    ]


def test_other_files_columns_and_keys_are_left_alone(tmp_path: Path) -> None:
    review = said(tmp_path, row0={"verdict": "no"})
    assert review.apply("other.jsonl", "text", TEXTS, hits(), key=KEY) == hits()
    assert review.apply("notes.jsonl", "title", TEXTS, hits(), key=KEY) == hits()
    assert len(review.stale()) == 1
    assert review.apply("notes.jsonl", "text", TEXTS, hits(), key=b"another") == hits()


def test_handles_need_the_key_and_a_key_of_the_column_needs_the_whole_column() -> None:
    assert handle(KEY, "Price") != handle(b"x", "Price") != handle(b"x", "price")
    assert key_of(TEXTS) == key_of(list(TEXTS))
    assert key_of(TEXTS) != key_of(TEXTS[:3])
    assert key_of(["ab", "c"]) != key_of(["a", "bc"])


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("{", DataError, "line 1 is not JSON"),
        ("[]", DataError, "must be an object"),
        ('{"file": "a"}', DataError, "row, start, end, type is missing"),
        ('{"file": "a", "row": "1", "start": 0, "end": 1, "type": "NAME"}', DataError, "row must be int"),
        ('{"file": "a", "row": true, "start": 0, "end": 1, "type": "NAME"}', DataError, "row must be int"),
        ('{"file": "a", "row": 1, "start": 0, "end": 1, "type": "NAME", "verdct": ""}', DataError, "Did you mean"),
        ('{"file": "a", "row": 1, "start": 0, "end": 1, "type": "NANE"}', ConfigError, "unknown type 'NANE'"),
        (
            '{"file": "a", "row": 1, "start": 0, "end": 1, "type": "NAME", "verdict": "si"}',
            ConfigError,
            "verdict is yes",
        ),
        ('{"file": "a", "row": 1, "start": 4, "end": 4, "type": "NAME"}', ConfigError, "holds no character"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, kind: type[Exception], words: str) -> None:
    path = tmp_path / "review.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(kind, match=words):
        Review.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as a review file"):
        Review.read(tmp_path / "none.jsonl")
