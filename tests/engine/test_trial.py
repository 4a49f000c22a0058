"""The trial says helps, hurts and no evidence where each is true, is resumable, and refuses what it cannot answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.core.data import Dataset
from simulacra.core.errors import ConfigError, DataError, OutputError
from simulacra.core.generator import Generator
from simulacra.core.report import Report
from simulacra.engine import _trial_arms, _trial_learn, _trial_task
from simulacra.engine._trial_journal import Journal
from simulacra.guards import _trial
from simulacra.testing import toys

GAP = 1.0
COLUMNS = 8


def rows(n: int, rng: np.random.Generator, rare: np.ndarray) -> pl.DataFrame:
    """Rows of a world of two normal classes that differ in every column."""
    x = rng.standard_normal((n, COLUMNS)) + GAP * rare[:, None] * (np.arange(COLUMNS) % 2)
    return pl.DataFrame({**{f"x{i}": x[:, i] for i in range(COLUMNS)}, "fraud": np.where(rare, "yes", "no")})


def world(n: int, seed: int, share: float = 0.2) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return rows(n, rng, rng.random(n) < share)


@dataclass
class Fresh(Generator):
    """Fresh rows of the world's own rare class: what a perfect generator would give."""

    name: ClassVar[str] = "tables/fresh"

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        self.columns_ = data.columns

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return rows(n, rng, np.ones(n, dtype=bool))


@dataclass
class Wrong(Generator):
    """Rows on the far side of the usual class with the label of the rare one."""

    name: ClassVar[str] = "tables/wrong"

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        self.columns_ = data.columns

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        usual = rows(n, rng, np.zeros(n, dtype=bool))
        far = [pl.col(f"x{i}") - GAP for i in range(1, COLUMNS, 2)]
        return usual.with_columns(*far, fraud=pl.lit("yes"))


@dataclass
class Again(Generator):
    """The rare rows themselves, drawn at random: nothing that duplicates do not give."""

    name: ClassVar[str] = "tables/again"

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        self.rare_ = data.frame.filter(pl.col("fraud") == "yes")

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return self.rare_[rng.integers(self.rare_.height, size=n)]


@dataclass
class Stops(Fresh):
    """Fresh rows, until Ctrl-C is pressed in the fourth fit."""

    fits: ClassVar[int] = 0

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        type(self).fits += 1
        if type(self).fits == 4:
            raise KeyboardInterrupt
        super()._fit(data, rng)


def run(*methods: Any, **more: Any) -> Report:
    given = {"real": world(600, 1), "holdout": world(800, 2), "rare": 12, "seeds": 10, "learner": "linear"}
    return simulacra.trial(target="fraud", methods=methods, **{**given, **more})


def said(report: Report) -> dict[str, str]:
    """Arm -> verdict."""
    return dict(f.name.rsplit(": ", 1) for f in report.findings if f.guard == "trial" and ": " in f.name)  # type: ignore[misc]


def table(report: Report, title: str) -> dict[str, dict[str, Any]]:
    """The rows of a table by their first cell."""
    view = next(v for v in report.views if v.kind == "table" and title in v.title)
    return {row[0]: dict(zip(view.data["header"], row, strict=True)) for row in view.data["rows"]}


@pytest.fixture(scope="module")
def planted() -> Report:
    """A trial in a world where the truth is known of every arm."""
    return run(Fresh(), Wrong(), Again())


def test_fresh_true_rows_help_wrong_labels_hurt_and_repeats_change_nothing(planted: Report) -> None:
    verdicts = said(planted)
    assert verdicts["tables/fresh"] == "helps" and verdicts["tables/wrong"] == "hurts"
    assert verdicts["tables/again"] == "no evidence"
    assert "tables/fresh" in planted.meta["answer"] and "hurt" in planted.meta["answer"]
    assert planted.verdict == "fail"


def test_oversampling_moves_recall_at_the_default_threshold_and_not_the_ranking(planted: Report) -> None:
    arms, chances = table(planted, "every arm"), table(planted, "Threshold and chances")
    assert chances["duplicates"]["recall"] > chances["real"]["recall"] + 0.3
    assert abs(arms["duplicates"]["AUROC"] - arms["real"]["AUROC"]) < 0.03


