"""Personas by a pure function of (seed, number): made-up adults whose facts agree, a billion of them without storage.

A number is permuted (parts/permute.py), and the result spells a persona: first what goes together (occupation,
education, age, status), then place, interests, temperament, way of speaking, need, habit and value. Different numbers
therefore never give the same persona. What hangs on these (years of experience, household, what is known of the field)
is drawn by hashes of the number. The words are our own and describe nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import ConfigError
from simulacra.parts import _personas_frames as frame
from simulacra.parts import _personas_life as life
from simulacra.parts._personas_frames import items
from simulacra.parts._personas_places import PLACES, QUARTERS
from simulacra.parts._personas_text import CHOICES, LENGTHS, told
from simulacra.parts._personas_work import WORK
from simulacra.parts.permute import below, permute, uniform

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    Places = npt.NDArray[np.int64]
    Words = npt.NDArray[np.uint64]

DESK_FIELDS = ("software", "finance", "administration", "law", "media", "religion and culture")
"""Fields of work that are practised with any of LIMITS."""
GROUPS = ("student", "early", "middle", "late", "retired", "home")
MOVED = 0.12
"""Share of personas who grew up in another country."""
TOLD = 0.3
"""Share of personas with a special circumstance."""


@dataclass(frozen=True)
class Persona:
    """One made-up adult. text: one or two sentences. years: of experience in the occupation, 0 for students."""

    text: str
    age: int
    sex: str
    role: str
    occupation: str
    status: str
    field: str
    education: str
    years: int
    place: str
    country: str
    language: str
    origin: str
    household: str
    interests: str
    expertise: str
    temperament: str
    voice: str
    habit: str
    value: str
    need: str
    circumstance: str


FIELDS = tuple(name for name in Persona.__dataclass_fields__ if name != "text")
"""The structured facts of a persona."""


def persona(seed: int, k: int, length: str = "full") -> Persona:
    """Return persona k of a seed. Raises ConfigError for k outside 0..count() - 1."""
    row = personas(seed, [k], length).row(0, named=True)
    return Persona(**row)


def count() -> int:
    """Return how many different personas each seed has, about 2^60."""
    return int(frame.frames().ends[-1])


def personas(seed: int, numbers: Sequence[int] | Words, length: str = "full") -> pl.DataFrame:
    """Return the personas of some numbers: column "text" and FIELDS, a row for each number.

    seed: any integer. numbers: each in 0..count() - 1. length: "full", two sentences, or "short", one.
    Raises ConfigError.
    """
    import polars as pl

    wrong = [n for n in (min(numbers), max(numbers)) if not 0 <= n < count()] if len(numbers) else []
    if wrong or length not in LENGTHS:
        seen = f"number {wrong[0]} is outside 0..{count() - 1}" if wrong else f"length {length!r} is not in {LENGTHS}"
        raise ConfigError(f"personas: {seen}")
    k = np.asarray(numbers, dtype=np.uint64)
    key = int.from_bytes(hashlib.blake2b(f"personas\x1f{int(seed)}".encode(), digest_size=8).digest(), "little")
    made = _facts(k, key)
    drawn = {what: below(k, bound, key, f"told {what}") for what, bound in CHOICES.items()}
    facts = pl.DataFrame({name: made[name] for name in FIELDS})
    return facts.insert_column(0, told(facts, made["moved"], drawn, length).alias("text"))


def _facts(k: Words, key: int) -> dict[str, Any]:
    """Return FIELDS, each a series, and "moved", who grew up elsewhere."""
    known, roles = frame.frames(), _roles()
    place = permute(k, int(known.ends[-1]), key)
    at = np.searchsorted(known.ends, place, side="right")
    start = np.where(at > 0, known.ends[at - 1], np.uint64(0)).astype(np.uint64)
    digits = _digits(permute(place - start, _radix(), key ^ 1), at)
    role, age = known.role[at], known.age[at]
    status, field = roles.status[role], roles.field[role]
    town = _towns()
    moved = uniform(k, key, "moved") < MOVED
    other = below(k, len(town.country), key, "origin")
    moved &= town.state[other] != town.state[digits["town"]]
    origin = np.where(moved, other, digits["town"])
    first, second = _pairs(len(items(life.INTERESTS)))
    taken = {
        "sex": (("woman", "man", "person"), np.searchsorted((0.49, 0.98), uniform(k, key, "sex"))),
        "role": (roles.texts, role),
        "occupation": (roles.titles, role),
        "status": (frame.STATUSES, status),
        "field": (tuple(WORK), field),
        "education": (frame.EDUCATION, known.education[at]),
        "place": (town.told, digits["quarter"] * len(town.country) + digits["town"]),
        "country": (town.country, digits["town"]),
        "language": (town.language, origin),
        "origin": (town.country, origin),
        "household": _household(k, key, role, age),
        "expertise": _expertise(k, key, field),
        "circumstance": _circumstance(k, key, status, field),
        "temperament": (items(life.TEMPERS), digits["temper"]),
        "voice": (items(life.VOICES), digits["voice"]),
        "habit": (items(life.HABITS), digits["habit"]),
        "value": (items(life.VALUES), digits["value"]),
        "need": _needs(digits["need"], status, age),
    }
    out: dict[str, Any] = {name: _words(words)[index] for name, (words, index) in taken.items()}
    likes = _words(items(life.INTERESTS))
    out["interests"] = likes[first[digits["likes"]]] + "; " + likes[second[digits["likes"]]]
    return out | {"age": age, "years": _years(k, key, role, age, known.education[at]), "moved": moved}


def _words(words: tuple[str, ...]) -> pl.Series:
    import polars as pl

    return pl.Series(words, dtype=pl.String)


# The counted choices ------------------------------------------------------------------------------------------------


def _bases() -> dict[str, int]:
    likes = len(items(life.INTERESTS))
    return {
        "town": len(_towns().country),
        "quarter": len(items(QUARTERS)),
        "likes": likes * (likes - 1) // 2,
        "temper": len(items(life.TEMPERS)),
        "voice": len(items(life.VOICES)),
        "need": len(items(life.NEEDS["anyone"])) + len(items(life.NEEDS["student"])),
        "habit": len(items(life.HABITS)),
        "value": len(items(life.VALUES)),
    }


@cache
def _radix() -> int:
    return int(np.prod([int(base) for base in _bases().values()], dtype=object))


def _digits(number: Words, at: Places) -> dict[str, Places]:
    """Return the choices that a number spells."""
    out = {}
    for name, base in _bases().items():
        number, digit = np.divmod(number, np.uint64(base))
        out[name] = digit.astype(np.int64)
    return out


def _pairs(n: int) -> tuple[Places, Places]:
    first, second = np.triu_indices(n, 1)
    return first, second


# What hangs on them -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Roles:
    texts: tuple[str, ...]
    titles: tuple[str, ...]
    status: Places
    field: Places
    years: Places
    last: Places


@cache
def _roles() -> _Roles:
    roles, fields = frame.frames().roles, tuple(WORK)
    return _Roles(
        tuple(r.text for r in roles),
        tuple(r.title for r in roles),
        np.array([r.status for r in roles]),
        np.array([fields.index(r.field) for r in roles]),
        np.array([r.years for r in roles]),
        np.array([r.last for r in roles]),
    )


@dataclass(frozen=True)
class _Towns:
    told: tuple[str, ...]
    country: tuple[str, ...]
    language: tuple[str, ...]
    state: Places


@cache
def _towns() -> _Towns:
    """Return every town: how it is told in each quarter, its country, language and the number of its country."""
    names, country, language = [], [], []
    for entry, text in PLACES.items():
        spoken, _, towns = text.partition("; ")
        state, _, region = entry.partition(", ")
        for town in towns.split(", "):
            names.append(f"{town}, {region}, {state}" if region else town if town == state else f"{town}, {state}")
            country.append(state)
            language.append(spoken.replace("/", " and "))
    told_in = tuple(f"{quarter} {name}" for quarter in items(QUARTERS) for name in names)
    states = sorted(set(country))
    return _Towns(told_in, tuple(country), tuple(language), np.array([states.index(c) for c in country]))


def _years(k: Words, key: int, role: Places, age: Places, education: Places) -> Places:
    """Return years of experience: most have spent the whole time since their education, some a part of it."""
    roles = _roles()
    status = roles.status[role]
    most = np.minimum(np.minimum(age, 66), roles.last[role]) - np.array(frame.FINISHED)[education]
    least = np.where(status == frame.RETIRED, np.minimum(frame.LEAST_CAREER, most), 0)
    least = np.maximum(least, roles.years[role])
    part = least + (uniform(k, key, "years") * (most - least + 1)).astype(np.int64)
    years = np.where(uniform(k, key, "whole") < 0.6, most, part)
    return np.where(status == frame.STUDENT, 0, np.where(status == frame.HOME, np.minimum(years, 12), years))


def _household(k: Words, key: int, role: Places, age: Places) -> tuple[tuple[str, ...], Places]:
    """Return the words of households and which one each persona has: by age, or by the care that is the occupation."""
    entries = [entry.rsplit(None, 3) for entry in items(life.HOMES)]
    words = [entry[0] for entry in entries]
    low, high, common = np.array([entry[1:] for entry in entries], dtype=np.int64).T
    ages = np.arange(frame.LAST_AGE + 1)[:, None]
    ends = np.cumsum(np.where((ages >= low) & (ages <= high), common, 0), axis=1)
    place = uniform(k, key, "household") * ends[age, -1]
    which = (place[:, None] >= ends[age]).sum(axis=1)
    titles = np.array(_roles().titles)[role] if len(role) else np.array([], dtype=str)
    for title, homes in life.CARE.items():
        mine = np.flatnonzero(titles == title)
        which[mine] = len(words) + below(k[mine], len(items(homes)), key, "care")
        words += items(homes)
    return tuple(words), which


def _expertise(k: Words, key: int, field: Places) -> tuple[tuple[str, ...], Places]:
    topics = [items(entry[1]) for entry in WORK.values()]
    sizes = np.array([len(t) for t in topics])
    starts = np.cumsum(sizes) - sizes
    return tuple(t for part in topics for t in part), starts[field] + (uniform(k, key, "topic") * sizes[field]).astype(
        int
    )


def _circumstance(k: Words, key: int, status: Places, field: Places) -> tuple[tuple[str, ...], Places]:
    """Return the words of circumstances, the last of them "", and which one each persona has."""
    usual, limits = items(life.CIRCUMSTANCES), items(life.LIMITS)
    desk = np.array([name in DESK_FIELDS for name in WORK])
    free = desk[field] | (status == frame.RETIRED)
    bound = np.where(free, len(usual) + len(limits), len(usual))
    which = (uniform(k, key, "circumstance") / TOLD * bound).astype(np.int64)
    return (*usual, *limits, ""), np.where(which < bound, which, len(usual) + len(limits))


def _needs(digit: Places, status: Places, age: Places) -> tuple[tuple[str, ...], Places]:
    """Return the words of all needs and which one each has: some are anyone's, some of a stage of life."""
    anyone = items(life.NEEDS["anyone"])
    own = [items(life.NEEDS[group]) for group in GROUPS]
    stage = 1 + np.searchsorted((35, 55), age, side="right")
    home = (status == frame.HOME) | (status == frame.BETWEEN)
    group = np.select([status == frame.STUDENT, status == frame.RETIRED, home], [0, 4, 5], stage)
    which = np.where(digit < len(anyone), digit, digit + group * len(own[0]))
    return (*anyone, *(need for part in own for need in part)), which
