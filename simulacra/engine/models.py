"""Saved models: fitted from a file in one call, and loaded by path, whatever their method."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from simulacra.core import state
from simulacra.core.errors import DataError, OutputError
from simulacra.core.generator import Generator
from simulacra.core.progress import task
from simulacra.core.schema import Schema
from simulacra.engine.defaults import method_for
from simulacra.engine.inputs import require, schema_of, take
from simulacra.engine.recipe import Recipe
from simulacra.io.images import default_format


def load(path: str | Path) -> Generator:
    """Return the fitted method that `save` or `simulacra fit` wrote to a folder; nothing in it is ever run.

    Raises ModelError for a folder that is missing, damaged, foreign or from a newer version.
    """
    return Generator.load(path)


def format_of(path: str | Path) -> str:
    """Return the format in which the rows of a saved model are written where none is named."""
    method = load(path)
    empty = getattr(method, "empty_", None)
    return "parquet" if empty is None else default_format(empty, method.schema_)


def fit(
    data: Any,
    method: str | None,
    out: str | Path,
    *,
    seed: int = 0,
    target: str | None = None,
    schema: Schema | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    na: Iterable[str] = (),
    size: int | None = None,
    mode: str | None = None,
    person: str | None = None,
    epsilon: float | None = None,
    delta: float | None = None,
    person_rows: int = 1,
    unsafe_seed: int | None = None,
    force: bool = False,
) -> Generator:
    """Fit a method on all rows of a table, file or folder of images, save it to a folder, and return it.

    method: an address; None takes tables/forest for tables and images/pca for images. size, mode: of images that are
    read (io.images.read). person, epsilon, delta, person_rows, unsafe_seed: the privacy budget (engine.recipe.Recipe).
    Raises OutputError before any work when something stands in `out` (unless it is a model and force), DataError.
    """
    method = method or method_for(data, epsilon is not None)
    recipe = Recipe(
        method=method,
        seed=seed,
        target=target,
        schema=schema_of(schema),
        settings=dict(settings or {}),
        person=person,
        epsilon=epsilon,
        delta=delta,
        person_rows=person_rows,
        unsafe_seed=unsafe_seed,
    )
    unfitted = recipe.generator()
    if os.path.lexists(out) and not (force and state.is_saved(out)):
        why = " and is not a saved model" if force else ""
        raise OutputError(f"{out} already exists{why}; choose another -o{'' if force else ', or --force for a model'}")
    rows = None
    if data is not None:
        with task("read"):
            rows = take(data, na=na, schema=recipe.schema if epsilon is None else None, size=size, mode=mode)
        require(target, rows.columns, "target")
    elif unfitted.needs_data:
        raise DataError(f"{method} learns from data; give a table or a file")
    out = Path(out)
    # Hidden beside the model that is to be: the same command finds it after a stop.
    begun = out.with_name(f".{out.name}.checkpoint")
    fitted = unfitted.fit(rows, schema=recipe.schema, seed=seed, checkpoint=begun, budget=recipe.budget())
    fitted.save(out, overwrite=force)
    if begun.is_dir() and all(state.is_saved(stage) for stage in begun.iterdir()):
        shutil.rmtree(begun)
    return fitted
