"""tables/smote on data whose truth is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.core.data import Dataset
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.generator import Generator
from simulacra.core.rng import stream
from simulacra.tables.smote import Smote
from simulacra.testing import check_generator, toys


def two_clouds(many: int = 400, few: int = 60, apart: float = 2.0, seed: int = 0) -> pl.DataFrame:
    """Numbers around 0 ("no") and around `apart` ("yes"), and a town that goes with the class."""
    rng = stream(seed, "test", "smote")
    x = rng.standard_normal((many + few, 3))
    x[many:] += apart
    town = np.where(rng.random(many + few) < 0.8, np.repeat(["a", "b"], [many, few]), "c")
    return pl.DataFrame(x, ["x", "y", "z"]).with_columns(
        town=pl.Series(town), fraud=pl.Series(["no"] * many + ["yes"] * few)
    )


def test_the_contract_is_kept_with_a_target_on_columns_of_every_kind():
    check_generator(Smote(target="size", kind="adasyn", clean="tomek"), toys.mixed(250))


def test_new_rows_are_of_the_rare_class_and_balance_the_table():
    model = Smote(target="fraud").fit(two_clouds(), seed=1)
    assert model.default_rows(460) == 340
    assert model.aims() == {"fraud": {"yes": 1.0}}
    made = model.sample(340, seed=2)
    assert (made["fraud"] == "yes").all()
    assert abs(made["x"].mean() - 2) < 0.3
    assert (made["town"] == "b").mean() > 0.7


def test_new_rows_lie_between_two_near_rows_of_the_class():
    real = two_clouds().drop("town")
    rare = real.filter(pl.col("fraud") == "yes").select("x", "y", "z").to_numpy()
    made = Smote(target="fraud", scale=False).fit(real, seed=1).sample(200, seed=2).select("x", "y", "z").to_numpy()
    gap = rare[:, None] - rare[None]
    near = np.argsort((gap**2).sum(axis=2), axis=1)[:, 1:6]
    from_base = made[:, None, None] - rare[None, :, None]
    along = rare[near][None] - rare[None, :, None]
    share = (from_base * along).sum(axis=3) / (along**2).sum(axis=3)
    off = ((from_base - share[..., None] * along) ** 2).sum(axis=3)
    off[(share < -1e-9) | (share > 1 + 1e-9)] = np.inf
    assert (off.reshape(len(made), -1).min(axis=1) < 1e-12).all()


def test_the_balanced_table_begins_with_the_real_rows_and_says_their_share():
    real = two_clouds()
    both: Dataset = Smote(target="fraud").balance(real, seed=1, kind="dataset")
    assert both.frame.head(460).equals(real)
    assert dict(both.frame["fraud"].value_counts().rows()) == {"no": 400, "yes": 400}
    assert both.lineage.real_share == pytest.approx(460 / 800)
    assert (both.source["table"][:460] == np.arange(460)).all()
    assert (both.source["table"][460:] == -1).all()
    assert type(Smote(target="fraud").balance(real.to_pandas(), seed=1)).__module__.startswith("pandas")


def test_ids_of_the_balanced_table_stay_unique():
    both = Smote(target="size").balance(toys.mixed(400), seed=1)
    assert both["id"].n_unique() == both.height
    assert both["email"].n_unique() == both.height


def test_shares_of_several_classes():
    model = Smote(target="size").fit(toys.mixed(400), seed=1)
    made = model.sample(model.default_rows(400), seed=2)
    real = dict(toys.mixed(400)["size"].value_counts().rows())
    for size, rows in made["size"].value_counts().rows():
        assert rows + real[size] == max(real.values())


def test_ratio_is_the_share_of_the_largest_class():
    assert Smote(target="fraud", ratio=0.5).fit(two_clouds(), seed=1).default_rows(0) == 140


def test_another_class_moves_no_row_of_the_others():
    one = two_clouds()
    more = pl.concat([one, one.tail(30).with_columns(pl.col("x") - 5, fraud=pl.lit("maybe"))])
    alone = Smote(target="fraud").fit(one, seed=1)
    beside = Smote(target="fraud").fit(more, seed=1)
    both = beside.sample(beside.default_rows(0), seed=2)
    assert both.filter(pl.col("fraud") == "yes").equals(alone.sample(alone.default_rows(0), seed=2))


def test_where_aims_at_a_class():
    model = Smote(target="size").fit(toys.mixed(400), seed=1)
    made = model.sample(500, seed=2, where={"size": "xl"})
    assert (made["size"] == "xl").all()
    old = model.sample(50, seed=2, where={"size": ["xl", "s"], "price": (10, None)})
    assert set(old["size"]) == {"xl", "s"}
    assert old["price"].min() >= 10
    with pytest.raises(DataError, match="draws rows of the classes that balancing needs"):
        model.sample(5, seed=2, where={"size": "m"})


def test_cells_stay_on_their_grid_and_in_their_type():
    rng = stream(1, "test", "smote")
    days = [date(2020, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 900, 300)]
    frame = pl.DataFrame(
        {
            "cents": np.round(rng.integers(1, 400, 300) * 0.05, 2),
            "count": rng.integers(0, 9, 300).astype(np.int8),
            "day": days,
            "written": [d.strftime("%d.%m.%Y") for d in days],
            "at": pl.Series(rng.integers(0, 10**6, 300) * 1_000_000).cast(pl.Datetime("us")),
            "flag": rng.random(300) < 0.5,
            "level": pl.Series(rng.choice(["a", "b"], 300)).cast(pl.Enum(["a", "b"])),
            "class": np.repeat([0, 1], [250, 50]),
        }
    )
    made = Smote(target="class").fit(frame, seed=1).sample(400, seed=2)
    assert made.schema == frame.schema
    assert (((made["cents"] * 20).round() / 20 - made["cents"]).abs() < 1e-9).all()
    assert made["written"].str.to_date("%d.%m.%Y").is_not_null().all()
    assert (made["at"].dt.microsecond() == 0).all()
    rare = frame.tail(50)
    for name in ("cents", "count", "day", "at"):
        assert rare[name].min() <= made[name].min()
        assert made[name].max() <= rare[name].max()


def test_missing_is_voted_and_a_number_is_there_where_the_vote_says_so():
    rng = stream(2, "test", "smote")
    x = rng.standard_normal(300)
    # Income is missing exactly where x is negative: new rows must follow.
    income = pl.Series(np.round(1000 + 10 * x, 2)).set(pl.Series(x < 0), None)
    kind = pl.Series(np.where(x > 0, "up", "down")).set(pl.Series(np.abs(x) < 0.2), None)
    frame = pl.DataFrame({"x": x, "income": income, "kind": kind, "class": np.repeat(["a", "b"], [200, 100])})
    made = Smote(target="class").fit(frame, seed=1).sample(1000, seed=2)
    assert ((made["x"] < 0) == made["income"].is_null()).mean() > 0.95
    assert 0.05 < made["kind"].is_null().mean() < 0.3
    assert made["income"].min() >= 1000


def test_a_column_without_a_value_stays_empty():
    frame = two_clouds().with_columns(nothing=pl.lit(None, pl.Float64), void=pl.lit(None, pl.String))
    made = Smote(target="fraud").fit(frame, seed=1).sample(50, seed=2)
    assert made["nothing"].null_count() == made["void"].null_count() == 50
    assert made.drop("nothing", "void").equals(Smote(target="fraud").fit(two_clouds(), seed=1).sample(50, seed=2))


def test_borderline_starts_at_the_border_and_adasyn_where_others_are():
    """The rare class has a cloud of its own and a few rows among the others."""
    rng = stream(4, "test", "smote")
    x = np.concatenate(
        [rng.standard_normal((500, 2)), rng.standard_normal((60, 2)) + 20, rng.standard_normal((40, 2)) + 2]
    )
    frame = pl.DataFrame(x, ["x", "y"]).with_columns(c=pl.Series(["no"] * 500 + ["yes"] * 100))
    usual = Smote(target="c").fit(frame, seed=1).sample(400, seed=2)
    assert 0.5 < (usual["x"] > 10).mean() < 0.7
    for kind in ("borderline", "adasyn"):
        assert (Smote(target="c", kind=kind).fit(frame, seed=1).sample(400, seed=2)["x"] > 10).mean() < 0.02


def outvoted(rows: pl.DataFrame, among: pl.DataFrame, own: bool) -> np.ndarray:
    """Which rows differ in class from most of their three nearest; own: they are themselves the last of `among`."""
    gap = rows.select("x", "y", "z").to_numpy()[:, None] - among.select("x", "y", "z").to_numpy()[None]
    square = (gap**2).sum(axis=2)
    if own:
        square[np.arange(len(rows)), np.arange(len(among) - len(rows), len(among))] = np.inf
    near = np.argsort(square, axis=1)[:, :3]
    return (among["fraud"].to_numpy()[near] != rows["fraud"].to_numpy()[:, None]).sum(axis=1) >= 2


@pytest.mark.parametrize("clean", ["tomek", "enn"])
def test_the_cleaned_table_lacks_real_and_new_rows_and_says_so(clean: str):
    real = two_clouds(apart=1.0).drop("town")
    model = Smote(target="fraud", clean=clean, scale=False)
    cleaned: Dataset = model.balance(real, seed=1, kind="dataset")
    kept = cleaned.source["table"]
    old, new = kept[kept >= 0], int((kept < 0).sum())
    assert cleaned.frame.head(len(old)).equals(real[old])
    assert cleaned.lineage.real_share == pytest.approx(len(old) / len(kept))
    assert model.facts_["cleaned"] == {"real rows": 460 - len(old), "new rows": 340 - new}
    assert 0 < new < 340


def test_rows_that_are_outvoted_are_gone_from_the_balanced_table_and_are_not_drawn():
    real = two_clouds(apart=0.4).drop("town")
    before = Smote(target="fraud", scale=False).balance(real, seed=1)
    after: Dataset = Smote(target="fraud", scale=False, clean="enn").balance(real, seed=1, kind="dataset")
    new = after.frame.filter(pl.Series(after.source["table"] < 0))
    usual = outvoted(before.tail(340), before, own=True).mean()
    assert usual > 0.05
    assert outvoted(new, after.frame, own=True).mean() < usual / 4
    made = Smote(target="fraud", scale=False, clean="enn").fit(real, seed=1).sample(1000, seed=2)
    plain = Smote(target="fraud", scale=False).fit(real, seed=1).sample(1000, seed=2)
    assert outvoted(made, before, own=False).mean() < 0.7 * outvoted(plain, before, own=False).mean()


def test_rare_ranges_of_a_number_are_balanced():
    rng = stream(5, "test", "smote")
    x = rng.standard_normal(600)
    price = np.where(np.arange(600) < 570, 100 + 5 * np.clip(x, -2, 2), 160 + 5 * x)
    frame = pl.DataFrame({"x": x + (np.arange(600) >= 570) * 6, "price": price})
    model = Smote(target="price").fit(frame, seed=1)
    made = model.sample(model.default_rows(600), seed=2)
    assert 350 < made.height < 600
    assert made["price"].min() > 105
    low, high = model.aims()["price"]
    assert (low > 105, high) == (True, None)
    # The target moves with the row.
    high = made.filter(pl.col("price") > 140)
    assert np.corrcoef(high["x"], high["price"])[0, 1] > 0.8


def test_without_a_target_rows_are_like_all_rows():
    made = Smote().fit(toys.linked(1000, 0.8), seed=1).sample(1000, seed=2)
    assert abs(np.corrcoef(made.to_numpy().T)[0, 1] - 0.8) < 0.08


def test_a_saved_model_gives_the_same_rows(tmp_path):
    model = Smote(target="size", kind="adasyn", clean="tomek").fit(toys.mixed(300), seed=1)
    model.save(tmp_path / "model")
    assert Generator.load(tmp_path / "model").sample(70, seed=2).equals(model.sample(70, seed=2))


def test_make_draws_new_rows_of_the_rare_class(tmp_path):
    made = simulacra.make(two_clouds(), method="tables/smote", target="fraud", n=30, seed=1, only=["fidelity"])
    assert made.data.height == 30
    assert (made.data["fraud"] == "yes").all()


def test_a_number_that_the_class_has_one_value_of_still_tells_it_from_others():
    """Near in x are the others; in `kind` they lie far from the rare class, which is always 0.1."""
    rng = stream(7, "test", "smote")
    kind = np.where(np.arange(330) < 300, 0.1 + 5 * rng.standard_normal(330), 0.1)
    frame = pl.DataFrame({"x": rng.standard_normal(330), "kind": kind, "c": ["no"] * 300 + ["yes"] * 30})
    made = Smote(target="c", kind="adasyn").fit(frame, seed=1).sample(20, seed=2)
    assert (made["kind"] == 0.1).all()


# Wrong input ----------------------------------------------------------------------------------------------------------


def test_an_unknown_target_is_named_with_near_misses():
    with pytest.raises(ConfigError, match=r"no target column 'fruad'. Did you mean: fraud\?"):
        Smote(target="fruad").fit(two_clouds(), seed=1)


def test_missing_cells_of_the_target_are_counted():
    cells = pl.when(pl.int_range(460) < 3).then(None).otherwise(pl.col("fraud")).alias("fraud")
    frame = two_clouds().with_columns(cells)
    with pytest.raises(DataError, match="3 of 460 cells of the target 'fraud' are missing"):
        Smote(target="fraud").fit(frame, seed=1)


def test_one_class_only():
    with pytest.raises(DataError, match="has one class only, no"):
        Smote(target="fraud").fit(two_clouds().filter(pl.col("fraud") == "no"), seed=1)


def test_a_class_of_one_row_is_named():
    frame = pl.concat([two_clouds(), two_clouds().tail(1).with_columns(fraud=pl.lit("odd"))])
    with pytest.raises(DataError, match="class 'odd' of the target 'fraud' has one row"):
        Smote(target="fraud").fit(frame, seed=1)


def test_a_class_with_fewer_rows_than_neighbours_uses_those_it_has_and_says_so():
    model = Smote(target="fraud").fit(two_clouds(few=4), seed=1)
    assert model.facts_["classes"]["yes"]["neighbours"] == 3
    assert model.sample(20, seed=2).height == 20


def test_classes_that_are_balanced_already():
    with pytest.raises(DataError, match="balanced already"):
        Smote(target="fraud").fit(two_clouds(many=60), seed=1)


@pytest.mark.parametrize("kind", ["borderline", "adasyn"])
def test_a_class_that_lies_apart_has_no_border(kind: str):
    with pytest.raises(DataError, match="no row of class 'yes' lies where"):
        Smote(target="fraud", kind=kind).fit(two_clouds(apart=90), seed=1)


@pytest.mark.parametrize("target", ["id", "note", "at", "nothing"])
def test_a_target_without_classes_is_refused(target: str):
    frame = toys.mixed(100)
    with pytest.raises((ConfigError, DataError), match=rf"target '{target}'"):
        Smote(target=target).fit(frame, seed=1)


def test_a_number_without_rare_values_has_nothing_to_balance():
    frame = pl.DataFrame({"x": np.arange(100.0), "y": np.linspace(0, 1, 100)})
    with pytest.raises(DataError, match="none counts as rare"):
        Smote(target="y").fit(frame, seed=1)


def test_cleaning_that_leaves_no_room_says_so():
    """The others stand close together all along the line between the two rows of the class."""
    frame = pl.DataFrame({"x": [*np.linspace(0, 100, 400), 0, 100], "c": ["no"] * 400 + ["yes"] * 2})
    with pytest.raises(DataError, match="however often they are drawn"):
        Smote(target="c", clean="enn", ratio=0.01).fit(frame, seed=1).sample(200, seed=2)


def test_the_largest_whole_numbers_stay_in_their_type():
    ends = pl.Series([2**63 - 1, 2**63 - 1, -(2**63), 7] * 5)
    made = Smote().fit(pl.DataFrame({"x": ends, "y": pl.Series([2**64 - 1, 0] * 10, dtype=pl.UInt64)}), seed=1)
    assert made.sample(40, seed=1).schema == {"x": pl.Int64, "y": pl.UInt64}
