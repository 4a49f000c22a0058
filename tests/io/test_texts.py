"""Documents as rows: what is read of text, Markdown, HTML, PDF and folders of them, and what is refused."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.core.errors import DataError
from simulacra.io import texts
from simulacra.io._texts_html import html
from simulacra.io._texts_pdf import joined
from simulacra.io._texts_plain import markdown


def pdf_bytes(*pages: str) -> bytes:
    """Return a PDF of pages, each with the lines of a text, written by hand."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for page in pages:
        lines = " ".join(f"({line}) Tj 0 -14 Td" for line in page.split("\n"))
        stream = f"BT /F1 12 Tf 72 720 Td {lines} ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        font = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R "
            f"/Resources << {font} >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\nstartxref\n"
    return (out + f"{out.index('xref')}\n%%EOF").encode("latin-1")


def rows(path: Path) -> list[tuple[str, ...]]:
    return [tuple(row) for row in texts.read(path).frame.rows()]


def test_markdown_is_cut_at_its_headings_and_names_those_above(tmp_path: Path) -> None:
    file = tmp_path / "guide.md"
    file.write_text(
        "---\ntitle: x\n---\nBefore all.\n\n# Guide\nWelcome.\n\n## Install `it`\nRun this:\n\n```sh\n# no heading\n"
        "pip install it\n```\n\n### [Linux](l.md)\nEasy.\n\n## Use\n\nPlain\n"
        "-----\nUnderlined.\n\n| a | b |\n|---|---|\n"
    )
    assert rows(file) == [
        ("guide.md", "", "Before all."),
        ("guide.md", "Guide", "Welcome."),
        ("guide.md", "Guide > Install it", "Run this:\n\n```sh\n# no heading\npip install it\n```"),
        ("guide.md", "Guide > Install it > Linux", "Easy."),
        ("guide.md", "Guide > Plain", "Underlined.\n\n| a | b |\n|---|---|"),
    ]


def test_html_gives_what_a_reader_sees(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(
        b'<!doctype html><html><head><meta charset="iso-8859-1"><title>no</title><style>p{}</style></head><body>'
        b"<nav><ul><li>menu</ul></nav><script>alert('no')</script><h1>Caf\xe9 &amp; <em>bar</em></h1>"
        b"<p>Open\n   daily.<br>Bring <b>cash</b>.</p><div style='display: none'>hidden <div>deep</div> words</div>"
        b"<ul><li>tea</li><li>cake</li></ul><h2>Prices</h2><table><tr><th>tea</th><td>2</td></tr><tr><td>cake<td>3"
        b"</table><pre>a\n  b</pre>"
    )
    assert rows(file) == [
        ("page.html", "Caf\u00e9 & bar", "Open daily.\nBring cash.\n\n- tea\n- cake"),
        ("page.html", "Caf\u00e9 & bar > Prices", "tea | 2\ncake | 3\n\na\n  b"),
    ]


def test_pdf_gives_a_row_a_page(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf_bytes("The first page has a sen-\ntence over two lines.", "The second one."))
    assert rows(file) == [
        ("report.pdf", "page 1", "The first page has a sentence over two lines."),
        ("report.pdf", "page 2", "The second one."),
    ]


def test_lines_of_a_page_become_paragraphs() -> None:
    page = "A line that is as long as lines are on this page\nand ends here.\n"
    page += "Another paragraph that runs on for a while\nmore."
    assert joined(page) == (
        "A line that is as long as lines are on this page and ends here.\n\n"
        "Another paragraph that runs on for a while more."
    )


def test_an_encrypted_pdf_is_named(tmp_path: Path) -> None:
    plain, locked = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(pdf_bytes("Secret."))
    writer = pypdf.PdfWriter(clone_from=plain)
    writer.encrypt("password", algorithm="RC4-128")
    writer.write(locked)
    with pytest.raises(DataError, match=r"locked\.pdf is encrypted; save it without a password"):
        texts.read(locked)
    (tmp_path / "note.txt").write_text("Read me.")
    data = texts.read(tmp_path)
    assert data.frame["source"].to_list() == ["note.txt", "plain.pdf"]
    assert data.lineage.facts["read"] == [
        "left out: locked.pdf is encrypted; save it without a password, or give its text"
    ]


def test_a_pdf_that_only_forbids_printing_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_bytes("Readable."))
    writer = pypdf.PdfWriter(clone_from=tmp_path / "a.pdf")
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    assert rows(tmp_path / "a.pdf") == [("a.pdf", "page 1", "Readable.")]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("cut.pdf", pdf_bytes("Words.")[:200], r"cut\.pdf cannot be read as PDF"),
        ("scan.pdf", pdf_bytes(""), r"scan\.pdf: it holds no text, only images perhaps"),
        ("empty.md", b"", r"empty\.md holds no text \(0 bytes\)"),
        ("blank.html", b"<p> </p>", r"blank\.html holds no text"),
        ("binary.md", b"\x00\x01\x02\xff" * 40, r"binary\.md"),
        ("thing.docx", b"PK", r"unknown ending '\.docx' of a document"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=message):
        texts.read(tmp_path / name)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        texts.read(tmp_path / "gone.md")


