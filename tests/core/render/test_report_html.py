"""The page: complete, small, closed, and true to the report."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
import report_samples as samples

from simulacra.core.render import html
from simulacra.core.report import Finding, Report, View

REPORTS = {
    "plain": samples.plain,
    "nasty": samples.nasty,
    "wide": lambda: samples.wide(1500),
    "empty": lambda: Report(()),
}
VOID = {"meta", "br", "img", "input", "link"}


class Tree(HTMLParser):
    """Reads a page and keeps its tags, texts and the order of headings; refuses tags that do not close."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.style = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.text.append(data)


def read(report: Report) -> tuple[str, Tree]:
    page = report.html()
    tree = Tree()
    tree.feed(page)
    assert tree.open == []
    return page, tree


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_runs_and_nothing_is_loaded(name: str) -> None:
    page, tree = read(REPORTS[name]())
    names = {tag for tag, _ in tree.tags}
    assert not names & {
        "script",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "video",
        "audio",
        "image",
        "use",
    }
    for tag, attrs in tree.tags:
        for key, value in attrs.items():
            if tag == "img" and key == "src":
                assert value and re.fullmatch(r"data:image/png;base64,iVBOR[A-Za-z0-9+/]+=*", value), value
                continue
            assert not key.startswith("on") and key not in ("style", "src", "srcset", "action", "background"), (
                tag,
                key,
            )
            if key == "href":
                assert value and value.startswith("#"), value
    assert "url(" not in tree.style and "@import" not in tree.style and "http" not in tree.style


