"""The book of one run: which surrogate stands for whom. The same entity and key give the same surrogate everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from simulacra.mask._persons import Parts, Word, cased, fold, parts
from simulacra.mask.keys import Draws, Key
from simulacra.parts.words import languages, words

ATTEMPTS = 64
"""Draws before a surrogate that belongs to somebody else is taken all the same."""
TRIES = 32
"""Draws of a word until one is not in the input."""
WORD = re.compile(r"[^\W\d_]+")


@cache
def _all(name: str) -> tuple[str, ...]:
    """Return the words of a list that are given away; those of a sex are names that most languages count so."""
    if name == "city":
        return words(name)
    some = tuple(w for w in words(name) if 3 <= len(w) <= 9)
    return tuple(w for w in some if sex_of(fold(w)) == name) if name in ("female", "male") else some


@cache
def words_of(name: str) -> frozenset[str]:
    """Return a list in the form in which names are compared."""
    return frozenset(fold(w) for w in words(name))


class Book:
    """Who stands for whom.

    Every choice is drawn from HMAC(key, kind and entity); the book remembers choices, so that no two entities share a
    surrogate and none is given a value that the input holds.
    """

    def __init__(self, key: Key, *, keep: bool = False) -> None:
        """key: of the run. keep: remember originals as they were written, for the reversal table."""
        self.key, self.keep = key, keep
        self.pairs: dict[tuple[str, str], str] = {}
        """(type, original) -> surrogate, filled with `keep` only."""
        self._known: dict[tuple[str, str], str] = {}
        self._taken: dict[tuple[str, str], str] = {}
        self._seen: set[str] = set()
        self._lists: dict[str, tuple[int, bool]] = {}
        self._people: dict[tuple[str, str], set[str]] = {}
        self._holders: dict[tuple[str, str], dict[str, Parts]] = {}

    # What the input holds ---------------------------------------------------------------------------------------------

    def see(self, text: str) -> None:
        """Note the words of a text that stand in our lists; they are given to nobody while others are left."""
        self._seen |= set(WORD.findall(text.lower())) & _every()

    def meet(self, name: Parts) -> None:
        """Note a person of a table, so that "J. Smith" elsewhere is known to be this one."""
        given, family = name.of("given"), name.of("family")
        if given and family and not given.initial:
            self._people.setdefault((given.key[0], family.key), set()).add(name.key)
            self._holders.setdefault(("given", given.key), {})[name.key] = name
            self._holders.setdefault(("family", family.key), {})[name.key] = name

    def holder(self, role: str, word: str) -> Parts | None:
        """Return the one person of the tables who has a given or family name; None when there are several or none."""
        people = self._holders.get((role, word), {})
        return next(iter(people.values())) if len(people) == 1 else None

    def someone(self, initial: str, family: str) -> Parts | None:
        """Return the one person of the tables with an initial and a family name."""
        keys = self._people.get((initial, family), set())
        return self._holders["family", family][next(iter(keys))] if len(keys) == 1 else None

    def pick(self, draws: Draws, name: str) -> str:
        """Return a word of a list that the input does not hold.

        It is drawn from the whole list again and again, not from what is left of it, so that another input changes no
        surrogate but those it forbids. A list most of which the input holds is drawn from once.
        """
        choices = _all(name)
        word = draws.pick(choices)
        for _ in range(TRIES if self._open(name) else 0):
            if self._seen.isdisjoint(WORD.findall(word.lower())):
                break
            word = draws.pick(choices)
        return word

    def _open(self, name: str) -> bool:
        """Tell whether at most half of a list's words stand in the input."""
        if name not in self._lists or self._lists[name][0] != len(self._seen):
            held = sum(not self._seen.isdisjoint(WORD.findall(w.lower())) for w in _all(name))
            self._lists[name] = (len(self._seen), 2 * held <= len(_all(name)))
        return self._lists[name][1]

    # Drawing ----------------------------------------------------------------------------------------------------------

    def once(self, kind: str, entity: str, draw: Callable[[Draws], str]) -> str:
        """Return the surrogate of an entity, drawn anew while it is the entity itself or another one's surrogate."""
        known = self._known.get((kind, entity))
        if known is not None:
            return known
        new = ""
        for attempt in range(ATTEMPTS):
            new = draw(self.key.draws(kind, entity, attempt))
            taken = self._taken.get((kind, fold(new)))
            if fold(new) != fold(entity) and taken in (None, entity):
                break
        self._taken.setdefault((kind, fold(new)), entity)
        self._known[kind, entity] = new
        return new

    def claimed(self, kind: str, text: str) -> bool:
        """Return whether a text was claimed before, and claim it."""
        known = (kind, text) in self._taken
        self._taken.setdefault((kind, text), text)
        return known

    def note(self, type: str, old: str, new: str) -> str:
        """Remember a pair for the reversal table when one is wanted; returns the surrogate."""
        if self.keep:
            self.pairs.setdefault((type, old), new)
        return new

    # Names ------------------------------------------------------------------------------------------------------------

    def person(self, name: Parts) -> tuple[str, str]:
        """Return the given and the family name that stand for a person who has both."""
        given, family = name.of("given"), name.of("family")
        assert given is not None and family is not None
        key = name.key
        if given.initial:
            alike = self._people.get((given.key, family.key), set())
            key = next(iter(alike)) if len(alike) == 1 else key
        sex = name.sex or sex_of(key.split(" ")[0])
        out = self.once("person", key, lambda d: f"{self.pick(d, sex or 'given')} {self.pick(d, 'family')}")
        first, _, last = out.partition(" ")
        return first, last

    def word(self, word: Word, sex: str = "") -> str:
        """Return what stands for a word of a name of which its record tells no more."""
        role = word.role
        for which in ("given", "family") if role == "single" else (role,):
            known = self.holder(which, word.key)
            if known:
                return self.person(known)[which == "family"]
        if role == "single":
            role = "given" if word.key in words_of("given") else "family" if word.key in words_of("family") else "given"
        if word.initial:
            return self.key.draws("initial", f"{role} {word.key}").pick("ABCDEFGHIJKLMNOPRSTVW")
        if role == "family":
            return self.once("family", word.key, lambda d: self.pick(d, "family"))
        pool = sex or sex_of(word.key) or "given"
        return self.once("given", word.key, lambda d: self.pick(d, pool))


