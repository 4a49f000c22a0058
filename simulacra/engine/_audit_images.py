"""The attacks of the audit on images: membership by pixels and by textures, canaries, copies, shadow models."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.case import guarded, not_tested
from simulacra.core.data import Dataset
from simulacra.core.errors import SimulacraError
from simulacra.core.progress import task
from simulacra.core.report import Finding, View
from simulacra.core.rng import stream
from simulacra.engine._audit_model import sampled
from simulacra.engine._audit_shadow import Pool, Shadows
from simulacra.guards import (
    _audit_canaries,
    _audit_findings,
    _audit_membership,
    _audit_stack,
    _frames,
    _pictures,
    _pictures_copies,
)
from simulacra.guards._audit_stack import Stack
from simulacra.parts import features, pictures

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.case import Case
    from simulacra.engine._audit_model import Subject
    from simulacra.engine._trial_journal import Journal
    from simulacra.guards._audit_membership import Attempt, Field
    from simulacra.guards._distance import Points
    from simulacra.guards._frames import Ints

    Images = npt.NDArray[np.uint8]

ROWS = 4000
"""Most images of each side that are attacked or attacked with."""
SPACES = ("pixels", "random convolutions")
CANARIES, SHARE = 100, 0.15
"""Most canaries that are learned from, and their most share of the images."""
COMPARED = 4
"""Canaries that are not learned from, for each that is."""
TIMES = 4
"""Images drawn from the method to see what it never gives or gives back, as a multiple of those that were made."""


@dataclass
class Work:
    """The attacks on one set of images: cut frames, their images, and what could not be tested."""

    case: Case
    subject: Subject | None
    frames: dict[str, pl.DataFrame]
    images: dict[str, Images]
    untested: list[str]


def attacks(
    case: Case, subject: Subject | None, shadows: int | None, journal: Journal, step: Callable[..., None]
) -> Iterator[Finding | View]:
    """Yield all findings of the attacks on images with real ones and a holdout."""
    work = _work(case, subject)
    sizes = {name: len(x) for name, x in work.images.items()}
    if min(sizes["holdout"] // 2, sizes["real"]) < _audit_stack.FEW:
        why = f"{_audit_stack.FEW} real and {2 * _audit_stack.FEW} holdout images are needed"
        yield not_tested("audit", "attacks", f"too few images to tell: {why}, got {sizes['real']}, {sizes['holdout']}")
        return
    tried: list[Attempt] = []
    for space in SPACES:
        place, field = _field(work, space)
        if not field.fair:
            yield from _audit_findings.unlike(field.alike)
        found = [a for name in _names(field) for a in _audit_membership.attempts(_widened(field, name), name)]
        if space == SPACES[0]:
            found += _shadowed(work, field, place, shadows, journal)
        tried += [dataclasses.replace(a, name=f"{a.name}, by {space}") for a in found]
    step(2, "copies and canaries")
    yield from guarded("audit", "membership", lambda: _audit_findings.membership(tried))
    yield from guarded("audit", "canaries", lambda: _canaries(work))
    step(1, "copies")
    yield from guarded("audit", "copies", lambda: _copies(case))
    step(2, "")
    yield _not_tested(work)


def _work(case: Case, subject: Subject | None) -> Work:
    sides: dict[str, Any] = {"real": case.real, "holdout": case.holdout, "made": case.made}
    frames = {name: _frames.some_rows(d.frame, ROWS, case, f"audit {name}") for name, d in sides.items()}
    untested = [
        f"{name}: {frames[name].height:,} of {len(d):,} images took part"
        for name, d in sides.items()
        if frames[name].height < len(d)
    ]
    if subject is None:
        untested.append("shadow models, canaries, and holes of a copy filter: name the method with --model")
    else:
        n = min(2 * ROWS, TIMES * frames["made"].height)
        drawn, why = sampled(subject, sides["real"], n, case.seed)
        if drawn is None:
            untested.append(f"holes that a copy filter leaves: the method could not be run ({why})")
        else:
            frames["more"] = drawn
    images = {name: pictures.arrays(frame, case.schema)[0] for name, frame in frames.items()}
    return Work(case, subject, frames, images, untested)


def _field(work: Work, space: str) -> tuple[Callable[[Images], Points], Field]:
    """Return how images become points of a space, and the attacked images in it."""
    edges = np.cumsum([0, *(len(x) for x in work.images.values())])
    part = {name: slice(int(a), int(b)) for name, a, b in zip(work.images, edges, edges[1:], strict=False)}
    play, fresh = _audit_stack.roles(Stack(np.zeros((edges[-1], 1), np.float32), part), work.case.seed)
    # The space is fitted on images of the population, which favours neither side of the attack.
    base = work.images["holdout"][play.reference - part["holdout"].start]
    project = features.Pixels.fit(base) if space == SPACES[0] else features.convolutions(base)
    some, more = (project(base[i::2]).astype(np.float32) for i in (0, 1))
    usual = float(np.median(_audit_stack.nearest(some, more)[0]))

    def place(images: Images) -> Points:
        return np.asarray(project(images) / max(usual, 1e-9), dtype=np.float32)

    points = np.concatenate([place(x) for x in work.images.values()])
    whole = Stack(points - points.mean(0), part)
    return place, _audit_membership.Field.of(whole, play, fresh, work.case.seed)


def _names(field: Field) -> list[str]:
    return [n for n in _audit_membership.ATTACKS if n != _audit_membership.HOLES or "more" in field.whole.part]


def _widened(field: Field, name: str) -> Field:
    """Return the field with the images drawn from the method among the made ones, for the attack that needs many."""
    if name != _audit_membership.HOLES:
        return field
    made = np.concatenate([field.play.made, field.whole.rows("more")])
    return dataclasses.replace(field, play=dataclasses.replace(field.play, made=made))


def _shadowed(
    work: Work, field: Field, place: Callable[[Images], Points], shadows: int | None, journal: Journal
) -> list[Attempt]:
    if work.subject is None or shadows == 0:
        work.untested += ["shadow models: --shadows 0"] if shadows == 0 else []
        return []
    pool = Pool.of(field, None)
    if pool is None:
        work.untested.append("shadow models: too few exposed images")
        return []
    both = pl.concat([work.frames["real"], work.frames["holdout"]])
    all_images = np.concatenate([work.images["real"], work.images["holdout"]])

    def placed(made: Dataset, rows: Ints) -> tuple[Points, Points]:
        return place(all_images[rows]), place(pictures.arrays(made.frame, work.case.schema)[0])

    tried, told = Shadows(work.subject, Dataset({"table": both}), placed, pool, journal).attempts(shadows)
    if not tried:
        work.untested.append(f"shadow models: {told}")
    return tried


def _canaries(work: Work) -> Iterator[Finding]:
    """Yield the finding on the method fitted anew with strange images among the training images."""
    real = work.images["real"]
    count = min(CANARIES, int(SHARE * len(real)), len(work.images["holdout"]) // 2)
    if work.subject is None or count < _audit_stack.FEW // 10:
        return
    rng = stream(work.case.seed, "engine/audit", "canaries")
    rows = rng.permutation(len(work.images["holdout"]))[: (1 + COMPARED) * count]
    canaries = _audit_canaries.strange(work.images["holdout"][rows])
    name = pictures.arrays(work.frames["real"], work.case.schema)[1]
    added = work.frames["holdout"][rows[:count]].with_columns(pictures.series(name, canaries[:count]))
    frame = pl.concat([work.frames["real"], added])
    with task("canaries"):
        try:
            model = work.subject.fit(Dataset({"table": frame}), work.case.seed)
            made = model.sample(min(2 * ROWS, TIMES * len(real)), seed=work.case.seed, kind="dataset")
        except SimulacraError as error:
            work.untested.append(f"canaries: {work.subject.name} could not be fitted again ({error})")
            return
    space = features.Pixels.fit(np.concatenate([real[:ROWS], canaries]), 64)
    drawn = space(pictures.arrays(made.frame, work.case.schema)[0]).astype(np.float32)
    near = -_audit_stack.nearest(space(canaries).astype(np.float32), drawn)[0][:, 0]
    yield _audit_canaries.remembered(near[:count], near[count:], "images turned upside down and light for dark")


def _copies(case: Case) -> Iterator[Finding | View]:
    gathered = _pictures.gather(case)
    if isinstance(gathered, str):
        yield not_tested("audit", "copies", gathered)
        return
    yield from _pictures_copies.exact(gathered)
    yield from _pictures_copies.near(gathered)


def _not_tested(work: Work) -> Finding:
    """Return the one finding that says everything the audit did not look at."""
    always = [
        "singling out, linkability and inference, which are about columns",
        "parts of an image, such as a face in a crowd",
        "groups of few people rather than single images",
    ]
    return not_tested("audit", "limits of this audit", "; ".join([*work.untested, *always]))
