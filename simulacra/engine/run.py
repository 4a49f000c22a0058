"""One run of a recipe: read, keep a holdout back, fit, sample, check, write; every stage can be resumed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core import where as conditions
from simulacra.core.atomic import write_json, write_text
from simulacra.core.case import Case
from simulacra.core.data import Dataset, give_back
from simulacra.core.errors import BudgetError, ConfigError, DataError, ModelError, SchemaError
from simulacra.core.generator import Generator
from simulacra.core.lineage import Lineage, versions
from simulacra.core.options import whole
from simulacra.core.progress import task
from simulacra.core.report import Report
from simulacra.core.rng import BLOCK_ROWS
from simulacra.engine import private, text, transform
from simulacra.engine.asking import Asking
from simulacra.engine.check import chosen, judge, ledger_of
from simulacra.engine.defaults import versions_of
from simulacra.engine.inputs import alike
from simulacra.engine.job import Job, gather, same
from simulacra.engine.made import Made
from simulacra.engine.models import load
from simulacra.engine.recipe import Recipe
from simulacra.io import card, chats, folder
from simulacra.io.folder import SUFFIX, Folder

if TYPE_CHECKING:
    import polars as pl

CHECKED_PARTS = 16
"""Parts (of 65,536 rows, or 4,096 images) that a check looks at: rows are drawn alike, so they stand for the rest."""


IMAGE_ROWS = 4096
"""Images of one part: a run that is stopped loses at most so many."""


def run(
    recipe: Recipe,
    data: Any = None,
    holdout: Any = None,
    *,
    out: str | Path | None = None,
    private_report: str | Path | None = None,
    workers: int = 1,
    force: bool = False,
    expected: Mapping[str, str] | None = None,
    asking: Asking | None = None,
) -> Made:
    """Carry a recipe out. data, holdout: in place of the recipe's paths. expected: hashes the inputs must have.

    private_report: under a privacy budget, the folder of the report that compares with real rows. asking: how language
    models are asked.
    """
    workers = whole(workers, "workers", 1)
    if recipe.asks and private_report is None:
        return text.run(recipe, data, holdout, out=out, force=force, expected=expected, asking=asking)
    if recipe.transforms and private_report is None:
        return transform.run(recipe, data, holdout, out=out, force=force, expected=expected, asking=asking)
    if asking is not None and (given := asking.given()) is not None:
        raise ConfigError(f"{given} is for methods that ask language models, and {recipe.method} asks none")
    chats.refuse(recipe.format, recipe.method)
    method = load(recipe.model) if recipe.model else recipe.generator()
    recipe = dataclasses.replace(recipe, method=method.name).written()
    if recipe.epsilon is not None:
        recipe = dataclasses.replace(recipe, schema=private.public(recipe.schema))
    private.refuse(private_report, recipe, out, force=force)
    guards = chosen(recipe.only)
    if out is not None:
        folder.refuse_source(out, recipe.data, recipe.holdout, data, holdout)
        folder.refuse(out, recipe.to_toml(), force=force)
    secret = None if private_report is None else private.begin(private_report)
    job = gather(recipe, method, data, holdout, secret)
    same(job.inputs, expected)
    if out is None:
        return _run(job, guards, None, workers, private_report)
    begun = {"inputs": job.inputs, "versions": versions()}
    place = Folder.begin(out, recipe.to_toml(), begun, force=force)
    try:
        return _run(job, guards, place, workers, private_report)
    except (DataError, ConfigError, SchemaError, BudgetError):
        # The request cannot be met as it stands, so there is nothing to resume.
        place.discard()
        raise
    finally:
        place.close()


def _run(
    job: Job, guards: list[str], place: Folder | None, workers: int, private_report: str | Path | None = None
) -> Made:
    """Fit, sample, check, write."""
    recipe = job.recipe
    method = _fitted(job, place)
    if recipe.n is None and job.fitted is not None:
        job = dataclasses.replace(job, n=method.default_rows(job.n))
    lineage = _lineage(job, method)
    rows = _sampled(job, method, lineage, place, workers)
    report = None if recipe.model else _judged(job, method, lineage, rows, guards)
    beside = None
    if private_report is not None and job.fitted is not None:
        made = Dataset({"table": rows}, method.schema_, lineage)
        beside = private.judged(made, method, job.fitted, job.holdout, recipe)
        private.write(private_report, beside)
    where = None if place is None else place.path
    if place is not None:
        _publish(job, method, lineage, rows, report, place)

    def all_rows() -> Any:
        # An output larger than what was checked is not kept in memory.
        kept = Dataset({"table": rows}, method.schema_, lineage)
        data = kept if where is None or rows.height == job.n else folder.read(where)
        return give_back(data, job.kind, job.dtypes)

    return Made(report, lineage, where, recipe, job.n, all_rows, private_report=beside)


def _fitted(job: Job, place: Folder | None) -> Generator:
    """Return the fitted method: the one a stopped run left, or a new one."""
    if job.recipe.model:
        return job.method
    if place is not None and place.resumed:
        try:
            return load(place.model)
        except ModelError:
            # The run was stopped before the model was whole, or while the finished folder was being tidied.
            place.drop_model()
    # A stopped training goes on from its checkpoint, which lies beside the model and leaves with it.
    begun = None if place is None else place.checkpoint
    recipe = job.recipe
    method = job.method.fit(
        job.fitted, schema=recipe.schema, seed=recipe.seed, checkpoint=begun, budget=recipe.budget()
    )
    if place is not None:
        method.save(place.model, overwrite=True)
    return method


def _lineage(job: Job, method: Generator) -> Lineage:
    facts: dict[str, Any] = {**method.lineage_.facts}
    if job.fitted is not None and job.recipe.epsilon is None:
        apart = 0 if job.holdout is None else len(job.holdout)
        facts["split"] = {"fitted": len(job.fitted), "holdout": apart, "sentence": job.sentence}
    if job.inputs:
        facts["inputs"] = dict(job.inputs)
    known = {**method.lineage_.versions, **versions_of(job.recipe.format)}
    return dataclasses.replace(method.lineage_, seed=job.recipe.seed, facts=facts, versions=known)


def _sampled(job: Job, method: Generator, lineage: Lineage, place: Folder | None, workers: int) -> pl.DataFrame:
    """Return the rows, or with a folder those that are checked, after writing all parts that are not there yet."""
    import polars as pl

    where = conditions.parse(job.recipe.where) or None
    pictures = any(c.kind == "image" for c in method.schema_.columns)
    blocks = max(1, (IMAGE_ROWS if pictures else BLOCK_ROWS) // method.block_rows)  # blocks of one part
    done = 0 if place is None else place.parts(SUFFIX[job.recipe.format], CHECKED_PARTS)
    kept = [] if place is None else [place.rows(part) for part in range(min(done, CHECKED_PARTS))]
    batches = method.batches(job.n, seed=job.recipe.seed, where=where, workers=workers, first=done * blocks)
    for part, frame in enumerate(_parts(batches, blocks), start=done):
        keep = place is None or part < CHECKED_PARTS
        if place is not None:
            rows = Dataset({"table": frame}, method.schema_, lineage)
            ending, start = SUFFIX[job.recipe.format], part * blocks * method.block_rows
            place.write_part(part, rows, ending, keep=keep, neutralise=job.recipe.neutralise, start=start)
        if keep:
            kept.append(frame)
    return pl.concat(kept)


def _parts(batches: Iterable[Dataset], blocks: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of every `blocks` blocks as one frame."""
    import polars as pl

    group: list[pl.DataFrame] = []
    for batch in batches:
        group.append(batch.frame)
        if len(group) == blocks:
            yield pl.concat(group)
            group = []
    if group:
        yield pl.concat(group)


