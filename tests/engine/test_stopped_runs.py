"""Stopped runs: whatever the moment, the folder is either not there or goes on to the same bytes."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("simulacra")


def command(table: Path, out: Path, format: str) -> list[str]:
    """66,000 rows are two parts."""
    flags = ["-m", "toys/slow", "-n", "66000", "--set", "pause=0.1", "--only", "toys", "--format", format]
    return ["make", str(table), *flags, "-o", str(out)]


def sums(out: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((out / "manifest.json").read_text())["files"]
    return files


@pytest.fixture(scope="module")
def undisturbed(
    env: dict[str, str], table: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str]]:
    """Format -> the checksums of a run that nobody stopped."""
    found = {}
    for format in ("csv", "parquet"):
        out = tmp_path_factory.mktemp("whole") / "out"
        done = subprocess.run([PROGRAM, *command(table, out, format)], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found[format] = sums(out)
    return found


def start(words: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(PROGRAM), *words],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    while not path.exists() and process.poll() is None:
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("moment", "format"),
    [
        (".work", "parquet"),
        ("recipe.toml", "csv"),
        (".work/begun.json", "parquet"),
        (".work/model/manifest.json", "parquet"),
        ("data/part-00000.csv", "csv"),
        ("data/part-00001.parquet", "parquet"),
        ("lineage.json", "csv"),
        ("README.md", "parquet"),
    ],
)
def test_a_killed_run_goes_on_to_the_same_bytes(
    moment: str, format: str, env: dict[str, str], table: Path, tmp_path: Path, undisturbed: dict[str, dict[str, str]]
) -> None:
    out = tmp_path / "out"
    process = start(command(table, out, format), env)
    wait_for(out / moment, process)
    process.kill()
    process.communicate()
    if process.returncode != 0:
        again = subprocess.run([PROGRAM, *command(table, out, format)], env=env, capture_output=True, text=True)
        assert again.returncode == 0, again.stderr
    assert sums(out) == undisturbed[format]
    assert not list(out.rglob("*.part")) and not (out / ".work").exists()
    assert {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()} == {*sums(out), "manifest.json"}


def test_finished_stages_are_not_done_again(env: dict[str, str], table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(command(table, out, "csv"), env)
    wait_for(out / "data" / "part-00000.csv", process)
    process.kill()
    process.communicate()
    first = (out / "data" / "part-00000.csv").stat().st_mtime_ns
    done = subprocess.run([PROGRAM, *command(table, out, "csv")], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (out / "data" / "part-00000.csv").stat().st_mtime_ns == first
    assert "is fitted" not in done.stderr


@pytest.mark.parametrize("gone", ["manifest.json", "model.json"])
def test_a_model_half_removed_when_the_run_was_killed_is_fitted_again(
    gone: str, env: dict[str, str], table: Path, tmp_path: Path, undisturbed: dict[str, dict[str, str]]
) -> None:
    out = tmp_path / "out"
    process = start(command(table, out, "csv"), env)
    wait_for(out / "data" / "part-00000.csv", process)
    process.kill()
    process.communicate()
    (out / ".work" / "model" / gone).unlink()
    again = subprocess.run([PROGRAM, *command(table, out, "csv")], env=env, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert sums(out) == undisturbed["csv"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_says_in_one_line_how_to_go_on(
    workers: str, env: dict[str, str], table: Path, tmp_path: Path, undisturbed: dict[str, dict[str, str]]
) -> None:
    out = tmp_path / "out"
    words = [*command(table, out, "csv"), "--workers", workers]
    process = start(words, env)
    wait_for(out / ".work" / "model" / "manifest.json", process)
    # As a terminal does it: to every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    lines = [line for line in told.splitlines() if line.startswith("simulacra:")]
    assert lines == ["simulacra: interrupted. The same command goes on where it stopped."]
    assert "Traceback" not in told
    again = subprocess.run([PROGRAM, *command(table, out, "csv")], env=env, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert sums(out) == undisturbed["csv"]


@pytest.mark.parametrize("limit", [200, 20_000, 400_000])
def test_a_full_disk_is_a_sentence_and_the_run_goes_on(
    limit: int, env: dict[str, str], table: Path, tmp_path: Path, undisturbed: dict[str, dict[str, str]]
) -> None:
    """No file may grow beyond `limit` bytes: the recipe, the model or a part is the one that does not fit."""
    out = tmp_path / "out"
    full = subprocess.run(
        [PROGRAM, *command(table, out, "csv")],
        env=env,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert full.returncode == 2
    assert "cannot write" in full.stderr and "Traceback" not in full.stderr
    assert not (out / "manifest.json").exists() and not list(out.rglob("*.part"))
    done = subprocess.run([PROGRAM, *command(table, out, "csv")], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sums(out) == undisturbed["csv"]


def test_two_processes_do_not_write_one_folder(env: dict[str, str], table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["make", str(table), "-m", "toys/slow", "-n", "9", "--set", "pause=2", "--only", "toys", "-o", str(out)]
    process = start(words, env)
    wait_for(out / ".work" / "begun.json", process)
    second = subprocess.run([PROGRAM, *words], env=env, capture_output=True, text=True)
    assert second.returncode == 2 and "another process" in second.stderr
    _, told = process.communicate(timeout=30)
    assert process.returncode == 0, told


def test_nobody_reading_the_output_is_not_an_error_of_ours(env: dict[str, str]) -> None:
    process = subprocess.Popen([PROGRAM, "list"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    told = process.stderr.read().decode()
    assert process.wait() == 141
    assert "Traceback" not in told and "BrokenPipe" not in told
    process.stderr.close()
