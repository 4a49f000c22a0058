"""Patterns of person data: what they accept, what they refuse, and that no value makes them slow."""

from __future__ import annotations

import polars as pl
import pytest

from simulacra.core import patterns


def matches(expression: str, value: str) -> bool:
    """Return whether the engine of polars finds an expression in a value."""
    return bool(pl.Series([value]).str.contains(expression)[0])


def test_luhn_finds_every_single_wrong_digit() -> None:
    good = "4242424242424242"
    assert patterns.luhn(good) and patterns.luhn("4242 4242 4242 4242")
    for place in range(len(good)):
        for digit in "0123456789":
            changed = good[:place] + digit + good[place + 1 :]
            assert patterns.luhn(changed) == (changed == good)
    assert not patterns.luhn("0000000000000000")


def test_iban_of_the_published_examples() -> None:
    for good in ("GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "fr1420041010050500013m02606"):
        assert patterns.iban(good)
    assert not patterns.iban("GB82 WEST 1234 5698 7654 33") and not patterns.iban("ÄÖ89370400440532013000")


def test_addresses_of_machines() -> None:
    assert patterns.address_of_machine("10.0.0.1") and patterns.address_of_machine("2001:db8::1")
    assert not patterns.address_of_machine("1.2.3") and not patterns.address_of_machine("256.1.1.1")


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        ("email", ["a.b+c@mail.example.org", "ü@x.de"], ["a@b", "a b@c.de", "@home", "a@b.c"]),
        ("phone", ["+49 (0)30 1234567", "+1-555-123-4567", "(555) 123-4567", "555.123.4567 x12"], ["2013-01-05"]),
        ("ssn", ["123-45-6789"], ["123-456-789", "1123-45-6789"]),
        ("url", ["https://example.org/a?b=c", "www.example.org"], ["example.org", "https:/x"]),
        ("iban", ["DE89370400440532013000"], ["DE8", "12345678901234567890"]),
        ("ip", ["192.168.0.1", "fe80::1"], ["hello", "10-0-0-1"]),
    ],
)  # fmt: skip
def test_person_expressions(format: str, good: list[str], bad: list[str]) -> None:
    known = [p.expression for p in patterns.PERSONS if p.format == format and not p.named]
    for value in good:
        assert any(matches(e, value) for e in known), value
    for value in bad:
        assert not any(matches(e, value) for e in known), value


@pytest.mark.parametrize(
    "value", ["90210", "90210-1234", "SW1A 1AA", "M5V 3L9", "1012 AB", "00-950", "12227-000", "D-80331"]
)
def test_postcodes(value: str) -> None:
    assert matches(patterns.POSTCODE, value)


@pytest.mark.parametrize(
    "value", ["12 Oak Street", "5, rue de Rivoli", "Hauptstraße 7", "Theodor-Heuss-Str. 3", "Via Roma 1", "PO Box 12"]
)
def test_streets(value: str) -> None:
    assert matches(patterns.STREET, value)


@pytest.mark.parametrize("value", ["strong", "Stable", "drum kit", "avocado", "plaster", "viable"])
def test_no_streets(value: str) -> None:
    assert not matches(patterns.STREET, value)


def test_words_of_column_names() -> None:
    for name in ("dateOfBirth", "date_of_birth", "DATE-OF-BIRTH", "Date of birth"):
        assert patterns.words_of(name) == "date of birth" and patterns.quasi(name) == "date of birth"
    assert patterns.words_of("HTTPCode") == "http code"
    assert patterns.says("CustomerId", "id") and not patterns.says("humidity", "id")
    assert patterns.quasi("message") == "" and patterns.quasi("age") == "age"


def test_known_names_hold_names_of_many_languages() -> None:
    given, family, cities = patterns.known_names()
    assert {"james", "françois", "astrid"} <= given and {"smith", "schneider"} <= family and "berlin" in cities


def test_hostile_values_are_answered() -> None:
    """Values that make backtracking engines hang; here the cost is linear, and a hang would stop the run."""
    hostile = pl.Series(
        ["a" * 50_000 + "!", "1" * 50_000 + "x", "(" * 20_000, "@." * 25_000, " " * 50_000, "1.1" * 20_000]
    )
    expressions = [p.expression for p in patterns.PERSONS]
    expressions += [patterns.NUMBER, patterns.UUID, patterns.HEX, patterns.STREET, patterns.POSTCODE]
    for expression in expressions:
        assert hostile.str.contains(expression).dtype == pl.Boolean
