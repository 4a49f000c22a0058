"""Domain: what cells a table may hold under a privacy budget, and rows as small whole numbers of them and back.

Nothing about the rows is free: kinds, types, levels, ranges, grids and bins are declared by a schema, or a part of the
budget buys them: by a vote of all cells on what a column holds, noisy histograms of numbers and times, and partition
selection of levels. Names and order of the columns are public. Every column has a last code for missing cells, whether
or not any cell is missing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.errors import ConfigError, SchemaError
from simulacra.core.progress import task
from simulacra.core.schema import Column, Schema, Table
from simulacra.parts import _domain_buy as buying
from simulacra.parts import _domain_cells as cells
from simulacra.parts import _domain_codes as codecs
from simulacra.parts import _domain_declared as declared
from simulacra.parts import facts
from simulacra.parts._domain_declared import Want
from simulacra.parts._domain_where import Allowed, allowed
from simulacra.parts.surrogates import draw_surrogate, fit_surrogate

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset

    Ints = npt.NDArray[np.int64]

FOR_LEVELS = 0.1
"""Part of delta that partition selection may use."""


@dataclass(frozen=True)
class Domain:
    """What the cells of every column may be: public facts, codes, and surrogates.

    schema: of all columns in order, facts that were declared or bought. codecs: column -> how its cells are coded
    (parts._domain_codes); a column of persons has none. surrogates: column -> state of its surrogates.
    bought: column -> what the budget bought of it, in words.
    """

    schema: Schema
    codecs: Mapping[str, codecs.Codec]
    surrogates: Mapping[str, Any]
    bought: Mapping[str, str] = field(default_factory=dict)

    @property
    def guessed(self) -> list[str]:
        """Return the columns of which nothing that stands out of its noise could be bought."""
        return [name for name, words in self.bought.items() if words.startswith(buying.GUESS)]

    @property
    def names(self) -> list[str]:
        """Return the coded columns in order."""
        return list(self.codecs)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the number of codes of each coded column; the last one is missing."""
        return tuple(codecs.size(codec) for codec in self.codecs.values())

    def encode(self, frame: pl.DataFrame) -> Ints:
        """Return (rows, coded columns) codes; a cell without a code of its own is missing."""
        out = np.empty((frame.height, len(self.codecs)), np.int64)
        with task("encode", total=len(self.codecs)) as step:
            for i, (name, codec) in enumerate(self.codecs.items()):
                out[:, i] = codecs.encode(cells.texts(frame[name]), codec)
                step(1, name)
        return out

    def draw(self, codes: Ints, rng: np.random.Generator, inside: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Return cells for codes (rows, coded columns): all columns in order, placeholders in those of surrogates.

        inside: column -> codec to draw from in place of its own, for conditions. `finish` puts the surrogates in.
        """
        place = {name: i for i, name in enumerate(self.codecs)}
        out = []
        for column in self.schema.columns:
            if column.name in place:
                codec = (inside or {}).get(column.name, self.codecs[column.name])
                out.append(codecs.decode(codes[:, place[column.name]], codec, column, rng))
            else:
                out.append(codecs.decode(np.zeros(len(codes), np.int64), codecs.there(), column, rng))
        return pl.DataFrame(out)

    def allowed(self, column: str, wanted: Any) -> Allowed:
        """Return what one plain condition (core.where) leaves of the codes of a column. Raises ConfigError."""
        if wanted is not None and facts.laid_out(self.schema[column]):
            raise ConfigError(f"where: column {column!r} is unique, so it is filled after the draw; it is no condition")
        return allowed(self.codecs[column], self.schema[column], wanted)

    def finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        """Return the frame with surrogates in place; rng: shared by all blocks; start: number of the first row."""
        made = []
        for column in self.schema.columns:
            if facts.laid_out(column):
                fresh = facts.unique(column, frame.height, rng, start)
            elif column.name in self.surrogates:
                fresh = draw_surrogate(self.surrogates[column.name], frame.height, rng, start)
            else:
                continue
            made.append(fresh.set(frame[column.name].is_null(), None))
        return frame.with_columns(made)

    def decode(self, codes: Ints, rng: np.random.Generator, start: int = 0) -> pl.DataFrame:
        """Return whole rows for codes: cells, missing ones and surrogates in place."""
        return self.finish(self.draw(codes, rng), rng, start)

    def to_state(self) -> dict[str, Any]:
        """Return plain values and arrays, as a model saves them."""
        return {
            "schema": self.schema.to_dict(),
            "codecs": {name: dict(codec) for name, codec in self.codecs.items()},
            "surrogates": dict(self.surrogates),
            "bought": dict(self.bought),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Domain:
        """Read what `to_state` wrote."""
        return cls(Schema.from_dict(state["schema"]), state["codecs"], state["surrogates"], state["bought"])


def settle(
    data: Dataset,
    budget: Budget,
    *,
    share: float = 0.1,
    bins: int = 32,
    person: str | None = None,
    unknown: str = "surrogate",
) -> Domain:
    """Return the domain of a table: declared where data.given_schema says so, bought with the budget elsewhere.

    share: of the whole budget, 0..1, that buys the domains of all columns; a column that is declared leaves its part to
    what follows. bins: most bins of a number. person: the column of persons (the budget's when None), which gets fresh
    ids. unknown: "surrogate" fills columns of free text, identifiers and too many rare values with surrogates; "error"
    refuses them. What is taken as public is added to budget.public.
    Raises SchemaError for facts from the data that are not public, values outside the declared domain and undeclared
    columns where nothing may be bought, ConfigError for a share out of range, BudgetError.
    """
    if not 0 <= share < 1:
        raise ConfigError(f"the share of the budget that buys the domain must be within 0..1, got {share!r}")
    frame, person = data.frame, person or budget.person
    wants = declared.wants(frame.columns, data.given_schema, bins)
    persons = wants.pop(person, None) if person is not None else None
    text = {name: cells.texts(frame[name]) for name in wants}
    for name, want in wants.items():
        declared.check(want, text[name])
    if share == 0:
        wants = _without_buying(wants, bins)
    _say(wants, budget)
    wants, bought = _buy(wants, text, budget, share, bins, frame.width)
    _refuse_unknown(wants, bought, unknown)
    if persons is not None:
        wants[persons.column.name] = _person_column(persons)
    columns = tuple(wants[name].column for name in frame.columns)
    name = next(iter(data.frames)) if data.given_schema is None else next(iter(data.given_schema.tables))
    kept = {n: wants[n] for n in frame.columns if n != person}
    return Domain(
        Schema({name: Table(columns)}),
        {n: w.codec for n, w in kept.items() if w.codec is not None},
        {c.name: _fresh(c) for c in columns if c.kind in declared.SURROGATES},
        bought,
    )


def _without_buying(wants: dict[str, Want], bins: int) -> dict[str, Want]:
    """Give columns of known range bins of equal width, and refuse those that lack a domain."""
    lacking = [name for name, want in wants.items() if want.buy not in ("", "shape")]
    if lacking:
        raise SchemaError(
            f"undeclared domain of {declared._named(lacking)}: with a share of 0 nothing may be bought. Declare "
            "levels, or low, high and step, in a schema or a codebook, or give a share of the budget to buy them. "
            "Nothing was spent"
        )
    return {name: declared.even(want, bins) if want.buy else want for name, want in wants.items()}


def _say(wants: Mapping[str, Want], budget: Budget) -> None:
    budget.public.append("names and order of the columns")
    budget.public += [declared.public(want) for want in wants.values() if want.buy != "kind"]


def _buy(
    wants: dict[str, Want], text: Mapping[str, pl.Series], budget: Budget, share: float, bins: int, columns: int
) -> tuple[dict[str, Want], dict[str, str]]:
    """Buy what the columns lack; return them complete, and in words what was bought."""
    lacking = {name: want for name, want in wants.items() if want.buy}
    if not lacking:
        return wants, {}
    if not budget.entries and any(want.buy in ("kind", "levels") for want in lacking.values()):
        budget.set_aside(FOR_LEVELS * budget.delta)
    aside = FOR_LEVELS * budget.delta / len(lacking)
    rho = share * budget.rho / columns
    voted = buying.kinds({n: w for n, w in lacking.items() if w.buy == "kind"}, text, budget, rho)
    lacking |= voted
    ranged = {n: w for n, w in lacking.items() if w.buy in ("range", "shape")}
    lacking |= buying.bins(ranged, text, budget, rho, bins)
    chosen = {n: w for n, w in lacking.items() if w.buy == "levels"}
    lacking |= buying.levels(chosen, text, budget, rho, aside)
    out = {name: lacking.get(name, want) for name, want in wants.items()}
    guessed = {n for n, want in (*voted.items(), *lacking.items()) if want.guess}
    return out, {name: buying.GUESS * (name in guessed) + out[name].column.why for name in lacking}


def _refuse_unknown(wants: Mapping[str, Want], bought: Mapping[str, str], unknown: str) -> None:
    found = [n for n in bought if wants[n].column.kind in declared.SURROGATES]
    if unknown == "error" and found:
        raise SchemaError(
            f"the domain of {declared._named(found)} cannot be bought (free text, identifiers, or too many rare "
            'values); declare levels, or kind = "text", "id" or "person", or allow surrogates with unknown = surrogate'
        )


def _person_column(want: Want) -> Want:
    """Return the column of persons: fresh ids, one a row, of the declared type or whole numbers."""
    column = want.column
    if want.buy == "kind" or column.kind not in declared.SURROGATES:
        dtype = column.dtype if column.dtype.startswith(("Int", "UInt")) or column.dtype == "String" else "Int64"
        low = buying.FIRST if dtype in ("Int64", "UInt64") else None
        column = Column(column.name, "id", dtype, low=low, why="the unit of privacy: fresh identifiers")
    return Want(dataclasses.replace(column, unique=True, sensitivity="direct"))


def _fresh(column: Column) -> Any:
    return fit_surrogate(pl.Series(column.name, [], facts.dtype_of(column)), column)
