"""text/select: choose rows of text that are clean, different, good and far apart, with a reason for every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.core.options import option
from simulacra.core.progress import task
from simulacra.core.transform import Transform
from simulacra.parts.prompts.model import read_models

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.data import Dataset
    from simulacra.parts.prompts.desk import Desk
    from simulacra.parts.text_rows import TextRows
    from simulacra.text._select_log import Log

    Floats = npt.NDArray[np.float64]

MOST = 4000
"""Characters of a text that a model embeds."""
SCORES = ("rules", "judge", "perplexity", "ifd")


@dataclass
class Select(Transform):
    """Choose the best and most different rows of text, without duplicates, benchmark rows and plain faults.

    Rows fall in this order: by rules of quality, as equal texts, for what they share with a benchmark, as
    near-duplicates by words and by vectors, for a low novelty, and in the choice of n. After apply, `reasons_` is a
    polars frame with a row for each row given: row, kept, stage, reason, partner (row beside which it fell, in
    partner_file or the table itself), score. `facts_` counts them by stage. desk: who is asked for scores by a model;
    None takes `models` with a journal in memory.

    References: Zhou et al. 2023, LIMA (arXiv 2305.11206), for 1,000 chosen rows; Liu et al. 2024, DEITA
    (arXiv 2312.15685), for the choice; Li et al. 2024 (arXiv 2308.12032) for IFD; Marion et al. 2023
    (arXiv 2309.04564) for the middle by perplexity.
    Example: Select(n=1000, against=("bench.jsonl",)).apply(rows)
    """

    name: ClassVar[str] = "text/select"

    n: int | None = option(None, "rows to choose; none keeps every row that is clean and different", low=1)
    columns: tuple[str, ...] = option((), "columns of text: one, or what is asked and answered; none finds them")
    against: tuple[str, ...] = option((), "benchmark files (.jsonl, .json, .csv, .tsv, .parquet, .txt) to keep out")
    score: str = option("rules", "what is good: rules, judge, perplexity, ifd, or the name of a column of numbers")
    near: float = option(0.9, "similarity from which rows are duplicates, by words and by vectors", low=0.3, high=1.0)
    novelty: float = option(0.0, "least 1 - ROUGE-L of what a row asks to better rows; .3 is usual", low=0.0, high=1.0)
    by: str = option("", "column whose values are chosen from in equal numbers")
    vectors: str = option("", "model that embeds the texts; empty compares hashed words, without a model")
    models: tuple[Any, ...] = option((), "models that score, as entries of [[models]]; none is the embedded model")

    def __post_init__(self) -> None:
        super().__post_init__()
        known = [model.name for model in read_models(self.models)]
        if self.vectors and self.vectors not in known:
            raise ConfigError(f"{self.name}: vectors: no model is named {self.vectors!r}.{near(self.vectors, known)}")
        self.desk: Desk | None = None

    def _apply(self, data: Dataset, rng: np.random.Generator) -> tuple[pl.DataFrame, np.ndarray]:
        from simulacra.parts import text_rows
        from simulacra.text import _select_against as against
        from simulacra.text import _select_same as same
        from simulacra.text._select_log import Log

        frame = data.frame
        self._known(frame)
        bench = against.read(self.against)
        texts = text_rows.read(frame, self.columns, self.name)
        log = Log(frame.height)
        with task("select", total=6) as step:
            quality = _ruled(texts, log)
            step(1, "rules")
            same.equal(texts.whole, log)
            against.drop(texts, bench, log)
            step(1, "benchmarks")
            same.by_words(texts.whole, quality, self.near, log)
            step(1, "words")
            vectors = self._embedded(texts, log) if self.vectors else _vectors(texts, log)
            same.by_vectors(vectors, quality, self.near, log)
            step(1, "vectors")
            quality = self._scored(frame, texts, quality, log)
            step(1, "scores")
            self._chosen(frame, texts, quality, vectors, log)
        rows = log.rows()
        if not len(rows):
            worst = max(log.counts, key=lambda stage: log.counts[stage])
            raise DataError(
                f"{self.name}: no row is left of {frame.height:,}; most fell at the stage {worst!r}, the first: "
                f"{log.frame()['reason'][0]}"
            )
        self.reasons_: pl.DataFrame = log.frame()
        self.facts_: dict[str, Any] = {"columns read": list(texts.columns), "dropped": log.counts, "kept": len(rows)}
        return frame[rows], rows

    def _known(self, frame: pl.DataFrame) -> None:
        """Raise ConfigError for a column that is not there, or a score that is no number."""
        if self.by and self.by not in frame.columns:
            raise ConfigError(f"{self.name}: by: no column {self.by!r} in the table.{near(self.by, frame.columns)}")
        if self.score in SCORES:
            return
        if self.score not in frame.columns:
            known = (*SCORES, *(c for c in frame.columns if frame[c].dtype.is_numeric()))
            raise ConfigError(
                f"{self.name}: score is one of {', '.join(SCORES)} or a column of numbers, got {self.score!r}."
                f"{near(self.score, known)}"
            )
        if not frame[self.score].dtype.is_numeric():
            raise ConfigError(
                f"{self.name}: score: column {self.score!r} holds {frame[self.score].dtype}, and a score is a number"
            )

    def _embedded(self, texts: TextRows, log: Log) -> npt.NDArray[np.float32]:
        """Return (rows, d) a model's vector for each row, and drop those of which it gave none."""
        import numpy as np

        from simulacra.parts.text_vectors import embedded

        rows = log.rows()
        desk, shown = self._asked(), [text[:MOST] for text in texts.whole[rows].to_list()]
        with task("embed", total=len(rows)) as step:
            found, faults = desk.run(embedded(desk, shown, self.vectors, step))
        log.drop("alike", [int(rows[i]) for i in faults], [f"no vector: {why}" for why in faults.values()])
        out = np.zeros((len(log.left), found.shape[1]), np.float32)
        out[rows] = found
        return out

    def _scored(self, frame: pl.DataFrame, texts: TextRows, ruled: Floats, log: Log) -> Floats:
        """Return (rows,) the score by which rows are chosen, and drop those that have none."""
        import numpy as np
        import polars as pl

        rows = log.rows()
        if self.score == "rules":
            log.score(rows, ruled[rows])
            return ruled
        out: Floats = np.full(frame.height, -np.inf)
        if self.score not in SCORES:
            given: Floats = frame[self.score].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            out, raw, none = np.nan_to_num(given, nan=-np.inf), given, np.flatnonzero(np.isnan(given) & log.left)
            log.drop("score", none.tolist(), [f"column {self.score!r} holds no score"] * len(none))
            log.score(rows, raw[rows])
            return out
        from simulacra.text import _select_scores

        with task("score", total=len(rows)) as step:
            found = _select_scores.score(
                self.score, texts.asked[rows].to_list(), texts.answered[rows].to_list(), self._asked(), step
            )
        out[rows] = np.nan_to_num(found.values, nan=-np.inf)
        log.score(rows, found.raw)
        log.drop("score", [int(rows[i]) for i in found.faults], list(found.faults.values()))
        if self.score == "ifd":
            useless = np.flatnonzero((found.raw >= 1) & log.left[rows])
            log.drop("score", rows[useless].tolist(), [f"IFD {found.raw[i]:.2f}: {_NO_HELP}" for i in useless])
        return out

    def _chosen(
        self, frame: pl.DataFrame, texts: TextRows, quality: Floats, vectors: npt.NDArray[np.float32], log: Log
    ) -> None:
        """Drop what is not new, and choose n rows, in equal numbers of each group."""
        import numpy as np

        from simulacra.text import _select_choice as choice

        if self.novelty:
            asks = any(text.strip() for text in texts.asked)
            choice.novel((texts.asked if asks else texts.whole).to_list(), quality, self.novelty, log)
        rows = log.rows()
        if self.n is None or len(rows) <= self.n:
            few = "" if self.n is None else f"; only {len(rows):,} of {self.n:,} rows wanted are"
            log.keep("end", rows, [f"clean and different{few}"] * len(rows), [-1] * len(rows))
            return
        if not self.by:
            choice.best(rows, quality, vectors, self.n, log)
            return
        groups = [str(value) for value in frame[self.by][rows].to_list()]
        names = sorted(set(groups))
        member = np.array([names.index(group) for group in groups])
        parts = [rows[member == i] for i in range(len(names))]
        for group, part, n in zip(names, parts, choice.shares(map(len, parts), self.n), strict=True):
            choice.best(part, quality, vectors, n, log, f" with {self.by} {group}")

    def _asked(self) -> Desk:
        from simulacra.parts.prompts.desk import Desk

        if self.desk is None:
            self.desk = Desk(read_models(self.models))
        return self.desk


_NO_HELP = "the answer is no easier to foresee with the question than without it"


def _ruled(texts: TextRows, log: Log) -> Floats:
    """Return (rows,) the score by rules, and drop rows with too many faults."""
    from simulacra.text import _select_rules as rules

    found = rules.faults(texts)
    off, quality = rules.score(found, texts)
    bad = (off >= rules.DROPPED).nonzero()[0].tolist()
    log.drop("rules", bad, [rules.named(found, row) for row in bad])
    return quality


def _vectors(texts: TextRows, log: Log) -> npt.NDArray[np.float32]:
    """Return (rows, d) a vector for each row; rows that are dropped have one of zeros."""
    import numpy as np

    from simulacra.parts.text_vectors import SIZE, vectors

    rows = log.rows()
    out = np.zeros((len(log.left), SIZE), np.float32)
    out[rows] = vectors(texts.whole[rows].to_list())
    return out
