"""tables/forest, the default: a chain of conditional trees whose leaves lend their donors, numbers drawn afresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.advice import LINKS, MEMORISED, SHAPES, TARGET
from simulacra.core.errors import ConfigError, near
from simulacra.core.generator import Generator
from simulacra.core.options import option

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from simulacra.core.data import Dataset
    from simulacra.parts.copies import Words
    from simulacra.parts.plan import Variable
    from simulacra.parts.trees import Ints

SPIKE = 5
"""Rows that must share a value for it to be shown as it is."""

TRIALS = 50
"""Times that a copy of a training row is redrawn."""


@dataclass
class Forest(Generator):
    """A chain of conditional trees on binned columns: each cell comes from donors alike in the columns before it.

    Columns with few values come first, those with many later, the target last; what is missing is drawn before what is
    there. Numbers are drawn between neighbouring values on the column's own grid, levels held by fewer than five rows
    are replaced by others of the same leaf, rows that equal a training row are redrawn down to the rate that fresh rows
    would show, and ids, person data and free text are never copied.

    Learned: fields_ (columns) codecs; links_ (variables of the chain), see parts.chain; rows_ (training rows,) sorted
    keyed hashes; keep_ share of copies that may stay; facts_ what was replaced, redrawn and boosted, for the report.
    Raises: ConfigError for a target that is not a column, DataError for columns of media.
    References: Breiman et al. (1984); Reiter (2005), Using CART to generate partially synthetic public use microdata.
    Example: Forest(target="income").fit(frame, seed=1).sample(1000, seed=7)
    """

    name: ClassVar[str] = "tables/forest"

    target: str | None = option(None, "Column that a model will predict: drawn last, by boosted trees.")
    leaf: int = option(10, "Fewest training rows in a leaf; more is more private and coarser.", low=1, unit="rows")
    gain: float = option(2.0, "What a cut must bring, in units of what pure noise brings; 0 follows noise.", low=0)
    max_parents: int = option(16, "Most columns that a column is drawn from.", low=0, high=250, unit="columns")
    bins: int = option(64, "Parts that a number is cut into where a tree asks about it.", low=2, high=250)
    boost: bool = option(True, "Draw the target by boosted trees rather than by a single one.")
    rare: str = option("replace", "What becomes of levels that fewer than 5 rows hold.", choices=("replace", "keep"))
    copies: str = option(
        "redraw", "What becomes of copies of training rows beyond the rate of fresh rows.", choices=("redraw", "keep")
    )

    @classmethod
    def remedies(cls, params: Mapping[str, Any]) -> dict[str, str]:
        """Return which fields to change against memorising, a weak target, lost shapes and lost links."""
        gain, leaf = params.get("gain", cls.gain), params.get("leaf", cls.leaf)
        out = {
            MEMORISED: f"raise gain above {gain:g} (--set gain={2 * gain or 2:g}), which costs some detail",
            SHAPES: "give it more rows, or raise bins",
            LINKS: f"give it more rows, lower leaf below {leaf}, or raise max_parents",
        }
        if params.get("target"):
            out[TARGET] = f"fit on more rows, or lower gain below {gain:g}, which follows the rows more closely"
        return out

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        from simulacra.parts.chain import Rules, fit_chain
        from simulacra.parts.plan import read

        frame = data.frame
        if self.target is not None and self.target not in frame.columns:
            raise ConfigError(f"{self.name}: no target column {self.target!r}.{near(self.target, frame.columns)}")
        rare = SPIKE if self.rare == "replace" else 1
        rules = Rules(self.leaf, self.gain, self.max_parents, rare, self.target if self.boost else None)
        self.fields_, chain = read(frame, data.schema.columns, self.target, bins=self.bins, spike=SPIKE)
        self.links_, self.facts_ = fit_chain(chain, rules, rng)
        self._watch_copies(chain, frame, rng)

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        frame, rows = self._draw(n, rng)
        doubtful = self._beyond(rows, rng)
        for _ in range(TRIALS):
            if not doubtful.size:
                break
            fresh, rows = self._draw(doubtful.size, rng)
            frame = _replace(frame, doubtful, fresh)
            doubtful = doubtful[self._beyond(rows, rng)]
        return frame

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        """Put surrogates where `_sample` said that there is a cell."""
        from simulacra.parts.assemble import fill_surrogates

        return fill_surrogates(self.fields_, frame, rng, start)

    def _watch_copies(self, chain: list[Variable], frame: pl.DataFrame, rng: np.random.Generator) -> None:
        """Keep the hashes of the training rows, and find what share of the copies of a trial draw may stay."""
        import numpy as np

        from simulacra.parts.assemble import row_hashes
        from simulacra.parts.copies import fresh_rate, known

        self.key_: int = int(rng.integers(2**62))
        columns = {f["name"]: chain[f["value"]].ranks for f in self.fields_ if f["value"] >= 0}
        seen = {name: ranks.astype(np.int64) for name, ranks in columns.items()}
        rows = row_hashes(self.fields_, frame, seen, self.key_)
        self.rows_: Words = np.unique(rows)
        trial = float(known(self._draw(int(np.clip(frame.height, 2000, 20_000)), rng)[1], self.rows_).mean())
        fresh = fresh_rate(rows)
        # Of redrawn rows a share `trial` are copies again; the odds of a copy then fall from the trial's to the wanted.
        keep = fresh * (1 - trial) / (trial * (1 - fresh)) if trial > fresh else 1.0
        self.keep_: float = keep if self.copies == "redraw" else 1.0
        self.facts_["copies"] = {"without_filter": trial, "fresh_rows": fresh, "kept": self.keep_}

    def _beyond(self, rows: Words, rng: np.random.Generator) -> Ints:
        """Return which rows are copies that may not stay."""
        import numpy as np

        from simulacra.parts.copies import known

        if self.keep_ >= 1:
            return np.zeros(0, np.int64)
        copy = np.flatnonzero(known(rows, self.rows_))
        return copy[rng.random(copy.size) >= self.keep_]

    def _draw(self, n: int, rng: np.random.Generator) -> tuple[pl.DataFrame, Words]:
        """Draw n rows, with placeholders for surrogates, and the hash of each row."""
        from simulacra.parts.assemble import assemble, row_hashes
        from simulacra.parts.chain import draw_chain

        frame, ranks = assemble(self.fields_, draw_chain(self.links_, n, rng), n, rng)
        return frame, row_hashes(self.fields_, frame, ranks, self.key_)


def _replace(frame: pl.DataFrame, at: Ints, fresh: pl.DataFrame) -> pl.DataFrame:
    """Put the rows of `fresh` in the places `at`."""
    import numpy as np
    import polars as pl

    source = np.arange(frame.height)
    source[at] = frame.height + np.arange(at.size)
    return pl.concat([frame, fresh])[source]
