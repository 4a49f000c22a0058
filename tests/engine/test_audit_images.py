"""The audit of images: a method that remembers pictures is caught by attacks and canaries, one that does not is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from simulacra.core.generator import Generator
from simulacra.core.report import Finding, Report
from simulacra.engine.audit import audit
from simulacra.parts import pictures
from simulacra.testing import toys

REAL, HOLDOUT = toys.pictures(240, side=12, seed=1), toys.pictures(900, side=12, seed=2)


@dataclass
class Album(Generator):
    """Training pictures with some noise on every pixel: a network that learned its few pictures by heart."""

    name: ClassVar[str] = "images/album"
    block_rows: ClassVar[int] = 256

    def _fit(self, data: Any, rng: np.random.Generator) -> None:
        self.rows_ = data.frame

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        rows = self.rows_[rng.integers(0, self.rows_.height, n)]
        images = pictures.arrays(rows)[0] + rng.normal(0, 12, (n, 12, 12, 1))
        return rows.with_columns(pictures.series("image", np.clip(images, 0, 255).astype(np.uint8)))


@dataclass
class Artist(Generator):
    """Fresh pictures, whatever it was fitted on."""

    name: ClassVar[str] = "images/artist"
    block_rows: ClassVar[int] = 256

    def _fit(self, data: Any, rng: np.random.Generator) -> None:
        self.learned_ = data.frame.height

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return toys.pictures(n, side=12, seed=int(rng.integers(1000, 10**9)))


def named(report: Report) -> dict[str, Finding]:
    return {f.name: f for f in report.findings}


def run(method: Generator) -> Report:
    model = method.fit(REAL, seed=1)
    return audit(model.sample(500, seed=2), model=model, real=REAL, holdout=HOLDOUT, shadows=4)


def test_pictures_learned_by_heart_are_told_and_canaries_come_back() -> None:
    report = run(Album())
    found = named(report)
    best = found["strongest membership attack"]
    assert best.verdict == "fail" and best.value is not None and best.value > 0.8
    assert found["canaries"].verdict == "fail" and "turned upside down" in found["canaries"].sentence
    assert found["near copies"].verdict == "fail"
    (table,) = [v for v in report.views if v.guard == "audit" and v.kind == "table"]
    names = {row[0].split(",")[0] for row in table.data["rows"]}
    assert {"nearest made row", "density ratio", "4 shadow models"} <= names


def test_fresh_pictures_raise_no_alarm() -> None:
    report = run(Artist())
    assert report.verdict == "ok", report.text()
    assert named(report)["canaries"].verdict == "ok"
    assert "singling out" in named(report)["limits of this audit"].sentence


def test_few_pictures_are_too_few() -> None:
    report = audit(REAL.head(60), real=REAL.head(60), holdout=HOLDOUT.head(80))
    assert "too few images" in named(report)["attacks"].sentence
