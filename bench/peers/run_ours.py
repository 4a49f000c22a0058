"""The model of tables/private on a table of codes, with exact noise of the system; only the drawing has the seed."""

import numpy as np
from private_protocol import Asked, drive

from simulacra.core.budget import Budget
from simulacra.parts import marginals


def make(table: dict[str, list[int]], asked: Asked) -> dict[str, list[int]]:
    budget = Budget(asked.epsilon, asked.delta)
    codes = np.stack([np.asarray(values) for values in table.values()], axis=1)
    model = marginals.fit(codes, list(asked.sizes.values()), budget, preset=asked.method)
    budget.close()
    made = model.sample(asked.rows, np.random.default_rng(asked.seed))
    return {name: made[:, i].tolist() for i, name in enumerate(table)}


if __name__ == "__main__":
    drive(make)
