"""Dates in figures and in words of many languages, and ages over 89. A year, a weekday or a time alone is no date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulacra.mask._rules import Found

_MONTHS: Final = (
    "january|jan|february|feb|march|mar|april|apr|may|june|jun|july|jul|august|aug|september|sept|sep"
    "|october|oct|november"
    "|nov|december|dec"
    "|januar|jänner|februar|feber|märz|mrz|mai|juni|juli|oktober|okt|dezember|dez"
    "|janvier|janv|février|fevrier|févr|fév|mars|avril|avr|juin|juillet|juil|août|aout|septembre|octobre"
    "|novembre|décembre|decembre|déc"
    "|enero|ene|febrero|marzo|abril|abr|mayo|junio|julio|agosto|ago|septiembre|setiembre|octubre|noviembre"
    "|diciembre|dic"
    "|gennaio|gen|febbraio|aprile|maggio|mag|giugno|giu|luglio|lug|settembre|set|ottobre|ott|dicembre"
    "|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro"
    "|januari|februari|maart|mrt|mei|augustus|augusti|maj|oktober|december"
    "|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia"
    "|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
)
_STEMS: Final = tuple(sorted({month[:3] for month in _MONTHS.split("|")}))
_TIME = r"(?:(?:T|,? (?:at |um |à )?)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]\.?m\b\.?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[6-9]|20|21)\d{2}"
_DAY_WORDS = (
    "mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?"
    "|sun(?:day)?|montag|dienstag"
    "|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes"
    "|martes|miércoles"
    "|jueves|viernes|sábado|domingo"
)
_OF = r"(?:\.?[ -]{1,2}|\.? (?:of|de|di|del) )"
_WRITTEN: Final = re.compile(
    rf"(?i)(?<![\w.])(?:(?:{_DAY_WORDS})\.?,? (?:the |den |le |el )?)?(?:"
    rf"{_DAY}(?:st|nd|rd|th|er|º|°|ª)?{_OF}(?:{_MONTHS})\b\.?(?:(?:,? ?|-| de | del )(?:{_YEAR}\b|'?\d{{2}}(?![\w:])))?"
    rf"|(?:{_MONTHS})\b\.?(?: the)?[ -]{_DAY}(?:st|nd|rd|th)?(?:(?:, ?| |-)(?:{_YEAR}|'\d{{2}}))?(?![\w%]|[.,:]\d)"
    rf"|(?:{_MONTHS})\b\.?(?:,? | de | del |-|/)(?:of )?{_YEAR}(?!\w)"
    rf"|{_YEAR}[ -](?:{_MONTHS})[ -]{_DAY}(?!\w)"
    rf"){_TIME}(?!\w)"
)
_FIGURES: Final = re.compile(
    rf"(?<![\w/.,$€£-])(?:{_YEAR}([-/.])(?:0?[1-9]|1[0-2])\1{_DAY}|{_DAY}([/.-])(?:0?[1-9]|1[0-2])\2(?:{_YEAR}|\d{{2}})"
    rf"|(?:0?[1-9]|1[0-2])([/.-]){_DAY}\3(?:{_YEAR}|\d{{2}})){_TIME}(?![\w/]|[.-]\d)"
)
_SPACED: Final = re.compile(rf"(?<![\w/.,-])(?:{_DAY}\. ?(?:0?[1-9]|1[0-2])\. ?(?:{_YEAR}|\d{{2}})?)(?![\w/]|[.-]\d)")
_PLAIN: Final = re.compile(r"(?<![\w.-])(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![\w-]|\.\d)")
_SHORT: Final = re.compile(
    r"(?<![\w/.,-])(?:0?[1-9]|1[0-2]|[12]\d|3[01])/(?:0?[1-9]|[12]\d|3[01]|(?:19|20)\d{2})(?![\w/%]|[.-]\d)"
)
_CJK: Final = re.compile(r"(?:(?:19|20)\d{2}\s?[年년]\s?)\d{1,2}\s?[月월](?:\s?\d{1,2}\s?[日일])?")
_VERB: Final = re.compile(
    r"^\d{1,2} (?:may|march|mar|set|gen|ago|mag|jan)$|^(?:may|march|mar|set|gen|ago|mag) \d{1,2}$"
)
"""What is a month only when it begins with a capital or a year follows ("3 may", "set 5")."""
_SAYS: Final = re.compile(
    r"(?i)\b(?:dob|d\.o\.b\.?|doa|dod|born|birth(?:day|date)?|date|dated|on|since|until|till|from|by|before"
    r"|after|admit\w*|discharg\w*"
    r"|died|deceased|seen|visit\w*|geb\.?|geboren|née?|nacid[oa]|nat[oa]|am|seit|vom|bis|le|du|depuis|el"
    r"|fecha|datum|exp\w*|due|appointment"
    r"|surgery|op|f/u|follow[- ]up|last seen|lmp|dos)\b\W{0,4}(?:is |was |of birth |the |on |: )?$"
)
_OLD: Final = re.compile(
    r"(?i)\b(?:(?:aged?|age of|age is|alter|âge|edad|età)\W{1,3})(9\d|1[0-2]\d)\b(?![./,]\d)"
    r"|(?<![\d.,/$€£-])(9\d|1[0-2]\d)(?=[ -]?(?:years?[ -]old|year[ -]old|yrs?[ -]old|y\.?/?o\b|yo\b|jährig"
    r"|jahre alt|ans\b|años|anni\b|years of age|(?:M|F)\b(?=[ ,])))"
)
_OLD_WORDS: Final = re.compile(
    r"(?i)\b(?:ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|(?:a |one )?hundred(?: and"
    r" \w+)?)(?=[- ]years?[- ]old)"
)


def find(text: str, low: str, digit: bool) -> Iterator[Found]:
    """Yield dates more exact than a year, and ages over 89."""
    if "ninety" in low or "hundred" in low:
        for match in _OLD_WORDS.finditer(text):
            yield *match.span(), "AGE", 0.9, "age over 89"
    if not digit:
        return
    if any(stem in low for stem in _STEMS):
        for match in _WRITTEN.finditer(text):
            if not _VERB.search(match[0]):
                yield *match.span(), "DATE", 0.92, "date in words"
    for match in _FIGURES.finditer(text):
        yield *match.span(), "DATE", 0.92 if len(match[0]) >= 8 else 0.86, "date"
    for match in _PLAIN.finditer(text):
        yield (
            *match.span(),
            "DATE",
            0.9 if _SAYS.search(text, max(0, match.start() - 30), match.start()) else 0.55,
            "date",
        )
    for match in _CJK.finditer(text):
        yield *match.span(), "DATE", 0.93, "date"
    for expression in (_SHORT, _SPACED):
        for match in expression.finditer(text):
            if _SAYS.search(text, max(0, match.start() - 30), match.start()):
                yield *match.span(), "DATE", 0.7, "date by the word before"
    for match in _OLD.finditer(text):
        group = 1 if match[1] else 2
        yield *match.span(group), "AGE", 0.92, "age over 89"
