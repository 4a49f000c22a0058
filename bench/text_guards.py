"""The guard of diversity on planted collapses and on fresh real texts, and the choice of text/select beside others.

    python bench/text_guards.py             four collections of real texts, five planted faults; then the choice
    python bench/text_guards.py --seeds 2

Fresh cases take 60 to 400 texts as made and twice as many as real. Exit code 1 when a planted fault passes, or fresh
real texts warn in more than 5 % of cases.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from common import lines

from simulacra.core.case import Case
from simulacra.core.data import as_dataset
from simulacra.core.report import Finding
from simulacra.guards._texts_figures import Coded, vendi
from simulacra.guards.diversity import diversity
from simulacra.parts.text_vectors import vectors
from simulacra.text._select_choice import choose

SETS = {"sms_spam": "text", "gsm8k_train": "question", "movie_reviews_polarity": "text", "personas_a": "persona"}
SIZES = (60, 100, 200, 400)


def texts(name: str, column: str) -> list[str]:
    return [str(row.get(column) or next(iter(row.values()))) for row in lines(name)]


def loud(made: list[str], real: list[str] | None) -> list[str]:
    side = None if real is None else as_dataset(pl.DataFrame({"text": real}))
    found = diversity(Case(as_dataset(pl.DataFrame({"text": made})), real=side))
    return [f"{f.name} {f.verdict}" for f in found if isinstance(f, Finding) and f.verdict in ("warn", "fail")]


def planted(base: list[str]) -> dict[str, Callable[[random.Random], str]]:
    words = [word for text in base[:2000] for word in text.split()]

    def exchanged(text: str, share: float, draw: random.Random) -> str:
        return " ".join(draw.choice(words) if draw.random() < share else word for word in text.split())

    return {
        "ten texts, 4 % of the words exchanged": lambda d: exchanged(base[d.randrange(10)], 0.04, d),
        "ten texts, 35 % of the words exchanged": lambda d: exchanged(base[d.randrange(10)], 0.35, d),
        "a template with one slot": lambda d: f"Write a short story about {d.choice(words)} on a warm summer day.",
        "words in random order": lambda d: " ".join(d.choice(words) for _ in range(45)),
        "random letters": lambda d: " ".join("".join(d.choices("abcdefghijklmnop", k=5)) for _ in range(30)),
    }


def guard(seeds: int) -> bool:
    sets = {name: texts(name, column) for name, column in SETS.items()}
    cases = false = 0
    for name, given in sets.items():
        for seed in range(seeds):
            random.Random(seed).shuffle(given)
            n = min(SIZES[seed % 4], len(given) // 3)
            said = loud(given[:n], given[n : 3 * n])
            cases, false = cases + 1, false + bool(said)
            if said:
                print(f"  fresh {name}, {n} texts: {', '.join(said)}")
    print(f"fresh real texts: {false} of {cases} cases warn")
    missed = 0
    base = sets["gsm8k_train"]
    for fault, one in planted(base).items():
        draw = random.Random(0)
        made = [one(draw) for _ in range(500)]
        for real in (None, base[:1500]):
            said = [s for s in loud(made, real) if s.endswith("fail")]
            missed += not said
            print(f"  {fault}, {'alone' if real is None else 'beside real'}: {', '.join(said) or 'MISSED'}")
    return missed == 0 and false <= 0.05 * cases


def choice() -> None:
    """Print quality and variety of choices from 4,000 texts of 60 topics of unequal size, 30 % of them spoilt."""
    draw = np.random.default_rng(0)
    words = ["".join(draw.choice(list("abcdefghijklmnopqrstuvwxyz"), draw.integers(4, 9))) for _ in range(3000)]
    own = [draw.choice(words[200:], 40, replace=False) for _ in range(60)]
    share = 1 / np.arange(1, 61) ** 1.2
    topic = draw.choice(60, 4000, p=share / share.sum())
    junk = np.where(draw.random(4000) < 0.3, draw.random(4000) * 0.9, draw.random(4000) * 0.15)

    def word(i: int) -> str:
        if draw.random() < junk[i]:
            return "".join(draw.choice(list("qxzjk#%"), 5))
        return str(draw.choice(own[topic[i]]) if draw.random() < 0.6 else draw.choice(words[:200]))

    given = [" ".join(word(i) for _ in range(draw.integers(20, 50))) for i in range(4000)]
    score = 1 - junk + draw.normal(0, 0.15, 4000)
    x = vectors(given)
    order = np.argsort(-score, kind="stable")
    print("choice of n from 4,000: true quality, topics reached of 60, Vendi score, cosine bound")
    for n in (100, 400):
        ours = choose(x[order], n)
        arms = {
            "random": draw.choice(4000, n, replace=False),
            "the best": order[:n],
            "the best, no two of cosine .9 (DEITA)": order[fixed(x[order], n, 0.9)],
            "text/select": order[ours.picked],
        }
        for name, rows in arms.items():
            varied = vendi(Coded.of([given[i] for i in rows]))
            print(f"  {n} {name}: {1 - junk[rows].mean():.3f}, {len(set(topic[rows]))}, {varied:.0f}")
        print(f"  {n} bound found: {ours.most:.2f}")


def fixed(x: np.ndarray, n: int, bound: float) -> list[int]:
    out: list[int] = []
    for i in range(len(x)):
        if not out or float((x[out] @ x[i]).max()) < bound:
            out.append(i)
        if len(out) == n:
            break
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    begun = time.process_time()
    good = guard(parser.parse_args().seeds)
    choice()
    print(f"{time.process_time() - begun:.0f} CPU s")
    sys.exit(0 if good else 1)
