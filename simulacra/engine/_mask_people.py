"""The files of a masking run and who their records are about: persons, names, contradictions between tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from simulacra.core.patterns import quasi, words_of
from simulacra.engine._mask_settle import Seen
from simulacra.io.documents import Document, Part
from simulacra.mask import _dates
from simulacra.mask._people import SOUGHT, People, whole
from simulacra.mask._persons import Parts, fold, listed, parts
from simulacra.mask.hide import Hider
from simulacra.mask.plan import Rule
from simulacra.mask.residual import Survey
from simulacra.mask.review import Entry, Review


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


def meet(file: File, work: Work) -> None:
    """Note everybody whom a table names, and what it says of them; tables that disagree are refused."""
    wanted = {c for c, r in file.rules.items() if r.type in ("NAME", *SOUGHT)} | {file.person}
    born = [c for c, r in file.rules.items() if r.type == "DATE" and quasi(c) == "date of birth"]
    if not any(r.type in ("NAME", *SOUGHT) for c, r in file.rules.items() if c != file.person):
        return
    for part in file.document.parts():
        rows = rows_of(part, wanted | set(born))
        for row, cells in rows.items():
            names = names_of(cells, file.rules)
            key = key_of(cells, file.person) or (f"name:{names[0].key}" if names else "")
            values = [(file.rules[c].type, v) for c, v in cells if file.rules[c].type in SOUGHT]
            for name in names:
                work.hider.book.meet(name)
            if key:
                work.people.add(key, names, values)
                _say(file, work, key, row, cells, names, born)


def address(file: File, work: Work) -> None:
    """Settle addresses of mail and user names, which are built of names, where a table tells whose they are."""
    wanted = {c for c, r in file.rules.items() if r.type in ("NAME", "EMAIL", "USERNAME")}
    built = {c for c in wanted if file.rules[c].type != "NAME" and file.rules[c].action == "surrogate"}
    if not built or built == wanted:
        return
    for part in file.document.parts():
        for cells in rows_of(part, wanted).values():
            record = work.hider.record("", names_of(cells, file.rules))
            for column, value in cells:
                if column in built:
                    work.hider.cell(value, file.rules[column], record, file.name)


def _say(
    file: File, work: Work, key: str, row: int, cells: list[tuple[str, str]], names: list[Parts], born: list[str]
) -> None:
    if not file.person or not key_of(cells, file.person):
        return
    columns = [c for c, r in file.rules.items() if r.type == "NAME" and not _other_role(c)]
    if columns and names and len(names) == 1:
        work.people.say(key, "names", names[0], file.name, row, columns[0])
    for column, value in cells:
        if column in born:
            got = _dates.read(value.strip(), file.seen.days, work.language)
            if got:
                work.people.say(key, "dates of birth", got.day, file.name, row, column)


OTHERS = listed(
    "doctor physician provider mother father contact nurse gp referring author manager emergency attending surgeon kin "
    "guardian spouse partner teacher agent therapist"
)


def _other_role(column: str) -> bool:
    return bool(OTHERS & set(words_of(column).split()))


def rows_of(part: Part, wanted: set[str]) -> dict[int, list[tuple[str, str]]]:
    """Return row -> (column, text) of the columns wanted, in the order of the file."""
    out: dict[int, list[tuple[str, str]]] = {}
    for column, cells in part.columns.items():
        if column in wanted:
            for row, value in zip(cells.rows, cells.values, strict=True):
                if value and value.strip():
                    out.setdefault(row, []).append((column, value))
    return out


def key_of(cells: Iterable[tuple[str, str]], person: str) -> str:
    """Return the key of the person of a record, by the person column; "" where there is none."""
    return next((f"id:{fold(value)}" for column, value in cells if column == person), "") if person else ""


def names_of(cells: Sequence[tuple[str, str]], rules: dict[str, Rule]) -> list[Parts]:
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
