"""Writing: read back as it was given, looks kept, formulas made harmless on request, nothing half-written."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
from datetime import date, datetime, time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.core.errors import ConfigError, DataError, OutputError

ALIKE = (
    "id,price,big,half,share,n,day,yes,zip,cost,rate,text\n"
    '1,12.50,"1,200.00",1,0.1,"1,000",3/7/2020,Yes,01234,"$1,200.50",5%,None\n'
    '2,3.00,5.25,2.5,0.25,20,12/31/1850,No,90210,$3.00,17%,"a, ""b"""\n'
    "3,,,,,,,,,,,\n"
    '4,1.10,3.00,-3,1e-7,300,1/1/1900,No,00001,$-2.00,100%,""\n'
)  # fmt: skip


def test_a_file_that_is_read_is_written_byte_for_byte_alike(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ALIKE)
    data = simulacra.read(tmp_path / "a.csv")
    assert (
        data.schema["price"].format == ".2f" and data.schema["big"].format == ",.2f" and data.schema["n"].format == ",d"
    )
    simulacra.write(data, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == ALIKE


def test_a_look_never_changes_a_value(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("p,q\n1.50,x\n2.25,y\n")
    data = simulacra.read(tmp_path / "a.csv")
    changed = simulacra.Dataset({"table": data.frame.with_columns(p=pl.Series([1.005, 2.0]))}, data.schema)
    simulacra.write(changed, tmp_path / "b.csv")
    assert simulacra.read(tmp_path / "b.csv").frame["p"].to_list() == [1.005, 2.0]


def test_formula_cells_are_made_harmless_on_request_and_numbers_stay(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"=h": ["=1+1", "+cmd", "-x", "@y", "\tz", "-5", "+1.5", "a=b", None, ""], "n": range(-5, 5), "f": [-0.5] * 10}
    )
    simulacra.write(frame, tmp_path / "a.csv", neutralise=True)
    read = simulacra.read(tmp_path / "a.csv").frame
    assert read["'=h"].to_list() == ["'=1+1", "'+cmd", "'-x", "'@y", "'\tz", "-5", "+1.5", "a=b", None, ""]
    assert read["n"].to_list() == list(range(-5, 5)) and read["f"].to_list() == [-0.5] * 10
    simulacra.write(frame, tmp_path / "b.csv")
    assert simulacra.read(tmp_path / "b.csv").frame["=h"].to_list() == frame["=h"].to_list()


def test_same_data_same_bytes(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": list(range(50)), "b": ["x", "y"] * 25})
    for ending in ("csv", "csv.gz", "csv.zip", "parquet", "jsonl.xz", "arrow"):
        simulacra.write(frame, tmp_path / f"1.{ending}")
        first = (tmp_path / f"1.{ending}").read_bytes()
        simulacra.write(frame, tmp_path / f"1.{ending}")
        assert (tmp_path / f"1.{ending}").read_bytes() == first


def test_any_frame_is_written(tmp_path: Path) -> None:
    import pandas as pd
    import pyarrow as pa

    for frame in (pd.DataFrame({"a": [1, 2]}), pa.table({"a": [1, 2]}), {"a": [1, 2]}):
        simulacra.write(frame, tmp_path / "t.csv")
        assert (tmp_path / "t.csv").read_text() == "a\n1\n2\n"


def test_dates_and_times_of_polars_become_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"d": [date(1850, 1, 2), None], "t": [time(1, 2), None], "s": [datetime(2020, 1, 2, 3), None]})
    simulacra.write(frame, tmp_path / "t.csv")
    read = simulacra.read(tmp_path / "t.csv")
    assert [c.kind for c in read.schema] == ["constant"] * 3 and read.frame["d"].to_list() == ["1850-01-02", None]


@pytest.mark.parametrize("name", ["t.xlsx", "t", "t.gz", "t.docx.gz"])
def test_unknown_endings(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="unknown ending"):
        simulacra.write(pl.DataFrame({"a": [1]}), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_unknown_format_offers_near_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean: parquet"):
        simulacra.write(pl.DataFrame({"a": [1]}), tmp_path / "t", format="parket")


def test_nested_columns_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1], "deep": [[1, 2]]})
    with pytest.raises(DataError, match="column 'deep' holds list values"):
        simulacra.write(frame, tmp_path / "t.csv")
    assert list(tmp_path.iterdir()) == []


def test_columns_that_text_cannot_hold_are_named(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1], "took": [3_000]}).with_columns(pl.col("took").cast(pl.Duration("ms")))
    with pytest.raises(DataError, match="column 'took' holds duration values"):
        simulacra.write(frame, tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*t\.csv"):
        simulacra.write(pl.DataFrame({"a": [1]}), tmp_path / "t.csv")


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The largest file a process may write stands in for the disk: the system refuses in the same call."""
    path = tmp_path / "t.csv"
    path.write_text("old\n")
    code = (
        "import sys, simulacra, polars as pl, resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try: simulacra.write(pl.DataFrame({'a': range(100_000)}), sys.argv[1])\n"
        "except simulacra.core.errors.OutputError as error: print(error); sys.exit(error.exit_code)\n"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 10_000
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.returncode == 2 and "cannot write" in done.stdout, done.stderr
    assert path.read_text() == "old\n" and [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_parquet_to_standard_output() -> None:
    code = "import simulacra, polars as pl; simulacra.write(pl.DataFrame({'a': [1]}), '-', format='parquet')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.startswith(b"PAR1") and done.stdout.endswith(b"PAR1")


def test_gzip_has_no_clock_time(tmp_path: Path) -> None:
    simulacra.write(pl.DataFrame({"a": [1]}), tmp_path / "t.csv.gz")
    raw = (tmp_path / "t.csv.gz").read_bytes()
    assert raw[4:8] == b"\0\0\0\0" and gzip.decompress(raw) == b"a\n1\n"


# Text of which no cell can be taken for a number, a truth or a calendar day.
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6).map(lambda s: "w" + s if s else s)
WHOLE = st.integers(-(2**63), 2**63 - 1)
REAL = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Frames of one to four columns of text, whole numbers, decimals and truths with missing cells."""
    height = draw(st.integers(1, 6))
    columns = []
    for number in range(draw(st.integers(1, 4))):
        cells, dtype = draw(
            st.sampled_from([(WORDS, pl.String), (WHOLE, pl.Int64), (REAL, pl.Float64), (st.booleans(), pl.Boolean)])
        )
        values = draw(st.lists(st.none() | cells, min_size=height, max_size=height))
        columns.append(pl.Series(f"c{number}", values, dtype=dtype))
    return pl.DataFrame(columns)


@settings(max_examples=100, deadline=None)
@given(frame=frames(), format=st.sampled_from(["csv", "tsv", "jsonl", "parquet", "arrow"]))
def test_write_then_read_gives_the_same_frame(
    tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame, format: str
) -> None:
    path = tmp_path_factory.mktemp("round") / f"t.{format}"
    simulacra.write(frame, path)
    back = simulacra.read(path).frame
    assert back.columns == frame.columns and back.height == frame.height
    for column in frame.iter_columns():
        # Text keeps no type: a column without values comes back as text, and whole decimals come back as they were.
        if column.null_count() < len(column):
            assert back[column.name].dtype == column.dtype, (column, back[column.name])
        assert back[column.name].to_list() == column.to_list()
