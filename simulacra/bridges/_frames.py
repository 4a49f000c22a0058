"""Frames of mixed columns for a sampler: in through a schema read off their types, out as the kind that was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.data import Dataset, as_dataset, frame_kind, give_back
from simulacra.core.errors import DataError
from simulacra.core.schema import Column, Schema

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from simulacra.tables.smote import Smote

    Ints = npt.NDArray[np.int64]


def kind_of(x: Any) -> str:
    """Return which kind of frame x is, "" for arrays (sparse ones too, of which some are mappings) and lists."""
    try:
        return "" if isinstance(x, np.ndarray | list | tuple) or hasattr(x, "tocsr") else frame_kind(x)
    except DataError:
        return ""


def dense(x: Any) -> Any:
    """Return a pandas frame of sparse columns as one of plain columns, anything else as it is."""
    if kind_of(x) != "pandas" or not any(hasattr(dtype, "subtype") for dtype in x.dtypes):
        return x
    return x.astype({name: getattr(dtype, "subtype", dtype) for name, dtype in x.dtypes.items()})


def is_mixed(x: Any) -> bool:
    """Return whether x is a frame that plain numbers cannot hold: text, categories, times, nullable types."""
    kind = kind_of(x)
    if kind == "pandas":
        plain = (getattr(dtype, "subtype", dtype) for dtype in x.dtypes)
        return not all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in plain)
    return kind != ""


def oversample(
    x: Any, y: Ints, names: list[str], method: Smote, categorical: list[int], only_new: bool, seed: int
) -> tuple[Any, Ints]:
    """Return the real rows followed by the new ones as the kind of frame that was given, and their classes.

    y: (rows,) classes by number, names: of the classes; categorical: positions of columns that are categories.
    """
    import polars as pl

    frame = as_dataset(x).frame
    target = "class"
    while target in frame.columns:
        target += "_"
    labels = pl.Series(target, names).gather(y)
    schema = Schema.of(*_columns(frame, categorical), Column(target, "category", "String"))
    method.target = target
    made: Dataset = method.balance(Dataset({"table": frame.with_columns(labels)}, schema), seed=seed, kind="dataset")
    new = made.frame.filter(pl.Series(made.source["table"] < 0))
    codes = new[target].cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    kind = kind_of(x)
    rows = give_back(
        Dataset({"table": new.drop(target)}, lineage=made.lineage), kind, dict(x.dtypes) if kind == "pandas" else None
    )
    if only_new:
        return rows, codes
    kept = made.source["table"][made.source["table"] >= 0]
    return _joined(x, kept, rows, kind), np.concatenate([y[kept], codes])


def _joined(x: Any, kept: Ints, new: Any, kind: str) -> Any:
    """Return some rows of the frame that was given, as they were, followed by the new ones."""
    if kind == "pandas":
        import pandas as pd

        real = x if len(kept) == len(x) else x.iloc[kept]
        return pd.concat([real, new.astype(dict(x.dtypes))], ignore_index=True)
    if kind == "arrow":
        import pyarrow as pa

        return pa.concat_tables([pa.table(x).take(kept), new.replace_schema_metadata(x.schema.metadata)])
    import polars as pl

    real = as_dataset(x).frame
    return pl.concat([real[kept], new])


def _columns(frame: pl.DataFrame, categorical: list[int]) -> list[Column]:
    """Return the facts of columns: by their type alone, but for text, which is looked at."""
    import polars as pl

    from simulacra.core.infer import infer

    texts = frame.select(
        [c.name for i, c in enumerate(frame.iter_columns()) if c.dtype == pl.String and i not in categorical]
    )
    read = {column.name: column for column in infer({"table": texts}).columns} if texts.width else {}
    out = []
    for i, cells in enumerate(frame.iter_columns()):
        dtype = cells.dtype
        if i in categorical or dtype in (pl.Categorical, pl.Enum):
            kind = "category"
        elif cells.null_count() == len(cells):
            kind = "empty"
        else:
            kind = "number" if dtype.is_numeric() else "time" if dtype.is_temporal() else "category"
        out.append(read.get(cells.name) or Column(cells.name, kind, str(dtype)))
    return out


def as_given(rows: Any, x: Any) -> Any:
    """Return an array of rows as the kind of table that x is; frames stay."""
    if not isinstance(rows, np.ndarray):
        return rows
    if isinstance(x, list):
        return rows.tolist()
    if kind_of(x) == "pandas":
        import pandas as pd

        return pd.DataFrame(rows, columns=x.columns).astype(dict(x.dtypes))
    return rows


def labels_as_given(labels: npt.NDArray[Any], y: Any) -> Any:
    """Return classes as the kind of column that y is."""
    library = type(y).__module__.partition(".")[0]
    if isinstance(y, list):
        return labels.tolist()
    if library == "pandas":
        import pandas as pd

        if isinstance(y, pd.Series):
            return pd.Series(labels, name=y.name, dtype=y.dtype)
        return pd.DataFrame(labels.reshape(len(labels), -1), columns=y.columns).astype(dict(y.dtypes))
    if library == "polars":
        import polars as pl

        return pl.Series(y.name, labels, dtype=y.dtype) if isinstance(y, pl.Series) else pl.DataFrame(labels, y.schema)
    return labels
