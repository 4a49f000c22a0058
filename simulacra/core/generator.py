"""Generator: the seam that every method fills.

The base converts, checks, seeds, records and saves; a method is its mathematics.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from simulacra.core import infer_images, options, rng, state
from simulacra.core.atomic import sha256
from simulacra.core.budget import Budget
from simulacra.core.data import Dataset, as_dataset, frame_kind, give_back
from simulacra.core.errors import ConfigError, DataError, ModelError, NotFitted, near
from simulacra.core.lineage import Lineage, keyed_hash, versions
from simulacra.core.schema import Schema
from simulacra.core.where import Where

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


@dataclass(frozen=True)
class Checkpoint:
    """Where a long fit keeps its state, and what it is a fit of: a state of anything else is never taken up.

    path: a folder, which need not exist. identity: a hash of method, fields, seed, data, schema, versions and the model
    that is started from.
    """

    path: Path
    identity: str

    @classmethod
    def of(cls, path: str | Path, *what: Any) -> Self:
        """Return the checkpoint of a fit that `what` describes."""
        return cls(Path(path), hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest())


@dataclass
class Generator:
    """Base of all methods that make data.

    A method is a dataclass whose fields (core.options.option) are its configuration. It writes
    `_fit(data, rng)`, which sets attributes that end in "_" (plain values, numpy arrays, polars frames: they are what
    is saved), and `_sample(n, rng)`, which returns a polars frame of n rows. `_finish(frame, rng, start)` may add what
    must be unique over all rows; `start` is the number of the first row. Methods with needs_data = False get their
    facts from `fit(schema=...)` alone or need no fit at all. private: it can be fitted under a privacy budget, which
    `_fit` finds in `self._budget`; it then sets `self.schema_` itself and takes nothing from the rows but what the
    budget released. needs_budget: it cannot be fitted without one.
    """

    name: ClassVar[str] = ""
    needs_data: ClassVar[bool] = True
    private: ClassVar[bool] = False
    needs_budget: ClassVar[bool] = False
    block_rows: ClassVar[int] = rng.BLOCK_ROWS
    state_version: ClassVar[int] = 1

    def __new__(cls, *_: Any, **given: Any) -> Self:
        # A method with an __init__ of its own takes what it likes.
        known = [f.name for f in options.fields(cls)] if "__dataclass_params__" in vars(cls) else list(given)
        for field in given:
            if field not in known:
                raise ConfigError(f"{cls.name} has no field {field!r}.{near(field, known)}")
        out = super().__new__(cls)
        vars(out)["_named"] = frozenset(given) | frozenset(known[: len(_)])
        return out

    def __post_init__(self) -> None:
        options.check(self, self.name)

    # What a method writes -------------------------------------------------------------------------------------------

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define _fit")

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        raise NotImplementedError(f"{type(self).__name__} must define _sample")

    def _sample_where(self, n: int, rng: np.random.Generator, plain: Where) -> pl.DataFrame:
        """Draw n rows that are aimed at conditions; rows that miss them are rejected by the caller."""
        return self._sample(n, rng)

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        return frame

    def default_rows(self, rows: int) -> int:
        """Return how many rows are made when nobody says how many, after a fit on `rows`."""
        return rows

    def aims(self) -> Where | None:
        """Return the shares that the rows of a fitted method have by design, such as balanced classes."""
        return None

    @classmethod
    def remedies(cls, params: Mapping[str, Any]) -> dict[str, str]:
        """Return what to try in this method's own words, by the sentences of core.advice; params: its fields."""
        return {}

    # What a user calls ----------------------------------------------------------------------------------------------

    def params(self) -> dict[str, Any]:
        """Return the configuration as plain values."""
        return {f.name: getattr(self, f.name) for f in options.fields(type(self))}

    def fit(
        self,
        data: Any = None,
        *,
        schema: Schema | None = None,
        seed: int | None = None,
        checkpoint: str | Path | None = None,
        budget: Budget | None = None,
    ) -> Self:
        """Learn from data and return self.

        data: a Dataset or any polars, pandas or Arrow table; None for methods that need none. schema: facts to use
        in place of inferred ones. seed: any integer; None takes a fresh one and records it. checkpoint: a folder in
        which a long training keeps its state, so that the same call goes on after a stop; the caller removes it.
        budget: of differential privacy; the fit spends all of it and keeps nothing of the rows that was not released.
        Raises DataError for data that are absent or empty, SchemaError when schema and data differ, BudgetError.
        """
        seed = self._seed(seed)
        for attribute in [a for a in vars(self) if a.endswith("_")]:
            delattr(self, attribute)
        self._budget: Budget | None = budget
        options.settle(self, vars(self).get("_named", ()), budget is not None)
        if budget is None and self.needs_budget:
            raise ConfigError(
                f"{self.name} needs a privacy budget: fit(data, budget=Budget(1, 1e-9)) in Python, or "
                "--epsilon 1 --delta 1e-9 on the command line; delta lies far below one in the number of persons"
            )
        if budget is not None:
            return self._fit_privately(data, schema, seed, budget)
        source, kind = self._take(data, schema)
        if self.name.startswith("tables/"):
            infer_images.refuse(source.schema, self.name)
        parents = tuple(keyed_hash(f) for f in source.frames.values()) if data is not None else ()
        self._checkpoint: Checkpoint | None = None
        if checkpoint is not None:
            known = (source.schema.to_dict(), _origin(self), versions())
            self._checkpoint = Checkpoint.of(checkpoint, self.name, self.params(), seed, parents, *known)
        self.schema_: Schema = source.schema
        self._fit(source, rng.stream(seed, self.name, "fit"))
        self.kind_: str = kind
        if kind == "pandas":
            self._dtypes = dict(data.dtypes)
        if data is not None:
            self.empty_: pl.DataFrame = source.frame.clear()
        self.lineage_: Lineage = source.lineage.child(
            self.name,
            params=self.params(),
            fit_seed=seed,
            parents=parents,
            versions=versions(),
            facts=dict(getattr(self, "facts_", {})),
        )
        return self

    def sample(
        self, n: int, *, seed: int | None = None, where: Where | None = None, workers: int = 1, kind: str | None = None
    ) -> Any:
        """Return n new rows as the kind of table that was fitted.

        n: rows, at least 1. seed: any integer; the same seed gives the same rows for any number of workers; None takes
        a fresh one and records it. where: conditions (core.where). workers: processes. kind: "dataset", "polars",
        "pandas" or "arrow" in place of the fitted kind.
        Raises NotFitted, ConfigError for n < 1, DataError for conditions that (almost) never hold.
        """
        import polars as pl

        seed = self._seed(seed)
        blocks = [b.frame for b in self.batches(n, seed=seed, where=where, workers=workers)]
        made = Dataset({"table": pl.concat(blocks)}, self.schema_, self._lineage(seed))
        return give_back(made, kind or self.kind_, getattr(self, "_dtypes", None))

    def batches(
        self, n: int, *, seed: int | None = None, where: Where | None = None, workers: int = 1, first: int = 0
    ) -> Iterator[Dataset]:
        """Yield the same rows as `sample`, one Dataset a block, for output larger than memory.

        first: number of the first block to yield, so that a stopped run can go on.
        """
        from simulacra.core.blocks import run

        self._require_fit()
        n = options.whole(n, f"{self.name}: n", 1)
        workers = options.whole(workers, f"{self.name}: workers", 1)
        seed = self._seed(seed)
        for frame in run(self, n, seed, where, workers, first):
            yield Dataset({"table": frame}, self.schema_, self._lineage(seed))

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the fitted method to a folder, all or nothing. Raises NotFitted, OutputError."""
        self._require_fit()
        learned = {k: v for k, v in vars(self).items() if k.endswith("_") and k not in ("schema_", "lineage_")}
        tree = {
            "address": self.name,
            "state_version": self.state_version,
            "params": self.params(),
            "schema": self.schema_.to_dict(),
            "lineage": self.lineage_.to_dict(),
            "learned": learned,
        }
        state.save(path, tree, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a fitted method from a folder; nothing in the folder is ever run.

        Called on Generator it finds the method by its address; on a method it refuses another method's folder.
        Raises ModelError for a damaged, foreign or newer model.
        """
        tree = state.load(path)
        target = cls._of_address(str(tree.get("address")), path)
        if tree.get("state_version", 0) > target.state_version:
            raise ModelError(
                f"{path}: saved by a newer {target.name} (state {tree['state_version']}); upgrade simulacra"
            )
        try:
            out = target(**tree["params"])
            out.schema_ = Schema.from_dict(tree["schema"], str(path))
            out.lineage_ = Lineage.from_dict(tree["lineage"])
            learned = dict(tree["learned"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{path}: model.json lacks or misnames an entry ({error}); the model is damaged or foreign"
            ) from error
        for key, value in learned.items():
            # Only what a fit may have set: no name of a method, and nothing of Python's own.
            if not str(key).endswith("_") or str(key).startswith("_"):
                raise ModelError(f"{path}: model.json names {key!r} as learned; the model is damaged or foreign")
            setattr(out, key, value)
        return out

    # Helpers --------------------------------------------------------------------------------------------------------

    def _fit_privately(self, data: Any, schema: Schema | None, seed: int, budget: Budget) -> Self:
        """Fit under a budget: no schema, hash, type or count of the rows is kept, only what the ledger released."""
        if not self.private:
            from simulacra.core import registry

            able = [a for a in registry.names() if getattr(registry.load(a), "private", False)]
            raise ConfigError(
                f"{self.name} cannot be fitted under a privacy budget; use one of {', '.join(able)}, or leave the "
                "budget out and share nothing that was made"
            )
        if data is None:
            raise DataError(f"{self.name}: fit needs data; give a table or a Dataset")
        source = as_dataset(data)
        # A schema that came with the data was inferred from them; only what the user gives by hand is a claim.
        source = dataclasses.replace(source, given_schema=schema)
        if budget.person is not None and budget.person not in source.columns:
            raise ConfigError(f"person: no column {budget.person!r} in the data.{near(budget.person, source.columns)}")
        self._checkpoint = None
        try:
            self._fit(source, rng.stream(seed, self.name, "fit"))
            budget.close()
        finally:
            self._budget = None
        self.kind_ = frame_kind(data)
        self.empty_ = self._sample(1, rng.stream(seed, self.name, "empty")).clear()
        self.lineage_ = Lineage(generation=source.lineage.generation).child(
            self.name,
            params=self.params(),
            fit_seed=seed,
            versions=versions("opendp"),
            epsilon=budget.epsilon if budget.private else None,
            delta=budget.delta if budget.private else None,
            facts={**dict(getattr(self, "facts_", {})), "ledger": budget.to_dict()},
        )
        return self

    @classmethod
    def _of_address(cls, address: str, path: str | Path) -> type[Self]:
        if cls.name == address:
            return cls
        if cls is not Generator:
            raise ModelError(f"{path} holds a {address} model, not {cls.name}; load it with simulacra.load(path)")
        from simulacra.core import registry

        try:
            found: type[Self] = registry.load(address)
        except ConfigError as error:
            raise ModelError(f"{path}: made by {address}, which is not installed here. {error}") from error
        return found

    def _take(self, data: Any, schema: Schema | None) -> tuple[Dataset, str]:
        if data is None:
            if self.needs_data:
                raise DataError(f"{self.name}: fit needs data; give a table or a Dataset")
            if schema is None:
                raise DataError(
                    f"{self.name}: without data, fit needs schema=; make one with `simulacra look DATA -o schema.toml`"
                )
            import polars as pl

            return Dataset({next(iter(schema.tables)): pl.DataFrame()}, schema), "polars"
        out = as_dataset(data, schema)
        if len(out) == 0:
            raise DataError(f"{self.name}: the table has a header but no rows; fit needs at least one")
        return out, frame_kind(data)

    def _seed(self, seed: int | None) -> int:
        return rng.fresh_seed() if seed is None else options.whole(seed, f"{self.name}: seed")

    def _require_fit(self) -> None:
        if not hasattr(self, "lineage_"):
            raise NotFitted(f"{self.name}: call fit(data) first")

    def _lineage(self, seed: int) -> Lineage:
        return dataclasses.replace(self.lineage_, seed=seed)


def _origin(method: Generator) -> tuple[str, str]:
    """Return which class fits, for a subclass may bring a network of its own, and the sum of the model it starts from.

    Another model may stand at the path of `start` by the next call.
    """
    start = getattr(method, "start", None)
    saved = isinstance(start, str) and state.is_saved(start)
    return type(method).__qualname__, sha256(Path(str(start)) / "manifest.json") if saved else ""
