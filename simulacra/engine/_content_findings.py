"""Findings on what stands in made texts: by type, with numbers and rows, never with the whole value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from simulacra.core.case import Case
from simulacra.core.report import Finding, View
from simulacra.engine import _content_scan as scan
from simulacra.engine._content_scan import Thing
from simulacra.mask.types import TYPES

SHOWN = 8
"""Row numbers that are shown of one type."""
SHARE = 0.01
"""Share of texts with person data of nobody the recipe made up, from which the verdict is fail."""


def secrets(case: Case, names: Sequence[str]) -> Iterator[Finding | View]:
    """Yield the finding on secrets: one is enough to fail."""
    found = scan.secrets(case, names)
    bad = [thing for thing in found if not thing.harmless]
    shown = f", {len(found) - len(bad):,} plain examples left out" if len(found) > len(bad) else ""
    if not bad:
        said = f"no key, token or password stands in {_rows(case)} of {', '.join(names)}{shown}"
        yield Finding("content", "secrets", "ok", said, 0.0, limit=0.0, columns=tuple(names))
        return
    stand = "1 secret stands" if len(bad) == 1 else f"{len(bad):,} secrets stand"
    said = f"{stand} in the texts: {_listed(bad)}{shown}"
    yield Finding(
        "content", "secrets", "fail", said, float(len(bad)), limit=0.0, columns=_columns(bad, names), headline=True,
        advice="revoke the secret at its issuer if it is real, and drop these rows; mask the data the model saw",
    )  # fmt: skip
    yield _view("Secrets in the texts", bad)


def persons(case: Case, names: Sequence[str]) -> Iterator[Finding | View]:
    """Yield the finding on person data: few are a warning, one text of a hundred fails."""
    found, looked, total = scan.persons(case, names)
    bad = [thing for thing in found if not thing.harmless]
    kinds = Counter(thing.harmless for thing in found if thing.harmless)
    apart = "; ".join(f"{count:,} are {why}" for why, count in sorted(kinds.items()))
    part = "" if looked == total else f" ({looked:,} of {total:,} texts were searched)"
    rows = {(thing.column, thing.row) for thing in bad}
    share = len({(thing.column, thing.row) for thing in bad if thing.type not in scan.INVENTED}) / max(looked, 1)
    if not bad:
        said = f"no person data stand in {_rows(case)} of {', '.join(names)}" + (
            f" but such as: {apart}" if apart else ""
        )
        yield Finding("content", "person data", "ok", said + part, 0.0, limit=SHARE, columns=tuple(names))
        return
    hold = "1 text holds" if len(rows) == 1 else f"{len(rows):,} texts hold"
    said = f"{hold} what may be person data: {_listed(bad)}" + (f"; {apart}" if apart else "") + part
    yield Finding(
        "content", "person data", "fail" if share >= SHARE else "warn", said, share, limit=SHARE,
        columns=_columns(bad, names), headline=share >= SHARE,
        advice="look at these rows; `simulacra mask` replaces what is real, a column of kind person makes persons up",
    )  # fmt: skip
    yield _view("Person data in the texts", bad)


def masked(thing: Thing) -> str:
    """Return a value as far as it may be shown: its first sign, four of a long key, and its length."""
    value = thing.value
    head = 4 if len(value) >= 20 and thing.type not in TYPES else 1
    return f"{value[:head]}… ({len(value)} signs)"


def _rows(case: Case) -> str:
    return f"{len(case.made):,} rows"


def _columns(found: Sequence[Thing], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if any(thing.column == name for thing in found))


def _listed(found: Sequence[Thing]) -> str:
    """Return types with their numbers and first rows."""
    by: dict[str, list[int]] = {}
    for thing in found:
        by.setdefault(thing.type, []).append(thing.row)
    out = []
    for kind, rows in sorted(by.items(), key=lambda item: (-len(item[1]), item[0])):
        places = list(dict.fromkeys(rows))
        more = f" and {len(places) - SHOWN:,} more" if len(places) > SHOWN else ""
        label = TYPES.get(kind, kind)
        at = ", ".join(map(str, places[:SHOWN]))
        out.append(f"{len(rows):,} x {label} (row{'s' if len(places) > 1 else ''} {at}{more})")
    return "; ".join(out)


def _view(title: str, found: Sequence[Thing]) -> View:
    rows = [[str(t.row), t.column, TYPES.get(t.type, t.type), masked(t)] for t in found[:50]]
    note = "" if len(found) <= 50 else f"The first 50 of {len(found):,}."
    data = {"header": ["row", "column", "what", "begins with"], "rows": rows}
    return View("content", "table", title, data, score=float(len(found)), note=note)
