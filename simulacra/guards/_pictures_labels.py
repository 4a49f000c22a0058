"""Findings on labelled images: do they show what their label says, are all classes there, and each class alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.report import Finding, View
from simulacra.guards._margins import judged
from simulacra.guards._pictures_distance import frechet_percent, manifolds
from simulacra.guards._stats import ALPHA, share_noise, tvd, tvd_limit, wilson
from simulacra.guards._words import listed, percent

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.guards._frames import Ints
    from simulacra.guards._pictures import Pictures, Side, Texts

    Flags = npt.NDArray[np.bool_]

AGREE_FAIL, AGREE_WARN = 0.15, 0.05
SHARES_FAIL, SHARES_WARN = 0.15, 0.05
UNSURE = 0.6
"""A classifier that is right less often than this part of the way from guessing to always cannot judge labels."""
SHOWN = 30
"""Classes of the table, the most frequent ones."""
FEW = 20
LABELS = "check that labels and images stay in the same order; condition the method on the label when it is trained"


def labels(p: Pictures) -> Iterator[Finding | View]:
    """Yield the findings on labels and the table of classes."""
    if p.made.labels is None or p.fresh.labels is None or p.other.labels is None:
        return
    yield _classes(p, p.made.labels, np.concatenate([p.fresh.labels, p.other.labels]))
    told = _told(p)
    if told is not None:
        yield _agreement(p, *told)
    yield _table(p, p.made.labels, p.fresh.labels)


def _classes(p: Pictures, made: Texts, real: Texts) -> Finding:
    """Judge the shares of the classes, and name those that are absent or new."""
    names = np.unique(np.concatenate([made, real]))
    a, b = (np.array([(side == name).sum() for name in names], dtype=np.float64) for side in (real, made))
    gap, noise = tvd(a, b), tvd_limit(a, b, ALPHA)
    absent = [str(x) for x in names[(b == 0) & (a / a.sum() * b.sum() > 20)]]
    new = [str(x) for x in names[(a == 0) & (b > max(3.0, 0.01 * b.sum()))]]
    verdict = "fail" if absent or new else judged(gap, noise, SHARES_WARN, SHARES_FAIL)
    faults = [f"class {listed([repr(x) for x in absent])} is never made"] if absent else []
    faults += [f"class {listed([repr(x) for x in new])} is not among the real ones"] if new else []
    far = int(np.argmax(np.abs(a / a.sum() - b / b.sum())))
    if verdict in ("warn", "fail") and not faults:
        share = percent(b[far] / b.sum()), percent(a[far] / a.sum())
        faults = [f"class {str(names[far])!r} takes {share[0]} of made images and {share[1]} of real ones"]
    fine = f"classes have their shares, to {percent(gap)} in all"
    return Finding(
        "images",
        "classes",
        verdict,
        "; ".join(faults) or (f"too few images to tell: {fine}" if verdict == "unknown" else fine),
        value=gap,
        fresh=tvd(*(np.array([(x == name).sum() for name in names], float) for x in (p.other.labels, p.fresh.labels))),
        limit=max(SHARES_FAIL, noise),
        columns=(p.label,) if faults and p.label else (),
        advice="make as many rows of each class as there are, or say with where what is wanted" if faults else "",
    )


def _told(p: Pictures) -> tuple[Flags, Flags] | None:
    """Return for made and for fresh images of known classes whether the classifier agrees with their label."""
    if p.classifier is None or p.made.labels is None or p.fresh.labels is None:
        return None
    out = []
    for side in (p.made, p.fresh):
        assert side.labels is not None
        known = np.isin(side.labels, p.classifier.labels)
        if not known.any():
            return None
        out.append(p.classifier.predict(side.deep[known]) == side.labels[known])
    return out[0], out[1]


def _agreement(p: Pictures, made: Flags, fresh: Flags) -> Finding:
    assert p.fresh.labels is not None and p.classifier is not None
    value, mark, n, m = float(made.mean()), float(fresh.mean()), len(made), len(fresh)
    guess = float(np.unique(p.fresh.labels, return_counts=True)[1].max() / len(p.fresh.labels))
    noise = share_noise((value * n + mark * m) / (n + m), n, m, ALPHA)
    verdict = judged(mark - value, noise, AGREE_WARN, AGREE_FAIL)
    sentence = (
        f"a classifier trained on real images gives {percent(value)} of made images their label, and "
        f"{percent(mark)} of {p.against}"
    )
    if (mark - guess) < UNSURE * (1 - guess) and verdict == "ok":
        verdict, sentence = "unknown", f"{sentence}: it knows the classes too badly to judge"
    elif verdict in ("warn", "fail"):
        sentence += ": images do not show what their label says"
    elif verdict == "unknown":
        sentence = f"too few images to tell: {sentence}"
    return Finding(
        "images",
        "label agreement",
        verdict,
        sentence,
        value=value,
        interval=wilson(value * n, n),
        fresh=mark,
        limit=mark - max(AGREE_FAIL, noise),
        columns=(p.label,) if verdict in ("warn", "fail") and p.label else (),
        advice=LABELS if verdict in ("warn", "fail") else "",
        headline=True,
        reference="Ravuri and Vinyals 2019, Classification accuracy score (arXiv 1905.10887), the other way round",
    )


def _table(p: Pictures, made: Texts, fresh: Texts) -> View:
    """Return a row a class: shares, agreement with the label, Frechet distance, precision and recall."""
    names, counts = np.unique(np.concatenate([made, fresh]), return_counts=True)
    inside, found, _ = manifolds(p.made.pixels, p.fresh.pixels)
    rows = []
    for name in names[np.argsort(-counts, kind="stable")][:SHOWN]:
        a, b = np.flatnonzero(made == name), np.flatnonzero(fresh == name)
        enough = min(len(a), len(b)) >= FEW
        far = frechet_percent(p.made.texture[a], p.fresh.texture[b]) if enough else None
        rows.append(
            [
                str(name), _round(len(b) / len(fresh)), _round(len(a) / len(made)), _agree(p, p.made, a),
                _agree(p, p.fresh, b), None if far is None else round(far, 1),
                _round(float(inside[a].mean())) if len(a) else None, _round(float(found[b].mean())) if len(b) else None,
            ]
        )  # fmt: skip
    header = ["class", "real share", "made share", "label agrees", "of real", "Frechet %", "precision", "recall"]
    note = (
        f"Frechet distances of classes with {FEW} images or more of each side; the fewer images, the larger by chance."
    )
    return View(
        "images", "table", "Each class: made images beside real ones", {"header": header, "rows": rows}, note=note
    )


def _agree(p: Pictures, side: Side, rows: Ints) -> float | None:
    if p.classifier is None or not len(rows) or side.labels is None or side.labels[rows[0]] not in p.classifier.labels:
        return None
    return _round(float((p.classifier.predict(side.deep[rows]) == side.labels[rows]).mean()))


def _round(value: float) -> float:
    return round(value, 3)
