"""Two banks with accounts of different people, a few of which were taken over by fraudsters.

    python examples/fraud_across/holders.py build/across

writes north/ and south/ with train.csv and test.csv each, and codebook.csv, on which both agree beforehand. One row is
one account of one person. Nothing is downloaded and nobody stands behind a row: every cell is drawn from rules below.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

CHANNELS = ("branch", "phone", "web", "app")
REGIONS = ("coast", "city", "hills", "border")
ROWS = {"north": (40_000, 20_000), "south": (3_000, 20_000)}
"""Rows of train.csv and test.csv."""
MOVED = 0.4
"""Share of the accounts of test.csv, a year later, that people of the other bank's kind hold."""
CODEBOOK = """column,value,kind,low,high,step,dtype
age,,number,18,95,1,Int64
years,,number,0,40,1,Int64
spend,,number,0,5000,100,Int64
abroad,,number,0,20,1,Int64
declined,,number,0,6,1,Int64
night,,number,0,100,10,Int64
channel,branch,category,,,,String
channel,phone,,,,,
channel,web,,,,,
channel,app,,,,,
region,coast,category,,,,String
region,city,,,,,
region,hills,,,,,
region,border,,,,,
new_device,no,category,,,,String
new_device,yes,,,,,
fraud,no,category,,,,String
fraud,yes,,,,,
"""
"""Ranges and levels that are agreed on without a look at the rows."""


def accounts(holder: str, rows: int, seed: int, moved: float = 0.0) -> tuple[pl.DataFrame, np.ndarray]:
    """Return accounts of a bank and the true chance of fraud of each, (rows,).

    moved: share of accounts, 0..1, of people as the other bank has them: customers move, and fraud moves with them.
    north: an old bank of branches; older people, long accounts. south: a young one on telephones; more travel, more new
    devices. The rule of fraud is the same in both: odds rise with declined attempts, with payments at night and abroad,
    for short accounts on a new device, and for older people on the phone. age, spend and region move it little.
    """
    rng = np.random.default_rng([seed, *holder.encode()])
    old = (rng.random(rows) < moved) != (holder == "north")
    age = np.clip(rng.normal(np.where(old, 58, 34), 15), 18, 95).astype(int)
    years = np.clip(rng.gamma(2.0, np.where(old, 6.0, 1.5)), 0, 40).astype(int)
    spend = np.clip(np.round(np.exp(rng.normal(6.6, 0.7, rows)), -2), 0, 5000).astype(int)
    abroad = np.clip(rng.poisson(rng.gamma(0.5, np.where(old, 1.5, 4.0))), 0, 20)
    declined = np.clip(rng.poisson(rng.gamma(0.6, 0.8, rows)), 0, 6)
    night = np.round(rng.beta(1.2, np.where(old, 14, 7)) * 100, -1).astype(int)
    channel = _chosen(rng, CHANNELS, old, (0.4, 0.25, 0.25, 0.1), (0.02, 0.08, 0.3, 0.6))
    region = _chosen(rng, REGIONS, old, (0.3, 0.3, 0.3, 0.1), (0.1, 0.6, 0.1, 0.2))
    device = rng.random(rows) < np.where(channel == "app", 0.25, 0.08)
    odds = -6.0 + 0.9 * np.minimum(declined, 4) + 0.06 * night + 0.15 * abroad + 0.4 * (region == "border")
    odds += 2.6 * (device & (years < 3)) + 2.2 * ((age > 70) & (channel == "phone")) + 0.0002 * spend
    chance = 1 / (1 + np.exp(-odds))
    frame = pl.DataFrame(
        {
            "age": age,
            "years": years,
            "spend": spend,
            "abroad": abroad,
            "declined": declined,
            "night": night,
            "channel": channel,
            "region": region,
            "new_device": np.where(device, "yes", "no"),
            "fraud": np.where(rng.random(rows) < chance, "yes", "no"),
        }
    )
    return frame, chance


def _chosen(
    rng: np.random.Generator,
    values: tuple[str, ...],
    old: np.ndarray,
    first: tuple[float, ...],
    second: tuple[float, ...],
) -> np.ndarray:
    """Return a value for each row, with the first chances where it is `old`."""
    return np.where(old, rng.choice(values, len(old), p=first), rng.choice(values, len(old), p=second))


def write(folder: Path, sizes: dict[str, tuple[int, int]] = ROWS, seed: int = 0) -> None:
    """Write the tables of both banks and the codebook. sizes: holder -> rows of train.csv and test.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "codebook.csv").write_text(CODEBOOK, "utf-8")
    for holder, parts in sizes.items():
        (folder / holder).mkdir(exist_ok=True)
        for part, (name, rows) in enumerate(zip(("train", "test"), parts, strict=True)):
            frame, _ = accounts(holder, rows, 2 * seed + part, MOVED if name == "test" else 0.0)
            frame.write_csv(folder / holder / f"{name}.csv")
            frauds = int((frame["fraud"] == "yes").sum())
            print(f"{folder / holder / name}.csv: {frame.height:,} accounts, {frauds} of them defrauded")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "build/across"))
