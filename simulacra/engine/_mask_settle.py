"""What every column holds and what is done with it: a first pass over all files, and the plan made whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simulacra.core.patterns import says, words_of
from simulacra.core.progress import task
from simulacra.io.documents import Document
from simulacra.mask._book import Book
from simulacra.mask._dates import DayFirst
from simulacra.mask.find import find_column
from simulacra.mask.plan import TEXT, Plan, Rule

LOOKED_AT = 4000
"""Cells of a column that are looked at to tell what it holds, spread over the file."""
PERSON = re.compile(
    r"^(?:patient|person|user|customer|client|member|employee|subject|student|resident|participant|respondent|insured"
    r"|beneficiary|tenant|donor|pupil|kunden|personen|patienten)s?"
    r" ?(?:id|no|nr|num|number|key|code|ref|identifier|nummer)?$"
    r"|^(?:mrn|pid|uid|persnr)$"
)
"""Names of columns that name a person by a code, in words."""
BARE = re.compile(r"^(?:id|key|nr|no|number)$")
GIVEN = re.compile(r"^(?:given|first|fname|forename|firstname|vorname|prénom|prenom|nombre)$")
FAMILY = re.compile(r"^(?:family|last|lname|surname|lastname|nachname|apellidos?)$")
NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d+)?")
SHORT_WORDS = 4
"""A column whose texts all have fewer words holds labels: only sure hits count in it."""


@dataclass
class Seen:
    """What the first pass saw of one file. samples: column -> some of its texts. filled: column -> cells with a text.
    rows: records. typed: columns of numbers or times in a file that has types."""

    samples: dict[str, list[str]] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    days: DayFirst = field(default_factory=DayFirst)
    labels: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)


def look(name: str, document: Document, book: Book) -> Seen:
    """Read a file once: samples of its columns, how its dates are written, which known words it holds."""
    seen = Seen()
    with task(f"look at {name}") as step:
        for part in document.parts():
            seen.rows += part.rows
            for column, cells in part.columns.items():
                values = [v for v in cells.values if v]
                seen.filled[column] = seen.filled.get(column, 0) + len(values)
                kept = seen.samples.setdefault(column, [])
                every = max(1, len(values) // LOOKED_AT)
                kept += values[::every][: max(0, LOOKED_AT - len(kept) // 2)]
                for value in values if part.frame is not None else ():
                    book.see(value)
                if part.frame is None or cells.dtype is not None and str(cells.dtype) == "String":
                    seen.days.look(set(values))
            if part.text:
                book.see(part.text)
            step(1)
    seen.order = list(dict.fromkeys([*document.columns, *seen.samples]))
    return seen


def settle(plan: Plan, seen: Mapping[str, Seen], kinds: Mapping[str, str]) -> Plan:
    """Return the plan with a rule for every column and the person column of every file that has one.

    kinds: file -> kind of document.
    """
    rules = {
        name: {column: _rule(plan, name, column, it, kinds[name]) for column in it.order} for name, it in seen.items()
    }
    person = _persons(plan, seen, rules)
    for name, column in person.items():
        rule = rules[name][column]
        if not rule.type and rule.by != "plan" and not plan.columns.get(name, {}).get(column):
            rules[name][column] = replace(plan.rule_of("ID"), by="names the person of the record")
    return plan.with_columns(rules, person)


def _rule(plan: Plan, file: str, column: str, seen: Seen, kind: str) -> Rule:
    given = plan.columns.get(file, {}).get(column)
    sample = seen.samples.get(column, [])
    found = _found(column, sample, kind)
    if given is None:
        return _acting(plan, found, column)
    holds = given.type or found.type
    if not given.type and found.type == TEXT and given.action not in ("surrogate", "shift", ""):
        holds = ""  # the whole cell, as it says no TEXT
    if not given.action:
        base = _acting(plan, Rule(holds, "", {}, "plan"), column)
        return replace(base, options={**base.options, **given.options}, by="plan")
    options = dict(given.options)
    if holds == "NAME" and given.action == "surrogate" and "part" not in options:
        options |= _part(column)
    return Rule(holds, given.action, options, "plan")


def _acting(plan: Plan, found: Rule, column: str) -> Rule:
    """Return what happens to a column without a rule of its own."""
    if found.type == TEXT:
        return Rule(TEXT, plan.text or "surrogate", {}, found.by)
    if not found.type:
        return Rule("", "keep", {}, found.by)
    rule = plan.rule_of(found.type)
    options = dict(rule.options)
    if found.type == "NAME" and rule.action == "surrogate":
        options |= _part(column)
    return Rule(found.type, rule.action, options, found.by)


def _part(column: str) -> dict[str, str]:
    last = words_of(re.split(r"[./]", column)[-1])
    if GIVEN.match(last) or says(last, "first_name"):
        return {"part": "given"}
    return {"part": "family"} if FAMILY.match(last) or says(last, "last_name") else {}


def _found(column: str, sample: list[str], kind: str) -> Rule:
    """Return what a column holds: a type as a whole, texts to be searched, or nothing of a person; with the reason."""
    import polars as pl

    if not sample:
        return Rule("", "", {}, "empty")
    if kind == "text" or column.endswith("comment()"):
        return Rule(TEXT, "", {}, "text")
    numbers = all(NUMBER.fullmatch(v) for v in sample)
    series = pl.Series(column, [float(v) for v in sample] if numbers else sample)
    hit = find_column(series, name=re.split(r"[./]", column)[-1].lstrip("@"))
    if hit is not None:
        return Rule(hit.type, "", {}, f"{hit.by}, score {hit.score:.2f}")
    if all(re.fullmatch(r"\s*[-+]?[\d.,]+(?:[eE][-+]?\d+)?%?\s*|(?i:true|false|yes|no)", v) for v in sample):
        return Rule("", "", {}, "numbers")
    return Rule(TEXT, "", {}, "searched for identifiers")


def labels(sample: list[str]) -> bool:
    """Tell whether a column holds labels of few words, and not texts."""
    return all(len(v.split()) < SHORT_WORDS for v in sample)


def _persons(plan: Plan, seen: Mapping[str, Seen], rules: Mapping[str, Mapping[str, Rule]]) -> dict[str, str]:
    """Return file -> the column that names the person: as given, else the name that most files share."""
    out = {name: column for name, column in plan.person.items() if column}
    open_ = [name for name in seen if name not in plan.person]
    fits = {name: [c for c in seen[name].order if _code(c, PERSON, seen[name], rules[name])] for name in open_}
    counts: dict[str, int] = {}
    for columns in fits.values():
        for word in {_word(c) for c in columns}:
            counts[word] = counts.get(word, 0) + 1
    given = {_word(c) for c in out.values()}
    best = max(counts, key=lambda w: (w in given, counts[w]), default="")
    for name, columns in fits.items():
        same = next((c for c in columns if _word(c) == best), None)
        own = same or (_bare(name, seen, rules, best) if not columns else None)
        if own:
            out[name] = own
    return {name: out[name] for name in seen if name in out}


def _word(column: str) -> str:
    return words_of(re.split(r"[./]", column)[-1].lstrip("@"))


def _code(column: str, words: re.Pattern[str], seen: Seen, rules: Mapping[str, Rule]) -> bool:
    sample = seen.samples.get(column, [])
    plain = sum(bool(re.fullmatch(r"\S*\d\S*", v)) for v in sample) >= 0.9 * len(sample)
    wrong = rules[column].type in ("NAME", "DATE", "AGE", "PHONE", "CITY", "ADDRESS")
    return bool(sample) and bool(words.match(_word(column))) and plain and not wrong


def _bare(name: str, seen: Mapping[str, Seen], rules: Mapping[str, Mapping[str, Rule]], best: str) -> str | None:
    """Return a column named "id" alone, in a file whose records are persons: it has names, and no id comes twice.

    Where other files name persons by another column, the values must be among each other's.
    """
    it = seen[name]
    if not any(rule.type in ("NAME", "EMAIL") for rule in rules[name].values()):
        return None
    for column in it.order:
        sample = it.samples.get(column, [])
        if not _code(column, BARE, it, rules[name]) or len(set(sample)) < len(sample):
            continue
        others = [set(s.samples[c]) for n, s in seen.items() if n != name for c in s.order if best and _word(c) == best]
        if not others or any(len(other & set(sample)) >= 0.5 * len(other) for other in others if other):
            return column
    return None
