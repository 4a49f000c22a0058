"""Cleaning after SMOTE: which rows of a balanced table stand among rows of another class.

Tomek links are pairs of rows of different classes that are each other's nearest (Tomek 1976): both are unwanted. Edited
nearest neighbours are rows whose class differs from that of most of their three nearest (Wilson 1972). Both after
oversampling: Batista, Prati and Monard (2004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from simulacra.parts.neighbour_lists import search
from simulacra.parts.neighbours import Points
from simulacra.tables._smote_class import compared

if TYPE_CHECKING:
    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

EDITED = 3
"""Neighbours that are asked by edited nearest neighbours."""


class Judge(TypedDict):
    """A balanced table against which rows are judged.

    numbers, codes: (rows, ..) its rows as they are compared; mismatch: see parts.neighbours; unit: (numbers,) what
    numbers were divided by; labels: (rows,) number of the class; reach: (rows,) how near a new row must come to be a
    row's nearest, empty for edited nearest neighbours; unwanted: (rows,) 1 where the row itself is unwanted.
    """

    numbers: Floats
    codes: Ints
    mismatch: float
    unit: Floats
    labels: Ints
    reach: Floats
    unwanted: Ints


def appoint(numbers: Floats, codes: Ints, labels: Ints, how: str, scale: bool) -> tuple[Judge, str]:
    """Return the judge of a balanced table, and how neighbours were found.

    how: "tomek" or "enn"; scale: as in tables/smote.
    """
    points, unit = compared(numbers, codes, scale)
    rows = np.arange(len(points))
    near, distance, found = search(points, points, min(EDITED if how == "enn" else 1, len(rows) - 1), rows)
    first = near[:, 0]
    linked = (first[first] == rows) & (labels[first] != labels)
    bad = _outvoted(near, labels, labels) if how == "enn" else linked
    reach = np.zeros(0) if how == "enn" else distance[:, 0]
    judge = Judge(
        numbers=points.numbers,
        codes=codes,
        mismatch=points.mismatch,
        unit=unit,
        labels=labels,
        reach=reach,
        unwanted=bad.astype(np.int64),
    )
    return judge, found


def unwanted(judge: Judge, numbers: Floats, codes: Ints, label: int) -> Bools:
    """Return which new rows of a class are unwanted beside the judge's table: (rows,)."""
    points = Points(judge["numbers"], judge["codes"], judge["mismatch"])
    asked = Points(numbers / judge["unit"], codes, judge["mismatch"])
    links = len(judge["reach"]) > 0
    near, distance, _ = search(asked, points, 1 if links else min(EDITED, len(points)))
    if not links:
        return _outvoted(near, judge["labels"], np.full(len(asked), label))
    first = near[:, 0]
    return np.asarray((judge["labels"][first] != label) & (distance[:, 0] < judge["reach"][first]))


def _outvoted(near: Ints, labels: Ints, own: Ints) -> Bools:
    return np.asarray(2 * (labels[near] != own[:, None]).sum(axis=1) > near.shape[1])
