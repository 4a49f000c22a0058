"""The method that an audit runs: a saved model, a recipe or an address, fitted as it was or anew on other rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core import registry, state
from simulacra.core.budget import Budget
from simulacra.core.errors import ConfigError, DataError, SimulacraError
from simulacra.core.generator import Generator
from simulacra.core.schema import Schema
from simulacra.engine.inputs import is_path
from simulacra.engine.models import load
from simulacra.engine.recipe import Recipe

if TYPE_CHECKING:
    from simulacra.core.data import Dataset

RECIPE = "recipe.toml"


@dataclass(frozen=True)
class Subject:
    """The method under audit.

    method: unfitted, with its fields. fitted: as it was released, None when only the recipe is known. schema: facts it
    was given. claim: epsilon, delta, person and rows of the budget it was fitted under, None without one. seed: of
    the fit that the recipe describes. person: the column that says whose row it is, None where it was not named.
    """

    method: Generator
    fitted: Generator | None = None
    schema: Schema | None = None
    claim: Mapping[str, Any] | None = None
    seed: int = 0
    person: str | None = None

    @property
    def name(self) -> str:
        """Return the address of the method."""
        return self.method.name

    def fit(self, data: Dataset, seed: int) -> Generator:
        """Return the method fitted anew on other rows, under a fresh budget of the same claim where it had one."""
        new = type(self.method)(**self.method.params())
        rows = dataclasses.replace(data, given_schema=None)
        if self.claim is None:
            return new.fit(rows, schema=self.schema, seed=seed)
        return new.fit(rows, schema=self.schema, seed=seed, budget=Budget(**self.claim))

    def released(self, data: Dataset) -> Generator:
        """Return the method as it was released, fitted again from its recipe when no model was kept."""
        return self.fitted or self.fit(data, self.seed)


def subject_of(model: Any, made: Any, schema: Schema | None) -> Subject | None:
    """Return the method to audit; without `model` the recipe of an output folder, None where there is none.

    model: a fitted or unfitted method, the folder of a saved model, an output folder, a recipe file, or an address.
    Raises ConfigError for anything else, ModelError.
    """
    if model is None:
        there = is_path(made) and (Path(made) / RECIPE).is_file()
        return _of_recipe(Recipe.read(Path(made) / RECIPE), schema) if there else None
    if isinstance(model, Generator):
        return _of_model(model, schema)
    if not is_path(model):
        raise ConfigError(f"model: give a method, the folder of a saved model or a recipe, got {type(model).__name__}")
    path = Path(model)
    if state.is_saved(path):
        return _of_model(load(path), schema)
    if (path / RECIPE).is_file():
        return _of_recipe(Recipe.read(path / RECIPE), schema)
    if path.is_file():
        return _of_recipe(Recipe.read(path), schema)
    if str(model) in registry.names():
        return Subject(registry.load(str(model))(), schema=schema)
    raise ConfigError(
        f"model: {model} is no saved model, output folder, recipe or address of a method; "
        "fit one with `simulacra fit data.csv -o model`, or name the recipe.toml of the output"
    )


def _of_model(model: Generator, schema: Schema | None) -> Subject:
    blank = type(model)(**model.params())
    if not hasattr(model, "lineage_"):
        return Subject(blank, schema=schema)
    ledger = model.lineage_.facts.get("ledger")
    if schema is None and ledger is not None:
        schema = _declared(model.schema_)
    claim = _claim(ledger)
    return Subject(blank, model, schema, claim, model.lineage_.fit_seed or 0, claim["person"] if claim else None)


def _declared(schema: Schema) -> Schema | None:
    """Return the facts that were given to a fit under a budget; those it paid for are paid for again."""
    columns = tuple(c for c in schema.columns if c.source == "declared")
    return Schema.of(*columns) if columns else None


def _claim(ledger: Any) -> Mapping[str, Any] | None:
    if not ledger:
        return None
    return {name: ledger[name] for name in ("epsilon", "delta", "person", "rows")}


def _of_recipe(recipe: Recipe, schema: Schema | None) -> Subject:
    if recipe.model:
        return _of_model(load(recipe.model), schema)
    budget = recipe.budget()
    claim = None if budget is None else {n: getattr(budget, n) for n in ("epsilon", "delta", "person", "rows")}
    return Subject(recipe.generator(), None, schema or recipe.schema, claim, recipe.seed, recipe.person)


def sampled(subject: Subject, data: Dataset, rows: int, seed: int) -> Any:
    """Return (rows drawn from the method as it was released, ""), or (None, why it could not be run)."""
    try:
        made = subject.released(data).sample(rows, seed=seed, kind="dataset")
    except (SimulacraError, DataError) as error:
        return None, str(error)
    return made.frame, ""
