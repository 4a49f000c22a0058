"""Masking one file part by part: what is found, what a review said of it, and what stands there afterwards."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from simulacra.core.progress import task
from simulacra.engine._mask_folder import line
from simulacra.engine._mask_people import File, Work, key_of, names_of, rows_of
from simulacra.engine._mask_settle import labels
from simulacra.io.documents import Cells, Part
from simulacra.mask._people import merged
from simulacra.mask._persons import Parts, parts
from simulacra.mask.find import Hit, find_texts
from simulacra.mask.hide import NOBODY, Place, Record, spliced
from simulacra.mask.plan import TEXT, Rule
from simulacra.mask.review import DOMAIN, Review, doubtful
from simulacra.mask.types import SURE

CACHE = 200_000
"""Different texts of one file whose hits are remembered, so that a text that repeats is searched once."""


def digest(path: Path) -> bytes:
    """Return a key for review handles that only who has the file can make."""
    out = hashlib.blake2b(key=DOMAIN, digest_size=32)
    with open(path, "rb") as handle:
        while piece := handle.read(1 << 20):
            out.update(piece)
    return out.digest()


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
    rows = rows_of(part, wanted)
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
    names = names_of(cells, file.rules)
    key = key_of(cells, file.person)
    said: list[Parts] = []
    for column, found in hits.items():
        at = part.columns[column]
        for index in _of_row(at, row):
            text = at.values[index] or ""
            said += [parts(text[h.start : h.end]) for h in found[index] if h.type == "NAME"]
    if not key:
        full = [n for n in (*names, *said) if n.of("given") and n.of("family")]
        key = work.people.of_names(full) or (f"name:{full[0].key}" if full else NOBODY)
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
            cells.edits[place] = None if new is None else [_change(value, new)]
    work.columns[file.name, column, rule.type or "OTHER", rule.action] += sum(v is not None for v in cells.values)
    if work.survey and rule.type not in ("AGE",) and rule.action not in ("generalise",):
        work.survey.cells(cells.values, after, type=rule.type or "OTHER", file=file.name)


def _change(old: str, new: str) -> tuple[int, int, str]:
    """Return the edit that makes one text of another and leaves alone what both begin and end with."""
    start = len(os.path.commonprefix((old, new)))
    end = len(os.path.commonprefix((old[start:][::-1], new[start:][::-1])))
    return start, len(old) - end, new[start : len(new) - end]


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
            key = key_of(rows.get(row, []), file.person)
            if not key:
                said = [parts(value[h.start : h.end]) for h in found if h.type == "NAME"]
                key = work.people.of_names([*names_of(rows.get(row, []), file.rules), *said])
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
    rule = file.rules[column]
    for row, value, place, found in zip(cells.rows, cells.values, cells.places, hits, strict=True):
        name = occurrence(column, seen[row])
        seen[row] += 1
        places = work.hider.text(value, found, record(row), file.name, rule) if value and found else []
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
