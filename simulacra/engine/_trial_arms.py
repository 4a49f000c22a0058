"""The arms of a trial: from one draw of real rows, the rows, weights and variation that a learner trains on.

Every arm trains on equally many rows: an arm that adds none repeats its real rows, all classes alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core import registry
from simulacra.core.data import Dataset
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.generator import Generator
from simulacra.core.options import fields, parse
from simulacra.core.rng import stream
from simulacra.engine.inputs import relearned
from simulacra.guards._trial import Arm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.schema import Schema
    from simulacra.engine._trial_task import Task

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

REAL, WEIGHTS, DUPLICATES, AUGMENTATION, STRONG, SMOTE, MADE = (
    "real",
    "class weights",
    "duplicates",
    "augmentation",
    "strong augmentation",
    "SMOTE",
    "MADE",
)
NEIGHBOURS = 5
CHUNK, DRAWN, LEAST = 20_000, 200_000, 20
"""Rows that a method which cannot aim at a class draws at a time and at most, and fewest that must be of the class."""
TABLE_SMOTE = "tables/smote"


@dataclass(frozen=True)
class Draw:
    """One draw of training rows and their classes.

    schema: facts of all real rows, by which the learner reads cells. declared: the user gave it, so that methods may
    know it too. fill: rare classes are brought to this many times the largest.
    """

    task: Task
    frame: pl.DataFrame
    codes: Ints
    schema: Schema
    declared: bool
    seed: int
    number: int
    fill: float

    def wanted(self) -> dict[int, int]:
        """Return how many rows are added to each rare class: up to `fill` times the largest class."""
        import numpy as np

        counts = np.bincount(self.codes, minlength=len(self.task.labels))
        return {k: max(0, round(self.fill * int(counts.max())) - int(counts[k])) for k in self.task.rare}

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the stream of one place of this draw."""
        return stream(self.seed, "engine/trial", purpose, self.number)


@dataclass(frozen=True)
class Rows:
    """What a learner trains on: numbers of rows in the real rows followed by `extra`, their weights, and variation."""

    extra: pl.DataFrame | None
    extra_codes: Ints
    rows: Ints
    weights: Floats
    varied: str = ""


Source = Callable[[Draw, Mapping[int, int]], "pl.DataFrame"]


@dataclass(frozen=True)
class Plan:
    """How an arm comes by its rows.

    made: where added rows come from, None for repeated real ones. share: of the added rows that are made, the others
    being repeated. weighted: classes weigh alike. added: whether rows are added at all. varied: how strongly images are
    varied, "light" or "strong", "" for not at all.
    """

    arm: Arm
    made: Source | None = None
    share: float = 1.0
    weighted: bool = False
    added: bool = True
    varied: str = ""

    def rows(self, draw: Draw) -> Rows:
        """Return the rows of this arm for one draw."""
        import numpy as np

        wanted = draw.wanted()
        total = len(draw.codes) + sum(wanted.values())
        rng = draw.rng("repeat")
        if not self.added:
            rows = evenly(np.arange(len(draw.codes)), total, rng)
            return Rows(None, np.array([], dtype=np.int64), rows, self._weights(draw.codes[rows], draw))
        asked = {k: round(n * self.share) if self.made else 0 for k, n in wanted.items()}
        repeated = [
            evenly(np.flatnonzero(draw.codes == k), n - asked[k], rng) for k, n in wanted.items() if n > asked[k]
        ]
        extra = self.made(draw, asked) if self.made is not None and any(asked.values()) else None
        rows = np.concatenate([np.arange(len(draw.codes)), *repeated])
        codes = np.array([], dtype=np.int64)
        if extra is not None:
            codes = draw.task.codes(extra)
            rows = np.concatenate([rows, len(draw.codes) + np.arange(extra.height)])
        return Rows(extra, codes, rows, np.ones(len(rows)), self.varied)

    def _weights(self, codes: Ints, draw: Draw) -> Floats:
        import numpy as np

        if not self.weighted:
            return np.ones(len(codes))
        counts = np.bincount(codes, minlength=len(draw.task.labels))
        share = len(codes) / (np.count_nonzero(counts) * np.maximum(counts, 1))  # (classes,)
        return np.asarray(share[codes], dtype=np.float64)


