"""Surrogates: fresh values in place of identifiers, person data and free text, in the shape of the real ones.

Only shapes, lengths and counts are learned, never a value. A surrogate is a function of its row number and of a key
that all blocks of a sample share, so values that must be unique are unique over any number of blocks and workers.
Surrogates of different columns are independent of each other and of the other columns. Free text is a placeholder of
plain words with the lengths of the real texts; it is not language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.errors import DataError
from simulacra.core.rng import shared_key
from simulacra.core.schema import Column
from simulacra.parts import permute as mixing
from simulacra.parts import persons, shapes
from simulacra.parts.words import words

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]

LOOKED_AT = 2000
"""Texts whose words are counted."""
EXAMPLE = "The garden was quiet in the early morning, and nobody came by."
"""Form of texts of a column without values."""
NEARLY_ALL = 0.9
"""Share of different values from which values differ as long as there is room."""
GROUPS = 100
"""Values whose numbers of rows stand for all when values repeat."""


def fit_surrogate(series: pl.Series, column: Column) -> dict[str, Any]:
    """Learn the shape of a column of kind id, person or text from its cells that are not missing.

    An empty series gives the facts of the column alone: its format and its type. Returns plain state.
    Raises DataError for a kind or type that has no surrogates.
    """
    if column.kind not in KINDS:
        raise DataError(
            f"column {series.name!r} of kind {column.kind} has no surrogates; leave it out of the table, "
            "or declare another kind in the schema"
        )
    if isinstance(series.dtype, pl.Enum) or not _writable(series.dtype):
        raise DataError(
            f"column {series.name!r} of type {series.dtype} cannot take new {column.kind} values; cast it to text, "
            'or declare it as kind = "category" in the schema'
        )
    series = series.drop_nulls()
    learn, _ = KINDS[column.kind]
    return {
        "kind": column.kind,
        "like": series.clear(),
        "strict": _strict(series, column),
        "repeats": None if column.unique or column.kind == "text" else _repeats(series),
        "facts": learn(series, column),
    }


def draw_surrogate(state: dict[str, Any], n: int, rng: np.random.Generator, start: int) -> pl.Series:
    """Return n fresh values of the column's type for the rows start, start + 1, ..

    rng: the stream of the block; only what all blocks share is used. Raises DataError when the values must be unique
    and their shape has too little room.
    """
    like: pl.Series = state["like"]
    key = shared_key(rng, like.name)
    numbers = np.arange(start, start + n, dtype=np.uint64)
    if state["repeats"] is not None:
        numbers = _repeated(state["repeats"], numbers, key)
    _, draw = KINDS[state["kind"]]
    drawn = draw(state["facts"], numbers, key, state["strict"], like)
    return pl.Series(like.name, drawn).cast(like.dtype)


def _strict(series: pl.Series, column: Column) -> bool | None:
    """Return whether values must differ (True), should while there is room (False), or may come again (None)."""
    if column.unique:
        # That no two of few people share a name does not forbid it of many; of an identifier it is the point.
        return column.kind != "person" or column.source == "declared"
    return False if series.n_unique() >= NEARLY_ALL * len(series) else None


def _writable(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype.is_float() or dtype in (pl.String, pl.Categorical)


# Repeats --------------------------------------------------------------------------------------------------------------


def _repeats(series: pl.Series) -> dict[str, Any] | None:
    """Learn how many rows share a value and whether they stand together; None when no value comes twice."""
    counts = np.sort(series.value_counts()["count"].to_numpy())
    if not len(counts) or counts[-1] == 1:
        return None
    picks = (np.arange(min(GROUPS, len(counts))) + 0.5) / min(GROUPS, len(counts))
    runs = int((series != series.shift(1)).sum()) + 1
    return {"sizes": counts[(picks * len(counts)).astype(int)], "together": runs <= 1.1 * len(counts)}


def _repeated(repeats: dict[str, Any], numbers: Words, key: int) -> Words:
    """Return the number of the value that each row holds: groups of the learned sizes, the cycle of them repeated."""
    sizes = np.asarray(repeats["sizes"])
    sizes = sizes[mixing.permute(np.arange(len(sizes), dtype=np.uint64), len(sizes), key)]
    total = int(sizes.sum())
    cycle, place = np.divmod(numbers, np.uint64(total))
    if not repeats["together"]:
        place = mixing.permute(place, total, key)
    group = np.searchsorted(np.cumsum(sizes), place, "right").astype(np.uint64)
    return cycle * np.uint64(len(sizes)) + group


# Kinds ----------------------------------------------------------------------------------------------------------------


def _learn_id(series: pl.Series, column: Column) -> dict[str, Any]:
    whole = series.dtype.is_integer() or series.dtype.is_float()
    if column.format and not whole and (column.source == "declared" or not len(series)):
        return {"shapes": shapes.of_pattern(column.format)}
    if not len(series):
        if not whole:
            return {"shapes": shapes.of_pattern("AA-999999")}
        last = column.high if column.source == "from data" else None
        start = int(last) + 1 if isinstance(last, int | float) else int(column.low or 1)
        one = shapes.sequence(pl.Series([start - 1], dtype=pl.Int64))
        return {"sequence": {**(one or {}), "window": 2**62}}
    if series.dtype.is_float():
        series = series.filter(series.is_finite()).cast(pl.Int64)
    found = shapes.sequence(series)
    return {"sequence": found} if found else {"shapes": shapes.learn(series)}


def _draw_id(facts: dict[str, Any], numbers: Words, key: int, strict: bool | None, like: pl.Series) -> Any:
    if "shapes" in facts:
        return shapes.draw(facts["shapes"], numbers, key, strict, like.name)
    sequence = facts["sequence"]
    drawn = shapes.draw_numbers(sequence, numbers, key, like.name)
    if "before" in sequence:
        width = sequence["width"]
        return [f"{sequence['before']}{number:0{width}d}{sequence['after']}" for number in drawn.tolist()]
    return drawn if like.dtype == pl.UInt64 else drawn.view(np.int64)


def _learn_person(series: pl.Series, column: Column) -> dict[str, Any]:
    whole = series.cast(pl.Int64) if series.dtype.is_float() else series
    return {"format": column.format, "form": persons.learn(whole, column.format)}


def _draw_person(facts: dict[str, Any], numbers: Words, key: int, strict: bool | None, like: pl.Series) -> list[str]:
    return persons.draw(facts["form"], facts["format"], numbers, key, strict, like.name)


def _learn_text(series: pl.Series, column: Column) -> dict[str, Any]:
    """Keep the distributions of word counts and word lengths, words a sentence, shares of capitals and end marks."""
    texts = series.cast(pl.String).str.strip_chars()
    if not len(texts):
        texts = pl.Series([EXAMPLE])
    count = texts.str.count_matches(r"\S+").clip(1)
    sentences = texts.str.count_matches(r"[.!?](?:\s|$)").clip(1)
    last = texts.str.slice(-1)
    letters = texts.str.contains(r"\p{L}")
    spoken = (
        texts.head(LOOKED_AT).str.extract_all(r"\S+").explode().drop_nulls().str.strip_chars(".,;:!?").str.len_chars()
    )
    return {
        "words": _spread_of(count),
        "letters": _spread_of(spoken if len(spoken) else pl.Series([5])),
        "sentence": max(1, round(float(count.sum()) / float(sentences.sum()))),
        "capital": float(texts.str.contains(r"^\P{L}*\p{Lu}").mean()),  # type: ignore[arg-type]
        "ends": {mark: float((last == mark).mean()) for mark in ".!?"},  # type: ignore[arg-type]
        "upper": float(((texts == texts.str.to_uppercase()) & letters).mean()),  # type: ignore[arg-type]
    }


def _spread_of(numbers: pl.Series) -> npt.NDArray[np.int64]:
    """Return GROUPS evenly spaced quantiles, which stand for the distribution."""
    at = np.linspace(0.5 / GROUPS, 1 - 0.5 / GROUPS, GROUPS)
    out: npt.NDArray[np.int64] = np.quantile(numbers.to_numpy(), at, method="nearest").astype(np.int64)
    return out


def _draw_text(facts: dict[str, Any], numbers: Words, key: int, strict: bool | None, like: pl.Series) -> list[str]:
    sizes = np.asarray(facts["words"])
    count = sizes[mixing.below(numbers, len(sizes), key, "words")]
    vocabulary = sorted(words("word"), key=len)
    if strict:
        count = np.where(numbers < len(vocabulary), count, np.maximum(count, 2))
    each = np.repeat(numbers, count) * np.uint64(2**20) + _within(count)
    chosen = _of_lengths(each, np.asarray(facts["letters"]), [len(w) for w in vocabulary], key)
    if strict:
        _tell_apart(chosen, count, numbers, key, len(vocabulary))
    plain = np.array(vocabulary, object)[chosen].tolist()
    capital = mixing.uniform(numbers, key, "capital") < facts["capital"]
    upper = mixing.uniform(numbers, key, "upper") < facts["upper"]
    marks, shares = list(facts["ends"]), np.cumsum(list(facts["ends"].values()))
    end = np.searchsorted(shares, mixing.uniform(numbers, key, "end"), "right")
    out, at = [], 0
    for i, size in enumerate(count.tolist()):
        mark = marks[end[i]] if end[i] < len(marks) else ""
        text = _sentences(plain[at : at + size], facts["sentence"], bool(capital[i]), mark)
        out.append(text.upper() if upper[i] else text)
        at += size
    return out


def _of_lengths(each: Words, letters: npt.NDArray[np.int64], lengths: list[int], key: int) -> npt.NDArray[np.int64]:
    """Return for each number a word's place: its length is drawn from `letters`; lengths: of all words, sorted."""
    wanted = np.clip(letters[mixing.below(each, len(letters), key, "length")], lengths[0], lengths[-1])
    low, high = np.searchsorted(lengths, wanted, "left"), np.searchsorted(lengths, wanted, "right")
    inside = mixing.uniform(each, key, "word") * np.maximum(high - low, 1)
    out: npt.NDArray[np.int64] = np.minimum(low + inside.astype(np.int64), len(lengths) - 1)
    return out


