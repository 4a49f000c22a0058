"""A cheap classifier two-sample test, to see during a training how well made rows can be told from real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.floating]


def auc(made: Floats, real: Floats, rng: np.random.Generator, rounds: int = 40) -> float:
    """Return the area under the ROC curve of a small boosted classifier of made against real rows: .5 is the best.

    made, real: (rows, features), NaN for missing; each half of the rows is judged by what the other half taught.
    The guards have a stricter test; this one steers (Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from threadpoolctl import threadpool_limits

    rows = np.concatenate([made, real])
    truth = np.repeat([0, 1], [len(made), len(real)])
    # Halves hold as many of either kind, so that a half never lacks one.
    half = np.concatenate([rng.permutation(len(part)) % 2 for part in (made, real)]).astype(bool)
    if min(len(made), len(real)) < 4:
        return 0.5
    found = np.zeros(len(rows))
    with threadpool_limits(1):
        for fold in (half, ~half):
            model = HistGradientBoostingClassifier(
                max_iter=rounds, learning_rate=0.15, max_leaf_nodes=15, early_stopping=False, random_state=0
            )
            found[fold] = model.fit(rows[~fold], truth[~fold]).predict_proba(rows[fold])[:, 1]
    return max(0.5, float(np.mean([roc_auc_score(truth[fold], found[fold]) for fold in (half, ~half)])))
