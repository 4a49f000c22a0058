"""Detection asks no network, loads nothing heavy on import, and names the extra it needs."""

from __future__ import annotations

import subprocess
import sys

NO_NETWORK = """
import socket
def refuse(*a, **k):
    raise SystemExit("asked the network")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
socket.gethostbyname = refuse
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_no_network_at_import_or_run() -> None:
    code = NO_NETWORK + (
        "import polars as pl\n"
        "from simulacra.mask.find import find_column, find_text\n"
        "hits = find_text('Anna Smith, anna@example.co.uk, https://example.org/x, 10.0.0.1', ner=True)\n"
        "print(sorted({hit.type for hit in hits}), find_column(pl.Series('mail', ['a@example.org'])).type)\n"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['EMAIL', 'IP', 'NAME', 'URL'] EMAIL"


def test_the_guard_against_the_network_works() -> None:
    done = run(NO_NETWORK + "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')")
    assert "asked the network" in done.stderr


def test_import_loads_nothing_heavy() -> None:
    code = (
        "import sys; from simulacra.mask import find; find.find_text('Anna Smith, 12 Oak Street');"
        "print({'numpy', 'polars', 'pandas', 'spacy', 'mimesis', 'sklearn', 'torch'} & set(sys.modules))"
    )
    assert run(code).stdout.strip() == "set()"


def test_a_missing_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['spacy'] = None\n"
        "from simulacra.core.errors import MissingExtra\n"
        "from simulacra.mask.find import find_text\n"
        "try:\n    find_text('Anna', ner=True)\nexcept MissingExtra as error:\n    print(error)\n"
    )
    assert "pip install 'simulacra[ner]'" in run(code).stdout