@pytest.mark.parametrize("name", REPORTS)
def test_the_policy_admits_this_stylesheet_and_nothing_else(name: str) -> None:
    _, tree = read(REPORTS[name]())
    policy = next(a["content"] or "" for t, a in tree.tags if t == "meta" and a.get("http-equiv"))
    digest = base64.b64encode(hashlib.sha256(tree.style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy and "http" not in policy
    shown = any(tag == "img" for tag, _ in tree.tags)
    assert ("; img-src data:;" in policy) == shown == (name not in ("wide", "empty"))


def test_a_contact_sheet_has_captions_and_words_for_those_who_do_not_see_it() -> None:
    view = View("g", "images", "Real <above> made", samples.sheet(), note="Drawn at random.")
    page, tree = read(Report.of([Finding("g", "n", "ok", "s"), view]))
    (image,) = [attrs for tag, attrs in tree.tags if tag == "img"]
    # 12 images of 8 pixels and 11 gaps, enlarged by the largest whole factor that keeps to the width.
    assert (image["width"], image["height"]) == (str(107 * 6), str(35 * 6))
    assert image["alt"] == (
        "Real <above> made: 4 rows of 12 images: ramp: real; ramp: made; a long name of a class: real; made"
    )
    assert "ramp: real" in tree.text and "Drawn at random." in tree.text and "some images of both" in page


@pytest.mark.parametrize("name", REPORTS)
def test_small_same_bytes_and_encodable(name: str) -> None:
    page = REPORTS[name]().html()
    assert len(page.encode("utf-8")) < 500_000
    assert page == REPORTS[name]().html()


@pytest.mark.parametrize("name", REPORTS)
def test_structure_for_screen_readers(name: str) -> None:
    _, tree = read(REPORTS[name]())
    levels = [int(tag[1]) for tag, _ in tree.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False)), levels
    names = [tag for tag, _ in tree.tags]
    assert {"header", "nav", "main", "footer"} <= set(names)
    assert names.count("table") == names.count("caption")
    assert all(a.get("scope") in ("col", "row") for t, a in tree.tags if t == "th")
    ids = [a["id"] for _, a in tree.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    for tag, attrs in tree.tags:
        if tag == "svg":
            assert attrs.get("aria-hidden") == "true" or attrs.get("role") == "img"
        for place in (attrs.get("aria-labelledby") or "").split() + [(attrs.get("href") or "#main")[1:]]:
            assert place in ids


def test_every_drawing_has_its_numbers_in_words() -> None:
    _, tree = read(samples.plain())
    text = " ".join(tree.text)
    assert "Largest difference between 20 and 30: real 25.0 %, made 80.0 %" in text
    assert text.count("Numbers") == sum(t == "svg" and a.get("role") == "img" for t, a in tree.tags)


def test_what_a_report_says_is_on_the_page() -> None:
    _, tree = read(samples.plain())
    text = " ".join(tree.text)
    for said in (
        "0.9731",
        "0.9690 to 0.9770",
        "0.5012",
        "look for another unit",
        "needs a model",
        "before the filter",
        "9f3c",
    ):
        assert said in text
    assert text.index("Headline figures") < text.index("Findings") < text.index("Columns, worst first")
    assert text.index("Fidelity") < text.index("Utility")


def test_the_worst_columns_come_first_and_the_others_are_counted() -> None:
    page, tree = read(samples.wide(1500))
    shown = re.findall(r"<h3><bdi>measurement_of_something_long_(\d+)", page)
    assert shown == sorted(shown, reverse=True) and shown[0] == "1499"
    assert f"{1500 - len(shown):,} more are not shown" in " ".join(tree.text)


def test_hostile_names_stay_text() -> None:
    page, tree = read(samples.nasty())
    assert "<script" not in page and "<img src" not in page and "<h1>fell" not in page
    assert "<script>alert(1)</script>" in " ".join(tree.text)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page)


def test_a_broken_view_says_so_in_its_place() -> None:
    report = Report.of([*samples.plain().findings, *samples.broken()])
    _, tree = read(report)
    text = " ".join(tree.text)
    assert text.count("could not be drawn") == len(samples.broken())
    assert "0.9731" in text


def test_bins_of_other_width_keep_their_area() -> None:
    view = View("g", "histogram", "t", {"edges": [0, 1, 3], "real": [50, 50], "made": [50, 50]}, "a")
    page = html.render(Report.of([Finding("g", "n", "ok", "s"), view]))
    steps = re.search(r'class="area real" d="M([\d.]+) ([\d.]+)V([\d.]+)H([\d.]+)V([\d.]+)H([\d.]+)', page)
    assert steps
    x0, base, y1, x1, y2, x2 = (float(g) for g in steps.groups())
    assert (base - y1) * (x1 - x0) == pytest.approx((base - y2) * (x2 - x1), rel=0.02)


def test_levels_beyond_the_drawn_ones_are_summed_and_listed() -> None:
    labels = [f"level {i}" for i in range(30)]
    data = {"labels": labels, "real": [10] * 30, "made": [10] * 29 + [40]}
    _, tree = read(Report.of([View("g", "levels", "t", data, "a")]))
    text = " ".join(tree.text)
    assert "all others" in text and "level 29" in text and "level 15" in text


def test_facts_without_end_are_cut() -> None:
    deep = {f"fact {i}": {f"part {j}": "x" * 400 for j in range(100)} for i in range(100)}
    page, tree = read(Report.of(samples.plain().findings, {"facts": deep}))
    assert len(page) < 500_000 and "more" in " ".join(tree.text)


def test_others_given_by_a_guard_are_summed_with_the_rest() -> None:
    labels = [*(f"level {i}" for i in range(20)), "all others"]
    data = {"labels": labels, "real": [1] * 20 + [80], "made": [1] * 20 + [80]}
    page, _ = read(Report.of([View("g", "levels", "t", data, "a")]))
    drawn = page[page.index('class="view levels"') : page.index("<summary>Numbers")]
    assert drawn.count("all others") == 1 and "91.0&nbsp;%" in drawn.replace(" %", "&nbsp;%")
    assert 'width="100"' in drawn


def test_days_are_labelled_without_overlap() -> None:
    edges = [f"2013-{month:02d}-01 05:00" for month in range(1, 13)]
    data = {"edges": edges, "real": [5] * 11, "made": [5] * 11}
    page, _ = read(Report.of([View("g", "histogram", "t", data, "a")]))
    labels = re.findall(r'<text class="tick[^"]*" x="([\d.]+)"[^>]*>(2013-[^<]*)<', page)
    assert len(labels) == 3 and labels[0][1] == "2013-01-01" and labels[2][1] == "2013-12-01"
    assert all(float(b) - float(a) > 80 for (a, _), (b, _) in zip(labels, labels[1:], strict=False))


def test_rows_to_read_are_folded_whole_and_harmless() -> None:
    row = {"name": "row 7", "cells": [["topic", "sun"], ["said", "first line\nsecond <b>line</b> \x1b[2J\u202e"]]}
    page = Report.of([View("answers", "texts", "1 of 9 rows", {"rows": [row]})]).html()
    assert "Rows to read" in page and "<b>row 7</b>" in page and "first line\nsecond &lt;b&gt;line" in page
    assert "\x1b" not in page and "\u202e" not in page
    nothing = Report.of([View("answers", "texts", "none", {"rows": []})]).html()
    assert "This view could not be drawn: there is no row to read." in nothing
