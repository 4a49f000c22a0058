"""Privacy: were training rows copied, and can an attacker tell who was among them?"""

from __future__ import annotations

from collections.abc import Iterator

from simulacra.core.case import Case, guard, guarded, not_tested
from simulacra.core.report import Finding, View


def _tabular(case: Case) -> bool:
    from simulacra.guards import _frames

    return not _frames.lone(case)


@guard("privacy", needs=("real", "holdout"), concerns=_tabular)
def privacy(case: Case) -> Iterator[Finding | View]:
    """Look for training rows in the made ones: exact and near copies, a membership attack, distance ratios.

    Every figure is set against the holdout, real rows the method never saw: what they show is chance. Headline: the
    membership attack. A pass says which attack failed, never that the table is private. The holdout must be drawn from
    the same rows as the training data.
    """
    from simulacra.guards import _attack, _copies, _frames

    assert case.real is not None and case.holdout is not None
    if wrong := _frames.differing(case):
        yield not_tested("privacy", "privacy", wrong)
        return
    if _frames.lone(case):
        yield from _frames.pictured(case, "privacy")
        return
    columns = _frames.judged(_frames.facts(case))
    if not columns:
        yield not_tested("privacy", "privacy", "no column holds values that could be compared")
        return
    with _frames.one_thread():
        sides = _attack.prepare(case, columns)
        found = list(guarded("privacy", "membership attack", lambda: _attack.membership(sides)))
        found += guarded("privacy", "exact copies", lambda: _copies.exact(case, sides))
        found += guarded("privacy", "near copies", lambda: _copies.near(sides))
        found += guarded("privacy", "distance ratios", lambda: _copies.ratios(sides))
    yield from found
