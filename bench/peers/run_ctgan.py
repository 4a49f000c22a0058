"""SDV CTGAN at its defaults, but for the epochs that EPOCHS names. Its fit takes no seed: torch and numpy get one."""

import os
from typing import Any

import numpy as np
import pandas as pd
import torch
from protocol import drive
from sdv.metadata import Metadata
from sdv.single_table import CTGANSynthesizer


def fit(data: pd.DataFrame, target: str, seed: int) -> CTGANSynthesizer:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002  the peer draws from the global generator
    tables = {"data": data}
    metadata = Metadata.detect_from_dataframes(tables, infer_keys=None)
    model = CTGANSynthesizer(metadata, epochs=int(os.environ.get("EPOCHS", "300")), enable_gpu=False)
    model.fit(tables)
    return model


def sample(model: CTGANSynthesizer, rows: int, seed: int) -> pd.DataFrame:
    return model.sample(rows)["data"]


def write(made: Any, path: str) -> None:
    made.to_parquet(path)


if __name__ == "__main__":
    drive(pd.read_parquet, fit, sample, write)
