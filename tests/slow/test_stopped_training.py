"""A network's training that is stopped goes on: the folder ends with the bytes of a run that was never disturbed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulacra.testing import toys

PROGRAM = Path(sys.executable).with_name("simulacra")
SETTINGS = ["-m", "tables/flow", "-n", "300", "--seed", "3", "--only", "fidelity", "--set", "patience=0"]


@pytest.mark.slow
def test_a_training_stopped_by_ctrl_c_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """Slow: trains a network of 600 steps twice, so that there is time to stop it."""
    toys.people(3000, 1).write_csv(tmp_path / "people.csv")

    def words(out: str) -> list[str]:
        settings = [*SETTINGS, "--set", "steps=600"]
        return [str(PROGRAM), "make", str(tmp_path / "people.csv"), *settings, "-o", str(tmp_path / out)]

    subprocess.run(words("whole"), check=True, capture_output=True)
    with subprocess.Popen(words("stopped"), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as stopped:
        assert stopped.stderr is not None
        for line in stopped.stderr:
            if line.startswith("train:") and "step" in line:
                stopped.send_signal(signal.SIGINT)
                break
        rest = stopped.stderr.read()
    assert stopped.returncode == 130 and "goes on where it stopped" in rest, rest
    kept = tmp_path / "stopped" / ".work" / "checkpoint"
    assert any(kept.rglob("manifest.json")), "Ctrl-C left no checkpoint"
    again = subprocess.run(words("stopped"), check=True, capture_output=True, text=True)
    assert "interrupted" not in again.stderr
    sums = [json.loads((tmp_path / name / "manifest.json").read_text())["files"] for name in ("whole", "stopped")]
    data = [{k: v for k, v in files.items() if not k.startswith("recipe")} for files in sums]
    assert data[0] == data[1]
    assert not (tmp_path / "stopped" / ".work").exists()
