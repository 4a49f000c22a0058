"""The rows of a run as they come: shaped, written part by part, counted, and some of them kept for the report."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from simulacra.core.atomic import write_json, write_text
from simulacra.core.data import Dataset
from simulacra.core.progress import task
from simulacra.core.rng import BLOCK_ROWS
from simulacra.io import card, chats, files
from simulacra.io.folder import SUFFIX, Folder, part_name

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.lineage import Lineage
    from simulacra.core.report import Report
    from simulacra.core.schema import Schema

NANO = 1e9
"""Costs are summed as whole billionths, so that their sum does not hang on an order."""


class Rows:
    """Takes blocks of rows with their lineage.

    format: of the recipe. place: the folder, None keeps all rows in memory. count: rows so far. checked: the first
    rows as the method made them, for the report; lines: their lineage.
    """

    def __init__(self, format: str, place: Folder | None) -> None:
        self.layout, self.ending = chats.layout_of(format), SUFFIX[format]
        self.place = place
        self.count = 0
        self._part = 0
        self._waiting: list[tuple[pl.DataFrame, pl.DataFrame]] = []
        self._numbers = 0
        self._kept: list[pl.DataFrame] = []
        self._checked: list[tuple[pl.DataFrame, pl.DataFrame]] = []
        self._misfits: list[Any] = []
        self._asked: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame, lines: pl.DataFrame) -> None:
        """Take the rows of a block; a part is written when there are enough."""
        from simulacra.text._base import Texts

        self._waiting.append((rows, lines))
        self._numbers += Texts.block_rows
        if self._numbers >= BLOCK_ROWS:
            self.end()

    def end(self) -> None:
        """Write what waits as a part."""
        import polars as pl

        if not self._waiting:
            return
        rows, lines = (pl.concat(frames, how="vertical_relaxed") for frames in zip(*self._waiting, strict=True))
        self._waiting, self._numbers = [], 0
        shaped, rows, lines = self._shaped(rows, lines)
        if shaped.height and self.place is not None:
            self._write(shaped, lines)
        self.count += shaped.height
        self._part += 1
        if self.place is None or not self._kept:
            self._kept.append(shaped)
            self._checked.append((rows, lines))
        else:
            self._kept.append(shaped.clear())
        if "asked" in lines.columns:
            self._asked.append(_asked(lines))

    def _write(self, shaped: pl.DataFrame, lines: pl.DataFrame) -> None:
        assert self.place is not None
        self.place.write_part(self._part, Dataset({"table": shaped}), self.ending, keep=False)
        self.place.write_lineage(self._part, lines)

    def _shaped(self, rows: pl.DataFrame, lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Return the rows in the layout that is asked for, those they were made from, and their lineage."""
        if not self.layout:
            return rows, rows, lines
        shaped, misfits = chats.shape(rows, self.layout)
        numbers = lines["row"].to_list()
        self._misfits += [(numbers[m.index], m.column, m.reason) for m in misfits]
        gone = {m.index for m in misfits}
        kept = [i for i in range(rows.height) if i not in gone]
        return shaped, rows[kept], lines[kept]

    # What is told of them -------------------------------------------------------------------------------------------

    @property
    def empty(self) -> pl.DataFrame:
        """Return the columns of the output, without rows."""
        return self._kept[0].clear()

    @property
    def checked(self) -> pl.DataFrame:
        """Return the rows that are checked, with the columns that the method gave them."""
        import polars as pl

        return pl.concat([rows for rows, _ in self._checked], how="vertical_relaxed")

    @property
    def lines(self) -> pl.DataFrame:
        """Return the lineage of the rows that are checked."""
        import polars as pl

        return pl.concat([lines for _, lines in self._checked])

    @cached_property
    def schema(self) -> Schema:
        """Return what the rows show of the columns of the output."""
        import polars as pl

        from simulacra.core.infer import infer

        return infer({"table": chats.as_json(pl.concat(self._kept, how="vertical_relaxed"))})

    def all(self) -> pl.DataFrame:
        """Return all rows of the output, from the folder where not all are in memory."""
        import polars as pl

        if self.place is None or self._part <= 1:
            return pl.concat(self._kept, how="vertical_relaxed")
        parts = []
        for part in range(self._part):
            path = self.place.path / "data" / part_name(part, self.ending)
            if path.exists():
                parts.append(
                    pl.read_parquet(path) if self.ending == ".parquet" else files.read(path, nested=True).frame
                )
        return pl.concat(parts, how="vertical_relaxed")

    def failures(self, failed: Sequence[Any]) -> list[Any]:
        """Return what failed in the method, and the rows that do not fit the layout, in the order of rows."""
        from simulacra.text._base import Failure

        return sorted([*failed, *(Failure(*misfit) for misfit in self._misfits)], key=lambda failure: failure.row)

    def asked(self) -> list[dict[str, Any]]:
        """Return what was asked for the rows: requests, tokens and cost for each column and model."""
        import polars as pl

        if not self._asked:
            return []
        counts = _summed(pl.concat(self._asked))
        return counts.with_columns(cost=pl.col("cost") / NANO).to_dicts()


def publish(
    format: str, rows: Rows, lineage: Lineage, report: Report | None, failures: Sequence[Any], place: Folder
) -> None:
    """Write everything but the parts, the manifest last."""
    ending = SUFFIX[format]
    with task("write"):
        about = card.Card(rows.count, rows.empty, ending, place.sums(ending), rows.schema, lineage, report)
        write_json(place.path / "lineage.json", json.loads(json.dumps(lineage.to_dict(), default=str)))
        if failures:
            write_json(place.path / "failures.json", [dataclasses.asdict(failure) for failure in failures])
        if report is not None:
            report.save(place.path / "findings.json")
            report.save(place.path / "report.html")
        write_json(place.path / "card.json", card.croissant(about))
        write_text(place.path / "README.md", card.readme(about))
        place.finish()


def _asked(lines: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    each = lines.select(pl.col("asked").explode()).drop_nulls().unnest("asked")
    whole = (pl.col("cost") * NANO).round().cast(pl.Int64)
    return _summed(each.select("column", "model", "tokens_in", "tokens_out", whole, requests=pl.lit(1, pl.Int64)))


def _summed(counts: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    figures = ("requests", "tokens_in", "tokens_out", "cost")
    return counts.group_by("column", "model").agg(pl.col(*figures).sum()).sort("column", "model")
