"""Text columns to typed ones, column by column, and how their numbers were written, so that they can be written alike.

A type is taken only when every cell agrees and nothing is lost: "007", integers beyond 64 bits, dates and words such as
"NA" leave the column as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from simulacra.core.errors import DataError

if TYPE_CHECKING:
    import polars as pl

DECIMAL = r"^-?(?:0|[1-9]\d*|)(?:\.\d*)?(?:[eE][+-]?\d{1,3})?$"
GROUPED = {
    ",": r"^-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$|^-?(?:0|[1-9]\d{0,2})(?:\.\d+)?$",
    ".": r"^-?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?$|^-?(?:0|[1-9]\d*)(?:,\d+)?$",
    " ": r"^-?[1-9]\d{0,2}(?:[ '\u00a0\u202f\u2019]\d{3})+(?:[.,]\d+)?$|^-?(?:0|[1-9]\d{0,2})(?:[.,]\d+)?$",
}
"""Thousands sign -> whole numbers and decimals written with it."""
AFFIX = r"^([$€£¥₹] ?|(?:USD|EUR|GBP|CHF) )?-?\d[\d.,]*( ?[%‰$€£¥₹]| (?:USD|EUR|GBP|CHF))?$"
"""A number with a currency before it, or a currency or per cent sign after it."""
COMMA = "\x00comma"
"""Marks, inside this module, a look that was read with a decimal comma."""
INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity", "+infinity", "∞", "-∞", "1.#inf", "-1.#inf")


def typed(
    frame: pl.DataFrame,
    shown: str,
    *,
    na: Sequence[str] = (),
    decimal: str | None = None,
    delimiter: str = ",",
    signs: bool = True,
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the frame with numbers and booleans in place of text, and column -> how its numbers were written.

    na: cells to take as missing. decimal: "." or ",", None to find out column by column. signs: read numbers
    with thousands signs or a decimal comma too; what these mean, all cells of a column decide together. Raises
    DataError for infinities.
    """
    import polars as pl

    comma = None if decimal is None else decimal == ","
    raw = [_unless(column, column.is_in(list(na))) for column in frame.iter_columns()]
    mark = delimiter if signs else None
    out = [_typed(column, shown, comma, mark) for column in raw]
    if comma is None and any(COMMA in written for _, written in out):
        # Another column shows that the comma is decimal here, so "1.234" is a thousand and more.
        for i, (_, written) in enumerate(out):
            if written == ".3f":
                retried = _typed(raw[i], shown, True, mark)
                out[i] = out[i] if retried[0].dtype == pl.String else retried
    looks = {series.name: written.replace(COMMA, "") for series, written in out}
    return frame.with_columns([series for series, _ in out]), {name: look for name, look in looks.items() if look}


def cleaned(frame: pl.DataFrame, shown: str, na: Sequence[str] = ()) -> pl.DataFrame:
    """Return a typed frame with NaN and the cells named in `na` as missing. Raises DataError for infinities left."""
    import polars as pl

    changes = []
    for column in frame.iter_columns():
        if column.dtype.is_float():
            column = column.fill_nan(None)
            if na and column.is_infinite().any():
                column = _unless(
                    column, column.cast(pl.String).str.to_lowercase().is_in([t.strip().lower() for t in na])
                )
            infinite = column.is_infinite()
            if infinite.any():
                row = int(infinite.fill_null(False).arg_max() or 0)
                _infinite(column.name, row, shown, str(column[row]))
            changes.append(column)
        elif na and column.dtype == pl.String:
            changes.append(_unless(column, column.is_in(list(na))))
    return frame.with_columns(changes)


def _unless(column: pl.Series, gone: pl.Series) -> pl.Series:
    return column.set(gone.fill_null(False), None) if gone.any() else column


def _typed(column: pl.Series, shown: str, comma: bool | None, delimiter: str | None) -> tuple[pl.Series, str]:
    """Return the column as numbers or truths where all cells are, and how its numbers were written.

    comma: whether the comma is the decimal sign, None when unknown. delimiter: None leaves numbers with signs as text.
    """
    import polars as pl

    seen = column.unique(maintain_order=True).drop_nulls()
    if (seen == "").any():
        seen = seen.filter(seen != "")
    if not len(seen):
        return column, ""
    before, after = _affixes(seen)
    if before or after:
        bare = column.str.strip_prefix(before).str.strip_suffix(after)
        numbers, written = _typed(bare, shown, comma, delimiter)
        return (numbers, f"{before}{{:{written}}}{after}") if numbers.dtype.is_numeric() else (column, "")
    head = seen.head(64).str.strip_chars()
    digits = head.str.contains(r"^[-+]?\.?\d|^[-+]?(?i:inf|∞)")
    if not digits.any():
        if set(head.to_list()) <= {"true", "false"} and seen.is_in(["true", "false"]).all():
            return (column == "true").set(column.is_null() | (column == ""), None), ""
        return column, ""
    if not digits.all() and not head.filter(~digits).str.to_lowercase().is_in(INFINITE).all():
        return column, ""
    bare = column.str.strip_chars() if seen.str.contains(r"^\s|\s$").any() else column
    values = seen.str.strip_chars() if bare is not column else seen
    _refuse_infinite_words(column, values, shown)
    whole = values.cast(pl.Int64, strict=False)
    if not whole.null_count():
        same = (whole.cast(pl.String) == values).all() and not _calendar(whole)
        return (bare.cast(pl.Int64, strict=False), "") if same else (column, "")
    if comma is not True and values.str.contains(DECIMAL).all() and values.str.contains(r"\d").all():
        return _decimal(column, bare, values)
    return (column, "") if delimiter is None else _with_signs(column, bare, values, comma, delimiter)


