"""The rules of the contract of generators."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.atomic import sha256
from simulacra.core.budget import Budget
from simulacra.core.data import Dataset, as_dataset, frame_kind
from simulacra.core.errors import ConfigError, ModelError, NotFitted
from simulacra.core.generator import Generator
from simulacra.core.noise import UnsafeNoise
from simulacra.parts.facts import dtype_of
from simulacra.testing import toys
from simulacra.testing._shared import (
    address,
    documented,
    fresh,
    leaves_the_world_alone,
    loads_nothing_heavy,
    must_raise,
    refuses_bad_fields,
    require,
    well_described_fields,
)

if TYPE_CHECKING:
    import polars as pl

ROWS = 300
BLOCK = 64
"""Rows of a block in the rules about blocks and workers, so that few rows make several."""
EPSILON, DELTA = 100.0, 1e-6
"""Budget of methods that need one, so large that its noise hides nothing of a toy."""
SAVED = {".json", ".safetensors", ".arrow"}
"""Kinds of files a saved model may hold: data only."""


class Trial:
    """A method under test, its data, and one fitted object that the rules share."""

    def __init__(self, method: Generator, data: Any) -> None:
        """method: unfitted. data: a table, or None for a toy."""
        self.method, self.given = method, data
        self.name = method.name or type(method).__name__
        self.from_schema = data is None and not method.needs_data

    @cached_property
    def data(self) -> Any:
        """The table to fit on: a polars frame unless the caller brought another; of pictures for a method of images."""
        if self.given is not None:
            return self.given
        return toys.pictures(ROWS, 8) if self.name.startswith("images/") else toys.people(ROWS)

    @cached_property
    def fitted(self) -> Generator:
        """The method, fitted once with seed 3."""
        return self.fit()

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Sixty rows sampled with seed 7."""
        return self.draw(self.fitted, 60, seed=7)

    def fit(self, data: Any = None) -> Generator:
        """Fit a fresh object with seed 3 on the data, or on the schema alone; seeded noise where a budget is needed."""
        if self.from_schema and data is None:
            return fresh(self.method).fit(schema=toys.people_schema(), seed=3)  # type: ignore[no-any-return]
        budget = Budget(EPSILON, DELTA, noise=UnsafeNoise(3)) if self.method.needs_budget else None
        given = self.data if data is None else data
        return fresh(self.method).fit(given, seed=3, budget=budget)  # type: ignore[no-any-return]

    def draw(self, method: Generator, n: int, **how: Any) -> pl.DataFrame:
        """Sample as a polars frame."""
        frame: pl.DataFrame = method.sample(n, kind="polars", **how)
        return frame


def _is_described(case: Trial) -> None:
    cls = type(case.method)
    require(address(cls.name), f"{case.name}: name must be an address such as 'tables/forest', got {cls.name!r}")
    documented(cls, case.name)
    well_described_fields(cls, case.name)


def _imports_are_light(case: Trial) -> None:
    loads_nothing_heavy(type(case.method).__module__, case.name)


def _refuses_bad_fields(case: Trial) -> None:
    refuses_bad_fields(type(case.method), case.method.params(), case.name)


def _says_when_it_is_not_fitted(case: Trial) -> None:
    blank = fresh(case.method)
    if not getattr(case.method, "asks", False):
        must_raise(NotFitted, lambda: blank.sample(5), f"{case.name}: sample before fit")
    with tempfile.TemporaryDirectory() as folder:
        must_raise(NotFitted, lambda: blank.save(Path(folder) / "model"), f"{case.name}: save before fit")


def _leaves_the_world_and_the_data_alone(case: Trial) -> None:
    before = as_dataset(case.data).frame.clone()
    fitted = leaves_the_world_alone(case.name, "fit", case.fit)
    leaves_the_world_alone(case.name, "sample", lambda: case.draw(fitted, 60, seed=7))
    require(as_dataset(case.data).frame.equals(before), f"{case.name}: fit or sample changed the table it was given")


def _gives_n_rows(case: Trial) -> None:
    for n in (1, 7, BLOCK + 10):
        rows = _small(case.fitted, n, seed=1).height
        require(rows == n, f"{case.name}: {n} rows were asked for and {rows} came")
    for bad in (0, -1, True, 2.5):
        must_raise(ConfigError, lambda bad=bad: case.fitted.sample(bad), f"{case.name}: n = {bad!r}")  # type: ignore[misc]


def _keeps_columns_and_types(case: Trial) -> None:
    if getattr(case.method, "asks", False):
        # What asks models makes the columns that it is told to make.
        return
    real = as_dataset(case.data).frame
    made = case.rows
    require(made.columns == real.columns, f"{case.name}: columns {made.columns} in place of {real.columns}")
    if case.method.needs_budget:
        # How a column is stored is not known under a budget: the types are those of the domain.
        real = real.cast({c.name: dtype_of(c) for c in case.fitted.schema_.columns}, strict=False)
    for column in real.columns:
        a, b = made.schema[column], real.schema[column]
        require(a == b, f"{case.name}: column {column!r} is {a} in place of {b}")


