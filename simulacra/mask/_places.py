"""Surrogates of places: a town for a town, a state for a state, a country for a country."""

from __future__ import annotations

import re
from functools import cache

from simulacra.mask._book import Book, Company
from simulacra.mask._persons import cased, fold, listed
from simulacra.parts.words import words


def city(text: str, company: Company) -> str:
    """Return another town."""
    book = company.book
    return cased(book.once("city", fold(text), lambda d: book.pick(d, "city")), text)


def place(text: str, company: Company) -> str:
    """Return another country for a country, another state for a state, a town for any other place."""
    book = company.book
    for choices, kind in ((_countries(), "country"), (_states(), "state"), (abbreviations(), "abbreviation")):
        if fold(text) in {fold(c) for c in choices} and not (kind == "abbreviation" and not text.isupper()):
            return of_list(text, book, choices, kind)
    return city(text, company)


def regions(text: str) -> str | None:
    """Return the state or country that a place or the end of an address names, None when it names none."""
    for choice in (*_states(), *_countries()):
        if re.search(rf"(?i)(?<![^\W_]){choice}(?![^\W_])", text):
            return choice
    found = re.search(r"(?:^|[\s,])([A-Z]{2})(?=$|[\s,]+\d{5})", text)
    return found[1] if found and found[1] in abbreviations() else None


def of_list(text: str, book: Book, choices: tuple[str, ...], kind: str) -> str:
    """Return another of the choices, in the case of the text; kind: under which it is remembered."""
    return cased(book.once(kind, fold(text), lambda d: d.pick(choices)), text)


@cache
def abbreviations() -> tuple[str, ...]:
    """Return the two letters of each American state."""
    return tuple(words("state"))


@cache
def _states() -> tuple[str, ...]:
    return tuple(sorted(_AMERICAN))


_AMERICAN = listed(
    "Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho Illinois "
    "Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri "
    "Montana Nebraska Nevada Ohio Oklahoma Oregon Pennsylvania Tennessee Texas Utah Vermont Virginia Washington "
    "Wisconsin Wyoming"
)


@cache
def _countries() -> tuple[str, ...]:
    return tuple(sorted(_ONE_WORD)) + _MORE


_ONE_WORD = listed(
    "Afghanistan Albania Algeria Andorra Angola Argentina Armenia Australia Austria Azerbaijan Bahamas Bahrain "
    "Bangladesh Barbados Belarus Belgium Belize Benin Bhutan Bolivia Botswana Brazil Brunei Bulgaria Burundi "
    "Cambodia Cameroon Canada Chad Chile China Colombia Congo Croatia Cuba Cyprus Denmark Djibouti Dominica "
    "Ecuador Egypt Eritrea Estonia Eswatini Ethiopia Fiji Finland France Gabon Gambia Germany Ghana Greece "
    "Grenada Guatemala Guinea Guyana Haiti Honduras Hungary Iceland India Indonesia Iran Iraq Ireland Israel "
    "Italy Jamaica Japan Jordan Kazakhstan Kenya Kiribati Kuwait Kyrgyzstan Laos Latvia Lebanon Lesotho "
    "Liberia Libya Liechtenstein Lithuania Luxembourg Madagascar Malawi Malaysia Maldives Mali Malta "
    "Mauritania Mauritius Mexico Micronesia Moldova Monaco Mongolia Montenegro Morocco Mozambique Myanmar "
    "Namibia Nauru Nepal Netherlands Nicaragua Niger Nigeria Norway Oman Pakistan Palau Panama Paraguay Peru "
    "Philippines Poland Portugal Qatar Romania Russia Rwanda Samoa Senegal Serbia Seychelles Singapore "
    "Slovakia Slovenia Somalia Spain Sudan Suriname Sweden Switzerland Syria Taiwan Tajikistan Tanzania "
    "Thailand Togo Tonga Tunisia Turkey Turkmenistan Tuvalu Uganda Ukraine Uruguay Uzbekistan Vanuatu "
    "Venezuela Vietnam Yemen Zambia Zimbabwe "
)
_MORE = (
    "Costa Rica", "Czech Republic", "Dominican Republic", "El Salvador", "Ivory Coast", "New Zealand", "Saudi Arabia",
    "Sierra Leone", "South Africa", "South Korea", "Sri Lanka", "United Kingdom", "United States",
)  # fmt: skip
