"""Utility: does a model trained on made rows work on real ones as well as one trained on real rows?"""

from __future__ import annotations

from collections.abc import Iterator

from simulacra.core.case import Case, guard, guarded, not_tested
from simulacra.core.report import Finding, View


def _tabular(case: Case) -> bool:
    from simulacra.guards import _frames

    return not _frames.lone(case)


@guard("utility", needs=("real",), concerns=_tabular)
def utility(case: Case) -> Iterator[Finding | View]:
    """Train on made, test on real rows, beside training on as many real rows: boosted trees and a linear model.

    Categories: AUC, average precision and recall, of each class too. Numbers: R2 and mean absolute error. Headline: the
    boosted trees. Needs a declared target and a holdout; without one, half of the real rows are the test.
    """
    from simulacra.guards import _frames, _train

    if case.target is None:
        found = not_tested(
            "utility", "utility", "no target declared; name the column to predict, such as --target churn"
        )
        yield found
        return
    if wrong := _frames.differing(case):
        yield not_tested("utility", "utility", wrong)
        return
    if _frames.lone(case):
        yield from _frames.pictured(case, "utility")
        return
    with _frames.one_thread():
        found_all = list(guarded("utility", "utility", lambda: _train.utility(case)))
    yield from found_all
