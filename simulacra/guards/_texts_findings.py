"""Findings on how varied the texts of one column are, beside real texts or by themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from simulacra.core.case import Case, not_tested
from simulacra.core.port import NOT_TEXT
from simulacra.core.report import Finding, View
from simulacra.guards import _texts_figures as figures
from simulacra.guards._stats import share_noise, wilson
from simulacra.guards._texts_columns import FEW, SAMPLE, Texts, gather
from simulacra.guards._texts_figures import Coded
from simulacra.guards._words import percent

ADVICE = (
    "vary what is asked: more topics, personas and styles as columns of the prompt, another seed text in each, a "
    "higher temperature; then choose with text/select"
)
Z = 3.3
"""A difference from real texts counts when chance gives it in fewer than one of 1,000 cases, about."""
UNORDERED = 0.03
"""Words in random order give 0 to .02 (.02 where compounds count as words), texts .05 and more."""
TOPICS = 200
"""Real texts that are needed to find topics among them."""


@dataclass(frozen=True)
class Measure:
    """One figure. show: as text. free: whether more is more varied; else its distance from `top`, or its inverse, is.

    low: (fail, warn) of the figure by itself, None where nothing can be said without real texts. ratio: (fail, warn) of
    variety beside that of real texts.
    """

    name: str
    figure: Callable[[Coded], float]
    words: str
    show: str = "{:.2f}"
    more: bool = True
    top: float | None = None
    low: tuple[float, float] | None = None
    ratio: tuple[float, float] = (0.5, 0.75)
    headline: bool = False
    reference: str = ""

    def variety(self, value: float) -> float:
        """Return a figure turned so that more is more varied, above 0."""
        turned = value if self.more else 1 / max(value, 1e-9) if self.top is None else self.top - value
        return max(turned, 1e-6)

    def at(self, variety: float) -> float:
        """Return the figure of a variety."""
        return variety if self.more else 1 / variety if self.top is None else self.top - variety


def column(case: Case, name: str) -> Iterator[Finding | View]:
    """Yield all findings on one column of texts."""
    texts = gather(case, name)
    if (marked := sum(NOT_TEXT in text for text in texts.made)) > 0:
        said = f"{marked:,} of {len(texts.made):,} texts of {name} carry the mark {NOT_TEXT} of the echo port"
        yield Finding(
            "diversity", f"real words of {name}", "fail", f"{said}: no model wrote them", float(marked), limit=0.0,
            columns=(name,), advice="name a model in the recipe; echo is for tests", headline=True,
        )  # fmt: skip
    if len(texts.made) < FEW:
        why = f"{len(texts.made)} texts of {name}, and {FEW} are needed to tell how varied they are"
        yield Finding("diversity", f"effective size of {name}", "unknown", f"not tested: {why}", columns=(name,))
        return
    beside = len(texts.fresh) >= FEW
    n = min(SAMPLE, len(texts.made), *([len(texts.fresh)] if beside else []))
    made, fresh = Coded.of(texts.made[:n]), Coded.of(texts.fresh[:n]) if beside else None
    found = [_judged(m, name, made, fresh) for m in _measures(made, fresh)]
    found += [_duplicates(texts, beside), _opening(texts, beside), _order(name, made, fresh, case.seed)]
    if len(texts.known) >= TOPICS and fresh is not None:
        found.append(_coverage(name, made, fresh, figures.sample(texts.known), case.seed))
    yield from found
    yield _view(name, found, n, beside)
    yield _openings(texts)


def _measures(made: Coded, fresh: Coded | None) -> list[Measure]:
    """Return the measures, each over as many words on both sides."""
    most = {n: figures.RUNS if fresh is None else min(figures.runs(s, n) for s in (made, fresh)) for n in (1, 2, 3)}
    limits = {1: None, 2: (0.25, 0.4), 3: (0.35, 0.65)}
    size = len(made)
    return [
        Measure("effective size", figures.effective_size, f"of {size} texts the share that is left when forms of one "
                "text count once", low=(0.5, 0.75), headline=True, reference="docs/guards/diversity.md"),
        *(Measure(f"distinct-{n}", figures.distinct(n, most[n]), "the share of words that differ" if n == 1 else
                  f"the share of runs of {n} words that differ", low=limits[n], reference="arXiv 1510.03055")
          for n in (1, 2, 3)),
        Measure("self-BLEU", figures.bleu, f"the BLEU of a text against {size - 1} others", more=False, top=1.0,
                low=(0.7, 0.5), ratio=(0.6, 0.8), reference="arXiv 1802.01886"),
        Measure("compression", figures.compression, "bytes over compressed bytes", more=False, low=(5.0, 3.5),
                ratio=(0.6, 0.8), reference="arXiv 2403.00553"),
        Measure("Vendi score", figures.vendi, f"how many entirely different texts vary as much as these {size}",
                show="{:.0f}", low=(5.0, 8.0) if size >= 2 * FEW else None, reference="arXiv 2210.02410"),
    ]  # fmt: skip


def _judged(m: Measure, name: str, made: Coded, fresh: Coded | None) -> Finding:
    """Judge one figure beside that of real texts, or by its limits."""
    value, mark = m.figure(made), None if fresh is None else m.figure(fresh)
    error = _error(m, made)
    said = f"{m.name} of {name} is {m.show.format(value)}, {m.words}"
    if mark is None or fresh is None:
        limit = m.low[0] if m.low else None
        verdict = "ok" if m.low is None else _grave(m.variety(value), *(m.variety(x) for x in m.low))
        said += "" if m.low else "; without real texts beside, nothing follows from it"
    else:
        ratio = m.variety(value) / m.variety(mark)
        chance = math.exp(-Z * math.hypot(error, _error(m, fresh)))
        verdict = _grave(ratio, *m.ratio) if ratio < chance else "ok"
        limit = m.at(m.ratio[0] * m.variety(mark))
        said += f"; as many real ones have {m.show.format(mark)}"
    wide = 2.776 * error * m.variety(value)
    one, two = (m.at(max(m.variety(value) + side * wide, 1e-6)) for side in (-1, 1))
    said += ": too much of the same" if verdict != "ok" else ""
    return Finding(
        "diversity", f"{m.name} of {name}", verdict, said, value,
        (min(one, two), max(one, two)), mark, limit, (name,), ADVICE if verdict != "ok" else "", m.headline,
        m.reference,
    )  # fmt: skip


def _error(m: Measure, side: Coded) -> float:
    """Return the relative standard error of a figure's variety, from its values on fifths of the texts."""
    parts = [m.variety(m.figure(part)) for part in side.groups()]
    return float(np.std(parts, ddof=1)) / max(float(np.mean(parts)), 1e-9) / math.sqrt(len(parts))


