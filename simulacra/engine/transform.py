"""One run of a recipe whose method changes rows: read, apply, check what concerns the rows that stay, write."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.data import Dataset, frame_kind, give_back
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.lineage import Lineage, versions
from simulacra.core.progress import task
from simulacra.engine import _text_report as told
from simulacra.engine._text_job import inputs_of, refuse, seeds_of
from simulacra.engine._text_rows import Rows, publish
from simulacra.engine.check import chosen
from simulacra.engine.inputs import is_path
from simulacra.engine.job import same
from simulacra.engine.made import Made
from simulacra.engine.recipe import Recipe
from simulacra.io import folder
from simulacra.io.folder import Folder

if TYPE_CHECKING:
    import polars as pl


def run(
    recipe: Recipe,
    data: Any = None,
    holdout: Any = None,
    *,
    out: str | Path | None = None,
    force: bool = False,
    expected: Mapping[str, str] | None = None,
) -> Made:
    """Carry out a recipe whose method is a Transform. data: rows in place of the recipe's path.

    Raises ConfigError for entries that mean nothing here, DataError without data.
    """
    recipe = recipe.written()
    guards = chosen(recipe.only)
    if out is not None:
        folder.refuse_source(out, recipe.data, data)
        folder.refuse(out, recipe.to_toml(), force=force)
    refuse(recipe, holdout)
    if recipe.n is not None:
        raise ConfigError(f"{recipe.method} changes the rows that are there; leave -n out, and set the method's fields")
    source = data if data is not None else recipe.data or None
    if source is None:
        raise DataError(f"{recipe.method} changes rows of data; give a table or a file")
    rows = seeds_of(source, recipe.na)
    inputs = inputs_of(rows)
    same(inputs, expected)
    kind = "polars" if is_path(source) else frame_kind(source)
    if out is None:
        return _made(recipe, rows, inputs, kind, guards, None)
    place = Folder.begin(out, recipe.to_toml(), {"inputs": inputs, "versions": versions()}, force=force)
    try:
        return _made(recipe, rows, inputs, kind, guards, place)
    except (DataError, ConfigError):
        place.discard()
        raise
    finally:
        place.close()


def _made(
    recipe: Recipe, data: Dataset, inputs: Mapping[str, str], kind: str, guards: list[str], place: Folder | None
) -> Made:
    """Apply, check and write."""
    method = recipe.transform()
    with task("apply"):
        changed: Dataset = method.apply(data, seed=recipe.seed, kind="dataset")
    frame = changed.frame
    [sources] = changed.source.values()
    rows = Rows(recipe.format, place)
    rows.add(frame, _lines(sources))
    rows.end()
    if not rows.count:
        raise DataError(f"{recipe.method}: none of {len(data):,} rows is left, and nothing was written")
    lineage = _lineage(recipe, data, changed, inputs)
    about = f"{rows.count:,} rows that {recipe.method} made of {len(data):,}."
    failures = rows.failures(())
    report = told.judged(recipe, rows, lineage, failures, guards, about)
    if place is not None:
        publish(recipe.format, rows, lineage, report, failures, place)

    def all_rows() -> Any:
        return give_back(Dataset({"table": rows.all()}, None, lineage), kind)

    where = None if place is None else place.path
    return Made(report, lineage, where, recipe, rows.count, all_rows, failures=tuple(failures))


def _lines(sources: Any) -> pl.DataFrame:
    """Return the lineage of changed rows: the row of the data that each of them came from, none where there is none."""
    import polars as pl

    parents = [[int(source)] if source >= 0 else [] for source in sources]
    return pl.DataFrame(
        {"row": range(len(parents)), "parents": parents}, {"row": pl.Int64, "parents": pl.List(pl.Int64)}
    )


def _lineage(recipe: Recipe, data: Dataset, changed: Dataset, inputs: Mapping[str, str]) -> Lineage:
    """Return the lineage of the rows, which gain a step and no generation."""
    known = changed.lineage
    facts = {**known.facts, "inputs": dict(inputs), "changed from": len(data)}
    made_by = known.made_by or recipe.method
    return dataclasses.replace(known, made_by=made_by, seed=recipe.seed, facts=facts, versions=versions())
