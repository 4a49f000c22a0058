"""SmoteSampler: the checks of scikit-learn and imbalanced-learn, pipelines, and frames that others refuse."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from simulacra.bridges.sklearn import SmoteSampler
from simulacra.testing import toys

KINDS = ("smote", "borderline", "adasyn")


def run_checks(checks: Any) -> None:
    ran = 0
    for estimator, check in checks:
        if getattr(check, "func", check).__name__ == "check_array_api_input":
            continue  # asks for an environment variable of scipy
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the checks themselves warn
            check(estimator)
        ran += 1
    assert ran > 10


@pytest.mark.parametrize("kind", KINDS)
def test_the_checks_of_scikit_learn(kind: str):
    run_checks(estimator_checks_generator(SmoteSampler(kind=kind, random_state=0)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_checks_of_imbalanced_learn(kind: str):
    checks = pytest.importorskip("imblearn.utils.estimator_checks")
    run_checks(checks.estimator_checks_generator(SmoteSampler(kind=kind, random_state=0)))


def test_pipelines_and_cross_validation():
    pipeline = pytest.importorskip("imblearn.pipeline")
    x, y = make_classification(600, weights=[0.9], random_state=0)
    steps = pipeline.make_pipeline(StandardScaler(), SmoteSampler(random_state=0), LogisticRegression())
    assert cross_val_score(steps, x, y, scoring="roc_auc", cv=3).min() > 0.8
    grid = {"smotesampler__kind": ["smote", "adasyn"], "smotesampler__clean": ["none", "tomek"]}
    assert GridSearchCV(steps, grid, cv=2).fit(x, y).best_score_ > 0.8


def clouds(rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    return make_classification(rows, n_features=6, weights=[0.8], random_state=1)


def test_the_real_rows_come_first_and_classes_are_balanced():
    x, y = clouds()
    xs, ys = SmoteSampler(random_state=0).fit_resample(x, y)
    assert (xs[: len(x)] == x).all()
    assert np.bincount(ys).tolist() == [np.bincount(y).max()] * 2
    new, labels = SmoteSampler(random_state=0, only_new=True).fit_resample(x, y)
    assert (new == xs[len(x) :]).all()
    assert (labels == 1).all()


def test_neighbours_are_those_of_imbalanced_learn():
    over = pytest.importorskip("imblearn.over_sampling")
    x, y = clouds()
    rare = x[y == 1]
    theirs = over.SMOTE(random_state=0)
    theirs.fit_resample(x, y)
    index = theirs.nn_k_.kneighbors(rare, return_distance=False)[:, 1:]
    new, _ = SmoteSampler(random_state=0, scale=False, only_new=True).fit_resample(x, y)
    along = rare[index] - rare[:, None]
    start = new[:, None, None] - rare[None, :, None]
    share = (start * along).sum(axis=3) / (along**2).sum(axis=2)
    off = ((start - share[..., None] * along) ** 2).sum(axis=3)
    off[(share < -1e-9) | (share > 1 + 1e-9)] = np.inf
    assert (off.reshape(len(new), -1).min(axis=1) < 1e-12).all()


def test_cleaning_is_that_of_imbalanced_learn():
    under = pytest.importorskip("imblearn.under_sampling")
    x, y = clouds()
    plain = SmoteSampler(random_state=0, scale=False).fit_resample(x, y)
    for clean, theirs in (
        ("tomek", under.TomekLinks(sampling_strategy="all")),
        ("enn", under.EditedNearestNeighbours(sampling_strategy="all", kind_sel="mode")),
    ):
        rows, labels = SmoteSampler(random_state=0, scale=False, clean=clean).fit_resample(x, y)
        wanted, classes = theirs.fit_resample(*plain)
        order, other = np.lexsort(rows.T), np.lexsort(wanted.T)
        assert (rows[order] == wanted[other]).all()
        assert (labels[order] == classes[other]).all()


def test_nan_whole_numbers_and_categories_in_arrays():
    x, y = clouds()
    x = np.round(x * 10)
    x[::7, 0] = np.nan
    x[:, 5] = np.arange(len(x)) % 3
    new, _ = SmoteSampler(random_state=0, only_new=True, categorical=[5]).fit_resample(x, y)
    assert set(new[:, 5]) <= {0, 1, 2}
    assert not np.isnan(new[:, 1:]).any()
    whole = np.nan_to_num(x).astype(np.int32)
    new, _ = SmoteSampler(random_state=0, only_new=True).fit_resample(whole, y)
    assert new.dtype == np.int32


def mixed() -> tuple[pl.DataFrame, np.ndarray]:
    frame = toys.mixed(300)
    return frame.drop("size"), frame["size"].to_numpy()


@pytest.mark.parametrize("how", ["pandas", "arrow types", "nullable", "polars", "arrow"])
def test_mixed_frames_come_back_as_they_went_in(how: str):
    frame, y = mixed()
    pandas = frame.to_pandas()
    given: Any = {
        "pandas": pandas,
        "arrow types": frame.to_pandas(use_pyarrow_extension_array=True),
        "nullable": pandas.convert_dtypes(),
        "polars": frame,
        "arrow": frame.to_arrow(),
    }[how]
    x, labels = SmoteSampler(random_state=0).fit_resample(given, y)
    assert type(x) is type(given)
    assert np.unique(labels, return_counts=True)[1].min() == np.unique(y, return_counts=True)[1].max()
    if isinstance(given, pd.DataFrame):
        assert (x.dtypes == given.dtypes).all()
        assert x.head(len(given)).equals(given)
        x = pl.from_pandas(x)
    made = pl.DataFrame(x).tail(len(labels) - len(y))
    assert made["seen"].str.to_date("%m/%d/%Y").is_not_null().all()
    assert (made["height"].is_null() == made["weight"].is_null()).mean() > 0.9
    assert not made["id"].is_in(frame["id"].implode()).any()


def test_labels_keep_their_kind_and_name():
    x, y = clouds()
    words = pd.Series(np.where(y == 1, "yes", "no"), name="fraud", dtype="category")
    frame, labels = SmoteSampler(random_state=0).fit_resample(pd.DataFrame(x, columns=list("abcdef")), words)
    assert labels.name == "fraud"
    assert labels.dtype == words.dtype
    assert list(frame.columns) == list("abcdef")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(300), "one class only"),
        (np.r_[np.zeros(299), 1], "has one row"),
        (np.linspace(0, 1, 300), "Unknown label type"),
        (np.ones((300, 2), int), "Multilabel"),
        (None, "requires y"),
    ],
)
def test_wrong_labels(y: Any, message: str):
    with pytest.raises(ValueError, match=message):
        SmoteSampler().fit_resample(clouds()[0], y)


def test_wrong_fields():
    x, y = clouds()
    with pytest.raises(ValueError, match="kind must be one of"):
        SmoteSampler(kind="smite").fit_resample(x, y)
    with pytest.raises(ValueError, match="categorical names column 'q'"):
        SmoteSampler(categorical=["q"]).fit_resample(x, y)


def test_categories_by_place_from_either_end_and_by_mask_are_the_same():
    draw = np.random.default_rng(0)
    x, y = np.c_[draw.normal(size=(60, 2)), draw.integers(0, 3, 60)], np.repeat([0, 1], [45, 15])
    by = [SmoteSampler(categorical=c, random_state=0).fit_resample(x, y)[0] for c in ([2], [-1], [False, False, True])]
    assert all(np.array_equal(one, by[0]) for one in by) and set(by[0][:, 2]) == {0, 1, 2}
    for wrong, message in (([-4], "names column -4"), ([True], "mask of 1 columns, and X has 3")):
        with pytest.raises(ValueError, match=message):
            SmoteSampler(categorical=wrong).fit_resample(x, y)


def test_an_array_of_truth_values_stays_one():
    draw = np.random.default_rng(0)
    x, y = SmoteSampler(random_state=0).fit_resample(draw.random((60, 3)) > 0.5, np.repeat([0, 1], [45, 15]))
    assert x.dtype == np.bool_ and x.shape == (90, 3) and y.sum() == 45
