"""What person data, identifiers and words look like: expressions, validators and word lists, as data.

Every expression runs in linear time (the engine of polars has no backtracking), so no value can make it slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

NUMBER = r"^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\s*$"
PADDED = r"^\s*[+-]?0\d"
"""A number written with leading zeros, which is a code."""

BOOLEANS: tuple[frozenset[str], ...] = tuple(
    frozenset(pair.split())
    for pair in (
        "yes no", "y n", "true false", "t f", "on off", "ja nein", "j n", "oui non", "o n", "sí no", "si no", "s n",
        "sim não", "sim nao", "tak nie", "da ne", "да нет", "是 否", "はい いいえ", "ja nej", "ja nee", "kyllä ei",
    )
)  # fmt: skip
"""Pairs of words that say yes and no, in lower case."""

MISSING_WORDS = frozenset(
    (
        "",
        "na",
        "n/a",
        "n.a.",
        "nan",
        "null",
        "none",
        "nil",
        "-",
        "--",
        "?",
        ".",
        "missing",
        "unknown",
        "tbd",
        "tba",
        "#n/a",
    )
)
"""Words that often stand for a missing value; they stay values unless the reader is told otherwise."""


@dataclass(frozen=True)
class Pattern:
    """One kind of content: an expression that whole values match and, where one exists, a check of the match.

    says: for the reason. share: least share of different values that must match. named: the column's name must agree
    (core.patterns.NAMES), because the content alone is too common.
    """

    format: str
    expression: str
    says: str
    check: Callable[[str], bool] | None = None
    share: float = 0.8
    named: bool = False


def luhn(text: str) -> bool:
    """Tell whether the digits of a text pass the check of payment cards (ISO/IEC 7812-1)."""
    digits = [c for c in text if c.isdigit()]
    return len(set(digits)) > 1 and check_digit("".join(digits[:-1])) == int(digits[-1])


def check_digit(digits: str) -> int:
    """Return the last digit that makes a card number valid (Luhn, ISO/IEC 7812-1)."""
    numbers = [int(c) for c in digits]
    doubled, others = numbers[-1::-2], numbers[-2::-2]
    return -(sum(others) + sum(sum(divmod(2 * d, 10)) for d in doubled)) % 10


def iban(text: str) -> bool:
    """Tell whether a text passes the check of bank accounts (ISO 13616, modulo 97)."""
    plain = text.replace(" ", "").upper()
    return (
        plain.isalnum() and plain.isascii() and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1
    )


def address_of_machine(text: str) -> bool:
    """Tell whether a text is an IP address, version 4 or 6."""
    import ipaddress

    try:
        ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    return True


PERSONS = (
    Pattern("email", r"^\s*[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]{2,}\s*$", "e-mail addresses"),
    Pattern("iban", r"^[A-Za-z]{2}\d{2}[ A-Za-z0-9]{10,36}$", "bank accounts (IBAN, check digits agree)", iban),
    Pattern(
        "credit_card",
        r"^\d{4}[ -]?\d{4,6}[ -]?\d{4,5}[ -]?\d{0,7}$",
        "card numbers (Luhn check agrees)",
        luhn,
        share=0.9,
    ),
    Pattern("ip", r"^\s*[0-9A-Fa-f.:]{2,45}\s*$", "internet addresses (IP)", address_of_machine, share=0.9),
    Pattern("ssn", r"^\d{3}-\d{2}-\d{4}$", "social security numbers (999-99-9999)", share=0.95),
    Pattern("url", r"^\s*(?:https?://|ftp://|www\.)\S+$", "web addresses", share=0.9),
    Pattern(
        "phone",
        r"^\s*(?:\+|00)\d[\d ().\-/]{5,20}\d(?:\s?(?:x|ext\.?)\s?\d{1,6})?\s*$",
        "phone numbers (+country code)",
    ),
    Pattern(
        "phone",
        r"^\s*(?:\+?1[ .-]?)?(?:\(\d{2,5}\)[ .-]?\d{3,5}[ .-]?\d{3,5}|\d{3}[.-]\d{3}[.-]\d{4})"
        r"(?:\s?(?:x|ext\.?)\s?\d{1,6})?\s*$",
        "phone numbers",
    ),
    Pattern("phone", r"^\s*[+(]?\d[\d ().\-/x]{5,22}\d\s*$", "phone numbers by shape, and the name agrees", named=True),
)
"""Person data that content shows, in the order they are tried."""

UUID = r"^\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?$"
HEX = r"^(?:0x)?(?:[0-9a-f]{16,}|[0-9A-F]{16,})$"

POSTCODE = (
    r"^(?:[A-Z]{1,3}[- ]?)?\d[\dA-Z]{0,3}[- ]?[\dA-Z]{2,5}(?:-\d{3,4})?$"
    r"|^[A-Z]\d[A-Z] ?\d[A-Z]\d$|^[A-Z]{1,2}\d[\dA-Z]?( \d[A-Z]{2})?$"
)
"""Codes of the post in most countries; the column's name must agree."""
AMOUNT = (
    r"^(?:[$€£¥₹]|USD|EUR|GBP|CHF) ?-?\d[\d.,' ]*$|^-?\d[\d.,' ]* ?(?:[%‰$€£¥₹]|USD|EUR|GBP|CHF)$"
    r"|^-?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?$|^\d+:\d{2}(?::\d{2})?$"
)
"""Amounts and durations as text, which are no identifiers however seldom they repeat."""
STREET = (
    r"(?i)(?:\b(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|square|sq|terrace|highway|hwy"
    r"|parkway|pkwy|circle|cir|loop|rue|quai|chemin|calle|avenida|av|paseo|carrera|rua|praça|largo|alameda|estrada|via"
    r"|viale|corso|piazza|str|gade|vej|gatan|vägen|ulica|ul|al|utca|laan|plein|katu|tie|gate|vei|sokak|cad|place|pl"
    r"|platz|allee|weg|p\.?o\.? box)\b|(?:straße|strasse|str\.|weg|platz|gasse|allee|straat|laan|gracht|gatan|vägen"
    r"|gade|vej|veien|gata|katu|utca)\b)"
)
"""A word of streets somewhere in the value."""

