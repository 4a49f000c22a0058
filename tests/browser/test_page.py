"""The page in a real browser: nothing leaves, nothing is refused, nothing overflows, everything can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import chrome
import pytest
import report_samples as samples

from simulacra.core.report import Report

REPORTS = {"plain": samples.plain, "nasty": samples.nasty, "wide": lambda: samples.wide(1500)}
NEEDED = 4.5
"""Contrast of text and ground, WCAG 2.2 level AA."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chrome.Page]:
    if not (chrome.BROWSER and chrome.DRIVER):
        pytest.skip(chrome.MISSING)
    with chrome.browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


def saved(report: Report, folder: Path) -> Path:
    file = folder / "report.html"
    report.save(file)
    return file


@pytest.mark.parametrize("name", REPORTS)
def test_closed_and_quiet_at_every_width(name: str, page: chrome.Page, tmp_path: Path) -> None:
    file = saved(REPORTS[name](), tmp_path)
    for width in (400, 1400):
        for scheme in ("light", "dark"):
            page.requests(file)
            page.show(file, width, 900, scheme)
            page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
            asked = [url for url in page.requests(file) if not url.startswith("data:image/png;base64,")]
            assert asked == [file.as_uri()] and page.logs("browser") == []
            wide, room = page.run("const e = document.documentElement; return [e.scrollWidth, e.clientWidth]")
            assert wide <= room == width
            assert page.run(OVERFLOWING) == []
            assert page.screenshot(tmp_path / f"{name}-{width}-{scheme}.png", 0, 900).startswith(b"\x89PNG")


OVERFLOWING = """
const out = [];
for (const e of document.querySelectorAll('body *')) {
  if (e.closest('.scroll, nav ul, svg, .unseen, .skip')) continue;
  const box = e.getBoundingClientRect();
  if (box.width && (box.right > document.documentElement.clientWidth + 1 || box.left < -1))
    out.push(e.tagName + '.' + e.className + ' ' + Math.round(box.right));
}
return out.slice(0, 5);
"""


@pytest.mark.parametrize("name", REPORTS)
def test_words_stay_inside_their_boxes(name: str, page: chrome.Page, tmp_path: Path) -> None:
    file = saved(REPORTS[name](), tmp_path)
    for width in (400, 1400):
        page.show(file, width, 900)
        assert page.run(SPILLING) == []


SPILLING = """
const out = [];
const boxes = '.card, .view, .finding, .verdict, .facts dd, .chips li, .terms div, .measured';
for (const e of document.querySelectorAll(boxes))
  if (e.scrollWidth > e.clientWidth + 1) out.push(e.className + ' ' + e.scrollWidth + ' > ' + e.clientWidth);
return out.slice(0, 5);
"""


def test_the_policy_refuses_what_a_page_should_not_do(page: chrome.Page, tmp_path: Path) -> None:
    """Without this the silence of the other tests could mean that nothing is watched."""
    file = tmp_path / "report.html"
    html = samples.plain().html()
    file.write_text(html.replace("</main>", '<img src="http://127.0.0.1:9/x.png"><script>1</script></main>'))
    page.show(file, 1400, 900)
    said = " ".join(entry["message"] for entry in page.logs("browser"))
    assert "img-src" in said and "script" in said


def test_a_request_would_be_seen(page: chrome.Page, tmp_path: Path) -> None:
    file = tmp_path / "open.html"
    file.write_text('<!doctype html><img src="http://127.0.0.1:9/x.png">')
    page.show(file, 1400, 900)
    assert page.requests(file) == [file.as_uri(), "http://127.0.0.1:9/x.png"]
    page.logs("browser")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str, page: chrome.Page, tmp_path: Path) -> None:
    page.show(saved(samples.plain(), tmp_path), 1400, 900, scheme)
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    pairs = {(tuple(ink), tuple(ground)): text for ink, ground, text in page.run(COLOURS)}
    assert len(pairs) > 5
    weak = {text: contrast(*pair) for pair, text in pairs.items() if contrast(*pair) < NEEDED}
    assert weak == {}


