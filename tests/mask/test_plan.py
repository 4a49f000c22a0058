"""Plans: TOML both ways, rules in their order, and near misses for everything unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulacra.core.errors import ConfigError
from simulacra.mask.plan import ACTIONS, DEFAULTS, Plan, Rule
from simulacra.mask.types import TYPES

WHOLE = """
simulacra_mask = 1
language = "de"
ner = true
project = "study 7"
text = "mask"
doubtful = "keep"
disagree = "warn"
days = 90
weekday = true
k = 7
quasi = ["age", "people.csv:zip"]
sensitive = ["diagnosis"]

[person]
"people.csv" = "id"

[files."people.csv"]
encoding = "mixed"

[types.DATE]
action = "generalise"

[columns."people.csv"]
note = "remove"

[columns."people.csv".email]
type = "EMAIL"
action = "mask"
with = "\\"x\\" \\u00e9"

[columns."people.csv"."odd name.x"]
type = "NAME"
action = "surrogate"
part = "given"
"""


def test_a_plan_survives_toml(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(WHOLE)
    plan = Plan.read(tmp_path / "p.toml")
    assert plan.columns["people.csv"]["note"] == Rule("", "remove")
    assert plan.columns["people.csv"]["email"] == Rule("EMAIL", "mask", {"with": '"x" é'})
    (tmp_path / "q.toml").write_text(plan.to_toml())
    assert Plan.read(tmp_path / "q.toml") == plan
    assert Plan.from_dict({}) == Plan()


def test_a_rule_of_a_type_wins_over_the_default_and_an_action_given_for_a_text_over_both() -> None:
    plan = Plan.from_dict({"types": {"NAME": {"action": "pseudonym"}}})
    assert plan.rule_of("NAME").action == "pseudonym"
    assert plan.rule_of("DATE").action == "shift"
    assert plan.rule_of("AGE").action == "generalise"
    assert plan.rule_of("NAME", "mask").action == "mask"
    assert Plan(text="mask").rule_of("EMAIL").action == "mask"
    # Only dates can be shifted; what else stands in the text gets its default.
    assert Plan(text="shift").rule_of("EMAIL").action == "surrogate"


def test_every_type_has_a_default_that_is_an_action() -> None:
    assert set(DEFAULTS) == set(TYPES)
    assert set(DEFAULTS.values()) <= set(ACTIONS)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"colums": {}}, "unknown entry 'colums'. Did you mean: columns"),
        ({"columns": {"a.csv": {"x": {"action": "surogate"}}}}, "unknown action 'surogate'. Did you mean: surrogate"),
        ({"columns": {"a.csv": {"x": "erase"}}}, "unknown action 'erase'"),
        ({"types": {"NAMES": {"action": "mask"}}}, "unknown type 'NAMES'. Did you mean: NAME"),
        ({"columns": {"a.csv": {"x": {"type": "MAIL", "action": "mask"}}}}, "unknown type 'MAIL'. Did you mean: EMAIL"),
        ({"columns": {"a.csv": {"x": {"action": "mask", "lst": 4}}}}, "unknown entry 'lst'. Did you mean: last"),
        ({"columns": {"a.csv": {"x": {"action": "mask", "width": 4}}}}, "belongs to generalise, not to mask"),
        ({"columns": {"a.csv": {"x": {"action": "mask", "last": 40}}}}, "last must be in 1..8, got 40"),
        ({"columns": {"a.csv": {"x": {"action": "mask", "last": "4"}}}}, "last must be a whole number, got '4'"),
        ({"columns": {"a.csv": {"x": {"type": "NAME", "action": "shift"}}}}, "shift is for DATE, and this is NAME"),
        ({"columns": {"a.csv": 3}}, "must be a table"),
        ({"types": {"NAME": {"action": "surrogate", "part": "first"}}}, 'part must be "given"'),
        ({"days": 0}, "days must be in 1..36500, got 0"),
        ({"days": True}, "days must be a whole number, got True"),
        ({"days": 3, "weekday": True}, "holds none"),
        ({"doubtful": "ask"}, "doubtful must be act or keep, got 'ask'"),
        ({"text": "hide"}, "unknown action 'hide'"),
        ({"person": {"a.csv": 3}}, "must be the name of a column"),
        ({"quasi": [1]}, "quasi must be a list of texts"),
        ({"files": {"a.csv": {"codec": "x"}}}, "may hold encoding and format"),
        ({"simulacra_mask": 2}, "version 2"),
    ],
)
def test_what_a_plan_may_not_say(given: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        Plan.from_dict(given, "plan.toml")
    assert told in str(error.value)
    assert "plan.toml" in str(error.value)


def test_files_and_columns_that_are_not_there() -> None:
    columns = {"people.csv": ["name", "email"]}
    for given, told in (
        ({"columns": {"peple.csv": {}}}, "'peple.csv' is not among the files to mask. Did you mean: people.csv?"),
        ({"columns": {"people.csv": {"emial": "mask"}}}, "no column 'emial' in people.csv. Did you mean: email?"),
        ({"person": {"people.csv": "id"}}, "no column 'id' in people.csv"),
    ):
        with pytest.raises(ConfigError) as error:
            Plan.from_dict(given).require(columns)
        assert told in str(error.value)


def test_a_plan_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Plan.read(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("a = = 1")
    with pytest.raises(ConfigError, match="is not TOML"):
        Plan.read(tmp_path / "bad.toml")
