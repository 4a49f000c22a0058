"""Code that a model wrote, run in a process of its own within limits.

What is limited: seconds of processor and of the clock, memory, size and number of files, processes; the process has an
empty folder, no environment, no input, and no network where the system lets a process give it up. What is not: it may
read every file that the user may read. Whoever does not trust the model runs the whole in a container.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

WRITTEN = 1 << 20
"""Bytes of one file that the code may write, its output among them."""
FILES, PROCESSES = 64, 32
TOLD = 300
"""Characters of the last line of an error that the reason holds."""
START = """
import ctypes, os, resource, signal, sys
seconds, memory, written, files, processes = map(int, sys.argv[1:6])
libc = ctypes.CDLL(None, use_errno=True)
USER, PIDS, NET = 0x10000000, 0x20000000, 0x40000000
alone = any(libc.unshare(flags) == 0 for flags in (PIDS | NET, USER | PIDS | NET))
child = os.fork() if alone else 0
if child:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)
libc.prctl(1, signal.SIGKILL)
with open("/proc/loadavg") as load:
    processes += int(load.read().split()[3].partition("/")[2])
for what, limit in (
    (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, written),
    (resource.RLIMIT_NOFILE, files), (resource.RLIMIT_NPROC, processes), (resource.RLIMIT_CORE, 0),
):
    hard = resource.getrlimit(what)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(what, (limit, limit))
os.execv(sys.executable, [sys.executable, "-I", sys.argv[6]])
"""
"""Run first in the new process: it gives up what the code must not have, and then becomes the code.

Where the system allows it, the code is the first process of a room of its own, and what it started ends with it. The
system counts the processes of a user, so those of the whole machine are added to the limit.
"""


def run_code(code: str, *, seconds: int = 5, memory: int = 512) -> str:
    """Run Python code and return why it failed, "" when it ended well.

    seconds: of processor; four times as many by the clock. memory: MiB of address space.
    """
    with tempfile.TemporaryDirectory(prefix="simulacra-code-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "work"
        place.mkdir()
        script, told = Path(folder) / "code.py", Path(folder) / "output.txt"
        script.write_text(code, "utf-8", "replace")
        limits = (seconds, memory << 20, WRITTEN, FILES, PROCESSES)
        words = [sys.executable, "-I", "-c", START, *map(str, limits), str(script)]
        with told.open("wb") as output:
            process = subprocess.Popen(
                words, cwd=place, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )  # fmt: skip
            try:
                status = process.wait(4 * seconds)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                # Whatever it started goes with it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return _reason(status, told.read_text("utf-8", "replace"), seconds)


@cache
def cuts_network() -> bool:
    """Return whether code runs without a network on this system: even the machine itself is then out of its reach."""
    probe = "import errno, socket\nwith socket.socket() as s:\n    code = s.connect_ex(('127.0.0.1', 9))\n"
    return run_code(f"{probe}raise SystemExit(code != errno.ENETUNREACH)") == ""


def _reason(status: int | None, output: str, seconds: int) -> str:
    if status == 0:
        return ""
    if status is None:
        return f"the code did not end within {4 * seconds} seconds"
    if status in (-signal.SIGXCPU, -signal.SIGKILL, 128 + signal.SIGXCPU, 128 + signal.SIGKILL):
        return f"the code used more than {seconds} seconds of processor, or more memory than there is"
    if len(output) >= WRITTEN:
        return f"the code printed more than {WRITTEN >> 20} MiB"
    lines = [line for line in output.strip().splitlines() if line.strip()]
    return f"the code failed: {lines[-1][:TOLD]}" if lines else f"the code ended with status {status}"
