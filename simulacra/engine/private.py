"""A run under a privacy budget: what is kept back for its private report, and where that report goes."""

from __future__ import annotations

import dataclasses
import hmac
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.atomic import write_json, write_text, writing
from simulacra.core.budget import Budget
from simulacra.core.case import Case
from simulacra.core.data import Dataset
from simulacra.core.errors import ConfigError, DataError, OutputError
from simulacra.core.generator import Generator
from simulacra.core.render import sign
from simulacra.core.report import Finding, Report
from simulacra.core.schema import Schema
from simulacra.engine.check import check, ledger_of
from simulacra.engine.inputs import HOLDOUT
from simulacra.engine.recipe import Recipe
from simulacra.guards.claim import claim
from simulacra.io import folder
from simulacra.io.card import Card

if TYPE_CHECKING:
    import polars as pl

KEY, MARK = "split.key", "NOT-FOR-RELEASE.txt"
PAGES = ("findings.json", "report.html", MARK, KEY)
LOOKED_AT = 2000
"""Made rows whose columns the checklist looks through."""
LISTED = 100
"""Files whose hashes stand on the page; manifest.json has all."""
WARNING = (
    "The files of this folder were computed from real rows without being paid from the privacy budget: figures, levels "
    "and quantiles may tell of single persons. Keep them where the real rows are kept, and release none of them.\n"
)


def public(schema: Schema | None) -> Schema | None:
    """Return what a schema says of columns; the rest of it was counted on the rows and is not declared by anyone."""
    if schema is None:
        return None
    from simulacra.parts._domain_declared import public_column

    tables = {
        name: dataclasses.replace(t, rows=None, key=(), together=(), columns=tuple(map(public_column, t.columns)))
        for name, t in schema.tables.items()
    }
    return dataclasses.replace(schema, tables=tables, links=())


def refuse(place: str | Path | None, recipe: Recipe, out: str | Path | None, *, force: bool) -> None:
    """Raise before any work when a private report cannot be written as it was asked for."""
    if place is None:
        return
    path = Path(place)
    if recipe.epsilon is None:
        raise ConfigError("a private report belongs to a run under a privacy budget; give epsilon too")
    if out is not None:
        inner, outer = path.absolute(), Path(out).absolute()
        if inner == outer or outer in inner.parents or inner in outer.parents:
            raise OutputError(f"{path}: the private report is not for release and must not share a folder with {out}")
    if path.is_file():
        raise OutputError(f"{path} is a file, and the private report is a folder; choose another")
    foreign = [p.name for p in path.iterdir() if p.name not in PAGES] if path.is_dir() else []
    if foreign:
        raise OutputError(f"{path} holds files that simulacra did not write ({foreign[0]}); choose a new folder")
    if (path / "report.html").exists() and not force:
        raise OutputError(f"{path} already holds a private report; choose another folder, or --force to replace it")


def begin(place: str | Path) -> bytes:
    """Return the secret that decides who is kept back, a fresh one unless a stopped run left one here."""
    path = Path(place)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text(path / MARK, WARNING)
    if (path / KEY).is_file() and len(known := (path / KEY).read_bytes()) == 32:
        return known
    fresh = secrets.token_bytes(32)
    with writing(path / KEY) as temp:
        temp.touch(0o600)
        temp.write_bytes(fresh)
    return fresh


def split(data: Dataset, person: str | None, secret: bytes) -> tuple[Dataset, Dataset | None, str]:
    """Return (rows to fit on, rows kept back or None, a sentence that says so).

    Every person falls to a side by a coin of their own that nobody knows: a person more or less then moves nobody
    else, and the fitted rows of neighbouring tables are neighbours.
    """
    import numpy as np

    frame = data.frame
    owners = range(len(data)) if person is None else frame[person].cast(str).to_list()
    coins = {owner: _coin(secret, owner) for owner in set(owners)}
    kept = np.array([coins[owner] < HOLDOUT for owner in owners], bool)
    if not kept.any():
        return data, None, "All rows were fitted: too few to keep any back."
    if kept.all():
        # To fit on all of them after all would let the coin of one more person exchange everybody's rows.
        raise DataError("too few persons: the coins kept all of them back; leave the private report out, or run again")
    name = next(iter(data.frames))
    fitted, apart = (dataclasses.replace(data, frames={name: frame.filter(m)}) for m in (~kept, kept))
    whose = "" if person is None else f", all those of the same {person!r} together,"
    sentence = f"{int(kept.sum()):,} other rows{whose} were kept back as holdout, each by a coin of its own."
    return fitted, apart, sentence


def _coin(secret: bytes, owner: Any) -> float:
    return int.from_bytes(hmac.digest(secret, repr(owner).encode(), "sha256")[:8], "big") / 2**64


def write(place: str | Path, report: Report) -> None:
    """Write the private report; the secret of its split has done its work and goes."""
    path = Path(place)
    write_json(path / "findings.json", report.to_dict())
    report.save(path / "report.html")
    (path / KEY).unlink(missing_ok=True)


