"""Rules of quality: what is plainly wrong with a text, and how much it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from simulacra.parts.ngrams import encode, grams

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.text_rows import TextRows

    Floats = npt.NDArray[np.float64]

DROPPED: Final = 0.5
"""Deductions from which a row is dropped."""
LONG: Final = 200
"""Words of an answer from which more add nothing to its score."""
USUAL: Final = 0.3
"""A fault of more than this share of the rows is how these texts are written, and does not count."""

_CANNOT: Final = r"\b(?:can ?not|can['’]?t|(?:am |['’]?m )?(?:unable|not able)|don['’]?t|won['’]?t)"
REFUSAL: Final = (
    rf"(?i)^\W*(?:(?:i['’]?m|i am) (?:\w+ )?(?:sorry|afraid)\b[^.]{{0,40}}{_CANNOT}"
    rf"|(?:sorry|unfortunately|apologies)\W[^.]{{0,30}}\bi ?{_CANNOT}"
    rf"|i ?{_CANNOT}(?: to)? (?:assist|help|provide|fulfil|answer|comply|complete|generate|create|engage|do that|write"
    r"|discuss|access)\b)"
)
AS_AN_AI: Final = (
    r"(?i)\bas an? (?:large |helpful )?(?:ai|artificial intelligence|language model|llm|virtual assistant)\b"
    r"|\bi(?:['’]m| am) (?:just |only |merely )?an? (?:ai|language model|artificial intelligence|large language)\b"
    r"|\bmy (?:knowledge cut-?off|training data)\b"
)
LEAKS: Final = (
    r"(?i)<\|[a-z_]{1,30}\|>|\{\{[^{}\n]{1,60}\}\}|\{%|\[/?inst\]|lorem ipsum|\[not text\]"
    r"|\[(?:insert|your|placeholder|name of|company name)\b[^\]\n]{0,40}\]"
    r"|^#{2,3} ?(?:instruction|response|human|assistant) ?:"
)
OPEN_END: Final = r"[\p{L}\p{N},;:(–-]\s*$"
SYMBOLS: Final = r"[^\p{L}\p{N}\p{M}\s.,;:!?'’\"“”()%-]"
SCRIPTS: Final = (
    r"\p{Latin}", r"\p{Cyrillic}", r"\p{Greek}", r"[\p{Han}\p{Hiragana}\p{Katakana}]", r"\p{Hangul}", r"\p{Arabic}",
    r"\p{Hebrew}", r"\p{Devanagari}", r"\p{Thai}",
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One rule: its name in a reason, and (rows,) what it takes off each row, 0..1."""

    name: str
    taken: Floats


def faults(texts: TextRows) -> list[Fault]:
    """Return what each rule takes off each row."""
    asked, answered = texts.asked, texts.answered
    words = answered.str.count_matches(r"\w+").to_numpy()
    asks = (asked.str.strip_chars().str.len_chars() > 0).to_numpy()
    symbols = _share(answered, SYMBOLS)
    taken: list[tuple[str, npt.NDArray[Any]]] = [
        ("no words", 1.0 * ~answered.str.contains(r"\p{L}|\p{N}").to_numpy()),
        ("fewer than three words", 0.3 * (~asks & (words < 3))),
        ("a refusal", 0.6 * answered.str.contains(REFUSAL).to_numpy()),
        ('speaks "as an AI"', 0.6 * answered.str.contains(AS_AN_AI).to_numpy()),
        ("a placeholder or mark of a template", 0.6 * texts.whole.str.contains(LEAKS).to_numpy()),
        ("the answer is the question", 0.6 * (_plain(asked) == _plain(answered)).to_numpy() * asks),
        ("repeats itself", _scaled(repeated(answered), 0.3, 0.6)),
        ("many symbols", _usual(_scaled(symbols, 0.2, 0.5))),
        ("two scripts mixed", _usual(0.3 * mixed(answered))),
        ("a cut-off ending", _usual(0.2 * ((words >= 12) & answered.str.contains(OPEN_END).to_numpy()))),
    ]
    return [Fault(name, np.asarray(off, dtype=np.float64)) for name, off in taken]


def score(found: list[Fault], texts: TextRows) -> tuple[Floats, Floats]:
    """Return (rows,) what is taken off in all, at most 1, and (rows,) the score, 0..1.

    The score is what is left, weighted by the length of the answer: with 1,000 examples the longest ones are a strong
    choice by themselves (Zhao et al. 2024, arXiv 2402.04833).
    """
    off = np.minimum(1.0, np.sum([fault.taken for fault in found], axis=0))
    words = texts.answered.str.count_matches(r"\w+").to_numpy()
    return off, (1 - off) * (0.6 + 0.4 * np.minimum(1, np.log1p(words) / np.log1p(LONG)))


def named(found: list[Fault], row: int) -> str:
    """Return in words what is wrong with a row, gravest first."""
    wrong = sorted((fault for fault in found if fault.taken[row] > 0), key=lambda fault: -fault.taken[row])
    return "; ".join(fault.name for fault in wrong)


def repeated(texts: pl.Series) -> Floats:
    """Return (texts,) the share of runs of four words that stood in the text before; 0 below twenty words."""
    coded = encode(texts)
    runs = grams(coded, 4)
    order = np.lexsort((runs.hashes, runs.owner))
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (np.diff(runs.hashes[order]) == 0) & (np.diff(runs.owner[order]) == 0)
    total = np.bincount(runs.owner, minlength=len(coded))
    out = np.bincount(runs.owner[order], again, minlength=len(coded)) / np.maximum(total, 1)
    return np.where(coded.lengths >= 20, out, 0.0)


def mixed(texts: pl.Series) -> npt.NDArray[np.bool_]:
    """Return (texts,) whether a second script makes up a seventh of a text's letters."""
    letters = np.array([texts.str.count_matches(script).to_numpy() for script in SCRIPTS])
    second = np.sort(letters, axis=0)[-2]
    out: npt.NDArray[np.bool_] = (second >= 10) & (second > letters.sum(0) / 7)
    return out


def _plain(texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase().str.replace_all(r"\W+", " ").str.strip_chars()


def _share(texts: pl.Series, pattern: str) -> Floats:
    out: Floats = texts.str.count_matches(pattern).to_numpy() / np.maximum(texts.str.len_chars().to_numpy(), 1)
    return out


def _scaled(share: Floats, first: float, last: float) -> Floats:
    """Return 0 up to a first share, .8 from a last one, and between the two in proportion."""
    return 0.8 * np.clip((share - first) / (last - first), 0, 1)


def _usual(taken: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return taken if (taken > 0).mean() <= USUAL else np.zeros(len(taken))
