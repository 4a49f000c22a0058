"""The 18 items of the HIPAA Safe Harbor, one by one: what was found, what was done, and what nobody looked for.

Reference: 45 CFR 164.514(b)(2); Office for Civil Rights, Guidance regarding methods for de-identification of protected
health information, 26 November 2012. Written by engineers, not lawyers: the list helps whoever
signs, and signs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulacra.core.report import Finding, View
from simulacra.mask._words import GUARD
from simulacra.mask.types import NOT_DETECTED, SAFE_HARBOR

REFERENCE = "45 CFR 164.514(b)(2)"

CENSUS_2000 = frozenset(
    (
        "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831",
        "878", "879", "884", "890", "893",
    )
)  # fmt: skip
"""First three digits of ZIP codes whose area held 20,000 people or fewer in the census of 2000: the 17 of the guidance
of 2012. The rule asks for the census of today."""
CENSUS_2010 = frozenset(("202", "204", "205", "369", "753", "772"))
"""Prefixes that lists in use add from the tabulation areas of the census of 2010; no official list of them is known to
us, and those that grew above 20,000 by then are kept in CENSUS_2000 to be on the safe side."""
RESTRICTED = CENSUS_2000 | CENSUS_2010
OLDEST = 89
"""The highest age that may be told."""

NOTHING = frozenset(("", "keep", "none"))
"""Actions that leave a place as it was."""
STATES = ("done", "none found", "in part", "left", "not covered")
"""From best to worst, save that "not covered" says nothing was looked for."""

SHIFTED = (
    "shifted dates are still dates: a strict reading keeps the year only, and an expert may allow more (164.514(b)(1))"
)
IN_PART: dict[tuple[str, str], str] = {("DATE", action): SHIFTED for action in ("shift", "surrogate", "format")}
"""(type, action) -> why the action satisfies an item in part only."""
YEARS = "a year of birth that shows an age over 89 is not looked for"
PSEUDONYM = (
    "a keyed code is allowed where it cannot be translated back by who receives it (164.514(c)): keep the key apart"
)
KNOWLEDGE = (
    "Safe Harbor also asks that whoever releases the data has no actual knowledge that what is left could identify a "
    "person, alone or with other information (164.514(b)(2)(ii)). No tool can attest that: a person signs for it"
)


@dataclass(frozen=True)
class Item:
    """One item of the list.

    item: 1..18. words: of the rule, shortened. state: one of STATES. found: places of its types. acted: places that
    were changed. covered: what is and is not looked for. how: the actions, with counts, and what to know about them.
    """

    item: int
    words: str
    state: str
    found: int
    acted: int
    covered: str
    how: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def zip3(text: str) -> str:
    """Return what may be told of a ZIP code: its first three digits, "000" for restricted areas and other codes."""
    digits = text.strip()[:3]
    right = len(digits) == 3 and digits.isascii() and digits.isdigit()
    return digits if right and digits not in RESTRICTED else "000"


def age(years: float) -> str:
    """Return what may be told of an age: whole years up to 89, "90+" above."""
    return "90+" if years >= OLDEST + 1 else str(int(years))


def checklist(
    findings: Iterable[Mapping[str, Any]],
    plan: Mapping[str, str] | None = None,
    left: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Return the 18 items as plain values, see Item.

    findings: what was found, each with "type" and "action" (as in findings.jsonl), and "count" where one stands for
    several. plan: type -> action for types that were not found. left: type -> places that a second pass of detection
    found in the output.
    """
    done: Counter[tuple[str, str]] = Counter()
    for row in findings:
        done[row["type"], str(row.get("action") or "")] += int(row.get("count", 1))
    return [_item(n, done, plan or {}, left or {}).to_dict() for n in SAFE_HARBOR]


def _item(number: int, done: Mapping[tuple[str, str], int], plan: Mapping[str, str], left: Mapping[str, int]) -> Item:
    words, types = SAFE_HARBOR[number]
    mine = {key: count for key, count in done.items() if key[0] in types}
    found = sum(mine.values())
    acted = sum(count for (_, action), count in mine.items() if action not in NOTHING)
    again = sum(left.get(type, 0) for type in types)
    notes = [f"{action} {count:,} {type}" for (type, action), count in sorted(mine.items()) if action not in NOTHING]
    if found > acted:
        notes.append(f"left as it was: {found - acted:,}")
    if again:
        notes.append(f"found again in the output: {again:,}")
    spared = [type for type in types if plan.get(type) in NOTHING and type in plan]
    if spared:
        notes.append(f"the plan leaves {', '.join(spared)} as it is")
    partly = list(dict.fromkeys(IN_PART[key] for key in mine if key in IN_PART))
    coded = [PSEUDONYM] if any(action == "pseudonym" for _, action in mine) else []
    coded += [YEARS] if ("DATE", "generalise") in mine else []
    state = "left" if found > acted or again else "in part" if partly else "done" if found else "none found"
    gap = NOT_DETECTED.get(number, "")
    if state == "none found" and gap.startswith("not covered"):
        state = "not covered"
    return Item(number, words, state, found, acted, gap or "covered by rules", "; ".join((*notes, *partly, *coded)))


def findings(items: Iterable[Mapping[str, Any]]) -> Iterator[Finding | View]:
    """Yield the checklist as one finding and one table for the report."""
    rows = list(items)
    by = {state: [r["item"] for r in rows if r["state"] == state] for state in STATES}
    told = "; ".join(f"{state}: {_numbers(numbers)}" for state, numbers in by.items() if numbers)
    yield Finding(
        GUARD,
        "Safe Harbor checklist",
        "fail" if by["left"] else "warn" if by["in part"] else "ok",
        f"of the 18 items {told}. {KNOWLEDGE}",
        value=len(by["left"]),
        limit=0,
        advice="give the types that were left an action in the plan, or correct the review file" if by["left"] else "",
        headline=True,
        reference=REFERENCE,
    )
    for row in rows:
        if row["state"] == "not covered":
            yield Finding(GUARD, f"Safe Harbor item {row['item']}", "unknown", f"not tested: {row['covered']}")
    header = ["item", "identifier", "state", "found", "acted on", "how", "what is covered"]
    cells = [[r["item"], r["words"], r["state"], r["found"], r["acted"], r["how"] or "-", r["covered"]] for r in rows]
    title = "HIPAA Safe Harbor, 45 CFR 164.514(b)(2)"
    yield View(GUARD, "table", title, {"header": header, "rows": cells}, note=f"{KNOWLEDGE}. {_zip_note()}")


def _zip_note() -> str:
    return (
        f"ZIP codes keep three digits at most, and 000 stands for {len(RESTRICTED)} thinly settled prefixes: the "
        f"{len(CENSUS_2000)} of the census of 2000 named in the guidance of 26 November 2012, and {len(CENSUS_2010)} "
        "that lists in use add from the census of 2010"
    )


def _numbers(numbers: list[int]) -> str:
    """Return 1, 2, 3, 7 as "1-3, 7"."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)