def _judged(job: Job, method: Generator, lineage: Lineage, rows: pl.DataFrame, guards: list[str]) -> Report:
    if job.recipe.epsilon is not None:
        # What is released looks at no real row that was not paid for.
        job = dataclasses.replace(job, fitted=None, holdout=None)
    where = {**(method.aims() or {}), **conditions.parse(job.recipe.where)}
    real, holdout = (alike(part, where, job.recipe.seed) for part in (job.fitted, job.holdout))
    case = Case(
        made=Dataset({"table": rows}, method.schema_, lineage),
        real=real,
        holdout=holdout,
        target=job.recipe.target,
        schema=method.schema_,
        model=method,
        ledger=ledger_of(lineage),
        lineage=lineage,
        seed=job.recipe.seed,
        facts=lineage.facts,
    )
    source = f" from {Path(job.recipe.data).name}" if job.recipe.data else ""
    seen = "" if rows.height == job.n else f" The first {rows.height:,} of {job.n:,} rows were checked."
    held = (
        ""
        if real is None
        else f" They were compared with the {len(real):,} of these that fulfil {conditions.said(where)}."
    )
    about = f"{job.n:,} rows made by {method.name}. {_origin(job)}{held * bool(where)}{seen}"
    meta = {
        "title": f"{job.n:,} synthetic rows{source}",
        "about": about,
        "recipe": json.loads(json.dumps(_recipe_facts(job.recipe))),
    }
    report = judge(case, guards, meta)
    return report if case.ledger is None else private.unmeasured(report)


def _origin(job: Job) -> str:
    if job.recipe.epsilon is not None:
        return "They were learned under a privacy budget, and this page holds nothing of real rows that it did not pay."
    if job.fitted is None:
        return "Nothing was fitted: there were no data to compare with."
    return f"{len(job.fitted):,} rows were fitted. {job.sentence}"


def _recipe_facts(recipe: Recipe) -> dict[str, Any]:
    """Return what the report shows of a recipe: the entries that were set, without the schema."""
    import tomllib

    shown = tomllib.loads(dataclasses.replace(recipe, schema=None).to_toml())
    return {k: v for k, v in shown.items() if k != "simulacra_recipe"}


def _publish(
    job: Job, method: Generator, lineage: Lineage, rows: pl.DataFrame, report: Report | None, place: Folder
) -> None:
    """Write everything but the parts, the manifest last."""
    ending = SUFFIX[job.recipe.format]
    with task("write"):
        about = card.Card(job.n, rows.clear(), ending, place.sums(ending), method.schema_, lineage, report)
        write_json(place.path / "lineage.json", json.loads(json.dumps(lineage.to_dict(), default=str)))
        if report is not None:
            report.save(place.path / "findings.json")
            report.save(place.path / "report.html")
        write_json(place.path / "card.json", card.croissant(about))
        write_text(place.path / "README.md", card.readme(about))
        if (ledger := ledger_of(lineage)) is not None:
            write_text(place.path / "sign.html", private.statement(about, ledger, rows))
        place.finish()