def _grave(value: float, fail: float, warn: float) -> str:
    return "fail" if value < fail else "warn" if value < warn else "ok"


def _excess(share: float, fresh: float, n: int, beside: bool, alone: tuple[float, float]) -> tuple[str, float]:
    """Return verdict and limit of a share of bad texts: by itself, or beyond what real ones have."""
    fail, warn = alone if not beside else (fresh + alone[0] / 2, fresh + alone[1] / 2)
    chance = fresh + share_noise(fresh, n, n, 0.001) if beside else 0.0
    return ("fail" if share > max(fail, chance) else "warn" if share > max(warn, chance) else "ok"), min(1.0, fail)


def _duplicates(texts: Texts, beside: bool) -> Finding:
    n = min(len(texts.made), len(texts.fresh)) if beside else len(texts.made)
    count = figures.duplicates(texts.made[:n])
    fresh = figures.duplicates(texts.fresh[:n]) / n if beside else 0.0
    verdict, limit = _excess(count / n, fresh, n, beside, (0.4, 0.1))
    said = f"{count:,} of {n:,} texts of {texts.name} nearly repeat an earlier one"
    said += f", {percent(fresh)} of as many real ones do" if beside else ""
    return Finding(
        "diversity", f"near-duplicates of {texts.name}", verdict, said, count / n, wilson(count, n),
        fresh if beside else None, limit, (texts.name,), ADVICE if verdict != "ok" else "",
    )  # fmt: skip


