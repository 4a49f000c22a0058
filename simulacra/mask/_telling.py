"""What belonging to a class of rows gives away of a sensitive column: l-diversity and t-closeness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulacra.core.report import Finding
from simulacra.mask._words import COARSER, GUARD, named, share_of, untested

if TYPE_CHECKING:
    import polars as pl

    from simulacra.mask._classes import Classes, Ints
    from simulacra.mask._roles import Roles
    from simulacra.mask.risk import Limits

MACHANAVAJJHALA = "Machanavajjhala et al. 2007, l-diversity, ACM TKDD 1(1)"
LI = "Li, Li & Venkatasubramanian 2007, t-closeness, ICDE"


def telling(frame: pl.DataFrame, classes: Classes, roles: Roles, name: str, limits: Limits) -> Iterator[Finding]:
    """Yield l-diversity and t-closeness of every sensitive column: what membership of a class gives away."""
    import numpy as np

    from simulacra.mask import _classes

    if not roles.sensitive:
        yield untested("l-diversity", name, "no sensitive columns were declared or found by their names")
    for column in roles.sensitive:
        there = frame[column].is_not_null().to_numpy()
        if frame[column].dtype.is_float():
            there &= frame[column].is_not_nan().fill_null(False).to_numpy()
        if not there.any():
            yield untested(f"l-diversity: {column}", name, "every cell is missing")
            continue
        of = np.unique(classes.of[there], return_inverse=True)[1].reshape(-1)
        kept = _classes.Classes(of, np.bincount(of))
        values = frame[column].filter(there)
        yield _diversity(kept, _classes.codes(values), column, name, limits)
        numeric = values.dtype.is_numeric() or values.dtype.is_temporal()
        numbers = values.to_physical().cast(float).to_numpy() if numeric else None
        distance = (
            _classes.categorical_distance(kept, _classes.codes(values))
            if numbers is None
            else _classes.ordered_distance(kept, numbers)
        )
        t = float(distance.max())
        yield Finding(
            GUARD,
            named(f"t-closeness: {column}", name),
            "ok" if t <= limits.t else "warn",
            f"in one class {column} is distributed {t:.3f} away from all rows (0: the same, 1: as far as can be; "
            f"{'ordered' if numeric else 'equal'} distances between values); {limits.t:g} is wanted at most",
            value=t,
            columns=(column,),
            advice="" if t <= limits.t else COARSER,
            reference=LI,
        )


def _diversity(classes: Classes, values: Ints, column: str, name: str, limits: Limits) -> Finding:
    from simulacra.mask import _classes

    number, entropy = _classes.diversity(classes, values)
    fewest = int(number.min())
    bare = int(classes.sizes[number == 1].sum())
    return Finding(
        GUARD,
        named(f"l-diversity: {column}", name),
        "ok" if fewest >= limits.l else "warn",
        f"a class holds {fewest} different value{'' if fewest == 1 else 's'} of {column} at the least (entropy "
        f"{entropy.min():.2f}), and {limits.l} are wanted; {share_of(bare, classes.rows)} of the rows are "
        "in a class where all have the same value, so that it is known without finding the row",
        value=fewest,
        columns=(column,),
        advice="" if fewest >= limits.l else COARSER,
        reference=MACHANAVAJJHALA,
    )
