"""The contribution of one person: at most so many rows, whatever others do, and nobody is left unprotected."""

from __future__ import annotations

import polars as pl
import pytest

from simulacra.core.errors import ConfigError, DataError
from simulacra.parts.bounded import bounded


def rows(people: dict[str, int]) -> pl.DataFrame:
    who = [p for p, n in people.items() for _ in range(n)]
    turn = [i for n in people.values() for i in range(n)]
    return pl.DataFrame({"who": who, "turn": turn})


def test_nobody_keeps_more_rows_and_everybody_keeps_some() -> None:
    frame = rows({f"p{i}": 1 + i % 7 for i in range(200)})
    for most in (1, 3, 7):
        held = bounded(frame, "who", most)["who"].value_counts()
        assert held.height == 200 and held["count"].max() == min(most, 7)
        assert int(held["count"].sum()) == sum(min(most, 1 + i % 7) for i in range(200))


def test_a_persons_rows_do_not_depend_on_other_persons() -> None:
    frame, key = rows({"a": 9, "b": 5, "c": 2}), b"secret"
    kept = bounded(frame, "who", 2, key)
    before = bounded(pl.concat([rows({"x": 50}), frame]), "who", 2, key)
    without = bounded(frame.filter(pl.col("who") != "b"), "who", 2, key)
    assert before.filter(pl.col("who") != "x").equals(kept)
    assert without.equals(kept.filter(pl.col("who") != "b"))


def test_which_rows_stay_is_random_and_even_over_a_persons_rows() -> None:
    frame = rows({f"p{i}": 4 for i in range(2000)})
    first, second = bounded(frame, "who", 1), bounded(frame, "who", 1)
    assert not first.equals(second)
    # Each of four rows is kept by 500 of 2,000 persons, give or take 19.
    assert all(380 < n < 620 for n in first["turn"].value_counts()["count"])


def test_bounding_twice_changes_nothing_and_order_stays() -> None:
    frame = rows({"a": 5, "b": 1, "c": 8})
    once = bounded(frame, "who", 3)
    assert bounded(once, "who", 3).equals(once)
    assert (once.with_columns(d=pl.col("turn").diff().over("who"))["d"].drop_nulls() > 0).all()


def test_a_person_is_what_the_cell_says() -> None:
    mixed = pl.DataFrame({"who": ["7", "7.0", " 7", "8"], "x": range(4)})
    assert bounded(mixed, "who", 1).height == 2
    assert bounded(pl.DataFrame({"who": [7.0, 7.0, 8.0]}), "who", 1).height == 2


def test_wrong_persons_are_refused() -> None:
    frame = rows({"a": 3})
    with pytest.raises(ConfigError, match="no column 'whom' in the data. Did you mean: who"):
        bounded(frame, "whom", 1)
    with pytest.raises(ConfigError, match="whole number, at least 1, got 0"):
        bounded(frame, "who", 0)
    gone = pl.DataFrame({"who": ["a", None, "b", "", None]})
    with pytest.raises(DataError, match=r"column 'who': 3 rows name no person \(rows 2, 4, 5\)"):
        bounded(gone, "who", 1)
