"""Sentences of personas: the facts of each are told in an order and with turns of phrase of its own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    Places = npt.NDArray[np.int64]

LENGTHS = ("full", "short")
OPENINGS = (
    "{a_age}-year-old {role} {place} who",
    "{a_temper} {role} of {age} who lives {place},",
    "{a_role} ({age}) {place} who",
    "{place}, {a_temper} {age}-year-old {role}",
    "{a_age}-year-old {sex} {place} who {does},",
    "{a_temper} {sex} of {age} who {does} {place},",
    "{a_role} {place}, {age} and {temper}, who",
    "{a_role}, {age}, {home}, {place}, and",
    "{a_temper} {role} {place}, aged {age}, who",
    "{a_role} with {years} {place} who at {age}",
)
SHORT = (
    "{a_role} {place} who {one}.",
    "{a_temper} {role} who {one}.",
    "{a_age}-year-old {role} who {one}.",
    "{a_role} who {one} and wants to {need}.",
    "{a_temper} {sex} of {age} who {does} and {one}.",
    "{a_role} trying to {need}.",
    "{a_role} {place} who wants to {need}.",
    "{a_temper} {role} with {years} who {one}.",
)
JOINS = (" {one} and {two}.", " {one}, {two} and {three}.", " {two} and {one}.", " {one}.")
CLOSINGS = (
    " {Pron} {want} to {need}.",
    " What matters now: to {need}.",
    " {Poss} plan for this year is to {need}.",
    " Asks for help to {need}.",
    " {Poss} next step is to {need}, and {poss} friends say that {pron} {be} {temper}.",
    " Most of all, {pron} {want} to {need}.",
    " Lately {pron} {have} been trying to {need}.",
    " Because {poss} concern is {value}, {pron} {want} to {need} the right way.",
    " {Pron} {have} promised {poss} family to {need}.",
    " Before the year is over, {pron} {want} to {need}.",
)
FACTS: tuple[tuple[str, ...], ...] = (
    (
        "knows a lot about {topic}",
        "is asked by everyone about {topic}",
        "has strong views on {topic}",
        "is still learning about {topic}",
        "has taught beginners about {topic}",
        "has made a name with {topic}",
    ),
    (
        "spends free evenings on {like}",
        "loves {like} and {also}",
        "would rather talk about {also} than about work",
        "never misses a chance for {also}",
        "came to {like} after years of {also}",
        "divides weekends between {like} and {also}",
        "reads everything about {also}",
        "owes most friendships to {like}",
    ),
    ("{habit}",),
    ("{voice}",),
    (
        "cares most about {value}",
        "puts {value} above everything",
        "gives money and time for {value}",
        "votes with {value} in mind",
        "was brought up to respect {value}",
    ),
    ("{background}",),
)
"""What can be told beside the opening; each in some ways."""
ORDERS = tuple(itertools.permutations(range(len(FACTS)), 3))
CHOICES = {
    "opening": len(OPENINGS),
    "short": len(SHORT),
    "join": len(JOINS),
    "closing": len(CLOSINGS),
    "order": len(ORDERS),
    **{f"fact {i}": len(ways) for i, ways in enumerate(FACTS)},
}
"""What is drawn for each persona, and among how many."""
PRONOUNS = {
    "woman": ("She", "she", "Her", "her", "wants", "has", "is"),
    "man": ("He", "he", "His", "his", "wants", "has", "is"),
    "person": ("They", "they", "Their", "their", "want", "have", "are"),
}
DOES = {
    "working": "works as {}",
    "student": "is {}",
    "retired": "used to work as {}",
    "between jobs": "is looking for work as {}",
    "at home": "is {}",
}


def told(facts: pl.DataFrame, moved: Places, drawn: Mapping[str, Places], length: str) -> pl.Series:
    """Return (rows,) the sentences of personas. moved: (rows,) who grew up elsewhere. drawn: (rows,) by CHOICES."""
    import polars as pl

    words = _words(facts, moved)
    ways = [_picked(words, drawn[f"fact {i}"], told_as) for i, told_as in enumerate(FACTS)]
    order = np.array(ORDERS)[drawn["order"]]
    words = words.with_columns(
        _chosen(ways, order[:, slot]).alias(name) for slot, name in enumerate(("one", "two", "three"))
    )
    if length == "short":
        text = _picked(words, drawn["short"], SHORT)
    else:
        parts = (("opening", OPENINGS), ("join", JOINS), ("closing", CLOSINGS))
        text = pl.select(pl.concat_str([_picked(words, drawn[name], among) for name, among in parts])).to_series()
    return text.str.slice(0, 1).str.to_uppercase() + text.str.slice(1)


def article(words: str) -> str:
    """Return words after "a" or "an"."""
    vowel = re.match(r"[aeio]|u(?!ni(?!n)|se)|hour|8|11\\b|18", words) and not words.startswith(("eu", "one"))
    return f"{'an' if vowel else 'a'} {words}"


def _words(facts: pl.DataFrame, moved: Places) -> pl.DataFrame:
    """Return the columns that the sentences name."""
    import polars as pl

    names = ("Pron", "pron", "Poss", "poss", "want", "have", "be")
    likes = pl.col("interests").str.split("; ")
    unit = pl.when(pl.col("years") == 1).then(pl.lit(" year")).otherwise(pl.lit(" years"))
    counted = pl.concat_str(pl.col("years").cast(pl.String), unit, pl.lit(" of experience"))
    first = pl.when(pl.col("status") == "student").then(pl.lit("no experience yet")).otherwise(pl.lit("a first job"))
    role = _swap("role", _with_article(facts["role"]))
    named = _swap("occupation", _with_article(facts["occupation"]))
    does = pl.col("status").replace_strict({k: v.removesuffix("{}") for k, v in DOES.items()})
    own = pl.col("status").is_in(["student", "at home"])
    came = pl.concat_str(pl.lit("grew up in "), "origin", pl.lit(" and speaks "), "language")
    return facts.select(
        pl.col("role", "sex", "place", "habit", "voice", "value", "need"),
        pl.col("temperament").alias("temper"),
        pl.col("expertise").alias("topic"),
        pl.col("household").alias("home"),
        pl.col("age").cast(pl.String),
        likes.list.first().alias("like"),
        likes.list.last().alias("also"),
        _swap("age", _with_article(facts["age"].cast(pl.String))).alias("a_age"),
        _swap("temperament", _with_article(facts["temperament"])).alias("a_temper"),
        role.alias("a_role"),
        pl.concat_str(does, pl.when(own).then(role).otherwise(named)).alias("does"),
        pl.when(pl.col("years") > 0).then(counted).otherwise(first).alias("years"),
        pl.when(pl.Series(moved)).then(came).when(pl.col("circumstance") != "").then("circumstance")
        .otherwise("household").alias("background"),
        *(pl.col("sex").replace_strict({k: v[i] for k, v in PRONOUNS.items()}).alias(n) for i, n in enumerate(names)),
    )  # fmt: skip


def _with_article(words: pl.Series) -> dict[str, str]:
    return {word: article(word) for word in words.unique().to_list()}


def _swap(column: str, by: Mapping[str, str]) -> pl.Expr:
    import polars as pl

    return pl.col(column).cast(pl.String).replace_strict(by, return_dtype=pl.String)


def _picked(words: pl.DataFrame, which: Places, among: Sequence[str]) -> pl.Series:
    """Return (rows,) the sentence of each row, made from the one of `among` that was drawn for it."""
    import polars as pl

    made = []
    for number, template in enumerate(among):
        rows = np.flatnonzero(which == number)
        if len(rows):
            some = words[rows].select(_filled(template).alias("text"), pl.Series("row", rows))
            made.append(some)
    return pl.concat(made).sort("row")["text"] if made else pl.Series("text", [], pl.String)


def _filled(template: str) -> pl.Expr:
    import polars as pl

    parts = [part for part in re.split(r"(\{\w+\})", template) if part]
    return pl.concat_str(pl.col(p[1:-1]) if p.startswith("{") else pl.lit(p) for p in parts)


def _chosen(ways: Sequence[pl.Series], which: Places) -> pl.Series:
    import polars as pl

    index = pl.Series(which)
    out = ways[0]
    for number, way in enumerate(ways[1:], 1):
        out = way.zip_with(index == number, out)
    return out
