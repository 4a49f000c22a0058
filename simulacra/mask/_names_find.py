"""People, places and bodies in running text: runs of words, and what each run is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulacra.mask import _names_words as own
from simulacra.mask._names import (
    AMBIGUOUS,
    CALENDAR,
    CITY,
    GIVEN,
    LEGAL,
    NAME,
    NATION,
    PARTICLE,
    PHRASE,
    PLACE,
    STOP,
    TITLE,
    WORD,
    gazetteer,
)
from simulacra.mask._names_people import person, titled
from simulacra.mask._names_places import body, phrase, place
from simulacra.mask._names_text import Words
from simulacra.mask._rules import Found

_JOIN: Final = frozenset((" ", "-", "  ", "\u00a0", " -", "- "))


def find(text: str, language: str | None = None) -> Iterator[Found]:
    """Yield people, places and bodies; hits of different kinds may overlap. language: None tells it from the words."""
    lists = gazetteer()
    words = Words(text, lists.words, language)
    i = 0
    while i < words.count:
        flag = words.flag[i]
        if flag & PHRASE:
            found = phrase(words, i, lists)
            if found:
                yield found[0]
                i = found[1]
                continue
        if not (words.cap[i] or flag & NAME or (flag & (CITY | PLACE | LEGAL) and not flag & WORD) or words.caseless):
            i += 1
            continue
        last = _run(words, i)
        if last > i:
            for hit in _judge(words, i, last, lists.words):
                yield hit
                if hit[2] == "NAME":
                    words.named = hit[1]
            i = last
        else:
            i += 1


def _run(words: Words, i: int) -> int:
    """Return the end (exclusive) of the run of words from i that belong together: "Anna-Lena van der Berg"."""
    k = i
    while k < words.count:
        if k > i and not _joined(words, k):
            break
        if not _part(words, k):
            # A particle inside a run needs a part of a name after it.
            ahead = k
            while (
                ahead < words.count
                and ahead > i
                and words.flag[ahead] & PARTICLE
                and words.gap(ahead) == " "
                and ahead - k < 3
            ):
                ahead += 1
            if ahead == k or ahead >= words.count or words.gap(ahead) not in (" ", "'", "’") or not _part(words, ahead):
                break
            if not (words.cap[ahead] or words.flag[ahead] & NAME):
                break
            k = ahead
        k += 1
    return k


def _joined(words: Words, k: int) -> bool:
    gap = words.gap(k)
    if gap in _JOIN:
        return True
    before = words.low[k - 1]
    if gap in (". ", ".", " . "):
        return (len(before) == 1 and words.raw[k - 1].isupper()) or before in own.ABBREVIATED
    return gap in (" & ", "&") and words.cap[k] and words.cap[k - 1]


def _part(words: Words, k: int) -> bool:
    """Tell whether word k may be part of a name at all."""
    flag = words.flag[k]
    if words.caseless:
        return bool(flag & (NAME | CITY | PLACE | LEGAL | TITLE) and not flag & (STOP | WORD)) or (
            not flag and len(words.low[k]) > 2
        )
    if words.cap[k]:
        if len(words.low[k]) == 1:
            return words.text.startswith(".", words.end[k]) or (k > 0 and words.cap[k - 1] and words.low[k] != "i")
        if flag & STOP and not flag & PARTICLE:
            return False
        return not flag & CALENDAR or bool(flag & NAME) and _beside_name(words, k)
    return bool(flag & (NAME | CITY | PLACE)) and not flag & (WORD | STOP | AMBIGUOUS)


def _beside_name(words: Words, k: int) -> bool:
    """Tell whether a name or a particle stands beside word k: "April Jones", "Jan van der Berg"."""
    after = k + 1 < words.count and words.gap(k + 1) == " " and (words.cap[k + 1] or words.flag[k + 1] & PARTICLE)
    if after and words.flag[k + 1] & (NAME | PARTICLE) and not words.flag[k + 1] & STOP:
        return True
    return k > 0 and words.cap[k - 1] and words.gap(k) == " " and bool(words.flag[k - 1] & GIVEN)


def _judge(words: Words, first: int, last: int, known: dict[str, int]) -> Iterator[Found]:
    """Decide what a run of words is, and how sure that is."""
    flags = words.flag
    company = body(words, first, last)
    if company:
        yield company
        return
    # Ordinary words around a name do not belong to it: "Patient Anna Smith".
    while first < last and (_ordinary(words, first, first) and not flags[first] & PARTICLE or flags[first] & NATION):
        first += 1
    if last - first > 2 and not flags[first] and words.opens(first) and flags[first + 1] & GIVEN:
        first += 1  # an unknown word that only opens the sentence
    while last > first and (
        _ordinary(words, last - 1, first) or (flags[last - 1] & PARTICLE and not flags[last - 1] & NAME)
    ):
        last -= 1
    # What is left may hold ordinary words in the middle: the part before them is judged, then the rest.
    for k in range(first + 1, last):
        if _ordinary(words, k, first):
            yield from _judge(words, first, k, known)
            yield from _judge(words, k, last, known)
            return
    if last <= first:
        return
    by_title = titled(words, first)
    somewhere = None if by_title else place(words, first, last)
    if somewhere:
        yield somewhere
        return
    score = 0.95 if by_title else person(words, first, last)
    if score >= 0.5:
        kind = "NAME"
        if last - first == 1 and not flags[first] & NAME and words.low[first - 1] in own.BEFORE_PLACE and first:
            kind = "CITY"
        yield words.start[first], words.end[last - 1], kind, score, "names"


def _ordinary(words: Words, k: int, first: int) -> bool:
    """Tell whether word k is no part of a name; after a particle every word is ("de Vaan")."""
    flag = words.flag[k]
    if k > first + 1 and words.flag[k - 1] & PARTICLE and words.cap[k]:
        return False
    if len(words.low[k]) == 1 and words.cap[k]:
        return k == first and not words.text.startswith(".", words.end[k])
    return bool(flag & (WORD | STOP | TITLE | NATION)) and not flag & (NAME | PARTICLE | CITY | PLACE)
