"""The card: what a person (README.md) and a machine (card.json, Croissant) should know about an output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.infer_images import columns_of, shape_of
from simulacra.core.lineage import Lineage
from simulacra.core.report import Finding, Report
from simulacra.core.schema import Schema
from simulacra.io import _images_card as pictures
from simulacra.io._card_context import CONTEXT, type_of
from simulacra.io._images_written import TABLE

if TYPE_CHECKING:
    import polars as pl

MEDIA_TYPE = {
    ".parquet": "application/x-parquet", ".csv": "text/csv", ".jsonl": "application/jsonlines", **pictures.MEDIA_TYPE
}  # fmt: skip
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10**7, "1M<n<10M"))
LONGEST = 240
"""Characters of a finding's sentence in the table of the card; the report has all of it."""


@dataclass(frozen=True)
class Card:
    """What is said about one output. rows: how many. empty: its columns, no rows. ending: of the parts, e.g. ".csv".

    parts: file name -> sha256. report: None when the rows were not checked.
    """

    rows: int
    empty: pl.DataFrame
    ending: str
    parts: Mapping[str, str]
    schema: Schema
    lineage: Lineage
    report: Report | None = None

    @property
    def title(self) -> str:
        """Return one line that says what this is."""
        images = pictures.title(self.rows, self.empty)
        what = f"Synthetic texts, {self.rows:,} rows" if self.asked else f"Synthetic table of {self.rows:,} rows"
        if self.changed and self.lineage.real_share:
            what = f"Table of {self.rows:,} rows"
        return images or f"{what}, {len(self.empty.columns)} columns"

    @property
    def changed(self) -> int:
        """Return of how many rows a transform left these, 0 where rows were made."""
        found = self.lineage.facts.get("changed from")
        return found if isinstance(found, int) else 0

    @property
    def asked(self) -> Sequence[Mapping[str, Any]]:
        """Return what language models were asked for the rows, by column and model."""
        found = self.lineage.facts.get("asked")
        return found if isinstance(found, Sequence) else ()

    @property
    def privacy(self) -> str:
        """Return "none", or the epsilon and delta that were spent, or that seeded noise is no privacy."""
        if self.ledger is not None and not self.ledger.get("private"):
            return str(self.ledger.get("claim"))
        if self.lineage.epsilon is None:
            return "none"
        return f"differential privacy, epsilon {self.lineage.epsilon:g}, delta {self.lineage.delta or 0:g}"

    @property
    def ledger(self) -> Mapping[str, Any] | None:
        """Return the privacy ledger as plain values, None when there is none."""
        found = self.lineage.facts.get("ledger")
        return found if isinstance(found, Mapping) else None


def _made_by(card: Card) -> str:
    """Return how the rows came to be, in a sentence."""
    line = card.lineage
    by = f"`{line.made_by}` (Simulacra {line.versions.get('simulacra', '')}, seed {line.seed})"
    if card.changed:
        return f"{by} left these of {card.changed:,} rows."
    return f"Every row was made by {by}."


def croissant(card: Card) -> dict[str, Any]:
    """Return the card as Croissant JSON-LD: files with their sums, a record set, and what makes it synthetic."""
    line = card.lineage
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "synthetic-images" if columns_of(card.empty) else "synthetic-table",
        "description": f"{card.title}, made by {line.made_by} with seed {line.seed}. "
        f"Share of real rows: {line.real_share:g}.",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "version": "1.0.0",
        "isLiveDataset": False,
        "rai:dataCollection": f"Synthetic: sampled from {line.made_by}, a model; not collected from people.",
        "rai:personalSensitiveInformation": f"Privacy guarantee: {card.privacy}. Tested: findings.json.",
        "prov:wasGeneratedBy": f"simulacra {line.versions.get('simulacra', '')} {line.made_by}",
        "sim:synthetic": True,
        "sim:generator": line.made_by,
        "sim:parameters": json.loads(json.dumps(dict(line.params), default=str)),
        "sim:seed": line.seed,
        "sim:realShare": line.real_share,
        "sim:generation": line.generation,
        "sim:parents": list(line.parents),
        "sim:privacy": card.privacy,
        "sim:verdict": card.report.verdict if card.report else "not checked",
        "distribution": _distribution(card),
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": _fields(card)}],
    }


def readme(card: Card) -> str:
    """Return the dataset card: YAML front matter whose configuration points at data/, then plain words."""
    return "\n".join(
        [
            *_front_matter(card),
            f"# {card.title}",
            "",
            f"{_made_by(card)} "
            f"Share of real rows: {card.lineage.real_share:g}. "
            f"Synthetic generations since real data: {card.lineage.generation}.",
            "",
            *_origin(card),
            *_evidence(card.report),
            "## Privacy",
            "",
            *_guarantee(card),
            "",
            *_columns(card),
            *_files(card),
        ]
    )


def _front_matter(card: Card) -> list[str]:
    size = next((name for limit, name in SIZES if card.rows < limit), "n>10M")
    return [
        "---",
        f"pretty_name: {card.title}",
        "tags:",
        "- synthetic",
        "- simulacra",
        "size_categories:",
        f"- {size}",
        *_configuration(card.ending),
        "---",
        "",
    ]


def _configuration(ending: str) -> list[str]:
    if ending in pictures.MEDIA_TYPE:
        return pictures.configuration(ending)
    return ["configs:", "- config_name: default", "  data_files:", "  - split: train", f"    path: data/part-*{ending}"]


