"""How many requests are in flight, against servers whose capacity is known, by a clock that is counted."""

from __future__ import annotations

import asyncio
import heapq
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import ModelError
from simulacra.parts.prompts.limits import Adaptive, Breaker, Patience, Rest, Seats


def simulate(
    pace: Adaptive, answers: int, *, slots: int, refuses_at: int = 10**9, uneven: bool = False
) -> tuple[float, list[int]]:
    """Let a server with so many slots answer; each answer takes 1 second and 10 tokens, or uneven up to 2 and 20.

    Returns the answers a second over the last half, and the seats after each answer.
    """
    draw = random.Random(1)

    def begin(sent: float) -> None:
        size = draw.randrange(1, 21) if uneven else 10
        heapq.heappush(events, (now + size / 10, sent, size))

    now, events, waiting, free, done = 0.0, [], [], slots, []
    trace: list[int] = []
    while len(done) < answers:
        while pace.seats.taken < int(pace.seats.many):
            pace.seats.taken += 1
            if pace.seats.taken > refuses_at:
                heapq.heappush(events, (now + 0.01, now, 0))
            elif free:
                free -= 1
                begin(now)
            else:
                waiting.append(now)
        now, sent, size = heapq.heappop(events)
        if size:
            done.append(now)
            pace.answered(now, sent, size)
            if waiting:
                begin(waiting.pop(0))
            else:
                free += 1
        else:
            pace.refused(now, sent)
        pace.seats.taken -= 1
        trace.append(int(pace.seats.many))
    half = len(done) // 2
    return half / (done[-1] - done[half]), trace


def test_a_server_without_limit_is_soon_given_all_it_may_get() -> None:
    rate, trace = simulate(Adaptive(256), 12_000, slots=10**6)
    assert max(trace) == 256 and trace.index(256) < 1000 and rate > 220


@pytest.mark.parametrize("slots", [4, 24, 48, 100])
@pytest.mark.parametrize("uneven", [False, True])
def test_a_full_server_that_never_refuses_is_kept_busy_without_a_long_queue(slots: int, uneven: bool) -> None:
    """More in flight than a server has slots only wait inside of it."""
    rate, trace = simulate(Adaptive(256), 12_000, slots=slots, uneven=uneven)
    settled = trace[len(trace) * 3 // 4 :]
    assert rate > 0.85 * slots
    assert sum(settled) / len(settled) < 3.5 * slots


@pytest.mark.parametrize("refuses_at", [5, 20, 100])
def test_a_server_that_refuses_is_given_less_than_that(refuses_at: int) -> None:
    rate, trace = simulate(Adaptive(256), 4000, slots=10**6, refuses_at=refuses_at)
    settled = trace[len(trace) // 2 :]
    assert max(settled) <= refuses_at + 1
    assert rate > 0.6 * refuses_at


def test_refusals_of_what_was_sent_together_count_once() -> None:
    pace = Adaptive(32)
    for _ in range(20):
        pace.refused(10.0, 9.0)
    assert pace.seats.many == 16
    pace.refused(11.0, 10.5)
    assert pace.seats.many == 8


@settings(deadline=None)
@given(st.lists(st.sampled_from(["come", "go", "more", "fewer", "leave"]), max_size=60), st.integers(1, 4))
def test_seats_are_never_overfull_and_nobody_is_forgotten(steps: list[str], many: int) -> None:
    async def play() -> None:
        seats = Seats(many)
        inside: set[asyncio.Task[None]] = set()
        release: dict[asyncio.Task[None], asyncio.Event] = {}
        tasks: list[asyncio.Task[None]] = []
        most = many

        async def visit(event: asyncio.Event) -> None:
            async with seats:
                inside.add(asyncio.current_task())  # type: ignore[arg-type]
                try:
                    await event.wait()
                finally:
                    inside.discard(asyncio.current_task())  # type: ignore[arg-type]

        for step in steps:
            if step == "come":
                event = asyncio.Event()
                tasks.append(asyncio.create_task(visit(event)))
                release[tasks[-1]] = event
            elif step == "go" and inside:
                release[next(t for t in tasks if t in inside)].set()
            elif step == "leave" and tasks:
                tasks[len(tasks) // 2].cancel()
            elif step in ("more", "fewer"):
                seats.many = max(1, seats.many + (1 if step == "more" else -1))
                most = max(most, int(seats.many))
                seats.call()
            await asyncio.sleep(0)
            assert len(inside) <= most and len(inside) <= seats.taken
        for event in release.values():
            event.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert seats.taken == 0 and not inside

    asyncio.run(play())


def test_waits_grow_to_their_end_and_differ() -> None:
    patience = Patience(first=1.0, longest=10.0)
    waits = [patience.wait(attempt, 1) for attempt in range(2000)]
    for attempt, wait in enumerate(waits):
        most = min(10.0, 2.0 ** min(attempt, 30))
        assert most / 2 <= wait <= most
    assert patience.wait(3, 1) == waits[3] != patience.wait(3, 2)


def test_the_breaker_lets_one_through_at_a_time_until_it_hears_an_answer() -> None:
    async def play() -> tuple[list[int], int]:
        breaker = Breaker("model 'm'", Patience(first=0.001, longest=0.001, never_up=3600.0), Rest())
        together, inside, answered = [], 0, False

        async def one(number: int) -> None:
            nonlocal inside, answered
            while True:
                async with breaker.gate:
                    await breaker.ready()
                    inside += 1
                    together.append(inside)
                    await asyncio.sleep(0.0005)
                    inside -= 1
                    if answered or len(together) > 80:
                        answered = True
                        breaker.good()
                        return
                    breaker.bad("it is broken")

        await asyncio.gather(*(one(i) for i in range(30)))
        return together, max(together[60:80])

    together, most = asyncio.run(play())
    assert max(together[:30]) == 30, "closed, all go at once"
    assert most == 1 and len(together) >= 81, "open, one at a time"


def test_rest_ends_with_the_run() -> None:
    async def play() -> None:
        rest = Rest()
        waiting = asyncio.create_task(rest.sleep(3600))
        await asyncio.sleep(0)
        rest.end()
        await waiting
        await rest.sleep(3600)

    asyncio.run(play())


def test_a_server_that_only_fails_is_given_up() -> None:
    async def play() -> None:
        breaker = Breaker("model 'm'", Patience(give_up=0.0, never_up=0.0), Rest())
        breaker.bad("it is broken")

    with pytest.raises(ModelError, match="model 'm': every request has failed for 0 seconds, .* it is broken"):
        asyncio.run(play())
