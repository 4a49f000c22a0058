"""What a run needs, read and checked before anything is written or learned; the holdout is kept back here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulacra.core import where as conditions
from simulacra.core.atomic import sha256
from simulacra.core.data import Dataset, frame_kind
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.generator import Generator
from simulacra.core.lineage import keyed_hash
from simulacra.core.progress import task
from simulacra.engine import private
from simulacra.engine.defaults import strata_of
from simulacra.engine.inputs import align, is_path, relearned, require, split, take
from simulacra.engine.recipe import Recipe
from simulacra.io import images


@dataclass(frozen=True)
class Job:
    """Everything a run needs: what is fitted, what was kept back and why, and what is given back."""

    recipe: Recipe
    method: Generator
    fitted: Dataset | None
    holdout: Dataset | None
    sentence: str
    n: int
    inputs: Mapping[str, str]
    kind: str
    dtypes: Mapping[str, Any] | None


def gather(recipe: Recipe, method: Generator, data: Any, holdout: Any, secret: bytes | None = None) -> Job:
    """Read and check the inputs, and keep the holdout back, before anything is written or learned.

    secret: under a privacy budget, of the coins that keep persons back for its private report; None keeps nobody back.
    """
    source = data if data is not None else recipe.data or None
    if source is None:
        return _without_data(recipe, method)
    with task("read"):
        # Under a budget the schema is a claim that the method holds the rows against, not a way to read them, and no
        # row may decide how the numbers of another are read.
        free = recipe.epsilon is None
        schema = recipe.schema if free else None
        rows = take(source, na=recipe.na, schema=schema, size=recipe.size, mode=recipe.mode or None, signs=free)
    if len(rows) == 0:
        raise DataError(f"{recipe.data or 'data'}: the table has a header but no rows; give at least one row")
    for column, what in ((recipe.target, "target"), (recipe.person, "person")):
        require(column, rows.columns, what)
    for column in conditions.parse(recipe.where):
        require(column, rows.columns, "where")
    images.fits(recipe.format, rows.frame)
    if recipe.epsilon is not None:
        return _privately(recipe, method, rows, source, holdout, secret)
    inputs = {"key": keyed_hash(rows.frame.clear().select()), "data": keyed_hash(rows.frame)}
    kept = holdout if holdout is not None else recipe.holdout or None
    if kept is None:
        fitted, apart, sentence = split(rows, recipe.seed, recipe.person, strata_of(rows, recipe.target))
        fitted = relearned(fitted) if is_path(source) and recipe.schema is None else fitted
    else:
        fitted, apart = rows, align(_taken(kept, recipe), rows, "holdout", "data")
        sentence = f"The holdout was given: {len(apart):,} rows."
        inputs["holdout"] = keyed_hash(apart.frame)
    sentence += "".join(f" On reading, {note}." for note in rows.lineage.facts.get("read", ()))
    kind, dtypes = ("polars", None) if is_path(source) else _kind(source)
    return Job(recipe, method, fitted, apart, sentence, recipe.n or len(rows), inputs, kind, dtypes)


def _privately(
    recipe: Recipe, method: Generator, rows: Dataset, source: Any, holdout: Any, secret: bytes | None
) -> Job:
    """Return the job under a privacy budget: no hash and no count of the rows, and no type of theirs is given back."""
    kept = holdout if holdout is not None else recipe.holdout or None
    fitted, apart, sentence = rows, None, "All rows were fitted."
    if kept is not None:
        apart, sentence = align(_taken(kept, recipe), rows, "holdout", "data"), "The holdout was given."
    elif secret is not None:
        fitted, apart, sentence = private.split(rows, recipe.person, secret)
    kind = "polars" if is_path(source) else _kind(source)[0]
    return Job(recipe, method, fitted, apart, sentence, recipe.n or 0, {}, kind, None)


def _taken(source: Any, recipe: Recipe) -> Dataset:
    free = recipe.epsilon is None
    return take(source, na=recipe.na, size=recipe.size, mode=recipe.mode or None, signs=free)


def _kind(table: Any) -> tuple[str, dict[str, Any] | None]:
    """Return the kind of a table, and for pandas the types of its columns."""
    kind = frame_kind(table)
    pandas = kind == "pandas"
    return kind, dict(table.dtypes) if pandas else None


def _without_data(recipe: Recipe, method: Generator) -> Job:
    if recipe.model:
        inputs = {"model": sha256(Path(recipe.model) / "manifest.json")}
        n, kind = recipe.n, method.__dict__.get("kind_", "polars")
        if hasattr(method, "empty_"):
            images.fits(recipe.format, method.empty_)
    else:
        if method.needs_data:
            raise DataError(f"{method.name} learns from data; give a table or a file")
        inputs, kind = {}, "polars"
        n = recipe.n or (recipe.schema.table.rows if recipe.schema else None)
    if n is None:
        raise ConfigError("without data it is not known how many rows to make; give n, or -n ROWS")
    return Job(recipe, method, None, None, "", n, inputs, kind, None)


def same(inputs: Mapping[str, str], expected: Mapping[str, str] | None) -> None:
    """Raise DataError when redo meets other data than the folder was made from."""
    if not expected:
        return
    if inputs.get("key") != expected.get("key"):
        raise DataError(
            "this folder was made on another machine or by another user, whose key for hashing data is not here, so it "
            "cannot be told whether the data are the same; set SIMULACRA_KEY to that key, or use make"
        )
    for name in sorted(expected):
        if inputs.get(name) != expected[name]:
            raise DataError(f"the {name} differ from those this folder was made from; restore them, or use make")
