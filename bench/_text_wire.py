"""Figures of asking a server: what a request costs us, what a killed run repeats, what faults cost in rows.

Each function starts a server of simulacra.testing on this machine, so the server's work is on the same cores.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer, Request
from simulacra.testing.server import Server

FLYING = 64


def requests(n: int) -> list[Request]:
    """Return n questions that differ."""
    system = ("system", "You write short and plain sentences.")
    return [Request((system, ("user", f"Write a sentence about the number {i}.")), "default", seed=i) for i in range(n)]


def ask(desk: Desk, asked: Sequence[Request]) -> list[Answer]:
    """Ask each request by itself, 64 at a time, as rows do."""

    async def all_of_them() -> list[Answer]:
        out: dict[int, Answer] = {}
        left = iter(enumerate(asked))

        async def work() -> None:
            for i, one in left:
                [out[i]] = await desk.ask([one])

        await asyncio.gather(*(work() for _ in range(FLYING)))
        return [out[i] for i in range(len(asked))]

    return desk.run(all_of_them())


def speed(n: int = 2000, latency: float = 0.05) -> dict[str, Any]:
    """Return CPU and wall seconds of n requests with the durable journal, with it filled, and of bare aiohttp."""
    import aiohttp  # noqa: F401  its start is measured apart

    found: dict[str, Any] = {"requests": n, "in flight": FLYING, "ideal wall s": n / FLYING * latency}
    with tempfile.TemporaryDirectory() as folder, Server(latency=latency) as server:
        for name in ("desk and journal", "again from the journal"):
            with Desk([Model(base_url=server.url, model="m", concurrency=FLYING)], Path(folder) / "j.sqlite") as desk:
                cpu, wall = time.process_time(), time.perf_counter()
                answers = ask(desk, requests(n))
                found[name] = _cost(n, cpu, wall)
                assert all(a.ok for a in answers)
        cpu, wall = time.process_time(), time.perf_counter()
        asyncio.run(_bare(server.url, n))
        found["bare aiohttp"] = _cost(n, cpu, wall)
        found["most in flight"] = server.counts().most
    return found


async def _bare(url: str, n: int) -> None:
    import aiohttp

    left = iter(range(n))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work() -> None:
            for i in left:
                message = {"role": "user", "content": f"Write a sentence about the number {i}."}
                async with session.post(f"{url}/chat/completions", json={"messages": [message]}) as reply:
                    await reply.json()

        await asyncio.gather(*(work() for _ in range(FLYING)))


def _cost(n: int, cpu: float, wall: float) -> dict[str, float]:
    return {
        "cpu ms a request": round((time.process_time() - cpu) / n * 1000, 3),
        "wall s": round(time.perf_counter() - wall, 2),
    }


def killed(n: int = 1200, latency: float = 0.05) -> dict[str, Any]:
    """Return the requests that a run repeats after kill -9 in its middle; 64 in flight."""
    with tempfile.TemporaryDirectory() as folder, Server(latency=latency) as server:
        words = [sys.executable, __file__, server.url, str(Path(folder) / "j.sqlite"), str(n)]
        first = subprocess.Popen(words)
        while server.counts().answered < n * 2 // 3:
            time.sleep(0.02)
        first.kill()
        first.wait()
        before = server.counts().requests
        subprocess.run(words, check=True)
        counts = server.counts()
    return {
        "requests": n,
        "killed after": before,
        "asked in all": counts.requests,
        "answered twice": counts.repeated,
        "in flight": FLYING,
    }


def faults(n: int = 200, rate: float = 0.15) -> dict[str, Any]:
    """Return the rows kept when shares of all calls get 429 and 500."""
    with Server(latency=0.02, rate_429=rate, rate_500=rate) as server:
        with Desk([Model(base_url=server.url, model="m", concurrency=FLYING)]) as desk:
            wall = time.perf_counter()
            answers = ask(desk, requests(n))
            wall = time.perf_counter() - wall
        counts = server.counts()
    return {
        "rows": n,
        "kept": sum(a.ok for a in answers),
        "requests": counts.requests,
        "by fault": counts.by_fault,
        "wall s": round(wall, 1),
    }


def main() -> None:
    """Ask n questions of a server, for a process that is killed."""
    url, journal, n = sys.argv[1:]
    with Desk([Model(base_url=url, model="m", concurrency=FLYING)], journal) as desk:
        ask(desk, requests(int(n)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        for measure in (speed, killed, faults):
            print(measure.__name__, measure())