NAMES: Mapping[str, str] = {
    "id": r"\b(id|ids|uid|uuid|guid|key|nr|no|num|number|code|ref|reference|identifier|pk|sku|serial|ticket|kennung)\b",
    "first_name": r"\b(first|given|fore|middle) ?names?\b|\b(forename|firstname|vorname|prenom|prénom|nombre|fname)\b",
    "last_name": r"\b(last|family|sur) ?names?\b|\b(surname|lastname|nachname|apellidos?|nom de famille|lname)\b",
    "name": r"\b(full ?name|name|names|customer|client|patient|employee|person|author|contact|passenger|owner)\b",
    "phone": r"\b(phone|tel|telephone|mobile|cell|fax|telefon|handy|telefone|téléphone|telefono)\b",
    "address": r"\b(address|addr|street|strasse|straße|adresse|anschrift|dirección|direccion|endereço|indirizzo)\b",
    "postcode": r"\b(zip|zipcode|postcode|post code|postal|postal ?code|plz|cep|postleitzahl|code postal)\b",
    "code": r"\b(code|class|type|category|group|grade|kind|species|label|target|cluster|status|education|level)\b",
    "clock": r"\b(year|month|day|week|hour|minute|second|quarter|age|time|period|step|lag|jahr|monat|tag|stunde)s?\b",
    "ssn": r"\b(ssn|social security|tax id|nino|sin)\b",
}
"""What a column's name says, on its words in lower case: weak evidence, used only together with the content."""

QUASI: Mapping[str, str] = {
    "date of birth": r"\b(birth|born|dob|birthday|birthdate|geburt|geburtsdatum|geburtstag|naissance|nacimiento)\b",
    "age": r"\b(age|alter)\b",
    "sex": r"\b(sex|gender|geschlecht|sexo)\b",
    "postcode": NAMES["postcode"],
    "place": r"\b(city|town|municipality|county|district|village|ort|stadt|ville|ciudad|cidade|suburb)\b",
    "origin": r"\b(race|ethnic|ethnicity|nationality|native country|country of birth|citizenship|religion|language)\b",
    "position": r"\b(lat|latitude|lon|lng|long|longitude|geo|coordinates?)\b",
    "family": r"\b(marital|marriage|spouse|relationship|family status)\b",
    "work": r"\b(occupation|job|job title|position title|profession|employer|company)\b",
}
"""Facts that single a person out together with others, by the words of a column's name."""


def words_of(name: str) -> str:
    """Return the words of a column name in lower case: "dateOfBirth", "date_of_birth" and "DATE-OF-BIRTH" are one."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    split = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", split)
    return " ".join(re.split(r"[\W_]+", split)).strip().lower()


def says(name: str, what: str) -> bool:
    """Tell whether a column's name speaks of one of NAMES."""
    return re.search(NAMES[what], words_of(name)) is not None


def quasi(name: str) -> str:
    """Return which of QUASI a column's name speaks of, or ""."""
    words = words_of(name)
    return next((what for what, expression in QUASI.items() if re.search(expression, words)), "")


@lru_cache(maxsize=1)
def known_names() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return given names, family names and cities of all the languages that mimesis knows, in lower case."""
    import json
    from importlib.util import find_spec
    from pathlib import Path

    given: set[str] = set()
    family: set[str] = set()
    cities: set[str] = set()
    spec = find_spec("mimesis")
    root = Path(spec.origin).parent / "datasets" if spec and spec.origin else Path()
    for path in sorted(root.glob("*/person.json")):
        data = json.loads(path.read_text("utf-8"))
        given.update(*data.get("names", {}).values())
        last = data.get("surnames", [])
        family.update(*last.values()) if isinstance(last, dict) else family.update(last)
    for path in sorted(root.glob("*/address.json")):
        cities.update(json.loads(path.read_text("utf-8")).get("city", []))
    low = (frozenset(word.lower() for word in group if isinstance(word, str)) for group in (given, family, cities))
    first, last, town = low
    return first, last, town
