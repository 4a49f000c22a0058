"""Identifiers of the same shape: what characters stand where, without keeping any value.

A shape is a tuple with one alphabet a position: letters, or words in a tuple; an alphabet of one is a literal. Patterns
are read as 9: a digit, A: an upper case letter, a: a lower case letter, h and H: a hexadecimal digit, *: a letter or
digit; the rest is literal, and so is what follows a backslash. Numbers in sequence are continued beyond the last one
seen, so that none of them is ever repeated.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.errors import DataError
from simulacra.parts import permute as mixing

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]
    Shape = tuple[str | tuple[str, ...], ...]

CLASSES = {
    "9": string.digits,
    "A": string.ascii_uppercase,
    "a": string.ascii_lowercase,
    "h": string.digits + "abcdef",
    "H": string.digits + "ABCDEF",
    "*": string.ascii_letters + string.digits,
}
CYCLE = 1000
"""Rows after which the shares of several shapes repeat exactly."""
MOST_SHAPES = 20
SEEN = 5000
"""Values looked at to find the alphabets."""
FEW_LETTERS = 8
"""Most letters of one position that are kept as its alphabet, seen in a hundred values or more."""
COMMON = 0.5
"""Share of the values that the kept shapes must hold for the others to be left out, rather than all made coarser."""
LITERAL_ROWS = 5
"""Fewest different values from which a character that is always the same counts as part of the shape."""


def of_pattern(pattern: str) -> dict[str, Any]:
    """Return the facts of a declared pattern, e.g. "AA-9999"."""
    parts = re.findall(r"\\.|.", pattern, flags=re.S)
    return {"shapes": [tuple(CLASSES.get(part, part[-1]) for part in parts)], "shares": [CYCLE]}


def learn(values: pl.Series) -> dict[str, Any]:
    """Learn the shapes of texts: {"shapes": tuples of alphabets, "shares": rows of CYCLE that have each}."""
    values = values.cast(pl.String)
    classes = _classes(values)
    counts = classes.alias("shape").value_counts(sort=True).sort("count", "shape", descending=[True, False])
    counts = counts.head(MOST_SHAPES)
    shapes = []
    for shape in counts["shape"]:
        shapes.append(_alphabets(shape, values.filter(classes == shape).unique(maintain_order=True).head(SEEN)))
    return {"shapes": shapes, "shares": in_cycle(counts["count"].to_list())}


def draw(facts: dict[str, Any], numbers: Words, key: int, strict: bool | None, name: str) -> list[str]:
    """Return a text for each number; different numbers give different texts. Raises DataError when there is no room.

    strict: False lets values come again once there is no room at all; None as soon as a shape is used up.
    """
    shapes, place = _spread(facts, numbers, key, strict is not None)
    out = np.empty(len(numbers), object)
    for which in np.unique(shapes):
        rows = shapes == which
        out[rows] = _fill(facts["shapes"][which], place[rows], key + int(which), strict, name)
    texts: list[str] = out.tolist()
    return texts


def in_cycle(counts: list[int]) -> list[int]:
    """Return whole shares of CYCLE in proportion to counts; the first takes what rounding leaves."""
    shares = np.floor(np.array(counts) / sum(counts) * CYCLE).astype(int)
    shares[0] += CYCLE - shares.sum()
    out: list[int] = shares.tolist()
    return out


def room(shape: Shape) -> int:
    """Return how many different texts a shape allows."""
    total = 1
    for alphabet in shape:
        total *= len(alphabet)
    return total


def sequence(values: pl.Series) -> dict[str, Any] | None:
    """Learn numbers in sequence, bare or between fixed letters ("C-0001"); None when values are not of that kind."""
    if values.dtype.is_integer():
        return _numbers(values)
    parts = values.cast(pl.String).str.extract_groups(r"^(?s:(.*?))(\d{1,18})(\D*)$").struct.unnest()
    before, digits, after = (parts[c] for c in parts.columns)
    if len(values) < LITERAL_ROWS or digits.null_count() or before.n_unique() > 1 or after.n_unique() > 1:
        return None
    facts = _numbers(digits.cast(pl.Int64))
    if not facts["dense"]:
        return None
    padded = bool(digits.str.starts_with("0").any()) or digits.str.len_chars().n_unique() == 1
    width = int(digits.str.len_chars().max()) if padded else 0  # type: ignore[arg-type]
    return {**facts, "before": before[0], "after": after[0], "width": width}


def draw_numbers(facts: dict[str, Any], numbers: Words, key: int, name: str) -> npt.NDArray[np.uint64]:
    """Return a whole number for each number as 64 bits, two's complement; different numbers give different results."""
    window = int(facts["window"])
    chunk, place = numbers // np.uint64(window), numbers % np.uint64(window)
    if not facts["ordered"]:
        size = min(window, mixing.LARGEST)
        place = mixing.permute(place % np.uint64(size), size, key) * np.uint64(window // size)
    steps = chunk * np.uint64(window) + place
    last = int(facts["base"]) + int(steps.max(initial=0)) * int(facts["step"])
    if last > int(facts["top"]):
        raise DataError(
            f"column {name!r}: its type {facts['dtype']} ends at {facts['top']}, too few for {len(numbers):,} more "
            "different numbers; store the column in a wider type or declare another kind in the schema"
        )
    return steps * np.uint64(facts["step"]) + np.uint64(int(facts["base"]) % 2**64)


def _numbers(values: pl.Series) -> dict[str, Any]:
    """Describe whole numbers: dense ones go on after the last, sparse ones are spread over the same range."""
    distinct = values.unique().sort()
    low, high = int(distinct[0]), int(distinct[-1])
    gaps = distinct.cast(pl.Int128).diff().drop_nulls()
    step = int(np.gcd.reduce(gaps.cast(pl.UInt64).to_numpy())) if len(gaps) else 1
    span = (high - low) // step + 1
    top = int(pl.select(values.dtype.max()).item())  # type: ignore[attr-defined]
    facts = {"step": step, "top": top, "dtype": str(values.dtype), "ordered": values.is_sorted()}
    dense = 2 * len(distinct) >= span
    if dense and high + step * span <= top:
        return {**facts, "dense": True, "base": high + step, "window": span}
    bottom, end = _rounded(low, high, top)
    window = max(1, (end - bottom) // step + 1)
    return {**facts, "dense": dense, "ordered": False, "base": bottom, "window": window}


def _rounded(low: int, high: int, top: int) -> tuple[int, int]:
    """Return the range rounded outwards to two digits, with as many digits as before, so that no real end shows."""
    unit = 10 ** max(0, len(str(abs(high))) - 2)
    bottom = low // unit * unit if low < 0 or low // unit else 10 ** (len(str(low)) - 1) if low else 0
    return bottom, min(-(-(high + 1) // unit) * unit - 1, top)


def _classes(values: pl.Series) -> pl.Series:
    """Return the shape of each text in pattern letters, coarser when there are too many shapes."""
    fine = values.str.replace_all(r"\p{Nd}", "9").str.replace_all(r"\p{Lu}", "A")
    fine = fine.str.replace_all(r"[\p{L}--\p{Lu}]", "a")
    if fine.n_unique() <= MOST_SHAPES:
        return fine
    if not values.str.contains(r"\p{L}").any():
        return fine
    for letter, allowed in (("h", "[0-9a-f]"), ("H", "[0-9A-F]")):
        if values.str.contains(rf"^(?:{allowed}|[^\p{{L}}\p{{Nd}}])*$").all():
            return values.str.replace_all(allowed, letter)
    if int(fine.value_counts(sort=True)["count"].head(MOST_SHAPES).sum()) >= COMMON * len(values):
        return fine
    return values.str.replace_all(r"[\p{L}\p{Nd}]", "*")


def _alphabets(shape: str, values: pl.Series) -> tuple[str, ...]:
    out = []
    for i, letter in enumerate(shape):
        seen = values.str.slice(i, 1).unique()
        enough = len(values) >= 100
        if letter not in CLASSES:
            out.append(letter)
        elif len(seen) == 1 and len(values) >= LITERAL_ROWS:
            out.append(str(seen[0]))
        elif enough and (len(seen) <= FEW_LETTERS or letter in "9hH"):
            out.append("".join(sorted(seen)))
        else:
            out.append(CLASSES[letter])
    return tuple(out)


def _spread(facts: dict[str, Any], numbers: Words, key: int, spill: bool) -> tuple[npt.NDArray[np.int64], Words]:
    """Give every number a shape, and a place within it that no other number has."""
    if len(facts["shares"]) == 1:
        return np.zeros(len(numbers), np.int64), numbers
    which, place = slots(facts["shares"], numbers, key)
    if not spill:
        return which, place
    rooms = [room(shape) for shape in facts["shapes"]]
    widest = rooms.index(max(rooms))
    # The widest shape takes what the others cannot hold: there the place is the number itself, which none else has.
    full = place >= np.array([min(r, 2**63) for r in rooms], np.uint64)[which]
    which = np.where(full, widest, which)
    return which, np.where(which == widest, numbers, place)


def slots(shares: list[int], numbers: Words, key: int) -> tuple[npt.NDArray[np.int64], Words]:
    """Give every number one of several kinds in their shares of CYCLE, and its place among the numbers of that kind."""
    order = mixing.permute(np.arange(CYCLE, dtype=np.uint64), CYCLE, key).astype(np.int64)
    kinds = np.repeat(np.arange(len(shares)), shares)[order]
    rank = np.zeros(CYCLE, np.uint64)
    for kind, share in enumerate(shares):
        rank[kinds == kind] = np.arange(share)
    slot = (numbers % np.uint64(CYCLE)).astype(np.int64)
    which = kinds[slot]
    return which, numbers // np.uint64(CYCLE) * np.array(shares, np.uint64)[which] + rank[slot]


def _fill(shape: Shape, places: Words, key: int, strict: bool | None, name: str) -> list[str]:
    size = room(shape)
    if size <= int(places.max(initial=0)):
        if strict:
            raise DataError(
                f"column {name!r}: its pattern has room for {size:,} different values, "
                f"too few for row {int(places.max()) + 1:,}; widen the pattern in the schema (format = "
                '"AA-9999": 9 is a digit, A and a are letters), or set unique = false'
            )
        places = places % np.uint64(size)
    block, taken = 1, 0
    for alphabet in reversed(shape):
        if block * len(alphabet) > mixing.LARGEST:
            break
        block, taken = block * len(alphabet), taken + 1
    # Positions beyond 62 bits are drawn freely: those before them already make every text different.
    mixed = mixing.permute(places % np.uint64(block), block, key)
    parts = []
    for i in range(len(shape) - 1, -1, -1):
        letters = np.array(list(shape[i]))
        if i >= len(shape) - taken:
            mixed, digit = np.divmod(mixed, np.uint64(len(letters)))
        else:
            digit = mixing.below(places, len(letters), key, str(i)).astype(np.uint64)
        parts.append(letters[digit.astype(np.int64)])
    if not shape:
        return [""] * len(places)
    if all(part.dtype.itemsize == 4 for part in parts):
        letter_by_letter = np.stack(parts[::-1], axis=1)
        short: list[str] = letter_by_letter.view(f"<U{len(shape)}").ravel().tolist()
        return short
    return ["".join(row) for row in zip(*(part.tolist() for part in reversed(parts)), strict=True)]
