"""The contract catches a planted breach of each of its rules, and says which in one sentence."""

from __future__ import annotations

from typing import Any

import planted
import planted_guards as guards
import pytest
from planted_heavy import Heavy

from simulacra.core.case import Case
from simulacra.core.data import Dataset
from simulacra.testing import check_generator, check_guard, check_transform, toys

GENERATORS = [
    (planted.TooFew, "was asked for 60 rows and returned 59"),
    (planted.LosesAColumn, "the columns town were fitted but not made"),
    (planted.ItsOwnRandomness, "the same seed gave other rows"),
    (planted.ItsOwnFit, "the same fit seed gave another model"),
    (planted.IgnoresTheSeed, "another seed gave the same rows"),
    (planted.RepeatsBlocks, "two blocks of rows are the same"),
    (planted.DependsOnTheProcess, "2 workers gave other rows than 1"),
    (planted.SeedsNumpy, "fit changed the state of numpy.random"),
    (planted.SeedsRandom, "sample changed the state of `random`"),
    (planted.SetsTheEnvironment, "fit changed os.environ"),
    (planted.ChangesFolder, "sample changed the working folder"),
    (planted.SilencesWarnings, "fit changed warnings.filters"),
    (planted.ChangesTheData, "changed the table it was given"),
    (planted.LiesAboutItsGeneration, "lineage has real_share = 1.0"),
    (planted.ForgetsParents, "lineage has number of parents = 0"),
    (planted.LosesTheKind, "sampled polars"),
    (planted.TakesAnyNumber, "n = 0 must raise ConfigError, but nothing was raised"),
    (planted.NeedsNoFit, "sample before fit must raise NotFitted, got AttributeError"),
    (planted.ChecksNoField, "must raise ConfigError"),
    (planted.ForgetsOnSaving, "AttributeError"),
    (planted.SavesCode, "may hold data only, not model.pkl"),
    (planted.LoadsAnything, "must raise ModelError, but nothing was raised"),
    (planted.NoSentence, "must begin with a whole sentence"),
    (planted.NoAddress, "name must be an address"),
    (planted.NoHelp, "field leaf has no help"),
    (planted.NoRange, "field leaf is a number without a range"),
    (Heavy, "polars; import those where they are used"),
]


def test_a_generator_that_keeps_every_rule_passes() -> None:
    check_generator(planted.Good)
    check_generator(planted.Good(keep=0.5), toys.linked(100))


@pytest.mark.parametrize(("method", "sentence"), GENERATORS, ids=lambda x: getattr(x, "__name__", ""))
def test_a_generator_that_breaks_a_rule_is_caught(method: type[planted.Good], sentence: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_generator(method)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


# Guards ---------------------------------------------------------------------------------------------------------------


def small_case() -> Case:
    made, real = Dataset({"table": toys.people(50, 1)}), Dataset({"table": toys.people(50, 2)})
    return Case(made, real=real)


def test_a_guard_that_keeps_every_rule_passes() -> None:
    check_guard(guards.rows, small_case())


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (guards.loud, "it must stay silent on fresh real rows, but says: number of rows: There are rows."),
        (guards.broken, "it breaks on an ordinary table"),
        (guards.of_another, "carries the name 'columns' of another guard"),
        (guards.not_plain, "holds what JSON cannot"),
        (guards.wordless, "has no sentence"),
        (guards.changes_data, "changed the table made"),
        (guards.mute, "it says nothing"),
        (guards.needs_too_much, "needs ['twin'], which a Case does not have"),
        (guards.guesses, "without real it must say 'not tested'"),
        (guards.counts_calls, "the same case and seed gave other findings"),
        (lambda case: [guards.OK], "no name; decorate it"),
    ],
)
def test_a_guard_that_breaks_a_rule_is_caught(bad: Any, sentence: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_guard(bad, small_case())
    assert sentence in str(caught.value)


# Transforms -----------------------------------------------------------------------------------------------------------


def test_a_transform_that_keeps_every_rule_passes() -> None:
    check_transform(guards.Half(share=0.3))


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (guards.Drifts, "the same seed gave other rows"),
        (guards.WrongSource, "source rows must be -1 or a row of the table given"),
        (guards.Overwrites, "apply changed the table it was given"),
    ],
)
def test_a_transform_that_breaks_a_rule_is_caught(bad: type[guards.Half], sentence: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_transform(bad)
    assert sentence in str(caught.value)
