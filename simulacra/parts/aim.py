"""Conditions of `where` as what the tokens of a row may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import DataError
from simulacra.core.where import Where, as_read, mask, said
from simulacra.parts.fields import MISSING, THERE, Field, join

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.schema import Column
    from simulacra.parts.encoding import Ints
    from simulacra.parts.tokens import Token

    Flags = npt.NDArray[np.bool_]


@dataclass
class Aim:
    """What tokens may be.

    points: tokens that may be one value only, whatever the others are; some: other tokens that may not be everything;
    both in the order of the view. flags: by token (size,), of a fine token (coarse size + 1, size).
    """

    view: list[Token]
    flags: dict[int, Flags] = field(default_factory=dict)

    @property
    def points(self) -> list[int]:
        """Tokens that are given."""
        out: list[int] = []
        for j in sorted(self.flags):
            token, flags = self.view[j], self.flags[j]
            known = token["gate"] < 0 or (token["gate"] in out and self.value(token["gate"]) == THERE)
            if token["above"] >= 0:
                known = known and token["above"] in out
                flags = flags[self.value(token["above"])] if known else flags
            if known and flags.sum() == 1:
                out.append(j)
        return out

    @property
    def some(self) -> list[int]:
        """Tokens that may be some of their values."""
        points = self.points
        return [j for j in sorted(self.flags) if j not in points]

    def value(self, j: int) -> int:
        """Return the value of a token that is given."""
        above = self.view[j]["above"]
        return int(np.argmax(self.flags[j] if above < 0 else self.flags[j][self.value(above)]))

    def mask(self, j: int, rows: Ints) -> Flags:
        """Return which values token j may be, (size,) or (rows, size); rows: (rows, tokens), its coarse token drawn."""
        above = self.view[j]["above"]
        return self.flags[j] if above < 0 else self.flags[j][rows[:, above]]


def aim(view: list[Token], fields: list[Field], columns: Iterable[Column], plain: Where) -> Aim:
    """Return what the tokens may be for rows that fulfil conditions; a number may still miss within its part.

    plain: conditions without shares. Raises DataError where no level that can be drawn fulfils one.
    """
    out, columns = Aim(view), tuple(columns)
    for one in fields:
        if one["name"] in plain:
            _one(out, one, columns, {one["name"]: plain[one["name"]]})
    return out


def _one(out: Aim, one: Field, columns: tuple[Column, ...], wanted: Where) -> None:
    """Add what one condition says of the tokens of its column."""
    codec, view = one["codec"], out.view
    values = np.zeros(0, bool)
    if codec is not None:
        values = _hits(one, np.zeros(len(codec["count"]), np.int64), codec["values"]["value"], columns, wanted)
    # Between the values that were seen lie others that may be drawn; whether they fulfil it is seen afterwards.
    between = codec is not None and bool(codec["ordered"]) and wanted[one["name"]] is not None and not values.any()
    states = np.zeros(1, bool)
    if one["state"] >= 0:
        j = _place(view, one["state"])
        codes, size = view[j]["codes"], view[j]["size"]
        states = np.zeros(size, bool)
        states[codes[MISSING:]] = _hits(one, np.arange(MISSING, len(codes)), None, columns, wanted)
        states[[view[j]["rare"]] if view[j]["rare"] >= 0 else []] = False
        states[codes[(view[j]["count"] == 0)]] = False
    states[THERE] = values.any() or between
    if one["state"] >= 0:
        states &= out.flags.get(j, np.ones(len(states), bool))
        out.flags[j] = states
    if not states.any():
        raise DataError(
            f"where: no cell that can be drawn fulfils {said(wanted)}; levels of fewer than 5 training rows, and "
            "missing cells in a column that had none, are never drawn"
        )
    if states[THERE] and not between and codec is not None and not values.all():
        _restrict(out, _place(view, one["value"]), values, codec["spike"], wanted)


def _place(view: list[Token], variable: int) -> int:
    return next(j for j, token in enumerate(view) if token["variable"] == variable)


def _hits(one: Field, state: Ints, values: Any, columns: tuple[Column, ...], wanted: Where) -> Flags:
    cells = join(one, state, values).to_frame()
    return np.asarray(mask(*as_read(cells, wanted, columns)).to_numpy(), bool)


def _restrict(out: Aim, j: int, values: Flags, spike: int, wanted: Where) -> None:
    """Say what the tokens of a value may be; a number that is drawn afresh may come from the rank beside."""
    token, inner = out.view[j], out.view[j + 1] if j + 1 < len(out.view) and out.view[j + 1]["above"] == j else None
    ranks = values.copy()
    if token["ordered"]:
        beside = np.zeros(len(ranks), bool)
        beside[1:] |= values[:-1]
        beside[:-1] |= values[1:]
        ranks |= beside & (token["count"] < spike)
    flags = np.zeros(token["size"], bool)
    flags[token["codes"][ranks]] = True
    if token["rare"] >= 0:
        flags[token["rare"]] = False
    if not flags.any():
        raise DataError(f"where: fewer than 5 training rows fulfil {said(wanted)}, and such levels are never drawn")
    out.flags[j] = flags
    if inner is not None:
        cells = np.zeros((token["size"] + 1, inner["size"]), bool)
        cells[token["codes"][ranks], inner["codes"][ranks]] = True
        cells[token["size"]] = True
        out.flags[j + 1] = cells
