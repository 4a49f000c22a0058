"""Tables as numbers and codes for SMOTE, and back: each column by parts.fields, times and numbers on their own grid."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import polars as pl

from simulacra.parts.encoding import encode
from simulacra.parts.fields import THERE, Field, join, placeholder, recognise, split
from simulacra.parts.surrogates import fit_surrogate
from simulacra.tables._smote_class import Layout

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.schema import Column

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


class Spec(TypedDict):
    """One column.

    field: see parts.fields; number, code: its place among the numbers and the codes, -1 where it has none;
    grid: what its numbers are rounded to, as numerator and denominator, (0, 1) for none.
    """

    field: Field
    number: int
    code: int
    grid: tuple[int, int]


def learn(frame: pl.DataFrame, rows: Ints, columns: tuple[Column, ...], target: str | None) -> list[Spec]:
    """Return the columns of a table but for a target that is a class; numbers first, then categories, then states.

    rows: those that rows will be drawn from; shapes of ids, person data and texts are learned from all.
    """
    specs: list[tuple[Column, Field, Ints]] = []
    some = frame[rows] if len(rows) < frame.height else frame
    for column in columns:
        if column.name == target:
            continue
        field, state, plain = split((some if column.copied else frame)[column.name], column, bins=64, spike=5)
        if not column.copied:
            field["surrogate"] = fit_surrogate(plain.drop_nulls(), column)
            state = state[rows]
        specs.append((column, field, state))
    numbers = [f["name"] for _, f, _ in specs if f["codec"] and f["codec"]["ordered"]]
    levels = [f["name"] for _, f, _ in specs if f["codec"] and not f["codec"]["ordered"]]
    states = [f["name"] for _, f, state in specs if f["name"] not in levels and state.any()]
    codes = levels + states

    def place(name: str, among: list[str]) -> int:
        return among.index(name) if name in among else -1

    return [
        Spec(field=f, number=place(f["name"], numbers), code=place(f["name"], codes), grid=_grid(c, f))
        for c, f, _ in specs
    ]


def layout(specs: list[Spec], target: str | None) -> Layout:
    """Return what the columns of numbers and codes are; a target of numbers does not say who is near."""
    numbers = [spec for spec in specs if spec["number"] >= 0]
    return Layout(
        asked=[spec["number"] for spec in numbers if spec["field"]["name"] != target],
        levels=sum(1 for spec in specs if spec["number"] < 0 and spec["field"]["codec"]),
        states={spec["number"]: spec["code"] for spec in numbers if spec["code"] >= 0},
    )


def measure(frame: pl.DataFrame, specs: list[Spec], columns: tuple[Column, ...]) -> tuple[Floats, Ints]:
    """Return the numbers (rows, numbers), NaN where missing, and the codes (rows, codes), of any rows."""
    kinds = {column.name: column for column in columns}
    numbers = np.empty((sum(spec["number"] >= 0 for spec in specs), frame.height))
    codes = np.zeros((sum(spec["code"] >= 0 for spec in specs), frame.height), np.int64)
    for spec in specs:
        field = spec["field"]
        if spec["number"] < 0 and spec["code"] < 0:
            continue
        cells = frame[field["name"]]
        state, plain = recognise(cells, field, kinds[field["name"]])
        if spec["number"] >= 0:
            numbers[spec["number"]] = _floats(plain)
            numbers[spec["number"], state != THERE] = np.nan
        if spec["code"] >= 0:
            is_level = field["codec"] is not None and spec["number"] < 0
            # A level has its rank; what is missing or odd counts down from -2, a level never seen is -1.
            code = encode(plain, field["codec"]) if is_level and field["codec"] else state
            codes[spec["code"]] = np.where(state == THERE, code, -1 - state) if is_level else code
    return numbers.T, codes.T


def write(specs: list[Spec], numbers: Floats, codes: Ints) -> list[pl.Series]:
    """Return the cells of new rows in the table's own types, with placeholders for surrogates.

    numbers: (numbers, rows); codes: (codes, rows).
    """
    out = []
    none = np.zeros(numbers.shape[1] if len(numbers) else codes.shape[1], np.int64)
    for spec in specs:
        field, codec = spec["field"], spec["field"]["codec"]
        if spec["number"] >= 0 and codec:
            state = codes[spec["code"]] if spec["code"] >= 0 else none
            values = _cells(numbers[spec["number"]], codec["values"]["value"].dtype, spec["grid"])
            out.append(join(field, state, values) if spec["code"] >= 0 else join(field, none, values))
        elif codec:
            code = codes[spec["code"]]
            values = codec["values"]["value"].gather(pl.Series(np.where(code < 0, 0, code)))
            out.append(join(field, np.where(code < 0, -1 - code, THERE), values))
        else:
            state = codes[spec["code"]] if spec["code"] >= 0 else none
            out.append(placeholder(field, state) if field["surrogate"] else join(field, state, None))
    return out


def _grid(column: Column, field: Field) -> tuple[int, int]:
    """Return what numbers are rounded to: the schema's step, or what all learned cells lie on."""
    codec = field["codec"]
    if not codec or not codec["ordered"]:
        return 0, 1
    dtype = codec["values"]["value"].dtype
    if column.step is not None and not dtype.is_temporal():
        step = Fraction(column.step).limit_denominator(10**6)
        return step.numerator, step.denominator
    if dtype.is_integer():
        return 1, 1
    return int(codec["unit"]), int(codec["scale"])


def _floats(plain: pl.Series) -> Floats:
    """Return numbers and times as doubles, NaN where missing."""
    physical = plain if plain.dtype.is_decimal() else plain.to_physical()
    return physical.cast(pl.Float64).to_numpy()


def _cells(values: Floats, dtype: pl.DataType, grid: tuple[int, int]) -> pl.Series:
    unit, scale = grid
    if unit:
        values = np.rint(values * (scale / unit)) * unit / scale if (unit, scale) != (1, 1) else np.rint(values)
    if dtype.is_float() or dtype.is_decimal():
        return pl.Series(values).cast(dtype)
    whole: Any = pl.Series(dtype=dtype).to_physical().dtype
    # The largest whole number of 64 bits is no double: it would be rounded out of its type.
    most = np.nextafter(2.0 ** (64 if whole == pl.UInt64 else 63), 0)
    return pl.Series(np.minimum(np.nan_to_num(np.rint(values)), most)).cast(whole).cast(dtype)
