"""Files as cells: nothing but the exchanged cells changes, byte for byte, and hostile files are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import DataError
from simulacra.io.documents import Document, Part, open_document

FILES = {
    "a.csv": b'\xef\xbb\xbfid,name,note\r\n1,"Smith, John","say ""hi"" =x"\r\n\r\n2,Bob,\r\n3,"",=1+2',
    "b.csv": b"id;name\n1;'x'\n2;y\n",
    "c.tsv": b"id\tname\n1\tM\xfcller\n2\tZo\xeb\n",
    "d.jsonl": b'{"id": 1, "a": {"b": ["x\\u00e9", "y"], "n": 1.50}}\n\n{"id":2,"t":"q\\"z\\ud83d\\ude00"}',
    "e.json": b'{"patients": [\n  {"id": 1, "n": "A"},\r\n  {"id": 2, "k": {"z": [{"q": "w"}]}}], "by": "me"}\n',
    "f.xml": b'<?xml version="1.0"?>\n<!-- by M -->\n<r xmlns="u:x"><p id=\'1\' n="a &quot;b&quot;">O&apos;B &#246;<q/>'
    b"t<![CDATA[x < y]]></p>\r\n</r>\n",
    "g.txt": b"Hello John\r\nline two\r\n\r\n\r\nPara two.",
    "h.csv": "id,name\n1,Jörg\n".encode("utf-16"),
    "i.xml": '<?xml version="1.0" encoding="ISO-8859-1"?><r><p>Müller</p></r>'.encode("latin-1"),
}


def written(
    path: Path, change: Callable[[str, str], str | None] = lambda column, value: value, **options: str
) -> bytes:
    """Return the bytes after `change(column, value)` of every cell that it changes."""
    document: Document = open_document(path, **options)  # type: ignore[arg-type]

    def parts() -> Iterator[Part]:
        for part in document.parts():
            for column, cells in part.columns.items():
                for value, place in zip(cells.values, cells.places, strict=True):
                    new = None if value is None else change(column, value)
                    if value is not None and new != value:
                        cells.edits[place] = None if new is None else [(0, len(value), new)]
            yield part

    target = path.with_name("out" + path.suffix)
    document.write(target, parts())
    return target.read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_file_in_which_nothing_is_exchanged_keeps_every_byte(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    assert written(tmp_path / name) == FILES[name]


def test_only_the_exchanged_cell_changes_and_is_written_as_its_file_writes(tmp_path: Path) -> None:
    def one(name: str, old: str, new: str) -> bytes:
        (tmp_path / name).write_bytes(FILES[name])
        return written(tmp_path / name, lambda _, value: new if value == old else value)

    assert one("a.csv", "Bob", 'A "b", c') == FILES["a.csv"].replace(b"2,Bob,", b'2,"A ""b"", c",')
    assert one("a.csv", "Smith, John", "X") == FILES["a.csv"].replace(b'"Smith, John"', b'"X"')
    assert one("c.tsv", "Müller", "Jörg") == FILES["c.tsv"].replace(b"M\xfcller", b"J\xf6rg")
    assert one("d.jsonl", "y", 'a"\\\n') == FILES["d.jsonl"].replace(b'"y"', b'"a\\"\\\\\\n"')
    assert one("d.jsonl", "1.50", "P-1") == FILES["d.jsonl"].replace(b"1.50", b'"P-1"')
    assert one("e.json", "w", "v") == FILES["e.json"].replace(b'"w"', b'"v"')
    assert one("f.xml", "x < y", "z") == FILES["f.xml"].replace(b"x < y", b"z")
    assert one("f.xml", "1", "<&'") == FILES["f.xml"].replace(b"'1'", b"'&lt;&amp;&apos;'")
    assert one("h.csv", "Jörg", "Zoë").decode("utf-16") == "id,name\n1,Zoë\n"
    assert b"M\xfcllor" in one("i.xml", "Müller", "Müllor")


def test_a_place_inside_a_cell_is_exchanged_and_the_escapes_around_it_stay(tmp_path: Path) -> None:
    cases = {
        "x.csv": (b'n\n"a ""b"" Ann c"\n', b'n\n"a ""b"" Eve c"\n'),
        "x.jsonl": (b'{"n": "\\u0061 \\"Ann\\" \\t"}', b'{"n": "\\u0061 \\"Eve\\" \\t"}'),
        "x.xml": (b"<r><p>&#97; &quot; Ann &gt;</p></r>", b"<r><p>&#97; &quot; Eve &gt;</p></r>"),
    }
    for name, (before, after) in cases.items():
        (tmp_path / name).write_bytes(before)
        document = open_document(tmp_path / name)
        parts = list(document.parts())
        cells = next(iter(parts[-1].columns.values()))
        at = str(cells.values[0]).index("Ann")
        cells.edits[cells.places[0]] = [(at, at + 3, "Eve")]
        document.write(tmp_path / "out", iter(parts))
        assert (tmp_path / "out").read_bytes() == after


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), st.text("a,\"\r\n;' =")), min_size=1
    )
)
def test_any_table_written_by_the_csv_module_is_cut_into_its_cells(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    import csv

    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("first", "second"), *rows])
    parts = list(open_document(path).parts())
    found = [
        (a or "", b or "")
        for p in parts
        for a, b in zip(p.columns["first"].values, p.columns["second"].values, strict=True)
    ]
    assert found == rows
    assert written(path) == path.read_bytes()


def test_long_files_are_cut_at_their_records(tmp_path: Path) -> None:
    rows = [f'{i},"line one of {i}\nline two, ""x""",{i % 7}' for i in range(25_000)]
    (tmp_path / "long.csv").write_text("id,note,k\n" + "\n".join(rows) + "\n")
    parts = list(open_document(tmp_path / "long.csv").parts())
    assert len(parts) > 2
    assert [v for p in parts for v in p.columns["id"].values] == [str(i) for i in range(25_000)]
    assert [r for p in parts for r in p.columns["id"].rows] == list(range(25_000))
    assert written(tmp_path / "long.csv") == (tmp_path / "long.csv").read_bytes()


