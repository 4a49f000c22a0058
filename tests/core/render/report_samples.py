"""Reports of known content: one as guards give it, one with everything that a table from outside may hold."""

from __future__ import annotations

import math

import numpy as np

from simulacra.core.report import Finding, Report, View
from simulacra.parts import pictures

NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><h1>fell out",
    "a" * 400,
    "line\nbreak\tand\x00null\x1b[31mred",
    "עמודה בעברית",
    "\u202edesrever\u202c",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 family \U0001f3f4",
    "列の名前がとても長い場合の表示",
    "half \ud800 letter",
    "",
    "&amp; &lt;",
    "javascript:alert(1)",
    "url(https://example.org/x.png)",
)


def plain() -> Report:
    """Return a small report with each verdict and each kind of view."""
    findings = [
        Finding(
            "fidelity",
            "C2ST AUC",
            "fail",
            "boosted trees tell made from real rows. hours is 1.2 x too large",
            0.9731,
            (0.969, 0.977),
            0.5012,
            0.6,
            ("hours", "age"),
            "look for another unit",
            True,
            "Lopez-Paz and Oquab 2017",
        ),
        Finding("fidelity", "Shape", "warn", "columns agree to 0.94", 0.94, None, 0.9965, 0.9, ("hours",)),
        Finding(
            "utility", "TSTR AUC", "ok", "predicts income as well", 0.921, (0.915, 0.927), 0.931, 0.87, headline=True
        ),
        Finding("privacy", "exact copies", "ok", "as many as the holdout has", 0.0015, None, 0.0016, 0.0096),
        Finding("privacy", "audit", "unknown", "not tested: needs a model"),
    ]
    return Report.of([*findings, *views()], meta())


def views() -> list[View]:
    """Return one view of each kind, and of each way to give the edges of bins."""
    names = ["age", "hours", "capital"]
    square = [[0.0, 0.4, -0.1], [0.4, 0.0, None], [-0.1, None, 0.0]]
    return [
        View(
            "fidelity",
            "histogram",
            "t",
            {"edges": [0, 10, 20, 30], "real": [5, 10, 5], "made": [1, 3, 16]},
            "hours",
            0.6,
        ),
        View("fidelity", "histogram", "t", {"edges": [0, 1, 9, 10], "real": [6, 8, 6], "made": [6, 8, 6]}, "age", 0.0),
        View("fidelity", "histogram", "t", {"edges": [0, 1, 1e6], "real": [9, 1], "made": [8, 2]}, "capital", 0.1),
        View(
            "fidelity",
            "histogram",
            "t",
            {"edges": ["2013-01-01", "2013-06-30", "2013-12-31"], "real": [9, 1], "made": [8, 2]},
            "day",
            0.1,
        ),
        View(
            "fidelity",
            "histogram",
            "t",
            {"edges": ["00:10", "12:00", "23:59"], "real": [9, 1], "made": [8, 2]},
            "clock",
            0.1,
        ),
        View("fidelity", "levels", "t", {"labels": ["x", "y"], "real": [30, 10], "made": [20, 20]}, "kind", 0.25),
        View(
            "fidelity",
            "matrix",
            "Correlation, made minus real",
            {"columns": names, "values": square, "low": -1, "high": 1},
        ),
        View(
            "utility",
            "bars",
            "AUC by class",
            {"labels": ["no", "yes"], "series": {"real": [0.9, 0.8], "made": [0.88, 0.7]}},
        ),
        View("privacy", "curve", "Attack", {"x": [0, 0.5, 1], "series": {"hits": [0, 0.6, 1], "chance": [0, 0.5, 1]}}),
        View("fidelity", "table", "Empty cells", {"header": ["column", "real", "made"], "rows": [["age", 0.1, None]]}),
        View("images", "images", "Real images and made ones", sheet(), note="Drawn at random."),
    ]


def sheet() -> dict[str, object]:
    """Return the data of a contact sheet: 4 rows of 12 images of 8 x 8 pixels, ramps of grey."""
    ramp = np.arange(64, dtype=np.uint8).reshape(8, 8, 1) * 4
    rows = [np.stack([np.roll(ramp, i * j, axis=1) for i in range(12)]) for j in range(4)]
    return pictures.sheet(rows, ["ramp: real", "ramp: made", "a long name of a class: real", "made"])


