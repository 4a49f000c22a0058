"""Persons who do not exist: name, mail, phone, address and job that fit one another, from public word lists.

Names are drawn from the lists of the package mimesis. Mail goes to domains reserved by RFC 2606, and phone numbers are
those that are kept free for fiction, or of the country code 999, which no country has.
"""

from __future__ import annotations

import importlib.util
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import near
from simulacra.parts import permute
from simulacra.text._columns_cells import Cells, Someone
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_spec import Spec

if TYPE_CHECKING:
    import polars as pl

FIELDS = ("name", "first_name", "last_name", "sex", "age", "email", "phone", "address", "city", "job", "locale")
FAMILY_FIRST = {"zh": "", "ko": "", "ja": " ", "hu": " "}
"""Languages in which the family name comes first, and what stands between the names."""
PHONES = {"en": "+1-212-555-01##", "en-ca": "+1-416-555-01##", "en-gb": "+44 7700 900###"}
"""Numbers kept for fiction; other countries get one of +999."""
MAIL = ("example.com", "example.org", "example.net")
LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i", "þ": "th"}
)
WORKING_AGE = 16


class Person(Column):
    """A person of one of the locales; those below 16 have no job."""

    drawn = True

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        given = spec.get("locale", "en")
        self.locales = [given] if isinstance(given, str) else list(given)
        for locale in self.locales:
            if locale not in locales():
                raise spec.error(f"locale: no locale {locale!r}.{near(locale, locales())}")
        fields = spec.get("fields", FIELDS)
        self.kept = [fields] if isinstance(fields, str) else list(fields)
        for field in self.kept:
            if field not in FIELDS:
                raise spec.error(f"fields: a person has no {field!r}.{near(field, FIELDS)}")
        self.ages: tuple[int, int] = tuple(spec.get("age", (18, 80)))
        self.fields = frozenset(FIELDS)

    def dtype(self) -> pl.DataType:
        """Return a struct of the fields."""
        import polars as pl

        return pl.Struct({field: pl.Int64() if field == "age" else pl.String() for field in self.kept})

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return the persons, field by field."""
        import polars as pl

        made = [cells.values[self.name][i] for i in alive]
        places = pl.Series([i if person is not None else None for i, person in enumerate(made)], dtype=pl.Int64())
        frame = pl.DataFrame({field: [person and person[field] for person in made] for field in self.kept})
        return frame.to_struct(self.name).gather(places).cast(self.dtype())

    def draw(self, cells: Cells) -> Sequence[Any]:
        """Draw every part by a number of its own."""
        key = cells.key(f"column {self.name}")
        draws = {
            what: permute.hashed(cells.numbers, key, what).tolist()
            for what in ("locale", "sex", "first", "last", "age", "street", "house", "city", "job", "digits", "mail")
        }
        low, high = self.ages
        out = []
        for i in range(cells.n):
            d = {what: numbers[i] for what, numbers in draws.items()}
            lists = _lists(self.locales[d["locale"] % len(self.locales)])
            sex = str(self.spec.get("sex", ("female", "male")[d["sex"] % 2]))
            person = _person(lists, d, sex, low + d["age"] % (high - low + 1))
            out.append(Someone(person, person["name"]))
        return out


def _person(lists: Lists, d: dict[str, int], sex: str, age: int) -> dict[str, Any]:
    """Return a person from one number for each part."""
    first, last = _pick(lists.first[sex], d["first"]), _pick(lists.last[sex], d["last"])
    language = lists.locale.partition("-")[0]
    sign = FAMILY_FIRST.get(language)
    house = 1 + d["house"] % 199
    words = {"st_num": house, "st_name": _pick(lists.streets, d["street"]), "st_sfx": _pick(lists.ways, d["mail"])}
    street = re.sub(r"\{(\w+)\}", lambda found: str(words.get(found[1], "")), lists.address)
    city = _pick(lists.cities, d["city"])
    code = _filled(_pick(lists.codes, d["job"]), d["house"] ^ d["city"])
    return {
        "name": f"{first} {last}" if sign is None else f"{last}{sign}{first}",
        "first_name": first,
        "last_name": last,
        "sex": sex,
        "age": age,
        "email": f"{_ascii(first, last, d['digits'])}{1 + d['mail'] % 98}@{_pick(MAIL, d['mail'] >> 8)}",
        "phone": _filled(PHONES.get(lists.locale, "+999 ## ### ####"), d["digits"]),
        "address": ", ".join(part for part in (" ".join(street.split()), f"{code} {city}".strip()) if part),
        "city": city,
        "job": _pick(lists.jobs, d["job"]) if age >= WORKING_AGE else "",
        "locale": lists.locale,
    }


def _pick(values: Sequence[str], number: int) -> str:
    return values[number % len(values)]


def _filled(form: str, number: int) -> str:
    """Return a form with digits for # and letters for @, drawn from one number."""
    out = []
    for sign in form:
        if sign in "#@":
            number, place = divmod(number, 10 if sign == "#" else 26)
            sign = str(place) if sign == "#" else chr(65 + place)
        out.append(sign)
    return "".join(out)


def _ascii(first: str, last: str, number: int) -> str:
    """Return the local part of an address from a name, made up where the name has no Latin letters."""
    parts = []
    for name in (first, last):
        plain = unicodedata.normalize("NFKD", name.lower().translate(LETTERS)).encode("ascii", "ignore").decode()
        parts.append(re.sub(r"[^a-z]+", "", plain))
    return ".".join(p for p in parts if p) or f"user{number % 10**6}."


@dataclass(frozen=True)
class Lists:
    """The words of one locale. first, last: by sex. address: form of a street with its number. codes: postal codes."""

    locale: str
    first: dict[str, list[str]]
    last: dict[str, list[str]]
    jobs: list[str]
    cities: list[str]
    streets: list[str]
    ways: list[str]
    address: str
    codes: list[str]


@cache
def locales() -> tuple[str, ...]:
    """Return the locales whose names and places are known."""
    return tuple(sorted(p.parent.name for p in _folder().glob("*/person.json")))


@cache
def _lists(locale: str) -> Lists:
    person, place = _words(locale, "person"), _words(locale, "address")
    street = place.get("street", {})
    form = place.get("address_fmt", "")
    codes = place.get("postal_code_fmt", "")
    return Lists(
        locale,
        {sex: list(person["names"][sex]) for sex in ("female", "male")},
        {s: list(v[s] if isinstance(v := person["surnames"], dict) else v) for s in ("female", "male")},
        list(person["occupation"]),
        list(place.get("city") or [""]),
        list(street.get("name") or [""]),
        list(street.get("suffix") or [""]),
        form if "{st_num}" in form else "{st_num} {st_name} {st_sfx}",
        [codes] if isinstance(codes, str) else list(codes),
    )


def _words(locale: str, file: str) -> dict[str, Any]:
    """Return the lists of a locale; those of a country stand over those of its language."""
    out: dict[str, Any] = {}
    for name in dict.fromkeys((locale.partition("-")[0], locale)):
        path = _folder() / name / f"{file}.json"
        if path.exists():
            out |= json.loads(path.read_text("utf-8"))
    return out


def _folder() -> Path:
    # Read as data: importing the package costs a third of a second and is not needed for lists.
    spec = importlib.util.find_spec("mimesis")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "datasets"
