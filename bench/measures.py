"""The measures of bench/tables.py: one definition for every method, ours and peers alike.

Frames are polars frames with the same columns, `(rows, columns)`. Fidelity measures compare `made` with the training
rows, detection and utility with rows that no method has seen. Missing cells are a level of their own in every measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def shape(real: pl.DataFrame, made: pl.DataFrame) -> float:
    """Mean over columns of 1 - KS (numbers) or 1 - total variation (categories), 0..1, 1 best."""
    return float(
        np.mean([_ks(real[c], made[c]) if _is_number(real[c]) else _tvd([real[c]], [made[c]], 0) for c in real.columns])
    )


def pair(real: pl.DataFrame, made: pl.DataFrame) -> float:
    """Mean over column pairs of the column pair trends score of sdmetrics, 0..1, 1 best.

    Two numbers: 1 - half the difference of their correlations; otherwise 1 - total variation of the joint counts,
    numbers cut into ten bins of equal width.
    """
    scores = []
    for a, b in combinations(real.columns, 2):
        if _is_number(real[a]) and _is_number(real[b]):
            scores.append(1 - abs(_corr(real[a], real[b]) - _corr(made[a], made[b])) / 2)
        else:
            scores.append(_tvd([real[a], real[b]], [made[a], made[b]], 10))
    return float(np.nanmean(scores))


def triples(real: pl.DataFrame, made: pl.DataFrame, bins: int = 5) -> float:
    """Mean over column triples of 1 - total variation of the joint counts, numbers cut at `bins` quantiles (Tri-q5)."""
    codes = [_joint_codes(real[c], made[c], bins, quantiles=True) for c in real.columns]
    return float(
        np.mean([1 - _distance([codes[i] for i in t], real.height) for t in combinations(range(len(codes)), 3)])
    )


def c2st(holdout: pl.DataFrame, made: pl.DataFrame, *, kind: str = "boosted", seed: int = 0) -> float:
    """AUC of a classifier that tells `made` from `holdout` in three-fold cross-validation, 0.5 best.

    Both are cut to the size of the smaller; `kind` is "boosted" (HistGradientBoosting), "mlp" or "logistic".
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    n = min(holdout.height, made.height)
    rng = np.random.default_rng(seed)
    both = pl.concat(
        [holdout[rng.permutation(holdout.height)[:n]], made[rng.permutation(made.height)[:n]].select(holdout.columns)]
    )
    label = np.repeat([0, 1], n)
    model, features = _model(kind, both, seed)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    score = cross_val_predict(model, features, label, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(label, score))


def tstr(made: pl.DataFrame, holdout: pl.DataFrame, target: str, *, kind: str = "boosted", seed: int = 0) -> float:
    """Train on `made`, test on `holdout`: AUC of a category (one against rest beyond two levels), R2 of a number."""
    from sklearn.metrics import r2_score, roc_auc_score

    both = pl.concat([made.select(holdout.columns), holdout])
    if _is_number(both[target]) and holdout[target].n_unique() <= 10:
        both = both.cast({target: pl.String})  # a class written as a number
    keep = both[target].is_not_null().to_numpy()
    model, features = _model(kind, both.drop(target), seed, regression=_is_number(both[target]))
    train = (np.arange(both.height) < made.height) & keep
    test = (np.arange(both.height) >= made.height) & keep
    label = both[target].to_numpy()
    model.fit(features[train], label[train])
    if _is_number(both[target]):
        return float(r2_score(label[test].astype(float), model.predict(features[test])))
    score = model.predict_proba(features[test])
    if score.shape[1] == 2:
        return float(roc_auc_score(label[test] == model.classes_[1], score[:, 1]))
    return float(np.mean([roc_auc_score(label[test] == level, score[:, i]) for i, level in enumerate(model.classes_)]))


def copies(train: pl.DataFrame, made: pl.DataFrame) -> float:
    """Share of rows of `made` that equal a training row in every column, 0..1."""
    return (
        made.select(train.columns).join(train.unique(), on=train.columns, how="semi", nulls_equal=True).height
        / made.height
    )


def dcr_share(
    train: pl.DataFrame, holdout: pl.DataFrame, made: pl.DataFrame, *, rows: int = 5000, seed: int = 0
) -> float:
    """Share of made rows that lie nearer to `train` than to `holdout`, ties half; 0.5 best, higher means memorising.

    Both sides are cut to the same size; the squared distance adds squared differences of numbers scaled to 0..1 by
    their range, and 1 for each category that differs.
    Use a 50/50 split: with another, the training side is only a part of what the model saw.
    """
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(seed)
    n = min(train.height, holdout.height)
    parts = [
        f[rng.permutation(f.height)[:k]] for f, k in ((train, n), (holdout, n), (made.select(train.columns), rows))
    ]
    flat = _one_hot(pl.concat(parts), scale="range")
    a, b, queries = flat[:n], flat[n : 2 * n], flat[2 * n :]
    near = [
        NearestNeighbors(n_neighbors=1, algorithm="brute", metric="sqeuclidean").fit(x).kneighbors(queries)[0][:, 0]
        for x in (a, b)
    ]
    return float(np.mean((near[0] < near[1] - 1e-6) + 0.5 * (np.abs(near[0] - near[1]) <= 1e-6)))


@dataclass(frozen=True)
class Scores:
    """Every measure of one made table; `dcr` and `tstr_*` are nan where they do not apply."""

    shape: float
    pair: float
    tri: float
    c2st: float
    c2st_mlp: float
    tstr: float
    tstr_logistic: float
    copies: float


