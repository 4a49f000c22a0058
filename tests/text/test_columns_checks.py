"""Checks of cells, and the limits of code that a model wrote."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from simulacra.text import Columns
from simulacra.text._columns_code import cuts_network, run_code


def check(values: list[Any], **entry: Any) -> tuple[list[Any], list[tuple[int, str]]]:
    """Return which values stay, or the marks, and the failures."""
    columns = [
        {"name": "x", "kind": "seed", "columns": "x", "order": "cycle"},
        {"name": "ok", "kind": "check", "of": "x", **entry},
    ]
    made = Columns(columns=columns).fit(pl.DataFrame({"x": values}))
    frame = made.sample(len(values), seed=1)
    return frame[frame.columns[-1]].to_list(), [(f.row, f.reason) for f in made.failures_]


def test_rows_that_do_not_pass_are_left_out_with_the_reason_or_marked() -> None:
    values = ["a1", "b", "c3"]
    assert check(values, regex=r"\d$") == (["a1", "c3"], [(1, r"x: it does not match '\\d$'")])
    assert check(values, regex=r"\d$", on_fail="mark") == ([True, False, True], [])
    assert check(values, regex=r"\d$", keep=True)[0] == [True, True]


def test_an_expression_that_hangs_elsewhere_takes_a_moment() -> None:
    start = time.process_time()
    assert check(["a" * 5000 + "!"], regex="^(a+)+$", on_fail="mark")[0] == [False]
    # Python's own engine would need longer than the universe is old.
    assert time.process_time() - start < 5


def test_a_schema_is_checked_on_values_and_on_json_text() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}, "required": ["n"]}
    kept, failed = check(['{"n": 1}', '{"n": -1}', "{}", "no", "[" * 100_000], schema=schema)
    assert kept == ['{"n": 1}']
    assert [row for row, _ in failed] == [1, 2, 3, 4]
    assert "n: -1 is less than the minimum" in failed[0][1] and "it is no JSON" in failed[2][1]


def test_a_function_says_yes_or_no_or_why() -> None:
    def short(value: Any) -> Any:
        return "" if len(value) < 3 else f"{len(value)} letters are too many"

    def fails(value: Any) -> bool:
        raise KeyError("gone")

    assert check(["ab", "abcd"], callable=short) == (["ab"], [(1, "x: 4 letters are too many")])
    assert check(["ab", "b"], callable=lambda v: v == "b")[0] == ["b"]
    marks, _ = check(["ab"], callable=fails, on_fail="mark")
    assert marks == [False]


def test_code_runs_with_its_test_and_outside_of_its_fence() -> None:
    good = "Here it is:\n```python\ndef double(x):\n    return 2 * x\n```\nDone."
    values = [good, "def double(x):\n    return x", "def double(x) return", "import simulacra_nothing"]
    kept, failed = check(values, runs="python", test="assert double(2) == 4, 'wrong'")
    assert kept == [good]
    assert [row for row, _ in failed] == [1, 2, 3]
    assert failed[0][1] == "x: the code failed: AssertionError: wrong"
    assert "SyntaxError" in failed[1][1] and "ModuleNotFoundError" in failed[2][1]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("while True: pass", "more than 1 seconds of processor"),
        ("import time; time.sleep(60)", "did not end within 4 seconds"),
        ("x = bytearray(2 << 30)", "MemoryError"),
        ("open('x', 'wb').write(b'y' * (8 << 20))", "File too large"),
        ("while True: print('y' * 1000)", "printed more than 1 MiB"),
        ("files = [open(f'{i}', 'w') for i in range(500)]", "Too many open files"),
        ("raise SystemExit(3)", "ended with status 3"),
        ("import ctypes; ctypes.string_at(0)", "ended with status"),
        ("input()", "EOFError"),
    ],
)
def test_code_within_limits(code: str, reason: str) -> None:
    assert reason in run_code(code, seconds=1, memory=256)


@pytest.mark.parametrize("leaves", ["", "os.setsid(); "])
def test_what_code_started_ends_with_it(tmp_path: Path, leaves: str) -> None:
    # The child would write after a second, had it lived on.
    child = f"import os, time; {leaves}time.sleep(1); open({str(tmp_path / 'alive')!r}, 'w')"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(0.3)"
    assert run_code(code, seconds=2) == ""
    time.sleep(1.5)
    # Who leaves the group is ended where the system gives the code a room of its own, and not elsewhere.
    assert (tmp_path / "alive").exists() == bool(leaves and not cuts_network())


def test_code_that_leaves_its_group_and_never_ends_is_ended() -> None:
    start = time.monotonic()
    assert "did not end within 4 seconds" in run_code("import os, time\nos.setsid()\ntime.sleep(60)", seconds=1)
    assert time.monotonic() - start < 30


def test_code_has_an_empty_folder_no_environment_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    code = "import os\nassert os.listdir() == []\nassert not {'OPENAI_API_KEY', 'HOME', 'PATH'} & set(os.environ)"
    here = sorted(os.listdir())
    assert run_code(code) == ""
    assert run_code("open('left.txt', 'w').write('x')") == ""
    assert sorted(os.listdir()) == here


def test_code_has_no_network_where_the_system_lets_it_give_that_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reason = run_code(f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
    assert bool(reason) == cuts_network()
