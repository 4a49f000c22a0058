"""What is left to fear of a masked table: small classes, telling values, and rows that can be found again.

No text of the data stands in a finding: columns are named, cells are counted. Masking is weaker than synthesis; these
figures bound what an attacker with the named columns can do, and nothing else.

References: Sweeney 2002 (k-anonymity); Machanavajjhala et al. 2007 (l-diversity); Li, Li & Venkatasubramanian 2007
(t-closeness); El Emam 2013, Guide to the De-Identification of Personal Health Information (prosecutor risk).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulacra.core.options import check, option
from simulacra.core.report import Finding, View
from simulacra.mask._words import COARSER, GUARD, SHOWN, listed, named, percent, rows_of, share_of, untested

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from simulacra.core.schema import Schema
    from simulacra.mask._classes import Classes, Ints
    from simulacra.mask._roles import Roles

BINS = ((1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 49), (50, None))
"""Sizes of classes that are counted together, first and last."""
MOST_COLUMNS = 12
"""Most columns whose combinations are tried."""
MOST_LEVELS = 0.5
"""A column with more different values than this share of the rows singles out alone, and is not combined."""

SWEENEY = "Sweeney 2002, k-anonymity, IJUFKS 10(5)"
EL_EMAM = "El Emam 2013, Guide to the De-Identification of Personal Health Information, chapter 16"


@dataclass(frozen=True)
class Limits:
    """Where the verdicts of masking begin.

    k: fewest rows of a class. l: fewest different sensitive values of a class. t: largest distance of a class from all
    rows. unique: largest share of rows that are alone in their class. linked: largest share of rows that are found.
    """

    k: int = option(5, "fewest rows that must share their quasi-identifiers", low=1, high=1000)
    l: int = option(2, "fewest different sensitive values of a class", low=1, high=1000)  # noqa: E741
    t: float = option(0.2, "largest distance of a class from all rows", low=0.0, high=1.0)
    unique: float = option(0.05, "largest share of rows that are unique", low=0.0, high=1.0)
    linked: float = option(0.05, "largest share of masked rows that are found again", low=0.0, high=1.0)

    def __post_init__(self) -> None:
        check(self, "limits")


def risks(
    masked: pl.DataFrame,
    original: pl.DataFrame | None = None,
    *,
    name: str = "",
    quasi: Sequence[str] | None = None,
    sensitive: Sequence[str] | None = None,
    replaced: Iterable[str] = (),
    shifted: Mapping[str, int] | None = None,
    rows: np.ndarray | None = None,
    schema: Schema | None = None,
    limits: Limits | None = None,
) -> list[Finding | View]:
    """Return every figure of risk of one masked table.

    masked: what would leave. original: the table it was made from, for linkage. name: of its file, for the sentences.
    quasi, sensitive: declared columns; None finds them by kinds and names (mask._roles). replaced: columns whose cells
    were all exchanged for values that belong to nobody: no attacker knows them. shifted: column of dates -> most days
    that they were moved, either way: they are compared by windows of that width, since who knows the true date knows
    no more. rows: number of the original row of each masked row; None when the order is the same. schema: facts of
    `masked`; None infers them. Raises ConfigError for a declared column that is not there, DataError when the rows of
    the two tables do not fit, SchemaError for a column of lists.
    """
    from simulacra.core.data import as_dataset
    from simulacra.mask._roles import roles
    from simulacra.mask._telling import telling

    limits = limits or Limits()
    gone = {*replaced}
    if not masked.height or not masked.width:
        return [untested("k-anonymity", name, "the table has no rows")]
    facts = schema or as_dataset(masked).schema
    found = roles(masked, facts, quasi=quasi, sensitive=sensitive, replaced=gone)
    seen, wide = _as_known(masked, shifted or {})
    why = {c: f"{reason}, in windows of {wide[c]} days" for c, reason in found.why.items() if c in wide}
    found = replace(found, why={**found.why, **why})
    out: list[Finding | View] = [*_direct(found, name)]
    if found.quasi:
        from simulacra.mask._classes import group

        classes = group(seen, found.quasi)
        out += [*k_anonymity(classes, found, name, limits), uniques(classes, found, name, limits)]
        out += telling(masked, classes, found, name, limits)
    else:
        out.append(untested("k-anonymity", name, "no quasi-identifiers were declared or found"))
    out += combined(seen, [c for c in masked.columns if c not in gone], name)
    out += linked(masked, original, found, name, limits, rows, gone)
    return out


def k_anonymity(classes: Classes, roles: Roles, name: str, limits: Limits) -> Iterator[Finding | View]:
    """Yield the size of the smallest class of rows that agree in all quasi-identifiers, and how rows are spread."""
    k = int(classes.sizes.min())
    below = int(classes.sizes[classes.sizes < limits.k].sum())
    why = ", ".join(f"{c} ({roles.why[c]})" for c in roles.quasi[:SHOWN])
    more = f" and {len(roles.quasi) - SHOWN} more" if len(roles.quasi) > SHOWN else ""
    yield Finding(
        GUARD,
        named("k-anonymity", name),
        "ok" if k >= limits.k else "warn",
        f"the smallest class of rows that agree in {why}{more} has {rows_of(k)}; "
        f"{share_of(below, classes.rows)} of the rows are in classes smaller than {limits.k}",
        value=k,
        columns=roles.quasi,
        advice="" if k >= limits.k else COARSER,
        headline=True,
        reference=SWEENEY,
    )
    labels, shares = [], []
    for first, last in BINS:
        inside = (classes.sizes >= first) & (classes.sizes <= (last or classes.rows))
        labels.append(str(first) if last == first else f"{first} to {last}" if last else f"{first} and more")
        shares.append(float(classes.sizes[inside].sum() / classes.rows))
    title = named("Share of rows by the size of their class", name)
    yield View(GUARD, "bars", title, {"labels": labels, "series": {"share of rows": shares}}, score=shares[0])


def uniques(classes: Classes, roles: Roles, name: str, limits: Limits) -> Finding:
    """Return the share of rows that nobody else shares the quasi-identifiers of."""
    alone = int((classes.sizes == 1).sum())
    share = alone / classes.rows
    verdict = "ok" if not alone else "warn" if share <= limits.unique else "fail"
    return Finding(
        GUARD,
        named("unique rows", name),
        verdict,
        f"{rows_of(alone)} of {classes.rows:,} ({percent(share)}) {'is' if alone == 1 else 'are'} alone in "
        f"{'its' if alone == 1 else 'their'} quasi-identifiers: whoever knows these of a person finds the row, if the "
        "person is in the table",
        value=share,
        interval=None,
        limit=limits.unique,
        columns=roles.quasi,
        advice=COARSER if alone else "",
        headline=True,
        reference=EL_EMAM,
    )


def combined(frame: pl.DataFrame, columns: Sequence[str], name: str) -> Iterator[Finding]:
    """Yield which columns, alone or two to four together, tell most rows from all others."""
    from simulacra.mask._classes import codes, combinations_that_single_out, singles

    coded = {c: codes(frame[c]) for c in columns}
    alone = {c: singles(v) / frame.height for c, v in coded.items()}
    many = [c for c, share in sorted(alone.items(), key=lambda a: -a[1]) if share > MOST_LEVELS]
    varied = {c: int(v.max(initial=0)) + 1 for c, v in coded.items() if c not in many and v.any()}
    tried = sorted(varied, key=lambda c: -varied[c])[:MOST_COLUMNS]
    found = combinations_that_single_out({c: coded[c] for c in tried}) if len(tried) > 1 else []
    parts = [f"{c} alone ({percent(alone[c])})" for c in many[:SHOWN]]
    parts += [f"{' + '.join(names)} ({percent(share)})" for names, share in found[:SHOWN]]
    rest = max(0, len(many) - SHOWN) + max(0, len(found) - SHOWN)
    about = tuple(dict.fromkeys((*many[:SHOWN], *(c for names, _ in found[:SHOWN] for c in names))))
    yield Finding(
        GUARD,
        named("columns that single out", name),
        "warn" if parts else "ok",
        f"most rows are told from all others by {'; '.join(parts)}{f'; and {rest} more' if rest else ''}"
        if parts
        else f"no column, and no two to four of the {len(tried)} most varied together, tell most rows from all others",
        value=len(many) + len(found),
        columns=about,
        advice="who may know these columns of a person? " + COARSER if parts else "",
        reference="Sweeney 2000, Simple demographics often identify people uniquely",
    )


def linked(
    masked: pl.DataFrame,
    original: pl.DataFrame | None,
    roles: Roles,
    name: str,
    limits: Limits,
    rows: Ints | None,
    replaced: set[str],
) -> Iterator[Finding]:
    """Yield how many masked rows are found again by the quasi-identifiers, and by every column, that were kept."""
    from simulacra.mask._linkage import kept

    if original is None:
        yield untested("linkage", name, "the original table is needed")
        return
    same = [c for c in kept(masked, original, rows) if c not in replaced]
    known = [c for c in same if c in roles.quasi]
    what = "linkage by kept quasi-identifiers"
    if known:
        yield _linkage(masked, original, known, rows, named(what, name), limits.linked)
    else:
        yield untested(what, name, "no quasi-identifier was kept as it was")
    if len(same) > len(known):
        # Whoever holds the original values of all kept columns holds a copy of the table: worth knowing, not a verdict.
        yield _linkage(masked, original, same, rows, named("linkage by every kept column", name), None)


def _linkage(
    masked: pl.DataFrame,
    original: pl.DataFrame,
    columns: Sequence[str],
    rows: Ints | None,
    title: str,
    limit: float | None,
) -> Finding:
    from simulacra.mask._linkage import link

    found = link(masked, original, columns, rows)
    share = found.right / found.rows
    verdict = "ok" if not found.right else "warn" if limit is None or share <= limit else "fail"
    who = "knows these of everyone" if limit is not None else "holds another copy of these columns"
    return Finding(
        GUARD,
        title,
        verdict,
        f"{rows_of(found.right)} of {found.rows:,} ({percent(share)}) have exactly one original candidate by "
        f"{listed(columns)}, and it is the right one; guessing among the candidates names the right row for "
        f"{percent(found.chance)}. This is what one who {who} could do",
        value=share,
        limit=limit,
        columns=tuple(columns),
        advice=COARSER if verdict != "ok" else "",
        headline=limit is not None,
        reference=EL_EMAM,
    )


def _as_known(masked: pl.DataFrame, shifted: Mapping[str, int]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the table with shifted dates as numbers of windows, and the days of each; dates as text stay."""
    import polars as pl

    kinds = {c: masked[c].dtype for c in shifted if c in masked.columns}
    wide = {c: 2 * shifted[c] + 1 for c, kind in kinds.items() if kind == pl.Date or isinstance(kind, pl.Datetime)}
    seen = masked.with_columns(pl.col(c).cast(pl.Date).cast(pl.Int32) // days for c, days in wide.items())
    return seen, wide


def _direct(roles: Roles, name: str) -> Iterator[Finding]:
    if roles.direct:
        yield Finding(
            GUARD,
            named("identifier columns", name),
            "warn",
            f"{listed(roles.direct)} look{'s' if len(roles.direct) == 1 else ''} like identifiers of single persons "
            "and were not replaced",
            value=len(roles.direct),
            columns=roles.direct,
            advice="give them an action in the plan: remove, pseudonym or surrogate",
        )
