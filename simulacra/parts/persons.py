"""Person data that belong to nobody: names from public word lists, reserved domains, private addresses, test cards.

Each format has `learn(values) -> facts` (its shape only) and `draw(facts, numbers, key, strict, column) -> texts`; a
text is a function of the number and the key, different for different numbers as far as the format has room.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.errors import DataError
from simulacra.parts import permute as mixing
from simulacra.parts import shapes

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]
    Facts = dict[str, Any]

FEW = 8
"""Most different forms of one format that are kept."""
LOOKED_AT = 5000
"""Values looked at to find the form."""
TITLES = ("mr", "mrs", "ms", "miss", "dr", "prof", "master", "rev")
DOMAINS = ("example.com", "example.org", "example.net")
"""Reserved for documentation (RFC 2606): no mail ever reaches a person."""
TEST_CARDS = {"4": "424242", "5": "555555", "2": "222300", "3": "378282", "6": "601111"}
"""First digits of published test numbers of each network."""


@cache
def words(file: str, *path: str) -> tuple[str, ...]:
    """Return one English word list of the mimesis package, sorted, each word once."""
    spec = importlib.util.find_spec("mimesis")
    assert spec is not None and spec.origin is not None
    value: Any = json.loads((Path(spec.origin).parent / "datasets" / "en" / f"{file}.json").read_text("utf-8"))
    for step in path:
        value = value[step]
    found = [w for part in value.values() for w in part] if isinstance(value, dict) else value
    return tuple(sorted(set(found)))


def learn(values: pl.Series, form: str) -> Facts:
    """Return what is kept of person data of a format (core.schema.PERSON_FORMATS): forms and shapes, no value."""
    return FORMATS[form][0](values.cast(pl.String).str.strip_chars().head(LOOKED_AT))


def draw(facts: Facts, form: str, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    """Return one text a number. Raises DataError when `strict` and the format has too little room."""
    return FORMATS[form][1](facts, numbers, key, strict, column)


def _forms(values: pl.Series, form_of: Callable[[str], str], default: str) -> list[tuple[str, float]]:
    """Return the commonest forms with their shares; the default when there are no values."""
    counts: dict[str, int] = {}
    for value in values.to_list():
        found = form_of(value)
        counts[found] = counts.get(found, 0) + 1
    kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:FEW]
    total = sum(count for _, count in kept)
    return [(found, count / total) for found, count in kept] or [(default, 1.0)]


def _choose(forms: list[tuple[str, float]], numbers: Words, key: int) -> list[str]:
    edges = np.cumsum([share for _, share in forms])[:-1]
    place = np.searchsorted(edges, mixing.uniform(numbers, key, "form"), "right")
    return [forms[i][0] for i in place]


def _combine(lists: list[tuple[str, ...]], numbers: Words, key: int, strict: bool, column: str) -> list[list[str]]:
    """Return one choice of each list a number, every combination once before any comes again."""
    size = 1
    for options in lists:
        size *= len(options)
    if strict and int(numbers.max(initial=0)) >= size:
        raise DataError(
            f"column {column!r}: there are {size:,} different surrogates of its format, too few for row "
            f"{int(numbers.max()) + 1:,}; set unique = false for it in the schema"
        )
    mixed = mixing.permute(numbers % np.uint64(size), size, key)
    out = []
    for options in lists:
        mixed, place = np.divmod(mixed, np.uint64(len(options)))
        out.append(np.array(options, object)[place.astype(np.int64)].tolist())
    return out


def _case(text: str) -> str:
    return "upper" if text.isupper() else "lower" if text.islower() else "title"


def _in_case(text: str, case: str) -> str:
    return text.upper() if case == "upper" else text.lower() if case == "lower" else text


# Names ----------------------------------------------------------------------------------------------------------------


def _name_form(text: str) -> str:
    """Return a form such as "title|last, {mr} first middle": case, order, titles and further names."""
    before, comma, after = text.partition(",")
    tokens = (after if comma else before).split()
    title = next((t for t in tokens if t.rstrip(".").lower() in TITLES), "")
    given = [t for t in tokens if t != title and not t.startswith(("(", '"'))]
    family = [] if comma or len(given) < 2 else ["last"]
    extra = "" if len(given) - len(family) < 2 else " I." if re.fullmatch(r"\w\.", given[1]) else " M"
    first = f"{title} first{extra}".strip()
    return f"{_case(text)}|" + (f"last, {first}" if comma else " ".join([first, *family]))


def _draw_names(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    given, family = words("person", "names"), words("person", "surnames")
    forms = _choose(facts["forms"], numbers, key)
    first, last = _combine([given, family], numbers, key, strict, column)
    (only,) = _combine([given], numbers, key, strict and any("last" not in form for form in forms), column)
    middle = np.array(given, object)[mixing.below(numbers, len(given), key, "middle")].tolist()
    out = []
    for form, a, alone, b, c in zip(forms, first, only, last, middle, strict=True):
        case, _, order = form.partition("|")
        parts = {"first": a if "last" in order else alone, "last": b, "last,": f"{b},", "M": c, "I.": f"{c[0]}."}
        out.append(_in_case(" ".join(parts.get(token, token) for token in order.split()), case))
    return out


def _draw_from(file: str, *path: str) -> Callable[..., list[str]]:
    def draw(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
        (found,) = _combine([words(file, *path)], numbers, key, strict, column)
        return [_in_case(w, case) for w, case in zip(found, _choose(facts["forms"], numbers, key), strict=True)]

    return draw


def _cases(values: pl.Series) -> Facts:
    return {"forms": _forms(values, _case, "title")}


# E-mail and web -------------------------------------------------------------------------------------------------------


def _email_form(text: str) -> str:
    local = text.partition("@")[0]
    mark = next((m for m in "._-" if m in local), "")
    return f"{mark}|{len(re.search(r'[0-9]*$', local)[0])}"  # type: ignore[index]


def _draw_emails(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    first, last, domain = _combine(
        [_plain(words("person", "names")), _plain(words("person", "surnames")), DOMAINS], numbers, key, strict, column
    )
    digits = mixing.hashed(numbers, key, "digits")
    out = []
    for form, a, b, c, d in zip(_choose(facts["forms"], numbers, key), first, last, domain, digits, strict=True):
        mark, _, tail = form.partition("|")
        # Without a mark "ann" + "abel" and "anna" + "bel" would meet: a dot keeps every address different.
        out.append(f"{a}{mark or '.'}{b}{_digits(int(d), int(tail))}@{c}")
    return out


def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({re.sub("[^a-z]", "", name.lower()) for name in names}))


def _digits(number: int, width: int) -> str:
    return f"{number % 10**width:0{width}d}" if width else ""


def _url_form(text: str) -> str:
    scheme, _, rest = text.partition("://") if "://" in text else ("", "", text)
    return f"{scheme}|{'www.' if rest.startswith('www.') else ''}|{min(rest.rstrip('/').count('/'), 3)}"


def _draw_urls(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    plain = _plain(words("text", "words"))
    site, page, domain = _combine([plain, plain, DOMAINS], numbers, key, strict, column)
    out = []
    for form, a, b, c in zip(_choose(facts["forms"], numbers, key), site, page, domain, strict=True):
        scheme, www, depth = form.split("|")
        host = f"{www}{a}.{c}" if int(depth) else f"{www}{a}-{b}.{c}"
        path = "".join(f"/{part}" for part in (["pages", "items"] + [b])[3 - int(depth) :]) if int(depth) else ""
        out.append(f"{scheme}://{host}{path}" if scheme else f"{host}{path}")
    return out


def _draw_ips(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    """Draw from 10.0.0.0/8 (RFC 1918) and 2001:db8::/32 (RFC 3849), which belong to nobody."""
    wide = facts["forms"][0][0] == "6"
    shape = ("2", "0", "0", "1", ":", "d", "b", "8", *(":", *("0123456789abcdef",) * 4) * 6)
    if wide:
        return shapes.draw({"shapes": [shape], "shares": [shapes.CYCLE]}, numbers, key, strict, column)
    parts = [tuple(str(i) for i in range(256))] * 2 + [tuple(str(i) for i in range(1, 255))]
    return [f"10.{a}.{b}.{c}" for a, b, c in zip(*_combine(parts, numbers, key, strict, column), strict=True)]


# Addresses ------------------------------------------------------------------------------------------------------------


def _address_form(text: str) -> str:
    parts = text.count(",")
    state = "S" if re.search(r"\b[A-Z]{2}\b(?= +\d)", text) else ""
    code = "Z" if re.search(r"\b\d{5}\b", text[6:]) else ""
    number = "N" if re.match(r"\d", text) else "B" if re.search(r"\d\w?$", text.partition(",")[0]) else ""
    return f"{_case(text)}|{number}|{min(parts, 2)}|{state}{code}"


def _draw_addresses(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    house = tuple(str(i) for i in range(1, 1000))
    street, suffix = words("address", "street", "name"), words("address", "street", "suffix")
    forms = _choose(facts["forms"], numbers, key)
    bare = any("||" in form for form in forms)
    number, name, kind = _combine([house, street, suffix], numbers, key, strict, column)
    only_name, only_kind = _combine([street, suffix], numbers, key, strict and bare, column)
    city = words("address", "city")
    towns = mixing.below(numbers, len(city), key, "city")
    states = words("address", "state", "abbr")
    place = mixing.below(numbers, len(states), key, "state")
    code = mixing.hashed(numbers, key, "code")
    out = []
    for i, form in enumerate(forms):
        case, has_number, commas, tail = form.split("|")
        plain = f"{name[i]} {kind[i]}" if has_number else f"{only_name[i]} {only_kind[i]}"
        text = {"N": f"{number[i]} {plain}", "B": f"{plain} {number[i]}"}.get(has_number, plain)
        text += f", {city[towns[i]]}" if int(commas) else ""
        text += ("," if int(commas) > 1 else "") + (f" {states[place[i]]}" if "S" in tail else "")
        text += f" {_digits(int(code[i]), 5)}" if "Z" in tail else ""
        out.append(_in_case(text.rstrip(","), case))
    return out


# Numbers with rules ---------------------------------------------------------------------------------------------------


def _patterned(default: str) -> Callable[[pl.Series], Facts]:
    def learn(values: pl.Series) -> Facts:
        return shapes.learn(values) if len(values) else shapes.of_pattern(default)

    return learn


def _draw_shapes(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    return shapes.draw(facts, numbers, key, strict, column)


def _learn_phones(values: pl.Series) -> Facts:
    """Keep how phones are written; ten-digit numbers get the exchange 555, which reaches nobody."""
    facts = shapes.learn(values) if len(values) else shapes.of_pattern("(999) 999-9999")
    return {**facts, "shapes": [_reserved_phone(shape) for shape in facts["shapes"]]}


def _reserved_phone(shape: tuple[str, ...]) -> tuple[str, ...]:
    digits = [i for i, alphabet in enumerate(shape) if alphabet.isdigit()]
    national = digits[1:] if len(digits) == 11 and shape[digits[0]] == "1" else digits
    if len(national) != 10 or (shape[0] == "+" and national is digits):
        return shape
    out = list(shape)
    for place, alphabet in zip(national[:6], ["23456789", "0123456789", "0123456789", "5", "5", "5"], strict=True):
        out[place] = alphabet
    return tuple(out)


def _learn_ssn(values: pl.Series) -> Facts:
    """Keep the separators; areas 900 to 999 with groups 01 to 49 were never issued."""
    dashed = not len(values) or bool(values.str.contains("-").mean() > 0.5)  # type: ignore[operator]
    digits = ("9", "0123456789", "0123456789", "01234", "123456789", *("0123456789",) * 3, "123456789")
    mark = ("-",) if dashed else ()
    shape = (*digits[:3], *mark, *digits[3:5], *mark, *digits[5:])
    return {"shapes": [shape], "shares": [shapes.CYCLE]}


def _learn_cards(values: pl.Series) -> Facts:
    given = values if len(values) else pl.Series(["4000 0000 0000 0000"])
    return {"forms": _forms(given, lambda text: text[:1] + re.sub(r"\d", "9", text[1:]), "")}


def _draw_cards(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    chosen = np.array(_choose(facts["forms"], numbers, key), object)
    out = np.empty(len(numbers), object)
    for form in sorted(set(chosen.tolist())):
        rows = chosen == form
        start = TEST_CARDS.get(form[0], TEST_CARDS["4"])
        free = max(1, sum(c.isdigit() for c in form) - len(start) - 1)
        bodies = shapes.draw(shapes.of_pattern("9" * free), numbers[rows], key, strict, column)
        out[rows] = [_card(start + body, form) for body in bodies]
    texts: list[str] = out.tolist()
    return texts


def _card(digits: str, form: str) -> str:
    left = iter(f"{digits}{luhn(digits)}")
    return "".join(next(left, "0") if c.isdigit() else c for c in form)


def luhn(digits: str) -> int:
    """Return the check digit that makes a card number valid (ISO/IEC 7812-1)."""
    total = 0
    for i, c in enumerate(reversed(digits)):
        doubled = int(c) * (2 if i % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def _learn_iban(values: pl.Series) -> Facts:
    given = values if len(values) else pl.Series(["DE00 0000 0000 0000 0000 00"])
    spaced = bool(given.str.contains(" ").mean() > 0.5)  # type: ignore[operator]
    plain = given.str.replace_all(" ", "").str.to_uppercase()
    form = plain.str.slice(0, 2) + plain.str.slice(4).str.replace_all(r"\d", "9").str.replace_all("[A-Z]", "A")
    return {"forms": _forms(form, lambda text: text, ""), "spaced": spaced}


def _draw_iban(facts: Facts, numbers: Words, key: int, strict: bool, column: str) -> list[str]:
    """Draw account numbers with a valid checksum (ISO 13616)."""
    chosen = np.array(_choose(facts["forms"], numbers, key), object)
    out = np.empty(len(numbers), object)
    for form in sorted(set(chosen.tolist())):
        rows = chosen == form
        accounts = shapes.draw(shapes.of_pattern(form[2:]), numbers[rows], key, strict, column)
        out[rows] = [_checked(form[:2], account, facts["spaced"]) for account in accounts]
    texts: list[str] = out.tolist()
    return texts


def _checked(country: str, account: str, spaced: bool) -> str:
    value = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    text = f"{country}{98 - int(value) % 97:02d}{account}"
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4)) if spaced else text


FORMATS: dict[str, tuple[Callable[[pl.Series], Facts], Callable[..., list[str]]]] = {
    "name": (lambda v: {"forms": _forms(v, _name_form, "title|first last")}, _draw_names),
    "first_name": (_cases, _draw_from("person", "names")),
    "last_name": (_cases, _draw_from("person", "surnames")),
    "email": (lambda v: {"forms": _forms(v, _email_form, ".|0")}, _draw_emails),
    "phone": (_learn_phones, _draw_shapes),
    "address": (lambda v: {"forms": _forms(v, _address_form, "title|N|2|SZ")}, _draw_addresses),
    "street": (lambda v: {"forms": _forms(v, _address_form, "title|N|0|")}, _draw_addresses),
    "city": (_cases, _draw_from("address", "city")),
    "postcode": (_patterned("99999"), _draw_shapes),
    "ip": (lambda v: {"forms": _forms(v, lambda text: "6" if ":" in text else "4", "4")}, _draw_ips),
    "url": (lambda v: {"forms": _forms(v, _url_form, "https||1")}, _draw_urls),
    "iban": (_learn_iban, _draw_iban),
    "credit_card": (_learn_cards, _draw_cards),
    "ssn": (_learn_ssn, _draw_shapes),
}
"""One entry a format of core.schema.PERSON_FORMATS: how to learn its shape, how to draw it."""