def _origin(card: Card) -> list[str]:
    if card.asked:
        models = ", ".join(dict.fromkeys(f"`{_cell(entry['model'])}`" for entry in card.asked))
        requests = sum(entry["requests"] for entry in card.asked)
        gone = card.lineage.facts.get("missing rows", 0)
        lost = f" {gone:,} rows could not be made: `failures.json`." if gone else ""
        seeds = card.lineage.facts.get("seeds")
        stood = f" {seeds:,} rows of data were the seeds." if seeds else ""
        told = f"Language models wrote them: {requests:,} answers of {models}."
        return [f"{told}{stood}{lost} `lineage/` tells of every row who was asked what.", ""]
    split = card.lineage.facts.get("split")
    if not isinstance(split, Mapping):
        return []
    return [f"The model learned from {split['fitted']:,} rows. {_cell(split['sentence'])}", ""]


def _evidence(report: Report | None) -> list[str]:
    if report is None:
        return ["## Evidence", "", "Not checked: `simulacra check FOLDER --real FILE` does.", ""]
    out = ["## Evidence", "", f"Verdict: **{report.verdict}**. The whole report is `report.html`.", ""]
    shown = [f for f in report.findings if f.headline or f.verdict in ("warn", "fail")]
    if shown:
        out += ["| verdict | measure | figure | fresh real rows | what it means |", "|---|---|---|---|---|"]
        out += [_row(finding) for finding in shown]
        out.append("")
    return out


def _row(finding: Finding) -> str:
    figures = ["-" if x is None else f"{x:.4g}" for x in (finding.value, finding.fresh)]
    sentence = finding.sentence if len(finding.sentence) <= LONGEST else finding.sentence[: LONGEST - 3] + "..."
    cells = [finding.verdict, finding.name, *figures, sentence]
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Return text that cannot break out of its cell or be read as markup."""
    flat = " ".join(str(text).split()).replace("\\", "\\\\")
    for sign in "|<>`*_[]":
        flat = flat.replace(sign, {"<": "&lt;", ">": "&gt;"}.get(sign, "\\" + sign))
    return flat


def _guarantee(card: Card) -> list[str]:
    if card.ledger is None:
        return [
            f"Guarantee: {card.privacy}. "
            "Distances between rows and attacks that found nothing are evidence, not a guarantee."
        ]
    claim = card.ledger.get("claim")
    return [
        f"Guarantee: {_cell(str(claim))}. `sign.html` is the page to read and sign; the ledger is in `lineage.json`."
    ]


def _columns(card: Card) -> list[str]:
    where = "empty" if card.asked else "missing in the original"
    out = ["## Columns", "", f"| column | type | kind | {where} |", "|---|---|---|---|"]
    known = {c.name: c for c in card.schema.columns}
    for name, dtype in card.empty.schema.items():
        fact = known.get(name)
        kind, missing = (fact.kind, f"{fact.missing:.1%}") if fact else ("", "")
        # Under a budget the share of missing cells is nobody's to know.
        missing = "-" if card.ledger else missing
        out.append(f"| {_cell(name)} | {_cell(str(dtype))} | {kind} | {missing} |")
    return [*out, ""]


def _files(card: Card) -> list[str]:
    return [
        "## Files",
        "",
        (pictures.files(card.ending) or "`data/` the rows,")
        + (" `lineage/` how each of them came to be," if card.asked or card.changed else "")
        + " `recipe.toml` what was asked for, `lineage.json` how it came to be, `card.json` the same "
        "for machines (Croissant)"
        + (", `report.html` and `findings.json` the evidence" if card.report else "")
        + ", `manifest.json` a checksum of every file.",
        "",
        "Making it again from the real rows is a second release, and costs its budget once more."
        if card.ledger
        else "`simulacra redo FOLDER -o AGAIN` makes the same bytes again from the same data.",
        "",
    ]


def _distribution(card: Card) -> list[dict[str, Any]]:
    """Return the files as Croissant; thousands of images are told as a set, their sums stand in manifest.json."""
    if pictures.files(card.ending):
        return pictures.file_sets(card.ending, card.parts)
    return [*_file_objects(card), _file_set(card)]


def _file_objects(card: Card) -> list[dict[str, Any]]:
    return [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": f"data/{name}",
            "encodingFormat": MEDIA_TYPE[card.ending],
            "sha256": digest,
        }
        for name, digest in sorted(card.parts.items())
    ]


def _file_set(card: Card) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": "parts",
        "name": "parts",
        "encodingFormat": MEDIA_TYPE[card.ending],
        "includes": f"data/part-*{card.ending}",
    }


def _fields(card: Card) -> Sequence[dict[str, Any]]:
    out = [pictures.link()] if card.ending == TABLE else []
    for name, dtype in card.empty.schema.items():
        kind, source = type_of(dtype), {"fileSet": {"@id": "parts"}, "extract": {"column": name}}
        if pictures.files(card.ending):
            other, source = pictures.source(card.ending, name, shape_of(dtype) is not None)
            kind = other or kind
        # Pixels in a table are lists of numbers; an image object is a file of its own.
        lists = {"repeated": True} if kind == "sc:Integer" and shape_of(dtype) is not None else {}
        field = {"@type": "cr:Field", "@id": f"rows/{name}", "name": name, "dataType": kind, **lists, "source": source}
        out.append(field)
    return out
