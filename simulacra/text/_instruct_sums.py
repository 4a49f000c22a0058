"""Small sums in words, with their answers: what reasoning is tried on where the user brings no questions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

NAMES = ("Ann", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Leo")
THINGS = ("apples", "books", "coins", "eggs", "pens", "stamps", "shells", "cards", "nuts", "stones")
PLACES = ("shop", "school", "farm", "market", "library", "club")

Draw = Callable[[int, int], int]


def problem(key: int, row: int, level: int) -> tuple[str, str]:
    """Return a question and its answer, a function of a key and the number of a row.

    level: 1 takes one step with small numbers, 2 takes two.
    """
    digest = hashlib.blake2b(f"{key}\x1f{row}".encode(), digest_size=64).digest()
    taken = iter(int.from_bytes(digest[k : k + 4], "little") for k in range(0, 64, 4))

    def draw(low: int, high: int) -> int:
        return low + next(taken) % (high - low + 1)

    one, two = draw(0, len(NAMES) - 1), draw(1, len(NAMES) - 1)
    who, other = NAMES[one], NAMES[(one + two) % len(NAMES)]
    things, place = THINGS[draw(0, len(THINGS) - 1)], PLACES[draw(0, len(PLACES) - 1)]
    forms = EASY if level == 1 else FORMS
    return forms[draw(0, len(forms) - 1)](draw, who, other, things, place)


def _plus(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    have, more = draw(2, 12), draw(2, 9)
    return f"{who} has {have} {things} and gets {more} more. How many {things} does {who} have now?", str(have + more)


def _minus(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    have, gone = draw(10, 20), draw(2, 9)
    return f"{who} has {have} {things} and gives {gone} to {other}. How many {things} are left?", str(have - gone)


def _both(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    mine, yours = draw(2, 12), draw(2, 12)
    return (
        f"{who} has {mine} {things} and {other} has {yours} {things}. How many {things} do they have together?",
        str(mine + yours),
    )


def _each(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    boxes, each = draw(2, 5), draw(2, 10)
    return (
        f"The {place} has {boxes} boxes with {each} {things} in each. How many {things} does the {place} have?",
        str(boxes * each),
    )


def _given_away(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    have, gone, more = draw(20, 60), draw(3, 15), draw(2, 20)
    return (
        f"{who} has {have} {things}, gives {gone} of them to {other} and then finds {more} more. How many {things} "
        f"does {who} have now?",
        str(have - gone + more),
    )


def _boxes(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    boxes, each, loose = draw(3, 9), draw(4, 12), draw(1, 11)
    return (
        f"The {place} has {boxes} boxes with {each} {things} each, and {loose} loose {things}. How many {things} are "
        "there in all?",
        str(boxes * each + loose),
    )


def _price(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    price, count, note = draw(2, 9), draw(3, 9), 100
    return (
        f"{who} buys {count} {things} at {price} dollars each and pays with {note} dollars. How much money does {who} "
        "get back?",
        str(note - price * count),
    )


def _shared(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    people, each = draw(3, 8), draw(3, 12)
    mine = draw(1, people * each - 1)
    return (
        f"{who} has {mine} {things} and {other} has {people * each - mine}. They share all of them equally among "
        f"{people} friends. How many {things} does each friend get?",
        str(each),
    )


def _twice(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    have, times = draw(4, 20), draw(2, 4)
    return (
        f"{who} has {have} {things}. {other} has {times} times as many. How many {things} do they have together?",
        str(have + have * times),
    )


def _days(draw: Draw, who: str, other: str, things: str, place: str) -> tuple[str, str]:
    pages, days, total = draw(8, 25), draw(3, 9), draw(230, 320)
    return (
        f"{who} reads {pages} pages a day in a book of {total} pages. How many pages are left after {days} days?",
        str(total - pages * days),
    )


EASY = (_plus, _minus, _both, _each)
FORMS = (_given_away, _boxes, _price, _shared, _twice, _days)
