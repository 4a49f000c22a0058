"""A mixed table as a network sees it: every row a few small integers, and back.

A state (there, missing, odd) is one token. A category is its level; levels that fewer than `floor` rows hold share one
token, which stands for any of them and is never turned back into one. A number with few distinct values is its value;
one with many is its part of the range (coarse) and its place inside that part (fine), parts of about equal rows in
which a value that many rows share has a part of its own. Categories of very many levels are split in the same way, in
the order of their names. Where a column is not there its token is `size`, one past the last.

A view is a list of plain dicts that core.state can save. Typical use in a method:
`fields, chain = plan.read(...)`, `view = fit_tokens(chain)`, `tokens = to_tokens(view, [v.ranks for v in chain])`, and
back `assemble(fields, to_ranks(view, made, rng), n, rng)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from simulacra.parts.plan import protected

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.assemble import Drawn
    from simulacra.parts.encoding import Ints
    from simulacra.parts.plan import Variable


class Token(TypedDict):
    """One token of the view.

    name: its column; variable: its place in the chain; above: of a fine token the place of its coarse one in the view,
    else -1; gate: place of the state that must be 0 for it to be there, -1 where it always is; ordered: 1 where the
    order of its values means something; state: 1 for a state; size: its values are 0 .. size - 1, and `size` is absent;
    codes: (ranks,) value of each rank; count: (ranks,) training rows of each rank, the same in coarse and fine; rare:
    the value that rare levels share, -1 without one.
    """

    name: str
    variable: int
    above: int
    gate: int
    ordered: int
    state: int
    size: int
    codes: Ints
    count: Ints
    rare: int


def fit_tokens(chain: list[Variable], *, bins: int = 64, fine: int = 32, floor: int = 5) -> list[Token]:
    """Return the view of a chain of variables (parts.plan.read), states before what they gate, coarse before fine.

    bins: parts of a number, which keeps its values where it has at most twice as many; fine: places inside a part, 1
    for no fine token; floor: rows that a level needs for a token of its own.
    """
    view: list[Token] = []
    place: dict[int, int] = {-1: -1}
    for i, variable in enumerate(chain):
        count = variable.count.astype(np.int64)
        rare = np.zeros(len(count), bool) if variable.ordered else protected(variable) < floor
        rare[count.argmax()] = False
        kept = np.where(rare, 0, count)
        whole = int((~rare).sum()) <= 2 * bins or variable.state
        codes = np.cumsum(~rare) - 1 if whole else _parts(kept, bins)
        size = int(codes.max()) + 1
        codes[rare] = size
        token = Token(
            name=variable.name,
            variable=i,
            above=-1,
            gate=place[variable.gate],
            ordered=int(variable.ordered),
            state=int(variable.state),
            size=size + bool(rare.any()),
            codes=codes,
            count=count,
            rare=size if rare.any() else -1,
        )
        place[i] = len(view)
        view.append(token)
        if not whole and fine > 1:
            inner = token.copy()
            inner["above"], inner["codes"], inner["rare"] = place[i], _inner(codes, kept, fine), -1
            inner["size"] = int(inner["codes"].max()) + 1
            view.append(inner)
    return view


def to_tokens(view: list[Token], ranks: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.int64]:
    """Return the tokens (rows, len(view)) of rows given by the ranks of every variable, -1 where it is not there."""
    out = np.empty((len(ranks[0]) if ranks else 0, len(view)), np.int64)
    for j, token in enumerate(view):
        out[:, j] = np.append(token["codes"], token["size"]).take(ranks[token["variable"]])
    return out


def to_ranks(view: list[Token], tokens: npt.NDArray[Any], rng: np.random.Generator) -> Iterator[Drawn]:
    """Yield for every variable its ranks (rows,) and, for a number, the lowest and highest rank of its part.

    tokens: (rows, len(view)). A rank is drawn among those of the token by their rows. What is impossible is mended: a
    token is absent where its state says so, an absent one where the state says there, or a rare one, is drawn by rows.
    """
    states: dict[int, Ints] = {}
    for j, token in enumerate(view):
        if token["above"] >= 0:
            continue
        inner = view[j + 1] if j + 1 < len(view) and view[j + 1]["above"] == j else None
        there = np.flatnonzero(states[token["gate"]] == 0) if token["gate"] >= 0 else np.arange(len(tokens))
        cell = tokens[there, j].astype(np.int64)
        place = None if inner is None else tokens[there, j + 1].astype(np.int64)
        drawn = [np.full(len(tokens), -1, np.int64) for _ in range(3)]
        for all_rows, some in zip(drawn, _draw(token, inner, cell, place, rng), strict=True):
            all_rows[there] = some
        if token["state"]:
            states[j] = drawn[0]
        yield (drawn[0], drawn[1], drawn[2]) if token["ordered"] else (drawn[0], None, None)


def barred(view: list[Token]) -> list[npt.NDArray[np.bool_]]:
    """Return for every token which of its values (size,) are never to be drawn: the one that rare levels share."""
    return [np.arange(token["size"]) == token["rare"] for token in view]


def features(view: list[Token], tokens: Ints) -> npt.NDArray[np.float64]:
    """Return tokens as what a classifier may look at: absent is missing, fine ones stand behind the point."""
    out: list[npt.NDArray[np.float64]] = []
    for j, token in enumerate(view):
        column = np.where(tokens[:, j] < token["size"], tokens[:, j], np.nan).astype(float)
        if token["above"] >= 0:
            out[-1] = out[-1] + column / token["size"]
        else:
            out.append(column)
    return np.stack(out, 1) if out else np.zeros((len(tokens), 0))


def _draw(
    token: Token, inner: Token | None, cell: Ints, place: Ints | None, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Draw a rank for each coarse value and place inside it; return it with the first and last rank of its part."""
    codes, wide = token["codes"], 1
    if inner is not None and place is not None:
        wide = inner["size"] + 1
        most = np.zeros(token["size"] + 1, np.int64)
        np.maximum.at(most, codes, inner["codes"])
        codes = codes * wide + inner["codes"]
        cell = cell * wide + np.minimum(place, most[np.minimum(cell, token["size"])])
    order = np.argsort(codes, kind="stable")
    is_rare = token["codes"][order] == token["rare"] if token["rare"] >= 0 else np.zeros(len(order), bool)
    total = np.concatenate([[0], np.cumsum(np.where(is_rare, 0, token["count"][order]))])
    first, last = np.searchsorted(codes[order], cell, "left"), np.searchsorted(codes[order], cell, "right")
    lost = total[first] == total[last]
    first, last = np.where(lost, 0, first), np.where(lost, len(order), last)
    at = total[first] + rng.random(len(cell)) * (total[last] - total[first])
    at = np.minimum(np.searchsorted(total, at, "right") - 1, last - 1)
    return order[at], np.where(lost, at, first), np.where(lost, at, last - 1)


def _parts(count: Ints, parts: int) -> Ints:
    """Cut ranks into about `parts` neighbouring parts of equal rows; one with a part's worth of rows stands alone."""
    room = max(count.sum() / parts, 1)
    block = np.floor((np.cumsum(count) - count / 2) / room).astype(np.int64)
    alone = count >= room
    edge = np.diff(block, prepend=block[:1]) != 0
    edge |= alone
    edge[1:] |= alone[:-1]
    edge[:1] = False
    return np.asarray(np.cumsum(edge), np.int64)


def _inner(codes: Ints, count: Ints, parts: int) -> Ints:
    """Return the place of every rank inside its part."""
    out = np.zeros(len(codes), np.int64)
    for part in range(int(codes.max()) + 1):
        mine = np.flatnonzero((codes == part) & (count > 0))
        out[mine] = np.arange(mine.size) if mine.size <= parts else _parts(count[mine], parts)
    return out
