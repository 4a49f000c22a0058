"""Our own `tables/gan` without the likelihood: the critic alone teaches it."""

import polars as pl
from protocol import drive

from simulacra.tables import Gan


def fit(data: pl.DataFrame, target: str, seed: int) -> Gan:
    return Gan(device="cpu", likelihood=0.0, steps=3000).fit(data, seed=seed)


def sample(model: Gan, rows: int, seed: int) -> pl.DataFrame:
    return model.sample(rows, seed=seed)


def write(made: pl.DataFrame, path: str) -> None:
    made.write_parquet(path)


if __name__ == "__main__":
    drive(pl.read_parquet, fit, sample, write)
