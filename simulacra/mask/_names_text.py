"""The words of a text, each with its flags, its place, and whether its capital says anything."""

from __future__ import annotations

import re
from typing import Final

from simulacra.mask import _names_words as own
from simulacra.mask._names import FAMILY, GIVEN, NAME, STOP, WORD

_WORDS: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+|['’](?!s\b|S\b|re\b|ll\b|ve\b|d\b|m\b|t\b)[^\W\d_]+)*")
_GERMAN: Final = own.of(
    "der die das und ist nicht mit ein eine für auf von dem den wir sie ich wurde wird auch bei nach im zur zum"
)


class Words:
    """The words of one text, as lists: raw, low (lower case), start, end, flag, cap (begins with a capital).

    caseless: capitals say nothing here. titled: nearly every word has one. named: where the last person's name ended.
    """

    __slots__ = (
        "cap",
        "caseless",
        "count",
        "end",
        "flag",
        "german",
        "low",
        "named",
        "raw",
        "start",
        "text",
        "titled",
        "upper",
    )

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
        return (
            gap.strip(" \t\"'“”‘’(") != ""
            and any(sign in gap for sign in ".!?:\n•*>…|")
            and not self._shortened(i, gap)
        )

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
