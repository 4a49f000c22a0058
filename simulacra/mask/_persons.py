"""The parts of a written name: titles, given, middle and family names, in either order, initials, possessives."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’‘](?=[^\W\d_])|\u00ad)*")
_DEGREE = re.compile(
    r",?\s*\b(?:M\.?\s?D|D\.?\s?O|Ph\.?\s?D|R\.?\s?N|Esq|D\.?D\.?S|MPH|M\.?Sc|B\.?Sc|M\.?A|B\.?A)\b\.?\s*$"
)
"""What follows a name and belongs to no name; an initial alone is none."""
_OWNS = re.compile(r"['’]s$", re.I)


def listed(words: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(words.split())


TITLES = listed(
    "mr mrs ms miss mx dr prof professor doctor master rev sir dame lady lord fr br sr sra srta don doña herr frau "
    "dipl ing mag mme mlle m med phd md rn np do pa esq jr jnr snr ii iii iv mister madam nurse judge capt sgt lt col "
    "gen hon pt patient"
)
"""Words of a name that are kept as they are."""
FEMALE_TITLES = listed("mrs ms miss dame lady sra srta doña frau mme mlle madam")
MALE_TITLES = listed("mr sir lord herr don mister sr")
PARTICLES = listed("van von der den de del della di da dos das du la le el al bin ibn ten ter zu zur y e")


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """Return a text by which equal names agree: no accents, one case, single blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


@dataclass(frozen=True)
class Word:
    """A word of a name. start, end: where it stands. role: "given", "middle", "family" or "single"."""

    start: int
    end: int
    text: str
    role: str

    @property
    def initial(self) -> bool:
        """Tell whether it is one letter that stands for a name."""
        return len(self.text) == 1

    @property
    def key(self) -> str:
        """Return what equal words agree in."""
        return fold(self.text)


@dataclass(frozen=True)
class Parts:
    """A name taken apart. words: those to be exchanged, as they stand. sex: "female", "male" or "", by the title."""

    words: tuple[Word, ...]
    sex: str = ""

    def of(self, role: str) -> Word | None:
        """Return the first word of a role."""
        return next((w for w in self.words if w.role == role), None)

    @property
    def key(self) -> str:
        """Return the entity: given and family name as in "maria lopez", or the single word."""
        given, family = self.of("given"), self.of("family")
        if given and family:
            return f"{given.key} {family.key}"
        return self.words[0].key if self.words else ""


def parts(text: str, single: str = "single") -> Parts:
    """Take a name apart; single: the role of a name of one word, where a column says it."""
    degree = _DEGREE.search(text)
    stop = degree.start() if degree and degree.start() > 0 else len(text)
    found = [(m.start(), _end(m)) for m in _WORD.finditer(text, 0, stop)]
    titles = {fold(text[s:e]) for s, e in found if _title(text, s, e)}
    # "Judge" alone is somebody's name.
    core = [(s, e) for s, e in found if not _title(text, s, e)] or found[-1:]
    plain = [(s, e) for s, e in core if fold(text[s:e]) not in PARTICLES or len(core) == 1]
    sex = "female" if titles & FEMALE_TITLES else "male" if titles & MALE_TITLES else ""
    roles = _roles(text[:stop], plain, "family" if titles and single == "single" and len(plain) == 1 else single)
    return Parts(tuple(Word(s, e, text[s:e], role) for (s, e), role in zip(plain, roles, strict=True)), sex)


def _end(found: re.Match[str]) -> int:
    owns = _OWNS.search(found.group())
    return found.start() + owns.start() if owns and owns.start() > 0 else found.end()


def _title(text: str, start: int, end: int) -> bool:
    word = text[start:end]
    # A capital with a point is an initial ("M. Lopez") unless it is a title of several letters.
    return len(word) > 1 and fold(word) in TITLES and not (word.isupper() and len(word) < 3 and start > 0)


def _roles(text: str, words: Sequence[tuple[int, int]], single: str) -> list[str]:
    if len(words) < 2:
        return [single] * len(words)
    if single in ("given", "family"):
        # A column of given names may hold two of them.
        return [single] + ["middle" if single == "given" else "family"] * (len(words) - 1)
    comma = text.find(",")
    first = [i for i, (_, end) in enumerate(words) if end <= comma] if comma >= 0 else []
    if first and len(first) < len(words):
        rest = ["given", *["middle"] * (len(words) - len(first) - 1)]
        return ["family"] * len(first) + rest
    joined = [text[a[1] : b[0]] == "-" for a, b in zip(words[1:], words[2:], strict=False)]
    middle = ["family" if all(joined[i:]) and joined[i:] else "middle" for i in range(len(words) - 2)]
    return ["given", *middle, "family"]


def cased(new: str, like: str) -> str:
    """Return a word in the case of another: MARIA, maria, Maria."""
    if like.isupper() and len(like) > 1:
        return new.upper()
    if like.islower():
        return new.lower()
    return new[:1].upper() + new[1:]
