"""OpenDP's AIM and MST on a table of codes, at their defaults; noise of the system, without a seed."""

import opendp.prelude as dp
import polars as pl
from private_protocol import Asked, drive

dp.enable_features("contrib")


def make(table: dict[str, list[int]], asked: Asked) -> dict[str, list[int]]:
    context = dp.Context.compositor(
        data=pl.LazyFrame(table),
        privacy_unit=dp.unit_of(contributions=1),
        privacy_loss=dp.loss_of(rho=asked.rho),
    )
    keys = {name: list(range(size)) for name, size in asked.sizes.items()}
    algorithm = {"aim": dp.mbi.AIM, "mst": dp.mbi.MST}[asked.method]()
    found = context.query(rho=asked.rho).select(*table).contingency_table(keys=keys, algorithm=algorithm).release()
    made = found.synthesize(asked.rows)
    # Every column has a key for "missing", which no row of the table is.
    return {name: made[name].fill_null(0).cast(pl.Int64).to_list() for name in table}


if __name__ == "__main__":
    drive(make)
