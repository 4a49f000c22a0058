"""Masking one file part by part: what is found, what a review said of it, and what stands there afterwards."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from simulacra.core.patterns import quasi
from simulacra.core.progress import task
from simulacra.engine._mask_folder import line
from simulacra.engine._mask_settle import Seen, labels
from simulacra.io.documents import Cells, Document, Part
from simulacra.mask import _dates
from simulacra.mask._people import SOUGHT, People, merged, whole
from simulacra.mask._persons import Parts, fold, parts
from simulacra.mask.find import Hit, find_texts
from simulacra.mask.hide import NOBODY, Hider, Place, Record, spliced
from simulacra.mask.plan import TEXT, Rule
from simulacra.mask.residual import Survey
from simulacra.mask.review import DOMAIN, Entry, Review, doubtful
from simulacra.mask.types import SURE

CACHE = 200_000
"""Different texts of one file whose hits are remembered, so that a text that repeats is searched once."""


@dataclass
class File:
    """A file of the run. rules: column -> rule. person: column that names the person, "" for none."""

    name: str
    document: Document
    rules: dict[str, Rule]
    person: str
    seen: Seen
    handles: bytes = b""


@dataclass
class Work:
    """What the files of a run share, and what they leave."""

    hider: Hider
    people: People
    ner: bool
    language: str
    survey: Survey | None
    review: Review | None = None
    context: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    columns: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    doubts: list[Entry] = field(default_factory=list)
    texts: dict[str, list[tuple[str, list[tuple[int, int]]]]] = field(default_factory=dict)
    unknown: int = 0
    """Records in which no person is known, whose dates share one shift."""


def digest(path: Path) -> bytes:
    """Return a key for review handles that only who has the file can make."""
    out = hashlib.blake2b(key=DOMAIN, digest_size=32)
    with open(path, "rb") as handle:
        while piece := handle.read(1 << 20):
            out.update(piece)
    return out.digest()


# Who the records are about --------------------------------------------------------------------------------------------


def meet(file: File, work: Work) -> None:
    """Note everybody whom a table names, and what it says of them; tables that disagree are refused."""
    wanted = {c for c, r in file.rules.items() if r.type in ("NAME", *SOUGHT)} | {file.person}
    born = [c for c, r in file.rules.items() if r.type == "DATE" and quasi(c) == "date of birth"]
    if not any(r.type in ("NAME", *SOUGHT) for c, r in file.rules.items() if c != file.person):
        return
    for part in file.document.parts():
        rows = _rows(part, wanted | set(born))
        for row, cells in rows.items():
            names = _names(cells, file.rules)
            key = _key(cells, file.person) or (f"name:{names[0].key}" if names else "")
            values = [(file.rules[c].type, v) for c, v in cells if file.rules[c].type in SOUGHT]
            for name in names:
                work.hider.book.meet(name)
            if key:
                work.people.add(key, names, values)
                _say(file, work, key, row, cells, names, born)
            # Addresses of mail are built of names, so they are settled where the names are known.
            record = work.hider.record(key, names)
            for column, value in cells:
                if file.rules[column].type in ("EMAIL", "USERNAME"):
                    work.hider.cell(value, file.rules[column], record, file.name)


def _say(
    file: File, work: Work, key: str, row: int, cells: list[tuple[str, str]], names: list[Parts], born: list[str]
) -> None:
    if not file.person or not _key(cells, file.person):
        return
    columns = [c for c, r in file.rules.items() if r.type == "NAME" and not _other_role(c)]
    if columns and names and len(names) == 1:
        work.people.say(key, "names", names[0], file.name, row, columns[0])
    for column, value in cells:
        if column in born:
            got = _dates.read(value.strip(), file.seen.days, work.language)
            if got:
                work.people.say(key, "dates of birth", got.day, file.name, row, column)


OTHERS = frozenset(
    "doctor physician provider mother father contact nurse gp referring author manager emergency attending surgeon kin "
    "guardian spouse partner teacher agent therapist".split()
)


def _other_role(column: str) -> bool:
    from simulacra.core.patterns import words_of

    return bool(OTHERS & set(words_of(column).split()))


def _rows(part: Part, wanted: set[str]) -> dict[int, list[tuple[str, str]]]:
    """Return row -> (column, text) of the columns wanted, in the order of the file."""
    out: dict[int, list[tuple[str, str]]] = {}
    for column, cells in part.columns.items():
        if column in wanted:
            for row, value in zip(cells.rows, cells.values, strict=True):
                if value and value.strip():
                    out.setdefault(row, []).append((column, value))
    return out


def _key(cells: Iterable[tuple[str, str]], person: str) -> str:
    return next((f"id:{fold(value)}" for column, value in cells if column == person), "") if person else ""


def _names(cells: Sequence[tuple[str, str]], rules: dict[str, Rule]) -> list[Parts]:
    """Return the people of a record, first the one who is no doctor or contact: given and family names are joined."""
    full: list[tuple[bool, Parts]] = []
    given: list[tuple[bool, str]] = []
    family: list[tuple[bool, str]] = []
    for column, value in cells:
        rule = rules[column]
        if rule.type == "NAME":
            part, other = rule.options.get("part", "full"), _other_role(column)
            if part == "given":
                given.append((other, value))
            elif part == "family":
                family.append((other, value))
            else:
                full.append((other, parts(value)))
    pairs = [(a[0], whole(a[1], b[1])) for a, b in zip(given, family, strict=False)]
    return [name for _, name in sorted([*full, *pairs], key=lambda pair: pair[0]) if name.words]


# Acting ---------------------------------------------------------------------------------------------------------------


def hide(file: File, work: Work, target: Path, findings: IO[str]) -> None:
    """Write the masked file and its findings."""
    cache: dict[str, list[Hit]] = {}
    with task(f"mask {file.name}", total=max(1, file.seen.rows)) as step:

        def masked() -> Iterator[Part]:
            for part in file.document.parts():
                _part(file, work, part, cache, findings)
                step(part.rows)
                yield part

        file.document.write(target, masked())
    for (name, column, type, action), count in work.columns.items():
        if name == file.name:
            findings.write(line(_finding(name, None, column, None, None, type, 1.0, action) | {"count": count}))
            work.counts[type, action] += count


def _finding(
    file: str, row: int | None, column: str, start: int | None, end: int | None, type: str, score: float, action: str
) -> dict[str, Any]:
    return {
        "file": file, "row": row, "column": column, "start": start, "end": end, "type": type,
        "score": round(score, 4), "action": action,
    }  # fmt: skip


def _part(file: File, work: Work, part: Part, cache: dict[str, list[Hit]], findings: IO[str]) -> None:
    wanted = {c for c, r in file.rules.items() if r.type == "NAME"} | {file.person}
    rows = _rows(part, wanted)
    hits = {
        column: _hits(file, work, column, cells, part, cache, rows)
        for column, cells in part.columns.items()
        if file.rules[column].type == TEXT and file.rules[column].action != "keep"
    }
    records: dict[int, Record] = {}

    def record(row: int) -> Record:
        if row not in records:
            records[row] = _record(file, work, rows.get(row, []), row, hits, part)
        return records[row]

    for column, cells in part.columns.items():
        rule = file.rules[column]
        if column in hits:
            _texts(file, work, column, cells, hits[column], record, findings)
        else:
            _cells(file, work, column, cells, rule, record)


def _record(
    file: File, work: Work, cells: list[tuple[str, str]], row: int, hits: dict[str, list[list[Hit]]], part: Part
) -> Record:
    """Return the context of a record: its person by the person column, else by the names in it."""
    names = _names(cells, file.rules)
    key = _key(cells, file.person)
    said: list[Parts] = []
    for column, found in hits.items():
        at = part.columns[column]
        for index in _of_row(at, row):
            text = at.values[index] or ""
            said += [parts(text[h.start : h.end]) for h in found[index] if h.type == "NAME"]
    if not key:
        full = [n for n in (*names, *said) if n.of("given") and n.of("family")]
        key = work.people.of_names(full) or (f"name:{full[0].key}" if full else NOBODY)
    work.unknown += key == NOBODY
    person = work.people.by_key.get(key)
    return work.hider.record(key, [*names, *(person.names.values() if person else ()), *said])


def _of_row(cells: Cells, row: int) -> range:
    """Return the places of a row among the cells, which are in order."""
    from bisect import bisect_left, bisect_right

    return range(bisect_left(cells.rows, row), bisect_right(cells.rows, row))


def _cells(file: File, work: Work, column: str, cells: Cells, rule: Rule, record: Callable[[int], Record]) -> None:
    """Mask a column whose cells are identifiers as a whole."""
    if rule.action == "keep":
        if rule.type:
            work.columns[file.name, column, rule.type, "keep"] += sum(v is not None for v in cells.values)
        if work.survey:
            work.survey.kept(cells.values, file=file.name)
        return
    after: list[str | None] = []
    number = cells.dtype is not None and cells.dtype.is_numeric()
    for row, value, place in zip(cells.rows, cells.values, cells.places, strict=True):
        new = work.hider.cell(value, rule, record(row), file.name, number=number)
        after.append(new)
        if value is not None and new != value:
            cells.edits[place] = None if new is None else [(0, len(value), new)]
    work.columns[file.name, column, rule.type or "OTHER", rule.action] += sum(v is not None for v in cells.values)
    if work.survey and rule.type not in ("AGE",) and rule.action not in ("generalise",):
        work.survey.cells(cells.values, after, type=rule.type or "OTHER", file=file.name)


def _hits(
    file: File, work: Work, column: str, cells: Cells, part: Part, cache: dict[str, list[Hit]],
    rows: dict[int, list[tuple[str, str]]],
) -> list[list[Hit]]:  # fmt: skip
    """Return what is found in each text of a column: by rules, by what tables know, and after the review."""
    new = list(dict.fromkeys(v for v in cells.values if v and v not in cache))
    if len(cache) > CACHE:
        cache.clear()
        new = list(dict.fromkeys(v for v in cells.values if v))
    cache.update(zip(new, find_texts(new, work.language, work.ner), strict=True))
    few = labels(file.seen.samples.get(column, []))
    out = []
    for row, value in zip(cells.rows, cells.values, strict=True):
        found = cache[value] if value else []
        if few:
            found = [h for h in found if h.score >= SURE]
        if value:
            key = _key(rows.get(row, []), file.person)
            if not key:
                said = [parts(value[h.start : h.end]) for h in found if h.type == "NAME"]
                key = work.people.of_names([*_names(rows.get(row, []), file.rules), *said])
            found = merged(found, work.people.hits(value, key))
        out.append(found)
    return _reviewed(file, work, column, cells, part, out)


def _reviewed(file: File, work: Work, column: str, cells: Cells, part: Part, hits: list[list[Hit]]) -> list[list[Hit]]:
    """Apply what a review said, and note what is doubtful still; rows of the review are rows of the file."""
    layers: dict[int, list[int]] = {}
    seen: Counter[int] = Counter()
    for index, row in enumerate(cells.rows):
        layers.setdefault(seen[row], []).append(index)
        seen[row] += 1
    for layer, indices in layers.items():
        name = occurrence(column, layer)
        size = max(part.rows, max(cells.rows[i] for i in indices) - part.first + 1)
        texts: list[str | None] = [None] * size
        found: list[list[Hit]] = [[] for _ in range(size)]
        for i in indices:
            texts[cells.rows[i] - part.first], found[cells.rows[i] - part.first] = cells.values[i], hits[i]
        if work.review:
            found = _applied(work.review, file, name, texts, found, part.first)
            for i in indices:
                hits[i] = found[cells.rows[i] - part.first]
        for entry in doubtful(file.name, name, texts, found, key=file.handles, context=work.context):
            work.doubts.append(replace(entry, row=entry.row + part.first))
    return hits


def occurrence(column: str, number: int) -> str:
    """Return the name of a column where a record holds several values of it: the first has the plain name."""
    return column if not number else f"{column}[{number}]"


def _applied(
    review: Review, file: File, column: str, texts: list[str | None], found: list[list[Hit]], first: int
) -> list[list[Hit]]:
    moved = [replace(e, row=e.row - first) for e in review.entries]
    piece = Review(moved, review.name, review.used)
    return piece.apply(file.name, column, texts, found, key=file.handles)


def _texts(
    file: File, work: Work, column: str, cells: Cells, hits: list[list[Hit]], record: Callable[[int], Record],
    findings: IO[str],
) -> None:  # fmt: skip
    """Mask the places of a column of texts."""
    seen: Counter[int] = Counter()
    after: list[str | None] = []
    acted: list[list[Hit]] = []
    action = file.rules[column].action
    action = "" if action == "surrogate" else action
    for row, value, place, found in zip(cells.rows, cells.values, cells.places, hits, strict=True):
        name = occurrence(column, seen[row])
        seen[row] += 1
        places = work.hider.text(value, found, record(row), file.name, action) if value and found else []
        for p in places:
            work.counts[p.hit.type, p.action] += 1
            findings.write(
                line(_finding(file.name, row, name, p.hit.start, p.hit.end, p.hit.type, p.hit.score, p.action))
            )
        changed = [p for p in places if p.action != "keep"]
        if changed:
            cells.edits[place] = [(p.hit.start, p.hit.end, p.new) for p in changed]
        after.append(spliced(value, places) if value else value)
        acted.append([p.hit for p in changed if p.hit.type not in ("AGE", "DATE")])
        _keep(file, work, column, after[-1], places)
    if work.survey:
        work.survey.texts(cells.values, acted, after, file=file.name)


AGAIN = 3000
"""Texts of a column that detection reads a second time."""


def _keep(file: File, work: Work, column: str, text: str | None, places: list[Place]) -> None:
    kept = work.texts.setdefault(f"{file.name}: {column}" if len(file.rules) > 1 else file.name, [])
    if text and len(kept) < AGAIN:
        kept.append((text, [p.made for p in places if p.action != "keep"]))
