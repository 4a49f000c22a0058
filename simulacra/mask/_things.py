"""Realistic surrogates of everything but names and codes: addresses of mail, machines and houses, places, bodies."""

from __future__ import annotations

import re
from collections.abc import Callable

from simulacra.mask import _fpe
from simulacra.mask._book import Book, Company, words_of
from simulacra.mask._persons import cased, fold, listed, parts
from simulacra.mask._places import abbreviations, city, of_list, place
from simulacra.mask.keys import Draws
from simulacra.parts.words import streets

PIECE = re.compile(r"[^\W\d_]+|\d+|[\W_]")
GENERIC = listed(
    "hospital clinic clinics medical center centre health healthcare care general memorial community regional "
    "county university college school academy institute laboratory laboratories lab labs pharmacy bank "
    "insurance group company corporation corp inc ltd llc plc gmbh ag co sa foundation trust church department "
    "ministry office services service international national the of and for de la saint st children "
    "rehabilitation nursing home associates partners law systems solutions technologies industries holdings "
    "society association union council authority police hotel "
)
"""Words of the names of bodies that say what a body is, and stay."""
DOMAINS = ("example.com", "example.org", "example.net")


def email(text: str, company: Company) -> str:
    """Return an address under a reserved domain, built of the surrogate names of the record where it names them."""
    book = company.book
    if "@" not in text:
        return _fpe.encrypt(text, book.key)
    local, _, domain = text.rpartition("@")
    known = book.key.draws("domain", domain.lower()).pick(DOMAINS)
    ending = domain.rpartition(".")[2].lower()
    host = f"example.{ending}" if ending in ("com", "org", "net") else known
    new = book.once("email", fold(text), lambda d: f"{_local(local, company, d)}@{host}")
    return new.upper() if text.isupper() else new


def user(text: str, company: Company) -> str:
    """Return a user name built of the surrogate names of the record where it names them."""
    mark = "@" if text.startswith("@") else ""
    bare = text.removeprefix("@")
    return mark + company.book.once("user", fold(bare), lambda d: _local(bare, company, d))


def _local(local: str, company: Company, draws: Draws) -> str:
    """Exchange the words of an address: those of a person of the record for theirs, others for drawn names."""
    company = _with(local, company)
    out = []
    named = False
    for i, piece in enumerate(PIECE.findall(local)):
        if piece.isdecimal():
            out.append(draws.digits(len(piece)))
        elif piece[0].isalpha():
            out.append(cased(_local_word(piece, company, draws, first=i == 0), piece))
            named = True
        else:
            out.append(piece)
    text = "".join(out)
    # An address that is taken, or holds no word, gets digits of its own.
    return text if named and not _taken(company.book, text) else text + draws.digits(3)


def _with(local: str, company: Company) -> Company:
    """Return the people of a record, or where an address names somebody else, this person alone."""
    words = [fold(w) for w in PIECE.findall(local) if w[0].isalpha()]
    if not words or any(company.word_of(w) or company.glued(w) for w in words):
        return company
    book = company.book
    name = None
    if len(words) == 2 and (words[0] in words_of("given") or words[1] in words_of("family")):
        name = parts(" ".join(words))
    elif len(words) == 1:
        name = book.someone(words[0][:1], words[0][1:]) or book.someone(words[0][-1:], words[0][:-1])
    alone = Company(book)
    alone.join([name] if name else [])
    return alone


def _taken(book: Book, local: str) -> bool:
    return book.claimed("local", fold(local))


def _local_word(piece: str, company: Company, draws: Draws, *, first: bool) -> str:
    low = fold(piece)
    exact = company.word_of(low)
    if exact:
        return exact[1]
    glued = company.glued(low)
    if glued:
        return glued
    if len(low) == 1:
        return draws.pick("abcdefghijklmnoprstvw")
    return company.book.pick(draws, "given" if first else "family")


def phone(text: str, company: Company) -> str:
    """Return a number of the same shape; ten-digit numbers get the exchange 555, which reaches nobody."""
    main = re.split(r"(?i)\s*(?:x|ext\.?|#)\s*\d+\s*$", text)[0]
    digits = re.sub(r"\D", "", main)
    code = "1" if len(digits) == 11 and digits[0] == "1" else "001" if len(digits) == 13 and digits[:3] == "001" else ""
    national = digits[len(code) :]
    american = len(national) == 10 and (not main.lstrip().startswith("+") or code == "1") and national[0] not in "01"

    def draw(draws: Draws) -> str:
        if american:
            return f"{draws.pick('23456789')}{draws.digits(2)}555{draws.digits(4)}"
        # The country and the kind of a number stand in front; the last digits are the subscriber's.
        kept = len(national) - min(7, max(4, len(national) - 3))
        return national[:kept] + draws.digits(len(national) - kept)

    new = iter(code + company.book.once("phone", national, draw))
    end = len(main)
    tail = "".join(company.book.key.draws("extension", text).digits(1) if c.isdigit() else c for c in text[end:])
    return "".join(next(new) if c.isdigit() else c for c in text[:end]) + tail


