"""The review file: doubtful hits for a person to confirm or correct, and what that person said, applied again.

One JSON object a line: file, row, column, start, end, type, score, handle, verdict (empty), and the text around it only
when context was asked for. The handle is a keyed hash of the text that was found, never the text. Even so the file
belongs beside the key, not beside the output: it says where to look.

verdict: "yes" | "no" | a type of mask.types | "START-END" | "START-END TYPE" (another span). `"everywhere": true` says
the same of every hit with this handle in the column. A line without a handle is a place that detection missed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from simulacra.core.atomic import writing
from simulacra.core.errors import ConfigError, DataError, OutputError, near
from simulacra.mask.find import Hit
from simulacra.mask.types import DOUBTFUL, SURE, TYPES

DOMAIN = b"simulacra review 1"
BY = "review"
SPAN = re.compile(r"(\d+)-(\d+)(?:\s+(\w+))?")
TYPES_OF: dict[str, tuple[type, ...]] = {
    "file": (str,), "row": (int,), "column": (str,), "start": (int,), "end": (int,), "type": (str,),
    "score": (int, float), "handle": (str,), "verdict": (str,), "everywhere": (bool,), "context": (str,),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One place and what a person said of it. line: of the file it was read from, 0 when it was not read."""

    file: str
    row: int
    column: str
    start: int
    end: int
    type: str
    score: float = 1.0
    handle: str = ""
    verdict: str = ""
    everywhere: bool = False
    context: str = ""
    line: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return what is written: no context where there is none."""
        out = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "line"}
        return {name: value for name, value in out.items() if name not in ("context", "everywhere") or value}

    @property
    def where(self) -> str:
        """Return the place in words."""
        column = f" column {self.column!r}" if self.column else ""
        return f"line {self.line}: {self.file} row {self.row:,}{column} characters {self.start}-{self.end}"


def key_of(texts: Iterable[str | None]) -> bytes:
    """Return a key for handles when there is no key file: a digest of the whole column, known to who holds it only."""
    digest = hashlib.blake2b(key=DOMAIN, digest_size=32)
    for text in texts:
        data = (text or "").encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()


def handle(key: bytes, text: str) -> str:
    """Return the keyed hash of a text, 32 hexadecimal digits (HMAC-SHA-256)."""
    data = DOMAIN + b"\0" + text.encode("utf-8", "surrogatepass")
    return hmac.new(key, data, hashlib.sha256).hexdigest()[:32]


def doubtful(
    file: str,
    column: str,
    texts: Sequence[str | None],
    hits: Sequence[Sequence[Hit]],
    *,
    key: bytes,
    context: int = 0,
) -> Iterator[Entry]:
    """Yield an entry for every hit that is not sure. context: characters shown on either side, 0 for none at all."""
    for row, (text, found) in enumerate(zip(texts, hits, strict=True)):
        for hit in found:
            if DOUBTFUL <= hit.score < SURE:
                given = text or ""
                around = given[max(0, hit.start - context) : hit.end + context] if context else ""
                place = (file, row, column, hit.start, hit.end, hit.type, round(hit.score, 4))
                yield Entry(*place, handle=handle(key, given[hit.start : hit.end]), context=around)


def write(path: str | Path, entries: Iterable[Entry], *, output: str | Path) -> int:
    """Write the review file, readable by its owner alone, and return its lines.

    Raises OutputError where it would lie in or below the output folder, which others get.
    """
    path = Path(path)
    inside = Path(output).resolve()
    if path.resolve() == inside or inside in path.resolve().parents:
        raise OutputError(f"{path} lies in the output {output}, which others get; give --review-file another place")
    lines = [json.dumps(entry.to_dict()) for entry in entries]
    with writing(path) as temp:
        temp.touch(0o600)
        temp.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return len(lines)


@dataclass
class Review:
    """What a person said of a review file, ready to be applied to the hits of the same files."""

    entries: list[Entry]
    name: str = "review"
    used: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a review file. Raises DataError for a line that is no entry, ConfigError for an unknown verdict."""
        path = Path(path)
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path} cannot be read as a review file ({error})") from error
        entries = [_entry(line, path, number) for number, line in enumerate(lines, 1) if line.strip()]
        return cls(entries, path.name)

    def apply(
        self, file: str, column: str, texts: Sequence[str | None], hits: Sequence[Sequence[Hit]], *, key: bytes
    ) -> list[list[Hit]]:
        """Return the hits of one column after the verdicts, sorted and without overlaps; what was said wins.

        An entry counts at its place when the text there still has its handle, otherwise at the hits of its row that
        have it; it never wanders to another row, unless it is for everywhere. Entries without a verdict change nothing.
        """
        mine = [(n, e) for n, e in enumerate(self.entries) if (e.file, e.column) == (file, column)]
        out = [list(found) for found in hits]
        places = _places(texts, out, key) if any(e.handle and e.verdict for _, e in mine) else {}
        for number, entry in mine:
            if entry.verdict:
                for row, old in self._targets(entry, texts, places, key):
                    self.used.add(number)
                    out[row] = _with(out[row], old, _new(entry, old, texts[row] or ""))
        return out

    def _targets(
        self, entry: Entry, texts: Sequence[str | None], places: Mapping[str, list[tuple[int, Hit]]], key: bytes
    ) -> list[tuple[int, Hit]]:
        """Return the rows and spans that an entry is about."""
        text = texts[entry.row] or "" if 0 <= entry.row < len(texts) else ""
        here = 0 <= entry.start < entry.end <= len(text)
        same = here and (not entry.handle or handle(key, text[entry.start : entry.end]) == entry.handle)
        at = [(entry.row, Hit(entry.start, entry.end, entry.type, entry.score, BY))] if same else []
        others = places.get(entry.handle, [])
        if entry.everywhere:
            return at + [p for p in others if not at or (p[0], p[1].start) != (entry.row, entry.start)]
        return at or [p for p in others if p[0] == entry.row]

    def stale(self) -> list[str]:
        """Return the places of verdicts that fitted nothing, in words, once every column was applied."""
        return [
            f"{self.name} {entry.where}: the text that was reviewed is not there any more"
            for number, entry in enumerate(self.entries)
            if entry.verdict and number not in self.used
        ]


