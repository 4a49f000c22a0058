"""What the tests of asking share: requests, and a desk over a server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.request import Answer, Request


def request(words: str = "Name a colour.", seed: int = 0, **given: Any) -> Request:
    """Return one question of a user."""
    return Request(**{"messages": (("user", words),), "model": "default", "seed": seed, **given})


def many(n: int, **given: Any) -> list[Request]:
    """Return n questions that differ."""
    return [request(f"Say something about the number {i}.", i, **given) for i in range(n)]


def ask(desk: Desk, requests: Sequence[Request], workers: int = 64) -> list[Answer]:
    """Ask each request by itself, as rows do."""

    async def all_of_them() -> list[Answer]:
        out: dict[int, Answer] = {}
        left: Iterator[tuple[int, Request]] = iter(enumerate(requests))

        async def work() -> None:
            for i, one in left:
                [out[i]] = await desk.ask([one])

        await asyncio.gather(*(work() for _ in range(workers)))
        return [out[i] for i in range(len(requests))]

    return desk.run(all_of_them())


def main(url: str, journal: str, n: str, concurrency: str) -> None:
    """Ask n questions of a server in a process that a test may kill; prints a line per answer."""
    from simulacra.parts.prompts.model import Model

    with Desk([Model(base_url=url, model="m", concurrency=int(concurrency))], journal) as desk:
        desk.on_answer = lambda request, answer: print(answer.text or answer.error, flush=True)
        try:
            ask(desk, many(int(n)), int(concurrency))
        except KeyboardInterrupt:
            print("interrupted", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
