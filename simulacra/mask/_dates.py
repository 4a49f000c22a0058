"""Dates inside texts: read in the form they are written in, moved by whole days, written in the same form."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulacra.mask._months import CALENDARS, MONTHS, WEEKDAYS

_WORD = r"[^\W\d_]{3,12}\.?"
_ORDER = r"(?:st|nd|rd|th|er|\.|º|ª)?"
_FORMS: tuple[tuple[str, str], ...] = (
    ("ymd", r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?!\d)"),
    ("ymd", r"(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"),
    ("dmy", r"(?P<d>\d{1,2})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})(?!\d)"),
    ("dmy", rf"(?P<d>\d{{1,2}}){_ORDER}(?:[ -]+| de | of )(?P<b>{_WORD})(?:,? |-| de )?(?P<y>\d{{4}}|'?\d{{2}}(?!\d))"),
    ("mdy", rf"(?P<b>{_WORD}) (?P<d>\d{{1,2}}){_ORDER},? (?P<y>\d{{4}})(?!\d)"),
    ("ymd", rf"(?P<y>\d{{4}})-(?P<b>{_WORD})-(?P<d>\d{{1,2}})(?!\d)"),
    ("my", r"(?P<y>\d{4})-(?P<m>\d{1,2})(?![\d-])"),
    ("my", r"(?P<m>\d{1,2})/(?P<y>\d{4})(?!\d)"),
    ("my", rf"(?P<b>{_WORD})(?: of|,| de)? (?P<y>\d{{4}})(?!\d)"),
    ("dm", rf"(?P<d>\d{{1,2}}){_ORDER}(?: de | of |[ -])(?P<b>{_WORD})"),
    ("dm", rf"(?P<b>{_WORD}) (?P<d>\d{{1,2}}){_ORDER}(?!\d)"),
    ("dm", r"(?P<d>\d{1,2})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)?(?!\d)"),
)
"""Order of the parts -> how they are written; the first that fits and is a day of the calendar is taken."""
FORMS = tuple((order, re.compile(form, re.I)) for order, form in _FORMS)
_LEAD = re.compile(rf"(?P<w>[^\W\d_]{{2,12}}\.?),? (?:(?:the|den|dem|le|el) )?(?=\d|{_WORD} ?\d)", re.I)
_SLASHED = re.compile(r"(?<!\d)(\d{1,2})([-/.])(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)")
_STAYS = re.compile(r"\s*(?:(?:19|20)\d{2}|\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?)\s*", re.I)
"""A year alone, or a time of day."""
NO_YEAR = 2001
"""The year in which a day without a year is moved; 2000 when it is the 29 February."""
FAR = (1000, 9998)
"""Years beyond these stand for "never" or "unknown" and stay."""


@dataclass
class DayFirst:
    """Whether 03/04/2019 is the third of April, told by the dates that can be read one way only."""

    counts: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def look(self, texts: Iterable[str | None]) -> None:
        """Count the dates that tell."""
        for text in texts:
            for first, sign, second in _SLASHED.findall(text or ""):
                if int(first) > 12 >= int(second):
                    self.counts[sign, True] += 1
                elif int(second) > 12 >= int(first):
                    self.counts[sign, False] += 1

    def says(self, sign: str, language: str) -> bool:
        """Return whether the day comes first: as most dates with this sign say, else as the language has it."""
        day, month = self.counts[sign, True], self.counts[sign, False]
        return day > month if day != month else sign == "." or language != "en"


@dataclass(frozen=True)
class Read:
    """A date found in a text: its day, the order of its parts, and the match that says where they stand."""

    day: dt.date
    order: str
    found: re.Match[str]
    lead: re.Match[str] | None = None


def read(text: str, day_first: bool | DayFirst = False, language: str = "en") -> Read | None:
    """Return the date that a text begins with, after a weekday at most; None when there is none."""
    lead = _LEAD.match(text)
    lead = lead if lead and lead["w"].rstrip(".").lower() in WEEKDAYS else None
    begin = lead.end() if lead else 0
    for order, form in FORMS:
        found = form.match(text, begin)
        day = _day(found, order, day_first, language) if found else None
        if found and day:
            return Read(day, order, found, lead)
    return None


def _day(found: re.Match[str], order: str, day_first: bool | DayFirst, language: str) -> dt.date | None:
    parts = found.groupdict()
    month = MONTHS.get(parts["b"].rstrip(".").lower(), 0) if parts.get("b") else int(parts["m"])
    year = _year(parts.get("y"))
    day = int(parts["d"]) if parts.get("d") else 15
    if order in ("dmy", "dm") and not parts.get("b") and not _first(found, day_first, language):
        day, month = month, day
    if year is None:
        year = 2000 if (month, day) == (2, 29) else NO_YEAR
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _first(found: re.Match[str], day_first: bool | DayFirst, language: str) -> bool:
    """Return whether the first of two numbers is the day; one beyond 12 settles it."""
    first, second = int(found["d"]), int(found["m"])
    if first > 12 or second > 12:
        return first > 12
    return day_first.says(found["s"], language) if isinstance(day_first, DayFirst) else day_first


def _year(text: str | None) -> int | None:
    if not text:
        return None
    number = int(text.lstrip("'"))
    return number if len(text.lstrip("'")) == 4 else number + (2000 if number < 50 else 1900)


def shift(text: str, days: int, day_first: bool | DayFirst = False, language: str = "en") -> str | None:
    """Return a text with its date moved by so many days, written as it was; None when no date can be read.

    A weekday in front moves along; what stands behind, such as the time of day, stays. A month without a day moves as
    its 15th does; a day without a year moves within one.
    """
    got = read(text, day_first, language)
    if got is None:
        return text if _STAYS.fullmatch(text) else None
    if not FAR[0] <= got.day.year <= FAR[1]:
        return text
    try:
        new = got.day + dt.timedelta(days)
    except OverflowError:
        return None
    return _written(text, got, new, day_first, language)


def year_of(text: str, day_first: bool | DayFirst = False, language: str = "en") -> str | None:
    """Return the year of a date as text, "" when it has none; None when no date can be read."""
    got = read(text, day_first, language)
    if got is None:
        found = re.search(r"(?<!\d)(?:1[5-9]|20)\d{2}(?!\d)", text)
        return found.group() if found else None
    return str(got.day.year) if got.found.groupdict().get("y") else ""


def _written(text: str, got: Read, new: dt.date, day_first: bool | DayFirst, language: str) -> str:
    parts = got.found.groupdict()
    swapped = (
        got.order in ("dmy", "dm") and parts.get("m") and not parts.get("b")
        and not _first(got.found, day_first, language)
    )  # fmt: skip
    numbers = {"d": new.day, "m": new.month, "y": new.year}
    if swapped:
        numbers["d"], numbers["m"] = new.month, new.day
    changes = []
    for name, old in parts.items():
        if old is None or name == "s":
            continue
        # "04-May-19" stands among "04-Jun-19", though May alone could be the long name.
        short = "-" in text[max(0, got.found.start(name) - 1) : got.found.end(name) + 1]
        short = short or (got.lead is not None and len(got.lead["w"]) <= 3)
        value = _like(old, new.month, MONTHS, short) if name == "b" else _number(old, numbers[name])
        changes.append((got.found.start(name), got.found.end(name), value))
        if name == "d":
            changes += _ordinal(text, got.found.end("d"), numbers["d"])
    if got.lead:
        changes.append((got.lead.start("w"), got.lead.end("w"), _like(got.lead["w"], new.weekday(), WEEKDAYS)))
    out, at = [], 0
    for start, end, value in sorted(changes):
        out += [text[at:start], value]
        at = end
    return "".join([*out, text[at:]])


def _number(old: str, value: int) -> str:
    mark = "'" if old.startswith("'") else ""
    bare = old.lstrip("'")
    if len(bare) == 2 and value > 99:
        value %= 100
        return f"{mark}{value:02d}"
    # Two digits say nothing about leading zeros unless there is one; other numbers of the form follow suit.
    return f"{mark}{value:0{len(bare)}d}" if bare.startswith("0") or len(bare) != 1 else f"{mark}{value}"


def _ordinal(text: str, at: int, day: int) -> list[tuple[int, int, str]]:
    old = text[at : at + 2].lower()
    if old == "er" and day > 1:
        return [(at, at + 2, "")]
    if old not in ("st", "nd", "rd", "th"):
        return []
    new = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return [(at, at + 2, new.upper() if text[at : at + 2].isupper() else new)]


def _like(old: str, number: int, names: dict[str, int], short: bool = False) -> str:
    """Return the name of a month or weekday in the language, length and case of another."""
    bare, point = old.rstrip("."), "." if old.endswith(".") else ""
    for calendar in sorted(CALENDARS, key=lambda names: len(max(names, key=len)) > 4) if short else CALENDARS:
        index = next((i for i, name in enumerate(calendar) if name == bare.lower()), None)
        if index is not None and names.get(bare.lower()) == index + (names is MONTHS):
            new = calendar[number - (names is MONTHS)]
            break
    else:
        return old
    if bare.isupper():
        new = new.upper()
    elif bare[0].isupper():
        new = new[0].upper() + new[1:]
    return new + point
