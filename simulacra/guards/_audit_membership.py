"""Membership inference on the most exposed rows: attacks that see the made rows, and what each does on its controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.rng import stream
from simulacra.guards._audit_stack import FEW, SHARE_EXPOSED, exposure, nearest
from simulacra.guards._audit_stats import ALPHA, STRONG, Figures, figures, two_sided

if TYPE_CHECKING:
    from simulacra.guards._audit_stack import Roles, Stack
    from simulacra.guards._frames import Floats, Ints, Mask

    Attack = Callable[[Stack, Ints, Roles], Floats]

SMOOTH = 0.02
"""Distance below which rows count as equally close, so that rounding decides nothing."""
TIES = 1e-3
"""Weight of the distance to other people where rows are equally close: a rare row is rarely hit by chance."""
AROUND = 16
"""Neighbours that say how many rows there should be at the place of a row."""
PLANTED = 0.2
"""Share of the training rows that are planted among fresh rows in a control."""
FILTER = 0.9
"""A planted copy filter keeps as far from training rows as this share of other rows has its nearest made row."""
CHOSEN = 1 / 3
"""Share of the attacked rows on which the strongest attack is chosen."""


@dataclass(frozen=True)
class Attempt:
    """One attack on one set of rows.

    pick, told: figures on the rows that choose the strongest attack, and on all others. copies: its AUC on a bootstrap
    of training rows, on those that were drawn. fires: whether it fires on a planted leak. quiet: whether it is silent
    on fresh real rows. rows: "most exposed" or "all".
    """

    name: str
    rows: str
    pick: Figures
    told: Figures
    copies: float
    fires: bool
    quiet: bool

    @property
    def works(self) -> bool:
        """Return whether all controls came out right, so that its figures mean something on this table."""
        return self.copies >= STRONG and self.fires and self.quiet

    @property
    def why(self) -> str:
        """Return which control failed, in words, or ""."""
        out = [] if self.copies >= STRONG else [f"it reaches only {self.copies:.2f} on copies of training rows"]
        out += [] if self.fires else ["it misses a planted leak"]
        out += [] if self.quiet else ["it fires on fresh real rows"]
        return " and ".join(out)


def closest(whole: Stack, rows: Ints, play: Roles) -> Floats:
    """Return minus the distance to the nearest made row; of rows equally close the loneliest comes first."""
    made = nearest(whole.points[rows], whole.points[play.made])[0][:, 0]
    other = nearest(whole.points[rows], whole.points[play.reference])[0][:, 0]
    return np.asarray(TIES * other - made)


def density(whole: Stack, rows: Ints, play: Roles) -> Floats:
    """Return the log ratio of distances to the nearest row of the population and to the nearest made row (DOMIAS)."""
    made = nearest(whole.points[rows], whole.points[play.made])[0][:, 0]
    other = nearest(whole.points[rows], whole.points[play.reference])[0][:, 0]
    return np.asarray(np.log((other + SMOOTH) / (made + SMOOTH)))


def holes(whole: Stack, rows: Ints, play: Roles) -> Floats:
    """Return how empty the place of each row is beside its neighbourhood: a filter of copies leaves holes."""
    return emptiness(nearest(whole.points[rows], whole.points[play.made], AROUND)[0])


def emptiness(far: Floats) -> Floats:
    """Return the log ratio of the distances to the nearest and the farthest of some neighbours, (rows, neighbours).

    A row that was made itself lies in no hole, however dense its neighbourhood.
    """
    ratio = np.log((far[:, 0] + SMOOTH) / (far[:, -1] + SMOOTH))
    return np.asarray(np.where(far[:, 0] == 0, -10.0, ratio))


ATTACKS: dict[str, Attack] = {
    "nearest made row": closest,
    "density ratio": density,
    "holes of a copy filter": holes,
}
HOLES = "holes of a copy filter"


@dataclass(frozen=True)
class Field:
    """The attacked rows of an audit: roles, rows that play the made ones in controls, and which rows are exposed.

    exposed: (members + others,) whether a row is among the most exposed. picked: whether it chooses the attack. alike:
    how well the distance to fresh real rows tells members from others, which it does not when they are drawn alike.
    """

    whole: Stack
    play: Roles
    fresh: Ints
    exposed: Mask
    picked: Mask
    alike: Figures
    seed: int

    @classmethod
    def of(cls, whole: Stack, play: Roles, fresh: Ints, seed: int) -> Field:
        """Return the field with its exposed rows and the third that chooses."""
        both = np.concatenate([play.members, play.others])
        far = exposure(whole, both, play.reference)
        exposed = far >= np.quantile(far, 1 - SHARE_EXPOSED)
        rng = stream(seed, "guards", "audit third")
        picked = np.concatenate([rng.permutation(len(p)) < CHOSEN * len(p) for p in (play.members, play.others)])
        innocent = replace(play, made=fresh)
        alike = figures(*(closest(whole, rows, innocent) for rows in (play.members, play.others)))
        return cls(whole, play, fresh, exposed, picked, alike, seed)

    @property
    def fair(self) -> bool:
        """Return whether training and holdout rows are drawn alike, without which no attack on them says anything."""
        return two_sided(self.alike) > ALPHA

    def bootstrap(self) -> Roles:
        """Return the roles in which the made rows are training rows drawn with replacement, the drawn ones attacked."""
        rng = stream(self.seed, "guards", "audit bootstrap")
        drawn = rng.choice(self.play.real, max(len(self.play.made), len(self.play.real)))
        return replace(self.play, made=drawn, members=self.play.members[np.isin(self.play.members, drawn)])

    def planted(self) -> Roles:
        """Return the roles in which the made rows are fresh ones with a share of the training rows among them."""
        rng = stream(self.seed, "guards", "audit planted")
        copied = rng.permutation(self.play.real)[: max(1, int(PLANTED * len(self.play.real)))]
        return replace(self.play, made=np.concatenate([self.fresh, copied]))

    def filtered(self) -> Roles:
        """Return the roles in which made rows near a training row were dropped; fresh ones where too few are left."""
        play, places = self.play, self.whole.points
        for made in (play.made, self.fresh):
            room = float(np.quantile(nearest(places[play.others], places[made])[0][:, 0], FILTER))
            near = nearest(places[made], places[play.members])[0][:, 0]
            if (near > room).sum() > AROUND:
                return replace(play, made=made[near > room])
        return replace(play, made=self.fresh)

    def innocent(self) -> Roles:
        """Return the roles in which the made rows are fresh real ones."""
        return replace(self.play, made=self.fresh)


def attempts(field: Field, name: str) -> Iterator[Attempt]:
    """Yield the attempts of one attack: on the most exposed rows, and on all.

    Emptiness around a row tells copies as well as holes: which of the two it is, the rows that choose say.
    """
    attack, play, n = ATTACKS[name], field.play, len(field.play.members)
    runs = {"made": play, "innocent": field.innocent(), "copies": field.bootstrap()}
    runs["planted"] = field.filtered() if name == HOLES else field.planted()
    scores = {run: (attack(field.whole, p.members, p), attack(field.whole, p.others, p)) for run, p in runs.items()}
    ends = {run: figures(*scores[run]) for run in ("copies", "planted", "innocent")}
    copies = max(ends["copies"].auc, 1 - ends["copies"].auc) if name == HOLES else ends["copies"].auc
    fires, quiet = ends["planted"].verdict in ("warn", "fail"), field.fair and two_sided(ends["innocent"]) > ALPHA
    for rows, mask in (("most exposed", field.exposed), ("all", np.ones(len(field.exposed), bool))):
        parts = [
            (scores["made"][0][(mask & part)[:n]], scores["made"][1][(mask & part)[n:]])
            for part in (field.picked, ~field.picked)
        ]
        if min(len(x) for x in parts[1]) < FEW // 2:
            continue
        sign = -1.0 if name == HOLES and figures(*parts[0]).auc < 0.5 else 1.0
        pick, told = (figures(sign * a, sign * b) for a, b in parts)
        yield Attempt(name, rows, pick, told, copies, fires, quiet)


def strongest(tried: list[Attempt]) -> Attempt | None:
    """Return the attempt that tells most on the rows set aside for choosing, of those whose controls came out right."""
    sound = [a for a in tried if a.works]
    sound = [a for a in sound if a.told.enough] or sound
    return min(sound, key=lambda a: (a.pick.chance, -a.pick.auc)) if sound else None
