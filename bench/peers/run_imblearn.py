"""imbalanced-learn at its defaults; the way is "whole": real rows and new ones, which is all it returns."""

from typing import Any

import imbalanced
import numpy as np
from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, BorderlineSMOTE


def sampler(task: str) -> Any:
    """Return the sampler of a task."""
    if task == "smotenc":
        return SMOTENC(categorical_features=list(range(20, 30)), random_state=0)
    return {"smote": SMOTE, "borderline": BorderlineSMOTE, "adasyn": ADASYN}[task](random_state=0)


def neighbours(task: str, x: Any, y: np.ndarray) -> np.ndarray:
    """Return what a sampler looks up: neighbours in the class, or how many of other classes are around each row."""
    method = sampler(task)
    if task == "smotenc":
        seen: dict[str, Any] = {}
        fit = method._validate_estimator

        def watch() -> None:
            fit()
            plain = method.nn_k_.fit
            method.nn_k_.fit = lambda rows: plain(seen.setdefault("rows", rows))

        method._validate_estimator = watch
        method.fit_resample(x, y)
        return np.asarray(method.nn_k_.kneighbors(seen["rows"], return_distance=False)[:, 1:])
    rare = x[y == 1]
    if task == "smote":
        method.fit_resample(x, y)
        return np.asarray(method.nn_k_.kneighbors(rare, return_distance=False)[:, 1:])
    if task == "borderline":
        method.fit_resample(x, y)
        near = method.nn_m_.kneighbors(rare, return_distance=False)[:, 1:]
    else:
        method._validate_estimator()
        near = method.nn_.fit(x).kneighbors(rare, return_distance=False)[:, 1:]
    return np.asarray((y[near] != 1).sum(axis=1))


if __name__ == "__main__":
    asked = imbalanced.asked()
    x, y = imbalanced.table(asked.task, asked.rows)
    if asked.out:
        np.save(asked.out, neighbours(asked.task, x, y))
    else:
        few = imbalanced.table(asked.task, imbalanced.FEW)
        sampler(asked.task).fit_resample(*few)
        imbalanced.measure(lambda: sampler(asked.task).fit_resample(x, y))
