"""SDV's Gaussian copula at its defaults. Its fit takes no seed, so `seed` does not reach it."""

from typing import Any

import pandas as pd
from protocol import drive
from sdv.metadata import Metadata
from sdv.single_table import GaussianCopulaSynthesizer


def fit(data: pd.DataFrame, target: str, seed: int) -> GaussianCopulaSynthesizer:
    tables = {"data": data}
    model = GaussianCopulaSynthesizer(Metadata.detect_from_dataframes(tables, infer_keys=None))
    model.fit(tables)
    return model


def sample(model: GaussianCopulaSynthesizer, rows: int, seed: int) -> pd.DataFrame:
    return model.sample(rows)["data"]


def write(made: Any, path: str) -> None:
    made.to_parquet(path)


if __name__ == "__main__":
    drive(pd.read_parquet, fit, sample, write)
