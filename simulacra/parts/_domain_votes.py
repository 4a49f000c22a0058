"""What a column holds, by vote: every cell names one class of content, and noisy counts of the classes decide.

A cell's class is a function of that cell and the column's name alone, so one row changes one count a column by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core import patterns
from simulacra.core.times import DATES
from simulacra.parts import _domain_cells as cells

if TYPE_CHECKING:
    import numpy.typing as npt

    Counts = npt.NDArray[np.int64]

DIGITS = (0, 1, 2, 3, 4, 6, 12)
"""Decimals of the grids a number may lie on; the last is for numbers below a ten-thousandth."""
TINY = 1e-4
LONG = r"^-?\d{12,}$"
PERSONS = ("email", "iban", "credit_card", "ip", "ssn", "url", "phone", "name")
_PLAIN_CLOCKS = ("%H:%M", "%H:%M:%S")
TIMES: tuple[str, ...] = (
    cells.ISO_DATE,
    cells.ISO_TIME,
    *(f for f in dict.fromkeys(f for _, formats in DATES for f in formats) if f not in (cells.ISO_DATE, "%Y%m%d")),
    *(f"{date} {clock}" for _, dates in DATES[1:9] for date in dates for clock in _PLAIN_CLOCKS),
    "%H:%M:%S%.f",
    "%H:%M",
    "%I:%M %p",
)
"""Formats of times that are voted for, in the order they are tried."""
CLASSES: tuple[str, ...] = (
    "missing",
    "boolean",
    *(f"number {d}" for d in DIGITS),
    "long number",
    *(f"person {p}" for p in PERSONS),
    "uuid",
    "code",
    *(f"time {f}" for f in TIMES),
    "word",
    "words",
    "sentence",
)
_PLACE = {name: i for i, name in enumerate(CLASSES)}
NAMED = re.compile(r"\b(id|ids|uid|uuid|guid|identifier|kennung)\b")
"""Words of a column's name, which is public, by which whole numbers and codes in it are identifiers."""
SINGLE = "single"
HEXED = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"
"""The pattern of a UUID."""
SURE = 4.0
"""Standard deviations of its noise beyond which a count is taken for real."""


@dataclass(frozen=True)
class Verdict:
    """What a column was voted to be.

    kind: number, time, boolean, person, id, words (a category, if few enough levels are found), text or empty.
    digits: of a number's grid, -1 for codes. format: of a time, of person data or of codes; SINGLE for single words.
    present: noisy number of cells that are not missing; doubt: about the deviation of its noise.
    sure: the votes for this kind stand out of their noise.
    """

    kind: str
    digits: int = 0
    format: str = ""
    present: float = 0.0
    doubt: float = 0.0
    sure: bool = True


def votes(text: pl.Series) -> Counts:
    """Return how many cells of a column are of each class, (classes,); text: canonical (parts._domain_cells)."""
    values, counts = cells.different(text)
    out = np.zeros(len(CLASSES), np.int64)
    out[0] = text.null_count()
    np.add.at(out, _classes(values), counts)
    return out


def verdict(name: str, noisy: Sequence[int] | Counts, sigma: float) -> Verdict:
    """Return what a column is by its noisy counts (classes,); sigma: standard deviation of their noise."""
    found = _elected(name, noisy, sigma)
    # Somewhere between one and ten classes speak for a kind; of noise alone the largest reaches three deviations.
    return found if found.kind == "empty" or float(np.max(noisy)) > SURE * sigma else replace(found, sure=False)


def _elected(name: str, noisy: Sequence[int] | Counts, sigma: float) -> Verdict:
    count = dict(zip(CLASSES, np.asarray(noisy, float).tolist(), strict=True))
    number = sum(count[f"number {d}"] for d in DIGITS)
    words = count["word"] + count["words"] + count["code"]
    time, at = _best_time(count, sigma)
    people = {p: count[f"person {p}"] for p in PERSONS}
    person = max(people, key=lambda p: people[p])
    ids = count["long number"] + count["uuid"]
    groups = {
        "number": number,
        "boolean": count["boolean"],
        "time": at,
        "person": people[person],
        "id": ids,
        "words": words,
        "text": count["sentence"],
    }
    kind = max(groups, key=lambda k: groups[k])
    present = max(0.0, sum(groups.values()))
    if groups[kind] < SURE * sigma < count["missing"]:
        return Verdict("empty")
    if kind in ("number", "words") and NAMED.search(patterns.words_of(name)):
        # Whole numbers and codes in a column called an identifier are identifiers.
        return Verdict("id", digits=0 if kind == "number" else -1, present=present)
    if kind == "id":
        long = count["long number"] > count["uuid"]
        return Verdict("id", digits=0 if long else -1, format="" if long else HEXED, present=present)
    if kind == "number":
        return Verdict("number", digits=_digits(count, number, sigma), present=present)
    if kind == "text" and words > 0.5 * count["sentence"]:
        kind = "words"
    single = SINGLE if count["word"] + count["code"] > count["words"] else ""
    told = {"time": time, "person": person, "words": single}.get(kind, "")
    # About sixteen classes were summed.
    return Verdict(kind, format=told, present=present, doubt=4 * sigma)


