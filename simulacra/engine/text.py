"""One run of a recipe of texts: seeds read, the cost foreseen, rows asked for, checked and written.

Every answer is in a journal before it is used, so a stopped run goes on by being run again: what was answered is not
asked twice, and the bytes are those of a run that nobody stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.data import Dataset, give_back
from simulacra.core.errors import BudgetError, ConfigError, DataError, MissingExtra, SchemaError
from simulacra.core.lineage import Lineage, versions
from simulacra.core.progress import Event, detailed
from simulacra.engine import _text_report as told
from simulacra.engine._text_estimate import estimate
from simulacra.engine._text_job import Job, gather, versions_of
from simulacra.engine._text_rows import Rows, publish
from simulacra.engine.asking import Asking, opened
from simulacra.engine.check import chosen
from simulacra.engine.job import same
from simulacra.engine.made import Made
from simulacra.engine.recipe import Recipe
from simulacra.io import folder
from simulacra.io.folder import Folder

if TYPE_CHECKING:
    from simulacra.parts.prompts.desk import Desk
    from simulacra.parts.prompts.port import AskPort


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
    """Carry out a recipe whose method asks language models. data: seeds in place of the recipe's path.

    Raises SpendError at the limit of cost, DataError when no row could be made; then nothing is left but the journal.
    """
    asking = asking or Asking()
    recipe = recipe.written()
    guards = chosen(recipe.only)
    if out is not None:
        folder.refuse_source(out, recipe.data, data)
        folder.refuse(out, recipe.to_toml(), force=force)
    job = gather(recipe, data, holdout)
    same(job.inputs, expected)
    foreseen = estimate(job)
    ports = _ports(job, asking)
    with opened(job.models, out, asking, ports) as desk:
        job.method.desk = desk
        if asking.batch_out is not None:
            return _written_out(job, desk, ports, asking)
        asking.say(foreseen.sentence(len(desk.journal)))
        if out is None:
            return _made(job, desk, guards, None, asking)
        return _into(out, job, desk, guards, asking, force)


def _ports(job: Job, asking: Asking) -> dict[str, AskPort]:
    """Return the ports that stand in place of those that the recipe names."""
    if asking.batch_in is None and asking.batch_out is None:
        return dict(asking.ports)
    from simulacra.parts.prompts import batch

    return {**asking.ports, **batch.ports(job.models, asking.batch_in, collects=asking.batch_out is not None)}


def _into(out: str | Path, job: Job, desk: Desk, guards: list[str], asking: Asking, force: bool) -> Made:
    begun = {"inputs": job.inputs, "versions": versions()}
    place = Folder.begin(out, job.recipe.to_toml(), begun, force=force)
    try:
        return _made(job, desk, guards, place, asking)
    except (DataError, ConfigError, SchemaError, BudgetError, MissingExtra):
        # The request cannot be met as it stands; what was answered before is in the journal.
        place.discard()
        raise
    finally:
        place.close()


def _made(job: Job, desk: Desk, guards: list[str], place: Folder | None, asking: Asking) -> Made:
    """Ask, check and write."""
    recipe = job.recipe
    rows = Rows(recipe.format, place)
    with detailed(lambda event: _so_far(event, desk)):
        for block in job.method.batches(job.n, seed=recipe.seed):
            rows.add(block.frames["table"], block.frames["lineage"])
    rows.end()
    failures = rows.failures(job.method.failures_)
    if not rows.count:
        first = failures[0]
        raise DataError(
            f"none of {job.n:,} rows could be made, and nothing was written. Row {first.row}, column "
            f"{first.column!r}: {first.reason}"
        )
    lineage = _lineage(job, rows, failures)
    report = None if asking.preview else told.judged(recipe, rows, lineage, failures, guards, _about(job, rows.count))
    where = None if place is None else place.path
    if place is not None:
        publish(recipe.format, rows, lineage, report, failures, place)

    def all_rows() -> Any:
        return give_back(Dataset({"table": rows.all()}, None, lineage), job.kind)

    return Made(report, lineage, where, recipe, rows.count, all_rows, failures=tuple(failures), spent=desk.spent)


def _so_far(event: Event, desk: Desk) -> str:
    """Return how far a run is, in words: rows, their rate, and what was paid."""
    rate = f", {event.done / event.seconds:.3g} rows/s" if event.done and event.seconds > 1 else ""
    paid = f", {desk.spent.cost:.4f} paid" if desk.spent.cost else ""
    failed = f", {desk.spent.failed:,} requests failed" if desk.spent.failed else ""
    return f"{event.done:,.0f} of {event.total:,.0f} rows{rate}{paid}{failed}"


def _lineage(job: Job, rows: Rows, failures: list[Any]) -> Lineage:
    """Return how the rows came to be: a function of the answers, not of who paid for them and when."""
    facts: dict[str, Any] = {**job.method.lineage_.facts, **job.method.facts_, "asked": rows.asked()}
    if job.inputs:
        facts["inputs"] = dict(job.inputs)
    if job.seeds is not None:
        facts["seeds"] = len(job.seeds)
    if failures:
        facts["missing rows"] = len({f.row for f in failures if f.dropped})
    known = {**job.method.lineage_.versions, **(versions_of(job.models) if facts["asked"] else {})}
    return dataclasses.replace(job.method.lineage_, seed=job.recipe.seed, facts=facts, versions=known)


def _about(job: Job, count: int) -> str:
    """Return how the rows were made."""
    known = {"embedded": "the embedded model", "echo": "the echo, which is NOT TEXT"}
    names = dict.fromkeys(known.get(m.port) or m.model or m.name for m in job.models)
    seeds = "" if job.seeds is None else f" {len(job.seeds):,} rows of data were the seeds."
    return f"{count:,} rows made by {job.method.name}. Models: {', '.join(names)}.{seeds}"


def _written_out(job: Job, desk: Desk, ports: Mapping[str, AskPort], asking: Asking) -> Made:
    """Write what is to be asked next into a batch file; no row is made."""
    from simulacra.parts.prompts import batch

    path = asking.batch_out
    assert path is not None
    with detailed(lambda event: _so_far(event, desk)):
        for _ in job.method.batches(job.n, seed=job.recipe.seed):
            pass
    lines = {key: line for port in ports.values() if isinstance(port, batch.Filed) for key, line in port.lines.items()}
    if lines:
        batch.write(path, lines)
        asking.say(
            f"{len(lines):,} requests stand in {path}. Have them answered, then run the same command with --batch-in "
            "ANSWERS; keep --batch-out with another name as long as there is more to ask."
        )
    else:
        asking.say("Nothing is left to be asked by a batch file; run the same command without --batch-out.")
    return Made(None, job.method.lineage_, None, job.recipe, 0, lambda: None, spent=desk.spent)
