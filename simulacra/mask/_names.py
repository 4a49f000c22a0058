"""The gazetteer: what each word may be, as flags, from the lists of mimesis and small ones of our own.

Read once, on first use (about 0.2 s). The files are read directly, so that no provider of mimesis runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from simulacra.mask import _names_more as more
from simulacra.mask import _names_words as own

GIVEN, FAMILY, CITY, PLACE, PARTICLE, TITLE, HEAD, LEGAL = (1 << bit for bit in range(8))
WORD, STOP, AMBIGUOUS, CALENDAR, NATION, PHRASE, WEAK, ENGLISH = (1 << bit for bit in range(8, 16))
_SPOKEN: Final = 1 << 16
NAME: Final = GIVEN | FAMILY
"""WORD: an ordinary word of some language. STOP: a word of grammar, never a name. PHRASE: begins an entry of several
words. ENGLISH: a name that is common where English is spoken."""

_LATIN: Final = {
    pair[0]: pair[1:]
    for pair in own.of(
        "аa бb вv гg ґg дd еe ёe єye жzh зz иi іi їyi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh "
        "щshch ъ ыy ь эe юyu яya αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs τt υy φf χch ψps ωo"
    )
}
"""Letter of the Cyrillic or Greek alphabet -> its Latin letters."""
_WRITTEN: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_NAMELIKE: Final = re.compile(
    r"(?:ova|eva|ovic|ović|evic|ević|ski|ska|ský|ská|skaya|skiy|enko|chuk|czyk|wicz|owicz|sson|ssen|sdottir|sdóttir|dóttir|opoulos|oulos"
    r"|idis|akis|escu|eanu|yan|shvili|dze|ková|ić|čić|hauser|meier|mayer|feld|berger|quist|qvist|gren|ström|strom|nen|ez|ini|elli|ucci"
    r"|etti|ella|saari|wala|appa|samy|swamy|murthy|zadeh|oglu|oğlu|ullah)$"
)
"""Ends of family names."""
_WORDLIKE: Final = re.compile(
    r"(?:ing|ings|ed|ly|tion|tions|sion|sions|ness|ment|ments|able|ible|ous|ful|less|ist|ists|ism|ship|ity|ive|ize|ized|ise|ised|ology"
    r"|ical|ally|ance|ence|ant|ent|ary|ory|hood|wise|ward|wards|ure|ures|ics|itis|emia|osis|ectomy|ung|heit|keit|lich|isch|schaft|tät"
    r"|mente|ción|sión|zione|ção|ement|ique|eux)$"
)
"""Ends of ordinary words."""


@dataclass(frozen=True)
class Gazetteer:
    """words: word in lower case -> flags. phrases: first word -> the other words of an entry and its flags."""

    words: dict[str, int]
    phrases: dict[str, list[tuple[tuple[str, ...], int]]]


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """Return the word lists of mimesis and our own as one table (about 150,000 words)."""
    words: dict[str, int] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    often: dict[str, int] = {}

    def put(entries: Iterable[Any], flag: int) -> None:
        for entry in entries:
            if not isinstance(entry, str):
                continue
            parts = _WRITTEN.findall(entry.lower())
            if len(parts) == 1:
                words[parts[0]] = words.get(parts[0], 0) | flag
                often[parts[0]] = often.get(parts[0], 0) + bool(flag & GIVEN)
            elif 1 < len(parts) <= 6 and len(parts[0]) > 1:
                phrases.setdefault(parts[0], []).append((tuple(parts[1:]), flag))

    for kind, entries in _lists():
        put(entries, kind)
    put(more.EXTRA_GIVEN, GIVEN | ENGLISH)
    put(own.AMBIGUOUS_GIVEN, GIVEN)
    put(more.EXTRA_FAMILY, FAMILY | ENGLISH)
    put(more.CITIES, CITY)
    put(more.COUNTRIES, PLACE)
    _settle(words, often)
    for first, entries in phrases.items():
        entries.sort(key=lambda entry: -len(entry[0]))
        words[first] = words.get(first, 0) | PHRASE
    return Gazetteer(words, phrases)


def _settle(words: dict[str, int], often: dict[str, int]) -> None:
    """Part names from ordinary words, and add the small classes. often: how many lists hold a given name."""
    for word, flags in words.items():
        if flags & WORD and flags & (NAME | CITY | PLACE) and word not in own.AMBIGUOUS:
            known = flags & (ENGLISH | PLACE) or word in more.CITIES or not flags & _SPOKEN or often.get(word, 0) > 2
            words[word] = flags & ~WORD if known and len(word) > 2 else flags | AMBIGUOUS
    for flag, group in (
        (TITLE, own.TITLES),
        (PARTICLE, own.PARTICLES),
        (HEAD, own.HEADS),
        (WEAK, own.WEAK_HEADS),
        (LEGAL, own.LEGAL),
        (CALENDAR, own.MONTHS_DAYS),
        (NATION, own.NATIONS),
        (WORD, own.WORDS),
        (STOP, own.STOP),
        (AMBIGUOUS, own.AMBIGUOUS),
    ):
        for word in group:
            words[word] = words.get(word, 0) | flag
    for word in own.WORDS | own.NATIONS | own.MONTHS_DAYS | own.TITLES:
        if word not in own.AMBIGUOUS:
            words[word] &= ~(NAME | CITY)
    for word in own.STOP:
        words[word] &= ~(NAME | CITY | PLACE)
    for word, flags in words.items():
        if len(word) < 3 and word.isascii() and flags & (NAME | CITY | PLACE):
            words[word] = flags | AMBIGUOUS


def _lists() -> Iterator[tuple[int, Iterable[Any]]]:
    """Yield the lists of every locale of mimesis with the flag of their words."""
    spec = find_spec("mimesis")
    root = Path(spec.origin).parent / "datasets" if spec and spec.origin else Path()
    for path in sorted(root.glob("*/person.json")):
        data = json.loads(path.read_text("utf-8"))
        english = ENGLISH if path.parent.name.startswith("en") else 0
        for names in data.get("names", {}).values():
            yield GIVEN | english, [*names, *_romanised(names)]
        last = data.get("surnames", [])
        for names in last.values() if isinstance(last, dict) else [last]:
            yield FAMILY | english, [*names, *_romanised(names)]
        yield HEAD, [name for name in data.get("university", []) if isinstance(name, str) and " " in name]
    for path in sorted(root.glob("*/address.json")):
        data = json.loads(path.read_text("utf-8"))
        yield CITY, data.get("city", [])
        yield PLACE, data.get("country", {}).get("name", [])
        states = data.get("state", {}).get("name", [])
        yield PLACE, states
    for path in sorted(root.glob("*/finance.json")):
        data = json.loads(path.read_text("utf-8"))
        yield HEAD, [name for name in data.get("banks", []) if isinstance(name, str)]
        yield HEAD, [name for name in data.get("company", {}).get("name", []) if isinstance(name, str) and " " in name]
    for path in sorted(root.glob("*/text.json")):
        data = json.loads(path.read_text("utf-8"))
        yield WORD | (_SPOKEN if path.parent.name == "en" else 0), data.get("words", [])
        if path.parent.name == "en":
            yield (
                WORD | _SPOKEN,
                {word for line in data.get("questions", []) for word in _WRITTEN.findall(line.lower())},
            )


def _romanised(names: Iterable[Any]) -> list[str]:
    """Write Cyrillic and Greek names in Latin letters."""
    found = []
    for name in names:
        if isinstance(name, str) and name and name[0].lower() in _LATIN:
            found.append("".join(_LATIN.get(sign, sign) for sign in name.lower()))
    return found


def namelike(word: str) -> bool:
    """Tell whether a lower-case word ends as family names do."""
    return len(word) > 4 and _NAMELIKE.search(word) is not None


def wordlike(word: str, words: dict[str, int]) -> bool:
    """Tell whether an unknown lower-case word is built from an ordinary one, or ends as ordinary words do."""
    if len(word) > 5 and _WORDLIKE.search(word):
        return True
    for end in ("s", "es", "d", "r", "er", "'s"):
        if word.endswith(end) and words.get(word[: -len(end)], 0) & (WORD | STOP):
            return True
    return False
