"""tables/private: a budget or nothing, the truth of large budgets, conditions and rules kept exactly, errors told."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.core.budget import Budget
from simulacra.core.errors import BudgetError, ConfigError, DataError, SchemaError
from simulacra.core.noise import UnsafeNoise
from simulacra.core.schema import Schema
from simulacra.core.where import mask
from simulacra.tables._private import estimate
from simulacra.tables.private import Private
from simulacra.testing import toys

ROWS = 4000


def budget(epsilon: float = 20.0, delta: float = 1e-6, seed: int = 5, **how: Any) -> Budget:
    return Budget(epsilon, delta, noise=UnsafeNoise(seed), **how)


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return toys.people(ROWS, 7)


@pytest.fixture(scope="module")
def fitted(people: pl.DataFrame) -> Private:
    return Private(bins=10, size=20_000).fit(people, seed=1, budget=budget())


# What it learns -------------------------------------------------------------------------------------------------------


def test_columns_and_links_survive_a_large_budget(fitted: Private, people: pl.DataFrame) -> None:
    made = fitted.sample(ROWS, seed=2)
    assert made.schema == people.schema
    for town, share in zip(toys.TOWNS, toys.SHARES, strict=True):
        assert abs((made["town"] == town).mean() - share) < 0.03
    assert abs(made["age"].mean() - people["age"].mean()) < 1.5
    assert abs(made["income"].is_null().mean() - 0.1) < 0.03
    old = made.filter(pl.col("age") > 52)["member"].mean()
    young = made.filter(pl.col("age") < 48)["member"].mean()
    assert old > 0.7 and young < 0.3
    rich = made.group_by("member").agg(pl.col("income").median()).sort("member")["income"]
    assert rich[1] > 1.6 * rich[0]
    assert (made.filter(pl.col("age") < 36)["grade"] == "a").mean() > 0.85


def test_only_the_target_and_the_preset_change_what_is_measured(people: pl.DataFrame) -> None:
    frame = people.select("age", "member", "grade", "visits")
    models = {p: Private(preset=p, bins=8).fit(frame, seed=1, budget=budget()) for p in ("tree", "independent")}
    held = {p: [r["columns"] for r in m.facts_["errors"]] for p, m in models.items()}
    assert all(len(c) == 1 for c in held["independent"]) and any(len(c) == 2 for c in held["tree"])
    alone = models["independent"].sample(2000, seed=1)
    gap = alone.filter(pl.col("age") > 50)["member"].mean() - alone.filter(pl.col("age") <= 50)["member"].mean()
    assert abs(gap) < 0.1
    plain, aimed = (
        Private(preset="independent", target=t).fit(frame, seed=1, budget=budget()).lineage_.facts["ledger"]["entries"]
        for t in (None, "grade")
    )
    scale = [
        next(e["scale"] for e in entries[::-1] if e["what"].endswith("column grade")) for entries in (plain, aimed)
    ]
    assert scale[1] < scale[0]


def test_missing_cells_appear_only_where_there_are_some(fitted: Private) -> None:
    nulls = fitted.sample(3000, seed=3).null_count().row(0, named=True)
    assert nulls.pop("income") > 200
    assert set(nulls.values()) == {0}


def test_the_number_of_rows_is_a_noisy_one(people: pl.DataFrame) -> None:
    found = [
        Private(preset="independent").fit(people.select("grade"), seed=1, budget=budget(0.5, seed=s)).default_rows(ROWS)
        for s in range(6)
    ]
    assert len(set(found)) > 1 and all(abs(n - ROWS) < 400 for n in found)


def test_one_seed_same_rows_before_and_after_saving(fitted: Private, tmp_path: Path) -> None:
    made = fitted.sample(300, seed=9)
    fitted.save(tmp_path / "model")
    loaded = simulacra.load(tmp_path / "model")
    assert loaded.sample(300, seed=9).equals(made)
    assert loaded.default_rows(1) == fitted.default_rows(1)
    where = {"town": "Ulm", "age": (30, 40)}
    assert loaded.sample(50, seed=9, where=where).equals(fitted.sample(50, seed=9, where=where))


def test_a_saved_model_holds_nothing_of_single_rows(tmp_path: Path) -> None:
    frame = toys.mixed(800).with_columns(pl.Series("size", ["s"] * 799 + ["only one row has this"]))
    Private(preset="tree", bins=6).fit(frame, seed=1, budget=budget()).save(tmp_path / "model")
    text = b"".join(p.read_bytes() for p in sorted((tmp_path / "model").rglob("*")) if p.is_file()).decode("latin-1")
    for value in ("only one row", *frame["id"][:20], *frame["email"][:20], *frame["note"][:20]):
        assert value not in text
    learned = json.loads((tmp_path / "model" / "model.json").read_text())
    assert "ledger" in json.dumps(learned)


def test_surrogates_are_unique_over_blocks(people: pl.DataFrame) -> None:
    frame = people.select("age").with_columns(pl.Series("user_id", [f"u-{i}" for i in range(ROWS)]), email=pl.lit(""))
    frame = frame.with_columns(pl.Series("email", [f"x{i}@mail.test" for i in range(ROWS)]))
    model = Private(preset="tree").fit(frame, seed=1, budget=budget(person="user_id"))
    assert model.schema_["user_id"].kind == "id" and model.schema_["email"].format == "email"
    vars(model)["block_rows"] = 64
    made = model.sample(500, seed=1)
    assert made["user_id"].n_unique() == made["email"].n_unique() == 500
    assert not set(made["email"]) & set(frame["email"])
    assert made["user_id"].null_count() == 0


# Conditions and rules -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        {"town": ["Ulm", "Jena"], "member": True},
        {"age": (33, 33)},
        {"age": 41},
        {"income": (3000.5, 3001.0)},
        {"income": None},
        {"joined": ("2021-02-03", "2021-02-05")},
        {"visits": (None, 0), "grade": "c"},
    ],
)
def test_conditions_are_kept_exactly(fitted: Private, where: dict[str, Any]) -> None:
    made = fitted.sample(150, seed=4, where=where)
    assert made.height == 150 and mask(made, where).all()


def test_conditions_follow_the_model(fitted: Private) -> None:
    wide = fitted.sample(20_000, seed=5)
    for where in ({"age": (60, 75)}, {"grade": "a", "age": (20, 45)}):
        kept, aimed = wide.filter(mask(wide, where)), fitted.sample(4000, seed=6, where=where)
        for column in ("member", "grade"):
            a, b = (f.group_by(column).len().sort(column) for f in (kept, aimed))
            shares = [f.with_columns(pl.col("len") / pl.col("len").sum()) for f in (a, b)]
            joined = shares[0].join(shares[1], on=column, how="full").fill_null(0)
            assert (joined["len"] - joined["len_right"]).abs().max() < 0.05
        assert abs(kept["age"].mean() - aimed["age"].mean()) < 1.0


def test_shares_rebalance(fitted: Private) -> None:
    made = fitted.sample(1000, seed=7, where={"grade": {"a": 0.6, "b": 0.2}})
    assert abs((made["grade"] == "a").mean() - 0.6) < 0.08
    assert abs((made["grade"] == "c").mean() - 0.2) < 0.07


def test_impossible_conditions_are_said(fitted: Private) -> None:
    with pytest.raises(DataError, match="fulfil age>=300"):
        fitted.sample(5, seed=1, where={"age": (300, None)})
    with pytest.raises(ConfigError, match="no column 'agee'"):
        fitted.sample(5, seed=1, where={"agee": 3})


def test_rules_are_never_broken_and_cost_nothing(people: pl.DataFrame) -> None:
    rules = ("age<40 and grade in b|c", "visits>6", "joined<2020-03-01")
    frame, spend = people.select("age", "grade", "visits", "joined"), budget(1.0)
    model = Private(rules=rules, bins=10).fit(frame, seed=1, budget=spend)
    plain = Private(bins=10).fit(frame, seed=1, budget=(other := budget(1.0)))
    assert spend.spent == other.spent
    made, free = model.sample(4000, seed=1), plain.sample(4000, seed=1)
    broken = (pl.col("age") < 40) & pl.col("grade").is_in(["b", "c"])
    assert free.filter(broken).height > 0
    assert made.filter(broken | (pl.col("visits") > 6) | (pl.col("joined") < pl.date(2020, 3, 1))).height == 0
    aimed = model.sample(200, seed=1, where={"age": (30, 45)})
    assert aimed.filter(broken).height == 0 and aimed.height == 200
    with pytest.raises(ConfigError, match="a rule names column 'agee'"):
        Private(rules=("agee<3",)).fit(frame, seed=1, budget=budget())
    with pytest.raises(DataError, match="still meet the rules age>=0"):
        Private(rules=("age>=0",), preset="independent").fit(frame, seed=1, budget=budget())


def test_declared_facts_hold_in_every_made_row() -> None:
    frame, schema = toys.people(ROWS, 7), toys.people_schema(ROWS, 7)
    made = Private(domain=0.0).fit(frame, schema=schema, seed=1, budget=budget(0.3)).sample(5000, seed=1)
    assert made["age"].is_between(18, 90).all() and made["visits"].is_between(0, 12).all()
    assert made["town"].is_in(toys.TOWNS).all()
    cents = made["income"].drop_nulls() * 100
    assert ((cents - cents.round()).abs() < 1e-6).all()


def test_declared_unique_values_are_unique_over_blocks() -> None:
    frame = pl.DataFrame({"seat": range(1000), "kind": ["a", "b"] * 500})
    schema = Schema.of(
        simulacra.Column("seat", "number", low=1, high=5000, step=1, unique=True),
        simulacra.Column("kind", "category", levels=("a", "b")),
    )
    model = Private(domain=0.0).fit(frame, schema=schema, seed=1, budget=budget())
    vars(model)["block_rows"] = 64
    made = model.sample(1000, seed=1)
    assert made["seat"].n_unique() == 1000 and made["seat"].is_between(1, 5000).all()
    with pytest.raises(ConfigError, match="'seat' is unique"):
        model.sample(5, seed=1, where={"seat": 7})
    with pytest.raises(SchemaError, match="'seat' is declared unique, so its range must be declared"):
        bare = Schema.of(simulacra.Column("seat", "number", step=1, unique=True))
        Private().fit(frame, schema=bare, seed=1, budget=budget())
    with pytest.raises(DataError, match="allow 5,000 different values"):
        model.sample(6000, seed=1)


# What it says ---------------------------------------------------------------------------------------------------------


def test_bounds_hold_and_noise_is_marked(people: pl.DataFrame) -> None:
    frame = people.select("age", "town", "member", "grade")
    for epsilon in (0.3, 3.0):
        model = Private(bins=8).fit(frame, seed=1, budget=budget(epsilon))
        domain, _ = model._learned()
        made = model.sample(20_000, seed=1)
        a, b = domain.encode(frame), domain.encode(made)
        rows = model.facts_["errors"]
        assert [r["bound"] for r in rows] == sorted((r["bound"] for r in rows), reverse=True)
        assert {tuple(r["columns"]) for r in rows} >= {(c,) for c in frame.columns}
        assert len(rows) >= len(list(combinations(range(4), 2)))
        for r in rows:
            at = [domain.names.index(c) for c in r["columns"]]
            assert _distance(a[:, at], b[:, at]) <= r["bound"] + 0.02
            assert 0 <= r["noise cells"] <= r["cells"] and r["noise only"] == (r["noise cells"] == r["cells"])


def _distance(a: Any, b: Any) -> float:
    counts: dict[tuple[int, ...], float] = {}
    for codes, sign in ((a, 1.0 / len(a)), (b, -1.0 / len(b))):
        values, held = np.unique(codes, axis=0, return_counts=True)
        for value, n in zip(values.tolist(), held.tolist(), strict=True):
            counts[tuple(value)] = counts.get(tuple(value), 0.0) + sign * n
    return 0.5 * sum(abs(c) for c in counts.values())


def test_the_estimate_falls_with_rows_and_epsilon_and_needs_no_data(fitted: Private, people: pl.DataFrame) -> None:
    rows = fitted.facts_["estimate"]["rows"]
    assert [r["rows"] for r in rows] == [1_000, 10_000, 100_000, 1_000_000]
    for ways in ("1-way", "2-way", "3-way"):
        errors = [r[ways] for r in rows]
        assert errors == sorted(errors, reverse=True) and 0 <= errors[-1] < errors[0] <= 1
    tight, loose = (estimate([10, 10, 5], b.rho, rows=[10_000])[0]["2-way"] for b in (budget(0.1), budget(10.0)))
    assert loose < tight
    told = fitted.facts_["estimate"]["curve"]
    assert told["epsilon"] == [0.1, 0.3, 1.0, 3.0, 10.0, 20.0]
    assert all(errors == sorted(errors, reverse=True) for errors in told["error"].values())
    assert estimate([10, 10, 5], 0.01, person_rows=5)[0]["1-way"] > estimate([10, 10, 5], 0.01)[0]["1-way"]


@pytest.mark.parametrize("epsilon", [0.3, 3.0])
def test_the_estimate_is_near_the_error_that_comes(people: pl.DataFrame, epsilon: float) -> None:
    frame = people.select("age", "town", "member", "grade", "visits")
    model = Private(bins=8).fit(frame, seed=1, budget=budget(epsilon))
    domain, _ = model._learned()
    a, b = domain.encode(frame), domain.encode(model.sample(ROWS, seed=1))
    told = estimate(domain.sizes, 0.9 * budget(epsilon).rho, rows=[ROWS])[0]
    for ways in (1, 2):
        sets = [list(s) for s in combinations(range(len(domain.sizes)), ways)]
        error = sum(_distance(a[:, s], b[:, s]) for s in sets) / len(sets)
        assert error / 4 < told[f"{ways}-way"] < 4 * error


def test_the_ledger_sums_to_the_claim(fitted: Private) -> None:
    ledger = fitted.lineage_.facts["ledger"]
    assert abs(ledger["spent"]["epsilon"] - 20.0) < 1e-4 and ledger["spent"]["delta"] <= 1e-6 * (1 + 1e-6)
    assert ledger["closed"] and not ledger["private"] and ledger["gaussian_only"]
    assert {e["mechanism"] for e in ledger["entries"]} == {"discrete Gaussian"}
    assert ledger["public"][0] == "names and order of the columns"


def test_persons_are_bounded_and_their_column_is_fresh(people: pl.DataFrame) -> None:
    frame = people.select("age", "grade").with_columns(who=pl.Series([f"p{i // 8}" for i in range(ROWS)]))
    spend = budget(person="who", rows=2)
    model = Private(preset="independent").fit(frame, seed=1, budget=spend)
    # Of eight rows a person two are used.
    assert abs(model.default_rows(0) - ROWS / 4) < 60
    assert all(e.sensitivity >= 2 for e in spend.entries)
    made = model.sample(100, seed=1)
    assert made.columns == frame.columns and made["who"].n_unique() == 100


# Wrong input ----------------------------------------------------------------------------------------------------------


def test_without_a_budget_it_says_how_to_give_one(people: pl.DataFrame) -> None:
    with pytest.raises(ConfigError, match=r"budget=Budget\(1, 1e-9\).*--epsilon 1 --delta 1e-9"):
        Private().fit(people, seed=1)


def test_wrong_data_are_refused_before_anything_is_spent(people: pl.DataFrame) -> None:
    gone = people.head(20).with_columns(who=pl.Series([f"p{i}" for i in range(19)] + [None]))
    cases: list[tuple[type[Exception], str, Private, pl.DataFrame, Schema | None, dict[str, Any]]] = [
        (ConfigError, "no column 'whom'", Private(), gone, None, {"person": "whom"}),
        (DataError, r"1 rows name no person \(row 20\)", Private(), gone, None, {"person": "who"}),
        (SchemaError, "undeclared domain", Private(domain=0.0), people, None, {}),
        (SchemaError, "come from the data", Private(), people, simulacra.look(people), {}),
        (SchemaError, "row 1: the value", Private(), people, _only_x(), {}),
        (ConfigError, "target 'nope' is no column", Private(target="nope"), people, None, {}),
        (DataError, "no rows", Private(), people.clear(), None, {}),
    ]
    for error, message, method, frame, schema, how in cases:
        spend = budget(**how)
        with pytest.raises(error, match=message):
            method.fit(frame, schema=schema, seed=1, budget=spend)
        assert not spend.entries
    used = budget()
    Private(preset="independent").fit(people.select("grade"), seed=1, budget=used)
    with pytest.raises(BudgetError, match="closed"):
        Private(preset="independent").fit(people.select("grade"), seed=1, budget=used)


def _only_x() -> Schema:
    return toys.people_schema().replace("town", levels=("X",), weights=())


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"x": [None, None, None]}),
        pl.DataFrame({"x": ["a"] * 30}),
        pl.DataFrame({"x": [1.5], "y": [True]}),
        toys.people(60),
        toys.mixed(60),
    ],
)
@pytest.mark.parametrize("preset", ["adaptive", "tree", "independent"])
def test_a_hundredth_of_epsilon_and_odd_tables_give_rows(frame: pl.DataFrame, preset: str) -> None:
    model = Private(preset=preset, bins=6).fit(frame, seed=1, budget=budget(0.01))
    made = model.sample(20, seed=1)
    assert made.columns == frame.columns and made.height == 20


def test_true_noise_of_the_system_gives_a_private_model(people: pl.DataFrame) -> None:
    pytest.importorskip("opendp")
    frame = people.select("town", "member", "grade").head(500)
    first, second = (Private(bins=6).fit(frame, seed=1, budget=Budget(5.0, 1e-6)) for _ in range(2))
    assert first.lineage_.epsilon == 5.0 and first.lineage_.facts["ledger"]["private"]
    assert not first.sample(200, seed=1).equals(second.sample(200, seed=1))
