"""`where`: one small language for conditions, the same in Python and on the command line.

Python value: equal; list: any of; (low, high): range, ends included, None for an open end; None: missing; dict: shares.
Command line: `c=v`, `c in a|b`, `c>60`, `c>=60`, `c<9`, `c<=9`, `c=?`, `c~yes:0.5,no:0.5`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError, near

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.schema import Column

Where = Mapping[str, Any]

_FORM = re.compile(r"^\s*(?P<c>.+?)\s*(?P<op>>=|<=|>|<|~|=|\s+in\s+)\s*(?P<v>.*)$", re.S)


def parse(texts: Sequence[str]) -> dict[str, Any]:
    """Turn command line conditions into the Python form. Raises ConfigError for what is not a condition."""
    out: dict[str, Any] = {}
    for text in texts:
        found = _FORM.match(text)
        if not found:
            raise ConfigError(f"--where {text!r} is not a condition; write c=v, 'c in a|b', 'c>60', c=? or c~yes:0.5")
        column, op, value = found["c"], found["op"].strip(), found["v"].strip()
        if op == "=":
            new: Any = None if value == "?" else value
        elif op == "in":
            new = [part.strip() for part in value.split("|")]
        elif op == "~":
            new = dict(_share(part, text) for part in value.split(","))
        else:
            new = _bound(op, value)
            if isinstance(out.get(column), tuple):
                new = tuple(a if a is not None else b for a, b in zip(new, out[column], strict=True))
        out[column] = new
    return out


def texts(where: Where) -> tuple[str, ...]:
    """Return conditions in the form of the command line, the inverse of `parse`; values become text.

    Raises ConfigError for a value that the command line form cannot hold, such as a level with "|" in a list.
    """
    if not isinstance(where, Mapping):
        raise ConfigError(f"where must name columns and values, such as {{'age': (60, None)}}, got {where!r}")
    out: list[str] = []
    plain: dict[str, Any] = {}
    for column, wanted in where.items():
        plain[column] = _as_text(wanted)
        out += _written(column, plain[column])
    if repr(parse(out)) != repr(plain):
        raise ConfigError(f"where: {dict(where)!r} has a name or value that cannot be written as c=v; rename it")
    return tuple(out)


def shares(where: Where, frame: pl.DataFrame) -> list[tuple[dict[str, Any], float]]:
    """Split a `where` with shares into plain ones with a weight each; [(where, 1.0)] when there are no shares.

    frame: an empty frame with the columns and types. Raises ConfigError for unknown columns and shares above 1.
    """
    for column in where:
        if column not in frame.columns:
            raise ConfigError(f"where: no column {column!r}.{near(column, frame.columns)}")
    # The order of a set differs from process to process, and the conditions name the stream that rows are drawn from.
    where = {k: sorted(v, key=repr) if isinstance(v, set | frozenset) else v for k, v in where.items()}
    out: list[tuple[dict[str, Any], float]] = [({k: v for k, v in where.items() if not isinstance(v, Mapping)}, 1.0)]
    for column, wanted in where.items():
        if not isinstance(wanted, Mapping):
            continue
        total = sum(wanted.values())
        if total > 1.000001 or not all(0 <= s <= 1 for s in wanted.values()):
            raise ConfigError(f"where: the shares of {column!r} must be in 0..1 and sum to at most 1, got {total:g}")
        parts = [({column: level}, share) for level, share in wanted.items()]
        if total < 0.999999:
            parts.append(({column: _Not(tuple(wanted))}, 1 - total))
        out = [({**a, **b}, x * y) for a, x in out for b, y in parts]
    return out


def mask(frame: pl.DataFrame, where: Where) -> pl.Series:
    """Return which rows fulfil every plain condition, a boolean series (rows,). Raises ConfigError for a misfit."""
    import polars as pl

    out = pl.Series([True]).new_from_index(0, frame.height) if frame.height else pl.Series([], dtype=pl.Boolean)
    for column, wanted in where.items():
        if column not in frame.columns:
            raise ConfigError(
                f"where: column {column!r} is filled with surrogates after the draw and cannot be a condition"
            )
        series = frame[column]
        try:
            hit = _one(series, wanted)
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            raise ConfigError(
                f"where: {said({column: wanted})} does not fit column {column!r} of type {series.dtype} ({error})"
            ) from error
        out = out & hit.fill_null(False)
    return out


def as_read(frame: pl.DataFrame, where: Where, columns: Iterable[Column]) -> tuple[pl.DataFrame, Where]:
    """Return frame and conditions in which a range over numbers or times kept as text compares what the text says.

    columns: the schema of the frame. Bounds of times are ISO dates or in the column's own format.
    """
    import polars as pl

    from simulacra.core.times import parse as parse_times

    out = dict(where)
    for column in columns:
        wanted, name = where.get(column.name), column.name
        if not isinstance(wanted, tuple) or name not in frame.columns or frame[name].dtype != pl.String:
            continue
        if column.kind in ("number", "mixed"):
            frame = frame.with_columns(pl.col(name).str.strip_chars().cast(pl.Float64, strict=False))
        elif column.kind == "time" and column.format:
            frame = frame.with_columns(parse_times(frame[name], column.format))
            out[name] = tuple(_time_bound(bound, column.format) for bound in wanted)
    return frame, out


def _time_bound(bound: Any, format: str) -> Any:
    """Return a bound that is text in the column's own format as a time, any other as it is."""
    import polars as pl

    from simulacra.core.times import parse as parse_times

    text = bound.value if isinstance(bound, _Open) else bound
    found = parse_times(pl.Series([text]), format)[0] if isinstance(text, str) else None
    return bound if found is None else _Open(found) if isinstance(bound, _Open) else found


