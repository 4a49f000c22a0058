"""The balanced table: real rows followed by new ones, and its lineage."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.data import Dataset, as_dataset, frame_kind, give_back
from simulacra.core.rng import stream
from simulacra.parts.surrogates import draw_surrogate

if TYPE_CHECKING:
    from simulacra.tables.smote import Smote


def balanced(method: Smote, data: Any, seed: int, kind: str | None) -> Any:
    """Fit, draw the rows that balance the table, and return them after the real rows; see Smote.balance."""
    real = as_dataset(data)
    method.fit(real, seed=seed)
    if method.judge_:
        # The rows that were judged in the fit; those that are unwanted are not drawn again but left out.
        rows = pl.concat([method._cells(i, *cells) for i, cells in enumerate(method._trial())])
        rows = method._finish(rows, stream(seed, method.name, "finish"), 0).cast(real.frame.schema)
    else:
        rows = method.sample(method.default_rows(len(real)), seed=seed, kind="polars")
    frame = pl.concat([real.frame, _apart(method, real.frame, rows, seed)])
    source = np.where(np.arange(frame.height) < len(real), np.arange(frame.height), -1)
    if method.judge_:
        kept = np.flatnonzero(method.judge_["unwanted"] == 0)
        frame, source = frame[kept], source[kept]
    share = float((source >= 0).mean()) * real.lineage.real_share
    lineage = dataclasses.replace(method.lineage_, seed=seed, real_share=share)
    out = Dataset({"table": frame}, method.schema_, lineage, {"table": source})
    dtypes = dict(data.dtypes) if frame_kind(data) == "pandas" else None
    return give_back(out, kind or frame_kind(data), dtypes)


def _apart(method: Smote, real: pl.DataFrame, made: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Give new rows other surrogates where a column without repeats would repeat a real value."""
    fresh = []
    for spec in method.specs_:
        field = spec["field"]
        name = field["name"]
        taken = real[name]
        if (
            not field["surrogate"]
            or field["surrogate"]["repeats"] is not None
            or not made[name].is_in(taken.implode()).any()
        ):
            continue
        rng = stream(seed, method.name, "apart")
        drawn = draw_surrogate(field["surrogate"], made.height + taken.len(), rng, 0)
        drawn = drawn.filter(~drawn.is_in(taken.implode())).head(made.height)
        if len(drawn) == made.height:
            fresh.append(drawn.alias(name).set(made[name].is_null(), None))
    return made.with_columns(fresh)
