"""Our own `tables/vae` without links: the code of a row alone decides, driven exactly as the peers are."""

import polars as pl
from protocol import drive

from simulacra.tables import Vae


def fit(data: pl.DataFrame, target: str, seed: int) -> Vae:
    return Vae(device="cpu", linked=False).fit(data, seed=seed)


def sample(model: Vae, rows: int, seed: int) -> pl.DataFrame:
    return model.sample(rows, seed=seed)


def write(made: pl.DataFrame, path: str) -> None:
    made.write_parquet(path)


if __name__ == "__main__":
    drive(pl.read_parquet, fit, sample, write)
