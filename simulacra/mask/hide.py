"""Acting on what was found: every action of a plan on a cell or on a place in a text, under one key.

The same entity gets the same surrogate in all tables and texts of a run; dates of a person move by the same days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from simulacra.mask import _dates, _fpe
from simulacra.mask._book import Book, Company
from simulacra.mask._coarse import coarser
from simulacra.mask._persons import Parts, fold, parts
from simulacra.mask._things import SURROGATES
from simulacra.mask.find import Hit, find_text
from simulacra.mask.plan import Plan, Rule
from simulacra.mask.types import SURE

NOBODY = ""
"""The person of a record that names none: all such records share one date shift."""


@dataclass
class Record:
    """What is known of one record. person: who it is about, or NOBODY. company: the people it names."""

    person: str
    company: Company


@dataclass
class Place:
    """One place that was acted upon, or left: where it was in the text and what stands there now.

    made: start and end in the new text.
    """

    hit: Hit
    action: str
    new: str
    made: tuple[int, int] = (0, 0)


@dataclass
class Hider:
    """Applies a plan under a key; remembers who stands for whom. days: file -> which of two readings dates have."""

    plan: Plan
    book: Book
    days: dict[str, _dates.DayFirst] = field(default_factory=dict)
    unread: int = 0
    """Dates in a form that is not known, which were replaced by a fixed text."""
    unknown: int = 0
    """Dates in records in which no person is known; they share one shift."""

    def record(self, person: str = NOBODY, names: Iterable[Parts] = ()) -> Record:
        """Return the context of a record; names: of the people in it."""
        company = Company(self.book)
        company.join(names)
        return Record(person, company)

    def offset(self, person: str) -> int:
        """Return by how many days the dates of a person move: never 0, at most plan.days either way, -days..days."""
        draws = self.book.key.draws("shift", person)
        step = 7 if self.plan.weekday else 1
        days = (1 + draws.below(self.plan.days // step)) * step
        return days if draws.below(2) else -days

    def cell(
        self, value: str | None, rule: Rule, record: Record, file: str = "", *, number: bool = False
    ) -> str | None:
        """Return what stands in a cell that is an identifier as a whole; None empties it.

        number: the column holds numbers in a typed file, so that an age stays a number.
        """
        if value is None or not value.strip() or rule.action == "keep":
            return value
        if rule.action == "remove":
            return None
        lead, body, tail = _trimmed(value)
        new = None if number else self._several(body, rule, record, file)
        if new is None:
            new = self._acted(body, rule, record, file, "number" if number else "cell")
        return lead + self.book.note(rule.type, body, new) + tail

    def text(
        self, text: str, hits: Sequence[Hit], record: Record, file: str = "", column: Rule | None = None
    ) -> list[Place]:
        """Return what happens at each place of a text, in order; column: its rule, which wins unless it says surrogate.

        Places that overlap are taken in order; doubtful ones are left where the plan says so.
        """
        names = [parts(text[hit.start : hit.end]) for hit in hits if hit.type == "NAME"]
        record.company.join(names)
        places, at, moved = [], 0, 0
        for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
            if hit.start < at:
                continue
            place = self._place(text, hit, record, file, column)
            start = hit.start + moved
            place.made = (start, start + len(place.new))
            moved += len(place.new) - (hit.end - hit.start)
            at = hit.end
            places.append(place)
        return places

    def _several(self, value: str, rule: Rule, record: Record, file: str) -> str | None:
        """Return a cell that holds more than its column's type, as a name and a number, place by place; or None."""
        odd = ODD.get(rule.type)
        if odd is None or rule.action in ("mask", "pseudonym") or not odd.search(value):
            return None
        hits = find_text(value, self.plan.language)
        others = [hit for hit in hits if hit.type != rule.type]
        if not others:
            return None
        if rule.type != "NAME":
            return spliced(value, self.text(value, hits, record, file))
        # What is left between the others is a name, whether detection knows it or not.
        out, at = [], 0
        for place in self.text(value, others, record, file):
            out += [record.company.name(value[at : place.hit.start]), place.new]
            at = place.hit.end
        return "".join([*out, record.company.name(value[at:])])

    def _place(self, text: str, hit: Hit, record: Record, file: str, column: Rule | None) -> Place:
        old = text[hit.start : hit.end]
        own = column if column is not None and column.action != "surrogate" else None
        rule = self.plan.rule_of(hit.type, own.action if own else "")
        if own and rule.action == own.action and own.options:
            rule = replace(rule, options=own.options)
        if rule.action == "keep" or (hit.score < SURE and self.plan.doubtful == "keep"):
            return Place(hit, "keep", old)
        if rule.action == "remove":
            return Place(hit, "remove", "")
        new = self._acted(old, rule, record, file, "text")
        return Place(hit, rule.action, self.book.note(hit.type, old, new))

    def _acted(self, value: str, rule: Rule, record: Record, file: str, where: str) -> str:
        return ACTS[rule.action](self, value, rule, record, file, where)

    # Actions, one method each -----------------------------------------------------------------------------------------

    def _mask(self, value: str, rule: Rule, record: Record, file: str, where: str) -> str:
        last = rule.options.get("last")
        if last is None:
            return str(rule.options.get("with", f"[{rule.type or 'REMOVED'}]"))
        signs = [i for i, c in enumerate(value) if c.isalnum()]
        # Of a short value half at most may stay.
        shown = set(signs[len(signs) - min(int(last), len(signs) // 2) :])
        return "".join("*" if c.isalnum() and i not in shown else c for i, c in enumerate(value))

    def _generalise(self, value: str, rule: Rule, record: Record, file: str, where: str) -> str:
        new = coarser(value, rule, self._first(rule, file), self.plan.language, where)
        return new if new is not None else self._mask(value, rule, record, file, where)

    def _pseudonym(self, value: str, rule: Rule, record: Record, file: str, where: str) -> str:
        length = int(rule.options.get("length", 16))
        return f"P-{self.book.key.mac('pseudonym', entity(rule.type, value)).hex()[:length]}"

    def _shift(self, value: str, rule: Rule, record: Record, file: str, where: str) -> str:
        days = self.offset(record.person)
        self.unknown += record.person == NOBODY
        new = _dates.shift(value, days, self._first(rule, file), self.plan.language)
        if new is not None:
            return new
        inside = _inside(value, days, self._first(rule, file), self.plan.language)
        if inside is not None:
            return inside
        if where == "cell" and not any(map(str.isdigit, value)):
            return value  # "unknown", "n/a"
        self.unread += 1
        return f"[{rule.type or 'DATE'}]"

    def _format(self, value: str, rule: Rule, record: Record, file: str, where: str) -> str:
        kind = {"CREDIT_CARD": "card", "IBAN": "iban"}.get(rule.type, "code")
        return _fpe.encrypt(value, self.book.key, kind)

    def _surrogate(self, value: str, rule: Rule, record: Record, file: str, where: str) -> str:
        if rule.type == "NAME":
            part = rule.options.get("part", "full")
            new = record.company.name(value, "single" if part == "full" else str(part))
            # Digits in a column of names are nobody's name, whatever they are.
            return re.sub(r"\d+", lambda m: _fpe.encrypt(m[0], self.book.key), new) if where == "cell" else new
        if rule.type == "DATE":
            return self._shift(value, rule, record, file, where)
        if rule.type == "AGE":
            return self._generalise(value, rule, record, file, where)
        make = SURROGATES.get(rule.type)
        return make(value, record.company) if make else self._mask(value, rule, record, file, where)

    def _first(self, rule: Rule, file: str) -> bool | _dates.DayFirst:
        given = rule.options.get("day_first")
        return bool(given) if given is not None else self.days.get(file, _dates.DayFirst())


ACTS: Mapping[str, Callable[[Hider, str, Rule, Record, str, str], str]] = {
    "mask": Hider._mask,
    "generalise": Hider._generalise,
    "pseudonym": Hider._pseudonym,
    "shift": Hider._shift,
    "format": Hider._format,
    "surrogate": Hider._surrogate,
}


ODD = {
    "NAME": re.compile(r"\d|@"),
    "DATE": re.compile(r"[^\W\d_]{3,}.*[^\W\d_]{3,}|@"),
    "AGE": re.compile(r"[^\W\d_]{3,}.*[^\W\d_]{3,}|@"),
    "EMAIL": re.compile(r"^[^@]*$|\s"),
    "PHONE": re.compile(r"[^\W\d_]{4,}|@"),
}
"""Type -> signs of a cell that it holds something else, or more."""


def entity(type: str, value: str) -> str:
    """Return what different writings of one identifier agree in: "Smith, John" and "John Smith"."""
    if type == "NAME":
        return parts(value).key
    if type in ("PHONE", "FAX", "SSN", "CREDIT_CARD"):
        return re.sub(r"\D", "", value) or fold(value)
    return fold(value)


def spliced(text: str, places: Iterable[Place]) -> str:
    """Return a text with its places exchanged."""
    out, at = [], 0
    for place in places:
        out += [text[at : place.hit.start], place.new]
        at = place.hit.end
    return "".join([*out, text[at:]])


def _trimmed(value: str) -> tuple[str, str, str]:
    body = value.strip()
    start = value.index(body)
    return value[:start], body, value[start + len(body) :]


def _inside(value: str, days: int, first: bool | _dates.DayFirst, language: str) -> str | None:
    """Return a value whose dates stand behind or between words ("from 3 March to 5 March") with all of them moved."""
    out, at, seen = [], 0, False
    for found in re.finditer(r"(?<![^\W_])[^\W_]+", value):
        if found.start() < at:
            continue
        rest = value[found.start() :]
        got = _dates.read(rest, first, language)
        new = _dates.shift(rest[: got.found.end()], days, first, language) if got else None
        if got and new is not None:
            out += [value[at : found.start()], new]
            at, seen = found.start() + got.found.end(), True
    return "".join([*out, value[at:]]) if seen else None
