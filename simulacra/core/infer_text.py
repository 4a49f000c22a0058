"""Facts about text columns: yes and no, numbers among words, times, person data, identifiers, free text, categories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core import infer_times, patterns
from simulacra.core.infer_numbers import facts as number_facts

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

Facts = dict[str, Any]
LOOK = 1000
"""Different values looked at where a sample tells enough."""
MAX_LEVELS = 200
"""Levels that a schema lists, most frequent first; their weights then sum to less than 1."""
FEW = 10
"""Fewest cells from which uniqueness says anything."""


@dataclass(frozen=True)
class Texts:
    """The different values of a column, sorted, and how many cells hold each; (distinct,) both."""

    name: str
    values: pl.Series
    counts: npt.NDArray[np.int64]

    @cached_property
    def cells(self) -> int:
        """Return the number of cells that are not missing."""
        return int(self.counts.sum())

    @cached_property
    def unique(self) -> bool:
        """Return whether no value occurs twice."""
        return bool(self.counts.max() == 1)

    @cached_property
    def variety(self) -> float:
        """Return different values per cell, 0..1."""
        return len(self.values) / self.cells

    @cached_property
    def sample(self) -> pl.Series:
        """Return at most LOOK different values, evenly spread."""
        import polars as pl

        if len(self.values) <= LOOK:
            return self.values
        return self.values.gather(pl.Series(np.linspace(0, len(self.values) - 1, LOOK).astype(np.int64)))

    @cached_property
    def words(self) -> float:
        """Return the mean number of words of the sample."""
        mean = self.sample.str.count_matches(r"\S+").mean()
        return float(mean) if isinstance(mean, float) else 0.0

    def share(self, expression: str) -> float:
        """Return the share of the sample that an expression finds, 0..1."""
        return float(self.sample.str.contains(expression).sum()) / len(self.sample)


def facts(texts: Texts) -> Facts:
    """Return the facts of a text column as fields of Column: the first reading that its content supports."""
    for reading in READINGS:
        found = reading(texts)
        if found is not None:
            return found
    return category(texts)


def category(texts: Texts, why: str = "") -> Facts:
    """Return the facts of a category: its most frequent levels and their shares."""
    levels, weights = top_levels(texts.values, texts.counts)
    return {
        "kind": "category",
        "levels": levels,
        "weights": weights,
        "why": why or _category_reason(texts, levels, weights),
    }


def top_levels(values: pl.Series, counts: npt.NDArray[np.int64]) -> tuple[tuple[Any, ...], tuple[float, ...]]:
    """Return the most frequent values and their shares, at most MAX_LEVELS."""
    import polars as pl

    order = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    return tuple(values.gather(pl.Series(order)).to_list()), tuple(float(w) for w in counts[order] / counts.sum())


def quoted(value: object, width: int = 24) -> str:
    """Return a value as a reason shows it, shortened."""
    text = str(value)
    return repr(text if len(text) <= width else text[: width - 3] + "...")


# Readings, in the order they are tried --------------------------------------------------------------------------------


def _boolean(texts: Texts) -> Facts | None:
    if len(texts.values) != 2:
        return None
    low = frozenset(texts.values.str.strip_chars().str.to_lowercase().to_list())
    if low not in patterns.BOOLEANS and low != {"0", "1"}:
        return None
    levels, weights = top_levels(texts.values, texts.counts)
    return {
        "kind": "boolean",
        "levels": levels,
        "weights": weights,
        "why": f"only {quoted(levels[0])} and {quoted(levels[1])}",
    }


def _digits(texts: Texts) -> Facts | None:
    """Read numbers kept as text that are nothing else."""
    return _numbers(texts, alone=True)


def _numbers(texts: Texts, alone: bool = False) -> Facts | None:
    """Read numbers with a few words among them, or `alone`; codes with leading zeros are none."""
    import polars as pl

    if texts.share(patterns.NUMBER) < 0.3:
        return None
    is_number = texts.values.str.contains(patterns.NUMBER)
    numbers, tokens = texts.values.filter(is_number), texts.values.filter(~is_number)
    mask = is_number.to_numpy()
    share = float(texts.counts[mask].sum()) / texts.cells
    if share < 0.5 or len(numbers) < FEW or numbers.str.contains(patterns.PADDED).any():
        return None
    if len(tokens) > max(3, min(20, len(numbers) // 5)) or not (
        len(tokens) or alone or numbers.str.contains(".", literal=True).any()
    ):
        return None
    parsed = numbers.str.strip_chars().cast(pl.Float64, strict=False)
    if parsed.abs().max() >= 2**63 or parsed.null_count():  # type: ignore[operator]
        return None
    table = pl.DataFrame({"v": parsed, "c": texts.counts[mask]}).group_by("v").agg(pl.col("c").sum()).sort("v")
    levels, weights = top_levels(tokens, texts.counts[~mask]) if len(tokens) else ((), ())
    shares = tuple(w * (1 - share) for w in weights)
    whole = not numbers.str.contains(r"[.eE]").any()
    read = number_facts(table["v"].to_numpy(), table["c"].to_numpy().astype(np.int64), whole)
    return {**read, "kind": "mixed", "levels": levels, "weights": shares, "why": _mixed_reason(levels, shares, share)}


def _persons(texts: Texts) -> Facts | None:
    for pattern in patterns.PERSONS:
        if pattern.named and not patterns.says(texts.name, pattern.format):
            continue
        matching = texts.sample.filter(texts.sample.str.contains(pattern.expression))
        if len(matching) < pattern.share * len(texts.sample):
            continue
        if pattern.format == "phone" and not _digits_of_phones(matching):
            continue
        good = sum(map(pattern.check, matching.to_list())) if pattern.check else len(matching)
        share = good / len(texts.sample)
        if share >= pattern.share:
            return person(texts, pattern.format, f"{share:.0%} of the different values are {pattern.says}")
    return None


def _postcodes(texts: Texts) -> Facts | None:
    """Read postcodes: fresh ones where nearly every row has its own, levels where rows share them."""
    if not patterns.says(texts.name, "postcode") or texts.share(patterns.POSTCODE) < 0.9:
        return None
    if texts.variety < 0.9 or texts.cells < FEW:
        return category(texts)
    return person(texts, "postcode", f"short codes with digits, {_uniqueness(texts)}, and the name says postcode")


def person(texts: Texts, format: str, why: str) -> Facts:
    """Return the facts of person data."""
    return {"kind": "person", "format": format, "unique": texts.unique, "why": why}


def _digits_of_phones(values: pl.Series) -> bool:
    return bool(values.str.count_matches(r"\d").is_between(7, 17).mean() > 0.9)  # type: ignore[operator]


def _identifiers(texts: Texts) -> Facts | None:
    """Read identifiers: UUIDs and long hexadecimals always; otherwise (nearly) unique codes of few shapes."""
    for expression, says in ((patterns.UUID, "UUIDs"), (patterns.HEX, "long hexadecimal numbers")):
        if texts.share(expression) >= 0.98 and texts.share("(?i)[a-f]") > 0.5 and len(texts.values) >= 3:
            return _id(texts, f"{says}, {_uniqueness(texts)}")
    if texts.variety < 0.95 or texts.cells < FEW or texts.words > 2.5 or texts.share(patterns.AMOUNT) > 0.9:
        return None
    shapes = shape(texts.sample).alias("shape").value_counts().sort("count", "shape", descending=[True, False])
    covered = float(shapes["count"].head(3).sum()) / len(texts.sample)
    with_digits, shown = texts.share(r"\d"), quoted(shapes["shape"][0])
    if covered >= 0.9 and with_digits >= 0.9:
        return _id(
            texts, f"codes of {'the shape' if len(shapes) == 1 else 'shapes such as'} {shown}, {_uniqueness(texts)}"
        )
    if texts.words <= 1.05 and texts.unique and (covered >= 0.8 or with_digits >= 0.5 or texts.cells >= 5 * FEW):
        return _id(texts, f"single words such as {shown} by shape, {_uniqueness(texts)}")
    return None


def _id(texts: Texts, why: str) -> Facts:
    return {"kind": "id", "format": pattern_of(texts.sample), "unique": texts.unique, "why": why}


def shape(values: pl.Series) -> pl.Series:
    """Return every text with its digits as 9, capitals as A and small letters as a."""
    return values.str.replace_all(r"\p{Lu}", "A").str.replace_all(r"\p{Ll}", "a").str.replace_all(r"\d", "9")


def pattern_of(values: pl.Series) -> str:
    """Return the shape that nearly all texts share ("AA-9999", hexadecimal as h), or "" when there are several."""
    found = _common(shape(values))
    if not found and values.str.contains(r"^[{]?[0-9a-f-]+[}]?$").all():
        found = _common(values.str.replace_all(r"[0-9a-f]", "h"))
    if not found and values.str.contains(r"^[{]?[0-9A-F-]+[}]?$").all():
        found = _common(values.str.replace_all(r"[0-9A-F]", "H"))
    return found


def _common(shapes: pl.Series) -> str:
    """Return the shape of at least 90 % of the texts, or ""."""
    top = shapes.alias("shape").value_counts().sort("count", "shape", descending=[True, False])
    first = str(top["shape"][0])
    return first if top["count"][0] >= 0.9 * len(shapes) and len(first) <= 60 else ""


def _names(texts: Texts) -> Facts | None:
    from simulacra.core import infer_names

    found = infer_names.read(texts)
    return person(texts, *found) if found else None


def _free_text(texts: Texts) -> Facts | None:
    long = texts.words >= 4 and texts.variety > 0.5 and texts.cells >= FEW
    prose = texts.words >= 8 and len(texts.values) > 20 and texts.variety > 0.2
    short = texts.words > 1.3 and texts.variety > 0.9 and texts.cells >= 2 * FEW
    if not (long or prose or short):
        return None
    return {
        "kind": "text",
        "unique": texts.unique,
        "why": f"{texts.words:.1f} words on average, {_uniqueness(texts)}",
    }


READINGS: tuple[Callable[[Texts], Facts | None], ...] = (
    _boolean, _postcodes, _numbers, infer_times.read, _persons, _identifiers, _digits, _names, _free_text,
)  # fmt: skip


# Reasons --------------------------------------------------------------------------------------------------------------


def _uniqueness(texts: Texts) -> str:
    if texts.unique:
        return f"none of {texts.cells:,} occurs twice"
    return f"{len(texts.values):,} different ones in {texts.cells:,} cells"


def _category_reason(texts: Texts, levels: tuple[Any, ...], weights: tuple[float, ...]) -> str:
    few = " (too few rows to tell identifiers)" if texts.unique and texts.cells < 5 * FEW else ""
    if texts.share(patterns.AMOUNT) > 0.9:
        few = "; they look like amounts or durations: make them numbers to have them treated as such"
    top = f", most often {quoted(levels[0])} ({weights[0]:.1%})" if not texts.unique else ""
    return f"{len(texts.values):,} different values in {texts.cells:,} cells{top}{few}"


def _mixed_reason(levels: tuple[Any, ...], shares: tuple[float, ...], numbers: float) -> str:
    if not levels:
        return "numbers kept as text"
    shown = ", ".join(f"{quoted(level)} {share:.1%}" for level, share in list(zip(levels, shares, strict=True))[:3])
    more = ", ..." if len(levels) > 3 else ""
    absent = [str(level) for level in levels if str(level).strip().lower() in patterns.MISSING_WORDS]
    hint = f"; if that means missing, read with na=({absent[0]!r},)" if absent else ""
    return f"numbers in {numbers:.1%} of the cells, words in the rest: {shown}{more}{hint}"