def test_the_correction_for_class_shares_mends_the_chances_of_oversampled_arms(planted: Report) -> None:
    chances = table(planted, "Threshold and chances")
    for arm in ("duplicates", "tables/fresh"):
        assert chances[arm]["Brier, corrected"] < chances[arm]["Brier"] - 0.005


def test_every_figure_has_its_interval_and_every_draw_is_shown(planted: Report) -> None:
    gains = table(planted, "Gain over duplicates in every measure")
    assert {"AUROC", "average precision", "recall at 90 % specificity", "recall", "specificity"} <= set(gains["real"])
    assert set(table(planted, "in every draw")) == set(range(1, 11))
    page = planted.html()
    assert "smallest" in page and 'class="effect helps"' in page and 'class="effect hurts"' in page


def test_rows_that_add_nothing_to_duplicates_are_hardly_ever_said_to_help() -> None:
    wrong = 0
    for seed in range(8):
        report = run(
            Again(), real=world(300, 10 + seed), holdout=world(300, 50 + seed), arms=["tables/again"], seed=seed
        )
        wrong += said(report)["tables/again"] == "helps"
    assert wrong <= 1


def test_all_arms_train_on_equally_many_rows() -> None:
    frame = world(300, 3)
    task = _trial_task.read(frame, Dataset({"t": frame}).schema, "fraud", "yes")
    draw = _trial_arms.Draw(task, frame, task.codes(frame), Dataset({"t": frame}).schema, False, 0, 0, 1.0)
    plans = _trial_arms.plans(task, False, [Fresh()], None)
    found = {p.arm.name: p.rows(draw) for p in plans if p.arm.name != "SMOTE"}
    assert {len(r.rows) for r in found.values()} == {2 * int((draw.codes == 0).sum())}
    weights = found["class weights"].weights
    codes = draw.codes[found["class weights"].rows]
    assert weights[codes == 0].sum() == pytest.approx(weights[codes == 1].sum())
    counts = np.bincount(found["duplicates"].rows, minlength=len(draw.codes))[draw.codes == 1]
    assert counts.max() - counts.min() <= 1
    both = found["tables/fresh + duplicates"]
    assert both.extra is not None and abs(2 * both.extra.height - (len(both.rows) - len(draw.codes))) <= 1


def test_the_same_seed_gives_the_same_report_and_a_stopped_trial_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / "report.trial.jsonl"
    whole = run(Fresh(), seeds=4, arms=["tables/fresh"])
    with pytest.raises(KeyboardInterrupt):
        run(Stops(), seeds=4, arms=["tables/fresh"], journal=journal)
    assert len(journal.read_text().splitlines()) > 5
    with journal.open("a") as torn:
        torn.write('{"draw": 3, "ar')
    again = run(Stops(), seeds=4, arms=["tables/fresh"], journal=journal)
    assert Stops.fits == 5  # three before the stop, the one it hit, and only the missing one after
    assert again.to_dict() == whole.to_dict()


def test_a_journal_of_another_trial_is_not_taken_up(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    Journal(journal, "one").add(0, "real", {"values": {}})
    assert Journal(journal, "one").done == {(0, "real"): {"values": {}}}
    for other in (b"my notes\n", b"\xff\xfe", b'{"a": 1}\n'):
        (tmp_path / "notes").write_bytes(other)
        with pytest.raises(OutputError, match="not the journal of a trial"):
            Journal(tmp_path / "notes", "one")
        assert (tmp_path / "notes").read_bytes() == other
    assert Journal(journal, "other").done == {}


def test_without_a_holdout_splits_are_drawn_anew_and_the_report_says_so() -> None:
    report = run(Fresh(), holdout=None, seeds=4, arms=["tables/fresh"], rare=None)
    assert any("Nadeau & Bengio" in v.note for v in report.views)
    assert any(f.name == "draws" and f.verdict == "warn" for f in report.findings)


def test_rows_made_before_are_an_arm_of_their_own() -> None:
    report = run(made=rows(200, np.random.default_rng(5), np.arange(200) < 150), rare=None, seeds=3, arms=["MADE"])
    assert said(report)["MADE"] in ("helps", "no evidence")
    assert any("MADE was learned from" in v.note for v in report.views)


def test_several_rare_classes_are_judged_together_and_shown_one_by_one() -> None:
    rng = np.random.default_rng(0)
    kind = rng.choice(4, 900, p=[0.5, 0.38, 0.07, 0.05])
    frame = pl.DataFrame({"x": kind + 0.7 * rng.standard_normal(900), "z": rng.random(900), "kind": kind})
    report = simulacra.trial(frame, target="kind", learner="linear", seeds=3)
    assert report.meta["rare"] == "2, 3"
    view = next(v for v in report.views if v.title == "Every rare class by itself")
    assert {row[0] for row in view.data["rows"]} == {"2", "3"}


def test_a_number_has_a_rare_range_and_is_judged_by_its_error_there() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((900, 3))
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "loss": np.exp(1 + x[:, 0] + 0.3 * x[:, 2])})
    report = simulacra.trial(frame, target="loss", positive=">10", seeds=3, learner="linear")
    arms = table(report, "every arm")
    assert (
        arms["duplicates"]["mean absolute error in the rare range"]
        < arms["real"]["mean absolute error in the rare range"]
    )
    assert {"class weights", "duplicates", "SMOTE"} == set(said(report))
    tail = simulacra.trial(frame, target="loss", seeds=3, learner="linear")
    assert tail.meta["rare"].startswith("loss >= ")


