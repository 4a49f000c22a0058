"""Images: do made pictures look like real ones, do they vary as much, and are they copies?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulacra.core.case import Case, guard, guarded, not_tested
from simulacra.core.errors import MissingExtra, need
from simulacra.core.infer_images import columns_of
from simulacra.core.report import Finding, View

if TYPE_CHECKING:
    from simulacra.guards._pictures import Pictures


def _pictured(case: Case) -> bool:
    return bool(columns_of(case.made.frame)) or case.real is not None and bool(columns_of(case.real.frame))


@guard("images", needs=("real",), concerns=_pictured)
def images(case: Case) -> Iterator[Finding | View]:
    """Compare made with real images: Frechet distances, precision, recall, coverage, near copies, labels, variety.

    Everything is offline: features are pixels, random convolutions and a small classifier trained on the real images.
    Every figure stands beside what as many other real images get. Headline: Frechet distance, recall, near copies and
    label agreement. Contact sheets show real beside made. A holdout of images the method never saw makes it sharper.
    """
    from simulacra.guards import _frames, _pictures

    assert case.real is not None
    if not columns_of(case.real.frame):
        yield not_tested("images", "images", "the real table has no column of images")
        return
    with _frames.one_thread():
        gathered = _pictures.gather(case)
        if isinstance(gathered, str):
            grave = "unknown" if "too few" in gathered else "fail"
            yield Finding("images", "images", grave, gathered, headline=True)
            return
        found = list(_judge(gathered))
    yield from found


def _judge(p: Pictures) -> Iterator[Finding | View]:
    from simulacra.guards import _pictures_copies, _pictures_labels, _pictures_likeness, _pictures_views

    yield from guarded("images", "Frechet distance", lambda: _pictures_likeness.frechet(p))
    yield from guarded("images", "precision and recall", lambda: _pictures_likeness.manifolds(p))
    yield from guarded("images", "near copies", lambda: _pictures_copies.near(p))
    yield from guarded("images", "exact copies", lambda: _pictures_copies.exact(p))
    yield from guarded("images", "repeated images", lambda: _pictures_copies.repeats(p))
    yield from guarded("images", "variety", lambda: _pictures_copies.variety(p))
    yield from guarded("images", "brightness, contrast, detail", lambda: _pictures_likeness.light(p))
    yield from guarded("images", "labels", lambda: _pictures_labels.labels(p))
    scores, fresh, mark = _pictures_likeness.tell_apart(p)
    yield from guarded("images", "C2ST AUC", lambda: _pictures_likeness.classifier_test(p, scores, fresh, mark))
    try:
        need("PIL.Image", "images", "a contact sheet")
    except MissingExtra as error:
        yield not_tested("images", "contact sheets", str(error))
        return
    yield from guarded("images", "contact sheets", lambda: _pictures_views.sheets(p, scores))
