"""Reading: what is found out (delimiter, quoting, encoding, compression, signs of numbers) and what stays as it is."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.core.data import Dataset


def put(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(folder: Path, text: str | bytes, name: str = "t.csv", **options: object) -> Dataset:
    """Return what is read from a file of this content."""
    return simulacra.read(put(folder, text, name), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters_are_found_among_quotes_and_line_breaks(tmp_path: Path, mark: str) -> None:
    rows = [["name", "note", "n"], ["a", f'says "x"{mark} twice,;|\t', "1"], ["b", "two\nlines", "2"], ["c", "", "3"]]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=mark).writerows(rows)
    frame = read(tmp_path, buffer.getvalue()).frame
    assert frame.columns == rows[0] and frame["n"].to_list() == [1, 2, 3]
    assert frame["note"].to_list() == [rows[1][1], rows[2][1], None]


def test_one_column_of_sentences_is_not_cut(tmp_path: Path) -> None:
    frame = read(tmp_path, "text\none, two\nthree\nfour; five, six\n", delimiter="|").frame
    assert frame.columns == ["text"] and frame.height == 3
    assert read(tmp_path, "x\n1\n2\n").frame["x"].to_list() == [1, 2]


def test_single_column_keeps_its_missing_cells(tmp_path: Path) -> None:
    assert read(tmp_path, "x\n1\n\n3\n").frame["x"].to_list() == [1, None, 3]


def test_blank_lines_between_rows_are_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "\n\na,b\n1,2\n\n3,4\n\n\n").frame.rows() == [(1, 2), (3, 4)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, end.join(["a,b", "1,x", "2,y"])).frame.rows() == [(1, "x"), (2, "y")]


def test_inch_marks_are_not_quotes(tmp_path: Path) -> None:
    assert read(tmp_path, 'size,n\n5" pipe,2\n6" pipe,3\n7" pipe,4\n').frame["size"].to_list() == [
        '5" pipe',
        '6" pipe',
        '7" pipe',
    ]


def test_single_quotes_and_no_quotes(tmp_path: Path) -> None:
    text = "a;b;c\n'x;y';'1';'p'\n'z';'2';'q'\n"
    assert read(tmp_path, text).frame.rows() == [("x;y", 1, "p"), ("z", 2, "q")]
    assert read(tmp_path, 'a,b\n"x,1\ny",2\n', quote="").frame["a"].to_list() == ['"x', 'y"']


def test_names_for_a_text_without_header(tmp_path: Path) -> None:
    assert read(tmp_path, "1,a\n2,b\n", names=["n", "s"]).frame.rows(named=True)[0] == {"n": 1, "s": "a"}


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "ort,straße\nKöln,Große Straße\nZürich,Rue de Genève\n" * 3
    frame = read(tmp_path, text.encode(encoding)).frame
    assert frame.columns == ["ort", "straße"] and frame["ort"][0] == "Köln"


def test_cp1252_signs_and_named_encodings(tmp_path: Path) -> None:
    assert read(tmp_path, "p,n\nabout 5 €,“a”\n".encode("cp1252")).frame.row(0) == ("about 5 €", "“a”")
    text = "город,n\nМосква,1\nКазань,2\n"
    assert read(tmp_path, text.encode("cp1251"), encoding="cp1251").frame["город"].to_list() == ["Москва", "Казань"]


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zip", "zst"])
@pytest.mark.parametrize("inner", ["csv", "jsonl", "parquet", "arrow", "tsv"])
def test_compressed_files_of_every_format(tmp_path: Path, ending: str, inner: str) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    path = tmp_path / f"t.{inner}.{ending}"
    simulacra.write(frame, path)
    assert simulacra.read(path).frame.equals(frame)


def test_compressed_by_content_not_by_name(tmp_path: Path) -> None:
    text = b"a,b\n1,2\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("__MACOSX/._t.csv", b"junk")
        out.writestr("inside/t.csv", text)
    for packed in (gzip.compress(text), bz2.compress(text), lzma.compress(text), archive.getvalue()):
        assert read(tmp_path, packed, "t.csv").frame.rows() == [(1, 2)]


def test_format_by_content_of_unnamed_files_and_standard_input(tmp_path: Path) -> None:
    assert read(tmp_path, "a|b\n1|2\n", "noending").frame.rows() == [(1, 2)]
    assert read(tmp_path, '{"a":1}\n{"a":2}\n', "noending").frame.rows() == [(1,), (2,)]
    code = "import simulacra, sys; simulacra.write(simulacra.read('-'), '-', format='jsonl')"
    for sent in (b"a;b\n1;x\n", gzip.compress(b'{"a":1,"b":"x"}\n')):
        done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
        assert done.stdout == b'{"a":1,"b":"x"}\n'


def test_none_and_na_stay_values_unless_told(tmp_path: Path) -> None:
    text = "c,n\nNone,1\nNA,2\nnull,3\nnan,\n,5\n"
    frame = read(tmp_path, text).frame
    assert frame["c"].to_list() == ["None", "NA", "null", "nan", None] and frame["n"].to_list() == [1, 2, 3, None, 5]
    assert read(tmp_path, text, na=("NA", "nan")).frame["c"].to_list() == ["None", None, "null", None, None]
    assert read(tmp_path, "n\n1\nNA\n3\n").frame["n"].to_list() == ["1", "NA", "3"]
    assert read(tmp_path, "n\n1\nNA\n3\n", na=["NA"]).frame["n"].to_list() == [1, None, 3]


def test_a_quoted_empty_cell_is_an_empty_text_but_missing_among_numbers(tmp_path: Path) -> None:
    frame = read(tmp_path, 'a,b,c\n"","",""\n,,true\nx,4,false\n').frame
    assert frame["a"].to_list() == ["", None, "x"]
    assert frame["b"].to_list() == [None, None, 4] and frame["c"].to_list() == [None, True, False]
    assert read(tmp_path, 'a,b\n"",1\nx,2\n', na=("",)).frame["a"].to_list() == [None, "x"]


def test_types_are_taken_only_when_nothing_is_lost(tmp_path: Path) -> None:
    text = (
        "whole,gaps,zeros,plus,big,u64,dec,exp,yes,true,True,day,mixed\n"
        "1,1,007,+1,99999999999999999999,18446744073709551615,1.5,1e5,yes,true,True,20130105,1\n"
        "-2,,010,+2,1,1,2,2.5E-3,no,false,False,20131231,tbd\n"
        "3,3,100,+3,2,2,0.25,3,yes,true,True,20130228,3\n"
    )
    frame = read(tmp_path, text).frame
    assert [str(d) for d in frame.dtypes] == [
        "Int64", "Int64", "String", "String", "String", "String", "Float64", "Float64", "String", "Boolean", "String",
        "String", "String",
    ]  # fmt: skip
    assert frame["gaps"].to_list() == [1, None, 3] and frame["zeros"].to_list() == ["007", "010", "100"]
    assert frame["big"].to_list() == ["99999999999999999999", "1", "2"] and frame["exp"].to_list() == [1e5, 0.0025, 3.0]


@pytest.mark.parametrize(
    ("cells", "options", "values", "format"),
    [
        (["1,5", "2,25", "-0,5"], {}, [1.5, 2.25, -0.5], ""),
        (["1.234,50", "2,25", "10.000,00"], {}, [1234.5, 2.25, 10000.0], ".2f"),
        (["1.234", "2.345"], {}, [1.234, 2.345], ".3f"),
        (["1.234", "2.345"], {"decimal": ","}, [1234, 2345], ""),
        (["1,234", "12,345"], {"decimal": "."}, [1234, 12345], ",d"),
        (["1,234.50", "12.25"], {}, [1234.5, 12.25], ",.2f"),
        (["1 234,5", "12,5"], {}, [1234.5, 12.5], ".1f"),
        (["1'234.50", "12.25"], {}, [1234.5, 12.25], ".2f"),
        (["1.5", "2", "3.25"], {}, [1.5, 2.0, 3.25], "g"),
        (["12.50", "3.00"], {}, [12.5, 3.0], ".2f"),
        (["1.0", "", "2.0"], {}, [1.0, None, 2.0], ".1f"),
        (["$1,200.50", "$3.00"], {}, [1200.5, 3.0], "${:,.2f}"),
        (["51%", "7%"], {}, [51, 7], "{:}%"),
        (["1,50 €", "2,25 €"], {}, [1.5, 2.25], "{:.2f} €"),
        (["$5", "€7"], {}, ["$5", "€7"], ""),
    ],
)
def test_signs_of_numbers(
    tmp_path: Path, cells: list[str], options: dict[str, str], values: list[float], format: str
) -> None:
    data = read(tmp_path, "a;b\n" + "".join(f"{cell};x\n" for cell in cells), **options)
    assert data.frame["a"].to_list() == values
    assert data.schema["a"].format == format


def test_one_column_with_a_decimal_comma_decides_for_all(tmp_path: Path) -> None:
    frame = read(tmp_path, "a;b;c\n1.234;1,5;0.5\n2.345;2,25;1.25\n").frame
    assert (
        frame["a"].to_list() == [1234, 2345]
        and frame["b"].to_list() == [1.5, 2.25]
        and frame["c"].to_list() == [0.5, 1.25]
    )


def test_lists_of_codes_are_no_numbers(tmp_path: Path) -> None:
    assert read(tmp_path, 'a,b\n"1,2",x\n"1,2,3",y\n').frame["a"].to_list() == ["1,2", "1,2,3"]
    assert read(tmp_path, "a;b\n1.2.3;x\n10.0.1;y\n").frame["a"].dtype == pl.String


def test_dates_before_1900_keep_their_text(tmp_path: Path) -> None:
    data = read(tmp_path, "born,n\n" + "".join(f"{d:02d}.03.1790,{d}\n" for d in range(1, 32)))
    assert data.frame["born"][0] == "01.03.1790" and data.schema["born"].format == "%d.%m.%Y"
    assert data.schema["born"].low == "1790-03-01"


def test_one_row_all_missing_and_constant_columns(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,x\n").frame.rows() == [(1, "x")]
    data = read(tmp_path, "a,b,c\n,1,x\n,1,x\n")
    assert [c.kind for c in data.schema] == ["empty", "constant", "constant"] and data.schema["a"].missing == 1


def test_jsonl_keeps_types_order_and_long_integers(tmp_path: Path) -> None:
    text = '{"b": 1, "a": "NA"}\n\n{"a": null, "c": true, "b": 99999999999999999999}\n{"b": 3, "a": "x", "c": false}\n'
    frame = read(tmp_path, text, "t.jsonl").frame
    assert frame.columns == ["b", "a", "c"]
    assert frame["b"].to_list() == ["1", "99999999999999999999", "3"] and frame["c"].to_list() == [None, True, False]
    assert frame["a"].to_list() == ["NA", None, "x"]
    assert read(tmp_path, '[{"a": 1}, {"a": 2.5}]', "t.json").frame["a"].to_list() == [1.0, 2.5]


def test_jsonl_of_several_types_becomes_text(tmp_path: Path) -> None:
    frame = read(tmp_path, '{"a": 1}\n{"a": "x"}\n{"a": true}\n', "t.jsonl").frame
    assert frame["a"].to_list() == ["1", "x", "true"]


def test_na_and_nan_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"x": [1.0, float("nan"), float("inf")], "c": ["a", "NA", "b"]}).write_parquet(path)
    frame = simulacra.read(path, na=("NA", "inf")).frame
    assert frame["x"].to_list() == [1.0, None, None] and frame["c"].to_list() == ["a", None, "b"]


def test_feather_and_arrow_streams(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, None], "d": pl.Series(["x", "y"], dtype=pl.Categorical)})
    frame.write_ipc(tmp_path / "t.feather", compression="zstd")
    frame.write_ipc_stream(tmp_path / "t.arrow")
    for name in ("t.feather", "t.arrow"):
        assert simulacra.read(tmp_path / name).frame.equals(frame)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_the_csv_module_writes_is_read_cell_by_cell(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    width = data.draw(st.integers(2, 4))
    rows = data.draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6))
    mark = data.draw(st.sampled_from([",", ";", "\t", "|"]))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=mark, lineterminator="\n", quoting=csv.QUOTE_ALL)
    # The letters keep every column text, so that the cells themselves are compared and not what they mean.
    writer.writerow([f"c{i}" for i in range(width)])
    writer.writerows([["x" + cell for cell in row] for row in rows])
    path = put(tmp_path_factory.mktemp("csv"), buffer.getvalue())
    frame = simulacra.read(path, delimiter=mark).frame
    assert frame.rows() == [tuple("x" + cell for cell in row) for row in rows]
