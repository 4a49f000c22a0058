"""Card payments of which about one in seventy is fraud, with the true chance of each known.

    python examples/fraud/transactions.py build/fraud     writes train.csv (6,000 rows) and test.csv (6,000 rows)

Nothing is downloaded and no person stands behind a row: every cell is drawn from the rules below.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

SHOPS = ("grocery", "fuel", "travel", "electronics", "jewels", "restaurant")
LANDS = ("DE", "FR", "PL", "US", "BR", "CN")


def payments(rows: int, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Return payments and the true chance of fraud of each, (rows,).

    The odds of fraud rise with the amount, at night, for young accounts, after declined attempts, for electronics and
    jewels, and for a card used abroad soon after the account was opened; city and day say nothing.
    """
    rng = np.random.default_rng(seed)
    amount = np.round(np.exp(rng.normal(3.4, 1.0, rows)), 2)
    hour = rng.integers(0, 24, rows)
    days = np.round(rng.gamma(1.5, 400, rows)).astype(int)
    declined = rng.poisson(0.2, rows)
    shop, land = rng.choice(SHOPS, rows, p=[0.4, 0.2, 0.1, 0.1, 0.02, 0.18]), rng.choice(LANDS, rows)
    abroad = land != "DE"
    night = (hour < 6) | (hour > 22)
    odds = -8.2 + 0.8 * np.log(amount) + 1.0 * night - 0.0012 * days + 0.9 * declined
    odds += 0.9 * np.isin(shop, ("electronics", "jewels")) + 1.6 * (abroad & (days < 200))
    chance = 1 / (1 + np.exp(-odds))
    frame = pl.DataFrame(
        {
            "amount": amount,
            "hour": hour,
            "account_days": days,
            "declined_before": pl.Series(declined).set(pl.Series(rng.random(rows) < 0.05), None),
            "shop": shop,
            "country": land,
            "city_size": np.round(np.exp(rng.normal(11, 1, rows))),
            "weekday": rng.integers(1, 8, rows),
            "fraud": np.where(rng.random(rows) < chance, "yes", "no"),
        }
    )
    return frame, chance


def main(folder: str) -> int:
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    for name, seed in (("train", 1), ("test", 2)):
        frame, _ = payments(6000, seed)
        frame.write_csv(out / f"{name}.csv")
        print(f"{out / name}.csv: {frame.height:,} payments, {int((frame['fraud'] == 'yes').sum())} of them fraud")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*(sys.argv[1:] or ["build/fraud"])))
