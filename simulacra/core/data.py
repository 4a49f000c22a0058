"""Dataset: named frames, what is known about them, and where they came from; any frame in, the same kind out."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError, DataError, SchemaError, near, need
from simulacra.core.lineage import Lineage
from simulacra.core.schema import Column, Schema

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

FRAME_KINDS = ("dataset", "polars", "pandas", "arrow")


@dataclass(frozen=True)
class Dataset:
    """Named polars frames with a schema and a lineage; one table is the ordinary case.

    frames: table name -> polars frame. given_schema: facts that were declared; None means "infer when asked".
    lineage: how the rows came to be. source: table name -> source row of each row (Transforms), or empty.
    """

    frames: Mapping[str, pl.DataFrame]
    given_schema: Schema | None = None
    lineage: Lineage = field(default_factory=Lineage)
    source: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.frames:
            raise DataError("a dataset needs at least one table, got none")

    @property
    def frame(self) -> pl.DataFrame:
        """Return the only table; DataError when there are several."""
        if len(self.frames) != 1:
            raise DataError(
                f"this dataset has {len(self.frames)} tables ({', '.join(self.frames)}); name one of .frames"
            )
        return next(iter(self.frames.values()))

    @cached_property
    def schema(self) -> Schema:
        """Return the declared schema, or infer one."""
        if self.given_schema is not None:
            return self.given_schema
        from simulacra.core.infer import infer

        return infer(self.frames)

    @property
    def columns(self) -> list[str]:
        """Return the column names of the only table."""
        return self.frame.columns

    def __len__(self) -> int:
        return self.frame.height

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)

    def to_polars(self) -> pl.DataFrame:
        """Return the only table as a polars frame."""
        return self.frame

    def to_arrow(self) -> pa.Table:
        """Return the only table as a pyarrow table whose metadata carry the lineage; needs pyarrow."""
        import json

        need("pyarrow", "arrow", "an Arrow table")
        table: pa.Table = self.frame.to_arrow()
        return table.replace_schema_metadata({"simulacra": json.dumps(self.lineage.to_dict(), default=str)})

    def to_pandas(self) -> pd.DataFrame:
        """Return the only table as a pandas frame whose attrs carry the lineage; needs pandas and pyarrow."""
        need("pandas", "pandas", "a pandas frame")
        need("pyarrow", "pandas", "a pandas frame")
        frame: pd.DataFrame = self.frame.to_pandas()
        frame.attrs["simulacra"] = self.lineage.to_dict()
        return frame


def frame_kind(data: object) -> str:
    """Return which of FRAME_KINDS an object is. Raises DataError for anything that is not a table."""
    if isinstance(data, Dataset):
        return "dataset"
    # What the user brings is already imported, so sys.modules tells without importing anything.
    pl, pd, pa = (sys.modules.get(name) for name in ("polars", "pandas", "pyarrow"))
    if pl is not None and isinstance(data, pl.DataFrame | pl.LazyFrame):
        return "polars"
    if pd is not None and isinstance(data, pd.DataFrame):
        return "pandas"
    if pa is not None and isinstance(data, pa.Table | pa.RecordBatch):
        return "arrow"
    single = (pl is not None and isinstance(data, pl.Series)) or (pd is not None and isinstance(data, pd.Series))
    if single:
        raise DataError(f"expected a table, got one column ({type(data).__name__}); make it one with .to_frame()")
    if hasattr(data, "__arrow_c_stream__") or isinstance(data, Mapping):
        return "polars"
    hint = "; read a file with simulacra.read(path)" if isinstance(data, str) or hasattr(data, "__fspath__") else ""
    raise DataError(f"expected a table (polars, pandas, pyarrow or a Dataset), got {type(data).__name__}{hint}")


def as_dataset(data: object, schema: Schema | None = None, name: str = "table") -> Dataset:
    """Turn any frame into a Dataset; a Dataset stays, with `schema` in place of its own when given.

    Raises DataError for no columns, names that occur twice, and column types that no table can hold.
    """
    import dataclasses

    kind = frame_kind(data)
    if kind == "dataset":
        assert isinstance(data, Dataset)
        return data if schema is None else dataclasses.replace(data, given_schema=schema)
    frame = _to_polars(data, kind)
    if frame.width == 0:
        raise DataError(f"the table has no columns ({frame.height} rows); a table needs at least one")
    if "" in frame.columns:
        raise DataError(f"column {frame.columns.index('') + 1} of {frame.width} has no name; give it one")
    if schema is not None:
        _agree(frame, schema)
    return Dataset({name: frame}, schema, _attached(data, kind))


def give_back(data: Dataset, kind: str, dtypes: Mapping[Any, Any] | None = None) -> Any:
    """Return a Dataset as one of FRAME_KINDS; dtypes: pandas labels and their types, restored where they fit.

    Raises ConfigError for another kind, MissingExtra where its library is not installed.
    """
    if kind not in FRAME_KINDS:
        raise ConfigError(f"unknown kind of table {kind!r}.{near(kind, FRAME_KINDS)}")
    if kind == "dataset":
        return data
    if kind == "arrow":
        return data.to_arrow()
    if kind == "pandas":
        pd = need("pandas", "pandas", "a pandas frame")
        frame = data.to_pandas()
        labels = {str(label): label for label in dtypes or {}}
        for column, label in labels.items():
            dtype = (dtypes or {})[label]
            if column in frame and frame[column].dtype != dtype:
                try:
                    # Cells of plain Python stay so: a date would become a timestamp.
                    cells = list(data.frame[column]) if str(dtype) == "object" else frame[column]
                    frame[column] = pd.Series(cells, index=frame.index, dtype=dtype)
                except (TypeError, ValueError):
                    # Whole numbers with new missing cells cannot go back to int64: they stay as pandas gave them.
                    continue
        if any(column != label for column, label in labels.items()):
            frame.columns = pd.Index([labels.get(column, column) for column in frame.columns])
        return frame
    return data.frame


def _to_polars(data: Any, kind: str) -> pl.DataFrame:
    import polars as pl

    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, pl.DataFrame):
        return data
    if kind == "pandas":
        need("pyarrow", "pandas", "reading a pandas frame")
        _unique_names([str(c) for c in data.columns])
        data = data.set_axis([str(c) for c in data.columns], axis=1)
    elif kind == "arrow":
        _unique_names(list(data.schema.names))
    try:
        return _with_images(pl.DataFrame(data)) if kind == "pandas" else pl.DataFrame(data)
    except Exception as error:
        column = _at_fault(data, kind)
        place = f"column {column!r} of " if column is not None else ""
        raise DataError(
            f"{place}the {kind} table cannot be taken over ({error}); give its cells one plain type, such as text"
        ) from error


def _with_images(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with images, which pandas holds as lists of rows, as arrays where all are of one size."""
    import polars as pl

    for name, dtype in frame.schema.items():
        leaf: Any = dtype
        shape, first = [], frame[name].drop_nulls().head(1).to_list()
        while isinstance(leaf, pl.List) and first:
            first, leaf = first[0], leaf.inner
            shape.append(len(first))
        if leaf == pl.UInt8 and len(shape) in (2, 3) and all(shape):
            # Of several sizes they stay lists, and the schema says what it needs.
            with contextlib.suppress(pl.exceptions.PolarsError):
                frame = frame.with_columns(frame[name].cast(pl.Array(pl.UInt8, tuple(shape))))
    return frame


