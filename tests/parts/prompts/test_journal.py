"""The journal: on disk before it is returned, whole after every end of its process, one process at a time."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import asking
import pytest

from simulacra.core.errors import DataError, OutputError
from simulacra.parts.prompts.journal import Journal
from simulacra.parts.prompts.request import Answer
from simulacra.testing.server import Server


def answer(i: int, **given: object) -> Answer:
    fields: dict[str, object] = {"text": f"words {i}", "model": "m", "tokens_in": i, "tokens_out": 2, "cost": 0.25}
    return Answer(**{**fields, "key": f"{i:032x}", **given})  # type: ignore[arg-type]


FULL = [
    answer(1),
    answer(2, text="Ωmega \u2028 'quoted'\n\x00", finish="length"),
    answer(3, text="", value=[{"name": "f", "arguments": {"a": [1, None, 0.1]}}]),
    answer(4, text="", value=[-0.1, -1e-300, -12345.678901234567]),
]


@pytest.mark.parametrize("on_disk", [True, False])
def test_answers_come_back_as_they_went_in(tmp_path: Path, on_disk: bool) -> None:
    with Journal(tmp_path / "j.sqlite" if on_disk else None) as journal:
        asyncio.run(journal.put(FULL))
        found = journal.get([a.key for a in FULL] + ["absent"])
        assert found == {a.key: a for a in FULL}
        assert all(a.again for a in found.values()) and len(journal) == 4
        if on_disk:
            journal.close()
            with Journal(tmp_path / "j.sqlite") as later:
                assert later.get([a.key for a in FULL]) == found
            assert os.listdir(tmp_path) == ["j.sqlite"]


def test_failed_answers_are_not_kept_and_the_first_answer_stays(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.write([answer(1), answer(2, error="no")])
        asyncio.run(journal.put([answer(1, text="other"), answer(3, error="no")]))
        assert journal.get([f"{i:032x}" for i in (1, 2, 3)]) == {f"{1:032x}": answer(1)}


def test_more_keys_than_one_question_may_hold_are_found(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.write(map(answer, range(1200)))
        assert len(journal.get([f"{i:032x}" for i in range(2000)])) == 1200


def test_what_is_put_at_once_is_written_in_few_transactions_and_all_of_it(tmp_path: Path) -> None:
    async def put_all(journal: Journal) -> None:
        await asyncio.gather(*(journal.put([answer(i)]) for i in range(500)))

    with Journal(tmp_path / "j.sqlite") as journal:
        asyncio.run(put_all(journal))
        asyncio.run(journal.put([answer(500)]))
        assert len(journal) == 501


def test_one_journal_takes_over_what_another_holds(tmp_path: Path) -> None:
    with Journal(tmp_path / "old.sqlite") as old:
        old.write([answer(1), answer(2)])
    for path in (None, tmp_path / "new.sqlite"):
        with Journal(path) as journal:
            journal.write([answer(2, text="newer")])
            journal.take_over(tmp_path / "old.sqlite")
            found = journal.get([f"{1:032x}", f"{2:032x}"])
            assert [found[f"{i:032x}"].text for i in (1, 2)] == ["words 1", "newer"]


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with Journal(path):
        program = f"from simulacra.parts.prompts.journal import Journal; Journal({str(path)!r})"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert f"{path} is in use by another run (process {os.getpid()})" in done.stderr
        with pytest.raises(OutputError, match="in use by another run"):
            Journal(path)
    Journal(path).close()


def test_what_is_no_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, foreign, newer = tmp_path / "a.txt", tmp_path / "b.sqlite", tmp_path / "c.sqlite"
    text.write_text("not a database, and long enough to be looked at by its first hundred bytes" * 20)
    with sqlite3.connect(foreign) as base:
        base.execute("create table mine (a)")
    base.close()
    Journal(newer).close()
    base = sqlite3.connect(newer)
    base.execute("pragma user_version=99")
    base.close()
    for path, told in ((text, "damaged or no journal"), (foreign, "another program's"), (newer, "newer Simulacra")):
        before = path.read_bytes()
        with pytest.raises(DataError, match=told):
            Journal(path)
        assert path.read_bytes() == before
    with pytest.raises(OutputError, match="a folder stands|file should be|part of that path"):
        Journal(text / "j.sqlite")
    with pytest.raises(OutputError, match="no file can be opened"):
        Journal(tmp_path)


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.write(map(answer, range(300)))
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(DataError, match="damaged"), Journal(path) as journal:
        journal.get([f"{i:032x}" for i in range(300)])


def test_a_full_disk_stops_the_run_and_keeps_what_was_paid(tmp_path: Path) -> None:
    """The system lets no file of the process grow beyond 2 MB, which to a writer is a full disk."""
    path = tmp_path / "j.sqlite"
    program = (
        "import asyncio, sys; from simulacra.core.errors import OutputError; from simulacra.parts.prompts.journal "
        "import Journal; from simulacra.parts.prompts.request import Answer\n"
        "journal = Journal(sys.argv[1])\n"
        "try:\n"
        "    for i in range(10_000):\n"
        "        asyncio.run(journal.put([Answer('word ' * 100, key=str(i))])); print(i, flush=True)\n"
        "except OutputError as error:\n"
        "    print(error)\n"
        "    try: asyncio.run(journal.put([Answer('more', key='more')]))\n"
        "    except OutputError: print('still refused')\n"
        "journal.close()"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(path)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)),
    )
    *numbers, told, again = done.stdout.splitlines()
    assert done.returncode == 0 and "cannot write the journal" in told and again == "still refused", done.stderr
    with Journal(path) as journal:
        assert len(numbers) > 100 and len(journal.get(numbers)) == len(numbers) == len(journal)


def test_a_killed_run_repeats_at_most_what_was_in_flight(tmp_path: Path) -> None:
    program = [sys.executable, str(Path(asking.__file__))]
    with Server(latency=0.01) as server:
        words = [*program, server.url, str(tmp_path / "j.sqlite"), "300", "16"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(100):
            assert process.stdout.readline()
        process.kill()
        process.wait()
        process.stdout.close()
        first = server.counts()
        assert first.requests < 300
        done = subprocess.run(words, capture_output=True, text=True)
        assert len(done.stdout.splitlines()) == 300, done.stderr
        counts = server.counts()
    assert counts.requests <= 300 + 16 and counts.repeated <= 16


def test_ctrl_c_keeps_what_was_answered_and_ends_without_a_word(tmp_path: Path) -> None:
    program = [sys.executable, "-W", "error", str(Path(asking.__file__))]
    with Server(latency=0.01) as server:
        words = [*program, server.url, str(tmp_path / "j.sqlite"), "100000", "16"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(50):
            assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        out, err = process.communicate()
        assert time.monotonic() - begun < 60
        answered = server.counts().answered
    assert process.returncode == 0 and out.splitlines()[-1] == "interrupted" and not err
    with Journal(tmp_path / "j.sqlite") as journal:
        # What was on its way back in that moment may be lost; what was told is not.
        assert answered - 16 <= len(journal) <= answered and len(journal) >= 50 + out.count("\n") - 1
