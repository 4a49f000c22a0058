"""Risks of masked tables: against brute force, on planted re-identification, and where nothing can be found."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import ConfigError, DataError
from simulacra.core.report import Finding, Report, View
from simulacra.core.rng import stream
from simulacra.mask import _classes
from simulacra.mask._linkage import kept, link
from simulacra.mask.risk import Limits, risks

CELLS = st.sampled_from([None, "a", "b", "c"])
NUMBERS = st.one_of(st.integers(-3, 3), st.just(2**62))


def findings(items: list[Finding | View]) -> dict[str, Finding]:
    return {f.name: f for f in items if isinstance(f, Finding)}


def clinic(rows: int = 3000, seed: int = 0) -> pl.DataFrame:
    """People in bands of age and three areas: every class is large, and the diagnosis has nothing to do with them."""
    rng = stream(seed, "tests/clinic", "rows")
    return pl.DataFrame(
        {
            "name": [f"Person {i}" for i in range(rows)],
            "age": rng.choice(["20-39", "40-59", "60+"], rows),
            "sex": rng.choice(["f", "m"], rows),
            "zip": rng.choice(["100", "200", "300"], rows),
            "diagnosis": rng.choice(["flu", "asthma", "none"], rows),
        }
    )


# Against brute force -------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, NUMBERS, CELLS), min_size=1, max_size=25))
def test_classes_diversity_and_distances_equal_those_by_hand(rows: list[tuple[str | None, int, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.String, "n": pl.Int64, "s": pl.String}, orient="row")
    classes = _classes.group(frame, ["a", "n"])
    owners: dict[tuple[str | None, int], list[str | None]] = defaultdict(list)
    for a, n, s in rows:
        owners[(a, n)].append(s)
    assert Counter(classes.sizes.tolist()) == Counter(len(v) for v in owners.values())
    place = {key: classes.of[i] for i, key in enumerate((a, n) for a, n, _ in rows)}
    values = _classes.codes(frame["s"])
    number, entropy = _classes.diversity(classes, values)
    apart = _classes.categorical_distance(classes, values)
    whole = Counter(s for *_, s in rows)
    for key, held in owners.items():
        shares = {s: c / len(held) for s, c in Counter(held).items()}
        assert number[place[key]] == len(shares)
        assert entropy[place[key]] == pytest.approx(math.exp(-sum(p * math.log(p) for p in shares.values())))
        gap = sum(abs(shares.get(s, 0) - whole[s] / len(rows)) for s in whole) / 2
        assert apart[place[key]] == pytest.approx(gap)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-4, 4)), min_size=1, max_size=30))
def test_the_ordered_distance_is_the_earth_movers(rows: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(rows, schema=["q", "n"], orient="row")
    classes = _classes.group(frame, ["q"])
    found = _classes.ordered_distance(classes, frame["n"].to_numpy().astype(float))
    values = sorted({n for _, n in rows})
    for q in {q for q, _ in rows}:
        mine = [n for p, n in rows if p == q]
        gap = total = 0.0
        for value in values[:-1]:
            gap += mine.count(value) / len(mine) - [n for _, n in rows].count(value) / len(rows)
            total += abs(gap)
        at = classes.of[[p for p, _ in rows].index(q)]
        assert found[at] == pytest.approx(total / (len(values) - 1) if len(values) > 1 else 0.0)


def test_combinations_are_the_smallest_ones_and_their_shares_are_counted() -> None:
    rng = stream(0, "tests/combinations", "rows")
    frame = pl.DataFrame({c: rng.integers(0, 12, 300) for c in "abcde"})
    coded = {c: _classes.codes(frame[c]) for c in frame.columns}
    found = dict(_classes.combinations_that_single_out(coded))
    assert found
    for names, share in found.items():
        counts = Counter(frame.select(names).rows())
        assert share == pytest.approx(sum(c == 1 for c in counts.values()) / 300)
        assert share > 0.5
        for size in range(1, len(names)):
            for part in itertools.combinations(names, size):
                assert sum(c == 1 for c in Counter(frame.select(part).rows()).values()) <= 150


def test_equal_values_get_equal_codes_whatever_their_type() -> None:
    floats = pl.Series([0.0, -0.0, float("nan"), None, 1.5])
    assert _classes.codes(floats)[0] == _classes.codes(floats)[1]
    assert _classes.codes(floats)[2] == _classes.codes(floats)[3]
    for column in (
        pl.Series([2**64 - 1, None, 2**64 - 1, 0], dtype=pl.UInt64),
        pl.Series([-(2**63), None, -(2**63), 2**63 - 1]),
        pl.Series([True, None, True, False]),
        pl.Series([[1], None, [1], [2]]),
        pl.Series([b"x", None, b"x", b"y"]),
    ):
        codes = _classes.codes(column)
        assert codes[0] == codes[2]
        assert len(set(codes.tolist())) == 3


# What a table says ---------------------------------------------------------------------------------------------------


def test_a_table_of_large_classes_passes() -> None:
    masked = clinic().with_columns(name=pl.lit("x"))
    found = findings(risks(masked, clinic()))
    assert found["k-anonymity"].verdict == "ok"
    assert found["k-anonymity"].columns == ("age", "sex", "zip")
    assert found["k-anonymity"].value == clinic().group_by("age", "sex", "zip").len()["len"].min()
    assert found["unique rows"].verdict == "ok"
    assert found["l-diversity: diagnosis"].value == 3
    assert found["t-closeness: diagnosis"].verdict == "ok"
    assert found["columns that single out"].verdict == "ok"
    assert found["linkage by kept quasi-identifiers"].verdict == "ok"


def test_a_table_that_kept_birthdays_and_postcodes_fails() -> None:
    rng = stream(1, "tests/kept", "rows")
    days = rng.integers(0, 20_000, clinic().height)
    original = clinic().with_columns(birth_date=pl.Series([date(1940, 1, 1) + timedelta(days=int(d)) for d in days]))
    found = findings(risks(original.drop("name"), original, name="people.csv"))
    unique = found["unique rows (people.csv)"]
    counts = original.group_by("age", "sex", "zip", "birth_date").len()
    assert unique.verdict == "fail"
    assert unique.value == pytest.approx((counts["len"] == 1).sum() / original.height)
    linked = found["linkage by kept quasi-identifiers (people.csv)"]
    assert linked.verdict == "fail"
    assert linked.value == unique.value
    assert found["k-anonymity (people.csv)"].value == 1


def test_shifted_dates_are_compared_by_windows() -> None:
    born = pl.Series([date(1940 + 10 * (i % 4), 6, 1) + timedelta(days=i % 50) for i in range(400)])
    masked = pl.DataFrame({"birth_date": born, "sex": ["f", "m"] * 200})
    exact = findings(risks(masked))["k-anonymity"].value
    moved = findings(risks(masked, shifted={"birth_date": 365}))["k-anonymity"].value
    windows = Counter(zip((born.cast(pl.Int32) // 731).to_list(), masked["sex"].to_list(), strict=True))
    assert exact is not None
    assert moved == min(windows.values()) > exact
    assert findings(risks(masked.cast({"birth_date": pl.String}), shifted={"birth_date": 365}))["k-anonymity"]


def test_a_class_of_one_diagnosis_is_told_though_it_is_large() -> None:
    frame = clinic().with_columns(
        diagnosis=pl.when((pl.col("age") == "60+") & (pl.col("sex") == "f")).then(pl.lit("flu")).otherwise("diagnosis")
    )
    found = findings(risks(frame, sensitive=["diagnosis"], quasi=["age", "sex"]))
    assert found["k-anonymity"].verdict == "ok"
    assert found["l-diversity: diagnosis"].verdict == "warn"
    assert found["l-diversity: diagnosis"].value == 1
    assert found["t-closeness: diagnosis"].verdict == "warn"


def test_replaced_columns_have_no_part_in_it_and_identifiers_that_stayed_are_named() -> None:
    masked = clinic().with_columns(mail=pl.format("p{}@example.org", pl.int_range(pl.len())))
    assert findings(risks(masked))["identifier columns"].columns == ("name", "mail")
    assert "identifier columns" not in findings(risks(masked, replaced=["name", "mail"]))
    assert "mail" not in findings(risks(masked, replaced=["name", "mail"]))["columns that single out"].columns


def test_linkage_counts_only_the_right_row() -> None:
    original = pl.DataFrame({"a": ["x", "y", "y", "z"], "b": [1, 2, 2, 3]})
    found = link(original, original, ["a", "b"])
    assert (found.rows, found.one, found.right) == (4, 2, 2)
    assert found.chance == pytest.approx((1 + 0.5 + 0.5 + 1) / 4)
    swapped = link(original.reverse(), original, ["a", "b"])
    assert (swapped.one, swapped.right) == (2, 0)
    back = link(original.reverse(), original, ["a", "b"], np.array([3, 2, 1, 0]))
    assert back.right == 2


def test_kept_columns_are_found_over_types_and_missing_cells() -> None:
    original = pl.DataFrame({"n": [1, 2, None], "t": ["a", None, "c"], "w": ["p", "q", "r"]})
    masked = pl.DataFrame({"n": ["1", "2", None], "t": ["a", None, "c"], "w": ["q", "r", "p"]})
    assert kept(masked, original) == ["n", "t"]


def test_rows_that_do_not_fit_and_columns_that_are_not_there_are_named() -> None:
    with pytest.raises(DataError, match="not in the same order"):
        risks(clinic(20), clinic(30))
    with pytest.raises(DataError, match="row number"):
        link(clinic(3), clinic(3), ["sex"], np.array([0, 1, 7]))
    with pytest.raises(ConfigError, match="Did you mean: sex"):
        risks(clinic(20), quasi=["sexx"])
    with pytest.raises(ConfigError, match="limits: k must be within"):
        Limits(k=0)


@pytest.mark.parametrize("frame", [clinic(0), clinic(1), clinic(40).with_columns(age=pl.lit(None, pl.String))])
def test_small_and_empty_tables_are_judged_or_said_to_be_untested(frame: pl.DataFrame) -> None:
    items = risks(frame, frame, sensitive=["age"], quasi=["sex"])
    found = findings(items)
    assert "k-anonymity" in found
    assert Report.of(items).html()


def test_no_cell_of_the_table_is_in_what_is_said() -> None:
    rng = stream(2, "tests/secret", "rows")
    frame = pl.DataFrame(
        {
            "born": [f"secret{i}" for i in range(200)],
            "sex": rng.choice(["secretf", "secretm"], 200),
            "pay": rng.random(200),
        }
    )
    told = str(Report.of(risks(frame, frame, quasi=["born", "sex"], sensitive=["pay"])).to_dict())
    assert "secret" not in told
    assert not any(str(value) in told for value in frame["pay"].to_list())
