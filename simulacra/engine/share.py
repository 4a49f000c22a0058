"""Sharing between institutions: which output folders may leave a house, and the rows of several of them together.

A folder may leave when everything in it derives from a closed ledger of differential privacy. Rows that are drawn from
real ones without a ledger may look new and still tell of persons: tables/smote puts them between two real rows of the
rarest class, tables/forest fills them with values of real rows.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulacra.core.atomic import sha256
from simulacra.core.budget import CLOSE, Budget
from simulacra.core.data import Dataset
from simulacra.core.errors import BudgetError, DataError
from simulacra.core.lineage import Lineage
from simulacra.engine.check import ledger_of
from simulacra.engine.inputs import align
from simulacra.io import folder

WHY = {
    "tables/smote": "every new row lies on the line between two real rows of a rare class, so that it is nearly a copy "
    "of the rarest persons in the table",
    "tables/forest": "its cells are drawn from leaves of trees grown on real rows, and rare values pass as they are",
}
"""What makes rows of a method unfit for sharing when no budget was spent on them."""
INSTEAD = "make the rows with --epsilon and --delta, and share that folder"


def shareable(path: str | Path, private_report: str | Path | None = None) -> Budget:
    """Return the ledger of an output folder that may leave the house, or say why it may not.

    private_report: the folder written with `--private-report`, which stays in the house; its privacy findings must not
    fail. Raises BudgetError for rows without a ledger (among them all of tables/smote), with seeded noise, with a
    ledger that is open or does not sum to its claim, and for a privacy guard that failed; DataError for a folder that
    is unfinished, damaged, or holds files that do not belong to the output.
    """
    path = Path(path)
    rows = folder.read(path)
    _complete(path)
    ledger = _ledger(path, rows.lineage)
    if private_report is not None:
        _passed(Path(private_report), path)
    return ledger


def pooled(paths: Iterable[str | Path], *, holder: str | None = None) -> Dataset:
    """Return the rows of several shareable folders as one table.

    holder: name of a column that says which folder a row came from; None adds none. Raises what `shareable` does, and
    DataError when the folders have different columns or there is none.
    """
    places = [Path(p) for p in paths]
    if not places:
        raise DataError("no folder was given; name the output folders that were shared")
    import polars as pl

    for place in places:
        shareable(place)
    tables = [folder.read(place) for place in places]
    tables[1:] = [align(t, tables[0], str(p), str(places[0])) for t, p in zip(tables[1:], places[1:], strict=True)]
    frames = [t.frame for t in tables]
    if holder is not None:
        named = zip(frames, places, strict=True)
        frames = [frame.with_columns(pl.lit(place.name).alias(holder)) for frame, place in named]
    rows = pl.concat(frames, how="vertical_relaxed")
    return Dataset({"table": rows}, lineage=_together([t.lineage for t in tables]))


def _together(lineages: list[Lineage]) -> Lineage:
    """Return the lineage of rows of disjoint holders: whoever is in one table only has that table's epsilon."""
    spent = [(x.epsilon or 0.0, x.delta or 0.0) for x in lineages]
    first = lineages[0]
    if any(x.made_by != first.made_by for x in lineages):
        first = dataclasses.replace(first, made_by=" + ".join(sorted({x.made_by for x in lineages})), params={})
    return dataclasses.replace(
        first,
        parents=(),
        epsilon=max(e for e, _ in spent),
        delta=max(d for _, d in spent),
        generation=max(x.generation for x in lineages),
        facts={"ledgers": [dict(x.facts["ledger"]) for x in lineages]},
    )


def _ledger(path: Path, lineage: Lineage) -> Budget:
    made = lineage.made_by or "nobody knows what"
    ledger = ledger_of(lineage)
    if ledger is None:
        why = WHY.get(lineage.made_by, "nothing bounds what they tell of one person")
        raise BudgetError(f"{path}: rows made by {made} without a privacy budget may not be shared: {why}; {INSTEAD}")
    if not ledger.private:
        raise BudgetError(f"{path}: the noise of this ledger was seeded, so that it can be taken off again; {INSTEAD}")
    if not lineage.facts["ledger"].get("closed"):
        raise BudgetError(f"{path}: the ledger was never closed, so that its total is not known; make the rows again")
    epsilon, delta = ledger.spent
    if abs(epsilon - ledger.epsilon) > CLOSE * ledger.epsilon or delta > ledger.delta * (1 + CLOSE):
        raise BudgetError(
            f"{path}: the ledger sums to epsilon {epsilon:.6g}, delta {delta:.3g}, and claims {ledger.epsilon:g}, "
            f"{ledger.delta:g}; make the rows again"
        )
    if lineage.real_share:
        raise BudgetError(f"{path}: {100 * lineage.real_share:.1f} % of the rows are real; share made rows only")
    return ledger


def _complete(path: Path) -> None:
    """Raise DataError for a file that the manifest does not list, or lists with another content."""
    listed = _json(path / "manifest.json")["files"]
    there = {str(p.relative_to(path)) for p in path.rglob("*") if not p.is_dir()} - {"manifest.json"}
    if foreign := sorted(there - set(listed)):
        raise DataError(f"{path} holds {foreign[0]}, which is no part of the output; take it out before sharing")
    wrong = sorted(name for name in listed if name not in there or sha256(path / name) != listed[name])
    if wrong:
        raise DataError(f"{path}/{wrong[0]} is missing or does not match its checksum; make the folder again")


def _passed(report: Path, path: Path) -> None:
    found = _json(report / "findings.json").get("findings", [])
    judged = [f for f in found if f.get("guard") == "privacy"]
    if not any(f.get("value") is not None for f in judged):
        raise BudgetError(f"{report} says nothing on privacy; make {path} again with --private-report")
    failed = [f for f in judged if f.get("verdict") == "fail"]
    if failed:
        names = ", ".join(str(f.get("name")) for f in failed)
        raise BudgetError(f"{path}: the privacy guard fails ({names}); read {report}/report.html and do not share")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}); make the folder again") from error
    if not isinstance(value, dict):
        raise DataError(f"{path} holds no object; make the folder again")
    return value
