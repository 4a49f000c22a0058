"""TabularARGN of mostlyai-engine at its defaults."""

from typing import Any

import pandas as pd
from mostlyai.engine import TabularARGN
from protocol import drive


def fit(data: pd.DataFrame, target: str, seed: int) -> TabularARGN:
    return TabularARGN(random_state=seed, verbose=0).fit(data)


def sample(model: TabularARGN, rows: int, seed: int) -> pd.DataFrame:
    return model.sample(n_samples=rows)


def write(made: Any, path: str) -> None:
    made.to_parquet(path)


if __name__ == "__main__":
    drive(pd.read_parquet, fit, sample, write)
