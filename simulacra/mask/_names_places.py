"""Places and bodies: entries of several words, single words, legal forms and heads such as "Hospital"."""

from __future__ import annotations

from simulacra.mask import _names_more as more
from simulacra.mask import _names_words as own
from simulacra.mask._names import (
    AMBIGUOUS,
    CALENDAR,
    CITY,
    HEAD,
    LEGAL,
    NAME,
    PARTICLE,
    PLACE,
    STOP,
    TITLE,
    WEAK,
    WORD,
    Gazetteer,
)
from simulacra.mask._names_people import titled
from simulacra.mask._names_text import Words
from simulacra.mask._rules import Found


def phrase(words: Words, i: int, lists: Gazetteer) -> tuple[Found, int] | None:
    """Return the longest entry of several words that begins at word i: a city, a country, a bank, a university."""
    for rest, flag in lists.phrases[words.low[i]]:
        last = i + len(rest)
        if last >= words.count or tuple(words.low[i + 1 : last + 1]) != rest:
            continue
        if any("\n" in words.gap(k) or len(words.gap(k)) > 2 for k in range(i + 1, last + 1)):
            continue
        if not flag & (CITY | PLACE | HEAD):
            return None
        cased = words.cap[i] and words.cap[last]
        ordinary = all(words.flag[k] & (WORD | STOP) for k in range(i, last + 1))
        if not cased and (
            (ordinary and not flag & PLACE)
            or not (words.caseless or words.low[i - 1] in own.BEFORE_PLACE or flag & PLACE)
        ):
            continue
        if (
            flag & CITY
            and words.flag[i] & NAME
            and words.flag[last] & NAME
            and words.low[i - 1] not in own.BEFORE_PLACE
        ):
            continue
        kind = "ORGANIZATION" if flag & HEAD else "LOCATION" if flag & PLACE else "CITY"
        score = 0.87 if cased and not ordinary else 0.7 if cased or not ordinary else 0.55
        return (words.start[i], words.end[last], kind, score, "gazetteer"), last + 1
    return None


def place(words: Words, first: int, last: int) -> Found | None:
    """Return the city or country that a run of one word is, if more speaks for it than for a person."""
    if last - first > 1:
        return None
    flag, before = words.flag[first], words.low[first - 1] if first else ""
    if not flag & (CITY | PLACE):
        return None
    asked = before in own.BEFORE_PLACE and words.gap(first) == " "
    sure = flag & PLACE or words.low[first] in more.CITIES
    kind = "LOCATION" if flag & PLACE and words.low[first] not in more.CITIES else "CITY"
    if words.cap[first] and words.low[first] in more.COUNTRIES and not titled(words, first):
        return words.start[first], words.end[first], kind, 0.85, "gazetteer"
    if flag & AMBIGUOUS or (flag & WORD):
        if not (words.cap[first] and (asked or (sure and not flag & NAME and not words.opens(first)))):
            return None
        return words.start[first], words.end[first], kind, 0.75 if asked else 0.6, "gazetteer"
    if flag & NAME and not asked and not sure:
        return None
    if not words.cap[first]:
        if not (sure or (asked and len(words.low[first]) > 3)):
            return None
        return (
            words.start[first],
            words.end[first],
            kind,
            0.75 if sure and (asked or words.caseless) else 0.6,
            "gazetteer",
        )
    return words.start[first], words.end[first], kind, 0.9 if sure or asked else 0.8, "gazetteer"


def body(words: Words, first: int, last: int) -> Found | None:
    """Return the company or institution that a run ends with or is headed by."""
    flags, low = words.flag, words.low
    if words.caseless and not words.upper and low[last - 1] not in own.STRONG_LEGAL:
        return None
    for k in range(last - 1, first, -1):
        if low[k] in own.STRONG_LEGAL or (flags[k] & LEGAL and words.raw[k].isupper() and not words.upper):
            return words.start[first], words.end[k], "ORGANIZATION", 0.9, "legal form"
    heads = [k for k in range(first, last) if flags[k] & HEAD and low[k] in own.HEADS]
    if not heads or words.upper:
        return None
    head = heads[-1]
    before = [k for k in range(first, head) if not flags[k] & TITLE]
    if not before:
        return _headed(words, head, last)
    rare = any(not flags[k] & (WORD | STOP) or flags[k] & (NAME | CITY | PLACE) for k in before)
    if not rare and (flags[head] & WEAK or words.titled):
        return None
    return (
        words.start[before[0]],
        words.end[head],
        "ORGANIZATION",
        0.86 if rare and not flags[head] & WEAK else 0.7,
        "head",
    )


def _headed(words: Words, head: int, last: int) -> Found | None:
    """Return "University of Leeds", "Klinikum Nord", "Banco Santander"."""
    if last - head > 1 and not words.flag[head] & WEAK and words.cap[head + 1] and not words.flag[head + 1] & WORD:
        return words.start[head], words.end[last - 1], "ORGANIZATION", 0.72, "head"
    if (
        last == head + 1
        and last + 1 < words.count
        and words.low[last] in ("of", "for", "de", "di", "der", "des")
        and words.gap(last) == " "
    ):
        k = last + 1
        while k < words.count and words.gap(k) == " " and (words.cap[k] or words.flag[k] & PARTICLE) and k - last < 5:
            k += 1
        if k > last + 1 and words.cap[k - 1] and not words.flag[k - 1] & CALENDAR:
            return words.start[head], words.end[k - 1], "ORGANIZATION", 0.85, "head"
    return None
