"""The checks of masked files: what is left to fear, what was covered, and that masking is weaker than synthesis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.core.case import guarded
from simulacra.core.errors import DataError
from simulacra.core.lineage import versions
from simulacra.core.progress import task
from simulacra.core.report import Finding, Report, View
from simulacra.engine._mask_people import File, Work
from simulacra.io import files as tables
from simulacra.mask import risk, safe_harbor
from simulacra.mask._fpe import SMALL, size
from simulacra.mask.find import find_text, find_texts
from simulacra.mask.plan import TEXT, Plan
from simulacra.mask.residual import residual
from simulacra.mask.types import SURE, TYPES

if TYPE_CHECKING:
    import polars as pl

WEAKER = (
    "masking is weaker than synthesis: every record is still that of one real person, and whoever knows enough of it "
    "from elsewhere can find it again; simulacra make, with --epsilon for a guarantee, makes records of nobody"
)
GUARD = "masking"
REPLACED = ("surrogate", "format", "pseudonym", "mask", "remove")
"""Actions after which a cell tells nothing of the person."""


def judge(files: Sequence[File], work: Work, plan: Plan, folder: Path) -> Report:
    """Return the report on a folder of masked files that is not published yet."""
    items: list[Finding | View] = [_weaker()]
    left: Counter[str] = Counter()
    with task("check", total=len(files) + 2) as step:
        for file in files:
            items += guarded(GUARD, f"names of columns: {file.name}", lambda file=file: _headers(file))  # type: ignore[misc]
            items += guarded(GUARD, f"risk: {file.name}", lambda file=file: _risks(file, plan, folder))  # type: ignore[misc]
            step(1, file.name)
        items += guarded(GUARD, "residual detector pass", lambda: _again(work, left))
        step(1)
        if work.survey:
            survey = work.survey
            items += guarded(GUARD, "verbatim survivors", lambda: survey.findings())
        else:
            told = "not tested: the files are too large to keep all their texts in memory; mask them in parts"
            items.append(Finding(GUARD, "verbatim survivors", "unknown", told))
        step(1)
        items += guarded(GUARD, "Safe Harbor checklist", lambda: _list(work, plan, left))
        items += [*_cautions(files, work)]
    meta = {
        "kind": "Report on masked files",
        "about": "What is left to fear of masked files: columns are named and cells counted, no text is shown.",
        "title": ", ".join(f.name for f in files[:3]) + (" ..." if len(files) > 3 else ""),
        "made by": f"simulacra mask {versions()['simulacra']}",
        "files": len(files),
        "records": sum(f.seen.rows for f in files),
        "places": sum(work.counts.values()),
    }
    return Report.of(items, meta)


def _weaker() -> Finding:
    return Finding(GUARD, "by design", "warn", WEAKER, headline=True, advice="share synthetic rows where they will do")


def _list(work: Work, plan: Plan, left: Counter[str]) -> Iterator[Finding | View]:
    rows = [{"type": type, "action": action, "count": n} for (type, action), n in work.counts.items()]
    yield from safe_harbor.findings(safe_harbor.checklist(rows, {t: plan.rule_of(t).action for t in TYPES}, left))


def _again(work: Work, left: Counter[str]) -> Iterator[Finding]:
    """Read masked texts a second time: what detection finds there must be of our making."""
    for name, kept in work.texts.items():
        found = find_texts([text for text, _ in kept], work.language, work.ner)
        sure = [[h for h in hits if h.score >= SURE] for hits in found]
        for hits, (_, spans) in zip(sure, kept, strict=True):
            left.update(h.type for h in hits if not any(h.start < end and start < h.end for start, end in spans))
        yield residual(sure, [spans for _, spans in kept], name=name)


def _headers(file: File) -> list[Finding]:
    """Names of columns are never masked; a file without a header would leave with its first row as it is."""
    hits = {c: find_text(c, types=("EMAIL", "PHONE", "SSN", "IBAN", "CREDIT_CARD", "DATE")) for c in file.rules}
    telling = [c for c, found in hits.items() if any(h.score >= SURE for h in found)]
    if not telling:
        return []
    return [
        Finding(
            GUARD,
            f"names of columns: {file.name}",
            "fail",
            f"{len(telling)} of {len(file.rules)} names of columns look like identifiers, as in a file without a "
            "header; names of columns and keys are never masked",
            value=len(telling),
            limit=0,
            advice="give the file a header, or rename the keys, and mask it again",
        )
    ]


def _risks(file: File, plan: Plan, folder: Path) -> list[Finding | View]:
    if file.document.kind not in ("csv", "frame", "jsonl"):
        return []
    try:
        masked, original = _frame(folder / file.name, file), _frame(file.document.path, file)
    except DataError:
        told = "not tested: no table, as its records hold lists or records of their own"
        return [Finding(GUARD, f"k-anonymity: {file.name}", "unknown", told)]
    texts = [c for c, r in file.rules.items() if r.type == TEXT and c in masked.columns and _long(original[c])]
    masked, original = masked.drop(texts), original.drop(texts)
    held = {c: r for c, r in file.rules.items() if r.type not in ("", TEXT) and c in masked.columns}
    moved = [c for c, r in held.items() if r.type == "DATE" and r.action in ("shift", "surrogate")]
    if not masked.width:
        told = "not tested: all columns are texts, which no two records share"
        return [Finding(GUARD, f"k-anonymity: {file.name}", "unknown", told)]
    gone = [c for c, r in held.items() if r.action in REPLACED and c not in moved]
    return risk.risks(
        masked,
        original,
        name=file.name,
        quasi=_of(file, plan.quasi, masked) or None,
        sensitive=_of(file, plan.sensitive, masked) or None,
        replaced=gone,
        shifted=dict.fromkeys(moved, plan.days),
        limits=risk.Limits(k=plan.k),
    )


def _frame(path: Path, file: File) -> pl.DataFrame:
    return tables.read(path, format="jsonl" if file.document.kind == "jsonl" else None).frame


def _long(column: pl.Series) -> bool:
    import polars as pl

    return column.dtype == pl.String and float(column.str.len_chars().mean() or 0) > 60  # type: ignore[arg-type]


def _of(file: File, names: Sequence[str], frame: pl.DataFrame) -> list[str]:
    """Return the columns of a file among names written "column" or "file:column"."""
    bare = [n.removeprefix(f"{file.name}:") for n in names]
    return [n for n in bare if n in frame.columns]


def _cautions(files: Sequence[File], work: Work) -> Iterator[Finding]:
    """Yield what the user should know of surrogates that are weak on these data."""
    small = sorted(
        f"{file.name}: {column}"
        for file in files
        for column, rule in file.rules.items()
        if rule.action in ("format", "surrogate") and rule.type in ("ID", "MRN", "ACCOUNT", "POSTCODE", "LICENSE")
        and max(map(size, file.seen.samples.get(column) or [""])) < SMALL
    )  # fmt: skip
    if small:
        yield Finding(
            GUARD,
            "small codes",
            "warn",
            f"{', '.join(small[:5])}: there are fewer than a million codes of this shape, so a surrogate may be a real "
            "code of somebody else, and who knows some pairs knows as many of the rest",
            advice='set action = "pseudonym" for them in the plan',
        )
    yield from _unsettled(work)


def _unsettled(work: Work) -> Iterator[Finding]:
    """Yield what could not be settled during the run."""
    if work.hider.unknown:
        yield Finding(
            GUARD,
            "records without a person",
            "warn",
            f"{work.hider.unknown:,} dates stand in records that name nobody we could tell; these share one shift",
            advice="name the column under [person] in the plan",
        )
    if work.hider.unread:
        yield Finding(
            GUARD,
            "dates in unknown forms",
            "warn",
            f"{work.hider.unread:,} dates are written in a form that is not known, and were replaced by a fixed text",
        )
    if stale := work.review.stale() if work.review else []:
        more = f" and {len(stale) - 5:,} more" if len(stale) > 5 else ""
        yield Finding(
            GUARD,
            "verdicts of the review",
            "warn",
            f"{len(stale):,} verdicts fit nothing: {'; '.join(stale[:5])}{more}",
            value=len(stale),
            advice="write a new review file of these files, under the same --key",
        )
    if work.people.clashes:
        yield Finding(
            GUARD,
            "tables that disagree",
            "warn",
            f"{work.people.clashes:,} records say other names or dates of birth of a person than a record before them",
        )
