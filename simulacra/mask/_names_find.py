"""People, places and bodies in running text: words with their flags, runs of words, and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulacra.mask import _names_words as own
from simulacra.mask._names import (
    AMBIGUOUS,
    CALENDAR,
    CITY,
    ENGLISH,
    FAMILY,
    GIVEN,
    HEAD,
    LEGAL,
    NAME,
    NATION,
    PARTICLE,
    PHRASE,
    PLACE,
    STOP,
    TITLE,
    WEAK,
    WORD,
    Gazetteer,
    gazetteer,
    namelike,
    wordlike,
)
from simulacra.mask._rules import Found

_WORDS: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+|['’](?!s\b|S\b|re\b|ll\b|ve\b|d\b|m\b|t\b)[^\W\d_]+)*")
_JOIN: Final = frozenset((" ", "-", "  ", "\u00a0", " -", "- "))
_GERMAN: Final = frozenset("der die das und ist nicht mit ein eine für auf von dem den wir sie ich wurde wird auch bei nach im zur zum".split())


_SPEAKER: Final = re.compile(r"(?:\]|\d\d:\d\d(?::\d\d)?|>) ?$")
"""What stands before the one who speaks in a chat: "[10:32] will: ..."."""


_ARTICLES: Final = frozenset("the a an this that these those my your his her its our their some any every no of".split())
"""Words before a thing rather than a person that no list holds ("the Kremlin")."""
_LISTING: Final = frozenset((", ", " and ", ", and ", " & ", " und ", " et ", " y ", " e ", " or ", "/", " / ", " , ", "; "))


class Words:
    """The words of one text: text, low (lower case), start, end, flag, cap (first letter is a capital), gap (before each).

    caseless: capitals say nothing here. titled: nearly every word has one. named: where the last person's name ended.
    """

    __slots__ = ("cap", "caseless", "count", "end", "flag", "german", "low", "named", "raw", "start", "text", "titled", "upper")

    def __init__(self, text: str, known: dict[str, int], language: str | None = None) -> None:
        self.text = text
        found = list(_WORDS.finditer(text))
        self.raw = [match[0] for match in found]
        self.start = [match.start() for match in found]
        self.end = [match.end() for match in found]
        self.low = text.lower() and [word.lower() for word in self.raw]
        self.count = len(found)
        self.flag = [known.get(word, 0) or _hyphened(word, known) for word in self.low]
        capitals = [word[0].isupper() or (word[:3] in ("al-", "el-") and word[3:4].isupper()) for word in self.raw]
        shouted = sum(word.isupper() for word in self.raw if len(word) > 1)
        long = sum(len(word) > 1 for word in self.raw)
        self.upper = long > 1 and shouted > 0.8 * long
        lowered = self.count > 1 and not any(capitals)
        self.caseless = self.upper or lowered
        self.cap = [False] * self.count if self.caseless else capitals
        # A line of capitalised words is a heading or a title: a capital says less there.
        self.titled = self.count > 4 and sum(capitals) > 0.75 * self.count
        self.named = -9
        self.german = language == "de" if language else sum(word in _GERMAN for word in self.low) >= 2

    def gap(self, i: int) -> str:
        """Return what stands between word i - 1 and word i."""
        return self.text[self.end[i - 1] : self.start[i]] if i else "\n"

    def opens(self, i: int) -> bool:
        """Tell whether word i begins a sentence or a line."""
        if i == 0:
            return True
        gap = self.gap(i)
        return not gap.strip(" \t\"'“”‘’(") == "" and any(sign in gap for sign in ".!?:\n•*>…|") and not self._shortened(i, gap)

    def _shortened(self, i: int, gap: str) -> bool:
        return gap.startswith(". ") and (self.low[i - 1] in own.ABBREVIATED or len(self.low[i - 1]) == 1)


def _hyphened(word: str, known: dict[str, int]) -> int:
    """Give "anne-marie" and "smith-jones" what their parts have in common."""
    if "-" not in word:
        return known.get(word.replace("’", "'"), 0) if "’" in word else 0
    flags = [known.get(part, 0) for part in word.split("-")]
    names = [flag & NAME for flag in flags]
    if all(names):
        return FAMILY | (GIVEN & flags[0] & flags[-1])
    return WORD if all(flag & (WORD | STOP) for flag in flags) else 0


def find(text: str, language: str | None = None) -> Iterator[Found]:
    """Yield people, places and bodies; hits of different kinds may overlap. language: None tells it from the words."""
    lists = gazetteer()
    words = Words(text, lists.words, language)
    i = 0
    while i < words.count:
        flag = words.flag[i]
        if flag & PHRASE:
            found = _phrase(words, i, lists)
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


def _phrase(words: Words, i: int, lists: Gazetteer) -> tuple[Found, int] | None:
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
        if not cased and ((ordinary and not flag & PLACE) or not (words.caseless or words.low[i - 1] in own.BEFORE_PLACE or flag & PLACE)):
            continue
        if flag & CITY and words.flag[i] & NAME and words.flag[last] & NAME and words.low[i - 1] not in own.BEFORE_PLACE:
            continue
        kind = "ORGANIZATION" if flag & HEAD else "LOCATION" if flag & PLACE else "CITY"
        score = 0.87 if cased and not ordinary else 0.7 if cased or not ordinary else 0.55
        return (words.start[i], words.end[last], kind, score, "gazetteer"), last + 1
    return None


def _run(words: Words, i: int) -> int:
    """Return the end (exclusive) of the run of words from i that belong together: "Anna-Lena van der Berg"."""
    k = i
    while k < words.count:
        if k > i and not _joined(words, k):
            break
        if not _part(words, k):
            # A particle inside a run needs a part of a name after it.
            ahead = k
            while ahead < words.count and ahead > i and words.flag[ahead] & PARTICLE and words.gap(ahead) == " " and ahead - k < 3:
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
        return bool(flag & (NAME | CITY | PLACE | LEGAL | TITLE) and not flag & (STOP | WORD)) or (not flag and len(words.low[k]) > 2)
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
    body = _body(words, first, last)
    if body:
        yield body
        return
    # Ordinary words around a name do not belong to it: "Patient Anna Smith".
    while first < last and (_ordinary(words, first, first) and not flags[first] & PARTICLE or flags[first] & NATION):
        first += 1
    while last > first and (_ordinary(words, last - 1, first) or (flags[last - 1] & PARTICLE and not flags[last - 1] & NAME)):
        last -= 1
    # What is left may hold ordinary words in the middle: the part before them is judged, then the rest.
    for k in range(first + 1, last):
        if _ordinary(words, k, first):
            yield from _judge(words, first, k, known)
            yield from _judge(words, k, last, known)
            return
    if last <= first:
        return
    titled = _titled(words, first)
    place = None if titled else _place(words, first, last)
    if place:
        yield place
        return
    score = 0.95 if titled else _person(words, first, last)
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


def _body(words: Words, first: int, last: int) -> Found | None:
    """Return the company or institution that a run ends with or is headed by."""
    flags, low = words.flag, words.low
    if words.caseless and not words.upper and not low[last - 1] in own.STRONG_LEGAL:
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
    return words.start[before[0]], words.end[head], "ORGANIZATION", 0.86 if rare and not flags[head] & WEAK else 0.7, "head"


def _headed(words: Words, head: int, last: int) -> Found | None:
    """Return "University of Leeds", "Klinikum Nord", "Banco Santander"."""
    if last - head > 1 and not words.flag[head] & WEAK and words.cap[head + 1] and not words.flag[head + 1] & WORD:
        return words.start[head], words.end[last - 1], "ORGANIZATION", 0.72, "head"
    if last == head + 1 and last + 1 < words.count and words.low[last] in ("of", "for", "de", "di", "der", "des") and words.gap(last) == " ":
        k = last + 1
        while k < words.count and words.gap(k) == " " and (words.cap[k] or words.flag[k] & PARTICLE) and k - last < 5:
            k += 1
        if k > last + 1 and words.cap[k - 1] and not words.flag[k - 1] & CALENDAR:
            return words.start[head], words.end[k - 1], "ORGANIZATION", 0.85, "head"
    return None


def _place(words: Words, first: int, last: int) -> Found | None:
    """Return the city or country that a run of one word is, if more speaks for it than for a person."""
    if last - first > 1:
        return None
    flag, before = words.flag[first], words.low[first - 1] if first else ""
    if not flag & (CITY | PLACE):
        return None
    asked = before in own.BEFORE_PLACE and words.gap(first) == " "
    sure = flag & PLACE or words.low[first] in own.CITIES
    kind = "LOCATION" if flag & PLACE and words.low[first] not in own.CITIES else "CITY"
    if words.cap[first] and words.low[first] in own.COUNTRIES and not _titled(words, first):
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
        return words.start[first], words.end[first], kind, 0.75 if sure and (asked or words.caseless) else 0.6, "gazetteer"
    return words.start[first], words.end[first], kind, 0.9 if sure or asked else 0.8, "gazetteer"


def _person(words: Words, first: int, last: int) -> float:
    """Return how likely a run is a person's name, from its words and those around."""
    flags, low = words.flag, words.low
    parts = [k for k in range(first, last) if not (flags[k] & PARTICLE and not words.cap[k])]
    before = low[first - 1] if first else ""
    near = first > 0 and _near(words.gap(first))
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


def _listed(words: Words, first: int) -> bool:
    """Tell whether a name stands just before in a list: "Anna, Hope and Dawn"."""
    between = words.text[words.named : words.start[first]] if 0 < words.named < words.start[first] < words.named + 8 else ""
    return words.cap[first] and between in _LISTING


def _titled(words: Words, first: int) -> bool:
    """Tell whether a title stands before a word that can be a name: "Dr. Rao", "mr. hurst"."""
    if first == 0 or not words.flag[first - 1] & TITLE or not _near(words.gap(first)) or "\n" in words.gap(first):
        return False
    if words.low[first - 1] not in own.ABBREVIATED and words.gap(first) != " ":
        return False
    return words.cap[first] and words.cap[first - 1] or (words.low[first - 1] in own.MARRIED and bool(words.flag[first] & NAME))


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
        score = (min(score, 0.72) if given and (family or odd) and not flags[first] & AMBIGUOUS else 0.4 * bool(score)) + 0.1 * cue
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
    if _SPEAKER.search(words.text, max(0, words.start[k] - 9), words.start[k]) and words.text.startswith(":", words.end[k]):
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
