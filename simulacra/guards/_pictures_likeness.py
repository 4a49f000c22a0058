"""Findings on how made images look: Frechet distances, precision, recall, coverage, classifiers, light and detail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import BLUR, LIKENESS, NOISE, RANGE, VARIETY
from simulacra.core.report import Finding, View
from simulacra.core.rng import stream
from simulacra.guards import _views
from simulacra.guards._learn import fit, number_from
from simulacra.guards._margins import gravest, judged
from simulacra.guards._pictures_distance import frechet_percent, precision_recall_coverage
from simulacra.guards._stats import ALPHA, auc, chance_se, ks, ks_noise, share_noise, wilson, z_of
from simulacra.guards._words import listed, percent

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats
    from simulacra.guards._pictures import Images, Pictures

K = 5
SPLITS = 20
"""Random splits of real images, for how much a distance varies by chance, and redraws for its interval."""
FAR_FAIL, FAR_WARN = 10.0, 4.0
"""Points of Frechet distance beyond what fresh real images show from which it matters."""
SHARE_FAIL, SHARE_WARN = 0.25, 0.12
C2ST_FAIL, C2ST_WARN = 0.80, 0.65
LIGHT_FAIL, LIGHT_WARN = 0.30, 0.15
"""Distances (Kolmogorov-Smirnov) of brightness, contrast or detail from which they matter."""
SPREAD = 1.3
FOLDS = 3


def frechet(p: Pictures) -> Iterator[Finding]:
    """Yield the Frechet distance in the space of random convolutions, and in that of a classifier or of pixels."""
    yield _frechet(p, "random convolutions", p.made.texture, p.fresh.texture, p.other.texture, True)
    if p.made.hidden is not None and p.fresh.hidden is not None and p.other.hidden is not None:
        yield _frechet(p, "classifier", p.made.hidden, p.fresh.hidden, p.other.hidden, False)
    else:
        yield _frechet(p, "pixels", p.made.pixels, p.fresh.pixels, p.other.pixels, False)


def _frechet(p: Pictures, space: str, made: Floats, fresh: Floats, other: Floats, headline: bool) -> Finding:
    value, mark, n = frechet_percent(made, fresh), frechet_percent(other, fresh), len(made)
    rng = stream(p.seed, "guards", f"images frechet {space}")
    both = np.concatenate([fresh, other])
    chance, again = [], []
    for _ in range(SPLITS):
        order = rng.permutation(2 * n)
        chance.append(frechet_percent(both[order[:n]], both[order[n:]]))
        again.append(frechet_percent(made[rng.integers(n, size=n)], fresh[rng.integers(n, size=n)]))
    usual = max(float(np.mean(chance)), mark)
    noise = 6 * float(np.std(chance, ddof=1))
    gap, half = value - usual, 1.96 * float(np.std(again, ddof=1))
    verdict = "fail" if gap > max(FAR_FAIL, noise) else "warn" if gap > max(FAR_WARN, noise) else "ok"
    verdict = "unknown" if verdict == "ok" and noise > 3 * FAR_FAIL else verdict
    words = {
        "ok": "no more than fresh real images, or so little more that it does not matter",
        "warn": "made images differ from real ones as a whole",
        "fail": "made images as a whole are not like real ones",
        "unknown": "too few images to tell",
    }
    return Finding(
        "images",
        f"Frechet distance %, {space}",
        verdict,
        f"the Frechet distance of made to {p.against} is {value:.1f} % of the real variance in the space of {space}; "
        f"as many other real images reach {mark:.1f} %: {words[verdict]}{p.note}",
        value=value,
        interval=(max(0.0, value - half), value + half),
        fresh=mark,
        limit=usual + max(FAR_FAIL, noise),
        advice=LIKENESS if verdict in ("warn", "fail") else "",
        headline=headline,
        reference="Heusel et al. 2017, GANs trained by a two time-scale update rule (arXiv 1706.08500)",
    )


MEANING = {
    "precision": ("of made images lie where real ones do", "the others look like no real image", LIKENESS),
    "recall": ("of real images lie where made ones do", "part of the real variety is never made", VARIETY),
    "coverage": (
        "of real images have a made one among their nearest",
        "made images miss part of the real ones",
        VARIETY,
    ),
}


def manifolds(p: Pictures) -> Iterator[Finding]:
    """Yield precision, recall and coverage by the five nearest neighbours, in the space of pixels."""
    made = precision_recall_coverage(p.made.pixels, p.fresh.pixels, K)
    mark = precision_recall_coverage(p.other.pixels, p.fresh.pixels, K)
    n = len(p.made)
    for (name, (what, wrong, advice)), value, fresh in zip(MEANING.items(), made, mark, strict=True):
        noise = SPREAD * share_noise((value + fresh) / 2, n, n, ALPHA)
        verdict = judged(fresh - value, noise, SHARE_WARN, SHARE_FAIL)
        sentence = f"{percent(value)} {what}, {percent(fresh)} with as many other real images"
        if verdict in ("warn", "fail"):
            sentence += f": {wrong}"
        yield Finding(
            "images",
            name,
            verdict,
            f"too few images to tell: {sentence}" if verdict == "unknown" else sentence,
            value=value,
            interval=wilson(value * n, n),
            fresh=fresh,
            limit=max(0.0, fresh - max(SHARE_FAIL, noise)),
            advice=advice if verdict in ("warn", "fail") else "",
            headline=name == "recall",
            reference="Kynkaanniemi et al. 2019 (arXiv 1904.06991)"
            if name != "coverage"
            else "Naeem et al. 2020 (arXiv 2002.09797)",
        )


def tell_apart(p: Pictures) -> tuple[Floats, Floats, float | None]:
    """Return how made the made and the fresh images look to a classifier that did not see them, and the fresh AUC."""
    made, fresh = _out_of_fold(p.made.deep, p.fresh.deep, p.seed)
    other, again = _out_of_fold(p.other.deep, p.fresh.deep, p.seed)
    return made, fresh, auc(other, again)[0]


def _out_of_fold(positive: Floats, negative: Floats, seed: int) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    x = np.concatenate([negative, positive])
    y = np.arange(len(x)) >= len(negative)
    x = (x - x.mean(0)) / (x.std(0) + 1e-9)
    scores = np.empty(len(x))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=number_from(seed, "images c2st"))
    for train, test in folds.split(x, y):
        model = fit(LogisticRegression(C=1e-3, max_iter=100, tol=1e-3), x[train], y[train])
        scores[test] = model.decision_function(x[test])
    return scores[y], scores[~y]


def classifier_test(p: Pictures, made: Floats, fresh: Floats, mark: float | None) -> Iterator[Finding | View]:
    """Yield the classifier two-sample test on random convolutions."""
    n = len(made)
    value, se = auc(made, fresh)
    beyond = 0.5 + z_of(ALPHA) * SPREAD * chance_se(n, n)
    fail, warn = max(C2ST_FAIL, beyond), max(C2ST_WARN, beyond)
    verdict = "fail" if value > fail else "warn" if value > warn else "unknown" if beyond > C2ST_FAIL else "ok"
    words = {
        "ok": "no difference that matters was found",
        "warn": "it sees a difference, though not in every image",
        "fail": "it knows most made images from real ones",
        "unknown": f"too few images to tell, chance alone reaches {beyond:.2f}",
    }
    yield Finding(
        "images",
        "C2ST AUC, random convolutions",
        verdict,
        f"a linear classifier tells {n:,} made from {n:,} {p.against} with AUC {value:.3f} (0.5 is a coin): "
        f"{words[verdict]}",
        value=value,
        interval=(max(0.0, value - 1.96 * se), min(1.0, value + 1.96 * se)),
        fresh=mark,
        limit=fail,
        advice=LIKENESS if verdict in ("warn", "fail") else "",
        reference="Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests",
    )
    yield _views.roc("images", "Telling made from real images", made, fresh, value)


def light(p: Pictures) -> Iterator[Finding]:
    """Yield the finding on brightness, contrast and fine detail, which names blur, noise and a shifted range."""
    made, fresh, other = (looks(side.images) for side in (p.made, p.fresh, p.other))
    n = len(p.made)
    noise = ks_noise(n, n, ALPHA / len(made))
    gaps = {name: ks(made[name], fresh[name]) for name in made}
    verdicts = [judged(gap, noise, LIGHT_WARN, LIGHT_FAIL) for gap in gaps.values()]
    verdict = gravest(verdicts)
    texts, advice = [], []
    for (name, gap), found in zip(gaps.items(), verdicts, strict=True):
        if found in ("warn", "fail"):
            a, b = (float(np.median(x[name])) for x in (made, fresh))
            word, remedy = WORDS[name][a > b]
            advice.append(remedy)
            texts.append(f"{word} ({name} {a:.3g}, real {b:.3g}; distance {gap:.2f})")
    top = max(gaps.values())
    if texts:
        sentence = f"made images are {listed(texts)}"
    else:
        sentence = f"brightness, contrast and fine detail are as in real images, to a distance of {top:.2f}"
        sentence = f"too few images to tell: {sentence}" if verdict == "unknown" else sentence
    yield Finding(
        "images",
        "brightness, contrast, detail",
        verdict,
        sentence,
        value=top,
        interval=(max(0.0, top - ks_noise(n, n, 0.05)), min(1.0, top + ks_noise(n, n, 0.05))),
        fresh=max(ks(other[name], fresh[name]) for name in other),
        limit=max(LIGHT_FAIL, noise),
        advice="; ".join(dict.fromkeys(advice)),
    )


WORDS = {
    "brightness": (("darker", RANGE), ("brighter", RANGE)),
    "contrast": (("flatter", RANGE), ("stronger in contrast", RANGE)),
    "detail": (("blurred", BLUR), ("noisy or too sharp", NOISE)),
}
"""What is wrong when made images have less or more of each, and what to try."""


def looks(images: Images) -> dict[str, Floats]:
    """Return of each image the mean (0..255), the deviation, and the difference of a pixel from its neighbours."""
    parts = [_looks(images[i : i + 500]) for i in range(0, len(images), 500)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _looks(images: Images) -> dict[str, Floats]:
    x = images.astype(np.float32)
    rough = np.zeros(len(x), dtype=np.float64)
    if min(x.shape[1:3]) > 2:
        inner = x[:, 1:-1, 1:-1]
        around = (x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:]) / 4
        rough = np.abs(inner - around).mean((1, 2, 3)).astype(np.float64)
    spread = x.std((1, 2, 3)).astype(np.float64)
    return {"brightness": x.mean((1, 2, 3)).astype(np.float64), "contrast": spread, "detail": rough}
