"""One run of a recipe whose method changes rows: read, apply, check what concerns the rows that stay, write."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core import options
from simulacra.core.data import Dataset, frame_kind, give_back
from simulacra.core.errors import ConfigError, DataError, MissingExtra
from simulacra.core.lineage import Lineage, versions
from simulacra.core.progress import task
from simulacra.engine import _text_report as told
from simulacra.engine._text_job import inputs_of, refuse, seeds_of
from simulacra.engine._text_rows import Rows, publish
from simulacra.engine.asking import Asking, opened
from simulacra.engine.check import chosen
from simulacra.engine.inputs import is_path
from simulacra.engine.job import same
from simulacra.engine.made import Made
from simulacra.engine.recipe import Recipe
from simulacra.io import chats, files, folder
from simulacra.io.folder import Folder
from simulacra.parts.prompts.model import read_models

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.transform import Transform
    from simulacra.parts.prompts.desk import Desk


def run(
    recipe: Recipe,
    data: Any = None,
    holdout: Any = None,
    *,
    out: str | Path | None = None,
    force: bool = False,
    expected: Mapping[str, str] | None = None,
    asking: Asking | None = None,
) -> Made:
    """Carry out a recipe whose method is a Transform. data: rows in place of the recipe's path.

    Raises ConfigError for entries that mean nothing here, DataError without data.
    """
    recipe = _counted(recipe).written()
    guards = chosen(recipe.only)
    if out is not None:
        folder.refuse_source(out, recipe.data, data)
        folder.refuse(out, recipe.to_toml(), force=force)
    refuse(recipe, holdout)
    source = data if data is not None else recipe.data or None
    if source is None:
        raise DataError(f"{recipe.method} changes rows of data; give a table or a file")
    rows = seeds_of(source, recipe.na)
    inputs = inputs_of(rows)
    same(inputs, expected)
    kind = "polars" if is_path(source) else frame_kind(source)
    job = Job(recipe, recipe.transform(), rows, inputs, kind)
    with opened(read_models(getattr(job.method, "models", ())), out, asking or Asking()) as desk:
        if hasattr(job.method, "desk"):
            job.method.desk = desk
        if out is None:
            return _made(job, desk, guards, None)
        return _into(out, job, desk, guards, force)


def _counted(recipe: Recipe) -> Recipe:
    """Return the recipe with the number of rows as a field of its method. Raises ConfigError where it has none."""
    if recipe.n is None:
        return recipe
    if "n" not in {field.name for field in options.fields(type(recipe.transform()))}:
        raise ConfigError(f"{recipe.method} changes the rows that are there; leave -n out, and set the method's fields")
    return recipe.changed(n=None, settings={"n": recipe.n})


@dataclass(frozen=True)
class Job:
    """A run of a transform. rows: that are changed. kind: of table that is given back."""

    recipe: Recipe
    method: Transform
    rows: Dataset
    inputs: Mapping[str, str]
    kind: str


def _into(out: str | Path, job: Job, desk: Desk, guards: list[str], force: bool) -> Made:
    place = Folder.begin(out, job.recipe.to_toml(), {"inputs": job.inputs, "versions": versions()}, force=force)
    try:
        return _made(job, desk, guards, place)
    except (DataError, ConfigError, MissingExtra):
        place.discard()
        raise
    finally:
        place.close()


def _made(job: Job, desk: Desk, guards: list[str], place: Folder | None) -> Made:
    """Apply, check and write."""
    recipe = job.recipe
    with task("apply"):
        changed: Dataset = job.method.apply(job.rows, seed=recipe.seed, kind="dataset")
    [sources] = changed.source.values()
    rows = Rows(recipe.format, place)
    rows.add(chats.as_talks(changed.frame), _lines(sources))
    rows.end()
    if not rows.count:
        raise DataError(f"{recipe.method}: none of {len(job.rows):,} rows is left, and nothing was written")
    lineage = _lineage(job, changed)
    failures = rows.failures(())
    about = f"{rows.count:,} rows that {recipe.method} left of {len(job.rows):,}."
    report = told.judged(recipe, rows, lineage, failures, guards, about)
    if place is not None:
        reasons = getattr(job.method, "reasons_", None)
        if reasons is not None:
            files.write(reasons, place.path / "reasons.jsonl")
        publish(recipe.format, rows, lineage, report, failures, place)

    def all_rows() -> Any:
        return give_back(Dataset({"table": rows.all()}, None, lineage), job.kind)

    where = None if place is None else place.path
    return Made(report, lineage, where, recipe, rows.count, all_rows, failures=tuple(failures), spent=desk.spent)


def _lines(sources: Any) -> pl.DataFrame:
    """Return the lineage of changed rows: the row of the data that each of them came from, none where there is none."""
    import polars as pl

    parents = [[int(source)] if source >= 0 else [] for source in sources]
    return pl.DataFrame(
        {"row": range(len(parents)), "parents": parents}, {"row": pl.Int64, "parents": pl.List(pl.Int64)}
    )


def _lineage(job: Job, changed: Dataset) -> Lineage:
    """Return the lineage of the rows, which gain a step and no generation."""
    known, method = changed.lineage, job.method
    own = {**known.facts.get(method.name, {}), **getattr(method, "facts_", {})}
    facts = {**known.facts, method.name: own, "inputs": dict(job.inputs), "changed from": len(job.rows)}
    facts.pop("asked", None)
    seed = job.recipe.seed
    return dataclasses.replace(
        known, made_by=method.name, params=method.params(), seed=seed, facts=facts, versions=versions()
    )
