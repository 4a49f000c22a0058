"""Who can be what: the occupations, kinds of education, ages and statuses that go together, each with a share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts._personas_life import CARE
from simulacra.parts._personas_work import WORK

if TYPE_CHECKING:
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]

FIRST_AGE, LAST_AGE = 18, 90
EDUCATION = (
    "no certificate",
    "secondary school",
    "vocational training",
    "bachelor's degree",
    "master's degree",
    "professional degree",
    "doctorate",
)
CODES = "nsvbmpd"
FINISHED = (16, 18, 19, 22, 24, 26, 29)
"""Age at which each kind of education ends at the earliest."""
STATUSES = ("working", "student", "retired", "between jobs", "at home")
SHARES = (0.64, 0.09, 0.17, 0.05, 0.05)
"""Share of each status among all personas."""
WORKING, STUDENT, RETIRED, BETWEEN, HOME = range(5)
RETIRES = 58
LEAST_CAREER = 15
LEVELS = ((1, 18, 27, "student of {}"), (3, 22, 32, "master's student of {}"), (4, 24, 36, "doctoral student of {}"))
"""What a student holds already, first and last age, and how a student is called."""
TOTAL = 2**60


@dataclass(frozen=True)
class Role:
    """What somebody is. years: least experience after the education. last: age at which one leaves the occupation."""

    text: str
    title: str
    field: str
    status: int
    years: int = 0
    last: int = 70


@dataclass(frozen=True)
class Frames:
    """All that goes together, (frames,) each. ends: (frames,) running total of how many personas each frame has."""

    roles: tuple[Role, ...]
    role: Places
    education: Places
    age: Places
    ends: npt.NDArray[np.uint64]


@cache
def frames() -> Frames:
    """Return every consistent set of occupation, education, status and age."""
    roles: list[Role] = []
    rows: list[tuple[int, int, int, int, float]] = []
    for role, education, first, last, weight in _spans():
        roles.append(role)
        rows.append((len(roles) - 1, education, first, last, weight))
    sizes = np.array([last - first + 1 for _, _, first, last, _ in rows])
    which = np.repeat(np.arange(len(rows)), sizes)
    starts = np.cumsum(sizes) - sizes
    table = np.array([row[:4] for row in rows], dtype=np.int64)
    age = table[which, 2] + np.arange(len(which)) - starts[which]
    status = np.array([role.status for role in roles])[which]
    # The old are fewer than the young.
    weight = np.array([row[4] for row in rows])[which] * np.interp(age, (18, 64, 90), (1, 1, 0.15))
    total = np.bincount(status, weight)
    counts = np.maximum(1, weight * (np.array(SHARES) / total)[status] * TOTAL).astype(np.uint64)
    return Frames(tuple(roles), table[which, 0], table[which, 1], age, np.cumsum(counts))


def _spans() -> Iterator[tuple[Role, int, int, int, float]]:
    """Yield role, education, first age, last age and weight."""
    for field, (subjects, _, occupations) in WORK.items():
        for subject in items(subjects):
            for education, first, last, called in LEVELS:
                text = called.format(subject)
                yield Role(text, subject, field, STUDENT), education, first, last, 3.0 / education
        for entry in items(occupations):
            yield from _occupation(field, entry)


def _occupation(field: str, entry: str) -> Iterator[tuple[Role, int, int, int, float]]:
    title, codes, years, common, last = read(entry)
    weight = common / len(codes)
    for code in codes:
        education = CODES.index(code)
        first = max(FIRST_AGE, FINISHED[education] + years)
        if title in CARE or field == "home and care":
            yield Role(title, title, field, HOME, years, last), education, max(first, 24), last, weight
            continue
        yield Role(title, title, field, WORKING, years, last), education, first, last, weight
        yield Role(f"retired {title}", title, field, RETIRED, years, last), education, RETIRES, LAST_AGE, weight
        if common > 1:
            yield (
                Role(f"unemployed {title}", title, field, BETWEEN, years, last),
                education,
                first,
                min(last, 64),
                weight,
            )
    if "v" in codes and years <= 1:
        yield Role(f"trainee {title}", title, field, STUDENT, 0, last), 1, 18, 23, weight


def read(entry: str) -> tuple[str, str, int, int, int]:
    """Return title, codes of education, least years, weight and last age of one occupation."""
    words = entry.split()
    # The codes are followed by two or three numbers, and no title ends with a number.
    numbers = [int(word) for word in words if word.isdigit()]
    title, codes = " ".join(words[: -len(numbers) - 1]), words[-len(numbers) - 1]
    return title, codes, numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 70


def items(text: str) -> tuple[str, ...]:
    """Return the items of a list of words."""
    return tuple(part.strip() for part in text.split(";"))