def _digits(count: dict[str, float], total: float, sigma: float) -> int:
    """Return the decimals of the finest grid that more than a stray few cells need."""
    for i, digits in enumerate(DIGITS):
        finer = sum(count[f"number {d}"] for d in DIGITS[i + 1 :])
        if finer <= max(0.01 * total, SURE * sigma * np.sqrt(len(DIGITS) - i - 1)):
            return digits
    return DIGITS[-1]


def _best_time(count: dict[str, float], sigma: float) -> tuple[str, float]:
    """Return the format of most cells. Where day and month can be exchanged, days above 12 tell.

    A cell that fits several formats votes for the first; "25/12/2020" votes for the second alone. So the second has
    the votes of the first as well as soon as it has any of its own.
    """
    best = max(TIMES, key=lambda f: count[f"time {f}"])
    held = {best: count[f"time {best}"]}
    for twin in _twins(best):
        own = count[f"time {twin}"]
        if own > SURE * sigma and own > 0.02 * held[best]:
            held[twin] = held[best] + own
    chosen = max(held, key=lambda f: held[f])
    first = [f for f in TIMES if chosen in _twins(f)]
    return chosen, held[chosen] if chosen != best or not first else held[chosen] + max(0.0, count[f"time {first[0]}"])


def _twins(format: str) -> list[str]:
    """Return the formats that are tried after this one and fit some of its cells: of the same shape, or with a time."""
    if format == cells.ISO_DATE:
        return ["%Y-%d-%m", cells.ISO_TIME]
    clock = next((c for c in _PLAIN_CLOCKS if format.endswith(f" {c}")), "")
    bare = format.removesuffix(f" {clock}") if clock else format
    for _, formats in DATES:
        if bare in formats:
            later = formats[formats.index(bare) + 1 :]
            return [t for t in (f"{f} {clock}" if clock else f for f in later) if t in TIMES]
    return []


# Classes of single values ---------------------------------------------------------------------------------------------


def _classes(values: pl.Series) -> npt.NDArray[np.int64]:
    """Return the class of each of different texts, (values,)."""
    out = np.full(len(values), -1, np.int64)

    def take(name: str, hit: Any) -> None:
        mask = np.asarray(hit.fill_null(False) if isinstance(hit, pl.Series) else hit, bool)
        out[mask & (out < 0)] = _PLACE[name]

    take("boolean", values.is_in(["true", "false"]))
    for pattern in patterns.PERSONS:
        if pattern.named:
            continue
        plain = values.str.contains(r"^-?\d{1,11}(?:\.\d+)?$|^\d{4}-\d\d-\d\d")
        person = values.str.contains(pattern.expression) & ~plain
        if pattern.check is not None and person.any():
            check = pattern.check
            person = pl.Series([bool(p) and check(v) for v, p in zip(values, person, strict=True)], dtype=pl.Boolean)
        take(f"person {pattern.format}", person)
    take("long number", values.str.contains(LONG))
    for digits, hit in _grids(values):
        take(f"number {digits}", hit)
    take("uuid", values.str.contains(patterns.UUID))
    take("code", values.str.contains(patterns.HEX))
    _times(values, out)
    take("person name", _names(values))
    take("code", values.str.contains(r"^\S*\d\S*$"))
    blanks = values.str.count_matches(r"\s+")
    take("word", blanks == 0)
    take("words", blanks < 3)
    take("sentence", np.ones(len(values), bool))
    return out


def _grids(values: pl.Series) -> list[tuple[int, npt.NDArray[np.bool_]]]:
    """Return for each grid of DIGITS which values lie on it, the coarsest first."""
    number = cells.numbers(values)
    there = number.is_not_null().to_numpy()
    x = number.fill_null(0.0).to_numpy()
    tiny = there & (np.abs(x) < TINY) & (x != 0)
    out = []
    for digits in DIGITS[:-2]:
        scaled = x * 10.0**digits
        near = np.abs(scaled - np.rint(scaled)) <= 1e-6 + 1e-12 * np.abs(scaled)
        # Of large numbers a float holds no finer decimals.
        near |= np.abs(scaled) > cells.LARGEST
        out.append((digits, there & ~tiny & near))
    return [*out, (DIGITS[-1], tiny), (DIGITS[-2], there)]


def _times(values: pl.Series, out: npt.NDArray[np.int64]) -> None:
    """Give values that a format of TIMES reads the class of the first that does."""
    maybe = (values.str.contains(r"\d") & values.str.contains(r"[-/.: ]") & (values.str.len_chars() <= 32)).to_numpy()
    left = np.flatnonzero(maybe & (out < 0))
    for format in TIMES:
        if not left.size:
            return
        read = cells.moments(values.gather(pl.Series(left)), format).is_not_null().to_numpy()
        out[left[read]] = _PLACE[f"time {format}"]
        left = left[~read]


def _names(values: pl.Series) -> npt.NDArray[np.bool_]:
    """Return which values are a given and a family name of the public lists, and nothing else."""
    given, family, _ = patterns.known_names()
    shaped = values.str.contains(r"^\p{L}+(?:[ -]\p{L}\.?)?(?:[ -]\p{L}+){1,2}$").fill_null(False)
    out = np.zeros(len(values), bool)
    for i in np.flatnonzero(shaped.to_numpy()):
        words = values[int(i)].lower().replace("-", " ").split()
        out[i] = words[0] in given and words[-1] in family
    return out