def _places(texts: Sequence[str | None], hits: Sequence[Sequence[Hit]], key: bytes) -> dict[str, list[tuple[int, Hit]]]:
    """Return the hits by the handle of their text."""
    out: dict[str, list[tuple[int, Hit]]] = defaultdict(list)
    known: dict[str, str] = {}
    for row, (text, found) in enumerate(zip(texts, hits, strict=True)):
        for hit in found:
            words = (text or "")[hit.start : hit.end]
            if words not in known:
                known[words] = handle(key, words)
            out[known[words]].append((row, hit))
    return out


def _new(entry: Entry, old: Hit, text: str) -> Hit | None:
    """Return the hit that a verdict makes of one, None for "no"."""
    if entry.verdict == "no":
        return None
    span = SPAN.fullmatch(entry.verdict)
    if span is None:
        kind = old.type if entry.verdict == "yes" else entry.verdict
        return replace(old, type=kind, score=1.0, by=BY)
    # A span was given for the place that was reviewed; where the text has moved, it moves along.
    shift = old.start - entry.start
    start, end = max(0, int(span[1]) + shift), min(len(text), int(span[2]) + shift)
    return Hit(start, end, span[3] or entry.type, 1.0, BY) if start < end else None


def _with(hits: list[Hit], old: Hit, new: Hit | None) -> list[Hit]:
    """Return hits with `new` in place of everything it or `old` overlaps, save what was reviewed elsewhere in them."""
    out = [h for h in hits if not _overlap(h, old) and (new is None or not _overlap(h, new))]
    return sorted([*out, *([new] if new else [])], key=lambda h: h.start)


def _overlap(a: Hit, b: Hit) -> bool:
    return a.start < b.end and b.start < a.end


def _entry(line: str, path: Path, number: int) -> Entry:
    where = f"{path} line {number}"
    try:
        given = json.loads(line)
    except ValueError as error:
        raise DataError(f"{where} is not JSON ({error}); correct it, or take the line out") from error
    if not isinstance(given, dict):
        raise DataError(f"{where} must be an object with file, row, column, start, end and type, got {given!r:.60}")
    for name in given:
        if name not in TYPES_OF:
            raise DataError(f"{where}: unknown entry {name!r}.{near(name, TYPES_OF)}")
    for name, types in TYPES_OF.items():
        value = given.get(name)
        if name in given and (not isinstance(value, types) or isinstance(value, bool) != (types == (bool,))):
            raise DataError(f"{where}: {name} must be {types[0].__name__}, got {value!r:.60}")
    absent = [name for name in ("file", "row", "start", "end", "type") if name not in given]
    if absent:
        raise DataError(f"{where}: {', '.join(absent)} is missing")
    entry = Entry(**{"column": "", **given}, line=number)
    _known(entry, where)
    return replace(entry, verdict="yes") if not entry.handle and not entry.verdict else entry


def _known(entry: Entry, where: str) -> None:
    """Raise ConfigError for a type, a span or a verdict that means nothing."""
    span = SPAN.fullmatch(entry.verdict)
    kinds = [entry.type, *([span[3]] if span and span[3] else [])]
    if not span and entry.verdict not in ("", "yes", "no"):
        kinds.append(entry.verdict)
    for kind in kinds:
        if kind not in TYPES:
            what = "verdict" if kind == entry.verdict else "type"
            raise ConfigError(
                f"{where}: unknown {what} {kind!r}; a verdict is yes, no, a type, START-END or START-END TYPE."
                f"{near(kind, ('yes', 'no', *TYPES))}"
            )
    ends = (entry.start, entry.end) if not span else (int(span[1]), int(span[2]))
    if not 0 <= ends[0] < ends[1]:
        raise ConfigError(f"{where}: a place from {ends[0]} to {ends[1]} holds no character")
