"""The guard of diversity: silent on fresh real texts, and planted collapses fail with and without real ones beside."""

from __future__ import annotations

import dataclasses

import polars as pl
import prose
import pytest

from simulacra.core.case import Case
from simulacra.core.data import as_dataset
from simulacra.core.lineage import Lineage
from simulacra.core.port import echo
from simulacra.core.report import Finding, View
from simulacra.engine.check import check
from simulacra.guards.diversity import diversity
from simulacra.testing import check_guard, toys


@pytest.mark.parametrize("seed", range(4))
def test_silent_on_fresh_real_texts(seed: int) -> None:
    texts = prose.paragraphs(seed)
    found = diversity(prose.case(texts[:220], texts[220:660]))
    assert prose.loud(found) == set()
    assert {"effective size", "self-BLEU", "Vendi score", "coverage", "order of words"} <= prose.verdicts(found).keys()


def test_keeps_the_contract_of_guards_on_texts() -> None:
    texts = prose.paragraphs()
    check_guard(diversity, prose.case(texts[:200], texts[200:600]))


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("planted", [prose.few_with_changes, prose.paraphrases, prose.one_slot])
def test_collapse_fails(planted: type, alone: bool) -> None:
    real = None if alone else prose.paragraphs()[:600]
    found = diversity(prose.case(planted(), real))
    assert prose.verdicts(found)["effective size"] == "fail"
    size = next(f for f in found if isinstance(f, Finding) and f.name.startswith("effective size"))
    assert size.headline and size.value is not None and size.value < 0.2
    assert alone or (size.fresh is not None and size.fresh > 0.6)


def test_forms_of_ten_texts_count_as_ten() -> None:
    found = diversity(prose.case(prose.few_with_changes(300)))
    size = next(f for f in found if isinstance(f, Finding) and f.name.startswith("effective size"))
    assert size.value is not None and 8 <= size.value * 300 <= 11


@pytest.mark.parametrize("planted", [prose.salad, prose.noise])
def test_words_without_order_fail_however_varied_they_look(planted: type) -> None:
    made = diversity(prose.case(planted()))
    distinct = {f.name: f.value for f in made if isinstance(f, Finding)}["distinct-2 of text"]
    assert distinct is not None and distinct > 0.8
    assert prose.verdicts(made)["order of words"] == "fail"
    assert "no text" in next(f for f in made if isinstance(f, Finding) and "order" in f.name).sentence


def test_words_of_real_texts_without_order_ask_for_none() -> None:
    found = diversity(prose.case(prose.noise(200), prose.noise(700)[200:]))
    assert prose.loud(found) == set() and prose.verdicts(found)["order of words"] == "unknown"


def test_fewer_topics_than_the_real_texts_have_are_named() -> None:
    texts = sorted(prose.paragraphs(), key=lambda t: ("class" in t, "module" in t, "string" in t))
    found = diversity(prose.case([t for t in texts if "class" in t], [*texts, *texts[::2]]))
    coverage = next(f for f in found if isinstance(f, Finding) and f.name.startswith("coverage"))
    assert coverage.verdict in ("warn", "fail") and coverage.value < coverage.fresh  # type: ignore[operator]


def test_a_common_opening_is_shown_with_its_words() -> None:
    texts = [f"Once upon a time {t}" if i % 5 < 3 else t for i, t in enumerate(prose.paragraphs())]
    found = diversity(prose.case(texts))
    opening = next(f for f in found if isinstance(f, Finding) and f.name.startswith("opening"))
    assert (
        opening.verdict == "fail"
        and '"once upon a"' in opening.sentence
        and opening.value == pytest.approx(0.6, abs=0.01)
    )
    tables = [v for v in found if isinstance(v, View) and "openings" in v.title]
    assert tables[0].data["rows"][0][0] == "once upon a"


def test_near_duplicates_are_counted_over_all_rows() -> None:
    texts = prose.paragraphs()
    found = diversity(prose.case([*texts[:500], *(f"{t} Again." for t in texts[:500])]))
    share = next(f for f in found if isinstance(f, Finding) and f.name.startswith("near-duplicates"))
    assert share.verdict in ("warn", "fail") and share.value == pytest.approx(0.5, abs=0.1)


def test_marks_of_the_echo_port_fail() -> None:
    assert prose.verdicts(diversity(prose.case(echo(prose.paragraphs()[:20]))))["real words"] == "fail"


def test_few_texts_tell_nothing() -> None:
    found = diversity(prose.case(prose.paragraphs()[:20]))
    assert prose.verdicts(found) == {"effective size": "unknown"}


def test_conversations_are_read_without_the_words_of_the_system() -> None:
    talks = [
        [{"role": "system", "content": "You are a helpful assistant who answers in one paragraph."},
         {"role": "user", "content": f"What is meant by {i}?"}, {"role": "assistant", "content": text}]
        for i, text in enumerate(prose.paragraphs()[:120])
    ]  # fmt: skip
    found = diversity(Case(as_dataset(pl.DataFrame({"messages": talks}))))
    assert next(f.verdict for f in found if f.name == "effective size of messages") == "ok"  # type: ignore[union-attr]
    opening = next(f for f in found if isinstance(f, Finding) and f.name.startswith("opening"))
    assert "you are a" not in opening.sentence


def test_tables_without_texts_and_methods_of_tables_do_not_concern_it() -> None:
    plain = Case(as_dataset(toys.people(100)), schema=as_dataset(toys.people(100)).schema)
    assert not diversity.concerns(plain)  # type: ignore[attr-defined]
    made = prose.case(prose.paragraphs()[:100])
    assert diversity.concerns(made)  # type: ignore[attr-defined]
    assert not diversity.concerns(dataclasses.replace(made, lineage=Lineage(made_by="tables/forest")))  # type: ignore[attr-defined]


def test_check_hears_it_where_there_are_texts() -> None:
    report = check(pl.DataFrame({"text": prose.one_slot(100)}), only=["diversity"])
    assert report.verdict == "fail" and "Vendi score" in report.html()
