"""Our own `tables/forest` with the target declared, driven exactly as the peers are."""

import polars as pl
from protocol import drive

from simulacra.tables import Forest


def fit(data: pl.DataFrame, target: str, seed: int) -> Forest:
    return Forest(target=target).fit(data, seed=seed)


def sample(model: Forest, rows: int, seed: int) -> pl.DataFrame:
    return model.sample(rows, seed=seed)


def write(made: pl.DataFrame, path: str) -> None:
    made.write_parquet(path)


if __name__ == "__main__":
    drive(pl.read_parquet, fit, sample, write)