def judged(made: Dataset, method: Generator, real: Dataset, holdout: Dataset | None, recipe: Recipe) -> Report:
    """Compare made rows with the real ones: everything a check without a budget would say."""
    report = check(
        made,
        real=_as_learned(real, method.schema_),
        holdout=None if holdout is None else _as_learned(holdout, method.schema_),
        target=recipe.target,
        only=recipe.only or None,
        seed=recipe.seed,
        facts=made.lineage.facts,
    )
    about = f"NOT FOR RELEASE. {len(made):,} rows made by {method.name} under a privacy budget, beside the real rows."
    title = f"Private report, not for release: {recipe.data or 'rows in memory'}"
    return dataclasses.replace(report, meta={**report.meta, "title": title, "about": about})


def _as_learned(data: Dataset, schema: Schema) -> Dataset:
    """Return real rows whose numbers are read as the method read them: cell by cell, whatever signs they have."""
    import polars as pl

    from simulacra.parts import _domain_cells as cells

    signed = [c.name for c in schema.columns if c.kind == "number" and data.frame[c.name].dtype == pl.String]
    if not signed:
        return data
    frame = data.frame.with_columns(cells.numbers(cells.texts(data.frame[name])) for name in signed)
    return Dataset({next(iter(data.frames)): frame}, lineage=data.lineage)


def unmeasured(report: Report) -> Report:
    """Return the report of a release: what was not compared with real rows says where it can be."""
    hint = "the release holds nothing computed from real rows; --private-report DIR compares them where they are kept"

    def told(finding: Finding) -> Finding:
        absent = finding.verdict == "unknown" and finding.sentence.startswith("not tested: needs")
        return dataclasses.replace(finding, sentence=f"not tested: {hint}") if absent else finding

    answer = "The privacy claim is what the ledger sums to. Nothing here was compared with real rows."
    meta = {**report.meta, **({"answer": answer} if report.verdict == "ok" else {})}
    return dataclasses.replace(report, findings=tuple(told(f) for f in report.findings), meta=meta)


def statement(card: Card, ledger: Budget, rows: pl.DataFrame, audit: Report | None = None, apart: bool = False) -> str:
    """Return the page to sign for an output: what its ledger says, and nothing that was not paid.

    rows: made ones, whose columns the checklist of Safe Harbor goes through. audit: its report, when one was run.
    apart: that audit looked at real rows.
    """
    report = card.report
    if report is None:
        made = Dataset({"table": card.empty}, card.schema, card.lineage)
        case = Case(made=made, ledger=ledger, lineage=card.lineage, facts=card.lineage.facts)
        report = Report.of(claim(case))
    known = {f"{name} (sha256)": digest for name, digest in card.parts.items()}
    versions = {f"version of {name}": version for name, version in card.lineage.versions.items()}
    facts = {"method": card.lineage.made_by, "rows": f"{card.rows:,}", **versions, **known}
    return sign.render(sign.Page(card.title, report, safe_harbor(rows), audit, facts, apart))


def signable(made: str | Path) -> tuple[Dataset, Budget]:
    """Return the rows and the ledger of an output. Raises ConfigError where there is no folder or no claim to sign."""
    path = Path(made)
    if not folder.is_output(path):
        raise ConfigError(f"{path}: a page to sign is written for a folder that simulacra make wrote")
    data = folder.read(path)
    ledger = ledger_of(data.lineage)
    if ledger is None:
        raise ConfigError(f"{path} was not made under a privacy budget, so there is no claim to sign")
    return data, ledger


def signed(made: str | Path, audit: Report, *, apart: bool) -> str:
    """Return the page to sign of a finished output, with the figures of its audit.

    apart: the audit looked at real rows, so that this page stays with them. Raises ConfigError as `signable` does.
    """
    path = Path(made)
    data, ledger = signable(path)
    sums = json.loads((path / "manifest.json").read_text("utf-8"))["files"]
    parts = {name: digest for name, digest in sums.items() if name.startswith(("data/", "media/"))}
    found = path / "findings.json"
    report = Report.from_dict(json.loads(found.read_text("utf-8"))) if found.is_file() else None
    empty = data.frame.clear()
    card = Card(len(data), empty, ".parquet", dict(list(parts.items())[:LISTED]), data.schema, data.lineage, report)
    return statement(card, ledger, data.frame, audit, apart)


def safe_harbor(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the checklist for made rows: what looks like an identifier in them was made anew, not copied."""
    from simulacra.mask.find import find_column
    from simulacra.mask.safe_harbor import checklist

    some = rows.head(LOOKED_AT)
    plain = [c for c, dtype in some.schema.items() if not dtype.is_nested()]
    hits = [hit for c in plain if (hit := find_column(some[c])) is not None]
    return checklist({"type": hit.type, "action": "made anew in columns of"} for hit in hits)
