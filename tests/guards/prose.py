"""Real texts for tests: paragraphs of the language reference that comes with Python, and texts that collapsed."""

from __future__ import annotations

import random
import re
from pydoc_data.topics import topics

import polars as pl

from simulacra.core.case import Case
from simulacra.core.data import as_dataset
from simulacra.core.report import Finding, View


def paragraphs(seed: int = 0) -> list[str]:
    """Return about 700 different paragraphs of at least 15 words, shuffled."""
    out = []
    for name in sorted(topics):
        for part in re.split(r"\n\s*\n", topics[name]):
            text = " ".join(part.split())
            if len(text.split()) >= 15 and text[0].isalpha() and text.endswith(".") and "::=" not in text:
                out.append(text)
    out = list(dict.fromkeys(out))
    random.Random(seed).shuffle(out)
    return out


def vocabulary() -> list[str]:
    """Return words as often as they occur."""
    return [word for text in paragraphs() for word in text.split()]


def few_with_changes(n: int = 300) -> list[str]:
    """Return ten texts again and again, two words of each exchanged."""
    draw, base, words = random.Random(1), paragraphs()[:10], vocabulary()
    return [exchanged(draw.choice(base), 2, draw, words) for _ in range(n)]


def paraphrases(n: int = 300) -> list[str]:
    """Return forms of ten texts: a quarter of the words exchanged, sentences and halves in another order."""
    draw, base, words = random.Random(2), paragraphs()[:10], vocabulary()
    out = []
    for _ in range(n):
        parts = draw.choice(base).split(". ")
        draw.shuffle(parts)
        text = ". ".join(parts)
        out.append(exchanged(text, len(text.split()) // 4, draw, words))
    return out


def one_slot(n: int = 300) -> list[str]:
    """Return a template with one word that differs."""
    draw, words = random.Random(3), vocabulary()
    return [f"Once upon a time there was a {draw.choice(words)} that nobody in the village knew." for _ in range(n)]


def salad(n: int = 300) -> list[str]:
    """Return words in no order."""
    draw, words = random.Random(4), vocabulary()
    return [" ".join(draw.choice(words) for _ in range(40)) for _ in range(n)]


def noise(n: int = 300) -> list[str]:
    """Return random letters."""
    draw = random.Random(5)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [" ".join("".join(draw.choices(letters, k=draw.randint(2, 8))) for _ in range(30)) for _ in range(n)]


def exchanged(text: str, count: int, draw: random.Random, words: list[str]) -> str:
    """Return a text with some of its words exchanged."""
    parts = text.split()
    for _ in range(count):
        parts[draw.randrange(len(parts))] = draw.choice(words)
    return " ".join(parts)


def case(made: list[str], real: list[str] | None = None) -> Case:
    """Return a case of one column of texts."""
    side = None if real is None else as_dataset(pl.DataFrame({"text": real}))
    return Case(as_dataset(pl.DataFrame({"text": made})), real=side, seed=3)


def verdicts(items: list[Finding | View]) -> dict[str, str]:
    """Return the verdict of each figure, without the column's name."""
    return {i.name.removesuffix(" of text"): i.verdict for i in items if isinstance(i, Finding)}


def loud(items: list[Finding | View]) -> set[str]:
    """Return the figures that warn or fail."""
    return {name for name, verdict in verdicts(items).items() if verdict in ("warn", "fail")}
