"""Dates: days or seconds between two ends, written by a format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from simulacra.core.errors import ConfigError
from simulacra.parts import permute
from simulacra.text._columns_cells import Cells
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_spec import Spec


class Date(Column):
    """A day from start to end, or a second where the ends have times; text by `format`, ISO without."""

    drawn = True

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        self.start, self.end = self._end("start"), self._end("end")
        whole_days = all(len(spec.given[entry]) == 10 for entry in ("start", "end"))
        self.step = dt.timedelta(days=1) if whole_days else dt.timedelta(seconds=1)
        self.format = str(spec.get("format", "%Y-%m-%d" if whole_days else "%Y-%m-%dT%H:%M:%S"))
        if self.end < self.start:
            raise spec.error(f"end {spec.given['end']!r} lies before start {spec.given['start']!r}")
        self.count = (self.end - self.start) // self.step + 1

    def _end(self, entry: str) -> dt.datetime:
        given = self.spec.given[entry]
        try:
            out = dt.datetime.fromisoformat(given)
        except ValueError:
            raise self._not_a_date(entry, given) from None
        if out.tzinfo is not None:
            raise self._not_a_date(entry, given)
        return out

    def _not_a_date(self, entry: str, given: str) -> ConfigError:
        return self.spec.error(f"{entry} must be a date such as 2024-05-31 or 2024-05-31T17:30:00, got {given!r}")

    def draw(self, cells: Cells) -> Sequence[Any]:
        """Draw a day, or a second, of the span."""
        places = permute.below(cells.numbers, self.count, cells.key(f"column {self.name}"), "").tolist()
        return [(self.start + place * self.step).strftime(self.format) for place in places]
