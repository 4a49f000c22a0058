"""Surrogates: the shape of the real values, never one of them, unique over all blocks."""

from __future__ import annotations

import ipaddress
import re
import uuid
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core import state
from simulacra.core.errors import DataError
from simulacra.core.patterns import luhn
from simulacra.core.rng import stream
from simulacra.core.schema import PERSON_FORMATS, Column
from simulacra.parts import permute
from simulacra.parts.surrogates import draw_surrogate, fit_surrogate

SERIES = np.random.default_rng(0)


def drawn(
    values: Any, n: int = 3000, kind: str = "id", unique: bool = True, seed: int = 1, dtype: Any = None, **facts: Any
) -> pl.Series:
    """Fit on values and draw n surrogates in two blocks, the second of them starting in the middle."""
    series = pl.Series("c", values, dtype=dtype)
    fitted = fit_surrogate(series, Column("c", kind, unique=unique, **facts))
    half = n // 2
    blocks = [(0, half, 0), (1, n - half, half)]
    return pl.concat([draw_surrogate(fitted, m, stream(seed, "t", "finish", b), start) for b, m, start in blocks])


# The permutation ------------------------------------------------------------------------------------------------------


@given(st.integers(1, 5000), st.integers(0, 2**64 - 1))
@settings(max_examples=60, deadline=None)
def test_a_permutation_meets_every_number_once(size: int, key: int) -> None:
    assert sorted(permute.permute(np.arange(size, dtype=np.uint64), size, key).tolist()) == list(range(size))


def test_a_permutation_looks_drawn_at_random() -> None:
    size = 10**6
    place = permute.permute(np.arange(20_000, dtype=np.uint64), size, 7).astype(np.int64)
    counts = np.histogram(place, 50, (0, size))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 100
    assert abs(np.corrcoef(place[:-1], place[1:])[0, 1]) < 0.03
    assert (place != permute.permute(np.arange(20_000, dtype=np.uint64), size, 8).astype(np.int64)).mean() > 0.99


# Identifiers ----------------------------------------------------------------------------------------------------------

CODES = [f"{'ABCDE'[i % 5]}{i % 7}-{n:06d}" for i, n in enumerate(SERIES.choice(10**6, 2000, replace=False))]
UUIDS = [str(uuid.UUID(bytes=SERIES.bytes(16), version=4)) for _ in range(500)]
HEXES = [SERIES.bytes(10).hex() for _ in range(500)]
TOKENS = ["".join(SERIES.choice(list("abcXYZ0189"), int(SERIES.integers(8, 12)))) for _ in range(2000)]


