"""The guard of images: silent on fresh real images, and on planted faults it names the cause."""

from __future__ import annotations

import base64
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pictures as sets
import polars as pl
import pytest
from scipy.ndimage import gaussian_filter

from simulacra.core.case import Case
from simulacra.core.data import as_dataset
from simulacra.core.report import Finding, View
from simulacra.engine.check import check
from simulacra.guards import _pictures_distance as measure
from simulacra.guards.images import images
from simulacra.parts.pictures import series
from simulacra.testing import check_guard, toys

Floats = npt.NDArray[np.float64]


def byte(x: npt.NDArray[Any]) -> sets.Images:
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("seed", "holdout"), [(0, True), (1, True), (2, False), (3, False)])
def test_silent_on_fresh_real_images(seed: int, holdout: bool) -> None:
    found = sets.judged(sets.case(sets.parts(seed)[2], seed, holdout))
    assert sets.loud(found) == set() and sets.loud(found, "warn") == set()
    assert {"near copies", "recall", "label agreement"} <= {n for n, f in found.items() if f.verdict == "ok"}


def test_keeps_the_contract_of_guards_on_images() -> None:
    check_guard(images, sets.case(sets.parts()[2]))


def copies(rng: np.random.Generator) -> sets.Labelled:
    (x, y), _, _ = sets.parts()
    rows = rng.integers(len(x), size=350)
    return byte(x[rows].astype(float) + rng.integers(-1, 2, (350, 8, 8, 1))), y[rows]


def one_pixel_off(rng: np.random.Generator) -> sets.Labelled:
    (x, y), _, _ = sets.parts()
    rows = rng.integers(len(x), size=350)
    made = x[rows].copy()
    made[np.arange(350), rng.integers(8, size=350), rng.integers(8, size=350), 0] = rng.integers(256, size=350)
    return made, y[rows]


def fifty(rng: np.random.Generator) -> sets.Labelled:
    (x, y), _, _ = sets.parts()
    rows = rng.integers(50, size=350)
    return x[rows], y[rows]


def blends(rng: np.random.Generator) -> sets.Labelled:
    """SMOTE in pixel space: a random place between a training image and one of its 5 nearest of the same class."""
    (x, y), _, _ = sets.parts()
    flat = x.reshape(len(x), -1).astype(float)
    rows, out = rng.integers(len(x), size=350), []
    for row in rows:
        same = np.flatnonzero(y == y[row])
        near = same[np.argsort(((flat[same] - flat[row]) ** 2).sum(1))[1:6]]
        out.append(flat[row] + rng.random() * (flat[rng.choice(near)] - flat[row]))
    return byte(np.array(out)).reshape(-1, 8, 8, 1), y[rows]


def blurred(_: np.random.Generator) -> sets.Labelled:
    x, y = sets.parts()[2]
    return byte(gaussian_filter(x.astype(float), (0, 0.6, 0.6, 0))), y


def noisy(rng: np.random.Generator) -> sets.Labelled:
    x, y = sets.parts()[2]
    return byte(x + rng.normal(0, 30, x.shape)), y


def brighter(_: np.random.Generator) -> sets.Labelled:
    x, y = sets.parts()[2]
    return byte(x.astype(float) + 30), y


def shuffled(rng: np.random.Generator) -> sets.Labelled:
    x, y = sets.parts()[2]
    return x, rng.permutation(y)


def without_sevens(_: np.random.Generator) -> sets.Labelled:
    x, y = sets.parts()[2]
    return x[y != "7"], y[y != "7"]


FAULTS = [
    (copies, "near copies", "copied"),
    (one_pixel_off, "near copies", "copied"),
    (blends, "near copies", "blended"),
    (fifty, "repeated images", "fewer different images"),
    (fifty, "exact copies", "copied"),
    (fifty, "recall", "never made"),
    (blurred, "brightness, contrast, detail", "blurred"),
    (noisy, "C2ST AUC, random convolutions", "knows most made images"),
    (brighter, "brightness, contrast, detail", "brighter"),
    (shuffled, "label agreement", "do not show what their label says"),
    (without_sevens, "classes", "'7' is never made"),
]
SEEN: dict[str, dict[str, Finding]] = {}


