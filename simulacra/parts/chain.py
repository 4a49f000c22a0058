"""The chain: one link a variable, fitted in order and drawn in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from simulacra.core.progress import task
from simulacra.parts.links import Link, add_bounds, boost_link, boost_number, draw_link, fit_link, replace_rare
from simulacra.parts.plan import Variable, parents, protected

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.trees import Codes, Ints


class Rules(NamedTuple):
    """leaf, gain: see parts.trees; most: parents of a variable; rare: rows that a level needs; boosted: its column."""

    leaf: int
    gain: float
    most: int
    rare: int
    boosted: str | None


def fit_chain(chain: list[Variable], rules: Rules, rng: np.random.Generator) -> tuple[list[Link], dict[str, Any]]:
    """Return a link for every variable, and the facts: shares of replaced rare levels, what was boosted."""
    codes = np.stack([v.codes for v in chain]) if chain else np.zeros((0, 0), np.uint8)
    category = np.array([not v.ordered for v in chain], bool)
    facts: dict[str, Any] = {"rare": {}, "boosted": []}
    links: list[Link] = []
    with task("fit", total=len(chain)) as step:
        for variable, above in zip(chain, parents(chain, codes, rules.most, rng), strict=True):
            links.append(_fit_variable(variable, len(links), codes, above, category[above], rules, facts, rng))
            step(1, variable.name)
    return links, facts


def draw_chain(links: list[Link], n: int, rng: np.random.Generator) -> Iterator[tuple[Ints, Ints | None, Ints | None]]:
    """Yield for every variable its ranks, (n,), -1 where it is not there, and for a number the bounds of its leaf."""
    codes = np.zeros((len(links), n), np.uint8)
    states: dict[int, Ints] = {}
    gates = {link["gate"] for link in links}
    for i, link in enumerate(links):
        there = np.arange(n) if link["gate"] < 0 else np.flatnonzero(states[link["gate"]] == 0)
        above = codes[link["parents"]]
        drawn, leaf = draw_link(link, above if there.size == n else above[:, there], rng)
        ranks = np.full(n, -1, np.int64)
        ranks[there] = drawn
        codes[i, there] = link["coarse"].take(drawn)
        if i in gates:
            states[i] = ranks
        bounds: list[Ints | None] = [None, None]
        if link["low"].size:
            bounds = [ranks.copy(), ranks.copy()]
            for ends, side in zip(bounds, (link["low"], link["high"]), strict=True):
                ends[there] = side.take(leaf)  # type: ignore[index]
        yield ranks, bounds[0], bounds[1]


def _fit_variable(
    variable: Variable,
    place: int,
    codes: Codes,
    above: Ints,
    category: npt.NDArray[np.bool_],
    rules: Rules,
    facts: dict[str, Any],
    rng: np.random.Generator,
) -> Link:
    there = np.flatnonzero(variable.ranks >= 0)
    inputs = codes[above][:, there] if there.size < codes.shape[1] else codes[above]
    ranks = variable.ranks[there].astype(np.int64)
    targets = variable.targets(ranks, rng)
    link = fit_link(inputs, above, ranks, targets, reorder=category, leaf=rules.leaf, gain=rules.gain, rng=rng)
    link["gate"], link["coarse"] = variable.gate, variable.coarse
    if not variable.ordered and (lost := replace_rare(link, protected(variable), rules.rare, rng)):
        facts["rare"][variable.name] = lost / codes.shape[1]
        # Later variables learn from what will be drawn: no row is to follow from a level that never comes.
        gone = np.flatnonzero(protected(variable)[ranks] < rules.rare)
        codes[place, there[gone]] = link["coarse"].take(draw_link(link, inputs[:, gone], rng.spawn(1)[0])[0])
    if variable.name == rules.boosted and not variable.state:
        done = boost_link(link, inputs, ranks, variable.count, rng, rare=rules.rare)
        if not done and variable.ordered:
            done = boost_number(link, inputs, ranks, targets, rng, leaf=rules.leaf, gain=rules.gain)
        facts["boosted"] += [variable.name] * done
    if variable.ordered:
        add_bounds(link)
    return link
