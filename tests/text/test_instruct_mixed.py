"""text/instruct, kind mixed: prompts by templates, no model needed, nothing told that should not be."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest
from instructed import asking

from simulacra.core.errors import ConfigError, DataError
from simulacra.text import Instruct
from simulacra.text._instruct_templates import CLASS, NUMBER, TASKS, TEXT, shipped

MAIL = pl.DataFrame(
    {
        "message": [f"Win prize number {k}, call now" if k % 4 == 0 else f"See you at {k} then" for k in range(80)],
        "kind": ["spam" if k % 4 == 0 else "ham" for k in range(80)],
    }
)


def made(data: pl.DataFrame = MAIL, n: int = 64, templates: tuple[Any, ...] = (), **options: Any) -> pl.DataFrame:
    frame: pl.DataFrame = Instruct(kind="mixed", options=options, templates=templates).fit(data).sample(n, seed=1)
    return frame


def test_so_many_templates_ship_and_all_differ() -> None:
    assert len(set(CLASS)) >= 10 and len(set(NUMBER)) >= 6 and len(set(TEXT)) >= 6
    for task in TASKS:
        assert any(ask.inverted for ask in shipped(task)) and len({ask.name for ask in shipped(task)}) >= 12


def test_labels_belong_to_their_texts_and_classes_are_balanced() -> None:
    frame = made(few=0, inverted=0)
    for row in frame.iter_rows(named=True):
        assert row["output"] == row["label"] == ("spam" if "Win prize" in row["instruction"] else "ham")
    assert Counter(frame["label"]) == {"spam": 32, "ham": 32}
    assert Counter(made(few=0, inverted=0, balance=False)["label"])["spam"] < 25


def test_every_row_of_a_class_comes_before_any_comes_again() -> None:
    found = Instruct(kind="mixed", options={"few": 0}).fit(MAIL).sample(40, seed=1, kind="dataset")
    parents = [p[0] for p in found.frames["lineage"]["parents"].to_list()]
    assert len(set(parents)) == 40
    labels = found.frames["table"]["label"].to_list()
    assert [MAIL["kind"][p] for p in parents] == labels


def test_shares_of_forms_hold_in_any_32_rows() -> None:
    frame = made(n=96, few=0.25, inverted=0.25)
    for start in range(0, 96, 32):
        assert Counter(frame["form"][start : start + 32]) == {"few-shot": 8, "inverted": 8, "zero-shot": 16}


def test_examples_are_other_rows_with_their_own_labels() -> None:
    for row in made(few=1, inverted=0, shots=3).iter_rows(named=True):
        shown = [line for line in row["instruction"].split("\n") if "Win prize" in line or "See you" in line]
        assert len(shown) == 4 and len(set(shown)) == 4, "three examples and the question, all different"
        answers = Counter(w.strip(":.") for w in row["instruction"].split() if w.strip(":.") in ("spam", "ham"))
        assert sum(answers.values()) >= 3


def test_examples_say_spam_for_spam() -> None:
    own = ({"instruction": "{{ text }} ->", "name": "arrow"},)
    for row in made(templates=own, own=True, few=1, inverted=0, listed=0).iter_rows(named=True):
        *examples, _ = row["instruction"].split("\n\n")
        for example in examples:
            text, _, label = example.partition(" ->\n")
            assert label == ("spam" if "Win" in text else "ham")


def test_classes_are_listed_in_their_share_and_never_for_inverted_prompts() -> None:
    def listing(frame: pl.DataFrame) -> list[bool]:
        return ["ham" in text and "spam" in text for text in frame["instruction"]]

    assert all(listing(made(few=0, inverted=0, listed=1)))
    assert not any(listing(made(few=0, inverted=0, listed=0)))
    assert 10 < sum(listing(made(few=0, inverted=0, listed=0.5))) < 54


def test_inverted_prompts_give_the_label_and_ask_for_the_text() -> None:
    for row in made(few=0, inverted=1).iter_rows(named=True):
        assert row["label"] in row["instruction"] and row["output"] in MAIL["message"].to_list()
        assert row["output"] not in row["instruction"]


def test_tables_with_numbers_give_records_and_numbers() -> None:
    homes = pl.DataFrame({"rooms": [2, 3, 4], "town": ["Oslo", None, "Lima"], "price": [100.5, 200.0, 310.25]})
    frame = made(homes, 12, few=0, inverted=0)
    assert set(frame["output"]) == {"100.5", "200", "310.25"}
    for row in frame.iter_rows(named=True):
        assert "rooms: " in row["instruction"] and "record" in " ".join(frame["instruction"])
        assert ("town" in row["instruction"]) == (row["output"] != "200"), "an empty cell is not shown"
        assert row["output"] not in row["instruction"]


def test_rows_without_a_label_are_left_out_and_one_class_is_refused() -> None:
    data = MAIL.with_columns(kind=pl.when(pl.int_range(80) < 70).then("kind"))
    found = Instruct(kind="mixed").fit(data).sample(60, seed=1, kind="dataset")
    assert max(p[0] for p in found.frames["lineage"]["parents"].to_list()) < 70
    with pytest.raises(DataError, match="every row has the kind 'ham'"):
        made(MAIL.filter(pl.col("kind") == "ham"))


@pytest.mark.parametrize(
    ("options", "templates", "message"),
    [
        ({"target": "kin"}, (), "no column 'kin'.*Did you mean: kind"),
        ({"inputs": ["mesage"]}, (), "no column 'mesage'.*Did you mean: message"),
        ({"inputs": ["kind"]}, (), "needs other columns"),
        ({"few": 0.9, "inverted": 0.2}, (), "together at most 1"),
        ({"own": True}, (), "needs \\[\\[templates\\]\\]"),
        ({}, ({"instruction": "{{ txt }}?"},), r"templates\[0\]: instruction: unknown name 'txt'.*text"),
        ({}, ({"instruction": "{{ text }"},), r"templates\[0\]: instruction, line 1"),
        ({}, ({"text": "x"},), r"templates\[0\]: a template is a table with instruction"),
        ({}, ({"instruction": "x", "outputs": "y"},), "unknown entry 'outputs'. Did you mean: output"),
    ],
)
def test_what_does_not_fit_is_named(options: dict[str, Any], templates: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        made(templates=templates, **options)


def test_a_cell_that_looks_like_a_template_stays_text() -> None:
    data = pl.DataFrame({"text": ["{{ label }} a", "{% for %} b", "plain c"], "kind": ["x", "y", "x"]})
    shown = " ".join(made(data, 12, few=0, inverted=0)["instruction"])
    assert "{{ label }} a" in shown and "{% for %} b" in shown


def test_reasons_are_written_for_their_share_alone() -> None:
    method, port = asking(
        lambda r: "It offers a prize to whoever calls.", kind="mixed", options={"reasons": 0.5, "few": 0, "inverted": 0}
    )
    frame = method.fit(MAIL).sample(32, seed=1)
    reasoned = frame.filter(form="chain-of-thought")
    assert reasoned.height == 16 == len(port.asked)
    for row in reasoned.iter_rows(named=True):
        assert row["output"] == f"It offers a prize to whoever calls. So the answer is {row['label']}."
