"""The verbs in Python: make (fit, sample and check in one run), look and redo."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from simulacra.core import where as conditions
from simulacra.core.errors import BudgetError, DataError
from simulacra.core.schema import Schema
from simulacra.engine import shipped
from simulacra.engine.asking import Asking, beside
from simulacra.engine.defaults import format_for, method_for
from simulacra.engine.inputs import is_path, schema_of, take
from simulacra.engine.made import Made
from simulacra.engine.recipe import Recipe
from simulacra.engine.run import run
from simulacra.io import folder


def make(
    data: Any = None,
    method: str | None = None,
    *,
    n: int | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    where: Mapping[str, Any] | None = None,
    target: str | None = None,
    person: str | None = None,
    schema: Schema | str | Path | None = None,
    holdout: Any = None,
    settings: Mapping[str, Any] | None = None,
    na: Iterable[str] = (),
    only: Iterable[str] = (),
    format: str | None = None,
    neutralise: bool = False,
    size: int | None = None,
    mode: str | None = None,
    epsilon: float | None = None,
    delta: float | None = None,
    person_rows: int = 1,
    unsafe_seed: int | None = None,
    private_report: str | Path | None = None,
    fail_on: str | None = None,
    workers: int = 1,
    force: bool = False,
    journal: str | Path | None = None,
    max_cost: float | None = None,
    batch_out: str | Path | None = None,
    batch_in: str | Path | None = None,
) -> Made:
    """Fit a method on data, sample n rows, check them against rows it never saw, and write all of it when asked to.

    data: a table, a path, None for methods that need none, or a recipe (.toml), to which the other arguments are added
    where they differ from their defaults. method: an address; None takes tables/forest for tables and images/pca for
    images. n: rows, as many as the data have when None. out: a new
    folder; without it nothing is written. seed: any integer. where: conditions (core.where). target: column to
    predict. person: column that names whose row it is, so that the holdout keeps whole persons. schema: facts, or
    their file. holdout: real rows kept apart; otherwise 20 % of the data are kept back. settings: fields of the method.
    na: texts that count as missing. only: guards to run. format: parquet, csv or jsonl, and for images png,
    imagefolder, npz or parquet; None takes parquet for tables and what the images came in. neutralise: quote formulas
    in CSV. size, mode: of images that are read (io.images.read). epsilon, delta, person_rows, unsafe_seed: the privacy
    budget (Recipe); the method is then tables/private (images/vae for images), and nothing leaves that the budget did
    not pay. private_report: a new folder, not for release, for the report that compares with the real rows; 20 % of the
    persons are then kept back for it. fail_on: see Made.failed.
    workers: processes that sample. force: replace an output that stands in `out`. Of methods that ask language models:
    journal: file of the answers, beside `out` when None; max_cost: most that may be paid; batch_out, batch_in: files of
    requests and of answers (engine.text.Asking).
    Raises SimulacraError with what to do.
    """
    is_recipe = shipped.is_recipe(data)
    recipe = Recipe(
        method=method or (Recipe.method if is_recipe else method_for(data, epsilon is not None)),
        data=str(data) if is_path(data) else "",
        holdout=str(holdout) if is_path(holdout) else "",
        n=n,
        seed=seed,
        where=conditions.texts(where or {}),
        target=target,
        person=person,
        schema=schema_of(schema),
        settings=dict(settings or {}),
        na=tuple([na] if isinstance(na, str) else na),
        only=tuple([only] if isinstance(only, str) else only),
        format=format or (Recipe.format if is_recipe else format_for(data)),
        neutralise=neutralise,
        fail_on=fail_on or "",
        size=size,
        mode=mode or "",
        epsilon=epsilon,
        delta=delta,
        person_rows=person_rows,
        unsafe_seed=unsafe_seed,
    )
    known: tuple[Path, ...] = ()
    if is_recipe:
        given = {f.name: getattr(recipe, f.name) for f in dataclasses.fields(Recipe) if f.name != "data"}
        known = (beside(data),)
        recipe = Recipe.read(data).changed(**{k: v for k, v in given.items() if v != getattr(Recipe(), k)})
        data = None
    asking = Asking(journal=journal, max_cost=max_cost, batch_out=batch_out, batch_in=batch_in)
    return run(
        recipe,
        data,
        holdout,
        out=out,
        private_report=private_report,
        workers=workers,
        force=force,
        asking=dataclasses.replace(asking, known=known),
    )


def look(data: Any, *, na: Iterable[str] = (), size: int | None = None, mode: str | None = None) -> Schema:
    """Return the inferred schema of a table, a file or images, every fact with its reason. Raises DataError."""
    return take(data, na=na, size=size, mode=mode).schema


def redo(
    path: str | Path,
    out: str | Path,
    *,
    data: Any = None,
    holdout: Any = None,
    workers: int = 1,
    force: bool = False,
    spend: bool = False,
    say: Callable[[str], None] = lambda sentence: None,
) -> Made:
    """Run the recipe of a finished folder again and compare the bytes (Made.changed).

    data, holdout: the tables, when they were in memory or have moved since. spend: make a folder again that was made
    under a privacy budget, which spends that budget once more. say: hears whether language models are asked anew, or
    the journal beside the folder answers. Raises BudgetError without it, DataError when the
    folder is not a finished output, or the data are not those it was made from; OutputError as `make` does, and for
    `out` that is `path`.
    """
    path = Path(path)
    if not folder.is_output(path):
        raise DataError(f"{path} is not a finished output; give a folder that `simulacra make -o` wrote")
    folder.refuse_source(out, path)
    recipe = Recipe.read(path / "recipe.toml")
    if recipe.epsilon is not None and not spend:
        raise BudgetError(
            f"{path} was made under a privacy budget; making it again is a second release, so that both together cost "
            f"up to twice epsilon {recipe.epsilon:g}. Copy the folder in its place, or spend (--spend, spend=True)"
        )
    known = _read_json(path / "lineage.json").get("facts", {}).get("inputs", {})
    for name, given in (("data", data), ("holdout", holdout)):
        if given is None and name in known and getattr(recipe, name) in ("", "-"):
            raise DataError(f"{path} was made from a table in memory; give it again as {name}")
    asking = _answers_of(path, say) if recipe.asks or beside(path).exists() else None
    made = run(recipe, data, holdout, out=out, workers=workers, force=force, expected=known, asking=asking)
    before, after = (_read_json(Path(p) / "manifest.json")["files"] for p in (path, out))
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return dataclasses.replace(made, changed=tuple(changed))


def _answers_of(path: Path, say: Callable[[str], None]) -> Asking:
    """Return how the rows of a folder are made again: from the journal beside it, where there is one."""
    journal = beside(path)
    if journal.exists():
        say(f"The answers in {journal.name} are used; what is not there is asked.")
        return Asking(journal=journal, say=say)
    say(
        f"There is no journal {journal.name} beside {path}: everything is asked again, and may be answered differently."
    )
    return Asking(say=say)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read ({error}); the folder is damaged, make it again") from error
    return value if isinstance(value, dict) else {}
