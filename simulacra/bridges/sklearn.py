"""tables/smote as a sampler of scikit-learn's kind, for pipelines of imbalanced-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_feature_names, _check_n_features, column_or_1d, validate_data

from simulacra.bridges import _frames
from simulacra.bridges._arrays import oversample
from simulacra.bridges._tags import sampler_tags
from simulacra.core.errors import SimulacraError
from simulacra.tables.smote import Smote

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


class SmoteSampler(OneToOneFeatureMixin, BaseEstimator):  # type: ignore[misc]
    """Balance classes with tables/smote: fit_resample(X, y) gives the real rows followed by new ones.

    X: a table (rows, features) of numbers, NaN where missing, or any pandas, polars or Arrow frame: of mixed types,
    dates, missing cells and nullable types too. What comes back is of the same kind. y: (rows,) classes.

    Parameters: kind, neighbours, around, ratio, scale, clean: as the fields of tables/smote. categorical: columns of
    numbers that are categories, as positions, a mask or, for frames, names. only_new: leave the real rows out.
    random_state: None, a whole number or numpy's RandomState, as everywhere in scikit-learn.

    Learned: sampling_strategy_ class -> new rows; classes_ (classes,); n_features_in_, feature_names_in_.
    Raises ValueError for what tables/smote refuses.
    Example: make_pipeline(SmoteSampler(random_state=0), LogisticRegression()).fit(X, y)
    """

    def __init__(
        self,
        *,
        kind: str = "smote",
        neighbours: int = 5,
        around: int = 10,
        ratio: float = 1.0,
        scale: bool = True,
        clean: str = "none",
        categorical: Any = None,
        only_new: bool = False,
        random_state: Any = None,
    ) -> None:
        self.kind = kind
        self.neighbours = neighbours
        self.around = around
        self.ratio = ratio
        self.scale = scale
        self.clean = clean
        self.categorical = categorical
        self.only_new = only_new
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SmoteSampler:
        """Check the input and count the classes; nothing is drawn."""
        self._read(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return X and y with the classes balanced."""
        rows, codes, one_of_many = self._read(X, y)
        seed = int(check_random_state(self.random_state).randint(2**31))
        names = [str(label) for label in self.classes_]
        way = oversample if isinstance(rows, np.ndarray) else _frames.oversample
        try:
            out, made = way(rows, codes, names, self._method(), self._columns(), self.only_new, seed)
        except SimulacraError as error:
            raise ValueError(str(error)) from error
        labels = np.eye(len(names), dtype=np.asarray(y).dtype)[made] if one_of_many else self.classes_[made]
        return _frames.as_given(out, X), _frames.labels_as_given(labels, y)

    def _method(self) -> Smote:
        return Smote(
            target="class",
            kind=self.kind,
            neighbours=self.neighbours,
            around=self.around,
            ratio=self.ratio,
            scale=self.scale,
            clean=self.clean,
        )

    def _read(self, X: Any, y: Any) -> tuple[Any, Ints, bool]:
        """Return X as an array or a mixed frame, the class of each row by number, and whether y was one column each."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        check_classification_targets(y)
        one_of_many = type_of_target(y) == "multilabel-indicator"
        if one_of_many:
            flags = np.asarray(y)
            if (flags.sum(axis=1) != 1).any():
                raise ValueError("Multilabel and multioutput targets are not supported.")
            y = flags.argmax(axis=1)
        if _frames.is_mixed(X):
            _check_feature_names(self, X, reset=True)
            _check_n_features(self, X, reset=True)
            rows, y = X, column_or_1d(np.asarray(y))
            if len(rows) != len(y):
                raise ValueError(f"X has {len(rows)} rows and y has {len(y)}")
        else:
            rows, y = validate_data(self, _frames.dense(X), y, ensure_all_finite="allow-nan", ensure_min_samples=2)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y holds one class only, {self.classes_.tolist()[0]!r}; there is nothing to balance")
        count = np.bincount(codes)
        wanted = np.maximum(0, np.rint(self.ratio * count.max()).astype(np.int64) - count)
        self.sampling_strategy_ = {label: int(n) for label, n in zip(self.classes_.tolist(), wanted, strict=True) if n}
        return rows, codes.astype(np.int64), one_of_many

    def _columns(self) -> list[int]:
        """Return the positions of the columns that were named as categories."""
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_)).tolist()
        asked = [] if self.categorical is None else list(self.categorical)
        if asked and all(isinstance(c, bool | np.bool_) for c in asked):
            if len(asked) != len(names):
                raise ValueError(f"categorical is a mask of {len(asked)} columns, and X has {len(names)}")
            return [int(i) for i in np.flatnonzero(asked)]
        places = range(-len(names), len(names))
        unknown = [c for c in asked if c not in names and not (isinstance(c, int | np.integer) and c in places)]
        if unknown:
            raise ValueError(f"categorical names column {unknown[0]!r}, which X does not have")
        return [names.index(c) if c in names else int(c) % len(names) for c in asked]

    def __sklearn_tags__(self) -> Any:
        return sampler_tags(super().__sklearn_tags__())