COLOURS = """
const rgb = c => c.match(/[0-9.]+/g).map(Number);
const out = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const text = walk.currentNode.data.trim(), e = walk.currentNode.parentElement;
  if (!text || !e.getClientRects().length || e.tagName == 'title' || e.tagName == 'desc') continue;
  let ground = e;
  while (ground && rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const style = getComputedStyle(e), ink = rgb(e.closest('svg') ? style.fill : style.color);
  out.push([ink.slice(0, 3), rgb(getComputedStyle(ground).backgroundColor).slice(0, 3), text.slice(0, 40)]);
}
return out;
"""


def luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_lines_and_signs_stand_out_too(scheme: int) -> None:
    """Shapes need 3 to 1 against the card they lie on; needs no browser."""
    css = files("simulacra.core.render").joinpath("style.css").read_text(encoding="utf-8")
    block = css.split(":root {")[1 + scheme]
    colour = {
        name: tuple(int(value[i : i + 2], 16) for i in (1, 3, 5))
        for name, value in re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block[: block.index("}")])
    }
    for name in (
        "real-edge",
        "made",
        "s0",
        "s1",
        "s2",
        "s3",
        "s4",
        "ok",
        "warn",
        "fail",
        "unknown",
        "focus",
        "h8",
        "d0",
        "d8",
    ):
        assert contrast(colour[name], colour["card"]) >= 3, name


def test_keyboard_reaches_the_findings(page: chrome.Page, tmp_path: Path) -> None:
    page.show(saved(samples.plain(), tmp_path), 1400, 900)
    press(page, "Tab", 9)
    first = "const e = document.activeElement, s = getComputedStyle(e); return [e.className, s.outlineStyle]"
    assert page.run(first) == ["skip", "solid"]
    assert page.run("return document.activeElement.getBoundingClientRect().left") >= 0
    press(page, "Enter", 13)
    assert page.run("return document.activeElement.id") == "main"
    seen = set()
    for _ in range(60):
        press(page, "Tab", 9)
        seen.add(page.run("const e = document.activeElement; return e.tagName + '.' + e.className"))
    assert "SUMMARY." in seen and "DIV.scroll" in seen


def press(page: chrome.Page, key: str, code: int) -> None:
    text = {"text": "\r"} if key == "Enter" else {}
    page.devtools("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text)
    page.devtools("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)


def test_every_drawing_has_a_name_for_screen_readers(page: chrome.Page, tmp_path: Path) -> None:
    page.show(saved(samples.plain(), tmp_path), 1400, 900)
    nodes = page.devtools("Accessibility.getFullAXTree")["nodes"]
    roles = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n.get("ignored")]
    drawings = [name for role, name in roles if role in ("image", "img")]
    assert len(drawings) == page.run("return document.querySelectorAll('svg[role=img], img').length")
    assert all("real" in name or "Heat map" in name or "Lines" in name for name in drawings)
    assert {"banner", "navigation", "main", "contentinfo"} <= {role for role, _ in roles}


def test_captions_stand_beside_their_row_and_pixels_stay_square(page: chrome.Page, tmp_path: Path) -> None:
    file = saved(samples.plain(), tmp_path)
    for width in (400, 1400):
        page.show(file, width, 900)
        found = page.run(SHEET)
        assert found["drawn"] == 107 and found["smoothing"] == "pixelated"
        row = found["high"] / len(found["captions"])
        for i, (top, bottom) in enumerate(found["captions"]):
            assert abs((top + bottom) / 2 - (i + 0.5) * row) < 0.2 * row, (width, i)
        assert found["wide"] / found["high"] == pytest.approx(107 / 35, rel=0.02)


SHEET = """
const image = document.querySelector('.sheet img'), box = image.getBoundingClientRect();
const rows = [...document.querySelectorAll('.sheet')][0].querySelectorAll('li');
const captions = [...rows].map(r => r.getBoundingClientRect()).map(r => [r.top - box.top, r.bottom - box.top]);
return {drawn: image.naturalWidth, wide: box.width, high: box.height, captions,
  smoothing: getComputedStyle(image).imageRendering};
"""


def test_prints(page: chrome.Page, tmp_path: Path) -> None:
    page.show(saved(samples.plain(), tmp_path), 1400, 900, "dark")
    pdf = page.pdf(tmp_path / "report.pdf")
    assert pdf.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 12
    page.show(saved(samples.plain(), tmp_path), 1000, 900, "dark", media="print")
    assert page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.run("return getComputedStyle(document.querySelector('nav')).display") == "none"