@cache
def _every() -> frozenset[str]:
    lists = ("given", "family", "city", "street", "word")
    return frozenset(part for name in lists for w in words(name) for part in WORD.findall(w.lower()))


def sex_of(given: str) -> str:
    """Return "female" or "male" for a given name that the lists of most languages count so, "" for others."""
    female, male = (votes.get(given, 0) for votes in _votes())
    return "female" if female > 2 * male else "male" if male > 2 * female else ""


@cache
def _votes() -> tuple[dict[str, int], dict[str, int]]:
    """Return given name -> number of languages of the package mimesis that list it, for women and for men."""
    out: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for names in languages("person", "names"):
        for votes, sex in zip(out, ("female", "male"), strict=True):
            for name in {fold(n) for n in names.get(sex, ()) if isinstance(n, str)}:
                votes[name] = votes.get(name, 0) + 1
    return out


class Company:
    """The people of one record: what their words become, so that "John" alone is the John of the record."""

    def __init__(self, book: Book) -> None:
        """book: of the run."""
        self.book = book
        self._words: dict[str, tuple[str, str]] = {}
        self._initials: dict[tuple[str, str], tuple[str, str]] = {}
        self.keys: list[str] = []

    def join(self, names: Iterable[Parts]) -> None:
        """Add the people who are named with given and family name; the first to hold a word keeps it."""
        for name in sorted(names, key=lambda n: bool(n.of("given") and n.of("given").initial)):  # type: ignore[union-attr]
            given, family = name.of("given"), name.of("family")
            if not given or not family:
                continue
            if given.initial and (given.key, family.key) in self._initials:
                continue
            new = self.book.person(name)
            self.keys.append(name.key)
            self._words.setdefault(family.key, ("family", new[1]))
            if not given.initial:
                self._words.setdefault(given.key, ("given", new[0]))
            self._initials.setdefault((given.key[:1], family.key), new)

    def name(self, text: str, role: str = "single") -> str:
        """Return a text with its name exchanged: same parts, order, case, titles and signs."""
        name = parts(text, role)
        given, family = name.of("given"), name.of("family")
        new: tuple[str, str] | None = None
        if given and family:
            known = self._initials.get((given.key, family.key)) if given.initial else None
            new = known or self.book.person(name)
        out, at, last = [], 0, -1
        for i, word in enumerate(name.words):
            value = self._value(word, name, new)
            if new and word.role == "family" and last >= 0 and name.words[last].role == "family":
                value = self.book.pick(self.book.key.draws("second family", name.key), "family")
            value = value[:1].upper() if word.initial else cased(value, word.text)
            out += [text[at : word.start], value]
            at, last = word.end, i
        return "".join([*out, text[at:]])

    def _value(self, word: Word, name: Parts, new: tuple[str, str] | None) -> str:
        if new and word.role in ("given", "family"):
            return new[word.role == "family"]
        if word.role == "middle":
            given = name.of("given")
            sex = name.sex or sex_of(given.key if given else "")
            return self.book.pick(self.book.key.draws("middle", f"{name.key} {word.key[:1]}"), sex or "given")
        known = self._words.get(word.key)
        return known[1] if known else self.book.word(word, name.sex)

    def word_of(self, key: str) -> tuple[str, str] | None:
        """Return the role and surrogate of a word that a person of the record has."""
        return self._words.get(key)

    def glued(self, text: str) -> str:
        """Return what stands for a given and a family name run together ("jsmith", "johns"), "" when it is none."""
        for (initial, family), (first, last) in self._initials.items():
            if text == initial + family:
                return (first[0] + last).lower()
            if text == family + initial:
                return (last + first[0]).lower()
            for given, (role, new) in self._words.items():
                if role == "given" and new == first and text in (given + family, family + given, given + family[0]):
                    pair = (first, last) if text.startswith(given) else (last, first)
                    return (pair[0] + (pair[1] if text != given + family[0] else last[0])).lower()
        return ""
