"""Images of known origin for the guard of images: digits of scikit-learn, and faults planted in them."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from simulacra.core.case import Case
from simulacra.core.data import as_dataset
from simulacra.core.report import Finding, Report
from simulacra.guards.images import images
from simulacra.parts import pictures

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.str_]
Labelled = tuple[Images, Labels]


@cache
def digits(seed: int = 0) -> Labelled:
    """Return 1,797 digits of 8 x 8 pixels, 0..255, in an order of their own for each seed, and their labels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(seed).permutation(len(found.target))
    return np.rint(found.images * 255 / 16).astype(np.uint8)[order][..., None], found.target[order].astype(str)


def parts(seed: int = 0, size: int = 350) -> tuple[Labelled, Labelled, Labelled]:
    """Return training images, holdout images and fresh ones that nobody saw."""
    x, y = digits(seed)
    return (x[: 2 * size], y[: 2 * size]), (x[-2 * size : -size], y[-2 * size : -size]), (x[-size:], y[-size:])


def table(x: Images, y: Labels | None) -> pl.DataFrame:
    frame = pl.DataFrame({"image": pictures.series("image", x)})
    return frame if y is None else frame.with_columns(label=pl.Series(y.tolist()))


def case(made: Labelled, seed: int = 0, holdout: bool = True, labels: bool = True) -> Case:
    """Return a case of digits; made: what is judged."""
    train, kept, _ = parts(seed)
    frames = [table(x, y if labels else None) for x, y in (made, train, kept)]
    made_data, real, hold = (as_dataset(f) for f in frames)
    return Case(made_data, real=real, holdout=hold if holdout else None, seed=seed)


def judged(given: Case) -> dict[str, Finding]:
    """Return the findings of the guard by name."""
    items = images(given)
    assert Report.of(items).to_dict()
    return {i.name: i for i in items if isinstance(i, Finding)}


def loud(found: dict[str, Finding], verdict: str = "fail") -> set[str]:
    return {name for name, f in found.items() if f.verdict == verdict}
