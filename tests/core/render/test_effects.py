"""The drawing of effects: one line an arm, verdicts told apart, and what cannot be drawn said in its place."""

from __future__ import annotations

import re
from typing import Any

from simulacra.core.render.views import draw
from simulacra.core.report import View


def shown(**more: Any) -> str:
    data = {
        "labels": ["worse <b>", "same", "better", "not measured"],
        "values": [-0.2, 0.01, 0.1, None],
        "low": [-0.3, -0.1, 0.05, None],
        "high": [-0.1, 0.12, 0.15, None],
        "smallest": [0.1, 0.1, 0.1, None],
    }
    return draw(View("trial", "effects", "Gain in AUROC over real", {**data, **more}, note="Read <this>"), "k")


def test_each_arm_has_a_dot_and_an_interval_in_the_style_of_its_verdict() -> None:
    page = shown()
    for style in ("hurts", "no-evidence", "helps"):
        assert page.count(f'class="effect {style}"') == 2  # the interval and the dot
    assert "worse &lt;b&gt;" in page and "<b>" not in page and "Read &lt;this&gt;" in page


def test_gains_lie_in_order_on_one_axis_and_zero_between_them() -> None:
    page = shown()
    dots = [float(x) for x in re.findall(r'<circle class="effect [^"]*" cx="([0-9.]+)"', page)]
    zero = float(re.findall(r'<path class="axis" d="M([0-9.]+)', page)[0])
    assert dots == sorted(dots) and dots[0] < zero < dots[2]
    assert all(150 <= x <= 360 for x in dots)


def test_the_numbers_stand_below_for_those_who_do_not_see_the_drawing() -> None:
    page = shown()
    assert "<table" in page and "0.1000" in page and 'role="img"' in page


def test_a_view_that_cannot_be_drawn_says_so() -> None:
    assert "could not be drawn" in shown(values=[1.0]) and "could not be drawn" in shown(labels=[], values=[])
