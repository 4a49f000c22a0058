"""Times kept as text: what is found is read and written back as it stood."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core import times

FORMATS = [
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y", "%B %d, %Y", "%Y%m%d", "%Y-%m-%dT%H:%M:%SZ",
    "%d/%m/%Y %H:%M",
    "%Y-%m-%d %I:%M:%S %p", "%-d.%-m.%Y %-H:%M", "%Y/%m/%d %H:%M:%S%.3f", "%Y-%m-%d %H:%M:%S+02:00",
]  # fmt: skip


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=12, deadline=None)
@given(st.lists(st.datetimes(datetime(1600, 1, 1), datetime(2199, 12, 31)), min_size=30, max_size=40, unique=True))
def test_found_format_writes_every_value_back(format: str, days: list[datetime]) -> None:
    # One day that no month can be, so that the order of day and month is decided.
    cells = (
        pl.Series([*days, datetime(1999, 1, 31)], dtype=pl.Datetime("us"))
        .dt.strftime(format)
        .unique(maintain_order=True)
    )
    found = times.find(cells)
    assert found is not None and found.also == ""
    assert found.values.dt.strftime(found.format).to_list() == cells.to_list()
    assert times.parse(cells, found.format).to_list() == found.values.to_list()


@pytest.mark.parametrize(
    "cells", [["12", "13"], ["2020-02-30"], ["2020-01-01", "x"], ["1.2.3.4"], ["25:00"], ["2020-1"], ["a"]]
)
def test_what_is_no_time(cells: list[str]) -> None:
    assert times.find(pl.Series(cells)) is None


def test_several_offsets_become_instants_in_utc() -> None:
    found = times.find(pl.Series(["2020-01-02T03:00:00+01:00", "2020-07-02T03:00:00+02:00"]))
    assert found is not None and found.format == "%Y-%m-%dT%H:%M:%S%:z"
    assert [v.hour for v in found.values] == [2, 1]
