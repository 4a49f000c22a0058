"""dpmm's AIM (200 iterations) and MST (2,000 iterations) on a table of codes; each in one process."""

import numpy as np
import pandas as pd
from dpmm.models.aim import AIMGM
from dpmm.models.mst import MSTGM
from private_protocol import Asked, drive

ITERATIONS = {"aim": 200, "mst": 2000}


def make(table: dict[str, list[int]], asked: Asked) -> dict[str, list[int]]:
    kind = {"aim": AIMGM, "mst": MSTGM}[asked.method]
    claim = {"epsilon": asked.epsilon, "delta": asked.delta}
    state = np.random.RandomState(asked.seed)
    model = kind(**claim, domain=asked.sizes, n_iters=ITERATIONS[asked.method], random_state=state, n_jobs=1)
    model.fit(pd.DataFrame(table))
    made = model.generate(n_records=asked.rows)
    return {name: made[name].astype(int).tolist() for name in table}


if __name__ == "__main__":
    drive(make)