def _affixes(values: pl.Series) -> tuple[str, str]:
    """Return the currency or per cent sign that stands before or after every number, or two empty texts."""
    found = re.match(AFFIX, values[0])
    if found is None:
        return "", ""
    before, after = found[1] or "", found[2] or ""
    everywhere = values.str.starts_with(before).all() and values.str.ends_with(after).all()
    return (before, after) if everywhere else ("", "")


def _decimal(column: pl.Series, bare: pl.Series, values: pl.Series) -> tuple[pl.Series, str]:
    import polars as pl

    # Without a point or exponent anywhere they are integers beyond 64 bits; long digits would be rounded too.
    if not values.str.contains(r"[.eE]").any() or values.str.contains(r"^-?\d{17}").any():
        return column, ""
    numbers = bare.cast(pl.Float64, strict=False)
    if numbers.is_infinite().any():
        return column, ""
    return numbers, _written(values)


def _written(values: pl.Series, point: str = ".", group: str = "") -> str:
    """Return how decimals were written: ".2f" for two everywhere, "g" when whole ones had no point, "" otherwise."""
    tail = values.str.extract(rf"[{point}](\d*)$").str.len_bytes()
    digits = tail.drop_nulls().unique().to_list()
    if values.str.contains(r"[eE]").any() or not digits:
        return ""
    if not tail.null_count():
        return f"{group}.{digits[0]}f" if len(digits) == 1 and digits[0] else ""
    return f"{group}g" if not group and not values.str.contains(rf"[{point}]\d*0$").any() else ""


def _with_signs(
    column: pl.Series, bare: pl.Series, values: pl.Series, comma: bool | None, delimiter: str
) -> tuple[pl.Series, str]:
    """Read numbers with thousands signs or a decimal comma, where all cells agree on what the signs mean."""
    import polars as pl

    decimals = values.str.contains(",", literal=True).any()
    if (comma or (comma is None and delimiter != "," and decimals)) and values.str.contains(GROUPED["."]).all():
        plain = bare.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        if not decimals:
            return plain.cast(pl.Int64, strict=False), ""
        return plain.cast(pl.Float64, strict=False), COMMA + _written(values, ",")
    if comma is not True and values.str.contains(GROUPED[","]).all():
        plain = bare.str.replace_all(",", "", literal=True)
        if values.str.contains(".", literal=True).any():
            return plain.cast(pl.Float64, strict=False), _written(values, ".", ",")
        return plain.cast(pl.Int64, strict=False), ",d"
    if values.str.contains(GROUPED[" "]).all():
        plain = bare.str.replace_all(r"[ '\u00a0\u202f\u2019]", "").str.replace(",", ".", literal=True)
        if values.str.contains(r"[.,]").any():
            return plain.cast(pl.Float64, strict=False), _written(values, ".,")
        return plain.cast(pl.Int64, strict=False), ""
    return column, ""


def _calendar(whole: pl.Series) -> bool:
    """Tell whether whole numbers are dates such as 20130105, which stay text so that no 20130187 is ever made."""
    import polars as pl

    low, high = whole.min(), whole.max()
    if not isinstance(low, int) or not isinstance(high, int) or low < 17000101 or high > 22001231:
        return False
    return whole.n_unique() >= 3 and not whole.cast(pl.String).str.to_date("%Y%m%d", strict=False).null_count()


def _refuse_infinite_words(column: pl.Series, values: pl.Series, shown: str) -> None:
    import polars as pl

    words = values.filter(values.str.contains(r"(?i)inf|∞"))
    if not len(words) or not words.str.to_lowercase().is_in(INFINITE).all():
        return
    rest = values.filter(~values.is_in(words.unique().implode()))
    if rest.cast(pl.Float64, strict=False).null_count() == 0:
        place = column.str.strip_chars().is_in([words[0]]).fill_null(False).arg_max() or 0
        _infinite(column.name, int(place), shown, words[0])


def _infinite(name: str, row: int, shown: str, seen: str) -> None:
    raise DataError(
        f"{shown}, row {row + 1}, column {name!r}: the number {seen!r} is infinite, and no method can learn from it; "
        f"replace it by a number or an empty cell, or take it as missing: --na={seen}, or na=({seen!r},) in Python"
    )
