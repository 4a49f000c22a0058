"""Addresses as blocks: what follows a street (town, state, code, country), and streets that only their place shows.

Works on what the other rules found: a flat ("Suite 7") or an address word ("lives at") marks the street beside it, and
a street marks the lines or the parts between commas after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from simulacra.mask import _names_words as own
from simulacra.mask._names import CITY, GIVEN, HEAD, LEGAL, PLACE, STOP, TITLE, Gazetteer, gazetteer
from simulacra.mask._rules import Found

_PIECES: Final = 6
"""Most parts after a street that are read as one address."""
_UP = r"[A-ZÀ-ÖØ-ÞĀ-ŽΑ-ΩΆ-ΏА-Я]"
_TOWN = rf"(?:St\.|{_UP}[^\W\d_]*(?:['’-][^\W\d_]+)*)"
_CAPS: Final = re.compile(
    rf"{_TOWN}(?:[ -](?:(?:de la|de|del|do|da|dos|of the|of|the|am|an der|an|im|on|sur|les|la|le|nad|u|pod"
    rf"|bei|and|und|y|i)[ -])?{_TOWN}){{0,5}}"
)
_LINE: Final = re.compile(r"[^\W\d_][^\W\d_ '’.-]*(?:[ '’-][^\W\d_]+){0,4}(?=[ \t]*(?:[,\n]|\d{4,6}\b|$))")
_BREAK: Final = re.compile(r"(?:[ \t]*,[ \t]*\n?|[ \t]*\n)(?:[\s>?*|]|,(?=[ \n]))*|[ \t]+")
_CODE: Final = re.compile(
    r"\d{4,6}(?:-\d{4})?\b(?![.,/:-]?\d)|\d{3} \d{2}\b|[A-Z]{1,2}\d[A-Z\d]?"
    r" ?\d[A-Z]{2}\b|[A-Z]\d[A-Z] ?\d[A-Z]\d\b"
)
_STATE: Final = re.compile(r"[A-Z]{1,2}\b(?=[ ,\n.]|$)")
_ENDS: Final = re.compile(r"[ \t]*(?:[,\n]|$|\.(?:\s|$)|\d{4,6}\b|[A-Z]{2}\b(?=[ ,\n.]|$)|\bin case\b)")
_NUMBER_BEFORE: Final = re.compile(r"(?<![\w.,/:$€£#-])\d{1,4}[A-Za-z]?,? $")
_OF_UNIT: Final = re.compile(r"(?i)\b(?:apt|apartment|suite|ste|unit|flat|box|psc|no|#)\.? ?$")
_STREET_LIKE: Final = re.compile(
    r"(?<![\w.,/:$€£#-])\d{1,5}[A-Za-z]?(?:/\d+)? (?:[^\W\d_][\w'’.-]*[ -]){1,5}\d{1,5}[A-Za-z]?\.?(?=["
    r" \t]*(?:,|\n|$|(?:apt|suite|flat)\b))"
    r"|(?:(?<=\n)|(?<=^)|(?<=> )|(?<=\? ))(?:[^\W\d_][\w'’.-]*[ -]){1,4}\d{1,5}[A-Za-z]?\.?(?=[ \t]*(?:,|\n"
    r"|$|(?:apt|suite|flat)\b))",
    re.IGNORECASE,
)
_CUE: Final = re.compile(
    r"(?i)\b(?:address(?:es)?(?: is| are| to| with|:| as)?(?: the same:?)?|lives? at|living at|resid(?:es"
    r"|ing) at|located at|office is at|moved to"
    r"|meet(?:ing)? (?:me|us|you)? ?at|sen[dt] (?:it |this )?to|taxi to|return(?:ed)? to|deliver(?:ed)? to"
    r"|shipped? to|arrived at|corner of"
    r"|pedestrians must enter on|wohnhaft(?: in)?|wohnt in(?: der)?|anschrift|adresse|domicilié(?:e)? (?:au"
    r"|à)|habite (?:au|à)|dirección"
    r"|vive en|title refers to|it's in|home at|house at|stays at|delivery to)\b:?\s{0,6}(?:is |the )?"
)
_CUED: Final = re.compile(
    rf"\d{{1,5}}[A-Za-z]?,? (?:[^\W\d_][\w'’.-]*[ -]){{0,5}}[^\W\d_][\w'’.-]*(?: \d{{1,5}}[A-Za-z]?\b)?"
    rf"|{_UP}[\w'’.-]*(?:[ -]{_UP}[\w'’.-]*){{0,4}} \d{{1,5}}[A-Za-z]?\b"
)
_UNITS: Final = own.of(
    "years year days day months month weeks week hours hour minutes minute times people percent mg ml miles km am pm"
)
_REPUBLIC: Final = re.compile(
    rf"\b(?:(?:People's|Democratic|Federal|Islamic|United|Federated|Czech|Dominican) )*(?:Republic|Kingdom"
    rf"|States|Province|County|Isle|Commonwealth|Principality)(?: of (?:the )?{_UP}\w+)"
    rf"|\b{_UP}\w+(?: {_UP}\w+)? (?:County|Province|Prefecture|Oblast|Township|Borough)\b"
)
_NUMBER_AFTER: Final = re.compile(
    r",? {1,2}(?:[A-Z]{2} )?(\d{4,6}(?:-\d{4})?)(?![\w%]|[.,:/-]\d| (?:years?"
    r"|people|km|miles|men|women|in)\b)"
)
_CODE_BEFORE: Final = re.compile(r"(?<![\w.,/:$€£#-])(?:[A-Z]{1,2}-)?(\d{4,5}) $")


def regions(text: str) -> Iterator[Found]:
    """Yield "Republic of the Congo", "Orange County"."""
    for match in _REPUBLIC.finditer(text):
        yield *match.span(), "LOCATION", 0.86, "region"


def extend(text: str, hits: Sequence[Found], caseless: bool) -> Iterator[Found]:
    """Yield what the hits of a text make likely beside them. hits: sorted, none overlapping another."""
    lists = gazetteer()
    streets = [hit for hit in hits if hit[2] == "ADDRESS"]
    streets += _cued(text, hits)
    if streets:
        streets += _streets(text)
    known = set(hits)
    for hit in streets:
        start = hit[0]
        number = _NUMBER_BEFORE.search(text, max(0, start - 7), start)
        if number and _OF_UNIT.search(text, max(0, number.start() - 12), number.start()):
            number = None
        if number or hit not in known:
            yield (number.start() if number else start), hit[1], "ADDRESS", max(hit[3], 0.7), "address block"
        if any(sign.isdigit() for sign in text[start : hit[1]]):
            yield from _after(text, hit[1], lists, caseless)
    for hit in hits:
        if hit[2] in ("CITY", "LOCATION"):
            yield from _codes(text, hit)


def _streets(text: str) -> list[Found]:
    return [(*match.span(), "ADDRESS", 0.7, "address block") for match in _STREET_LIKE.finditer(text)]


def _cued(text: str, hits: Sequence[Found]) -> list[Found]:
    """Find the street after "lives at", "my address is"."""
    found: list[Found] = []
    for cue in _CUE.finditer(text):
        match = _CUED.match(text, cue.end())
        if match and _UNITS.isdisjoint(match[0].lower().split()):
            end = match.end()
            words = list(re.finditer(r"\S+", match[0]))
            for word in words[1:]:
                if word[0].lower() in own.STOP and word[0].lower() not in own.PARTICLES:
                    end = match.start() + word.start() - 1
                    break
            if end - match.start() > 4:
                found.append((match.start(), end, "ADDRESS", 0.7, "address word"))
    return found


def _after(text: str, end: int, lists: Gazetteer, caseless: bool) -> Iterator[Found]:
    """Yield town, state, code and country after a street, as long as the text goes on like an address."""
    for _ in range(_PIECES):
        gap = _BREAK.match(text, end)
        if gap is None or gap.end() >= len(text):
            return
        at, broken = gap.end(), any(sign in gap[0] for sign in ",\n")
        code = _CODE.match(text, at)
        if code and any(sign.isdigit() for sign in code[0]):
            yield *code.span(), "POSTCODE", 0.86 if broken or end else 0.8, "address block"
            end = code.end()
            continue
        state = _STATE.match(text, at)
        if state and (len(state[0]) == 2 or broken):
            yield *state.span(), "LOCATION", 0.85 if broken else 0.7, "address block"
            end = state.end()
            continue
        words = _LINE.match(text, at) if caseless else _CAPS.match(text, at)
        kind = words and _town(text, words, broken, lists, caseless)
        if not words or not kind:
            return
        yield at, at + kind[1], kind[0], 0.86 if broken else 0.75, "address block"
        end = at + kind[1]


def _town(text: str, words: re.Match[str], broken: bool, lists: Gazetteer, caseless: bool) -> tuple[str, int] | None:
    """Return the type of a part of an address and how long it is, or None when the sentence goes on."""
    parts = re.findall(r"[\w'’]+", words[0].lower())
    flags = [lists.words.get(part, 0) for part in parts]
    if not parts or flags[0] & (STOP | TITLE) and parts[0] not in own.PARTICLES and len(parts) < 2:
        return None
    if flags[0] & STOP and parts[0] not in own.PARTICLES or any(flag & LEGAL for flag in flags[1:]):
        return None
    place = [bool(flag & (CITY | PLACE)) for flag in flags]
    if len(parts) > 1 and flags[0] & GIVEN and not flags[0] & CITY and not any(place):
        return None
    if flags[-1] & HEAD and len(parts) > 1 and parts[-1] in own.STRONG_LEGAL:
        return None
    length = len(words[0].rstrip(".'’"))
    ends = _ENDS.match(text, words.start() + length) is not None
    known = all(place) or tuple(parts[1:]) in {
        rest for rest, flag in lists.phrases.get(parts[0], ()) if flag & (CITY | PLACE)
    }
    if caseless and not (broken or known):
        return None
    if not known and not (ends and (broken or any(place) or not caseless)):
        return None
    country = len(parts) <= 2 and bool(flags[-1] & PLACE) and not flags[-1] & CITY
    return "LOCATION" if country else "CITY", length


def _codes(text: str, hit: Found) -> Iterator[Found]:
    """Yield the postal code beside a town or a country: "Moldova 73916", "75001 Paris"."""
    after = _NUMBER_AFTER.match(text, hit[1])
    if after and (len(after[1]) > 4 or not after[1].startswith(("19", "20"))):
        yield *after.span(1), "POSTCODE", 0.86 if len(after[1]) > 4 else 0.6, "code beside a place"
    before = _CODE_BEFORE.search(text, max(0, hit[0] - 10), hit[0])
    if before and (len(before[1]) > 4 or not before[1].startswith(("19", "20"))):
        yield *before.span(1), "POSTCODE", 0.88 if len(before[1]) > 4 else 0.7, "code beside a place"