@pytest.mark.parametrize(("fault", "name", "cause"), FAULTS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_planted_faults_fail_with_their_cause(fault: Any, name: str, cause: str) -> None:
    if fault.__name__ not in SEEN:
        SEEN[fault.__name__] = sets.judged(sets.case(fault(np.random.default_rng(7))))
    finding = SEEN[fault.__name__][name]
    assert finding.verdict == "fail" and cause in finding.sentence, finding


def test_shuffled_labels_are_the_only_fault_of_real_images() -> None:
    found = sets.judged(sets.case(shuffled(np.random.default_rng(3))))
    assert sets.loud(found) == {"label agreement"}


def test_copies_fail_without_a_holdout_too() -> None:
    found = sets.judged(sets.case(copies(np.random.default_rng(1)), holdout=False))
    assert found["near copies"].verdict == "fail"


def test_a_dropped_class_shows_without_labels() -> None:
    x, y = sets.parts()[2]
    kept = np.isin(y, ["0", "1", "2", "3"])
    found = sets.judged(sets.case((np.repeat(x[kept], 2, axis=0)[:350], y), labels=False))
    assert found["recall"].verdict == "fail" and "label agreement" not in found


def test_colour_pictures() -> None:
    frames = [toys.pictures(200, side=20, colour=True, seed=seed) for seed in (1, 2, 3)]
    made, real, holdout = (as_dataset(f) for f in frames)
    found = sets.judged(Case(made, real=real, holdout=holdout, seed=1))
    assert sets.loud(found) == set() and found["label agreement"].value is not None
    noise = byte(frames[0]["image"].to_numpy() + np.random.default_rng(0).normal(0, 12, (200, 20, 20, 3)))
    rough = as_dataset(frames[0].with_columns(series("image", noise)))
    finding = sets.judged(Case(rough, real=real, holdout=holdout, seed=1))["brightness, contrast, detail"]
    assert finding.verdict == "fail" and "noisy" in finding.sentence
    red = frames[0]["image"].to_numpy().copy()
    red[..., 0] = np.minimum(red[..., 0].astype(int) + 60, 255)
    tinted = as_dataset(frames[0].with_columns(series("image", red)))
    assert "Frechet distance %, random convolutions" in sets.loud(
        sets.judged(Case(tinted, real=real, holdout=holdout, seed=1))
    )


def test_few_images_are_unknown_and_say_so() -> None:
    x, y = sets.parts()[2]
    items = images(sets.case((x[:20], y[:20])))
    assert [
        (i.verdict, "too few images to tell: 700 real, 20 made" in i.sentence) for i in items if isinstance(i, Finding)
    ] == [("unknown", True)]


def test_images_of_another_size_and_missing_images_fail() -> None:
    x, y = sets.parts()[2]
    wide = np.repeat(x, 2, axis=2)
    (finding,) = [i for i in images(sets.case((wide, y))) if isinstance(i, Finding)]
    assert finding.verdict == "fail" and "real 8 x 8 grey, made 8 x 16 grey" in finding.sentence
    given = sets.case((x, y))
    holes = given.made.frame.with_columns(pl.when(pl.int_range(pl.len()) != 4).then(pl.col("image")).alias("image"))
    missing = Case(as_dataset(holes, given.made.schema), real=given.real, holdout=given.holdout)
    (finding,) = [i for i in images(missing) if isinstance(i, Finding)]
    assert finding.verdict == "fail" and "column 'image', row 4: no image" in finding.sentence


def test_what_cannot_be_learned_from_breaks_nothing() -> None:
    (train, y), (held, hy), (fresh, fy) = sets.parts(size=80)
    black = sets.judged(sets.case((np.zeros_like(fresh), fy)))
    assert {"precision", "recall", "repeated images", "label agreement"} <= sets.loud(black)
    renamed = sets.judged(sets.case((fresh, np.repeat("z", 80))))
    assert sets.loud(renamed) == {"classes"} and "label agreement" not in renamed
    empty = [as_dataset(sets.table(np.zeros_like(x), labels)) for x, labels in ((fresh, fy), (train, y), (held, hy))]
    nothing = sets.judged(Case(empty[0], real=empty[1], holdout=empty[2]))
    assert sets.loud(nothing) | sets.loud(nothing, "warn") == set()
    for found in (black, renamed, nothing):
        assert not [f.sentence for f in found.values() if "could not be computed" in f.sentence]


def test_a_table_without_images_is_not_tested() -> None:
    real = as_dataset(toys.people(50))
    (finding,) = images(Case(real, real=real))
    assert isinstance(finding, Finding)
    assert finding.verdict == "unknown" and "no column of images" in finding.sentence
    # Nobody who checks a table needs to read that it holds no images, unless they asked.
    assert "images" not in {f.guard for f in check(toys.people(60), real=toys.people(60)).findings}
    assert {f.guard for f in check(toys.people(60), real=toys.people(60), only="images").findings} == {"images"}


def test_sheets_are_small_and_hold_the_images_they_say() -> None:
    import io

    from PIL import Image

    given = sets.case(sets.parts()[2])
    views = [i for i in images(given) if isinstance(i, View) and i.kind == "images"]
    assert [len(v.data["rows"]) for v in views] == [20, 4, 2]
    assert sum(len(v.data["png"]) for v in views) < 300_000
    grid = views[0].data
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(grid["png"]))))
    assert pixels.shape == (grid["height"], grid["width"], 2) and grid["rows"][:2] == ["0: real", "0: made"]
    first = {sets.parts()[1][0][i].tobytes() for i in np.flatnonzero(sets.parts()[1][1] == "0")}
    assert np.ascontiguousarray(pixels[:8, :8, 0]).tobytes() in first


