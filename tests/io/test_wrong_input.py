"""Wrong input: each is one clear DataError that says where, what was seen and what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.core.errors import ConfigError, DataError


def assert_refused(folder: Path, content: str | bytes, *parts: str, name: str = "t.csv", **options: Any) -> None:
    """Assert that a file of this content is refused with a message that holds all the parts, the file's name first."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as caught:
        simulacra.read(path, **options)
    message = str(caught.value)
    for part in (name, *parts):
        assert part in message, message
    assert caught.value.exit_code == 2 and "\n" not in message


def test_missing_file_offers_similar_names(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"does not exist\. Did you mean: customers\.csv\?"):
        simulacra.read(tmp_path / "costumers.csv")
    with pytest.raises(DataError, match=r"Did you mean: customers\.csv\?"):
        simulacra.read(tmp_path / "customers.parquet")
    with pytest.raises(DataError, match="Nor does the folder"):
        simulacra.read(tmp_path / "none" / "x.csv")


def test_folder_address_and_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"is a folder, not a file; name one of its files: a\.csv"):
        simulacra.read(tmp_path)
    with pytest.raises(DataError, match="never opened"):
        simulacra.read("https://example.org/a.csv")
    (tmp_path / "pages").mkdir()
    for name in "abc":
        (tmp_path / "pages" / f"{name}.md").write_text("Words.")
    monkeypatch.chdir(tmp_path / "pages")
    with pytest.raises(DataError, match="no file named"):
        simulacra.read("")


def test_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(DataError, match=r"loop\.csv"):
        simulacra.read(tmp_path / "loop.csv")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a PNG image"),
        (b"%PDF-1.7\n" + bytes(99), "a PDF document"),
        (b"SQLite format 3\x00" + bytes(99), "an SQLite database"),
        (b"\x7fELF" + bytes(99), "a program"),
        (b"\x93NUMPY" + bytes(99), "a numpy array"),
        (bytes(range(256)) * 8, "binary"),
    ],
)
def test_binary_files(tmp_path: Path, content: bytes, what: str) -> None:
    assert_refused(tmp_path, content, what, "give CSV, Parquet, JSONL or Arrow")


def test_office_document(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("[Content_Types].xml", "<a/>")
        out.writestr("xl/sheet1.xml", "<a/>")
    assert_refused(tmp_path, buffer.getvalue(), "Office document", "save the sheet as CSV", name="t.xlsx")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ("is empty (0 bytes)",)),
        (b"\n \n", ("only blank space",)),
        (b"\xef\xbb\xbf", ("only blank space",)),
        (b"a,b\n", ("a header (2 columns) but no rows",)),
        (b"a,b\n\n\n", ("a header (2 columns) but no rows",)),
        (b"a\n", ("a header (1 columns) but no rows",)),
    ],
)
def test_nothing_to_read(tmp_path: Path, content: bytes, parts: tuple[str, ...]) -> None:
    assert_refused(tmp_path, content, *parts)


def test_names_that_are_empty_or_twice(tmp_path: Path) -> None:
    assert_refused(tmp_path, "a,b,a\n1,2,3\n", "line 1", "'a' stands for columns 1, 3", "rename all but one")
    assert_refused(tmp_path, "a,,c\n1,2,3\n", "line 1", "column 2 of 3 has no name", "give it one")
    assert_refused(tmp_path, ",a\n0,2\n", "to_csv(index=False)")
    assert_refused(tmp_path, "a,b,\n1,2,\n", "every line ends in a delimiter")
    with pytest.raises(DataError, match=r"names=: the name 'n' stands for columns 1, 2"):
        simulacra.read(tmp_path / "t.csv", names=["n", "n", "m"])


