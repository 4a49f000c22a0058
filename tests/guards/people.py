"""A small population of known truth, and faults planted into samples of it."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from simulacra.core.case import Case
from simulacra.core.data import as_dataset
from simulacra.core.report import Finding
from simulacra.core.schema import Column, Schema

SCHEMA = Schema.of(
    Column("age", "number", step=1),
    Column("hours", "number", step=1),
    Column("pay", "number"),
    Column("bonus", "number"),
    Column("job", "category"),
    Column("sex", "category"),
    Column("since", "time", format="%d.%m.%Y"),
    Column("churn", "category"),
)


@cache
def people(n: int, seed: int) -> pl.DataFrame:
    """Draw n people: pay, job and churn follow age, bonus is mostly 0, pay and bonus are missing together."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    job = np.array(["clerk", "driver", "nurse", "owner"])[np.clip((age - 18) // 16 + rng.integers(-1, 2, n), 0, 3)]
    hours = np.rint(np.clip(rng.normal(40, 9, n), 1, 90)).astype(int)
    pay = age * 40 + rng.normal(0, 800, n) + 2000
    bonus = np.where(rng.random(n) < 0.7, 0.0, rng.lognormal(5, 1, n))
    churn = rng.random(n) < 1 / (1 + np.exp((age - 48) / 6 + (job == "owner") * 1.5))
    absent = rng.random(n) < 0.12
    frame = pl.DataFrame(
        {
            "age": age,
            "hours": hours,
            "pay": pay,
            "bonus": bonus,
            "job": job,
            "sex": rng.choice(["f", "m"], n),
            "since": pl.Series(rng.integers(10_000, 19_000, n)).cast(pl.Int32).cast(pl.Date).dt.strftime("%d.%m.%Y"),
            "churn": np.where(churn, "yes", "no"),
        }
    )
    gone = pl.Series(absent)
    return frame.with_columns(pl.when(~gone).then(pl.col(c)).alias(c) for c in ("pay", "bonus"))


def case(
    made: pl.DataFrame,
    real: pl.DataFrame,
    holdout: pl.DataFrame | None,
    *,
    target: str | None = None,
    schema: Schema | None = SCHEMA,
    seed: int = 0,
) -> Case:
    """Return the case of some frames."""
    return Case(
        as_dataset(made),
        as_dataset(real),
        None if holdout is None else as_dataset(holdout),
        target=target,
        schema=schema,
        seed=seed,
    )


def findings(items: list[object]) -> dict[str, Finding]:
    """Return findings by name."""
    return {item.name: item for item in items if isinstance(item, Finding)}


def alarms(items: list[object]) -> list[str]:
    """Return what is not in order, with its sentence."""
    return [f"{f.name}: {f.verdict}: {f.sentence}" for f in findings(items).values() if f.verdict in ("warn", "fail")]


def broken(items: list[object]) -> list[str]:
    """Return findings that stand for an unexpected error."""
    return [f"{f.guard} {f.sentence}" for f in findings(items).values() if "could not be computed" in f.sentence]