def test_without_pillow_only_the_sheets_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIL", "PIL.Image"):
        monkeypatch.setitem(sys.modules, name, None)
    items = images(sets.case(sets.parts(size=60)[2]))
    assert not [i for i in items if isinstance(i, View) and i.kind == "images"]
    (finding,) = [i for i in items if isinstance(i, Finding) and i.name == "contact sheets"]
    assert finding.verdict == "unknown" and "pip install 'simulacra[images]'" in finding.sentence


def test_other_guards_leave_images_alone() -> None:
    """Beside images a lone label is no table: its shares are judged, and nothing else."""
    (train, y), (held, hy), (fresh, fy) = sets.parts()
    frames = {"real": sets.table(train, y), "holdout": sets.table(held, hy)}
    report = check(sets.table(fresh, fy), **frames, target="label", only=["fidelity", "utility", "privacy"])
    assert report.verdict == "ok"
    everything = check(sets.table(fresh, fy), **frames, target="label")
    assert {f.guard for f in everything.findings} == {"fidelity", "images"} and everything.verdict == "ok"
    assert sum("which the guard images judges" in f.sentence for f in everything.findings) == 1
    by_guard = {g: [f for f in report.findings if f.guard == g] for g in ("fidelity", "utility", "privacy")}
    for found in by_guard.values():
        assert sum("which the guard images judges" in f.sentence for f in found) == 1
    assert {f.name for f in by_guard["fidelity"]} == {"images", "Shape", "new levels", "lost levels"}
    lopsided = check(sets.table(fresh[fy < "5"], fy[fy < "5"]), **frames, only="fidelity")
    assert {f.name for f in lopsided.findings if f.verdict == "fail"} == {"Shape", "lost levels"}


def test_other_guards_judge_other_columns() -> None:
    (train, y), (held, hy), (fresh, fy) = sets.parts()

    def with_age(x: sets.Images, labels: sets.Labels, seed: int, factor: float = 1.0) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        age = np.rint(factor * (30 + 5 * labels.astype(int) + rng.normal(0, 4, len(labels)))).astype(int)
        return sets.table(x, labels).with_columns(age=pl.Series(age))

    frames = {"real": with_age(train, y, 1), "holdout": with_age(held, hy, 2)}
    good = check(with_age(fresh, fy, 3), **frames, only=["fidelity", "privacy"])
    assert good.verdict == "ok" and {"C2ST AUC", "membership attack AUC"} <= {f.name for f in good.findings}
    wrong = check(with_age(fresh, fy, 3, 1.5), **frames, only="fidelity")
    assert any("age" in f.columns for f in wrong.findings if f.verdict == "fail")


# The measures, on points whose answer is known -------------------------------------------------------------------


def test_frechet_distance_of_a_shift_is_its_square() -> None:
    x = np.random.default_rng(0).normal(size=(4000, 3))
    assert measure.frechet_percent(x, x) == pytest.approx(0, abs=1e-6)
    variance = float(x.var(0, ddof=1).sum())
    assert measure.frechet_percent(x + [1.0, 0, 0], x) == pytest.approx(100 / variance)
    # Twice the spread: (2 - 1)^2 of the variance.
    assert measure.frechet_percent(2 * x, x) == pytest.approx(100 + 100 * (x.mean(0) ** 2).sum() / variance)


def test_precision_recall_and_coverage_tell_apart_what_is_wrong() -> None:
    rng = np.random.default_rng(0)
    real, alike = rng.normal(size=(2, 600, 2))
    assert min(measure.precision_recall_coverage(alike, real)) > 0.93
    narrow = 0.2 * rng.normal(size=(600, 2))
    precision, recall, coverage = measure.precision_recall_coverage(narrow, real)
    assert precision > 0.97 and recall < 0.3 and coverage < 0.3
    far = np.concatenate([alike[:300], alike[300:] + 50])
    precision, recall, _ = measure.precision_recall_coverage(far, real)
    assert precision == pytest.approx(0.5, abs=0.03) and recall > 0.85


def test_near_copies_of_fresh_rows_and_of_copies() -> None:
    rng = np.random.default_rng(0)
    train, fresh, holdout = (rng.normal(size=(n, 8)) for n in (1000, 1000, 500))
    assert measure.near_copy_share(fresh, train, holdout) < 0.04
    assert measure.near_copy_share(train + 0.01 * rng.normal(size=(1000, 8)), train, holdout) == 1.0


def test_chance_of_near_copies_is_what_permutation_gives() -> None:
    rng = np.random.default_rng(0)
    order = np.argsort(rng.random((20_000, 60)), axis=1)
    # Of 40 made and 20 other rows in random order: how many made ones come before the third other one?
    other = order >= 40
    third = np.argmax(np.cumsum(other, axis=1) == 3, axis=1)
    before = third - 2
    for close in (3, 8, 15):
        assert measure.chance_of(close, 40, 2, 20) == pytest.approx(float((before >= close).mean()), abs=0.012)


def test_effective_number_counts_groups() -> None:
    apart = np.repeat(np.eye(7) * 100, 30, axis=0)
    assert measure.effective_number(apart, 1.0) == pytest.approx(7, rel=1e-6)
    assert measure.effective_number(np.zeros((50, 3)), 1.0) == pytest.approx(1)