def test_ragged_rows_name_line_row_and_counts(tmp_path: Path) -> None:
    assert_refused(
        tmp_path, "a,b,c\n1,2,3\n4,5\n", "line 3 (row 2): 2 fields where the header has 3", "complete the row"
    )
    assert_refused(
        tmp_path, "a,b\n1,2\n3,4,5\n6,7,8\n", "line 3 (row 2): 3 fields where the header has 2 (2 such rows)", "comma"
    )
    assert_refused(tmp_path, 'a,b\n"x\ny",2\n3\n', "line 4 (row 2): 1 fields")
    assert_refused(tmp_path, "a,b\nr1,1,2\nr2,3,4\n", "one cell more than the header")
    assert_refused(tmp_path, "a,b\n1,2\n", "2 fields where the header has 3", names=["x", "y", "z"])


def test_quote_that_is_never_closed(tmp_path: Path) -> None:
    assert_refused(tmp_path, 'a,b\n1,2\n3,"x\n5,6\n', "line 3", "never closed", "quote=''")


def test_text_that_is_not_what_it_is_said_to_be(tmp_path: Path) -> None:
    assert_refused(tmp_path, "a\nKöln\nx\n".encode("cp1252"), "line 2", "b'\\xf6'", "not valid utf-8", encoding="utf-8")
    damaged = b"a\n" + "Zürich Köln\n".encode() * 20 + b"M\xfcnchen\n"
    assert_refused(tmp_path, damaged, "line 22", "not valid UTF-8, though most of the file is")
    assert_refused(tmp_path, "город,n\nМосква,1\nКазань,2\n".encode("cp1251"), "not UTF-8", "encoding=")
    assert_refused(tmp_path, "名前,x\n山田太郎,1\n".encode("shift_jis"), "not UTF-8", "encoding=")


def test_nul_characters(tmp_path: Path) -> None:
    assert_refused(tmp_path, "a,b\n" + "1,x\n" * 50 + "2,y\x00z\n", "line 52", "NUL")


@pytest.mark.parametrize("word", ["inf", "-inf", "Infinity", "∞"])
def test_infinities(tmp_path: Path, word: str) -> None:
    text = f"a,b\n1.5,x\n{word},y\n2,z\n"
    assert_refused(tmp_path, text, "row 2", "column 'a'", repr(word), "na=")
    assert simulacra.read(tmp_path / "t.csv", na=(word,)).frame["a"].to_list() == [1.5, None, 2.0]


def test_infinities_in_parquet_and_a_city_called_inf(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": [1.0, float("-inf")]}).write_parquet(path)
    with pytest.raises(DataError, match=r"row 2, column 'a': the number '-inf' is infinite"):
        simulacra.read(path)
    (tmp_path / "t.csv").write_text("a\nInf\nBonn\n")
    assert simulacra.read(tmp_path / "t.csv").frame["a"].to_list() == ["Inf", "Bonn"]


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.jsonl"])
def test_nested_columns(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame({"a": [1, 2], "tags": [["x"], ["y", "z"]]})
    {"t.parquet": frame.write_parquet, "t.arrow": frame.write_ipc, "t.jsonl": frame.write_ndjson}[name](tmp_path / name)
    with pytest.raises(DataError, match="column 'tags'.*holds.*list.*unnest it"):
        simulacra.read(tmp_path / name)


@pytest.mark.parametrize("name", ["t.parquet", "t.feather"])
def test_damaged_and_misnamed_binary_formats(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame({"a": list(range(1000))})
    buffer = io.BytesIO()
    frame.write_parquet(buffer) if name == "t.parquet" else frame.write_ipc(buffer)
    assert_refused(tmp_path, buffer.getvalue()[:-40], "cut short or damaged", name=name)
    assert_refused(tmp_path, "a,b\n1,2\n", "damaged or misnamed", name=name)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_in_a_binary_format_is_no_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    buffer, frame = io.BytesIO(), pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})
    write = data.draw(st.sampled_from([frame.write_parquet, frame.write_ipc, frame.write_ipc_stream]))
    write(buffer)
    content = bytearray(buffer.getvalue())
    content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("byte") / "t.parquet"
    path.write_bytes(content)
    try:
        assert simulacra.read(path).frame.width >= 1
    except DataError as error:
        assert str(path) in str(error)


def test_parquet_without_rows_or_columns(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"a": pl.Series([], dtype=pl.Int64)}).write_parquet(buffer)
    assert_refused(tmp_path, buffer.getvalue(), "1 columns but no rows", name="t.parquet")
    buffer = io.BytesIO()
    pl.DataFrame({"": [1]}).write_parquet(buffer)
    assert_refused(tmp_path, buffer.getvalue(), "column 1 of 1 has no name", name="t.parquet")