def ssn(text: str, company: Company) -> str:
    """Return a number of the areas 900 to 999, which were never issued, for nine digits; else one of the same shape."""
    digits = re.sub(r"\D", "", text)
    if len(digits) != 9 or re.search(r"[A-Za-z]", text):
        return _fpe.encrypt(text, company.book.key)

    def draw(draws: Draws) -> str:
        return f"9{draws.digits(2)}{1 + draws.below(49):02d}{1 + draws.below(9999):04d}"

    new = iter(company.book.once("ssn", digits, draw))
    return "".join(next(new) if c.isdigit() else c for c in text)


def ip(text: str, company: Company) -> str:
    """Return a private address (RFC 1918), or one of 2001:db8::/32 (RFC 3849); nobody owns them."""

    def draw(draws: Draws) -> str:
        if ":" in text:
            return "2001:db8:" + ":".join(f"{draws.below(65536):x}" for _ in range(6))
        return "10." + ".".join(str(draws.below(254) + 1) for _ in range(3))

    return company.book.once("ip", text.lower(), draw)


def url(text: str, company: Company) -> str:
    """Return an address under a reserved name (RFC 2606) with other words and numbers in its path."""
    found = re.match(r"((?:\w+://)?(?:www\.)?)([^/?#\s]*)(.*)", text, flags=re.S)
    assert found is not None
    scheme, host, path = found.groups()
    book = company.book
    new = book.once("host", host.lower(), lambda d: f"{book.pick(d, 'word').lower()}.example")
    tail = "".join(_piece(piece, book, "word", text) for piece in PIECE.findall(path))
    return f"{scheme}{new}{tail}"


def _piece(piece: str, book: Book, pool: str, entity: str) -> str:
    if piece.isdecimal():
        return _digits(piece, book, entity)
    if not piece[0].isalpha():
        return piece
    word = fold(piece)
    return cased(book.once(pool, word, lambda d: book.pick(d, pool).lower()), piece)


def _digits(piece: str, book: Book, entity: str) -> str:
    new = book.key.draws("digits", f"{entity} {piece}").digits(len(piece))
    return new if piece.startswith("0") or new[0] != "0" else "1" + new[1:]


def address(text: str, company: Company) -> str:
    """Return an address of the same form: other numbers, streets and towns, the same kinds of street."""
    out, town = [], False
    for piece in PIECE.findall(text):
        low = piece.lower()
        if piece == ",":
            town = True
        if low in streets() or low in _KEPT or (len(piece) == 1 and piece.isalpha()):
            out.append(piece)
        elif len(piece) == 2 and piece.isupper():
            out.append(of_list(piece, company.book, abbreviations(), "abbreviation"))
        elif piece[0].isalpha():
            out.append(_piece(piece, company.book, "family" if town else "street", text))
        else:
            out.append(_piece(piece, company.book, "street", fold(text)))
    return "".join(out)


_KEPT = listed("north south east west n s e w ne nw se sw po p o box floor fl room rm unit apt suite no rue de la")


def body(text: str, company: Company) -> str:
    """Return a name of the same kind of body: the words that say what it is stay, the others are exchanged."""
    out = []
    for piece in PIECE.findall(text):
        if not piece[0].isalpha() or piece.lower() in GENERIC or len(piece) == 1:
            out.append(_piece(piece, company.book, "family", fold(text)) if piece.isdecimal() else piece)
        else:
            out.append(_piece(piece, company.book, "family", text))
    new = "".join(out)
    # A body whose name is made of general words alone would come out as it was.
    return (
        new
        if new != text
        else _piece(PIECE.findall(text)[0], company.book, "family", text) + text[len(PIECE.findall(text)[0]) :]
    )


def code(text: str, company: Company) -> str:
    """Return a code of the same shape (mask._fpe)."""
    return _fpe.encrypt(text, company.book.key)


def card(text: str, company: Company) -> str:
    """Return a card number with a valid check digit."""
    return _fpe.encrypt(text, company.book.key, "card")


def account(text: str, company: Company) -> str:
    """Return an account number of the same country with valid check digits."""
    return _fpe.encrypt(text, company.book.key, "iban")


def picture(text: str, company: Company) -> str:
    """Return another name for the file of a picture; the ending stays."""
    stem, dot, ending = text.rpartition(".")
    return _fpe.encrypt(stem if dot else text, company.book.key) + dot + (ending if dot else "")


SURROGATES: dict[str, Callable[[str, Company], str]] = {
    "PHONE": phone, "FAX": phone, "EMAIL": email, "SSN": ssn, "MRN": code, "HEALTH_PLAN": code, "ACCOUNT": code,
    "LICENSE": code, "VEHICLE": code, "DEVICE": code, "URL": url, "IP": ip, "BIOMETRIC": code, "PHOTO": picture,
    "ADDRESS": address, "CITY": city, "POSTCODE": code, "LOCATION": place, "ORGANIZATION": body, "CREDIT_CARD": card,
    "IBAN": account, "ID": code, "USERNAME": user,
}  # fmt: skip
"""Type -> how a realistic surrogate is made; names, ages and dates have their own ways (mask.hide)."""
