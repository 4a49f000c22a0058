"""Findings on identifiers, person data and free text: shape, length, uniqueness, and real values that came through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from simulacra.core.case import Case, guarded
from simulacra.core.report import Finding
from simulacra.core.rng import stream
from simulacra.core.schema import Column
from simulacra.guards._frames import MAX_ROWS, some_rows, usable_holdout
from simulacra.guards._stats import ALPHA, ks, ks_noise, share_noise, tvd, tvd_limit, wilson
from simulacra.guards._words import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulacra.guards._frames import Floats

LEAK_FAIL, LEAK_WARN = 0.05, 0.005
SHAPE_FAIL, SHAPE_WARN = 0.25, 0.10


def identifiers(case: Case, columns: tuple[Column, ...]) -> Iterator[Finding]:
    """Yield two findings a column that is never copied: its form, and how many of its values are real ones."""
    for column in columns:
        if column.kind in ("id", "person", "text"):
            name = column.name
            yield from guarded("fidelity", f"form of {name}", lambda c=column: _one(case, c))  # type: ignore[misc]


def _one(case: Case, column: Column) -> Iterator[Finding]:
    assert case.real is not None
    real = case.real.frame
    if usable_holdout(case):
        assert case.holdout is not None
        known, fresh = real, case.holdout.frame
    else:
        order = stream(case.seed, "guards", "halves").permutation(real.height)
        known, fresh = real[order[: real.height // 2]], real[order[real.height // 2 :]]
    frames = {"real": real, "made": case.made.frame, "fresh": fresh}
    cells = {
        side: some_rows(frame.select(column.name), MAX_ROWS, case, side)[column.name].cast(pl.String).drop_nulls()
        for side, frame in frames.items()
    }
    if min(len(cells["real"]), len(cells["made"])) < 1:
        text = f"{column.name}: real or made has no value, so its form cannot be compared"
        yield Finding("fidelity", f"form of {column.name}", "unknown", text, columns=(column.name,))
        return
    # Fresh numbers of a sequence come after the last real one and may have a digit more: that is no fault of form.
    counted = column.kind == "id" and real[column.name].dtype.is_numeric()
    yield _form(column, cells, counted)
    yield _leak(column, cells, known[column.name].cast(pl.String))


def shape_of(cells: pl.Series, most: int = 24) -> pl.Series:
    """Return each text with letters as A or a and digits as 9, cut to its first characters."""
    out = cells.str.slice(0, most).str.replace_all(r"\p{Lu}", "A").str.replace_all(r"\p{Ll}|\p{Lo}", "a")
    return out.str.replace_all(r"\p{Nd}", "9")


def _form(column: Column, cells: Mapping[str, pl.Series], counted: bool) -> Finding:
    """Judge characters, length and uniqueness; of identifiers that are numbers (counted) uniqueness alone."""
    name, real, made = column.name, cells["real"], cells["made"]
    n, m = len(real), len(made)
    wrong = []
    if real.n_unique() == n and n > 1 and made.n_unique() < m:
        again = 1 - made.n_unique() / m
        wrong.append(("fail", f"{percent(again)} of made values repeat another, all real ones are unique", again))
    lengths: list[Floats] = [s.str.len_chars().cast(pl.Float64).to_numpy() for s in (real, made)]
    gap = ks(*lengths)
    if not counted and gap > max(SHAPE_WARN, ks_noise(n, m, ALPHA)):
        text = f"made values are {lengths[1].mean():.1f} characters long on average, real ones {lengths[0].mean():.1f}"
        wrong.append(("fail" if gap > max(SHAPE_FAIL, ks_noise(n, m, ALPHA)) else "warn", text, gap))
    if column.kind != "text" and not counted:
        wrong += _patterns(real, made)
    verdict = "fail" if any(w[0] == "fail" for w in wrong) else "warn" if wrong else "ok"
    fine = "uniqueness is as in real" if counted else "length, characters and uniqueness are as in real"
    return Finding(
        "fidelity",
        f"form of {name}",
        verdict,
        f"{name}: " + ("; ".join(w[1] for w in wrong) or fine),
        value=max((w[2] for w in wrong), default=gap),
        fresh=ks(lengths[0], cells["fresh"].str.len_chars().cast(pl.Float64).to_numpy()),
        columns=(name,),
        advice="declare the column's format in the schema, so that made values follow it" if wrong else "",
    )


def _patterns(real: pl.Series, made: pl.Series) -> list[tuple[str, str, float]]:
    """Compare patterns such as AA-9999 when real values have few of them, or else the signs values are built with."""
    a, b = (shape_of(s).alias("shape").value_counts() for s in (real, made))
    if a.height > 20:
        # Names have a shape each: the signs between letters still tell an e-mail from a street.
        a, b = (
            s.str.replace_all(r"[\p{L}\p{Nd}]+", "x").str.slice(0, 12).alias("shape").value_counts()
            for s in (real, made)
        )
    if a.height > 200:
        return []
    both = a.join(b, on="shape", how="full", coalesce=True).fill_null(0)
    x, y = (both[c].cast(pl.Float64).to_numpy() for c in ("count", "count_right"))
    gap = tvd(x, y)
    noise = tvd_limit(x, y, ALPHA)
    if gap <= max(SHAPE_WARN, noise):
        return []
    common = [c.sort("count", descending=True)["shape"][0] for c in (a, b)]
    text = f"made values look like {common[1]!r}, real ones like {common[0]!r}"
    if common[0] == common[1]:
        text = f"{percent(gap)} of made values have a pattern that real ones have not so often"
    return [("fail" if gap > max(SHAPE_FAIL, noise) else "warn", text, gap)]


def _capacity(cells: pl.Series) -> float:
    """Return how many values the most common pattern can form, for the overlap that chance makes."""
    shapes = shape_of(cells, 40).alias("shape").value_counts().sort("count", "shape", descending=True)["shape"]
    pattern: str = shapes[0]
    return 10.0 ** pattern.count("9") * 26.0 ** (pattern.count("A") + pattern.count("a"))


def _known(cells: pl.Series, known: pl.Series) -> float:
    return int(cells.is_in(known.implode()).sum()) / len(cells) if len(cells) else 0.0


def _leak(column: Column, cells: Mapping[str, pl.Series], real: pl.Series) -> Finding:
    name, made = column.name, cells["made"]
    known = real.drop_nulls().unique()
    share = _known(made, known)
    fresh = _known(cells["fresh"], known)
    chance = max(fresh, len(known) / _capacity(cells["real"]) if column.kind == "id" else 0.0)
    m, k = len(made), len(cells["fresh"])
    noise = min(1.0, chance + share_noise(min(1.0, chance), m, k, ALPHA))
    fail, warn = max(noise, chance + LEAK_FAIL), max(noise, chance + LEAK_WARN)
    verdict = "fail" if share > fail else "warn" if share > warn else "ok"
    return Finding(
        "fidelity",
        f"real values in {name}",
        verdict,
        f"{name}: {percent(share)} of made values are values of training rows, {percent(fresh)} of fresh real ones are",
        value=share,
        interval=wilson(share * m, m),
        fresh=fresh,
        limit=min(1.0, fail),
        columns=(name,),
        advice="real identifiers or person data came through: replace them by surrogates" if verdict != "ok" else "",
    )