def _tell_apart(
    chosen: npt.NDArray[np.int64], count: npt.NDArray[np.int64], numbers: Words, key: int, size: int
) -> None:
    """Set the first two words of short texts by their number, so that no two begin alike; long ones differ anyway."""
    first = np.cumsum(count) - count
    single, short = count == 1, (count == 2) | (count == 3)
    pair = mixing.permute(numbers % np.uint64(size * size), size * size, key).astype(np.int64)
    one = mixing.permute(numbers % np.uint64(size), size, key).astype(np.int64)
    chosen[first[single]] = one[single]
    chosen[first[short]] = pair[short] % size
    chosen[first[short] + 1] = pair[short] // size


def _within(count: npt.NDArray[np.int64]) -> Words:
    before = np.repeat(np.cumsum(count) - count, count)
    return (np.arange(len(before)) - before).astype(np.uint64)


def _sentences(words: list[str], length: int, capital: bool, mark: str) -> str:
    parts = [" ".join(words[i : i + length]) for i in range(0, len(words), length)] if mark else [" ".join(words)]
    return f"{mark} ".join(p[:1].upper() + p[1:] if capital else p for p in parts) + mark


Learn = Callable[[pl.Series, Column], dict[str, Any]]
Draw = Callable[[dict[str, Any], "Words", int, bool | None, pl.Series], Any]
KINDS: dict[str, tuple[Learn, Draw]] = {
    "id": (_learn_id, _draw_id),
    "person": (_learn_person, _draw_person),
    "text": (_learn_text, _draw_text),
}
"""One entry a kind: how to learn its shape, how to draw it."""