def test_unknown_ending_offers_near_ones(tmp_path: Path) -> None:
    assert_refused(tmp_path, "a\n1\n", "unknown ending '.cvs'", "Did you mean: .csv", name="t.cvs")
    assert simulacra.read(tmp_path / "t.cvs", format="csv").frame["a"].to_list() == [1]


def test_wrong_json(tmp_path: Path) -> None:
    assert_refused(tmp_path, '{"a": 1}\n{"a": \n', "line 2", "not valid JSON", name="t.jsonl")
    assert_refused(tmp_path, '{"a": 1}\n7\n', "line 2", "no JSON object", name="t.jsonl")
    assert_refused(tmp_path, '[{"a": 1}, 7]', "entry 2", "no JSON object", name="t.json")
    assert_refused(tmp_path, "a,b\n1,2\n", "line 1", "not valid JSON", name="t.jsonl")
    assert_refused(tmp_path, "{}\n{}\n", "no columns", name="t.jsonl")
    assert_refused(tmp_path, "[" * 100_000, "not valid JSON", name="t.json")
    assert_refused(tmp_path, '{"a":' * 100_000, "line 1", "not valid JSON", name="t.jsonl")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_truncated_and_damaged_archives(tmp_path: Path, pack: Any) -> None:
    whole = pack(b"a,b\n" + b"".join(b"%d,%d\n" % (i * 7919 % 10007, i * i % 10007) for i in range(3000)))
    assert_refused(tmp_path, whole[: len(whole) // 2], "cut short or damaged", name="t.csv.gz")
    assert_refused(tmp_path, b"a,b\n1,2\n", "is named .gz but is not gzip-compressed", name="t.csv.gz")


def test_archive_of_several_files(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("a.csv", "a\n1\n")
        out.writestr("b.csv", "a\n1\n")
    assert_refused(tmp_path, buffer.getvalue(), "holds 2 files (a.csv, b.csv)", name="t.zip")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_zip_bomb(tmp_path: Path, pack: Any) -> None:
    assert_refused(tmp_path, pack(bytes(66 << 20)), "zip bomb", "unpack it first", name="t.csv.gz")


def test_size_limit(tmp_path: Path) -> None:
    assert_refused(tmp_path, "a\n" + "1\n" * 500, "more than 100 bytes", "limit=", limit=100)
    assert_refused(tmp_path, gzip.compress(b"a\n" + b"1\n" * 500), "more than 100 bytes", name="t.csv.gz", limit=100)


@pytest.mark.parametrize(
    "options",
    [{"na": "NA"}, {"format": "xls"}, {"delimiter": ",,"}, {"quote": "ab"}, {"decimal": ";"}, {"encoding": "utf-88"}],
)
def test_wrong_options(tmp_path: Path, options: dict[str, Any]) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(ConfigError):
        simulacra.read(tmp_path / "t.csv", **options)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(min_size=1, max_size=60), st.text('ab,;"\n\t|1.', min_size=1, max_size=40).map(str.encode)))
def test_any_bytes_are_a_table_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "t.csv"
    path.write_bytes(content)
    try:
        data = simulacra.read(path)
    except DataError as error:
        assert len(str(error)) > 20
    else:
        assert data.frame.width >= 1 and data.frame.height >= 1 and len(set(data.frame.columns)) == data.frame.width
