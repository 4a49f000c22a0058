"""Names of people and street addresses, told by the words inside the values; a column's name only tips the balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.core import patterns

if TYPE_CHECKING:
    from simulacra.core.infer_text import Texts

TITLES = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "prof", "master", "rev", "herr", "frau", "sr", "sra", "mme", "jr", "sir")
)
LOOK = 200
"""Different values whose words are looked up."""
SURE, LIKELY = 0.7, 0.3
"""Share of values that must hold known names: without, and with, a column name that says so."""
FEWEST = 5
"""Fewest different values that are read as names when the column's name does not say so."""
MANY = 20
"""Fewest different single words that are read as names when the column's name does not say so ("Black", "Green")."""
MOST_GROUPS = 300
"""Different values from which a column of any length may hold names though its name does not say so."""


def read(texts: Texts) -> tuple[str, str] | None:
    """Return the format (core.schema.PERSON_FORMATS) and the reason, or None."""
    return _address(texts) or _names(texts)


def _address(texts: Texts) -> tuple[str, str] | None:
    few = texts.variety < 0.5 and len(texts.values) < MANY
    if few or texts.cells < 5 or not 1.8 <= texts.words <= 14:
        return None
    named = patterns.says(texts.name, "address")
    numbered = texts.share(r"\d")
    streets = texts.share(patterns.STREET)
    sure = numbered >= 0.7 and streets >= 0.6
    if not (sure or (named and numbered >= 0.5 and texts.share(r"\p{L}{3,}") > 0.8)):
        return None
    form = "address" if texts.share(r"[,\n].*\d|\d.*[,\n].*\p{L}") > 0.6 and texts.words > 4 else "street"
    why = f"{numbered:.0%} of the different values hold a house number and {streets:.0%} a word for a street"
    return form, why + (", and the name agrees" if named and not sure else "")


def _names(texts: Texts) -> tuple[str, str] | None:
    """Look the words of a sample up among given and family names of many languages."""
    if texts.words > 5 or texts.share(r"^[\p{L}\p{M} .,'’()\"-]+$") < 0.9 or texts.share(r"^\P{Ll}") < 0.9:
        return None
    hints = {form for form in ("first_name", "last_name", "name") if patterns.says(texts.name, form)}
    # A few words that each fill many rows are groups, whatever they sound like ("Jordan", "Georgia" among countries).
    if len(texts.values) < (3 if hints else max(FEWEST, min(MOST_GROUPS, texts.cells // 500))):
        return None
    step = max(1, len(texts.sample) // LOOK)
    rows = [_words(value) for value in texts.sample.gather_every(step).to_list()]
    given, family, cities = patterns.known_names()
    several = [words for words in rows if len(words) > 1]
    if len(several) >= 0.7 * len(rows):
        known = sum(
            any(w in given for w in words) and any(w in family or w in given for w in words[1:]) for words in several
        )
        share = known / len(rows)
        enough = share >= (LIKELY if hints else SURE)
        return ("name", f"{share:.0%} of the different values hold a given and a family name") if enough else None
    return _single(rows, given, family, cities, hints, len(texts.values))


def _single(
    rows: list[list[str]],
    given: frozenset[str],
    family: frozenset[str],
    cities: frozenset[str],
    hints: set[str],
    different: int,
) -> tuple[str, str] | None:
    whole = [" ".join(words) for words in rows if words]
    if not whole:
        return None
    first, last, town = (sum(w in known for w in whole) / len(whole) for known in (given, family, cities))
    sure = different >= MANY and max(first, last) >= SURE and max(first, last) > town
    likely = {"first_name", "last_name"} & hints and max(first, last) >= LIKELY
    if not (sure or likely):
        return None
    form = "first_name" if first >= last else "last_name"
    if abs(first - last) < 0.2 and len({"first_name", "last_name"} & hints) == 1:
        form = next(iter({"first_name", "last_name"} & hints))
    kind, share = ("given", first) if form == "first_name" else ("family", last)
    return form, f"{share:.0%} of the different values are known {kind} names" + (
        "" if sure else ", and the name agrees"
    )


def _words(value: str) -> list[str]:
    cleaned = "".join(c if c.isalpha() or c in "-'’" else " " for c in value.lower()).split()
    return [word for word in cleaned if word not in TITLES and len(word) > 1]