@pytest.mark.parametrize(
    ("values", "shape", "chance"),
    [
        (CODES, r"[A-E]\d-\d{6}", 0.01),
        (UUIDS, r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", 0),
        (HEXES, r"[0-9a-f]{20}", 0),
        (TOKENS, r"[A-Za-z0-9]{8,11}", 0.001),
        ([f"INV/{i:05d}/DE" for i in range(1, 2001)], r"INV/\d{5}/DE", 0),
        (["x-1", "y-22", "z-333"], r"[a-z]-(\d|\d\d|\d{3})", 1),
    ],
    ids=["codes", "uuid", "hex", "tokens", "sequence", "few"],
)
def test_codes_keep_their_shape_and_are_fresh_and_unique(values: list[str], shape: str, chance: float) -> None:
    made = drawn(values, n=3000)
    assert made.n_unique() == 3000
    assert all(re.fullmatch(shape, code) for code in made), made.head().to_list()
    assert len(set(values) & set(made)) <= chance * len(values)
    assert drawn(values).to_list() == made.to_list()
    if "INV" not in values[0]:
        assert drawn(values, seed=2).to_list() != made.to_list()


@pytest.mark.parametrize(
    ("values", "overlap"),
    [
        (list(range(1, 2001)), 0),
        ((SERIES.permutation(2000) * 5 + 1000).tolist(), 0),
        (SERIES.choice(10**9, 2000, replace=False).tolist(), 2),
        (SERIES.integers(-(2**62), 2**62, 2000).tolist(), 0),
        ([2**63 - 5, 2**63 - 4, 2**63 - 1], 3),
    ],
    ids=["sequence", "steps", "sparse", "wide", "at the end of the type"],
)
def test_numbers_are_fresh_and_unique(values: list[int], overlap: int) -> None:
    n = 3 if values[0] > 2**62 else 3000
    made = drawn(values, n=n)
    assert made.dtype == pl.Int64
    assert made.n_unique() == n
    assert len(set(values) & set(made)) <= overlap


def test_a_sequence_goes_on_where_the_real_one_ends() -> None:
    assert drawn(list(range(100, 1100))).to_list()[:3] == [1100, 1101, 1102]
    shuffled = drawn((SERIES.permutation(1000) * 10).tolist(), n=1000)
    assert sorted(shuffled) == [10_000 + 10 * i for i in range(1000)]
    assert shuffled.to_list() != sorted(shuffled)
    assert drawn(range(10), n=4, dtype=pl.UInt64).dtype == pl.UInt64
    assert drawn([1.0, 2.0, 3.0], n=4).to_list() == [4.0, 5.0, 6.0, 7.0]


def test_too_little_room_is_said_with_what_to_do() -> None:
    letters = [f"{a}{b}" for a in "ABCDEFGHIJ" for b in "KLMNOPQRST"]
    with pytest.raises(DataError, match=r"'c': its pattern has room for .*too few for row .*widen the pattern"):
        drawn(letters, n=2000)
    assert drawn(letters, n=2000, unique=False).n_unique() <= 676
    with pytest.raises(DataError, match="Int8 ends at 127"):
        drawn(list(range(100)), n=200, dtype=pl.Int8)


def test_an_id_of_several_rows_keeps_its_rows_per_id() -> None:
    sizes = SERIES.integers(1, 12, 800)
    real = np.repeat(np.arange(800) + 5000, sizes)
    together = drawn(real.tolist(), n=6000, unique=False)
    apart = drawn(SERIES.permutation(real).tolist(), n=6000, unique=False)
    for made in (together, apart):
        counts = made.value_counts()["count"]
        assert counts.mean() == pytest.approx(sizes.mean(), rel=0.05)
        assert counts.quantile(0.9) == pytest.approx(np.quantile(sizes, 0.9), abs=1)
        assert not set(made) & set(real.tolist())
    assert (together == together.shift(1)).mean() > 0.7
    assert (apart == apart.shift(1)).mean() < 0.1


def test_a_declared_pattern_wins_over_the_data() -> None:
    made = drawn([f"K{i}" for i in range(50)], format=r"AAA\A-99hh", source="declared")
    assert made.str.contains(r"^[A-Z]{3}A-\d\d[0-9a-f]{2}$").all()


def test_no_real_value_is_kept_in_the_state() -> None:
    for kind, values, facts in (
        ("id", TOKENS[:200], {}),
        ("person", [f"Zebulon{i} Quux{i}" for i in range(50)], {"format": "name"}),
        ("text", [f"Secret Quuxian plan {i}, hidden by Zebulon." for i in range(50)], {}),
    ):
        fitted = fit_surrogate(pl.Series("c", values), Column("c", kind, unique=True, **facts))
        kept = repr(fitted)
        assert not any(part in kept for value in values for part in value.split() if len(part) > 4)


def test_the_state_can_be_saved(tmp_path: Any) -> None:
    fitted = fit_surrogate(pl.Series("c", [1, 1, 2, 3, 3]), Column("c", "id"))
    state.save(tmp_path / "m", {"s": fitted})
    back = state.load(tmp_path / "m")["s"]
    one, two = (draw_surrogate(s, 50, stream(1, "t", "f", 0), 0) for s in (fitted, back))
    assert one.equals(two)


# Person data ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", PERSON_FORMATS)
def test_every_format_is_drawn_without_any_data(form: str) -> None:
    made = drawn([], n=400, kind="person", unique=False, format=form, dtype=pl.String)
    assert made.null_count() == 0
    assert made.n_unique() > 300
    assert made.str.len_chars().min() >= 2


@pytest.mark.parametrize(
    ("form", "values", "shape"),
    [
        ("name", ["SMITH, JOHN", "DOE, JANE"], r"[A-Z' -]+, [A-Z' -]+"),
        ("name", ["Braund, Mr. Owen Harris"], r"[A-Z][\w' -]+, Mr\. \S+( \S+)? \S+"),
        ("name", ["John Q. Public"], r"\S+( \S+)? [A-Z]\. \S+"),
        ("first_name", ["ann", "bob"], r"[a-z' -]+"),
        ("email", ["ann.lee7@corp.test"], r"[a-z]+\.[a-z]+\d@[a-z]{4}\.test"),
        ("email", ["ann_lee@company.org", "bo@ex.de"], r"([a-z]+_)?[a-z]+@(example\.org|[a-z]+\.test)"),
        ("phone", ["(212) 867-5309", "(646) 111-2222"], r"\([2-9]\d\d\) 555-\d{4}"),
        (
            "phone",
            ["+49 30 901820", "+49 89 233441", "+49 40 428001", "+49 69 212003", "+49 71 216004"],
            r"\+49 \d\d \d{6}",
        ),
        ("ssn", ["123-45-6789"], r"9\d\d-[0-4][1-9]-\d{3}[1-9]"),
        ("postcode", ["SW1A 1AA", "EC1V 9HX"], r"[A-Z]{2}\d[A-Z] \d[A-Z]{2}"),
        ("address", ["12 Main St, Springfield, IL 62701"], r"\d+ .+, .+, [A-Z]{2} \d{5}"),
        ("street", ["Main Street 5"], r"[A-Z\d].+ \d{1,3}"),
        ("street", ["Main Street"], r"[A-Z\d].* [A-Z][a-z]+"),
        ("url", ["https://www.corp.com/about"], r"https://www\.[a-z]{3}\.test/[a-z]+"),
        ("iban", ["DE89 3704 0044 0532 0130 00"], r"DE\d\d( \d{4}){4} \d\d"),
        ("credit_card", ["4111-2222-3333-4444"], r"4242-42\d\d-\d{4}-\d{4}"),
    ],
)
def test_person_data_keep_their_form(form: str, values: list[str], shape: str) -> None:
    made = drawn(values, n=500, kind="person", format=form)
    assert all(re.fullmatch(shape, value) for value in made), made.head().to_list()
    assert made.n_unique() == 500
    if form not in ("first_name", "street"):  # short words of public lists: "Main Street" is everywhere
        assert not set(values) & set(made)


def test_lengths_and_forms_of_person_data_are_as_in_real() -> None:
    def word() -> str:
        return "".join(SERIES.choice(list("abcdefgh"), SERIES.integers(3, 10))).capitalize()

    people = [(word(), word()) for _ in range(2000)]
    columns = {
        "name": [f"{b}, {a}" for a, b in people],
        "email": [f"{a}.{b}{i % 7}@mail.test".lower() for i, (a, b) in enumerate(people)],
        "street": [f"{i % 900 + 1} {b} Road" for i, (_, b) in enumerate(people)],
        "ip": [".".join(str(p) for p in SERIES.integers(1, 255, 4)) for _ in range(2000)],
    }
    for form, values in columns.items():
        made = drawn(values, n=2000, kind="person", unique=False, format=form)
        real, fresh = (np.sort([len(v) for v in s]) for s in (values, made))
        assert np.abs(real - fresh).mean() < 0.75, form
        signs = [{re.sub(r"[^\W_]+", "x", v) for v in s} for s in (values, made)]
        assert signs[0] == signs[1], form


def test_phones_written_in_many_ways_keep_their_digits() -> None:
    ways = ["({}){}-{}", "{}-{}-{}", "{}.{}.{}", "+1-{}-{}-{}", "001-{}-{}-{}"]
    digits = SERIES.integers(0, 10, (1500, 15)).astype(str)
    values = []
    for i, row in enumerate(digits):
        number = ways[i % 5].format("".join(row[:3]), "".join(row[3:6]), "".join(row[6:10]))
        values.append(number + ("x" + "".join(row[: 2 + i % 4]) if i % 3 else ""))
    made = drawn(values, n=1500, kind="person", format="phone")
    assert made.str.contains(r"^[-+.()\d]+(x\d{2,5})?$").all()
    assert made.str.contains(r"555[-.]\d{4}(x|$)").all()


def test_long_addresses_are_two_names_and_seldom_come_twice() -> None:
    values = [f"{a}{b}@example.com" for a in ("maria", "john", "angela", "sophie") for b in people(100)]
    made = drawn([*values, values[0]], n=400, kind="person", unique=False, format="email")
    assert abs(made.str.len_chars().mean() - np.mean([len(v) for v in values])) < 0.5
    assert made.n_unique() > 380


def people(n: int) -> list[str]:
    return ["".join(SERIES.choice(list("abcdefgh"), SERIES.integers(5, 10))) for _ in range(n)]


def test_checksums_hold() -> None:
    ibans = drawn(["GB29NWBK60161331926819"], n=200, kind="person", format="iban")
    cards = drawn(["378282246310005"], n=200, kind="person", format="credit_card")
    for iban in ibans:
        assert int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1
        assert re.fullmatch(r"GB\d\d[A-Z]{4}\d{14}", iban)
    for card in cards:
        assert len(card) == 15
        assert luhn(card)


@pytest.mark.parametrize(
    ("sample", "block"),
    [("8.8.8.8", "10.0.0.0/8"), ("208.67.2.20", "172.16.0.0/12"), ("2a00:1450::1", "2001:db8::/32")],
)
def test_addresses_of_machines_belong_to_nobody(sample: str, block: str) -> None:
    made = drawn([sample], n=300, kind="person", format="ip")
    assert all(ipaddress.ip_address(value) in ipaddress.ip_network(block) for value in made)


def test_phones_that_are_stored_as_numbers_stay_numbers() -> None:
    made = drawn([2128675309, 6461112222, 9173334444], n=100, kind="person", format="phone")
    assert made.dtype == pl.Int64
    assert made.cast(pl.String).str.contains(r"^[2-9]\d\d555\d{4}$").all()


# Text -----------------------------------------------------------------------------------------------------------------


def test_text_keeps_lengths_capitals_and_end_marks() -> None:
    sizes = SERIES.integers(3, 30, 1000)
    real = [" ".join(["word"] * int(n)).capitalize() + ("." if i % 4 else "!") for i, n in enumerate(sizes)]
    made = drawn(real, n=2000, kind="text")
    words = made.str.count_matches(" ") + 1
    assert words.mean() == pytest.approx(sizes.mean(), rel=0.05)
    assert words.max() <= 30
    assert made.str.contains("^[A-Z]").all()
    assert made.str.ends_with("!").mean() == pytest.approx(0.25, abs=0.04)
    assert made.n_unique() == 2000


def test_single_words_that_must_differ_do() -> None:
    assert drawn(["alpha", "beta", "gamma"], n=8000, kind="text").n_unique() == 8000


# What has none --------------------------------------------------------------------------------------------------------


def test_what_has_no_surrogates_is_named() -> None:
    with pytest.raises(DataError, match="'c' of kind number has no surrogates"):
        fit_surrogate(pl.Series("c", [1]), Column("c", "number"))
    with pytest.raises(DataError, match=r"'c' of type Enum.*cast it to text"):
        fit_surrogate(pl.Series("c", ["a"], dtype=pl.Enum(["a"])), Column("c", "id"))