def judge(
    train: pl.DataFrame,
    holdout: pl.DataFrame,
    made: pl.DataFrame,
    target: str | None,
    *,
    seed: int = 0,
    mlp: bool = True,
) -> Scores:
    """All measures that need one split: fidelity against `train`, detection and utility against `holdout`."""
    nan = float("nan")
    return Scores(
        shape(train, made),
        pair(train, made),
        triples(train, made),
        c2st(holdout, made, seed=seed),
        c2st(holdout, made, kind="mlp", seed=seed) if mlp else nan,
        tstr(made, holdout, target, seed=seed) if target else nan,
        tstr(made, holdout, target, kind="logistic", seed=seed) if target else nan,
        copies(train, made),
    )


def split(frame: pl.DataFrame, share: float = 0.8, seed: int = 42) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Training rows and holdout of the anchors: numpy seed 42, the first `share` of a permutation."""
    # The anchors were measured on the split of the legacy generator.
    order = np.random.RandomState(seed).permutation(frame.height)  # noqa: NPY002
    cut = int(frame.height * share)
    return frame[order[:cut]], frame[order[cut:]]


def _is_number(column: pl.Series) -> bool:
    return column.dtype.is_numeric()


def _ks(real: pl.Series, made: pl.Series) -> float:
    a, b = (np.sort(s.drop_nulls().to_numpy().astype(float)) for s in (real, made))
    if not len(a) or not len(b):
        return float(len(a) == len(b))
    grid = np.concatenate([a, b])
    gap = np.abs(np.searchsorted(a, grid, "right") / len(a) - np.searchsorted(b, grid, "right") / len(b))
    return float(1 - gap.max())


def _corr(a: pl.Series, b: pl.Series) -> float:
    both = pl.DataFrame([a.cast(pl.Float64).alias("a"), b.cast(pl.Float64).alias("b")]).drop_nulls().to_numpy()
    return float(np.corrcoef(both.T)[0, 1]) if len(both) > 1 and both.std(0).min() > 0 else 0.0


def _tvd(real: list[pl.Series], made: list[pl.Series], bins: int) -> float:
    return 1 - _distance(
        [_joint_codes(r, m, bins, quantiles=False) for r, m in zip(real, made, strict=True)], len(real[0])
    )


def _joint_codes(real: pl.Series, made: pl.Series, bins: int, *, quantiles: bool) -> Ints:
    """Codes 0..levels-1 of real then made rows; numbers are cut on bins of the real column, missing is a level."""
    both = pl.concat([real, made.cast(real.dtype)])
    if not _is_number(real):
        return both.cast(pl.String).fill_null("\0missing").rank("dense").to_numpy().astype(np.int64) - 1
    values = both.cast(pl.Float64).fill_null(np.nan).to_numpy()
    seen = values[: len(real)][~np.isnan(values[: len(real)])]
    if not len(seen):
        return np.isnan(values).astype(np.int64)
    edges = (
        np.quantile(seen, np.linspace(0, 1, bins + 1)) if quantiles else np.linspace(seen.min(), seen.max(), bins + 1)
    )
    # "left" keeps a spike at the smallest value, such as most zeros of capital_gain, in a bin of its own.
    side = "left" if quantiles else "right"
    return np.where(np.isnan(values), bins, np.searchsorted(np.unique(edges[1:-1]), values, side))


def _distance(codes: list[Ints], n_real: int) -> float:
    joint = np.zeros(len(codes[0]), dtype=np.int64)
    for code in codes:
        joint = joint * (int(code.max()) + 1) + code
    size = int(joint.max()) + 1
    a = np.bincount(joint[:n_real], minlength=size) / n_real
    b = np.bincount(joint[n_real:], minlength=size) / (len(joint) - n_real)
    return float(np.abs(a - b).sum() / 2)


def _model(kind: str, frame: pl.DataFrame, seed: int, *, regression: bool = False) -> tuple[object, Floats]:
    """A scikit-learn model of `kind` and the features of `frame` in the form it needs."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    if kind == "boosted":
        flat = np.column_stack([_ordinal(frame[c]) for c in frame.columns])
        categorical = [not _is_number(frame[c]) and frame[c].n_unique() < 255 for c in frame.columns]
        boosted = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        return boosted(random_state=seed, categorical_features=categorical), flat
    if kind == "mlp":
        mlp = MLPRegressor if regression else MLPClassifier
        settings = {"hidden_layer_sizes": (64, 32), "early_stopping": True, "max_iter": 60, "random_state": seed}
        return mlp(**settings), _one_hot(frame, scale="normal")
    logistic = Ridge() if regression else LogisticRegression(max_iter=300)
    return logistic, _one_hot(frame, scale="normal")


def _ordinal(column: pl.Series) -> Floats:
    if _is_number(column):
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return column.cast(pl.String).rank("dense").cast(pl.Float64).fill_null(np.nan).to_numpy() - 1


def _one_hot(frame: pl.DataFrame, *, scale: str) -> Floats:
    """Numbers scaled ("range": to 0..1, "normal": mean 0, deviation 1; missing in the middle), 200 indicators."""
    out = []
    for name in frame.columns:
        column = frame[name]
        if _is_number(column):
            values = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
            low, high = np.nanmin(values), np.nanmax(values)
            middle, width = (low, high - low) if scale == "range" else (np.nanmean(values), np.nanstd(values))
            out.append(np.nan_to_num((values - middle) / (width or 1.0), nan=0.5 if scale == "range" else 0.0)[:, None])
        else:
            codes = column.cast(pl.String).fill_null("\0missing").rank("dense").to_numpy().astype(np.int64) - 1
            order = np.argsort(-np.bincount(codes), kind="stable")[:200]
            weight = np.sqrt(0.5) if scale == "range" else 1.0
            out.append(weight * (codes[:, None] == order[None, :]).astype(float))
        if column.null_count() and _is_number(column):
            out.append(column.is_null().to_numpy().astype(float)[:, None])
    return np.hstack(out)