def evenly(rows: Ints, total: int, rng: np.random.Generator) -> Ints:
    """Return `total` of these rows, each as often as any other, but for one."""
    import numpy as np

    times, rest = divmod(total, len(rows))
    return np.asarray(np.concatenate([np.tile(rows, times), rng.permutation(rows)[:rest]]), dtype=np.int64)


def plans(task: Task, image: bool, methods: Sequence[Generator], made: pl.DataFrame | None) -> list[Plan]:
    """Return the arms of a trial, the simple ones first."""
    control = AUGMENTATION if image else DUPLICATES
    out = [
        Plan(Arm(REAL, "real rows alone, repeated to the same number"), added=False),
        Plan(Arm(WEIGHTS, "real rows, classes of equal weight", REAL), added=False, weighted=True),
        Plan(Arm(DUPLICATES, "real rows, the rare ones repeated", REAL)),
    ]
    if image:
        told = "duplicates, all images cropped and rotated a little, flipped and lit anew in every step"
        out.append(Plan(Arm(AUGMENTATION, told, REAL), varied="light"))
        told = "the same with larger crops and turns, as is customary for photographs"
        out.append(Plan(Arm(STRONG, told, REAL), varied="strong"))
        out.append(Plan(Arm(SMOTE, "rare images mixed with neighbours, pixel by pixel", control), pixels))
    elif TABLE_SMOTE in registry.names() and all(m.name != TABLE_SMOTE for m in methods):
        method = registry.load(TABLE_SMOTE)
        told = "rare rows mixed with their neighbours (tables/smote)"
        out.append(Plan(Arm(SMOTE, told, control), source(configured(method, task.target, {}))))
    for name, method in zip(named(methods), methods, strict=True):
        makes = source(method)
        out.append(Plan(Arm(name, f"rare rows made by {name}", control, True), makes))
        both = f"{name} + {control}"
        told = f"half of the added rows made by {name}, half repeated{', all varied' if image else ''}"
        out.append(Plan(Arm(both, told, control, True), makes, 0.5, varied="light" if image else ""))
    if made is not None:
        out.append(Plan(Arm(MADE, "the rare ones of the rows given", control, True), given(made)))
    return out


def named(methods: Sequence[Generator]) -> list[str]:
    """Return a name for each method: its address, with a number where one comes again."""
    seen: dict[str, int] = {}
    out = []
    for method in methods:
        seen[method.name] = seen.get(method.name, 0) + 1
        out.append(method.name if seen[method.name] == 1 else f"{method.name} {seen[method.name]}")
    return out


def method_of(given: str | Generator, target: str, settings: Mapping[str, Mapping[str, Any]]) -> Generator:
    """Return a method by its address, with its settings and the target; one that is built already stays.

    Raises ConfigError for an unknown address or field.
    """
    if isinstance(given, Generator):
        return given
    return configured(registry.load(given), target, settings.get(given, {}))


def configured(cls: type[Generator], target: str, settings: Mapping[str, Any]) -> Generator:
    """Return a method with its settings, texts read by the field's type, and the target where it takes one."""
    texts = {k: v for k, v in settings.items() if isinstance(v, str)}
    values = {**settings, **parse(cls, cls.name, texts)}
    if "target" in {f.name for f in fields(cls)}:
        values.setdefault("target", target)
    return cls(**values)


