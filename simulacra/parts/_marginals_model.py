"""A fitted private model: a distribution over coded columns on a junction tree; drawing from it and asking it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import DataError
from simulacra.parts import estimate, junction
from simulacra.parts._marginals_draw import draw
from simulacra.parts._marginals_levels import Levels
from simulacra.parts.estimate import Measured
from simulacra.parts.junction import Clique, Tree

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Model:
    """A distribution over coded columns, made of noisy counts alone.

    sizes: levels of each column. levels: which of them are one in the model. tree: over columns of groups. total:
    estimated rows. groups, exponents: of each measured marginal in the model. measured: the noisy counts, over groups.
    """

    sizes: tuple[int, ...]
    levels: tuple[Levels, ...]
    tree: Tree
    total: float
    groups: tuple[Clique, ...]
    exponents: tuple[Floats, ...]
    measured: tuple[Measured, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def beliefs(self) -> list[Floats]:
        """Return the marginal probabilities of each clique."""
        factors, _ = estimate.factors(estimate.plans(self.tree, self.groups), self.groups, self.exponents)
        return junction.beliefs(self.tree, factors)[0]

    def sample(self, n: int, rng: np.random.Generator, fixed: Mapping[int, Sequence[int]] | None = None) -> Ints:
        """Return (n, columns) codes. fixed: allowed codes of some columns; rows then follow the model given these.

        Raises DataError when the model gives such rows no chance.
        """
        chances = [lv.share for lv in self.levels]
        beliefs = self.beliefs
        if fixed:
            for column, kept in fixed.items():
                allowed = np.isin(np.arange(self.sizes[column]), np.asarray(list(kept), dtype=np.int64))
                chances[column] = chances[column] * allowed
            beliefs = self._given([((c,), self.levels[c].fold(chances[c])) for c in fixed])
            if not all(b.sum() > 0 for b in beliefs):
                raise DataError(f"the model gives no chance to rows with columns {sorted(fixed)} fixed as asked")
        codes = draw(self.tree, beliefs, n, rng)
        for column, lv in enumerate(self.levels):
            if lv.groups < self.sizes[column]:
                codes[:, column] = lv.draw(codes[:, column], chances[column], rng)
        return codes

    def marginal(self, columns: Sequence[int]) -> Floats:
        """Return the probabilities of every cell of `columns`, shape (levels of the first, ...), sum 1."""
        order = tuple(sorted(set(columns)))
        table = junction.marginal(self.tree, self.beliefs, order)
        for axis, column in enumerate(order):
            table = self.levels[column].widen(table, axis)
        return np.transpose(table, [order.index(c) for c in columns])

    def _given(self, evidence: list[tuple[Clique, Floats]]) -> list[Floats]:
        """Return the marginals of the cliques given evidence, from chances given the parent, which never underflow."""
        factors: list[list[tuple[Clique, Floats]]] = []
        for clique, shared, belief in zip(self.tree.cliques, self.tree.shared, self.beliefs, strict=True):
            above = junction.spread(junction.fold(belief, clique, shared), shared, clique)
            chance = np.divide(belief, above, out=np.zeros_like(belief), where=np.broadcast_to(above > 0, belief.shape))
            factors.append([(clique, chance)])
        for columns, table in evidence:
            factors[self.tree.home(columns)].append((columns, table))
        return junction.beliefs(self.tree, factors)[0]

    # On disk --------------------------------------------------------------------------------------------------------

    def to_state(self) -> dict[str, Any]:
        """Return plain values and arrays; from_state makes the same model of them."""
        return {
            "sizes": list(self.sizes),
            "to": [lv.to for lv in self.levels],
            "share": [lv.share for lv in self.levels],
            "total": self.total,
            "model": [list(g) for g in self.groups],
            "exponents": _joined(self.exponents),
            "measured": [list(m.columns) for m in self.measured],
            "counts": _joined([m.counts for m in self.measured]),
            "sigma": np.array([m.sigma for m in self.measured]),
            "facts": dict(self.facts),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Model:
        """Return the model that `to_state` wrote."""
        places = zip(state["to"], state["share"], strict=True)
        levels = tuple(Levels(np.asarray(to), np.asarray(share), int(np.max(to)) + 1) for to, share in places)
        cells = [lv.groups for lv in levels]
        groups = tuple(tuple(int(c) for c in g) for g in state["model"])
        names = [tuple(int(c) for c in g) for g in state["measured"]]
        tables = zip(groups, _parted(state["exponents"], groups, cells), strict=True)
        counts = _parted(state["counts"], names, cells)
        return cls(
            sizes=tuple(int(s) for s in state["sizes"]),
            levels=levels,
            tree=junction.build(groups, cells),
            total=float(state["total"]),
            groups=groups,
            exponents=tuple(table.reshape([cells[c] for c in g]) for g, table in tables),
            measured=tuple(Measured(*m) for m in zip(names, counts, np.asarray(state["sigma"]).tolist(), strict=True)),
            facts=dict(state["facts"]),
        )


def _joined(tables: Sequence[Floats]) -> Floats:
    return np.concatenate([t.ravel() for t in tables])


def _parted(flat: Any, groups: Sequence[Clique], sizes: Sequence[int]) -> list[Floats]:
    """Return the tables that were joined, each flat."""
    ends = np.cumsum([junction.cells(g, sizes) for g in groups])[:-1]
    return np.split(np.asarray(flat, dtype=np.float64), ends)