def test_more_letters_than_the_limit_are_refused(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("x" * 60)
    with pytest.raises(DataError, match=r"more than 100 letters up to b\.txt"):
        texts.read(tmp_path, limit=100)
    with pytest.raises(DataError, match="holds 60 letters, and at most 50"):
        texts.read(tmp_path / "a.txt", limit=50)


def test_a_folder_is_read_in_order_with_its_folders(tmp_path: Path) -> None:
    for name in ("b/second.txt", "a.md", "b/.hidden.txt", ".git/x.md", "b/picture.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"Words.")
    assert rows(tmp_path) == [("a.md", "", "Words."), ("b/second.txt", "", "Words.")]
    assert simulacra.read(tmp_path).frame.equals(texts.read(tmp_path).frame)


def test_a_link_that_leads_out_of_the_folder_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("Secret.")
    inner = tmp_path / "docs"
    inner.mkdir()
    (inner / "a.txt").write_text("Words.")
    (inner / "b.txt").symlink_to(tmp_path / "outside.txt")
    data = texts.read(inner)
    assert data.frame["text"].to_list() == ["Words."]
    assert "leads out of" in data.lineage.facts["read"][0]


def test_what_counts_as_documents(tmp_path: Path) -> None:
    def folder(name: str, *files: str) -> Path:
        for file in files:
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_bytes(b"x")
        return tmp_path / name

    assert texts.is_documents(folder("docs", "a.md", "b.md", "pictures/c.png"))
    assert not texts.is_documents(folder("classes", "README.md", "cat/a.png", "cat/b.png", "dog/a.png"))
    assert not texts.is_documents(folder("tables", "README.md", "data.csv"))
    assert not texts.is_documents(folder("named", "metadata.csv", "a.txt", "b.txt", "c.txt"))
    assert not texts.is_documents(folder("empty", ".keep"))
    assert texts.is_documents(tmp_path / "docs" / "a.md")
    assert not texts.is_documents(tmp_path / "named" / "a.txt"), "a single .txt is a table unless it is asked for"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_the_words_of_a_page_come_back(text: str) -> None:
    seen = text.replace("\u00ad", "")
    wanted = " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in seen).split())
    found = html(f"<script>if (a < b) x()</script><p>{escape(text)}</p>")
    assert " ".join(" ".join(body for _, body in found).split()) == wanted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="ab .|>", max_size=12), max_size=6))
def test_markdown_without_marks_is_one_section(lines: list[str]) -> None:
    found = markdown("\n".join(lines))
    assert [place for place, _ in found] == [""] * (1 if "".join(lines).strip() else 0)
    assert " ".join(" ".join(body for _, body in found).split()) == " ".join(" ".join(lines).split())


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab #`~-=\n<>/h1p&;|\"'", max_size=80))
def test_sections_are_never_empty(text: str) -> None:
    for place, body in [*markdown(text), *html(text)]:
        assert body.strip() and place == place.strip()
