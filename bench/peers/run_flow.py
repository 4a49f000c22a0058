"""Our own `tables/flow`, driven exactly as the peers are."""

import polars as pl
from protocol import drive

from simulacra.tables import Flow


def fit(data: pl.DataFrame, target: str, seed: int) -> Flow:
    return Flow(device="cpu").fit(data, seed=seed)


def sample(model: Flow, rows: int, seed: int) -> pl.DataFrame:
    return model.sample(rows, seed=seed)


def write(made: pl.DataFrame, path: str) -> None:
    made.write_parquet(path)


if __name__ == "__main__":
    drive(pl.read_parquet, fit, sample, write)
