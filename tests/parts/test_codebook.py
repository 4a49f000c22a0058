"""A codebook: a CSV of columns and values is a declared domain."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulacra.core.errors import SchemaError
from simulacra.parts import codebook
from simulacra.testing import toys

BOOK = """column,value,label,kind,low,high,step
sex,1,male,,,,
sex,2,female,,,,
town,Ulm,,,,,
town,Bonn,,,,,
code,01,,,,,
code,02,,,,,
age,,in years,number,0,120,1
price,,,number,0.5,99.5,0.5
born,,,time,1900-01-01,2024-12-31,
note,,,text,,,
"""


def test_values_are_levels_and_ranges_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text(BOOK)
    schema = codebook.read(path)
    assert schema.names == ["sex", "town", "code", "age", "price", "born", "note"]
    assert schema["sex"].levels == (1, 2) and schema["code"].levels == ("01", "02")
    assert schema["town"].levels == ("Ulm", "Bonn") and schema["town"].kind == "category"
    assert (schema["age"].low, schema["age"].high, schema["age"].step) == (0, 120, 1)
    assert (schema["price"].low, schema["price"].step) == (0.5, 0.5)
    assert (schema["born"].kind, schema["born"].low) == ("time", "1900-01-01") and schema["note"].kind == "text"
    assert all(c.source == "declared" for c in schema.columns)


def test_a_schema_and_other_delimiters_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(toys.people_schema().to_toml())
    assert codebook.read(tmp_path / "s.toml") == toys.people_schema()
    (tmp_path / "semicolon.csv").write_text("\ufeffColumn;Value\ntown;Ulm\n\ntown;Jena\n", "utf-8")
    assert codebook.read(tmp_path / "semicolon.csv")["town"].levels == ("Ulm", "Jena")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs? .*column and value|must name the columns column and value"),
        ("name,value\na,b\n", "must name the columns column and value, got name, value"),
        ("column,value,levle\na,b,c\n", "unknown column 'levle'"),
        ("column,value\na,b,c\n", "line 2: 3 cells, but the header names 2"),
        ("column,value\n,b\n", "line 2: no column is named"),
        ("column,value\na,b\na,b\n", "line 3: column 'a' lists the value 'b' twice"),
        ("column,value,low\na,,x\n", "column 'a': low must be a number, got 'x'"),
        ("column,value\na,\n", "column 'a' has no values and the kind ''"),
        ("column,value,kind\na,,numbr\n", "kind 'numbr'. Did you mean: number"),
        ("column,value,low\na,,1\na,,2\n", "line 3: column 'a' has low '1' and '2'"),
    ],
)
def test_faults_are_named_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "book.csv").write_text(text)
    with pytest.raises(SchemaError, match=message) as caught:
        codebook.read(tmp_path / "book.csv")
    assert "book.csv" in str(caught.value)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="cannot be read as a codebook"):
        codebook.read(tmp_path / "absent.csv")
    (tmp_path / "latin.csv").write_bytes(b"column,value\ntown,K\xf6ln\n")
    with pytest.raises(SchemaError, match="give a CSV in UTF-8"):
        codebook.read(tmp_path / "latin.csv")
