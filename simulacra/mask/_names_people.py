"""How likely a run of words is a person's name."""

from __future__ import annotations

import re
from typing import Final

from simulacra.mask import _names_words as own
from simulacra.mask._names import (
    AMBIGUOUS,
    CALENDAR,
    ENGLISH,
    FAMILY,
    GIVEN,
    NAME,
    NATION,
    PARTICLE,
    STOP,
    TITLE,
    WORD,
    gazetteer,
    namelike,
    wordlike,
)
from simulacra.mask._names_text import Words

_SPEAKER: Final = re.compile(r"(?:\]|\d\d:\d\d(?::\d\d)?|>) ?$")
"""What stands before the one who speaks in a chat: "[10:32] will: ..."."""
_ARTICLES: Final = own.of("the a an this that these those my your his her its our their some any every no of")
"""Words before a thing rather than a person that no list holds ("the Kremlin")."""
_LISTING: Final = frozenset(
    (", ", " and ", ", and ", " & ", " und ", " et ", " y ", " e ", " or ", "/", " / ", " , ", "; ")
)


def person(words: Words, first: int, last: int) -> float:
    """Return how likely a run is a person's name, from its words and those around."""
    flags, low = words.flag, words.low
    parts = [k for k in range(first, last) if not (flags[k] & PARTICLE and not words.cap[k])]
    before = low[first - 1] if first else ""
    near = first > 0 and _near(words.gap(first)) and not (words.opens(first) and "." in words.gap(first))
    if before == "me" and first > 1 and low[first - 2].startswith("call"):
        before = "named"
    cue = near and before in own.BEFORE_PERSON
    strong = (near and before in own.STRONG_BEFORE) or _listed(words, first)
    after = low[last] if last < words.count and words.gap(last) in (" ", "'", "’", ", ") else ""
    plain = [k for k in parts if not flags[k] & AMBIGUOUS]
    given = [k for k in plain if flags[k] & GIVEN]
    family = [k for k in plain if flags[k] & FAMILY or (not flags[k] and namelike(low[k]))]
    if len(parts) >= 2:
        score = _several(words, parts, given, family, cue or strong)
        return max(score, 0.86) if len(parts) < last - first and words.cap[first] and words.cap[last - 1] else score
    k = parts[0] if parts else first
    return _single(words, k, bool(given), bool(family), strong, cue, after)


def titled(words: Words, first: int) -> bool:
    """Tell whether a title stands before a word that can be a name: "Dr. Rao", "mr. hurst"."""
    if first == 0 or not words.flag[first - 1] & TITLE or not _near(words.gap(first)) or "\n" in words.gap(first):
        return False
    if words.low[first - 1] not in own.ABBREVIATED and words.gap(first) != " ":
        return False
    return (
        words.cap[first]
        and words.cap[first - 1]
        or (words.low[first - 1] in own.MARRIED and bool(words.flag[first] & NAME))
    )


def _listed(words: Words, first: int) -> bool:
    """Tell whether a name stands just before in a list: "Anna, Hope and Dawn"."""
    between = (
        words.text[words.named : words.start[first]] if 0 < words.named < words.start[first] < words.named + 8 else ""
    )
    return words.cap[first] and between in _LISTING


def _near(gap: str) -> bool:
    return len(gap) < 5 and not set(gap) - set(" .:,?'\"‘“\n\t-*")


def _several(words: Words, parts: list[int], given: list[int], family: list[int], cue: bool) -> float:
    flags, low = words.flag, words.low
    odd = [k for k in parts if not flags[k]]
    first = parts[0]
    initials = [k for k in parts if len(low[k]) == 1]
    if len(parts) > 5 or (words.titled and len(parts) > 3 and not given):
        return 0.0
    score = 0.0
    if given:
        score = 0.95 if len(given) + len(family) > 1 or family else 0.88 if odd or initials else 0.72
        if first not in given and first not in family and not initials and not flags[first]:
            score = min(score, 0.75)
    elif family:
        score = 0.88 if initials else 0.8 if flags[first] & GIVEN else 0.72
    elif initials and odd:
        score = 0.72
    elif flags[first] & GIVEN and odd:
        score = 0.7
    elif odd and len(odd) == len(parts) and not any(wordlike(low[k], {}) for k in odd):
        score = 0.55
    elif cue and not all(flags[k] & WORD and not flags[k] & NAME for k in parts):
        score = 0.7
    if not words.cap[first]:
        if cue and not score and any(flags[k] & NAME for k in parts):
            return 0.65
        score = (
            min(score, 0.72) if given and (family or odd) and not flags[first] & AMBIGUOUS else 0.4 * bool(score)
        ) + 0.1 * cue
        if words.upper and given:
            score = max(score, 0.8)
    elif cue:
        score = max(score + 0.08, 0.75) if score else score
    return min(score, 0.97)


def _single(words: Words, k: int, given: bool, family: bool, strong: bool, cue: bool, after: str) -> float:
    flag, word = words.flag[k], words.low[k]
    opens, cap = words.opens(k), words.cap[k]
    if len(word) < 2:
        return 0.0
    if _SPEAKER.search(words.text, max(0, words.start[k] - 9), words.start[k]) and words.text.startswith(
        ":", words.end[k]
    ):
        return 0.8 if flag & NAME else 0.6
    says = after in own.AFTER_PERSON or words.text[words.end[k] : words.end[k] + 2] in ("'s", "’s")
    if flag & AMBIGUOUS:
        if not flag & NAME or not cap:
            return 0.0
        sure = strong or (cue and not opens) or (not opens and says) or after in own.AFTER_AMBIGUOUS
        return 0.7 if sure and not words.titled else 0.0
    if not cap:
        if not given or len(word) < 3:
            return 0.62 if strong and flag & FAMILY else 0.0
        if strong:
            return 0.8
        usual = flag & ENGLISH or len(word) > 4
        return (0.7 if words.upper or cue else 0.6) if usual else 0.5 * words.upper
    if words.raw[k].isupper() and not (words.upper or flag & ENGLISH or strong):
        return 0.55 * bool(given or family)
    if given:
        return 0.95 if strong else 0.9 if cue or says else 0.87 if not words.titled else 0.75
    if family:
        return 0.9 if strong else 0.85 if cue or says else 0.78 if flag and not opens else 0.65
    if flag & (WORD | STOP | NATION | CALENDAR):
        return 0.0
    return _unknown(words, k, strong, cue, opens, says)


def _unknown(words: Words, k: int, strong: bool, cue: bool, opens: bool, says: bool) -> float:
    """Weigh a capitalised word that no list holds."""
    word, raw = words.low[k], words.raw[k]
    if len(word) < 3 or wordlike(word, gazetteer().words) or raw.isupper() or words.german or words.titled:
        return 0.72 if strong and len(word) > 2 and not raw.isupper() else 0.0
    if strong:
        return 0.78
    if k and words.low[k - 1] in _ARTICLES:
        return 0.0
    if opens:
        return 0.55 if says and len(word) > 3 else 0.0
    return 0.65 if cue or says else 0.55
