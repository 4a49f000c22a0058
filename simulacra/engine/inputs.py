"""What comes in: frames, paths and folders as datasets, columns that agree, rows kept back as a holdout."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.data import Dataset, as_dataset
from simulacra.core.errors import ConfigError, DataError, near
from simulacra.core.infer_images import mode_of, shape_of, size_of
from simulacra.core.rng import stream
from simulacra.core.schema import Schema
from simulacra.core.state import is_saved
from simulacra.core.where import Where, as_read, mask, shares

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

HOLDOUT = 0.2
"""Share of the rows that `make` keeps back and never fits on."""


def is_path(source: object) -> bool:
    """Return whether a source is a path rather than a table."""
    return isinstance(source, str | os.PathLike)


def take(
    source: Any,
    *,
    na: Iterable[str] = (),
    schema: Schema | None = None,
    size: int | None = None,
    mode: str | None = None,
    signs: bool = True,
    nested: bool = False,
) -> Dataset:
    """Return any frame, Dataset, file or finished output folder as a Dataset of one table.

    na: texts that count as missing cells in text files. schema: facts in place of inferred ones. size, mode: of images
    that are read (see io.images.read); a table in memory and an output stay as they are.
    signs, nested: as in io.files.read.
    Raises DataError, SchemaError.
    """
    if is_path(source):
        from simulacra.io import files, folder

        if is_saved(source):
            raise DataError(f"{source} is a saved model, not a table; make rows with `simulacra sample {source}`")
        if (Path(source) / ".work").is_dir():
            raise DataError(f"{source} is an unfinished output; run the command that began it again to finish it")
        if folder.is_output(source):
            found = folder.read(source)
        else:
            found = files.read(source, na=tuple(na), size=size, mode=mode, signs=signs, nested=nested)
            found = dataclasses.replace(found, lineage=folder.lineage_around(source, found.lineage))
    else:
        found = as_dataset(source)
    checked = as_dataset(found.frame, schema)
    return dataclasses.replace(checked, given_schema=schema or found.given_schema, lineage=found.lineage)


def schema_of(source: Schema | str | Path | None) -> Schema | None:
    """Return a schema, read from its file when a path is given: TOML, or a code book in CSV (parts.codebook)."""
    if not isinstance(source, str | Path):
        return source
    if Path(source).suffix.lower() in (".csv", ".tsv"):
        from simulacra.parts import codebook

        return codebook.read(source)
    return Schema.read(source)


def require(column: str | None, columns: Iterable[str], what: str) -> None:
    """Raise ConfigError with near misses when a named column is not among `columns`."""
    columns = list(columns)
    if column is not None and column not in columns:
        raise ConfigError(f"{what}: no column {column!r} in the data.{near(column, columns)}")


def align(data: Dataset, like: Dataset, what: str, like_what: str) -> Dataset:
    """Return `data` with the columns of `like`, in their order and types.

    Raises DataError that names columns only one of them has, or whose values cannot be of the other's type.
    """
    here, there = data.columns, like.columns
    faults = [
        f"{name} lacks {', '.join(map(repr, gone[:5]))}{f' and {len(gone) - 5} more' if len(gone) > 5 else ''}"
        for name, gone in (
            (what, [c for c in there if c not in here]),
            (like_what, [c for c in here if c not in there]),
        )
        if gone
    ]
    if faults:
        raise DataError(
            f"{what} and {like_what} have different columns: {'; '.join(faults)}. Give tables with the same columns"
        )
    known = like.given_schema
    written = {c.name: c.format for c in known.columns if c.kind == "time" and c.format} if known else {}
    frame = data.frame.select(_as_type(data.frame[c], like.frame[c], what, like_what, written.get(c)) for c in there)
    return dataclasses.replace(data, frames={next(iter(data.frames)): frame})


def _as_type(series: pl.Series, like: pl.Series, what: str, like_what: str, written: str | None) -> pl.Series:
    """Return a column as the type of its twin. written: how the twin writes times as text, e.g. "%m/%d/%Y"."""
    import polars as pl

    if series.dtype == like.dtype:
        return series
    if series.dtype.is_numeric() and like.dtype.is_numeric():
        # A made 2.5 among whole numbers is a finding of the guards; cutting it to 2 would hide it.
        return series if series.dtype.is_float() else _cast(series, like.dtype, what, like_what)
    if written and series.dtype.is_temporal() and like.dtype == pl.String:
        return series.dt.to_string(written)
    if like.dtype == pl.Null or series.dtype == pl.Null:
        return series if like.dtype == pl.Null else series.cast(like.dtype)
    return _cast(series, like.dtype, what, like_what)


def _cast(series: pl.Series, dtype: pl.DataType, what: str, like_what: str) -> pl.Series:
    import polars as pl

    try:
        if series.dtype == pl.String and dtype == pl.Boolean:
            return series.replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
        if series.dtype == pl.String and dtype.is_temporal():
            return series.str.to_date() if dtype == pl.Date else series.str.to_datetime().cast(dtype)
        return series.cast(dtype)
    except pl.exceptions.PolarsError:
        shapes = shape_of(series.dtype), shape_of(dtype)
        if shapes[0] and shapes[1]:
            here, there = (f"{size_of(s)}, {mode_of(s)}" for s in shapes if s)
            raise DataError(
                f"column {series.name!r} holds images of {here}, in {what} and of {there}, in {like_what}; give --size "
                "N and --mode grey or colour (size=, mode=) to read both alike"
            ) from None
        raise DataError(
            f"column {series.name!r} is {series.dtype} in {what} and {dtype} in {like_what}, and cannot be converted; "
            "save both with the same types"
        ) from None


def split(
    data: Dataset, seed: int, person: str | None, strata: str | None = None
) -> tuple[Dataset, Dataset | None, str]:
    """Return (rows to fit on, rows kept back or None when too few, a sentence that says so); order is kept.

    person: column of which equal values stay on one side, so that nobody is in both. strata: column of which every
    level keeps its share on both sides, as far as whole rows allow; without effect beside person.
    """
    frame, rows = data.frame, len(data)
    wanted = int(HOLDOUT * rows)
    if wanted < 1:
        return data, None, f"All {rows} rows were fitted: too few to keep any back."
    rng = stream(seed, "engine/make", "holdout")
    if person is None and strata is not None:
        kept = _of_every_level(frame[strata], wanted, rng.permutation(rows))
        sentence = f"{wanted:,} other rows (20 %, of every level of {strata!r}) were kept back as holdout."
    elif person is None:
        kept = rng.permutation(rows) < wanted
        sentence = f"{wanted:,} other rows (20 %) were kept back as holdout."
    else:
        kept, people = _whole_persons(frame[person], wanted, rng)
        if kept.all():
            return data, None, f"All {rows} rows were fitted: column {person!r} holds too few persons to keep any back."
        sentence = f"{int(kept.sum()):,} other rows, all those of {people:,} persons, were kept back as holdout."
    name = next(iter(data.frames))
    fitted, holdout = (dataclasses.replace(data, frames={name: frame.filter(m)}) for m in (~kept, kept))
    return fitted, holdout, sentence


def alike(data: Dataset | None, where: Where | None, seed: int) -> Dataset | None:
    """Return the real rows that made rows drawn under conditions may be held against: those that fulfil them.

    Of shares as many rows are kept as have them exactly, drawn without replacement. None when no row fulfils them.
    """
    if data is None or not where:
        return data
    import numpy as np

    frame, columns = data.frame, data.schema.columns
    parts = [(mask(*as_read(frame, plain, columns)), share) for plain, share in shares(where, frame.clear())]
    most = min(int(hit.sum()) / share for hit, share in parts if share > 0)
    draw = stream(seed, "engine/make", "alike")
    taken = []
    for hit, share in parts:
        rows = hit.arg_true().to_numpy()
        taken.append(rows if len(parts) == 1 else draw.permutation(rows)[: int(most * share)])
    kept = np.sort(np.concatenate(taken))
    return dataclasses.replace(data, frames={next(iter(data.frames)): frame[kept]}) if kept.size else None


def _of_every_level(column: pl.Series, wanted: int, order: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return the mask of `wanted` rows, of each level its share: every k-th row once rows are sorted by level.

    order: (rows,) a permutation, by which the rows of a level are sorted. Empty cells are a level of their own.
    """
    import numpy as np

    codes = column.rank("dense").fill_null(0).to_numpy()
    place = np.empty(len(order), np.int64)
    place[np.lexsort((order, codes))] = np.arange(len(order))
    # The whole part of place x wanted / rows rises exactly `wanted` times.
    return (place + 1) * wanted // len(order) > place * wanted // len(order)


def relearned(data: Dataset) -> Dataset:
    """Return the rows with a schema inferred from them alone, so that no fact of rows kept back is fitted.

    How numbers were written in a text file is known to its reader only, and stays.
    """
    from simulacra.core.infer import infer

    if data.given_schema is None:
        return data
    written = {c.name: c.format for c in data.given_schema.columns if c.kind == "number" and c.format}
    return dataclasses.replace(data, given_schema=infer(data.frames, written))


def _whole_persons(column: pl.Series, wanted: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.bool_], int]:
    """Return (mask of rows kept back, number of persons in them); an empty cell is a person of its own."""
    import numpy as np

    codes = column.rank("dense").cast(float).to_numpy().copy()  # (rows,), NaN where empty
    empty = np.isnan(codes)
    codes[empty] = (np.nanmax(codes) if (~empty).any() else 0) + 1 + np.arange(empty.sum())
    people, index, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    order = rng.permutation(len(people))
    before = np.cumsum(sizes[order]) - sizes[order]
    chosen = np.zeros(len(people), bool)
    chosen[order[before < wanted]] = True
    return chosen[index], int(chosen.sum())
