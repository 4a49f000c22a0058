"""Recipes: TOML both ways, the same as flags and arguments, and refused with near misses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.cli.main import COMMANDS
from simulacra.core.errors import ConfigError
from simulacra.core.schema import Column, Schema
from simulacra.engine.recipe import Recipe

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
RECIPES = st.builds(
    Recipe,
    data=TEXT,
    holdout=TEXT,
    na=st.lists(TEXT, max_size=2).map(tuple),
    n=st.none() | st.integers(1, 2**40),
    seed=st.integers(-(2**40), 2**40),
    target=st.none() | TEXT,
    person=st.none() | TEXT,
    where=st.lists(TEXT, max_size=2).map(tuple),
    only=st.sampled_from([(), ("privacy",), ("fidelity", "privacy")]),
    fail_on=st.sampled_from(["", "warn", "fail"]),
    format=st.sampled_from(["parquet", "csv", "jsonl"]),
    settings=st.dictionaries(st.sampled_from(["leaf", "shrink"]), st.integers(0, 9) | st.floats(0, 1) | TEXT),
    schema=st.none() | st.just(Schema.of(Column("age", "number", low=0, high=99), Column("odd name.", "text"))),
)


@settings(deadline=None)
@given(RECIPES)
def test_toml_both_ways(recipe: Recipe) -> None:
    text = recipe.to_toml()
    back = Recipe.from_toml(text)
    assert back == recipe
    assert back.to_toml() == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("simulacra_recipe = 1\ntaget = 'churn'", "Did you mean: target?"),
        ("simulacra_recipe = 1\nn = 0", "n must be at least 1 row, got 0"),
        ("simulacra_recipe = 1\nn = -3", "n must be at least 1 row, got -3"),
        ("simulacra_recipe = 1\nn = true", "n must be a whole number"),
        ("simulacra_recipe = 1\nn = 'ten'", "n must be a whole number"),
        ("simulacra_recipe = 1\nseed = 1.5", "seed must be a whole number"),
        (f"simulacra_recipe = 1\nseed = {2**63}", "seed must fit into 64 bits"),
        ("simulacra_recipe = 1\nformat = 'parqet'", "Did you mean: parquet"),
        ("simulacra_recipe = 1\nwhere = 'age>3'", "where must be a list of texts"),
        ("simulacra_recipe = 1\ntarget = 3", "target must be text"),
        ("simulacra_recipe = 1\nsettings = 3", "settings must name fields"),
        ("simulacra_recipe = 1\nmodel = 'm'\ntarget = 'y'", "target cannot be given too"),
        ("simulacra_recipe = 2", "newer version"),
        ("method = 'tables/forest'", "is this a recipe?"),
        ("not toml", "not valid TOML"),
        ("a = " + "[" * 20_000, "not valid TOML"),
        ("simulacra_recipe = 1\nschema = {simulacra_schema = 1}", "schema"),
    ],
)
def test_faults_are_named(text: str, told: str) -> None:
    with pytest.raises(Exception, match=r".") as caught:
        Recipe.from_toml(text, "mine.toml")
    assert told in str(caught.value) and "mine.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (Recipe(method="tables/copla"), "Did you mean: tables/copula"),
        (Recipe(method="tables/copula", settings={"shrnk": "1"}), "Did you mean: shrink?"),
        (Recipe(method="tables/copula", settings={"shrnk": 1}), "Did you mean: shrink?"),
        (Recipe(method="tables/copula", settings={"shrink": "much"}), "shrink must be"),
        (Recipe(method="tables/copula", settings={"shrink": 2.5}), "within 0..1"),
    ],
)
def test_unknown_methods_fields_and_values(recipe: Recipe, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recipe.generator()
    assert told in str(caught.value)


def test_settings_are_recorded_by_type_and_defaults_left_out() -> None:
    recipe = Recipe(method="tables/copula", settings={"shrink": "0.5", "spike": "5"}).written()
    assert recipe.settings == {"shrink": 0.5}


def test_a_recipe_cannot_be_read_from_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read as a recipe"):
        Recipe.read(tmp_path / "none.toml")


def test_every_command_has_its_module() -> None:
    import importlib

    for name in COMMANDS:
        assert (importlib.import_module(f"simulacra.cli.{name}").__doc__ or "").strip()
