"""Progress: one event model, shown as a moving line on a terminal, as plain lines elsewhere, or not at all.

Library code calls `with task("fit", total=15) as step: step(1, "age")`. Nothing is shown unless a command line or a
notebook has installed a listener with `listen`, so importing and testing stay silent.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TextIO

from simulacra.core.render.words import clean


@dataclass(frozen=True)
class Event:
    """What is being done, how far it is (`done` of `total`), a detail, seconds so far, and whether it ended."""

    what: str
    done: float
    total: float
    detail: str
    seconds: float
    ended: bool = False

    @property
    def eta(self) -> float | None:
        """Return the estimated seconds that are left, or None before anything is known."""
        if self.done <= 0 or self.total <= 0:
            return None
        return self.seconds * (self.total - self.done) / self.done


Listener = Callable[[Event], None]
_listener: ContextVar[Listener | None] = ContextVar("simulacra_progress", default=None)


@contextlib.contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Send every event inside the block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send nothing from inside the block: the progress of many small fits would drown that of the whole."""
    with listen(lambda event: None):
        yield


@contextlib.contextmanager
def detailed(detail: Callable[[Event], str]) -> Iterator[None]:
    """Add a detail to the events inside the block that have none, such as what was paid so far."""
    send = _listener.get()
    if send is None:
        yield
        return

    def pass_on(event: Event) -> None:
        bare = not event.detail and not event.ended
        send(dataclasses.replace(event, detail=detail(event)) if bare else event)

    with listen(pass_on):
        yield


@contextlib.contextmanager
def task(what: str, total: float = 1) -> Iterator[Callable[..., None]]:
    """Announce a piece of work; yields step(amount=1, detail="")."""
    start, done = time.monotonic(), 0.0
    send = _listener.get()

    def step(amount: float = 1, detail: str = "") -> None:
        nonlocal done
        done += amount
        if send:
            send(Event(what, done, total, detail, time.monotonic() - start))

    if send:
        send(Event(what, 0, total, "", 0.0))
    yield step
    if send:
        send(Event(what, total, total, "", time.monotonic() - start, ended=True))


class Show:
    """A listener that writes to a stream: one moving line on a terminal, a line a task elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """stream: where to write; standard error when None, so that data on standard output stay clean."""
        self.stream = stream or sys.stderr
        self.moving = self.stream.isatty()
        self.last = 0.0 if self.moving else time.monotonic()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        now = time.monotonic()
        if event.ended:
            self._write(f"{event.what}: done in {_seconds(event.seconds)}", end="\n")
            return
        if now - self.last < (0.1 if self.moving else 5.0) and event.done:
            return
        if not self.moving and not 0 < event.done < event.total:
            return
        self.last = now
        share = f" {event.done / event.total:4.0%}" if event.total > 1 else ""
        eta = f", about {_seconds(event.eta)} left" if event.eta is not None and event.seconds > 1 else ""
        detail = f" {event.detail}" if event.detail else ""
        self._write(f"{event.what}:{share}{detail}{eta}", end="" if self.moving else "\n")

    def _write(self, text: str, end: str) -> None:
        # A column's name is the file's, and must not steer the terminal.
        text = clean(text)
        self.stream.write(f"\r\x1b[K{text[:110]}{end}" if self.moving else f"{text}{end}")
        self.stream.flush()


def _seconds(value: float) -> str:
    if value < 10:
        return f"{value:.1f} s"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"