def _depends_on_the_seed_alone(case: Trial) -> None:
    require(case.draw(case.fitted, 60, seed=7).equals(case.rows), f"{case.name}: the same seed gave other rows")
    require(case.draw(case.fit(), 60, seed=7).equals(case.rows), f"{case.name}: the same fit seed gave another model")
    other = case.draw(case.fitted, 60, seed=8)
    require(not other.equals(case.rows), f"{case.name}: another seed gave the same rows")


def _depends_on_no_block_or_worker(case: Trial) -> None:
    n = 3 * BLOCK + 5
    alone = _small(case.fitted, n, seed=7)
    blocks = [alone.slice(i * BLOCK, BLOCK) for i in range(3)]
    same = any(a.equals(b) for i, a in enumerate(blocks) for b in blocks[:i])
    require(not same, f"{case.name}: two blocks of rows are the same; draw from the generator that is passed in")
    require(_small(case.fitted, n, seed=7, workers=2).equals(alone), f"{case.name}: 2 workers gave other rows than 1")


def _keeps_the_kind_of_frame(case: Trial) -> None:
    if case.from_schema:
        return
    source = as_dataset(case.data)
    given: list[Any] = [source.frame, source]
    for library, convert in (("pyarrow", source.to_arrow), ("pandas", source.to_pandas)):
        if importlib.util.find_spec("pyarrow") and importlib.util.find_spec(library):
            given.append(convert())
    for data in given:
        made, kind = case.fit(data).sample(5, seed=7), frame_kind(data)
        require(frame_kind(made) == kind, f"{case.name}: fitted on {kind}, sampled {frame_kind(made)}")


def _keeps_its_lineage(case: Trial) -> None:
    made: Dataset = case.fitted.sample(20, seed=7, kind="dataset")
    line, learned = made.lineage, not case.from_schema
    before = as_dataset(case.data).lineage.generation if learned else 0
    for what, seen, wanted in (
        ("made_by", line.made_by, case.method.name),
        ("params", dict(line.params), case.method.params()),
        ("seed", line.seed, 7),
        ("fit_seed", line.fit_seed, 3),
        ("real_share", line.real_share, 0.0),
        ("generation", line.generation, before + 1),
        ("number of parents", len(line.parents), int(learned and not case.method.needs_budget)),
    ):
        require(seen == wanted, f"{case.name}: lineage has {what} = {seen!r} in place of {wanted!r}")
    if learned:
        again = case.fit(made).sample(5, seed=7, kind="dataset").lineage.generation
        require(again == before + 2, f"{case.name}: fitted on its own rows, lineage has generation {again}")


def _survives_saving(case: Trial) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        case.fitted.save(path)
        foreign = sorted(p.name for p in path.rglob("*") if p.is_file() and p.suffix not in SAVED)
        require(not foreign, f"{case.name}: a saved model may hold data only, not {', '.join(foreign)}")
        loaded = leaves_the_world_alone(case.name, "load", lambda: type(case.method).load(path))
        require(case.draw(loaded, 60, seed=7).equals(case.rows), f"{case.name}: the loaded model gives other rows")


def _refuses_damaged_and_newer_models(case: Trial) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        case.fitted.save(path)
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            whole = file.read_bytes()
            for damage, data in (("cut short", whole[: len(whole) // 2]), ("missing", None)):
                file.unlink()
                if data is not None:
                    file.write_bytes(data)
                what = f"{case.name}: loading a model whose {file.name} is {damage}"
                must_raise(ModelError, lambda: type(case.method).load(path), what)
                file.write_bytes(whole)
        _pretend_newer(path, case.method.state_version)
        must_raise(ModelError, lambda: type(case.method).load(path), f"{case.name}: loading a model of a newer version")


def _pretend_newer(path: Path, version: int) -> None:
    model, manifest = path / "model.json", path / "manifest.json"
    text = model.read_text("utf-8")
    marked = text.replace(f'["state_version", {version}]', f'["state_version", {version + 1}]')
    require(marked != text, "the saved model does not say its state_version")
    model.write_text(marked, "utf-8")
    listed = json.loads(manifest.read_text("utf-8"))
    listed["files"]["model.json"] = sha256(model)
    manifest.write_text(json.dumps(listed), "utf-8")


def _small(method: Generator, n: int, **how: Any) -> pl.DataFrame:
    """Sample with blocks of BLOCK rows."""
    try:
        vars(method)["block_rows"] = BLOCK
        frame: pl.DataFrame = method.sample(n, kind="polars", **how)
        return frame
    finally:
        del vars(method)["block_rows"]


RULES: tuple[Callable[[Trial], None], ...] = (
    _is_described,
    _imports_are_light,
    _refuses_bad_fields,
    _says_when_it_is_not_fitted,
    _leaves_the_world_and_the_data_alone,
    _gives_n_rows,
    _keeps_columns_and_types,
    _depends_on_the_seed_alone,
    _keeps_the_kind_of_frame,
    _keeps_its_lineage,
    _survives_saving,
    _refuses_damaged_and_newer_models,
    _depends_on_no_block_or_worker,
)
"""In the order in which they are checked."""