def test_images_get_their_own_simple_arms() -> None:
    pytest.importorskip("torch")
    frame = toys.pictures(240, side=12, seed=0)
    label = frame["label"].unique().sort()[0]
    report = simulacra.trial(frame, target="label", positive=str(label), rare=8, seeds=3, steps=12)
    assert {"class weights", "duplicates", "augmentation", "strong augmentation", "SMOTE"} == set(said(report))
    one = ["augmentation"]
    short, same = (
        simulacra.trial(frame, target="label", positive=str(label), rare=8, seeds=3, steps=4, arms=one)
        for _ in range(2)
    )
    assert short.to_dict() == same.to_dict()


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"made": world(50, 1), "holdout": None}, ConfigError, "MADE needs --holdout"),
        ({"made": world(50, 1)}, ConfigError, "no draw may take fewer"),
        ({"rare": 5000}, ConfigError, "only .* rows with fraud = yes"),
        ({"positive": "yess"}, ConfigError, "Did you mean: yes"),
        ({"methods": ["tables/fores"]}, ConfigError, "Did you mean: tables/forest"),
        ({"settings": {"tables/copula": {}}}, ConfigError, "not among the methods"),
        ({"arms": ["duplicate"]}, ConfigError, "Did you mean: duplicates"),
        ({"measure": "AUC"}, ConfigError, "unknown measure"),
        ({"learner": "network"}, ConfigError, "not for tables"),
        ({"seeds": 2}, ConfigError, "at least 3"),
        ({"fill": 0}, ConfigError, "fill must be"),
        ({"specificity": 1.0}, ConfigError, "between 0 and 1"),
        ({"real": world(600, 1, share=0.0)}, DataError, "at least two classes"),
        ({"holdout": world(40, 1, share=0.1)}, DataError, "held-out rows have fraud = yes"),
        ({"real": world(0, 1)}, DataError, "no rows"),
        ({"real": world(600, 1).select("fraud"), "holdout": None}, DataError, "no column holds numbers"),
        ({"positive": "no", "rare": None}, DataError, "balanced already"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_reason(
    more: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(**more) if "methods" not in more else simulacra.trial(
            world(600, 1), target="fraud", holdout=world(800, 2), **more
        )


def test_a_target_that_is_absent_is_named_with_near_misses() -> None:
    with pytest.raises(ConfigError, match="Did you mean: fraud"):
        simulacra.trial(world(100, 0), target="frud")


def test_a_method_that_cannot_be_fitted_is_said_not_to_be_run_and_the_others_go_on() -> None:
    report = simulacra.trial(
        world(600, 1), target="fraud", methods=["tables/rules", Fresh()], rare=12, seeds=3, learner="linear"
    )
    assert said(report)["tables/fresh"] in ("helps", "no evidence")


def test_a_class_of_the_holdout_that_no_training_row_has_is_left_out() -> None:
    odd = world(800, 2).with_columns(
        fraud=pl.when(pl.int_range(pl.len()) < 5).then(pl.lit("maybe")).otherwise(pl.col("fraud"))
    )
    assert "duplicates" in said(run(holdout=odd, seeds=3, arms=["duplicates"]))


def test_a_method_knows_nothing_of_the_rows_it_is_tested_on() -> None:
    """The largest value stands in one row; a method must not hear of it in draws that hold that row back."""
    frame = world(400, 4).with_columns(x0=pl.Series([1e6] + [0.0] * 399) + pl.col("x0"))
    heard: list[tuple[float, float]] = []

    @dataclass
    class Listens(Fresh):
        name: ClassVar[str] = "tables/listens"

        def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
            super()._fit(data, rng)
            heard.append((float(data.schema["x0"].high or 0), float(data.frame["x0"].max())))  # type: ignore[arg-type]

    simulacra.trial(frame, target="fraud", methods=[Listens()], seeds=8, learner="linear", arms=["tables/listens"])
    assert any(most < 1e5 for _, most in heard)
    assert all(high < 1e5 for high, most in heard if most < 1e5)


def test_settings_are_read_by_the_field_of_the_method() -> None:
    method = _trial_arms.method_of("tables/forest", "fraud", {"tables/forest": {"leaf": "7"}})
    assert method.params()["leaf"] == 7 and method.params()["target"] == "fraud"
    with pytest.raises(ConfigError, match="leav"):
        _trial_arms.method_of("tables/forest", "fraud", {"tables/forest": {"leav": "7"}})


@pytest.mark.slow
def test_arms_that_differ_on_the_held_out_rows_by_chance_alone_are_seldom_told_apart() -> None:
    """A hundred trials of two equal arms, ten draws each with twenty jackknife groups: some twenty seconds.

    Each arm has a lasting error of its own on every held-out row, which the spread over draws does not show.
    """
    learner = _trial_learn.Learner("linear")
    task = _trial_task.Task("fraud", ("no", "yes"), ("no", "yes"), (1,))
    codes = (np.arange(300) < 50).astype(np.int64)
    test = _trial_learn.Test(pl.DataFrame(), codes)
    wrong = {"AUROC": 0, "average precision": 0, "recall at 90 % specificity": 0}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        rows = rng.normal(codes * 1.5, 1)
        values: dict[str, dict[str, Any]] = {"a": {}, "b": {}}
        parts: dict[str, dict[str, Any]] = {"a": {}, "b": {}}
        lasting = {arm: rng.normal(0, 0.5, 300) for arm in values}
        for _ in range(10):
            for arm in values:
                chance = 1 / (1 + np.exp(1.5 - rows - lasting[arm] - rng.normal(0, 0.5, 300)))
                found = np.column_stack([1 - chance, chance])
                for m, v in _trial_learn.measures(learner, task, found, test, None)[""].items():
                    values[arm].setdefault(m, []).append(v)
                for m, left in _trial_learn.without_groups(learner, task, found, test).items():
                    parts[arm].setdefault(m, []).append(left)
        given = _trial.Outcome(
            "fraud",
            "AUROC",
            (_trial.Arm("a", ""), _trial.Arm("b", "")),
            *({arm: {m: np.array(v) for m, v in d.items()} for arm, d in t.items()} for t in (values, parts)),
        )
        for m in wrong:
            gap = _trial.effect(given, "a", "b", m)
            wrong[m] += gap.low > 0 or gap.high < 0
    assert max(wrong.values()) <= 10, wrong


def test_draws_that_share_rows_do_not_count_as_independent() -> None:
    """The mean over ten draws of 80 % of the rows varies as much as one such draw does, and not a tenth of that."""
    codes = np.repeat([0, 1], [300, 100])
    task = _trial_task.Task("fraud", ("no", "yes"), (None, None), (1,))

    def ratio(rare: int | None, split: bool = False, whole: bool = False) -> float:
        return _trial_task.Draws(task, codes, rare, split, whole, 1).shared()

    assert (
        ratio(None) == pytest.approx(4.0)
        and ratio(50) == pytest.approx(1.0)
        and ratio(None, split=True) == pytest.approx(1 / 3)
    )
    assert ratio(None, whole=True) == 0.0
    world = np.random.default_rng(0)
    means, inside = [], []
    for _ in range(300):
        sample = world.normal(size=100)
        draws = [sample[world.permutation(100)[:80]].mean() for _ in range(10)]
        means.append(np.mean(draws))
        inside.append(np.var(draws, ddof=1) * (1 / 10 + ratio(None)))
    assert np.mean(inside) == pytest.approx(np.var(means), rel=0.25)
