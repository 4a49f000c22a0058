"""Writing leaves the whole file or what was there before."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from simulacra.core.atomic import explain, sha256, write_bytes, write_json, write_text, writing
from simulacra.core.errors import OutputError


def test_a_file_is_written_whole_and_its_folders_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    write_text(path, "é\n")
    assert path.read_bytes() == b"\xc3\xa9\n"
    write_json(path, {"b": 1, "a": [None, "é"]})
    assert json.loads(path.read_text("utf-8")) == {"b": 1, "a": [None, "é"]}
    assert os.listdir(path.parent) == ["c.txt"]
    assert sha256(path) == sha256(path)


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), writing(path) as temp:
        temp.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_json_refuses_what_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"a": float("nan")})
    assert os.listdir(tmp_path) == []


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match="a folder stands where the file should be"):
        write_bytes(tmp_path / "a", b"x")
    write_text(tmp_path / "file", "x")
    with pytest.raises(OutputError, match="a part of that path is a file"):
        write_bytes(tmp_path / "file" / "b", b"x")
    assert sorted(os.listdir(tmp_path)) == ["a", "file"]


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    code = """
        import os, signal, sys
        from simulacra.core.atomic import writing
        with writing(sys.argv[1]) as temp:
            temp.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)], capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_file_that_grows_too_large_is_said_and_removed(tmp_path: Path) -> None:
    code = """
        import resource, sys
        from simulacra.core.atomic import write_bytes
        from simulacra.core.errors import OutputError
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_bytes(sys.argv[1], b"x" * 5000)
        except OutputError as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "a.bin")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "the file would be larger than the system allows" in done.stdout, done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.EDQUOT, "quota"),
    ],
)
def test_what_the_system_refuses_is_said_with_what_to_do(number: int, words: str) -> None:
    said = str(explain(OSError(number, "x"), Path("out/data.csv")))
    assert said.startswith("cannot write out/data.csv: ")
    assert words in said
