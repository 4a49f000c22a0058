"""Check digits of numbers given to people, accounts and things; each takes a match and tells whether they agree."""

from __future__ import annotations

import ipaddress
from typing import Final

from simulacra.core.patterns import iban as iban_agrees
from simulacra.core.patterns import luhn

IBAN_LENGTHS: Final = {
    entry[:2]: int(entry[2:])
    for entry in [
        "AD24",
        "AE23",
        "AL28",
        "AT20",
        "AZ28",
        "BA20",
        "BE16",
        "BG22",
        "BH22",
        "BR29",
        "BY28",
        "CH21",
        "CR22",
        "CY28",
        "CZ24",
        "DE22",
        "DK18",
        "DO28",
        "EE20",
        "EG29",
        "ES24",
        "FI18",
        "FO18",
        "FR27",
        "GB22",
        "GE22",
        "GI23",
        "GL18",
        "GR27",
        "GT28",
        "HR21",
        "HU28",
        "IE22",
        "IL23",
        "IQ23",
        "IS26",
        "IT27",
        "JO30",
        "KW30",
        "KZ20",
        "LB28",
        "LC32",
        "LI21",
        "LT20",
        "LU20",
        "LV21",
        "LY25",
        "MC27",
        "MD24",
        "ME22",
        "MK19",
        "MR27",
        "MT31",
        "MU30",
        "NL18",
        "NO15",
        "PK24",
        "PL28",
        "PS29",
        "PT25",
        "QA29",
        "RO24",
        "RS22",
        "SA24",
        "SC31",
        "SE24",
        "SI19",
        "SK24",
        "SM27",
        "ST25",
        "SV28",
        "TL23",
        "TN24",
        "TR26",
        "UA29",
        "VA22",
        "VG24",
        "XK20",
    ]
}
"""Country -> characters of its account numbers (ISO 13616 registry)."""
_ISSUERS: Final[tuple[tuple[tuple[str, ...], tuple[int, ...]], ...]] = (
    (("34", "37", "2131", "1800"), (15,)),
    (("30", "36", "38", "39"), (14, 16)),
    (("4",), (13, 16, 19)),
    (("50", "56", "57", "58", "6"), tuple(range(12, 20))),
    (("2", "35", "5"), (16,)),
)
"""Beginnings of card numbers and how long those are."""
_VIN: Final = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10), *range(10)], strict=True)
)
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_DNI: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


def digits(text: str) -> list[int]:
    """Return the decimal digits of a text."""
    return [int(c) for c in text if c.isdecimal()]


def card(text: str) -> bool:
    """Tell whether a card number has an issuer's beginning, a fitting length, and a Luhn digit that agrees."""
    plain = "".join(c for c in text if c.isdecimal())
    for begins, lengths in _ISSUERS:
        if plain.startswith(begins):
            return len(plain) in lengths and luhn(plain)
    return False


def iban(text: str) -> int:
    """Return how many characters of a text are an account number whose check agrees (ISO 13616), or 0.

    A number in groups may be followed by a word of the sentence, so the country decides where it ends.
    """
    length = IBAN_LENGTHS.get(text[:2].upper(), 0)
    kept = 0
    for end, sign in enumerate(text, start=1):
        kept += sign != " "
        if length and kept == length:
            return end if iban_agrees(text[:end]) else 0
    return 0


def vin(text: str) -> bool:
    """Tell whether 17 characters are a vehicle number whose check digit agrees (49 CFR 565)."""
    plain = text.upper()
    if len(plain) != 17 or any(c not in _VIN for c in plain) or plain.isdecimal():
        return False
    rest = sum(_VIN[c] * w for c, w in zip(plain, _VIN_WEIGHTS, strict=True)) % 11
    return plain[8] == ("X" if rest == 10 else str(rest))


def ip4(text: str) -> bool:
    """Tell whether four numbers are an internet address."""
    return all(len(part) <= 3 and int(part) <= 255 and (part == "0" or part[0] != "0") for part in text.split("."))


def ip6(text: str) -> bool:
    """Tell whether a text is an internet address of version 6."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return len(text) > 4


def nhs(text: str) -> bool:
    """Tell whether ten digits are a British NHS number (modulo 11)."""
    n = digits(text)
    return (
        len(n) == 10
        and len(set(n)) > 1
        and (11 - sum(d * w for d, w in zip(n, range(10, 1, -1), strict=False)) % 11) % 11 == n[9]
    )


def nir(text: str) -> bool:
    """Tell whether 15 characters are a French social security number (97 minus the rest)."""
    plain = "".join(c for c in text.upper() if c.isalnum()).replace("2A", "19", 1).replace("2B", "18", 1)
    return len(plain) == 15 and plain.isdecimal() and 97 - int(plain[:13]) % 97 == int(plain[13:])


def dni(text: str) -> bool:
    """Tell whether a text is a Spanish DNI or NIE whose letter agrees."""
    plain = "".join(c for c in text.upper() if c.isalnum())
    number = plain[:-1].replace("X", "0", 1).replace("Y", "1", 1).replace("Z", "2", 1)
    return number.isdecimal() and _DNI[int(number) % 23] == plain[-1]


def cpf(text: str) -> bool:
    """Tell whether eleven digits are a Brazilian CPF."""
    n = digits(text)
    if len(n) != 11 or len(set(n)) == 1:
        return False
    return all(
        sum(d * w for d, w in zip(n[:last], range(last + 1, 1, -1), strict=False)) * 10 % 11 % 10 == n[last]
        for last in (9, 10)
    )


def sin(text: str) -> bool:
    """Tell whether nine digits are a Canadian social insurance number."""
    n = digits(text)
    return len(n) == 9 and n[0] not in (0, 8) and luhn(text)


def personnummer(text: str) -> bool:
    """Tell whether ten or twelve digits are a Swedish personal number: a date and a Luhn digit."""
    n = digits(text)[-10:]
    day = n[4] * 10 + n[5]
    return 1 <= n[2] * 10 + n[3] <= 12 and (1 <= day <= 31 or 61 <= day <= 91) and luhn("".join(map(str, n)))


def imei(text: str) -> bool:
    """Tell whether fifteen digits are a number of a mobile device."""
    return len(digits(text)) == 15 and luhn(text)