class _Not:
    """Any value but these: what is left when shares do not sum to one."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"none of {self.values}"


def _one(series: pl.Series, wanted: Any) -> pl.Series:
    import polars as pl

    if wanted is None:
        return series.is_null()
    if isinstance(wanted, _Not):
        return ~_among(series, wanted.values).fill_null(False)
    if isinstance(wanted, tuple):
        if len(wanted) != 2:
            raise ValueError("a range is (low, high)")
        # polars puts NaN above every number; no range is meant to hold it.
        hit = series.is_not_nan().fill_null(False) if series.dtype.is_float() else series.is_not_null()
        low, high = wanted
        if low is not None:
            edge, is_open = _edge(series, low)
            hit = hit & ((series > edge) if is_open else (series >= edge))
        if high is not None:
            edge, is_open = _edge(series, high)
            hit = hit & ((series < edge) if is_open else (series <= edge))
        return hit
    values = list(wanted) if isinstance(wanted, list | set | frozenset | pl.Series) else [wanted]
    return _among(series, values)


def _among(series: pl.Series, values: Sequence[Any]) -> pl.Series:
    import polars as pl

    wanted = _typed(series, values)
    # Whole and other numbers are compared as what can hold both.
    return (series if wanted.dtype == series.dtype else series.cast(pl.Float64)).is_in(wanted.implode())


class _Open:
    """An open end of a range: the value itself is outside."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"beyond {self.value}"


def _edge(series: pl.Series, bound: Any) -> tuple[Any, bool]:
    is_open = isinstance(bound, _Open)
    return _typed(series, [bound.value if is_open else bound])[0], is_open


def _typed(series: pl.Series, values: Sequence[Any]) -> pl.Series:
    """Return values as a series of the column's type; text is converted, with ValueError where that cannot be."""
    import polars as pl

    raw = pl.Series(values, dtype=pl.String) if all(isinstance(v, str) for v in values) else pl.Series(values)
    if raw.dtype == series.dtype:
        return raw
    if raw.dtype == pl.String and series.dtype == pl.Boolean:
        words = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
        unknown = [v for v in values if v.lower() not in words]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is neither true nor false")
        return pl.Series([words[v.lower()] for v in values])
    if raw.dtype == pl.String and series.dtype.is_temporal():
        times = raw.str.to_date(strict=False) if series.dtype == pl.Date else raw.str.to_datetime(strict=False)
        return _all_read(raw, times, "date or time, such as 2024-12-31").cast(series.dtype)
    if raw.dtype == pl.String and series.dtype.is_numeric():
        whole = raw.cast(series.dtype, strict=False)
        return _all_read(raw, raw.cast(pl.Float64, strict=False), "number") if whole.null_count() else whole
    if raw.dtype.is_numeric() and series.dtype.is_numeric():
        return raw.cast(pl.Float64) if raw.dtype.is_float() else raw.cast(series.dtype)
    return raw.cast(series.dtype)


def _all_read(texts: pl.Series, values: pl.Series, what: str) -> pl.Series:
    unread = texts.filter(values.is_null())
    if len(unread):
        raise ValueError(f"{unread[0]!r} is not a {what}")
    return values


def _share(part: str, text: str) -> tuple[str, float]:
    level, _, share = part.rpartition(":")
    try:
        return level.strip(), float(share)
    except ValueError:
        raise ConfigError(f"--where {text!r}: {part!r} is not LEVEL:SHARE, e.g. yes:0.5") from None


def _bound(op: str, value: str) -> tuple[Any, Any]:
    edge: Any = _Open(value) if op in (">", "<") else value
    return (edge, None) if op in (">", ">=") else (None, edge)


def said(where: Where) -> str:
    """Return conditions for a message: as on the command line where they can be written so."""
    try:
        return " and ".join(texts(where))
    except ConfigError:
        return str(dict(where))


def _as_text(wanted: Any) -> Any:
    if wanted is None or isinstance(wanted, str | _Open):
        return wanted
    if isinstance(wanted, Mapping):
        return {_as_text(level): float(share) for level, share in wanted.items()}
    if isinstance(wanted, tuple):
        if len(wanted) != 2:
            raise ConfigError(f"where: a range is (low, high), got {wanted!r}; use a list for any of several values")
        return tuple(_as_text(bound) for bound in wanted)
    if isinstance(wanted, list | set | frozenset):
        values = list(wanted) if isinstance(wanted, list) else sorted(wanted, key=str)
        if None in values:
            raise ConfigError(f"where: a list holds None in {wanted!r}; ask for missing cells alone, with None")
        return [_as_text(value) for value in values]
    return str(wanted).lower() if isinstance(wanted, bool) else str(wanted)


def _written(column: str, wanted: Any) -> list[str]:
    if wanted is None:
        return [f"{column}=?"]
    if isinstance(wanted, Mapping):
        return [f"{column}~{','.join(f'{level}:{share!r}' for level, share in wanted.items())}"]
    if isinstance(wanted, list):
        return [f"{column} in {'|'.join(wanted)}"]
    if not isinstance(wanted, tuple):
        return [f"{column}={wanted}"]
    signs = [(bound, sign) for bound, sign in zip(wanted, "><", strict=True) if bound is not None]
    return [f"{column}{s}{b.value}" if isinstance(b, _Open) else f"{column}{s}={b}" for b, s in signs]
