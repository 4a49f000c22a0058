"""The report on made texts: guards that concern them, rows to look at, what was asked, what failed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core import registry
from simulacra.core.case import Case
from simulacra.core.data import Dataset
from simulacra.core.report import Finding, Report, View
from simulacra.engine.check import concerned, judge
from simulacra.io import chats

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.lineage import Lineage
    from simulacra.engine._text_rows import Rows
    from simulacra.engine.recipe import Recipe

SAMPLES = 8
"""Rows of the report that can be unfolded."""
LISTED = 40
"""Failures that the report lists; failures.json has all."""
LONGEST = 2_000
"""Letters of a cell in the report."""


def judged(
    recipe: Recipe, rows: Rows, lineage: Lineage, failures: Sequence[Any], guards: list[str], about: str
) -> Report:
    """Return the report of a run. about: how the rows were made."""
    made = rows.checked
    case = Case(
        made=Dataset({"table": chats.spoken(made)}, None, lineage),
        lineage=lineage,
        seed=recipe.seed,
        # What was asked has a table of its own.
        facts={name: value for name, value in lineage.facts.items() if name not in ("asked", "inputs")},
    )
    if guards == registry.names("guards"):
        guards = [name for name in guards if not _compares(name) and concerned(name, case)]
    seen = "" if made.height == rows.count else f" The first {made.height:,} rows were checked."
    source = f" from {Path(recipe.data).name}" if recipe.data else ""
    meta = {
        "title": f"{rows.count:,} rows of text{source}",
        "about": f"{about}{seen}",
        "recipe": json.loads(json.dumps(_recipe(recipe))),
    }
    more: list[Finding | View] = [
        rows_made(rows.count, failures),
        *views(made, rows.lines, lineage, failures),
        *judges(made, recipe.settings.get("columns") or ()),
    ]
    return judge(case, guards, meta, more)


def _compares(guard: str) -> bool:
    """Return whether a guard needs real rows beside the made ones: texts are not learned from any."""
    try:
        return bool({"real", "holdout"} & set(getattr(registry.load(guard, "guards"), "needs", ())))
    except Exception:
        # What is wrong with a guard is said when it runs.
        return False


def rows_made(count: int, failures: Sequence[Any]) -> Finding:
    """Return the finding that says whether every row is there."""
    lost = [f for f in failures if f.dropped]
    gone = len({f.row for f in lost})
    share = count / (count + gone)
    if not gone:
        return Finding("answers", "rows made", "ok", f"All {count:,} rows are there.", value=1.0)
    columns = Counter(f.column for f in lost)
    where = ", ".join(f"{n:,} for {name}" for name, n in columns.most_common(5))
    return Finding(
        "answers",
        "rows made",
        "warn",
        f"{gone:,} of {count + gone:,} rows are missing: {where}. failures.json lists each with its reason.",
        value=share,
        columns=tuple(columns),
        advice="the same command with --force asks again for what was not answered; otherwise change the prompt",
    )


def views(made: pl.DataFrame, lines: pl.DataFrame, lineage: Lineage, failures: Sequence[Any]) -> Iterator[View]:
    """Yield rows to look at, what was asked, and what failed."""
    yield _samples(made, lines)
    asked = lineage.facts.get("asked") or []
    if asked:
        header = ["column", "model", "requests", "tokens in", "tokens out", "cost"]
        keys = ("column", "model", "requests", "tokens_in", "tokens_out", "cost")
        rows = [[entry[key] for key in keys] for entry in asked]
        if len(rows) > 1:
            rows.append(["all", "all", *(sum(row[i] for row in rows) for i in range(2, 6))])
        yield View("answers", "table", "What was asked for these rows", {"header": header, "rows": rows})
    if failures:
        shown = [[f.row, f.column, "row left out" if f.dropped else "cell empty", f.reason] for f in failures[:LISTED]]
        more = f"The first {LISTED} of {len(failures):,}; failures.json has all." if len(failures) > LISTED else ""
        header = ["row", "column", "", "reason"]
        yield View("answers", "table", "What could not be made", {"header": header, "rows": shown}, note=more)


def judges(made: pl.DataFrame, columns: Sequence[Mapping[str, Any]]) -> Iterator[View]:
    """Yield what judges said of the rows, point by point. columns: entries of [[columns]]."""
    scored: list[list[Any]] = []
    compared: list[list[Any]] = []
    for entry in columns:
        name = entry.get("name")
        if entry.get("kind") != "judge" or name not in made.columns:
            continue
        cells = made[name].drop_nulls()
        for point in entry.get("rubric", ()) if len(cells) else ():
            scores = cells.struct.field(point["name"]).struct.field("score")
            top = float((scores == point.get("high", 5)).mean() or 0)
            figures = (f"{scores.mean():.2f}", f"{scores.std() or 0:.2f}", f"{top:.0%}")
            scored.append([name, point["name"], len(scores), *figures])
        if entry.get("pairwise") and len(cells):
            better = Counter(cells.struct.field("better"))
            compared += [
                [name, who, better[who], f"{better[who] / len(cells):.0%}"] for who in (*entry["pairwise"], "tie")
            ]
    if scored:
        header = ["column", "point", "rows", "mean", "standard deviation", "share at the top"]
        yield View("answers", "table", "What judges gave", {"header": header, "rows": scored})
    if compared:
        header = ["column", "the better", "rows", "share"]
        yield View("answers", "table", "What judges preferred", {"header": header, "rows": compared})


def _samples(made: pl.DataFrame, lines: pl.DataFrame) -> View:
    """Return rows from all over the output, every cell whole as far as it is not very long."""
    step = max(1, made.height // SAMPLES)
    places = range(0, made.height, step)[:SAMPLES]
    numbers = lines["row"].to_list()
    shown = [{"name": f"row {numbers[i]}", "cells": list(_cells(made.row(i, named=True)))} for i in places]
    return View("answers", "texts", f"{len(shown)} of {made.height:,} rows, evenly spaced", {"rows": shown})


def _cells(row: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield (name, text) of each cell; a conversation turn by turn."""
    for name, value in row.items():
        turns = chats.turns_of(value)
        if turns:
            yield from ([f"{name}: {who}", _cut(said)] for who, said in turns)
        else:
            yield [name, _cut(chats.plain(value))]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text):,} letters)"


def _recipe(recipe: Recipe) -> dict[str, Any]:
    import tomllib

    shown = tomllib.loads(recipe.to_toml())
    return {k: v for k, v in shown.items() if k != "simulacra_recipe"}
