"""Recipes and data that ship are found by name, printed as they stand, and refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulacra.cli.main import main
from simulacra.core.errors import ConfigError
from simulacra.engine import shipped
from simulacra.engine.recipe import Recipe


def test_the_listing_has_a_sentence_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    for name, sentence in shipped.listing():
        assert f"  {name}" in listed and sentence in listed
        assert 20 < len(sentence) < 120 and sentence.endswith(".") and not sentence.startswith("#")


@pytest.mark.parametrize("name", shipped.names())
def test_a_recipe_that_was_printed_to_a_file_is_the_same(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", name]) == 0
    path = tmp_path / "mine.toml"
    path.write_text(capsys.readouterr().out, "utf-8")
    assert Recipe.read(path) == Recipe.read(name)


@pytest.mark.parametrize("name", shipped.names())
def test_a_recipe_says_what_to_change_and_how_to_ask_a_server(name: str) -> None:
    text = shipped.text(name)
    head = text.split("simulacra_recipe")[0]
    assert "Change first:" in head and "To ask a server" in head
    server = "\n".join(line.removeprefix("# ") for line in text.split("# [[models]]")[-1].splitlines())
    recipe = Recipe.from_toml(text.split("# [[models]]")[0] + "[[models]]" + server)
    [model] = recipe.settings["models"]
    assert model["base_url"] == "http://127.0.0.1:8000/v1"
    recipe.generator()


def test_unknown_names_are_told_with_near_ones() -> None:
    with pytest.raises(ConfigError, match="support-tickets"):
        Recipe.read("recipe:support-ticket")
    with pytest.raises(ConfigError, match="handbook"):
        shipped.data("recipe:handbok")
    with pytest.raises(ConfigError, match="Known: .*handbook"):
        shipped.data("recipe:zzz")


def test_other_names_of_data_are_left_alone() -> None:
    assert shipped.data("data/recipe.csv") == "data/recipe.csv"
    assert Path(shipped.data("recipe:messages")).is_file() and Path(shipped.data("recipe:handbook")).is_dir()


@pytest.mark.parametrize(
    ("source", "truth"), [("a.toml", True), ("recipe:x", True), (Path("b.toml"), True), ("a.csv", False), (None, False)]
)
def test_what_counts_as_a_recipe(source: object, truth: bool) -> None:
    assert shipped.is_recipe(source) is truth
