"""Gaussian copula: every column to normal scores, one correlation matrix, and back through the column's own quantiles.

A column is a row of intervals on the normal scale, one for each distinct value and as wide as the value is frequent.
The correlation is that of the interval means, corrected to first order for the variance that intervals hide, so that
spikes, ties and categories of two levels do not weaken it. Missing cells have a normal score of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.core.progress import task

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.data import Dataset

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

STRONGEST = 0.995
"""Largest correlation kept: at 1 two columns would be one."""
ROWS_AT_ONCE = 8192
"""Rows drawn at once, so that 1,500 columns stay within memory."""
GONE = "\x00gone "
"""Prefix of the columns that carry from the draw to the end which cells of a surrogate column are missing."""


@dataclass
class Copula(Generator):
    """Draw tables from a Gaussian copula, the small baseline whose whole model can be read.

    Keeps each column's distribution and one number a pair of columns; it cannot keep links that only show among three
    columns, or that go up and down again. Levels are ordered by the first principal component of the numbers.
    Learned: correlation_ (a frame: column and one column each), levels_ (column -> its levels in their order), chol_
    (scores, scores) the lower factor of the correlation, columns_.
    Reference: Sklar (1959); shrinkage after Schaefer and Strimmer (2005).
    Example: Copula().fit(toys.people()).sample(3, seed=1)
    """

    name = "tables/copula"

    shrink: float | None = option(None, "weight of no correlation at all; none: estimated from the rows", low=0, high=1)
    spike: int = option(5, "rows from which a value is kept as it is, not drawn between neighbours", low=2, high=10**6)
    rare: int = option(5, "levels held by fewer rows are left out", low=1, high=10**6, unit="rows")

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        from threadpoolctl import threadpool_limits

        from simulacra.parts.surrogates import fit_surrogate
        from simulacra.tables import _scores as scores

        frame, schema = data.frame, data.schema
        self.names_: list[str] = frame.columns
        self.surrogates_: dict[str, Any] = {}
        self.columns_: dict[str, Any] = {}
        ranks, gone, lost = {}, {}, {}
        with task("fit", total=frame.width) as step:
            for series in frame.iter_columns():
                column = schema[series.name]
                if column.copied:
                    fitted, ranks[series.name] = scores.learn(series, column, self.spike, self.rare)
                    self.columns_[series.name] = fitted
                    if fitted["lost"]:
                        lost[series.name] = fitted["lost"]
                else:
                    self.surrogates_[series.name] = fit_surrogate(series.drop_nulls(), column)
                gone[series.name] = series.is_null().to_numpy()
                step(1, series.name)
        self.gone_, masks = _patterns(gone)
        with threadpool_limits(1):  # the sums of a product depend on how threads share it
            self._correlate(ranks, masks)
        self.facts_: dict[str, Any] = {"shrink": round(self.shrink_, 4), "mass of rare levels": lost}

    def _correlate(self, ranks: dict[str, Any], masks: dict[str, Bools]) -> None:
        """Learn the correlation of all scores, levels in their order and missing cells as columns of their own."""
        import numpy as np
        import polars as pl

        from simulacra.tables import _scores as scores

        scores.order_levels(self.columns_, ranks)
        self.levels_: dict[str, list[str]] = {
            name: scores.levels(fitted)
            for name, fitted in self.columns_.items()
            if fitted["levels"] and "order" in fitted
        }
        varied = {name: fitted for name, fitted in self.columns_.items() if not fitted["constant"]}
        held = {name: scores.normal(ranks[name], fitted) for name, fitted in varied.items()}
        held |= {name: scores.two_sided(mask) for name, mask in masks.items()}
        self.scored_: list[str] = list(held)
        rows = len(next(iter(masks.values()), next(iter(ranks.values()), ())))
        matrix = np.column_stack([score for score, _ in held.values()]) if held else np.zeros((rows, 0))
        raw = _pairwise(matrix, np.array([spread for _, spread in held.values()]))
        self.shrink_: float = _estimated(raw, rows) if self.shrink is None else float(self.shrink)
        correlation = _positive((1 - self.shrink_) * raw + self.shrink_ * np.eye(len(raw)))
        self.chol_: Floats = np.linalg.cholesky(correlation).astype(np.float64)
        named = dict(zip(self.scored_, correlation.T, strict=True))
        self.correlation_: pl.DataFrame = pl.DataFrame({"column": self.scored_, **named})

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        import numpy as np
        import polars as pl
        from threadpoolctl import threadpool_limits

        from simulacra.tables import _scores as scores

        place = {name: i for i, name in enumerate(self.scored_)}
        kept: dict[str, list[Any]] = {name: [] for name in (*self.columns_, *self.gone_["shares"])}
        for start in range(0, n, ROWS_AT_ONCE):
            rows = min(ROWS_AT_ONCE, n - start)
            with threadpool_limits(1):
                drawn = rng.standard_normal((rows, len(place))) @ self.chol_.T  # (rows, scores)
            for name, fitted in self.columns_.items():
                score = drawn[:, place[name]] if name in place else np.zeros(rows)
                kept[name].append(scores.position(score, fitted))
            for name, share in self.gone_["shares"].items():
                kept[name].append(scores.above(drawn[:, place[name]], share))
        parts = {name: np.concatenate(part) for name, part in kept.items()}
        out = []
        for name in self.names_:
            pattern = self.gone_["of"].get(name)
            gone = pl.Series(parts[pattern]) if pattern else None
            if name in self.columns_:
                cells = scores.cells(parts[name], self.columns_[name], rng).alias(name)
                out.append(cells.set(gone, None) if gone is not None else cells)
            elif gone is not None:
                out.append(gone.alias(GONE + name))
        return pl.DataFrame(out) if out else pl.DataFrame({GONE: np.zeros(n)})

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        from simulacra.parts.surrogates import draw_surrogate

        made = []
        for name in self.names_:
            if name in self.columns_:
                made.append(frame[name])
                continue
            cells = draw_surrogate(self.surrogates_[name], frame.height, rng, start)
            made.append(cells.set(frame[GONE + name], None) if GONE + name in frame.columns else cells)
        return frame.select(made)


def _patterns(gone: dict[str, Bools]) -> tuple[dict[str, Any], dict[str, Bools]]:
    """Give columns that are missing in the same rows one pattern, named after the first of them.

    Returns {"of": column -> pattern, "shares": pattern -> share of rows} and pattern -> missing rows (rows,).
    """
    of: dict[str, str] = {}
    masks: dict[str, Bools] = {}
    seen: dict[bytes, str] = {}
    for name, mask in gone.items():
        if not mask.any() or mask.all():
            continue
        pattern = seen.setdefault(mask.tobytes(), f"{name} (missing)")
        of[name] = pattern
        masks[pattern] = mask
    return {"of": of, "shares": {pattern: float(mask.mean()) for pattern, mask in masks.items()}}, masks


def _pairwise(matrix: Floats, spread: Floats) -> Floats:
    """Correlate scores (rows, scores), NaN where missing, over the rows where both are present.

    spread: (scores,) the part of a variance of 1 that interval means show.
    """
    import numpy as np

    present = (~np.isnan(matrix)).astype(float)
    matrix = np.nan_to_num(matrix)
    rows = present.T @ present
    out: Floats = matrix.T @ matrix / np.maximum(rows, 1) / np.outer(spread, spread)
    # From fewer than three common rows nothing is known.
    out[rows < 3] = 0
    out = np.clip(out, -STRONGEST, STRONGEST)
    np.fill_diagonal(out, 1)
    return out


def _estimated(raw: Floats, rows: int) -> float:
    """Return the shrinkage that minimises the expected squared error of the correlations."""
    import numpy as np

    off = raw[~np.eye(len(raw), dtype=bool)] ** 2
    noise = float(((1 - off) ** 2).sum()) / max(rows - 1, 1)
    return min(1.0, noise / float(off.sum())) if off.sum() > 0 else 0.0


def _positive(matrix: Floats, least: float = 1e-4) -> Floats:
    """Return the nearest matrix with eigenvalues of at least `least`, scaled back to a correlation."""
    import numpy as np

    if not len(matrix):
        return matrix
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= least:
        return matrix
    lifted = (vectors * np.maximum(values, least)) @ vectors.T
    scale = np.sqrt(np.diag(lifted))
    out: Floats = lifted / np.outer(scale, scale)
    return (out + out.T) / 2
