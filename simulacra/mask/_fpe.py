"""Format-preserving surrogates of codes: same length, same classes of characters, valid check digits, never two alike.

A code is a number in mixed radix (10 for a digit, 26 for a letter, 16 inside long hexadecimal codes) and is carried by
a keyed permutation of all codes of its shape: a balanced Feistel network of ten rounds whose round function is
HMAC-SHA-256, walked until the result is of the shape again (Black and Rogaway 2002, "Ciphers with arbitrary finite
domains"). The construction is that of FF1 (NIST SP 800-38G) with HMAC in place of AES; it is not FF1, has no
certificate, and on a shape with few codes (four digits have 9,000) whoever knows some pairs knows as many of the rest
as there are few.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from functools import lru_cache

from simulacra.core.patterns import check_digit, iban, luhn
from simulacra.mask.keys import Key

ROUNDS = 10
SMALL = 10**6
"""Shapes with fewer codes than this are called small, as in SP 800-38G."""
DIGITS, LOWER, UPPER = string.digits, string.ascii_lowercase, string.ascii_uppercase
_HEX = re.compile(r"\{?(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?:0x)?[0-9a-f]{16,})\}?", re.I)


@lru_cache(maxsize=1 << 16)
def encrypt(text: str, key: Key, kind: str = "code") -> str:
    """Return the surrogate of a code; kind: "code", "card" or "iban", whose check digits come out valid.

    The same text and key give the same surrogate, and two texts never share one. A text without letters and digits
    comes back as it is.
    """
    return _carried(text, key, kind, forward=True)


def decrypt(text: str, key: Key, kind: str = "code") -> str:
    """Return the code behind a surrogate of `encrypt`."""
    return _carried(text, key, kind, forward=False)


def size(text: str) -> int:
    """Return how many codes share the shape of a text."""
    out = 1
    for alphabet in _shape(text):
        out *= len(alphabet)
    return out


def _carried(text: str, key: Key, kind: str, *, forward: bool) -> str:
    if kind == "card" and _bare(text).isdecimal() and luhn(text):
        return _card(text, lambda body: _permuted(body, key, "card", forward))
    if kind == "iban" and len(_bare(text)) > 6 and iban(text):
        return _iban(text, lambda body: _permuted(body, key, "iban", forward))
    return _permuted(text, key, "code", forward)


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _card(text: str, carry: Callable[[str], str]) -> str:
    body = carry(_bare(text)[:-1])
    return _poured(f"{body}{check_digit(body)}", text)


def _iban(text: str, carry: Callable[[str], str]) -> str:
    plain = _bare(text).upper()
    account = carry(plain[4:])
    rest = int("".join(str(int(c, 36)) for c in f"{account}{plain[:2]}00")) % 97
    out = _poured(f"{plain[:2]}{98 - rest:02d}{account}", text)
    return out.lower() if text.islower() else out


def _poured(code: str, like: str) -> str:
    """Set the signs of `like` between the characters of a code again."""
    left = iter(code)
    return "".join(next(left) if c.isalnum() else c for c in like)


def _permuted(text: str, key: Key, domain: str, forward: bool) -> str:
    shape = _shape(text)
    if not shape or all(len(alphabet) == 1 for alphabet in shape):
        return text
    number, count = 0, 1
    for letter, alphabet in zip(text, shape, strict=True):
        number = number * len(alphabet) + alphabet.index(letter)
        count *= len(alphabet)
    mark = f"{domain} {_mark(shape)}"
    number = _walk(number, count, key, mark, forward)
    out = []
    for alphabet in reversed(shape):
        number, place = divmod(number, len(alphabet))
        out.append(alphabet[place])
    return "".join(reversed(out))


@lru_cache(maxsize=4096)
def _mark(shape: tuple[str, ...]) -> str:
    """Return a short text that tells shapes apart, so that each has a permutation of its own."""
    return "".join(a if len(a) == 1 else f"\x00{a[0]}{len(a)}" for a in shape)


@lru_cache(maxsize=1 << 16)
def _shape(text: str) -> tuple[str, ...]:
    """Return the alphabet of every character; a sign has only itself, and a number never gains a leading zero."""
    hexadecimal = _HEX.fullmatch(text) is not None and any(c.isalpha() for c in text)
    whole = text.isdecimal() and text.isascii() and len(text) > 1
    out = []
    for i, c in enumerate(text):
        if hexadecimal and c in string.hexdigits:
            out.append(DIGITS + ("ABCDEF" if any(x in "ABCDEF" for x in text) else "abcdef"))
            out[-1] = out[-1] if c in out[-1] else c
        elif whole and i == 0:
            out.append("0" if c == "0" else DIGITS[1:])
        else:
            out.append(next((a for a in (DIGITS, LOWER, UPPER) if c in a), c))
    return tuple(out)


def _walk(number: int, count: int, key: Key, mark: str, forward: bool) -> int:
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    step = _forward if forward else _backward
    number = step(number, half, key, mark)
    while number >= count:
        number = step(number, half, key, mark)
    return number


def _round(right: int, turn: int, half: int, key: Key, mark: str) -> int:
    block = key.mac(f"fpe {turn} {half} {mark}", format(right, "x"))
    if half <= 256:
        return int.from_bytes(block, "big") >> (256 - half)
    width = (half + 7) // 8
    while len(block) < width:
        block += key.mac(f"fpe {turn} {len(block)} {mark}", format(right, "x"))
    return int.from_bytes(block[:width], "big") >> (8 * width - half)


def _forward(x: int, half: int, key: Key, mark: str) -> int:
    left, right = x >> half, x & ((1 << half) - 1)
    for turn in range(ROUNDS):
        left, right = right, left ^ _round(right, turn, half, key, mark)
    return (left << half) | right


def _backward(x: int, half: int, key: Key, mark: str) -> int:
    left, right = x >> half, x & ((1 << half) - 1)
    for turn in reversed(range(ROUNDS)):
        left, right = right ^ _round(left, turn, half, key, mark), left
    return (left << half) | right