def _opening(texts: Texts, beside: bool) -> Finding:
    n = min(len(texts.made), len(texts.fresh)) if beside else len(texts.made)
    words, count = figures.openings(texts.made[:n])[0]
    fresh = figures.openings(texts.fresh[:n])[0][1] / n if beside else 0.0
    verdict, limit = _excess(count / n, fresh, n, beside, (0.5, 0.25))
    said = f'{percent(count / n)} of {n:,} texts of {texts.name} begin with "{words}"'
    said += f"; the most common opening of real ones has {percent(fresh)}" if beside else ""
    return Finding(
        "diversity", f"opening of {texts.name}", verdict, said, count / n, wilson(count, n), fresh if beside else None,
        limit, (texts.name,), ADVICE if verdict != "ok" else "",
    )  # fmt: skip


def _order(name: str, made: Coded, fresh: Coded | None, seed: int) -> Finding:
    """Judge whether words follow each other as in language; random ones look very varied by every other figure."""
    about = f"order of words of {name}"
    if min(figures.runs(side, 2) for side in (made, fresh or made)) < figures.ORDERED:
        return not_tested("diversity", about, f"{figures.ORDERED:,} pairs of words are needed to tell")
    gain, z = figures.order(made, seed)
    mark = None if fresh is None else figures.order(fresh, seed)[0]
    if mark is not None and mark < UNORDERED:
        return not_tested("diversity", about, "the words of the real texts stand in no order either")
    limit = UNORDERED if mark is None else mark / 4
    bad = gain < limit or z < Z
    said = f"pairs of words of {name} come back {percent(max(gain, 0))} more often than with all words shuffled"
    said += "" if mark is None else f", those of real ones {percent(max(mark, 0))}"
    said += ": their order means nothing, so they are no text and their variety is none" if bad else ""
    advice = "look at the rows; ask another model, at a lower temperature" if bad else ""
    return Finding(
        "diversity", about, "fail" if bad else "ok", said, gain, None, mark, limit, (name,), advice, bad,
    )  # fmt: skip


def _coverage(name: str, made: Coded, fresh: Coded, known: Coded, seed: int) -> Finding:
    value, mark = figures.coverage(made, fresh, known, seed)
    parts = [figures.coverage(part, fresh, known, seed)[0] for part in made.groups()]
    error = float(np.std(parts, ddof=1)) / math.sqrt(len(parts))
    verdict = _grave(value / max(mark, 1e-9), 0.5, 0.75) if value < mark - Z * error else "ok"
    said = f"texts of {name} reach {percent(value)} of the topics of real ones; as many real ones {percent(mark)}"
    return Finding(
        "diversity", f"coverage of {name}", verdict, said, value,
        (max(0.0, value - 2.776 * error), min(1.0, value + 2.776 * error)), mark, 0.5 * mark, (name,),
        ADVICE if verdict != "ok" else "",
    )  # fmt: skip


def _view(name: str, found: list[Finding], n: int, beside: bool) -> View:
    rows = [
        [f.name.removesuffix(f" of {name}"), f"{f.value:.3g}", "" if f.fresh is None else f"{f.fresh:.3g}", f.verdict]
        for f in found
        if f.value is not None
    ]
    title = f"Variety of {name}, {n} texts" + (" a side" if beside else "")
    return View("diversity", "table", title, {"header": ["figure", "made", "real", "verdict"], "rows": rows}, name)


def _openings(texts: Texts) -> View:
    found = figures.openings(texts.made)
    rows = [[words, f"{count:,}", percent(count / len(texts.made))] for words, count in found]
    data = {"header": ["first words", "made texts", "share"], "rows": rows}
    return View("diversity", "table", f"Most common openings of {texts.name}", data, texts.name)
