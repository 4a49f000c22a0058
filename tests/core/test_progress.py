"""Progress: one event model, silent unless somebody listens."""

from __future__ import annotations

import io

import pytest

from simulacra.core.progress import Event, Show, detailed, listen, task
from simulacra.tables.copula import Copula
from simulacra.testing import toys


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_nothing_is_shown_unless_somebody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with task("fit", total=2) as step:
        step(1, "age")
    assert capsys.readouterr() == ("", "")


def test_a_listener_hears_every_step() -> None:
    heard: list[Event] = []
    with listen(heard.append), task("fit", total=2) as step:
        step(1, "age")
        step(1, "town")
    assert [(e.what, e.done, e.detail, e.ended) for e in heard] == [
        ("fit", 0, "", False),
        ("fit", 1, "age", False),
        ("fit", 2, "town", False),
        ("fit", 2, "", True),
    ]


def test_what_fails_does_not_say_it_ended() -> None:
    heard: list[Event] = []
    with pytest.raises(ZeroDivisionError), listen(heard.append), task("fit", total=2):
        raise ZeroDivisionError
    assert not any(e.ended for e in heard)


def test_the_time_left_follows_from_the_part_done() -> None:
    assert Event("fit", 1, 4, "", 2.0).eta == 6.0
    assert Event("fit", 0, 4, "", 2.0).eta is None


def test_a_method_tells_how_far_it_is() -> None:
    heard: list[Event] = []
    with listen(heard.append):
        Copula().fit(toys.people(50), seed=1).sample(100, seed=2)
    assert {"age", "town"} <= {e.detail for e in heard if e.what == "fit"}
    assert max(e.done for e in heard if e.what == "sample") == 100


def test_a_terminal_sees_one_moving_line_and_a_file_a_line_a_task() -> None:
    shown = {}
    for name, stream in (("terminal", Screen()), ("file", io.StringIO())):
        with listen(Show(stream)), task("fit", total=2) as step:
            step(1, "age")
            step(1, "town")
        shown[name] = stream.getvalue()
    assert shown["file"].count("\n") == 1
    assert shown["file"].startswith("fit: done in ")
    assert shown["terminal"].startswith("\r\x1b[Kfit:")
    assert shown["terminal"].endswith("\n")


def test_the_name_of_a_column_cannot_steer_the_terminal() -> None:
    screen = Screen()
    with listen(Show(screen)), task("fit", total=1) as step:
        Show(screen)(Event("fit", 1, 2, "\x1b[2Jage\n", 0.5))
        step(1, "age")
    assert "\x1b[2J" not in screen.getvalue() and r"\x1b[2Jage\n" in screen.getvalue()


def test_details_are_added_where_there_are_none_and_only_inside() -> None:
    heard: list[Event] = []
    with listen(heard.append):
        with detailed(lambda event: f"{event.done:g} done"), task("ask", total=3) as step:
            step(1)
            step(1, "its own")
        with task("write") as step:
            step(1)
    assert [(e.what, e.detail) for e in heard if e.done] == [
        ("ask", "1 done"),
        ("ask", "its own"),
        ("ask", ""),
        ("write", ""),
        ("write", ""),
    ]


def test_details_cost_nothing_where_nobody_listens() -> None:
    with detailed(lambda event: 1 / 0), task("ask") as step:  # type: ignore[arg-type, return-value]
        step(1)
