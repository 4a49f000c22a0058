"""A generator that keeps the contract, and one that breaks each rule of it."""

from __future__ import annotations

import dataclasses
import os
import random
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from simulacra.core.generator import Generator
from simulacra.core.lineage import Lineage
from simulacra.core.options import option
from simulacra.core.rng import shared_key

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from simulacra.core.data import Dataset


@dataclass
class Good(Generator):
    """Draw rows of the fitted table again."""

    name = "tables/good"
    keep: float = option(1.0, "share of the rows to draw from", low=0.1, high=1)
    order: str = option("any", "order of the rows", choices=("any", "first"))

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        self.frame_ = data.frame.head(max(1, int(len(data) * self.keep)))

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return self.frame_[rng.integers(self.frame_.height, size=n)]


class TooFew(Good):
    """Forget the last row."""

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return super()._sample(n, rng).head(n - 1)


class LosesAColumn(Good):
    """Forget a column."""

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return super()._sample(n, rng).drop("town")


class ItsOwnRandomness(Good):
    """Draw from a generator of its own."""

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        import numpy as np

        return super()._sample(n, np.random.default_rng())


class ItsOwnFit(Good):
    """Learn something else every time."""

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        import numpy as np

        super()._fit(data, rng)
        self.frame_ = self.frame_[np.random.default_rng().permutation(self.frame_.height)]


class IgnoresTheSeed(Good):
    """Draw the same rows always."""

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        import numpy as np

        return super()._sample(n, np.random.default_rng(5))


class RepeatsBlocks(Good):
    """Draw every block alike."""

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        import numpy as np

        return super()._sample(n, np.random.default_rng(shared_key(rng, "rows")))


class DependsOnTheProcess(Good):
    """Draw other rows in other processes."""

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        import numpy as np

        return super()._sample(n, np.random.default_rng([int(rng.integers(2**32)), os.getpid()]))


class SeedsNumpy(Good):
    """Seed the global generator of numpy."""

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        import numpy as np

        np.random.seed(0)  # noqa: NPY002
        super()._fit(data, rng)


class SeedsRandom(Good):
    """Seed the global generator of Python."""

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        random.seed(0)
        return super()._sample(n, rng)


class SetsTheEnvironment(Good):
    """Leave a variable behind."""

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        os.environ["SIMULACRA_PLANTED"] = "1"
        super()._fit(data, rng)


class ChangesFolder(Good):
    """Work in another folder."""

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        os.chdir(os.path.dirname(os.getcwd()) or "/")
        return super()._sample(n, rng)


class SilencesWarnings(Good):
    """Turn all warnings off."""

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        warnings.simplefilter("ignore")
        super()._fit(data, rng)


class ChangesTheData(Good):
    """Overwrite the first cell of the table that was given."""

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        super()._fit(data, rng)
        data.frame[0, "age"] = 1


class LiesAboutItsGeneration(Good):
    """Say that its rows are real."""

    def _lineage(self, seed: int) -> Lineage:
        return dataclasses.replace(super()._lineage(seed), real_share=1.0)


class ForgetsParents(Good):
    """Drop the hash of what it was fitted on."""

    def _lineage(self, seed: int) -> Lineage:
        return dataclasses.replace(super()._lineage(seed), parents=())


class LosesTheKind(Good):
    """Return polars whatever was fitted."""

    def sample(self, n: int, **how: Any) -> Any:
        return super().sample(n, **{"kind": "polars", **how})


class TakesAnyNumber(Good):
    """Make one row when none is asked for."""

    def sample(self, n: int, **how: Any) -> Any:
        return super().sample(max(1, int(n)), **how)


class NeedsNoFit(Good):
    """Fail in its own words before fit."""

    def _require_fit(self) -> None:
        return None


class ChecksNoField(Good):
    """Take any value."""

    def __post_init__(self) -> None:
        return None


class ForgetsOnSaving(Good):
    """Keep what it learned where it is not saved."""

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        self.learned = data.frame

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return self.learned[rng.integers(self.learned.height, size=n)]


class SavesCode(Good):
    """Put a script into the model."""

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        super().save(path, overwrite=overwrite)
        (Path(path) / "model.pkl").write_bytes(b"cos\nsystem\n.")


class LoadsAnything(Good):
    """Load a damaged model as if it were whole."""

    @classmethod
    def load(cls, path: str | Path) -> Self:
        from simulacra.core.errors import ModelError

        try:
            cls.whole = super().load(path)
        except ModelError:
            return cls.whole
        return cls.whole


class NoSentence(Good):
    """rows"""


class NoAddress(Good):
    """Draw rows under a name that is no address."""

    name = "good"


@dataclass
class NoHelp(Good):
    """Have a field that nobody explained."""

    leaf: int = 5


@dataclass
class NoRange(Good):
    """Have a number without a range."""

    leaf: int = option(5, "rows of a leaf")
