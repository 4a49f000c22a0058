"""Which rows of a table belong together for SMOTE: the classes of a target, or the rare ranges of a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.parts.fields import THERE, split

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.schema import Column, Schema

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

CLASSES = 20
"""Most different numbers of a target that are taken for classes; with more it is a quantity, which has rare ranges."""


@dataclass(frozen=True)
class Part:
    """Rows that are drawn alike.

    label: for people and for the stream of its draws; value: of the target, (low, high) for a range (None where it is
    open), None for the whole table; rows: in the table; wanted: how many new rows balance the table.
    """

    label: str
    value: Any
    rows: Ints
    wanted: int


def parts(frame: pl.DataFrame, schema: Schema, target: str | None, ratio: float, relevance: float) -> list[Part]:
    """Return the classes or ranges of the target, the whole table without one.

    Raises ConfigError for a target that is no column or no class, DataError for missing cells and for one class only.
    """
    if target is None:
        return [Part("all rows", None, np.arange(frame.height), frame.height)]
    if target not in frame.columns:
        raise ConfigError(f"tables/smote: no target column {target!r}.{near(target, frame.columns)}")
    column, cells = schema[target], frame[target]
    gone = cells.null_count() + (int(cells.is_nan().sum()) if cells.dtype.is_float() else 0)
    if gone:
        raise DataError(
            f"tables/smote: {gone:,} of {len(cells):,} cells of the target {target!r} are missing; drop these rows, "
            "or fill them in"
        )
    if not column.copied or column.kind in ("time", "empty"):
        raise ConfigError(
            f"tables/smote: the target {target!r} is of kind {column.kind} ({column.why or 'declared'}), which has no "
            'classes; name another column, or declare it in the schema as kind = "category"'
        )
    found = _ranges(cells, column, relevance) if quantity(cells, column) else _classes(cells)
    if len(found) == 1:
        raise DataError(
            f"tables/smote: the target {target!r} has one class only, {found[0][0]}; there is nothing to balance. "
            "Give rows of another class, or leave the target out to draw rows like all rows"
        )
    largest = max(len(rows) for _, _, rows in found)
    return [Part(label, value, rows, max(0, round(ratio * largest) - len(rows))) for label, value, rows in found]


def refuse(found: list[Part], chosen: list[Part], target: str | None) -> None:
    """Raise DataError for what cannot be balanced."""
    if not chosen:
        counts = ", ".join(f"{part.label}: {len(part.rows):,}" for part in found[:8]) + ", .." * (len(found) > 8)
        raise DataError(
            f"tables/smote: the classes of {target!r} are balanced already ({counts}); there is nothing to "
            "add. Raise ratio, or leave the target out to draw rows like all rows"
        )
    for part in chosen:
        if len(part.rows) < 2:
            place = f"class {part.label!r} of the target {target!r}" if target else "the table"
            raise DataError(
                f"tables/smote: {place} has one row, and new rows lie between two; add rows of it, leave it out, or "
                "join it with another class"
            )


def quantity(cells: pl.Series, column: Column) -> bool:
    """Return whether a target is a quantity rather than a class."""
    return column.kind in ("number", "mixed") and cells.n_unique() > CLASSES


def _classes(cells: pl.Series) -> list[tuple[str, Any, Ints]]:
    found = pl.DataFrame({"value": cells}).with_row_index("row").group_by("value", maintain_order=True).agg("row")
    values = found["value"].to_list()
    groups = [(str(v), v, np.asarray(rows, np.int64)) for v, rows in zip(values, found["row"], strict=True)]
    return sorted(groups, key=lambda group: group[0])


def _ranges(cells: pl.Series, column: Column, relevance: float) -> list[tuple[str, Any, Ints]]:
    """Return the rare low, the usual and the rare high range of a quantity.

    Relevance is 0 at the median and 1 at the whiskers of a box plot, and follows a smooth step between them; a side
    without values beyond its whisker has no rare range. Reference: Ribeiro (2011), Utility-based regression.
    """
    _, state, plain = split(cells, column, bins=64, spike=5)
    if (state != THERE).any():
        odd = cells.gather(np.flatnonzero(state != THERE)[:1])[0]
        raise DataError(f"tables/smote: the target {column.name!r} holds {odd!r} among its numbers; drop these rows")
    values = plain.cast(pl.Float64).to_numpy()
    first, middle, third = np.quantile(values, [0.25, 0.5, 0.75])
    reach = 1.5 * (third - first)
    inside = values[(values >= first - reach) & (values <= third + reach)]
    step = _step(relevance)
    low = middle - step * (middle - inside.min()) if values.min() < first - reach else -np.inf
    high = middle + step * (inside.max() - middle) if values.max() > third + reach else np.inf
    below, above = values < low, values > high
    if not below.any() and not above.any():
        raise DataError(
            f"tables/smote: no values of the target {column.name!r} lie beyond the whiskers of its box plot "
            f"({first - reach:g} to {third + reach:g}), so none counts as rare; there is nothing to balance"
        )
    usual = ~below & ~above
    ranges = ((f"below {low:g}", below), ("usual values", usual), (f"above {high:g}", above))
    out = []
    for label, hit in ranges:
        if hit.any():
            least = None if hit is below or (hit is usual and not below.any()) else float(values[hit].min())
            most = None if hit is above or (hit is usual and not above.any()) else float(values[hit].max())
            out.append((label, (least, most), np.flatnonzero(hit)))
    return out


def _step(relevance: float) -> float:
    """Return where the smooth step 3 t^2 - 2 t^3 reaches a relevance: t in 0..1."""
    t = np.linspace(0, 1, 10_001)
    return float(t[np.searchsorted(3 * t**2 - 2 * t**3, relevance).clip(max=len(t) - 1)])
