"""images/pca: every class a Gaussian in the space of principal components, the baseline that networks must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.generator import Generator
from simulacra.core.options import option

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from simulacra.core.data import Dataset
    from simulacra.core.where import Where
    from simulacra.images._rows import Ints


@dataclass
class Pca(Generator):
    """Draw labelled images from a Gaussian a class in the space of principal components, fitted in about a second.

    It keeps the mean and the covariance of each class, so distances that compare those are small by construction; it
    cannot keep what makes an image sharp or a place of the body clear, and its images look soft. A class of few images
    borrows covariance and mean from all others. The label and further columns come out with the images.

    Learned: space_ (see images/_components.py), rows_ labels and further columns, facts_ weights of the shared
    covariance. Images are uint8, 8 to 64 pixels a side, grey or colour.
    Raises: DataError for tables without images, for a single image.
    References: Turk and Pentland (1991), Eigenfaces for recognition; Ledoit and Wolf (2004).
    Example: Pca().fit(toys.pictures()).sample(9, seed=1)
    """

    name: ClassVar[str] = "images/pca"
    block_rows: ClassVar[int] = 256

    components: int = option(64, "Principal components that an image is drawn in.", low=1, high=1024)
    shrink: float | None = option(
        None, "Weight of the covariance that all classes share; none: estimated for each class.", low=0, high=1
    )
    label: str | None = option(None, "Column of the classes; none: the one named or shaped like labels.")

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        from threadpoolctl import threadpool_limits

        from simulacra.images import _components, _rows

        self.rows_: dict[str, Any]
        images, classes, self.rows_ = _rows.learn(data, self.label, rng, self.name)
        with threadpool_limits(1):  # the sums of a product depend on how threads share it
            count = len(self.rows_["count"])
            space, points = _components.fit(images, classes, count, self.components, self.shrink, rng)
        leading = space["leading"]
        told = float((points[:, :leading] ** 2).sum() / max(float((points**2).sum()), 1e-12))
        self.space_: dict[str, Any] = space
        self.facts_: dict[str, Any] = {
            "components": leading,
            "share of their variance among the axes kept": round(told, 4),
            "weight of the shared covariance": [round(float(w), 4) for w in space["shrunk"]],
        }

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        from simulacra.images import _rows

        return self._draw(_rows.draw_classes(self.rows_, n, rng), rng)

    def _sample_where(self, n: int, rng: np.random.Generator, plain: Where) -> pl.DataFrame:
        from simulacra.images import _rows

        allowed = _rows.aimed(self.rows_, self.schema_.columns, plain)
        return self._draw(_rows.draw_classes(self.rows_, n, rng, allowed), rng)

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        from simulacra.images import _rows

        return _rows.finish(self.rows_, frame, rng, start)

    def _draw(self, classes: Ints, rng: np.random.Generator) -> pl.DataFrame:
        """Return one row for each class number (n,)."""
        from threadpoolctl import threadpool_limits

        from simulacra.images import _components, _rows

        with threadpool_limits(1):
            inner = _components.draw(self.space_, classes, rng)
            images = _components.pixels(self.space_, classes, inner, tuple(self.rows_["size"]))
        return _rows.table(self.rows_, images, classes, rng)