def source(method: Generator) -> Source:
    """Return what makes rows with a method that is fitted on the real rows of the draw, all classes.

    One fit serves all arms of a draw: each takes the first of the rows that fill the rare classes up.
    """
    kept: dict[int, dict[int, pl.DataFrame]] = {}

    def make(draw: Draw, asked: Mapping[int, int]) -> pl.DataFrame:
        import polars as pl

        if draw.number not in kept:
            kept.clear()
            kept[draw.number] = _made(method, draw)
        return pl.concat([kept[draw.number][k].head(n) for k, n in asked.items() if n])

    return make


def _made(method: Generator, draw: Draw) -> dict[int, pl.DataFrame]:
    """Return the rows of a fresh fit that fill up each rare class."""
    fitted = dataclasses.replace(method)
    seed = int(draw.rng(f"fit {method.name}").integers(2**31))
    data = Dataset({"table": draw.frame}, draw.schema)
    # An inferred schema knows the ranges and levels of test rows too; a method gets that of its own rows.
    fitted.fit(data if draw.declared else relearned(data), seed=seed)
    target, cells = draw.task.target, draw.task.cells
    return {k: _some(fitted, n, seed + k, {target: cells[k]}) for k, n in draw.wanted().items() if n}


def _some(fitted: Generator, n: int, seed: int, where: Mapping[str, Any]) -> pl.DataFrame:
    """Return n made rows of a class; a method that cannot aim draws all classes, and what it hits is repeated."""
    import numpy as np
    import polars as pl

    from simulacra.core.where import mask

    if type(fitted)._sample_where is not Generator._sample_where:
        aimed: pl.DataFrame = fitted.sample(n, seed=seed, where=where, kind="polars")
        return aimed
    hits: list[pl.DataFrame] = []
    for chunk in range(DRAWN // CHUNK):
        frame = fitted.sample(CHUNK, seed=seed + 1000 * chunk, kind="polars")
        hits.append(frame.filter(mask(frame, where)))
        if sum(h.height for h in hits) >= n:
            break
    made = pl.concat(hits)
    if made.height < LEAST:
        raise DataError(f"{fitted.name} made {made.height} rows of the rare class among {DRAWN:,}: too few to train on")
    return made[np.resize(np.arange(made.height), n)]


def given(made: pl.DataFrame) -> Source:
    """Return what takes rows from a table that was made before; each as often as any other."""

    def take(draw: Draw, asked: Mapping[int, int]) -> pl.DataFrame:
        import numpy as np
        import polars as pl

        codes, parts = draw.task.codes(made), []
        for k, n in asked.items():
            there = np.flatnonzero(codes == k)
            if n and not len(there):
                raise ConfigError(f"MADE has no row with {draw.task.target} = {draw.task.labels[k]}")
            rng = draw.rng("given")
            parts.append(made[evenly(rng.permutation(there), n, rng)] if n else made.clear())
        return pl.concat(parts)

    return take


def pixels(draw: Draw, asked: Mapping[int, int]) -> pl.DataFrame:
    """Return rare images, each a mix of one and of a near neighbour, pixel by pixel (SMOTE, Chawla et al. 2002)."""
    import numpy as np
    import polars as pl

    from simulacra.parts import pictures

    rng, parts = draw.rng("pixels"), []
    for k, n in asked.items():
        own = draw.frame.filter(pl.Series(draw.codes == k))
        images, name = pictures.arrays(own, draw.schema)
        flat = images.reshape(len(images), -1).astype(np.float32)
        square = (flat**2).sum(1)
        distance = square[:, None] + square - 2 * flat @ flat.T
        np.fill_diagonal(distance, np.inf)
        near = np.argsort(distance, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(flat) - 1)]
        at = evenly(np.arange(len(flat)), n, rng)
        beside = near[at, rng.integers(near.shape[1], size=n)]
        mixed = flat[at] + rng.random((n, 1), dtype=np.float32) * (flat[beside] - flat[at])
        new = pictures.series(name, np.rint(mixed).astype(np.uint8).reshape(n, *images.shape[1:]))
        parts.append(own[at].with_columns(new))
    return pl.concat(parts)
