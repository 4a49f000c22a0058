"""The type of whole columns: by content, by name, by dtype, and nothing where nothing speaks for it."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from simulacra.mask.find import ColumnHit, find_column


def kind(name: str, values: list[object], dtype: pl.DataType | None = None) -> str | None:
    hit = find_column(pl.Series(name, values, dtype=dtype, strict=False))
    return hit.type if hit else None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["anna@example.org", None, "bo@example.com"], "EMAIL"),
        (["219-09-9999", "304-33-4965"], "SSN"),
        (["4539148803436467", "4916477240895305"], "CREDIT_CARD"),
        (["DE89370400440532013000", "GB92ZRLW85742620649975"], "IBAN"),
        (["10.218.6.131", "192.168.14.22"], "IP"),
        (["https://example.org/a", "https://example.org/b"], "URL"),
        (["1980-03-12", "1971-07-04"], "DATE"),
        (["Anna Kowalska", "Robert Ellison", "Priya Sharma"], "NAME"),
        (["12 Oak Street", "1420 Oakwood Ave Apt 3B"], "ADDRESS"),
        (["+49 30 1234567", "+1 415 555 2671"], "PHONE"),
        (["00:1B:44:11:3A:B7", "00:1B:44:11:3A:B8"], "DEVICE"),
    ],
)
def test_content_speaks_under_any_name(values: list[object], expected: str) -> None:
    assert kind("c7", values) == expected


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("mrn", [10012, 10013, 10014], "MRN"),
        ("patientId", ["P-1", "P-22"], "MRN"),
        ("zip", ["01234", "99501"], "POSTCODE"),
        ("postcode", [10115, 80331], "POSTCODE"),
        ("phone_number", ["555 0199", "555 0142"], "PHONE"),
        ("Fax", ["415-555-2671", "415-555-2672"], "FAX"),
        ("last_name", ["Xqzt", "Vrrm", "Lopt"], "NAME"),
        ("age", [31, 95, None], "AGE"),
        ("licence_plate", ["7ABC123", "KXJ 442"], "VEHICLE"),
        ("account_no", ["00012345", "00012346"], "ACCOUNT"),
        ("user_id", [1001, 1002], "ID"),
        ("city", ["Qo", "Zed"], "CITY"),
        ("lat", [52.5201, 48.1372], "LOCATION"),
    ],
)
def test_the_name_speaks_where_cells_agree(name: str, values: list[object], expected: str) -> None:
    assert kind(name, values) == expected


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("amount", [12.5, 99.0]),
        ("x", [1, 2, 3]),
        ("colour", ["red", "green", "blue"]),
        ("comment", ["He came on 12.03.1980 and left again soon", "nothing to report at all today"]),
        ("phone", ["yes", "no", "none"]),
        ("date", ["never", "soon"]),
        ("flag", [True, False]),
        ("empty", [None, None]),
        ("none", []),
        ("order_status", ["shipped", "open"]),
        ("price", ["12.50", "8.00"]),
    ],
)
def test_other_columns_are_left(name: str, values: list[object]) -> None:
    assert find_column(pl.Series(name, values, strict=False)) is None


def test_dates_by_dtype_and_categories_by_content() -> None:
    assert kind("seen", [dt.date(2020, 1, 2), None]) == "DATE"
    assert kind("at", [dt.datetime(2020, 1, 2, 3, 4), None]) == "DATE"
    assert kind("who", ["anna@example.org", "bo@example.com"], pl.Categorical()) == "EMAIL"


def test_bytes_in_mixed_encodings_are_read() -> None:
    assert kind("name", ["Jürgen Vogt".encode("latin-1"), "Zoë Müller".encode(), b"Anna Smith"]) == "NAME"


def test_a_hit_tells_how_much_was_seen_and_holds_no_value() -> None:
    hit = find_column(pl.Series("mail", ["a@example.org", "b@example.org", "unknown", None]))
    assert isinstance(hit, ColumnHit)
    assert (hit.type, hit.cells, hit.by) == ("EMAIL", 3, "content")
    assert 0.6 < hit.share < 0.7
    assert "example" not in repr(hit)


def test_agreement_of_name_and_content_makes_it_more_certain() -> None:
    values = ["anna@example.org", "x", "bo@example.com"]
    plain, named = find_column(pl.Series("c", values)), find_column(pl.Series("email", values))
    assert plain and named and named.score > plain.score


def test_a_list_and_a_name_do_as_well() -> None:
    hit = find_column(["219-09-9999", "304-33-4965"], "ssn")
    assert hit and hit.type == "SSN"