def meta() -> dict[str, object]:
    """Return what a run says about itself."""
    return {
        "title": "100 synthetic rows from people.csv",
        "about": "100 rows made by tables/forest.",
        "made rows": 100,
        "facts": {"copies": {"before the filter": 0.021, "after": 0.0015}},
        "lineage": {"made_by": "tables/forest", "generation": 1, "parents": ["9f3c"], "epsilon": None},
        "recipe": {"method": "tables/forest", "n": 100, "set": {"leaf": 20}},
    }


def nasty() -> Report:
    """Return a report in which every text comes from someone who means harm, and views are broken in every way."""
    items: list[Finding | View] = list(views())
    for at, name in enumerate(NASTY):
        verdict = ("fail", "warn", "unknown", "ok")[at % 4]
        items.append(
            Finding(name, name, verdict, f"{name} is off", 10.0**-at, None, 0.5, 0.6, NASTY, name, at < 6, name)
        )
        items.append(Finding("fidelity", name, verdict, name * 3, math.nan, (math.inf, 1.0), 0.0, 0.0, (name,)))
        levels = {"labels": [*NASTY, *map(str, range(30))], "real": [*range(44)], "made": [0] * 44}
        items.append(View("fidelity", "levels", name, levels, name, 1.0, name))
        items.append(View("fidelity", "table", name, {"header": NASTY, "rows": [NASTY] * 60}, "", 0.0, name))
        cells = [[other, f"{name}\n{other}" * 20] for other in NASTY]
        items.append(View("answers", "texts", name, {"rows": [{"name": name, "cells": cells}]}, note=name))
        items.append(View("images", "images", name, {**sheet(), "rows": [name, *NASTY[:3]]}, note=name))
        items.append(View("fidelity", "bars", name, {"labels": [name], "series": {n: [1.0] for n in NASTY}}))
    items.append(View("fidelity", "curve", "wild", {"x": [0, 1], "series": {n: [None, -1e300] for n in NASTY}}))
    items.append(
        View("fidelity", "matrix", "wild", {"columns": list(NASTY), "values": [[0.5] * len(NASTY)] * len(NASTY)})
    )
    items += broken()
    return Report.of(
        items, {"title": NASTY[0], "about": NASTY[1], "facts": dict.fromkeys(NASTY, list(NASTY)), NASTY[0]: 1}
    )


def broken() -> list[View]:
    """Return views that do not hold together."""
    return [
        View("fidelity", "histogram", "no edges", {"real": [1], "made": [1]}),
        View("fidelity", "histogram", "empty", {"edges": [], "real": [], "made": []}, "broken", 9.0),
        View("fidelity", "histogram", "no number", {"edges": ["a", "b"], "real": [1], "made": [1]}, "broken", 9.0),
        View("fidelity", "histogram", "infinite", {"edges": [0, math.inf], "real": [1], "made": [1]}, "broken", 9.0),
        View("fidelity", "levels", "uneven", {"labels": ["a"], "real": [1, 2], "made": []}, "broken", 9.0),
        View("fidelity", "matrix", "ragged", {"columns": ["a", "b"], "values": [[1.0], [1.0, 2.0]]}),
        View("fidelity", "curve", "no points", {"x": [], "series": {}}),
        View("fidelity", "table", "no rows", {}),
        View("fidelity", "portrait", "unheard of", {}),
        View("images", "images", "no sheet", {"png": "", "width": 0}),
        View("images", "images", "no image", {**sheet(), "png": "PHN2Zz48c2NyaXB0Pg=="}),
        View("images", "images", "another scheme", {**sheet(), "png": 'iVBORw0KGgo" src="http://127.0.0.1:9/x'}),
        View("images", "images", "no rows", {**sheet(), "rows": []}),
    ]


def wide(columns: int) -> Report:
    """Return a report of a table with so many columns, each with a view and a finding of its own."""
    names = [f"measurement_of_something_long_{i:04d}" for i in range(columns)]
    items: list[Finding | View] = []
    for i, name in enumerate(names):
        data = {"edges": [*range(25)], "real": [i + k for k in range(24)], "made": [i + 24 - k for k in range(24)]}
        items.append(View("fidelity", "histogram", f"{name}, real and made", data, name, i / columns))
        items.append(
            Finding("fidelity", f"{name}: share", "warn", f"{name} is off " * 8, 0.2, None, 0.1, 0.3, tuple(names))
        )
    square = [[0.1] * columns] * columns
    items.append(View("fidelity", "matrix", "Correlation", {"columns": names, "values": square, "low": -1, "high": 1}))
    return Report.of(items, {"title": "wide.parquet", "facts": {n: i for i, n in enumerate(names)}})
