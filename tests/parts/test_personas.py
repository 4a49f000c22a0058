"""Personas: their facts agree, no two numbers give the same one, and what they tell differs."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import ConfigError
from simulacra.parts import _personas_life as life
from simulacra.parts._personas_frames import CODES, EDUCATION, FINISHED, LAST_AGE, items, read
from simulacra.parts._personas_places import PLACES
from simulacra.parts._personas_text import article
from simulacra.parts._personas_work import WORK
from simulacra.parts.minhash import first_of, near_duplicates
from simulacra.parts.personas import FIELDS, Persona, count, persona, personas

ROWS = 20_000
OCCUPATIONS = {read(entry)[0]: read(entry)[1:] for entry in (e for _, _, t in WORK.values() for e in items(t))}
CORE = ("role", "education", "age", "place", "interests", "temperament", "voice", "need", "habit", "value")
"""Facts that a number spells."""
PINNED = (
    "A 77-year-old woman in a quiet suburb of Dar es Salaam, Tanzania who used to work as a school caretaker, lives "
    "with a partner and mends socks. Lately she has been trying to move to a smaller flat."
)


@pytest.fixture(scope="module")
def made() -> pl.DataFrame:
    return personas(7, np.arange(ROWS, dtype=np.uint64))


def rows(frame: pl.DataFrame, *conditions: pl.Expr) -> int:
    return frame.filter(*conditions).height


def test_education_is_finished_and_leads_to_the_occupation(made):
    finished = pl.col("education").replace_strict(dict(zip(EDUCATION, FINISHED, strict=True)), return_dtype=pl.Int64)
    assert made["age"].min() >= 18 and made["age"].max() == LAST_AGE
    assert rows(made, pl.col("age") < finished) == 0
    assert rows(made, pl.col("years") > pl.col("age") - finished) == 0
    worked = made.filter(pl.col("status") != "student")
    codes = {title: codes for title, (codes, *_) in OCCUPATIONS.items()}
    for title, education in worked.select("occupation", "education").unique().iter_rows():
        assert CODES[EDUCATION.index(education)] in codes[title]


def test_experience_is_what_the_occupation_asks_for(made):
    worked = made.filter(pl.col("status").is_in(["working", "between jobs", "retired"]))
    least = pl.col("occupation").replace_strict({t: v[1] for t, v in OCCUPATIONS.items()}, return_dtype=pl.Int64)
    assert rows(worked, pl.col("years") < least) == 0
    last = pl.col("occupation").replace_strict({t: v[3] for t, v in OCCUPATIONS.items()}, return_dtype=pl.Int64)
    assert rows(worked, pl.col("status") != "retired", pl.col("age") > last) == 0
    assert rows(made, pl.col("occupation") == "judge", pl.col("age") < 41) == 0
    assert rows(made, pl.col("occupation") == "heart surgeon", pl.col("age") < 34) == 0


def test_statuses_fit_the_age(made):
    assert rows(made, pl.col("status") == "retired", pl.col("age") < 58) == 0
    assert rows(made, pl.col("status") == "student", pl.col("age") > 36) == 0
    assert rows(made, pl.col("status") == "student", pl.col("years") > 0) == 0
    assert rows(made, pl.col("role").str.starts_with("doctoral"), pl.col("education") != "master's degree") == 0
    assert rows(made, pl.col("status") == "between jobs", pl.col("age") > 64) == 0
    shares = dict(made["status"].value_counts(normalize=True).iter_rows())
    assert shares["working"] > 0.55 and all(share > 0.03 for share in shares.values())


def test_households_needs_and_circumstances_fit(made):
    ages = {" ".join(e.split()[:-3]): [int(x) for x in e.split()[-3:-1]] for e in items(life.HOMES)}
    for home, (low, high) in ages.items():
        living = made.filter(pl.col("household") == home, pl.col("status") != "at home")
        assert rows(living, ~pl.col("age").is_between(low, high)) == 0
    parents = made.filter(pl.col("occupation") == "full-time parent")
    assert parents.height > 50 and set(parents["household"]) <= set(items(life.CARE["full-time parent"]))
    groups = {"student": pl.col("status") == "student", "retired": pl.col("status") == "retired"}
    for group, fits in groups.items():
        assert rows(made, pl.col("need").is_in(items(life.NEEDS[group])), ~fits) == 0
        assert rows(made, pl.col("need").is_in(items(life.NEEDS[group])), fits) > 50
    limited = made.filter(pl.col("circumstance").is_in(items(life.LIMITS)), pl.col("status") != "retired")
    assert not set(limited["occupation"]) & {"roofer", "airline pilot", "firefighter", "bus driver"}


def test_places_and_languages_fit(made):
    spoken: dict[str, set[str]] = {}
    for entry, text in PLACES.items():
        spoken.setdefault(entry.split(", ")[0], set()).add(text.split("; ")[0].replace("/", " and "))
    assert all(language in spoken[origin] for origin, language in made.select("origin", "language").iter_rows())
    assert all(place.endswith(country) for place, country in made.select("place", "country").iter_rows())
    moved = (made["origin"] != made["country"]).mean()
    assert 0.09 < moved < 0.15 and made["country"].n_unique() > 100


def test_what_is_told_is_what_the_persona_is(made):
    for row in made.head(3000).iter_rows(named=True):
        text = row["text"].lower()
        assert str(row["age"]) in text and row["need"].lower() in text
        assert row["occupation"].lower() in text or row["role"].lower() in text
        wrong = {"woman": r"\b(he|his|man)\b", "man": r"\b(she|her|woman)\b", "person": r"\b(he|she|his|her)\b"}
        told = re.sub("|".join(map(re.escape, (row["household"], row["habit"], row["need"]))), "", text)
        assert not re.search(wrong[row["sex"]], told), text
        assert not re.search(r"\ban? an? |  | ,|\{|\ba [aeio]|null", text), text


@pytest.mark.parametrize("length", ["full", "short"])
def test_hardly_any_persona_resembles_another(length):
    texts = personas(3, np.arange(10_000, dtype=np.uint64), length)["text"].to_list()
    pairs, _ = near_duplicates(texts, 0.7)
    assert np.mean(first_of(len(texts), pairs) != np.arange(len(texts))) <= 0.05
    assert {text.split()[0] for text in texts} >= {"A", "An"}


def test_no_two_numbers_give_the_same_persona(made):
    far = personas(7, np.arange(10**12, 10**12 + ROWS, dtype=np.uint64))
    assert pl.concat((made, far)).select(CORE).n_unique() == 2 * ROWS
    assert count() > 10**12


@settings(max_examples=30, deadline=None)
@given(st.integers(-(2**70), 2**70), st.lists(st.integers(0, 2**60 - 10**9), min_size=1, max_size=20))
def test_a_persona_hangs_on_seed_and_number_alone(seed, numbers):
    together = personas(seed, numbers)
    alone = personas(seed, numbers[-1:])
    assert together.tail(1).equals(alone)
    assert persona(seed, numbers[-1]) == Persona(**alone.row(0, named=True))


def test_other_seeds_give_other_personas(made):
    other = personas(8, np.arange(ROWS, dtype=np.uint64))
    assert not set(made["text"]) & set(other["text"])


def test_the_same_bytes_on_every_machine():
    assert persona(1, 2).text == PINNED


def test_the_columns_are_the_facts():
    empty = personas(1, [])
    assert empty.columns == ["text", *FIELDS] and empty.height == 0
    assert personas(1, range(5)).select(FIELDS).null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [("archivist", "an archivist"), ("university lecturer", "a university lecturer"), ("user", "a user"),
     ("unemployed actor", "an unemployed actor"), ("undergraduate", "an undergraduate"), ("80", "an 80"),
     ("18", "an 18"), ("81", "an 81"), ("38", "a 38"), ("upholsterer", "an upholsterer"), ("union man", "a union man")],
)  # fmt: skip
def test_articles(words, told):
    assert article(words) == told


def test_wrong_numbers_and_lengths_are_named():
    with pytest.raises(ConfigError, match="number -1"):
        persona(1, -1)
    with pytest.raises(ConfigError, match="outside"):
        persona(1, count())
    with pytest.raises(ConfigError, match="long"):
        persona(1, 1, "long")


def test_every_word_list_has_its_items_once():
    texts = [life.INTERESTS, life.HABITS, life.TEMPERS, life.VOICES, life.VALUES, life.CIRCUMSTANCES, life.LIMITS]
    for words in map(items, [*texts, *life.NEEDS.values(), *(part for f in WORK.values() for part in f[:2])]):
        assert len(set(words)) == len(words) and all(words)
    assert len({len(items(needs)) for group, needs in life.NEEDS.items() if group != "anyone"}) == 1
    assert len(OCCUPATIONS) == sum(len(items(entry[2])) for entry in WORK.values()) >= 400
