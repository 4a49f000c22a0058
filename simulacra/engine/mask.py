"""Mask: find identifiers in tables and texts, act on them under one plan and one key, check what is left."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from simulacra.core.atomic import write_json, write_text, writing
from simulacra.core.errors import ConfigError, OutputError, near
from simulacra.core.report import Report
from simulacra.engine import _mask_checks, _mask_folder, _mask_people, _mask_run, _mask_settle
from simulacra.engine._mask_folder import OWN, Stage
from simulacra.engine._mask_people import File, Work
from simulacra.io.documents import FORMATS, Document, open_document
from simulacra.mask import keys
from simulacra.mask import review as reviews
from simulacra.mask._book import Book
from simulacra.mask._people import People
from simulacra.mask.hide import Hider
from simulacra.mask.plan import Plan
from simulacra.mask.residual import Survey

LARGEST = 512 << 20
"""Bytes of input beyond which the search for survivors, which keeps all texts in memory, is left out."""


@dataclass(frozen=True)
class Masked:
    """What a run left. out: the folder. files: names of the masked files. counts: (type, action) -> places. report:
    its checks. doubtful: places for a review. fresh: the key was made for this run and thrown away."""

    out: Path
    files: tuple[str, ...]
    counts: dict[tuple[str, str], int]
    report: Report
    doubtful: int
    fresh: bool


def mask(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    plan: Plan | str | Path | None = None,
    key: str | Path | None = None,
    map: str | Path | None = None,
    review: str | Path | None = None,
    review_file: str | Path | None = None,
    context: int = 0,
    ner: bool | None = None,
    language: str | None = None,
    format: str | None = None,
    force: bool = False,
) -> Masked:
    """Mask files into a folder: same names, formats, columns and order of rows.

    sources: CSV, TSV, Parquet, Arrow, JSONL, JSON, XML and plain text. out: the folder. plan: rules, see mask.plan;
    None masks everything that is found. key: file of the key, made when there is none; None makes a key and throws it
    away. map: where to write the reversal table, mode 600. review: a review file with verdicts. review_file: where to
    write the doubtful places; context: characters around each, 0..200. ner: also ask the optional model. language: of
    the texts. format: one of io.documents.FORMATS for all files, in place of their endings. force: replace what mask
    left there before.
    Raises ConfigError for a wrong plan, key or flag, DataError for files that cannot be read, mixed encodings and
    tables that disagree, OutputError for an output that exists. Nothing is left when it fails.
    """
    settled = _plan(plan, ner, language)
    names = _named(sources)
    place = Path(os.path.abspath(Path(out).expanduser()))
    _check(place, map, review_file, format, context)
    found = reviews.Review.read(review) if review else None
    _mask_folder.refuse(place, [Path(s) for s in sources], force=force)
    documents = {name: _opened(name, source, settled, format) for name, source in names.items()}
    settled.require({name: document.columns for name, document in documents.items()})
    secret = keys.load(key, place, settled.project) if key else keys.fresh(settled.project)
    stage = Stage.begin(place, [Path(s) for s in sources], force=force)
    try:
        done = _run(documents, settled, secret, stage, found, context, keep=map is not None)
        _beside(done[1], map, review_file, place)
        stage.publish(_mask_folder.facts(not secret.fresh, len(documents), sum(done[1].counts.values())))
    finally:
        stage.discard()
    files, work, report = done
    return Masked(place, tuple(f.name for f in files), dict(work.counts), report, len(work.doubts), secret.fresh)


def _plan(plan: Plan | str | Path | None, ner: bool | None, language: str | None) -> Plan:
    out = plan if isinstance(plan, Plan) else Plan.read(plan) if plan is not None else Plan()
    changes = {"ner": ner, "language": language}
    return replace(out, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]


def _named(sources: Sequence[str | Path]) -> dict[str, Path]:
    if not sources:
        raise ConfigError("no file to mask; name one or more, e.g. simulacra mask notes.jsonl people.csv -o masked/")
    names = [Path(s).name for s in sources]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ConfigError(
            f"two files are named {twice[0]}, and masked files keep their names; rename one, or mask them apart "
            "under the same --key"
        )
    taken = [name for name in names if name in OWN]
    if taken:
        raise ConfigError(f"{taken[0]} is the name of a file that mask itself writes; rename it first")
    return {name: Path(s) for name, s in zip(names, sources, strict=True)}


def _check(out: Path, map: str | Path | None, review_file: str | Path | None, format: str | None, context: int) -> None:
    for path, flag in ((map, "--map"), (review_file, "--review-file")):
        if path is not None:
            keys.apart(path, out, flag)
    if map is not None and Path(map).exists():
        raise OutputError(f"--map {map} exists; name another place, it leads back to the persons and is not replaced")
    if format is not None and format not in FORMATS:
        raise ConfigError(f"unknown format {format!r}.{near(format, FORMATS)}")
    if not 0 <= context <= 200:
        raise ConfigError(f"--context must be in 0..200 characters, got {context}")


def _opened(name: str, source: Path, plan: Plan, format: str | None) -> Document:
    given = plan.files.get(name, {})
    chosen = given.get("format", format)
    if chosen is not None and chosen not in FORMATS:
        raise ConfigError(f'plan, [files."{name}"]: unknown format {chosen!r}.{near(chosen, FORMATS)}')
    return open_document(source, format=chosen, encoding=given.get("encoding"))


def _run(
    documents: dict[str, Document],
    plan: Plan,
    secret: keys.Key,
    stage: Stage,
    review: reviews.Review | None,
    context: int,
    *,
    keep: bool,
) -> tuple[list[File], Work, Report]:
    """Look, settle, meet, hide and check; everything is written to the stage."""
    book = Book(secret, keep=keep)
    seen = {name: _mask_settle.look(name, document, book) for name, document in documents.items()}
    whole = _mask_settle.settle(plan, seen, {name: d.kind for name, d in documents.items()})
    small = sum(d.path.stat().st_size for d in documents.values()) <= LARGEST
    hider = Hider(whole, book, {name: s.days for name, s in seen.items()})
    work = Work(hider, People(whole.disagree), whole.ner, whole.language, Survey() if small else None, review, context)
    files = [_file(name, document, whole, seen[name], secret) for name, document in documents.items()]
    for file in files:
        _mask_people.meet(file, work)
    for file in files:
        _mask_people.address(file, work)
    with writing(stage.new / "findings.jsonl") as temp, open(temp, "w", encoding="utf-8") as findings:
        for file in files:
            _mask_run.hide(file, work, stage.new / file.name, findings)
    report = _mask_checks.judge(files, work, whole, stage.new)
    write_json(stage.new / "findings.json", report.to_dict())
    write_text(stage.new / "report.html", report.html())
    whole.write(stage.new / "plan.toml")
    write_text(stage.new / "README.md", card(files, work, secret))
    return files, work, report


def _file(name: str, document: Document, plan: Plan, seen: _mask_settle.Seen, secret: keys.Key) -> File:
    handles = _mask_run.digest(document.path) if secret.fresh else secret.mac("review", name)
    return File(name, document, dict(plan.columns[name]), plan.person.get(name, ""), seen, handles)


def _beside(work: Work, map: str | Path | None, review_file: str | Path | None, out: Path) -> None:
    """Write what does not belong into the output: the reversal table and the review file, for their owner alone."""
    if map is not None:
        rows = ["type\toriginal\tsurrogate"]
        rows += ["\t".join(_cell(c) for c in (type, old, new)) for (type, old), new in work.hider.book.pairs.items()]
        with writing(map) as temp:
            temp.touch(0o600)
            temp.write_text("\n".join(rows) + "\n", encoding="utf-8")
    if review_file is not None:
        reviews.write(review_file, work.doubts, output=out)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def card(files: Sequence[File], work: Work, secret: keys.Key) -> str:
    """Return the card of the folder."""
    rows = [f"| {type} | {action} | {count:,} |" for (type, action), count in sorted(work.counts.items()) if count]
    kept = (
        "was thrown away after the run" if secret.fresh else "is kept elsewhere, and leads from persons to surrogates"
    )
    return "\n".join(
        [
            "# Masked files",
            "",
            f"{', '.join(f.name for f in files)}: identifiers found by simulacra mask were acted upon. The key {kept}.",
            "",
            f"**Read this first:** {_mask_checks.WEAKER}. Detection misses some identifiers: see report.html.",
            "",
            "| type | action | places |",
            "|---|---|---:|",
            *rows,
            "",
            "`plan.toml` is the plan that ran; `findings.jsonl` says where something was found, never what; "
            "`report.html` and `findings.json` are the checks; `manifest.json` holds the checksums.",
            "",
        ]
    )
