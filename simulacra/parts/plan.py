"""The variables of a chain: what a table's columns become, in which order they are drawn, and from which others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts.encoding import coarse, encode
from simulacra.parts.fields import ODD, Field, split
from simulacra.parts.surrogates import fit_surrogate

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.schema import Column
    from simulacra.parts.encoding import Codec
    from simulacra.parts.trees import Codes, Floats, Ints

TOP, SIGNS = 3, 5
"""Of more than eight levels a tree tells the three most frequent apart, and the rest by five random signs."""


@dataclass
class Variable:
    """One variable: the state of a column (or of several that are missing together), or the value of one.

    name: of its (first) column; ranks: (rows,) -1 where the column is not there; count: training rows of each rank;
    codes: (rows,) what trees cut on; ordered: whether ranks have an order; state: whether it is a state.
    """

    name: str
    ranks: npt.NDArray[np.int32]
    count: Ints
    codes: npt.NDArray[np.uint8]
    ordered: bool
    state: bool
    coarse: npt.NDArray[np.uint8]
    gate: int = -1

    def targets(self, ranks: Ints, rng: np.random.Generator) -> Floats:
        """Return what a tree of this variable tells apart, (outputs, rows): the rank of a number, else its levels.

        A sum of squares over levels (the Gini index) is kept on average when levels are summed with random signs, so
        that a few outputs stand for any number of levels (Achlioptas 2003).
        """
        if self.ordered:
            middle = (np.cumsum(self.count) - self.count / 2) / self.count.sum()
            return np.asarray(middle.take(ranks)[None])
        size = len(self.count)
        order = np.argsort(-self.count, kind="stable")
        if size <= TOP + SIGNS:
            return np.asarray(ranks[None] == order[: max(size - 1, 1), None], np.float64)
        table = np.zeros((TOP + SIGNS, size))
        table[np.arange(TOP), order[:TOP]] = 1.0
        table[TOP:, order[TOP:]] = rng.choice([-1.0, 1.0], (SIGNS, size - TOP)) / np.sqrt(SIGNS)
        return table[:, ranks]


def read(
    frame: pl.DataFrame, columns: tuple[Column, ...], target: str | None, *, bins: int, spike: int
) -> tuple[list[Field], list[Variable]]:
    """Return the fields of a table and their variables in the order of the chain.

    States come first, then values from few distinct ones to many, the target last. bins, spike: see parts.encoding.
    """
    fields, states, values = [], [], []
    seen: dict[bytes, Variable] = {}
    for column in columns:
        field, state, plain = split(frame[column.name], column, bins=bins, spike=spike)
        fields.append(field)
        if state.any():
            found = seen.setdefault(state.tobytes(), _state(column.name, state))
            states.append((field, found))
        if field["codec"]:
            values.append((field, _value(field, field["codec"], plain)))
        elif not column.copied:
            field["surrogate"] = fit_surrogate(plain.drop_nulls(), column)
    values.sort(key=lambda pair: (pair[1].name == target, len(pair[1].count)))
    chain = [*seen.values(), *(variable for _, variable in values)]
    place = {id(variable): i for i, variable in enumerate(chain)}
    for field, variable in states:
        field["state"] = place[id(variable)]
    for field, variable in values:
        field["value"] = place[id(variable)]
        variable.gate = field["state"]
    return fields, chain


def parents(chain: list[Variable], codes: Codes, most: int, rng: np.random.Generator) -> list[Ints]:
    """Return the places of every variable's parents: the `most` most related ones of those before it."""
    if len(chain) <= most + 1:
        return [np.arange(i) for i in range(len(chain))]
    related = relatedness(codes, [variable.ordered for variable in chain], rng)
    return [np.sort(np.argsort(-related[i, :i], kind="stable")[:most]) for i in range(len(chain))]


def relatedness(codes: Codes, ordered: list[bool], rng: np.random.Generator, rows: int = 4000) -> Floats:
    """Return how strongly each pair of variables is related, (variables, variables): a rough chi-square over n.

    Numbers are cut in up to eight parts, categories give their most frequent levels; wide tables get fewer of either.
    """
    from threadpoolctl import threadpool_limits

    some = rng.permutation(codes.shape[1])[:rows]
    parts = int(np.clip(3000 // max(len(codes), 1), 2, 8))
    marks, owner = [], []
    for i, code in enumerate(codes[:, some]):
        x = code.astype(np.int64)
        if ordered[i]:
            x = (np.searchsorted(np.sort(x), x, "left") * parts) // len(x)
        count = np.bincount(x)
        for level in np.argsort(-count, kind="stable")[:parts]:
            if 5 <= count[level] < len(x):
                mark = (x == level) - count[level] / len(x)
                marks.append((mark / np.linalg.norm(mark)).astype(np.float32))
                owner.append(i)
    out = np.zeros((len(codes), len(codes)))
    if marks:
        stacked = np.stack(marks)
        with threadpool_limits(1):  # the sums of a product depend on how threads share it
            square = (stacked @ stacked.T).astype(np.float64) ** 2
        begin = np.flatnonzero(np.diff(owner, prepend=-1))
        sums = np.add.reduceat(np.add.reduceat(square, begin, axis=0), begin, axis=1)
        present = np.array(owner)[begin]
        out[np.ix_(present, present)] = sums
    return np.round(out, 6)


def _state(name: str, state: Ints) -> Variable:
    count = np.bincount(state)
    codes = np.minimum(np.arange(len(count)), 255).astype(np.uint8)
    return Variable(name, state.astype(np.int32), count, codes.take(state), False, True, codes)


def _value(field: Field, codec: Codec, plain: pl.Series) -> Variable:
    ranks = encode(plain, codec)
    codes = coarse(ranks, codec)
    return Variable(
        field["name"], ranks.astype(np.int32), codec["count"], codes, bool(codec["ordered"]), False, codec["coarse"]
    )


def protected(variable: Variable) -> Ints:
    """Return the counts by which levels are rare; that a cell is there or missing is never a rare level."""
    count = variable.count.copy()
    if variable.state:
        count[:ODD] = np.iinfo(np.int64).max
    return count