def _at_fault(data: Any, kind: str) -> str | None:
    """Return the first column that polars does not take, None when it is none of them alone."""
    import polars as pl

    for name in data.columns if kind == "pandas" else data.schema.names if kind == "arrow" else data:
        try:
            pl.DataFrame(data[[name]] if kind == "pandas" else {str(name): data[name]})
        except Exception:
            return str(name)
    return None


def _unique_names(names: list[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise DataError(f"column {twice!r} occurs {names.count(twice)} times; rename one of them")


def _agree(frame: pl.DataFrame, schema: Schema) -> None:
    for name in schema.names:
        if name not in frame.columns:
            raise SchemaError(f"the schema has column {name!r}, the data do not.{near(name, frame.columns)}")
    for name in frame.columns:
        if name not in schema.names:
            raise SchemaError(
                f"the data have column {name!r}, the schema does not.{near(name, schema.names)} "
                "Add it, or drop it from the data"
            )
    for column in schema.columns:
        _fits(frame[column.name], column)


def _fits(cells: pl.Series, column: Column) -> None:
    """Raise SchemaError for text that is declared to hold numbers or times while most of it cannot be read so."""
    import polars as pl

    if cells.dtype != pl.String or column.kind not in ("number", "mixed", "time"):
        return
    values = cells.drop_nulls().unique(maintain_order=True)
    if column.kind == "time":
        from simulacra.core.times import parse

        read, what = (parse(values, column.format) if column.format else None), f"times of the format {column.format}"
    else:
        read, what = values.str.strip_chars().cast(pl.Float64, strict=False), "numbers"
    if read is None or not len(values) or 2 * read.count() >= len(values):
        return
    raise SchemaError(
        f"column {column.name!r} is declared as {column.kind}, but {read.null_count():,} of {len(values):,} different "
        f"values are no {what}, such as {values.filter(read.is_null())[0]!r}; correct the kind or the format"
    )


def _attached(data: Any, kind: str) -> Lineage:
    """Read the lineage that pandas attrs or Arrow metadata still carry; otherwise the data count as real."""
    import json

    if kind == "pandas" and isinstance(data.attrs.get("simulacra"), dict):
        return Lineage.from_dict(data.attrs["simulacra"])
    meta = getattr(getattr(data, "schema", None), "metadata", None) if kind == "arrow" else None
    if not meta or b"simulacra" not in meta:
        return Lineage()
    try:
        value = json.loads(meta[b"simulacra"])
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise DataError(
            "the metadata entry 'simulacra' of the Arrow table holds no lineage; remove it, or make it again"
        )
    return Lineage.from_dict(value)
