"""Fidelity: planted faults are named, fresh real rows pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from people import SCHEMA, alarms, broken, case, findings, people

from simulacra.core.report import View
from simulacra.core.schema import Column, Schema
from simulacra.guards.fidelity import fidelity

N = 1200
REAL, HOLDOUT = people(N, 1), people(N, 2)


def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(frame[c].shuffle(seed=i) for i, c in enumerate(frame.columns))


def older_with_longer_hours(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("age") > 40).with_columns((pl.col("hours") * 1.2).round().cast(pl.Int64))


def badly_written(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col("age") + 0.5,
        pl.col("hours") + 70,
        pl.col("pay").fill_null(4000.0),
        pl.col("bonus").fill_null(0.0) + 0.001 * pl.col("age"),
        pl.col("sex").replace("m", "male"),
        pl.col("since").str.replace_all(".", "/", literal=True),
    ).filter(pl.col("job") != "driver")


def too_straight(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pay=pl.when(pl.col("pay").is_not_null()).then(pl.col("age") * 40.0 + 2000))


def redrawn(frame: pl.DataFrame) -> pl.DataFrame:
    return REAL.head(500).sample(N, with_replacement=True, seed=1)


FAULTS: list[tuple[Callable[[pl.DataFrame], pl.DataFrame], dict[str, list[str]]]] = [
    (
        shuffled,
        {
            "C2ST AUC": ["each column alone is as in real", "the link between age and churn is lost"],
            "Pair": ["the link between age and churn is lost"],
            "Tri-q5": ["below fresh rows"],
            "correlation": ["age and pay", "weaker than real"],
            "missing together": ["pay", "bonus", "lack both"],
        },
    ),
    (
        older_with_longer_hours,
        {
            "C2ST AUC": ["age: no made value below 41, real has", "hours: values are about 1.2 x the real ones"],
            "Shape": ["age: no made value below 41, real has 3"],
        },
    ),
    (
        badly_written,
        {
            "grid": ["age: 100 % of made values are no multiple of 1"],
            "range": ["hours: ", "above the largest real one", "since: 100 %", "%d.%m.%Y"],
            "missing cells": ["pay: 0 % of made cells are missing, 1"],
            "new levels": ["sex: ", "'male'"],
            "lost levels": ["job: ", "'driver'"],
            "Shape": ["hours: values are about 70 above", "the value 0 makes up 0 % of made"],
        },
    ),
    (too_straight, {"correlation": ["age and pay", "cleaner than real"]}),
    (redrawn, {"repeated rows": ["% of made rows repeat another"], "too good": ["100 % of made rows are copies"]}),
    (lambda frame: REAL, {"too good": ["100 % of made rows are copies", "exactly the values of the training rows"]}),
]


@pytest.mark.parametrize(("plant", "named"), FAULTS)
def test_a_planted_fault_fails_with_its_cause_named(
    plant: Callable[[pl.DataFrame], pl.DataFrame], named: dict[str, list[str]]
) -> None:
    found = fidelity(case(plant(people(N, 3)), REAL, HOLDOUT))
    assert not broken(found)
    for name, words in named.items():
        finding = findings(found)[name]
        assert finding.verdict == "fail", finding
        assert [w for w in words if w not in finding.sentence] == [], finding.sentence
        assert finding.advice


@pytest.mark.parametrize("seed", range(3))
def test_fresh_real_rows_pass_without_a_word(seed: int) -> None:
    found = fidelity(case(people(N, 100 + seed), people(N, 200 + seed), people(N, 300 + seed), seed=seed))
    assert not alarms(found)
    assert not broken(found)
    headline = findings(found)["C2ST AUC"]
    assert headline.headline and headline.verdict == "ok"
    assert headline.interval and headline.interval[0] < 0.5 < headline.interval[1] + 0.03
    assert headline.fresh is not None and "holdout rows" in headline.sentence


def test_without_a_holdout_it_compares_with_training_rows_and_says_so() -> None:
    found = fidelity(case(people(N, 3), REAL, None))
    assert "training rows (there is no holdout large enough)" in findings(found)["C2ST AUC"].sentence
    assert not alarms(found)
    near = REAL.with_columns(pl.col("pay") + pl.Series(np.random.default_rng(0).normal(0, 1, N)))
    copied = findings(fidelity(case(near, REAL, None)))["nearness to training rows"]
    assert copied.verdict == "fail" and "too good" in copied.sentence
    partly = pl.concat([near.head(N // 5), people(N - N // 5, 4)])
    followed = findings(fidelity(case(partly, REAL, None)))["nearness to training rows"]
    assert followed.verdict == "warn" and "holdout" in followed.advice


def test_the_same_seed_finds_the_same() -> None:
    given = case(people(300, 3), people(300, 1), people(300, 2), seed=5)
    assert fidelity(given) == fidelity(given)


def test_other_columns_fail_at_once_with_their_names() -> None:
    found = findings(fidelity(case(REAL.rename({"age": "years"}), REAL, HOLDOUT)))
    assert list(found) == ["columns"] and found["columns"].verdict == "fail"
    assert "lacks 'age'" in found["columns"].sentence and "'years'" in found["columns"].sentence


def test_few_rows_are_too_few_to_tell() -> None:
    for n in (1, 2, 15):
        found = fidelity(case(people(n, 1), people(n, 2), people(n, 3)))
        assert not broken(found)
        assert findings(found)["C2ST AUC"].verdict == "unknown"
        assert "too few rows to tell" in findings(found)["C2ST AUC"].sentence
        assert not alarms(found)


def odd(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "many": [f"L{i:05d}" for i in rng.integers(0, 10_000, n)],
            "none": pl.Series([None] * n, dtype=pl.Float64),
            "one": ["same"] * n,
            "word": np.where(rng.random(n) < 0.1, "tbd", rng.integers(0, 99, n).astype(str)),
            "flag": rng.random(n) < 0.3,
            "when": pl.Series(rng.integers(0, 10**15, n)).cast(pl.Datetime("us")),
            "far": np.where(rng.random(n) < 0.02, np.inf, rng.normal(size=n)),
            "parts": pl.Series(rng.integers(0, 3, (n, 2)).tolist(), dtype=pl.List(pl.Int64)),
            "bytes": pl.Series([bytes([200 + i]) for i in rng.integers(0, 50, n)]),
        }
    )


ODD = Schema.of(
    Column("many", "category"),
    Column("none", "empty"),
    Column("one", "constant"),
    Column("word", "mixed"),
    Column("flag", "boolean"),
    Column("when", "time"),
    Column("far", "number"),
    Column("parts", "category"),
    Column("bytes", "category"),
)


def test_odd_columns_are_judged_or_named_as_left_out() -> None:
    made, real, holdout = odd(800, 1), odd(800, 2), odd(800, 3)
    found = fidelity(case(made, real, holdout, schema=ODD))
    assert not broken(found) and not alarms(found)
    assert findings(found)["other columns"].sentence.startswith("not tested: parts, bytes")
    no_words = made.with_columns(pl.col("word").replace("tbd", None))
    shape = findings(fidelity(case(no_words, real, holdout, schema=ODD)))["Shape"]
    assert shape.verdict == "warn" and "word: no made 'tbd', real has" in shape.sentence


def test_one_column_is_enough() -> None:
    schema = Schema.of(SCHEMA["age"])
    made, real, holdout = (people(400, s).select("age") for s in (1, 2, 3))
    assert not alarms(fidelity(case(made, real, holdout, schema=schema)))
    old = findings(fidelity(case(made.filter(pl.col("age") > 40), real, holdout, schema=schema)))
    assert old["Shape"].verdict == "fail"


def test_views_show_counts_on_shared_axes_and_no_cell_of_a_few_rows() -> None:
    found = fidelity(case(people(N, 3).filter(pl.col("age") > 40), REAL, HOLDOUT))
    views = [v for v in found if isinstance(v, View)]
    drawn = [v for v in views if v.column]
    assert {v.column for v in drawn} == set(REAL.columns)
    assert max(drawn, key=lambda v: v.score).column == "age"
    for view in drawn:
        assert len(view.data["real"]) == len(view.data["made"])
        assert all(count == 0 or count >= 5 for count in view.data["real"])
    age = next(v for v in drawn if v.column == "age")
    assert len(age.data["edges"]) == len(age.data["real"]) + 1 and sum(age.data["real"]) == N
    assert age.data["made"][0] == 0 < age.data["real"][0]
    titles = {v.title for v in views if v.kind == "matrix"}
    assert {"Association, made minus real", "Rank correlation, made minus real"} <= titles


IDS = Schema.of(
    Column("id", "id", unique=True, format="AA-9999"), Column("mail", "person", format="email"), SCHEMA["age"]
)


def members(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    letters = rng.choice(list("ABCDEFGHIJ"), (n, 2))
    return people(n, seed).select(
        pl.Series("id", [f"{a}{b}-{i:04d}" for (a, b), i in zip(letters, rng.permutation(9999)[:n], strict=True)]),
        pl.Series("mail", [f"user{i:09d}@example.org" for i in rng.integers(0, 10**9, n)]),
        pl.col("age"),
    )


def test_identifiers_are_judged_by_form_uniqueness_and_leaks_only() -> None:
    made, real, holdout = members(500, 1), members(500, 2), members(500, 3)
    found = fidelity(case(made, real, holdout, schema=IDS))
    assert not alarms(found) and not broken(found)
    assert "id" not in {v.column for v in found if isinstance(v, View)}

    leaked = findings(fidelity(case(made.with_columns(real["mail"]), real, holdout, schema=IDS)))["real values in mail"]
    assert leaked.verdict == "fail" and "100 % of made values" in leaked.sentence
    twice = made.with_columns(pl.col("id").head(250).append(pl.col("id").head(250)))
    form = findings(fidelity(case(twice, real, holdout, schema=IDS)))["form of id"]
    assert form.verdict == "fail" and "50 % of made values repeat" in form.sentence
    other = made.with_columns(pl.col("id").str.replace("-", "/"))
    form = findings(fidelity(case(other, real, holdout, schema=IDS)))["form of id"]
    assert form.verdict == "fail" and "'AA/9999'" in form.sentence
