"""Who the records are about: the person of each record, names and values that tables know, and contradictions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulacra.core.errors import DataError
from simulacra.mask._persons import Parts, fold, listed, parts
from simulacra.mask.find import Hit

WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*\.?")
BY = "table"
SCORE = 0.95
SHORTEST = 4
"""Fewest characters of a code or address that is looked for in texts."""
SOUGHT = ("EMAIL", "PHONE", "SSN", "MRN", "HEALTH_PLAN", "ACCOUNT", "ID", "USERNAME", "IBAN", "CREDIT_CARD", "ADDRESS")


@dataclass
class Person:
    """One person. names: as tables write them. values: (type, text) of other identifiers in tables. said: what a
    table said first of name and birth -> (value, file, row, column)."""

    names: dict[str, Parts] = field(default_factory=dict)
    values: dict[tuple[str, str], None] = field(default_factory=dict)
    said: dict[str, tuple[Any, str, int, str]] = field(default_factory=dict)


@dataclass
class People:
    """Everybody whom a table names, by the key of the person column. disagree: "refuse" or "warn"."""

    disagree: str = "refuse"
    by_key: dict[str, Person] = field(default_factory=dict)
    by_name: dict[str, set[str]] = field(default_factory=dict)
    clashes: int = 0

    def add(self, key: str, names: Iterable[Parts], values: Iterable[tuple[str, str]]) -> None:
        """Note what a record of a table says of its person."""
        person = self.by_key.setdefault(key, Person())
        for name in names:
            person.names.setdefault(name.key, name)
            if name.of("given") and name.of("family"):
                self.by_name.setdefault(name.key, set()).add(key)
        person.values.update(dict.fromkeys(values))

    def say(self, key: str, what: str, value: Any, file: str, row: int, column: str) -> None:
        """Note a fact that all tables must agree on. Raises DataError, with both places, when they do not."""
        person = self.by_key.setdefault(key, Person())
        known = person.said.setdefault(what, (value, file, row, column))
        if agree(known[0], value):
            return
        self.clashes += 1
        if self.disagree == "warn":
            return
        # Neither the key nor the values are shown: this sentence may end up in a log.
        raise DataError(
            f"{known[1]} row {known[2]:,} (column {known[3]!r}) and {file} row {row:,} (column {column!r}) "
            f"have the same person but different {what}; rows count from 0. Correct one of them, name another column "
            'under [person] in the plan, or set disagree = "warn" there to go on, each with a surrogate of its own'
        )

    def of_names(self, names: Iterable[Parts]) -> str:
        """Return the person whom a record names when it names exactly one known by table, else ""."""
        found = {key for name in names for key in self.by_name.get(name.key, ())}
        return next(iter(found)) if len(found) == 1 else ""

    def hits(self, text: str, key: str) -> list[Hit]:
        """Return where a text names anybody whom a table names, or repeats what tables know of its own person."""
        found = [*self._full(text)] if self.by_name else []
        person = self.by_key.get(key)
        if person:
            found += _own(text, person)
        return found

    def _full(self, text: str) -> Iterable[Hit]:
        words = [(m.start(), m.start() + len(m.group().rstrip("."))) for m in WORD.finditer(text)]
        keys = [fold(re.sub(r"['’]s$", "", text[s:e])) for s, e in words]
        for i in range(len(words) - 1):
            for j in (i + 1, i + 2):
                if j >= len(words) or words[j][0] - words[i][1] > 24 or "\n\n" in text[words[i][1] : words[j][0]]:
                    break
                pair = {f"{keys[i]} {keys[j]}", f"{keys[j]} {keys[i]}" if text[words[i][1]] == "," else ""}
                if pair & self.by_name.keys():
                    yield Hit(words[i][0], _without_possessive(text, *words[j]), "NAME", SCORE, BY)


def _without_possessive(text: str, start: int, end: int) -> int:
    return end - 2 if re.search(r"['’]s$", text[start:end]) else end


def _own(text: str, person: Person) -> list[Hit]:
    low = text.lower()
    found = []
    for name in person.names.values():
        for word in name.words:
            if len(word.text) > 2 and word.text.lower() in low:
                found += _at(text, word.text, "NAME", capital=word.text.lower() in COMMON)
    for type, value in person.values:
        if len(value) >= SHORTEST and value.lower() in low:
            found += _at(text, value, type)
    return found


COMMON = listed("will may grace hope rose mark bill art joy faith long young white black brown green king day")
"""Names that are words too, which count only where they stand with a capital."""


def _at(text: str, value: str, type: str, *, capital: bool = False) -> list[Hit]:
    found = re.finditer(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])", text, 0 if capital else re.I)
    return [Hit(m.start(), m.end(), type, SCORE, BY) for m in found]


def merged(hits: Sequence[Hit], more: Sequence[Hit]) -> list[Hit]:
    """Return hits of two sources without overlaps: of those that overlap the widest stays, widened to hold them all."""
    out: list[Hit] = []
    for hit in sorted([*hits, *more], key=lambda h: (h.start, -h.end)):
        if out and hit.start < out[-1].end:
            last = out.pop()
            wide = last if (last.end - last.start, last.score) >= (hit.end - hit.start, hit.score) else hit
            score = max(last.score, hit.score) if last.type == hit.type else wide.score
            hit = Hit(last.start, max(last.end, hit.end), wide.type, score, wide.by)
        out.append(hit)
    return out


def agree(one: Any, other: Any) -> bool:
    """Tell whether two statements can be of one person: names may have initials, other middle names or one part."""
    if not isinstance(one, Parts) or not isinstance(other, Parts):
        return bool(one == other)
    if one.key == other.key:
        return True
    pairs = [(one.of(role), other.of(role)) for role in ("given", "family")]
    if all(a and b for a, b in pairs):
        (g, h), (f, e) = pairs
        assert g and h and f and e
        short = g.initial or h.initial
        return f.key == e.key and (g.key[0] == h.key[0] if short else False)
    words = {w.key for w in one.words}, {w.key for w in other.words}
    return bool(words[0] <= words[1] or words[1] <= words[0])


def whole(given: str, family: str) -> Parts:
    """Return the name of a record whose given and family name stand in columns of their own."""
    first = parts(given, "given")
    last = parts(family, "family")
    return parts(f"{last.words[-1].text if last.words else family}, {first.words[0].text if first.words else given}")