def test_records_and_columns_of_nested_documents(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_bytes(FILES["e.json"])
    columns = next(open_document(tmp_path / "e.json").parts()).columns
    assert columns["patients.id"].rows == [0, 1]
    assert (columns["patients.k.z.q"].rows, columns["patients.k.z.q"].values) == ([1], ["w"])
    (tmp_path / "x.xml").write_text("<r><p id='1'><n>A</n></p><p id='2'><n>B</n><n>C</n></p></r>")
    columns = next(open_document(tmp_path / "x.xml").parts()).columns
    assert columns["p/@id"].rows == [0, 1]
    assert (columns["p/n"].rows, columns["p/n"].values) == ([0, 1, 1], ["A", "B", "C"])


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_typed_files_keep_types_order_and_untouched_columns(ending: str, tmp_path: Path) -> None:
    import datetime as dt

    frame = pl.DataFrame(
        {
            "n": [1, None, 3],
            "t": ["a", "b", None],
            "d": [dt.date(2020, 1, 2), None, dt.date(2021, 3, 4)],
            "z": [dt.datetime(2020, 1, 2, 3, 4, 5, 6), None, dt.datetime(2021, 3, 4)],
        }
    ).with_columns(pl.col("z").dt.replace_time_zone("Europe/Berlin").alias("w"))
    path = tmp_path / f"t.{ending}"
    frame.write_parquet(path) if ending == "parquet" else frame.write_ipc(path)
    read = pl.read_parquet if ending == "parquet" else pl.read_ipc
    change = {"1": "9", "2020-01-02": "2019-12-31", "a": "x"}
    written(path, lambda _, value: change.get(value, value.replace("2020-01-02T", "2019-01-02T")))
    out = read(path.with_name(f"out.{ending}"))
    assert out.schema == frame.schema
    assert out["n"].to_list() == [9, None, 3]
    assert out["d"].to_list() == [dt.date(2019, 12, 31), None, dt.date(2021, 3, 4)]
    assert out["z"].to_list()[0] == dt.datetime(2019, 1, 2, 3, 4, 5, 6)
    assert out["w"].dt.date().to_list()[0] == dt.date(2019, 1, 2)
    assert out["w"].dt.hour().to_list() == frame["w"].dt.hour().to_list()


BOMB = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'
OTHER = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("bomb.xml", BOMB, "has a DTD"),
        ("file.xml", OTHER, "has a DTD"),
        ("deep.xml", "<a>" * 500 + "</a>" * 500, "nested more than"),
        ("open.xml", "<r><p>x</r>", "line 1: not well-formed"),
        ("deep.json", "[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("bad.jsonl", '{"a": 1}\n{"a": }\n', "line 2: not valid JSON"),
        ("bad.json", '{"a": 1', "not valid JSON"),
        ("open.csv", 'a,b\n1,"x\n2,y\n', "never closed"),
        ("ragged.csv", "a,b\n1,2\n1,2,3\n", "line 3 (row 1): 3 fields where the header has 2"),
        ("twice.csv", "a,a\n1,2\n", "several columns"),
        ("blank.csv", "\n\n", "blank space"),
        ("empty.txt", "", "empty"),
        ("x.docx", "hello", "unknown ending"),
    ],
)
def test_what_cannot_be_masked_is_refused_with_the_place(name: str, text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=r".*") as error:
        list(open_document(tmp_path / name).parts())
    assert told in str(error.value)
    assert name in str(error.value)


def test_bytes_of_two_encodings_are_named_with_their_line_or_kept_on_demand(tmp_path: Path) -> None:
    lines = ["id,name", *[f"{i},Zoë Müller" for i in range(50)]]
    data = "\n".join(lines).encode() + "\n50,Jörg\n".encode("cp1252")
    path = tmp_path / "mixed.csv"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"line 52: .*not valid"):
        open_document(path)
    assert written(path, encoding="mixed") == data
    seen: list[str] = []
    out = written(path, lambda column, value: seen.append(value) or value.replace("Jörg", "Egon"), encoding="mixed")  # type: ignore[func-returns-value]
    assert "Jörg" in seen
    assert out == data.replace(b"J\xf6rg", b"Egon")


def test_a_letter_beyond_ascii_far_down_a_western_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_bytes(b"id,name\n" + b"1,abcdefgh\n" * 120_000 + b"2,Zo\xeb\n")
    assert written(path, lambda _, value: "Ida" if value == "Zoë" else value).endswith(b"2,Ida\n")
