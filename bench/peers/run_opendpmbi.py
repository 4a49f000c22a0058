"""OpenDP's AIM and MST on a table of codes, at their defaults; noise of the system, without a seed."""

import math
from fractions import Fraction

import opendp.prelude as dp
import polars as pl
from private_protocol import Asked, drive

dp.enable_features("contrib")


def admitted(rho: float, columns: int) -> float:
    """Return the largest rho, a few parts in a thousand below, at which its MST does not stop.

    It splits what selects into equal parts whose sum, rounded up part by part, often exceeds the whole by one rounding:
    "insufficient budget for query".
    """
    for step in range(10_000):
        found = (int(rho * 1e6) - step) / 1e6
        half = before(before(found - found * 0.5))
        whole = before(before(half - half * 0.9))
        spent, part = 0.0, before(whole / (columns - 1))
        for _ in range(columns - 1):
            exact = Fraction(spent) + Fraction(part)
            spent = float(exact) if Fraction(float(exact)) >= exact else math.nextafter(float(exact), math.inf)
        if spent <= whole:
            return found
    raise ValueError(f"no rho below {rho} is admitted")


def before(x: float) -> float:
    return math.nextafter(x, -math.inf)


def make(table: dict[str, list[int]], asked: Asked) -> dict[str, list[int]]:
    rho = admitted(asked.rho, len(table)) if asked.method == "mst" else asked.rho
    context = dp.Context.compositor(
        data=pl.LazyFrame(table),
        privacy_unit=dp.unit_of(contributions=1),
        privacy_loss=dp.loss_of(rho=rho),
    )
    keys = {name: list(range(size)) for name, size in asked.sizes.items()}
    algorithm = {"aim": dp.mbi.AIM, "mst": dp.mbi.MST}[asked.method]()
    found = context.query(rho=rho).select(*table).contingency_table(keys=keys, algorithm=algorithm).release()
    made = found.synthesize(asked.rows)
    # Every column has a key for "missing", which no row of the table is.
    return {name: made[name].fill_null(0).cast(pl.Int64).to_list() for name in table}


if __name__ == "__main__":
    drive(make)
