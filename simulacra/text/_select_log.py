"""Why each row of a table was kept or dropped, written down stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


class Log:
    """The fate of every row: which are left; the stage that decided, why, beside which row, and with what score.

    A row that is dropped once stays dropped.
    """

    def __init__(self, rows: int) -> None:
        self.left = np.ones(rows, dtype=bool)
        self.counts: dict[str, int] = {}
        self._stage = [""] * rows
        self._reason = [""] * rows
        self._file = [""] * rows
        self._partner = np.full(rows, -1, dtype=np.int64)
        self._score = np.full(rows, np.nan)

    def rows(self) -> Ints:
        """Return the numbers of the rows that are left."""
        return np.flatnonzero(self.left)

    def drop(
        self,
        stage: str,
        rows: Iterable[int],
        reasons: Sequence[str],
        partners: Iterable[int] | None = None,
        files: Sequence[str] | None = None,
    ) -> None:
        """Drop rows with their reasons. partners: row beside which each was dropped; files: in which file it stands."""
        given = [int(row) for row in rows]
        self.left[given] = False
        self._write(stage, given, reasons, partners, files)
        self.counts[stage] = self.counts.get(stage, 0) + len(given)

    def keep(self, stage: str, rows: Iterable[int], reasons: Sequence[str], partners: Iterable[int]) -> None:
        """Write down why rows are kept."""
        self._write(stage, [int(row) for row in rows], reasons, partners, None)

    def score(self, rows: Ints, scores: Floats) -> None:
        """Write down the score of rows."""
        self._score[rows] = scores

    def frame(self) -> pl.DataFrame:
        """Return row, kept, stage, reason, partner, partner_file ("" is the table itself) and score of each row."""
        return pl.DataFrame(
            {
                "row": np.arange(len(self.left)),
                "kept": self.left,
                "stage": self._stage,
                "reason": self._reason,
                "partner": self._partner,
                "partner_file": self._file,
                "score": self._score,
            }
        ).with_columns(pl.col("partner").replace({-1: None}), pl.col("score").fill_nan(None).round(6))

    def _write(
        self,
        stage: str,
        rows: Sequence[int],
        reasons: Sequence[str],
        partners: Iterable[int] | None,
        files: Sequence[str] | None,
    ) -> None:
        for at, row in enumerate(rows):
            self._stage[row], self._reason[row] = stage, reasons[at]
            self._file[row] = files[at] if files else ""
        if partners is not None:
            self._partner[list(rows)] = list(partners)
