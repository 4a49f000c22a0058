"""Personas: made-up people without a model, or people who have to do with texts, rows of a table, or each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.data import Dataset
from simulacra.core.errors import ConfigError, DataError, near
from simulacra.core.options import option
from simulacra.core.progress import task
from simulacra.parts.prompts.model import EMBEDDED, read_models
from simulacra.text._base import Failure, Texts
from simulacra.text._personas_columns import columns

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.schema import Schema
    from simulacra.text._columns_run import Plan
    from simulacra.text._personas_alike import Twin

SOURCES = ("auto", "made", "texts", "rows", "schema")
USUAL = ("text", "document", "content", "body", "message", "sentence", "review", "abstract", "article", "description")
SAMPLE = 10_000
"""Personas of a stream that are looked at for near-duplicates."""


@dataclass
class Personas(Texts):
    """Make personas: short descriptions of people, to condition prompts and other generators on.

    source made: people by a pure function of (seed, row number), each with its facts in columns, no model asked; texts:
    who is likely to read, write, like or dislike a text of the data, by a model; rows: a sentence about the coarse
    values of a row of the data; schema: the same about rows drawn from a schema, each column by itself; auto takes what
    is given. rounds: for each persona a chain of so many others, each in a relation to the one before, by a model. What
    resembles an earlier persona is dropped, first by its words (MinHash, verified), then by its vector; of those that
    are made by number or from a schema the share is told and none is dropped.
    Reference: Ge et al. (2024), "Scaling Synthetic Data Creation with 1,000,000,000 Personas".
    Example: Personas().sample(1000, seed=1)
    """

    name = "text/personas"
    takes_schema: ClassVar[bool] = True

    source: str = option("auto", "what personas are made from", choices=SOURCES)
    column: str = option("", "column of the data that holds texts; empty takes the usual names or the longest texts")
    rounds: int = option(0, "others in a chain behind each persona, by a model", low=0, high=6)
    length: str = option("full", "of personas that are made by number", choices=("full", "short"))
    alike: float = option(0.9, "similarity from which a persona counts as a repetition of another", low=0.3, high=1)
    vectors: str = option("", "model that embeds personas; empty compares hashed words, without a model")

    def __post_init__(self) -> None:
        super().__post_init__()
        known = [model.name for model in read_models(self.models)]
        if self.vectors and self.vectors not in known:
            raise ConfigError(f"{self.name}: vectors: no model is named {self.vectors!r}.{near(self.vectors, known)}")
        if self.language and self._small:
            raise ConfigError(f"{self.name}: the embedded model writes English only; give another model for a language")

    # What is fitted -------------------------------------------------------------------------------------------------

    def _take(self, data: Any, schema: Schema | None) -> tuple[Dataset, str]:
        import polars as pl

        if data is None and schema is not None:
            return Dataset({next(iter(schema.tables)): pl.DataFrame()}, schema), "polars"
        source, kind = super()._take(data, schema)
        return (source if schema is None else replace(source, given_schema=schema)), kind

    def _fit(self, data: Dataset, rng: Any) -> None:
        from simulacra.text import _personas_rows as told

        given = data.frame if data.frame.width else None
        declared = data.schema if any(table.columns for table in data.schema.tables.values()) else None
        source = self.source if self.source != "auto" else self._guess(given, declared)
        if source in ("texts", "rows") and given is None:
            raise DataError(f"{self.name}: source {source} needs data; give a table or documents, or source = made")
        if source == "schema" and declared is None:
            raise ConfigError(f"{self.name}: source schema needs a schema; give --schema FILE, or fit(schema=...)")
        if self.rounds and source == "schema":
            raise ConfigError(f"{self.name}: rounds need personas of numbers, texts or rows; leave rounds out")
        self.source_: str = source
        self.seeds_ = None
        if source == "texts" and given is not None:
            self.seeds_ = given.select(self._text_column(given))
        if source == "rows" and given is not None:
            facts = declared and data.schema or Dataset({"table": given}).schema
            self.seeds_ = told.sentences(given, facts).to_frame()
        self._failures, self._facts = [], {}
        self._plan()

    def _guess(self, given: pl.DataFrame | None, declared: Schema | None) -> str:
        from simulacra.text import _personas_rows as told

        if given is None:
            return "made" if declared is None else "schema"
        return "texts" if self.column or told.usual_text(given, USUAL) else "rows"

    def _text_column(self, given: pl.DataFrame) -> str:
        from simulacra.text import _personas_rows as told

        if self.column and self.column not in given.columns:
            raise ConfigError(
                f"{self.name}: the data have no column {self.column!r}.{near(self.column, given.columns)}"
            )
        found = self.column or told.usual_text(given, USUAL)
        if not found:
            raise ConfigError(
                f"{self.name}: no column holds texts; name it with column, among {', '.join(given.columns)}"
            )
        return found

    def default_rows(self, rows: int) -> int:
        """Return one persona for each row of the data, and its rounds."""
        return rows * (self.rounds + 1)

    # What is sampled ------------------------------------------------------------------------------------------------

    @property
    def _asked(self) -> bool:
        """Return whether a model writes personas, or rows of data are told; others are a function of their number."""
        return self.rounds > 0 or self.source_ in ("texts", "rows")

    def _columns(self) -> Sequence[Mapping[str, Any]]:
        source = "made" if self.source_ == "schema" else self.source_
        column = "" if self.seeds_ is None else self.seeds_.columns[0]
        return columns(source, column, self.rounds, self.length, self._small, self.vectors)

    @property
    def _small(self) -> bool:
        """Return whether the model goes on from examples better than it obeys, as the embedded one does."""
        return read_models(self.models)[0].port == EMBEDDED

    def _blocks(self, plan: Plan, n: int, seed: int, first: int) -> Iterator[Dataset]:
        for number, (rows, lineage) in enumerate(self._chains(plan, n, seed) if self._asked else self._stream(n, seed)):
            if number >= first:
                yield Dataset({"table": rows, "lineage": lineage}, None, self._lineage(seed))

    def _stream(self, n: int, seed: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Yield personas that are a function of their number, in constant memory."""
        sample: list[str] = []
        size = self.block_rows
        with task("sample", total=n) as step:
            for block, rows in enumerate(self._numbered(n, seed)):
                if len(sample) < SAMPLE:
                    sample += rows["persona"].head(SAMPLE - len(sample)).to_list()
                    if len(sample) == SAMPLE or (block + 1) * size >= n:
                        self._facts["repetitions among the first"] = self._repetitions(sample)
                yield rows, _lineage_of(range(block * size, block * size + rows.height), self.source_ == "made")
                step(rows.height)

    def _repetitions(self, sample: Sequence[str]) -> dict[str, float]:
        """Return the shares of a sample that resemble an earlier persona; told rows are alike when they are equal."""
        from simulacra.text import _personas_alike as alike

        if self.source_ == "schema":
            return {"personas": len(sample), "equal": 1 - len(set(sample)) / len(sample)}
        return {"personas": len(sample), **alike.share(sample, self.alike)}

    def _numbered(self, n: int, seed: int) -> Iterator[pl.DataFrame]:
        import numpy as np

        from simulacra.parts.personas import personas
        from simulacra.text import _personas_rows as told

        size = self.block_rows
        if self.source_ == "schema":
            for rows in told.drawn(self.schema_, seed, self.name, size, 0, n):
                yield told.sentences(rows, self.schema_).to_frame()
            return
        for start in range(0, n, size):
            numbers = np.arange(start, min(start + size, n), dtype=np.uint64)
            yield personas(seed, numbers, self.length).rename({"text": "persona"})

    def _chains(self, plan: Plan, n: int, seed: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Yield personas that are written or told, a row each, without those that resemble an earlier one."""
        from simulacra.text import _personas_chains as chains
        from simulacra.text import _personas_rows as told
        from simulacra.text._columns_run import run
        from simulacra.text._personas_alike import STAGES, Alike

        length = self.rounds + 1
        # Told rows differ by single words: two are alike when all that is told is equal.
        equal, known, size = Alike(1.0, False), Alike(self.alike), max(64, self.block_rows // length)
        counts = dict.fromkeys(STAGES, 0)
        self._facts["dropped as alike"] = counts
        ways = (not self.language, self._small)
        if self.source_ == "rows":
            self._facts["made from"] = told.DERIVED
        for frame, lineage, failures, _ in run(plan, self._asked_desk, self.name, seed, -(-n // length), size, 0):
            block = chains.laid_out(frame, lineage, failures, length, n, self.source_ == "rows", ways)
            plain = (block.rows["round"] == 0) & (self.source_ == "rows")
            twins = equal.twins(*block.some(plain)[:2]) + known.twins(*block.some(~plain))
            for twin in twins:
                counts[twin.stage] += 1
            self._failures += sorted((*block.failures, *map(_dropped, twins)), key=lambda failure: failure.row)
            yield block.without([twin.row for twin in twins])


def _dropped(twin: Twin) -> Failure:
    what = "pairs of words in common (Jaccard)" if twin.stage == "MinHash" else "cosine of its vector"
    return Failure(twin.row, "persona", f"resembles the persona of row {twin.first}: {twin.value:.2f} {what}")


def _lineage_of(rows: range, numbered: bool) -> pl.DataFrame:
    """Return the lineage of personas for which nobody was asked: each stands on its own number."""
    import polars as pl

    from simulacra.text._columns_cells import asked_type

    ids = pl.List(pl.Int64())
    row = pl.Series("row", rows, pl.Int64)
    none = pl.Series("parents", [[]], ids).new_from_index(0, len(row))
    own = row.reshape((-1, 1)).arr.to_list() if numbered else none
    asked = pl.Series("asked", [[]], asked_type()).new_from_index(0, len(row))
    return pl.DataFrame([row, none, own.alias("personas"), asked])
