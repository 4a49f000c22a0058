"""Table columns as what a chain can learn: a state (there, missing, or one of a few odd cells) and a plain value.

A field is a plain dict. Numbers and times with words among them keep the words as states; so do the NaN and infinities
of a float column; times kept as text are read by their format and written by it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import polars as pl

from simulacra.core.times import parse
from simulacra.parts.encoding import Codec, fit_codec

if TYPE_CHECKING:
    from simulacra.core.schema import Column
    from simulacra.parts.encoding import Ints

THERE, MISSING, ODD = 0, 1, 2
"""States of a cell; ODD and above: one of the odd cells."""


class Field(TypedDict):
    """One table column.

    name; state, value: its variables in the chain, -1 where it has none; odd: cells of the states ODD and above, one
    column in its type; format: strftime of a time kept as text; digits: decimals of a number kept as text,
    -1 for a column that is not; codec: of the value, if any; surrogate: state of parts.surrogates, or empty.
    """

    name: str
    state: int
    value: int
    odd: pl.DataFrame
    format: str
    digits: int
    codec: Codec | None
    surrogate: dict[str, Any]


def split(cells: pl.Series, column: Column, *, bins: int, spike: int) -> tuple[Field, Ints, pl.Series]:
    """Return the field of a column, the state of each cell, and the plain values (missing where not THERE).

    bins, spike: see parts.encoding.
    """
    plain, format_ = _plain(cells, column)
    ordered = plain.dtype.is_numeric() or plain.dtype.is_temporal()
    ordered = ordered and column.kind in ("number", "time", "mixed")
    if plain.dtype.is_float() and ordered:
        plain = plain.set(~plain.is_finite().fill_null(True), None)
    odd = cells.filter(plain.is_null() & cells.is_not_null()).unique().sort()
    state = _states(cells, plain, odd)
    is_text_number = cells.dtype == pl.String and plain.dtype.is_numeric()
    codec = fit_codec(plain, ordered=ordered, bins=bins, spike=spike) if column.copied and plain.count() else None
    field = Field(
        name=cells.name,
        state=-1,
        value=-1,
        odd=odd.alias("value").to_frame(),
        format=format_,
        digits=_decimals(cells, plain) if is_text_number else -1,
        codec=codec,
        surrogate={},
    )
    return field, state, plain


def recognise(cells: pl.Series, field: Field, column: Column) -> tuple[Ints, pl.Series]:
    """Return the state of each cell and the plain values by a field learned before; odd cells never seen are missing.

    column: the schema that the field was learned with.
    """
    cells = cells.cast(field["odd"]["value"].dtype)
    plain = parse(cells, field["format"]) if field["format"] else _numbers(cells) if field["digits"] >= 0 else cells
    if plain.dtype.is_float() and column.kind in ("number", "time", "mixed"):
        plain = plain.set(~plain.is_finite().fill_null(True), None)
    state = _states(cells, plain, field["odd"]["value"])
    return np.where(state < 0, MISSING, state), plain


def join(field: Field, state: Ints, values: pl.Series | None) -> pl.Series:
    """Return the cells of a field from states and plain values, in the table's own type."""
    dtype = field["odd"]["value"].dtype
    cells = pl.Series([None], dtype=dtype).new_from_index(0, len(state)) if values is None else _written(values, field)
    cells = cells.cast(dtype).alias(field["name"])
    cells = cells.set(pl.Series(state == MISSING), None)
    strange = np.flatnonzero(state >= ODD)
    if strange.size:
        cells = cells.scatter(strange, field["odd"]["value"].gather(state[strange] - ODD))
    return cells


def placeholder(field: Field, state: Ints) -> pl.Series:
    """Return a column that only says which cells of a surrogate will be missing."""
    dtype = field["odd"]["value"].dtype
    there: Any = "" if dtype == pl.String else 0 if dtype.is_numeric() else None
    cells = pl.Series(field["name"], [there], dtype=dtype if there is not None else pl.Boolean)
    return cells.new_from_index(0, len(state)).set(pl.Series(state != THERE), None)


def _plain(cells: pl.Series, column: Column) -> tuple[pl.Series, str]:
    """Return numbers and times as such even where the table keeps them as text, and the format of such times."""
    if cells.dtype != pl.String:
        return cells, ""
    if column.kind == "time" and column.format:
        times = parse(cells, column.format)
        if times.count() and 2 * times.n_unique() >= cells.n_unique():
            return times, column.format
    if column.kind in ("mixed", "number"):
        numbers = _numbers(cells)
        if numbers.count() and numbers.count() * 2 >= cells.count():
            return numbers, ""
    return cells, ""


def _numbers(cells: pl.Series) -> pl.Series:
    """Return texts as numbers, missing where they are none or not finite."""
    numbers = cells.str.strip_chars().cast(pl.Float64, strict=False)
    return numbers.set(~numbers.is_finite().fill_null(True), None)


def _states(cells: pl.Series, plain: pl.Series, odd: pl.Series) -> Ints:
    state = np.where(cells.is_null().to_numpy(), MISSING, THERE)
    strange = np.flatnonzero((plain.is_null() & cells.is_not_null()).to_numpy())
    if strange.size:
        if cells.dtype.is_float():  # a join takes NaN for no value at all
            cells, odd = cells.cast(pl.String), odd.cast(pl.String)
        table = pl.DataFrame({"cell": odd, "code": np.arange(ODD, ODD + len(odd))})
        found = cells.gather(strange).alias("cell").to_frame().join(table, on="cell", how="left", maintain_order="left")
        state[strange] = found["code"].fill_null(-1).to_numpy()
    return state.astype(np.int64)


def _decimals(cells: pl.Series, plain: pl.Series) -> int:
    """Return the most usual number of decimals of numbers kept as text."""
    digits = cells.filter(plain.is_not_null()).str.extract(r"\.(\d+)\s*$").str.len_chars().fill_null(0)
    return int(digits.max() or 0)  # type: ignore[arg-type]


def _written(values: pl.Series, field: Field) -> pl.Series:
    if field["format"]:
        return values.dt.strftime(field["format"])
    if field["digits"] >= 0:
        texts = [None if v is None else f"{v:.{field['digits']}f}" for v in values]
        return pl.Series(texts, dtype=pl.String)
    return values
