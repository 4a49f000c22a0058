"""Person data that belong to nobody: words from public lists, reserved domains, private addresses, test cards.

What is kept of a value is its form: the lengths of its words, their case, and the signs between them. A form is a list
of tokens: a sign, an alphabet of digits, or (list, length, case), a word of that length from a list. Words are looked
up when values are drawn; `shapes.draw` makes different values of different row numbers. When a form has no room left,
the last one takes over, with words of other lengths.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.patterns import check_digit
from simulacra.parts import shapes
from simulacra.parts.words import LISTS, any_length, of_length, streets

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]
    Facts = dict[str, Any]
    Token = str | tuple[str, int, str]
    Form = tuple[Token, ...]

LOOKED_AT = 2000
"""Values looked at to find the forms."""
MOST_FORMS = 200
"""Forms kept of one column; of more, those of values evenly spread over all lengths."""
TITLES = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "prof", "master", "rev", "jr", "sr", "von", "van", "de", "der", "den")
)
"""Words of a name that are kept as they are."""
ONE_WORD = 9
"""Longest part of an e-mail address that is taken for one word; longer ones are a given and a family name."""
DIGITS, FIRST_DIGIT = "0123456789", "123456789"
TEST_CARDS = {"4": "424242", "5": "555555", "2": "222300", "3": "378282", "6": "601111"}
"""First digits of published test numbers of each network."""
EXAMPLES = {
    "name": ("Maria Miller", "John Smith", "Angela Romero", "Peter Young"),
    "first_name": ("Maria", "John", "Angela", "Ann"),
    "last_name": ("Miller", "Smith", "Romero", "Young"),
    "email": ("maria.miller@example.com", "john.smith@example.org", "angela.romero@example.net"),
    "phone": ("(212) 555-0100",),
    "address": ("12 Walnut Street, Portland, OR 97201", "348 Monroe Avenue, Columbia, MD 21044"),
    "street": ("12 Walnut Street", "348 Monroe Avenue"),
    "city": ("Portland", "Columbia", "Boston"),
    "postcode": ("12345",),
    "ip": ("10.115.25.147", "10.20.113.4"),
    "url": ("https://garden.test/windows/4821", "https://market.test/paper/1937"),
    "iban": ("DE00 0000 0000 0000 0000 00",),
    "credit_card": ("4000 0000 0000 0000",),
    "ssn": ("123-45-6789",),
}
"""Forms of a format whose column has no values."""


def learn(values: pl.Series, form: str) -> Facts:
    """Return what is kept of person data of a format (core.schema.PERSON_FORMATS): forms and shapes, no value."""
    texts = values.cast(pl.String).str.strip_chars()
    return FORMATS[form][0](texts if len(texts) else pl.Series(EXAMPLES[form]))


def draw(facts: Facts, form: str, numbers: Words, key: int, strict: bool | None, column: str) -> list[str]:
    """Return one text a number. Raises DataError when `strict` and the format has too little room."""
    return FORMATS[form][1](facts, numbers, key, strict, column)


def _case(text: str) -> str:
    return "lower" if text.islower() else "upper" if text.isupper() and len(text) > 1 else "title"


# Forms ----------------------------------------------------------------------------------------------------------------


def _pieces(text: str) -> list[str]:
    """Split a text into words, numbers and single signs."""
    return re.findall(r"[^\W\d_]+|\d+|[\W_]", text)


def _number(piece: str) -> list[Token]:
    return [FIRST_DIGIT if i == 0 and piece[0] != "0" and len(piece) > 1 else DIGITS for i in range(len(piece))]


def _form(pieces: list[str], word: Callable[[str, int], list[Token]]) -> Form:
    """Turn pieces into tokens: numbers into digits, words by `word(piece, place)`, signs as they are."""
    out: list[Token] = []
    for i, piece in enumerate(pieces):
        out += _number(piece) if piece.isdecimal() else word(piece, i) if piece[0].isalpha() else [piece]
    return tuple(out)


def _name_form(text: str) -> Form:
    pieces = _pieces(text)
    alpha = [i for i, p in enumerate(pieces) if p[0].isalpha() and p.lower() not in TITLES]
    comma = pieces.index(",") if "," in pieces else -1
    family = {i for i in alpha if i < comma} or set(alpha[-1:] if len(alpha) > 1 else ())

    def word(piece: str, i: int) -> list[Token]:
        if piece.lower() in TITLES:
            return [piece]
        return [("family" if i in family else "given", len(piece), _case(piece))]

    return _form(pieces, word)


def _whole(name: str) -> Callable[[str], Form]:
    return lambda text: ((name, len(text), _case(text)),)


def _email_form(text: str) -> Form:
    local, _, domain = text.rpartition("@")
    seen: list[int] = []

    def word(piece: str, i: int) -> list[Token]:
        seen.append(i)
        if len(piece) > ONE_WORD:
            half, case = len(piece) // 2, _case(piece)
            return [("given", half, case), ("family", len(piece) - half, "lower" if case == "title" else case)]
        return [("given" if len(seen) == 1 else "family", len(piece), _case(piece))]

    return (*_form(_pieces(local), word), f"@{_domain(domain)}")


def _domain(real: str) -> str:
    """Return a domain of about the same length under a reserved name (RFC 2606), so that nobody is behind it."""
    if len(real) == len("example.com"):
        return "example." + (real.rpartition(".")[2] if real.endswith((".com", ".org", ".net")) else "com")
    first = of_length("word", max(2, len(real) - len(".test")), "lower")
    return f"{first[len(first) // 2]}.test"


def _url_form(text: str) -> Form:
    scheme, host, path = re.match(r"((?:\w+://)?(?:www\.)?)([^/?#]*)(.*)", text, flags=re.S).groups()  # type: ignore[union-attr]
    return (scheme, _domain(host), *_form(_pieces(path), lambda piece, i: [("word", len(piece), _case(piece))]))


def _address_form(text: str) -> Form:
    pieces = _pieces(text)
    comma = pieces.index(",") if "," in pieces else len(pieces)

    def word(piece: str, i: int) -> list[Token]:
        if piece.lower() in streets():
            return [piece]
        if len(piece) == 2 and piece.isupper():
            return [("state", 2, "upper")]
        return [("street" if i < comma else "family", len(piece), _case(piece))]

    return _form(pieces, word)


def _ip_form(text: str) -> Form:
    """Keep the lengths of the parts within private ranges (RFC 1918) or 2001:db8::/32 (RFC 3849), which nobody owns."""
    if ":" in text:
        return ("2001:db8", *(":", *("0123456789abcdef",) * 4) * 6)
    octets = [text.split(".")[i] if text.count(".") == 3 else "100" for i in range(4)]
    head = ["10"] if len(octets[0]) < 3 else ["172"]
    second = "octet" if head == ["10"] else "private"
    return (*head, *(t for i in (1, 2, 3) for t in (".", (second if i == 1 else "octet", len(octets[i]), ""))))


def _forms(form_of: Callable[[str], Form]) -> Callable[[pl.Series], Facts]:
    def learn(texts: pl.Series) -> Facts:
        some = texts.gather(np.linspace(0, len(texts) - 1, min(LOOKED_AT, len(texts))).astype(np.int64)).to_list()
        counts = Counter(form_of(text) for text in some)
        if len(counts) > MOST_FORMS:
            ordered = sorted(some, key=len)
            counts = Counter(form_of(ordered[i]) for i in np.linspace(0, len(some) - 1, MOST_FORMS).astype(int))
        kept = sorted(counts.items(), key=lambda item: (-item[1], repr(item[0])))
        forms = [form for form, _ in kept]
        other = _other_lengths(forms)
        spare = [other] if other else []
        return {"shapes": forms + spare, "shares": shapes.in_cycle([count for _, count in kept]) + [0] * len(spare)}

    return learn


def _other_lengths(forms: list[Form]) -> Form | None:
    """Return the commonest form with a first word of a length that no form has, so that no text comes twice."""
    first = [next((token for token in form if isinstance(token, tuple)), None) for form in forms]
    if first[0] is None or first[0][0] not in LISTS:
        return None
    taken = " ".join(sorted({str(token[1]) for token in first if token}))
    out: list[Token] = []
    for token in forms[0]:
        is_word = isinstance(token, tuple) and token[0] in LISTS
        out.append((f"{token[0]} {taken}" if token is first[0] else f"{token[0]} ", 0, token[2]) if is_word else token)
    return tuple(out)


def _alphabet(token: Token) -> str | tuple[str, ...]:
    if isinstance(token, str):
        return token if token in (DIGITS, FIRST_DIGIT, "0123456789abcdef") else (token,)
    name, length, case = token
    if not length:
        name, _, taken = name.partition(" ")
        return any_length(name, taken, case)
    if name == "octet":
        return tuple(str(i) for i in range(256) if len(str(i)) == length)
    if name == "private":
        return tuple(str(i) for i in range(16, 32))
    return of_length(name, length, case)


def _draw_forms(facts: Facts, numbers: Words, key: int, strict: bool | None, column: str) -> list[str]:
    known = [tuple(_alphabet(token) for token in form) for form in facts["shapes"]]
    return shapes.draw({**facts, "shapes": known}, numbers, key, strict, column)


# Numbers with rules ---------------------------------------------------------------------------------------------------


def _draw_shapes(facts: Facts, numbers: Words, key: int, strict: bool | None, column: str) -> list[str]:
    return shapes.draw(facts, numbers, key, strict, column)


def _learn_phones(values: pl.Series) -> Facts:
    """Keep how phones are written; ten-digit numbers get the exchange 555, which reaches nobody."""
    facts = shapes.learn(values)
    return {**facts, "shapes": [_reserved_phone(shape) for shape in facts["shapes"]]}


def _reserved_phone(shape: tuple[str, ...]) -> tuple[str, ...]:
    # An extension ("x 123") stays as it is.
    main = next((i for i, alphabet in enumerate(shape) if alphabet[0].isalpha()), len(shape))
    digits = [i for i, alphabet in enumerate(shape[:main]) if alphabet.isdigit()]
    code = next((c for c in ("1", "001") if [shape[i] for i in digits[: len(c)]] == list(c)), "")
    national = digits[len(code) :] if len(digits) == 10 + len(code) else digits
    if len(national) != 10 or (shape[0] == "+" and not code):
        return shape
    out = list(shape)
    for place, alphabet in zip(national[:6], ["23456789", DIGITS, DIGITS, "5", "5", "5"], strict=True):
        out[place] = alphabet
    return tuple(out)


def _learn_ssn(values: pl.Series) -> Facts:
    """Keep the separators; areas 900 to 999 with groups 01 to 49 were never issued."""
    mark = ("-",) if bool(values.str.contains("-").mean() > 0.5) else ()  # type: ignore[operator]
    shape = ("9", DIGITS, DIGITS, *mark, "01234", FIRST_DIGIT, *mark, DIGITS, DIGITS, DIGITS, FIRST_DIGIT)
    return {"shapes": [shape], "shares": [shapes.CYCLE]}


def _patterns(texts: pl.Series) -> Facts:
    counts = texts.alias("text").value_counts().sort("count", "text", descending=[True, False]).head(shapes.MOST_SHAPES)
    return {"forms": counts["text"].to_list(), "shares": shapes.in_cycle(counts["count"].to_list())}


def _learn_cards(values: pl.Series) -> Facts:
    return _patterns(values.str.slice(0, 1) + values.str.slice(1).str.replace_all(r"\d", "9"))


def _draw_cards(facts: Facts, numbers: Words, key: int, strict: bool | None, column: str) -> list[str]:
    def one(form: str, rows: Words) -> list[str]:
        start = TEST_CARDS.get(form[0], TEST_CARDS["4"])
        free = max(1, sum(c.isdigit() for c in form) - len(start) - 1)
        bodies = shapes.draw(shapes.of_pattern("9" * free), rows, key, strict, column)
        return [_card(start + body, form) for body in bodies]

    return _by_form(facts, numbers, key, one)


def _card(digits: str, form: str) -> str:
    left = iter(f"{digits}{check_digit(digits)}")
    return "".join(next(left, "0") if c.isdigit() else c for c in form)


def _learn_iban(values: pl.Series) -> Facts:
    spaced = bool(values.str.contains(" ").mean() > 0.5)  # type: ignore[operator]
    plain = values.str.replace_all(" ", "").str.to_uppercase()
    accounts = plain.str.slice(4).str.replace_all(r"\d", "9").str.replace_all("[A-Z]", "A")
    return {**_patterns(plain.str.slice(0, 2) + accounts), "spaced": spaced}


def _draw_iban(facts: Facts, numbers: Words, key: int, strict: bool | None, column: str) -> list[str]:
    """Draw account numbers with a valid checksum (ISO 13616)."""

    def one(form: str, rows: Words) -> list[str]:
        accounts = shapes.draw(shapes.of_pattern(form[2:]), rows, key, strict, column)
        return [_checked(form[:2], account, facts["spaced"]) for account in accounts]

    return _by_form(facts, numbers, key, one)


def _checked(country: str, account: str, spaced: bool) -> str:
    value = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    text = f"{country}{98 - int(value) % 97:02d}{account}"
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4)) if spaced else text


def _by_form(facts: Facts, numbers: Words, key: int, one: Callable[[str, Words], list[str]]) -> list[str]:
    """Give every number a form in its share, and draw each form's rows together."""
    chosen = shapes.slots(facts["shares"], numbers, key)[0]
    out = np.empty(len(numbers), object)
    for which in np.unique(chosen):
        out[chosen == which] = one(facts["forms"][which], numbers[chosen == which])
    texts: list[str] = out.tolist()
    return texts


FORMATS: dict[str, tuple[Callable[[pl.Series], Facts], Callable[..., list[str]]]] = {
    "name": (_forms(_name_form), _draw_forms),
    "first_name": (_forms(_whole("given")), _draw_forms),
    "last_name": (_forms(_whole("family")), _draw_forms),
    "email": (_forms(_email_form), _draw_forms),
    "phone": (_learn_phones, _draw_shapes),
    "address": (_forms(_address_form), _draw_forms),
    "street": (_forms(_address_form), _draw_forms),
    "city": (_forms(_whole("city")), _draw_forms),
    "postcode": (shapes.learn, _draw_shapes),
    "ip": (_forms(_ip_form), _draw_forms),
    "url": (_forms(_url_form), _draw_forms),
    "iban": (_learn_iban, _draw_iban),
    "credit_card": (_learn_cards, _draw_cards),
    "ssn": (_learn_ssn, _draw_shapes),
}
"""One entry a format of core.schema.PERSON_FORMATS: how to learn its forms, how to draw them."""
