"""Fidelity: do made rows look like real ones, alone, in pairs, in triples, and to a classifier?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulacra.core.case import Case, guard, guarded, not_tested
from simulacra.core.report import Finding, View

if TYPE_CHECKING:
    from simulacra.guards._frames import Table


@guard("fidelity", needs=("real",))
def fidelity(case: Case) -> Iterator[Finding | View]:
    """Compare made with real rows: a classifier, columns, pairs, triples, missing cells, levels, ranges, repeats.

    Headline: AUC of boosted trees that tell made from holdout rows, out of fold. Every figure stands beside what fresh
    real rows of the same number get; a verdict needs a difference that is both beyond chance and large enough to
    matter. Tables of different columns fail at once, with the columns named.
    """
    from simulacra.guards import _cells, _frames, _identifiers, _margins

    if wrong := _frames.differing(case):
        yield Finding("fidelity", "columns", "fail", wrong, advice="rename, add or drop columns", headline=True)
        return
    yield from _frames.pictured(case, "fidelity")
    lone = _frames.lone(case)
    frames, note = _frames.sides(case)
    columns = _frames.facts(case)
    with _frames.one_thread():
        table = _frames.code(frames, _frames.judged(columns))
    if lone and table.columns:
        yield from guarded("fidelity", "Shape", lambda: _margins.shape(table, note))
        yield from guarded("fidelity", "levels", lambda: _cells.levels(table))
    elif table.columns:
        yield from _compare(case, table, note)
    elif not lone:
        yield not_tested("fidelity", "C2ST AUC", "no column holds values that may be compared")
    yield from guarded("fidelity", "identifiers", lambda: _identifiers.identifiers(case, columns))
    if table.skipped:
        names = ", ".join(table.skipped)
        yield not_tested("fidelity", "other columns", f"{names}: values of this type cannot be compared")


def _compare(case: Case, table: Table, note: str) -> Iterator[Finding | View]:
    from simulacra.guards import _cells, _detect, _frames, _joint, _margins, _repeats, _views

    holdout = _frames.usable_holdout(case)
    links = None
    with _frames.one_thread():
        if len(table.columns) > 1:
            links = _joint.links(table, case.seed)
        against = "holdout" if holdout else "training"
        found = list(guarded("fidelity", "C2ST AUC", lambda: _detect.detect(table, links, case.seed, against)))
    yield from found
    yield from guarded("fidelity", "Shape", lambda: _margins.shape(table, note))
    if links is not None:
        pairs = links
        yield from guarded("fidelity", "Pair", lambda: _margins.pair(table, pairs, note))
        yield from guarded("fidelity", "pair views", lambda: _views.pairs(pairs))
        yield from guarded("fidelity", "correlation", lambda: _margins.correlations(table, case.seed))
    if len(table.columns) > 2:
        yield from guarded("fidelity", "Tri-q5", lambda: _margins.tri(table, case.seed, note))
    yield from guarded("fidelity", "missing cells", lambda: _cells.missing(table))
    yield from guarded("fidelity", "missing together", lambda: _cells.together(table))
    yield from guarded("fidelity", "levels", lambda: _cells.levels(table))
    yield from guarded("fidelity", "range", lambda: _cells.outside(table))
    yield from guarded("fidelity", "grid", lambda: _cells.grid(table))
    yield from guarded("fidelity", "repeated rows", lambda: _repeats.repeats(case, table))
    yield from guarded("fidelity", "too good", lambda: _repeats.too_good(case, table, holdout))
