"""What still stands in the output: identifiers that detection finds again, and original strings word for word.

Nothing that is found is shown: findings hold types, counts and file names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulacra.core.report import Finding
from simulacra.mask._words import GUARD, named
from simulacra.mask.types import SURE

if TYPE_CHECKING:
    import polars as pl

    from simulacra.mask.find import Hit

COMMON = frozenset(("AGE", "DATE", "CITY", "POSTCODE", "LOCATION", "ORGANIZATION", "OTHER", "PHOTO"))
"""Types whose strings many people share: they are looked for in their own cell only."""
SHORTEST = 4
"""Fewest characters of a string that is looked for in every cell."""
REFERENCE = "45 CFR 164.514(b)(2); Carrell et al. 2013, Hiding in plain sight, JAMIA 20(2)"

Span = tuple[int, int]


def residual(
    found: Iterable[Sequence[Hit]], ours: Iterable[Sequence[Span]], *, name: str = "", texts: int | None = None
) -> Finding:
    """Return the finding on what detection sees in the output that masking did not write.

    found: for each output text the hits of a second pass (mask.find.find_texts). ours: for each output text the spans
    (start, end) that masking wrote; a hit that overlaps one is a surrogate. name: of the file. texts: how many there
    are, counted when None.
    """
    left: Counter[str] = Counter()
    sure = total = 0
    for hits, spans in zip(found, ours, strict=True):
        total += 1
        for hit in hits:
            if not any(hit.start < end and start < hit.end for start, end in spans):
                left[hit.type] += 1
                sure += hit.score >= SURE
    count, total = sum(left.values()), texts or total
    told = ", ".join(f"{type} {n:,}" for type, n in left.most_common(8))
    return Finding(
        GUARD,
        named("residual detector pass", name),
        "fail" if sure else "warn" if count else "ok",
        f"a second pass of detection over {total:,} masked texts finds {count:,} places that are not ours"
        + (f" ({told}), {sure:,} of them surely" if count else ""),
        value=count,
        limit=0,
        advice="correct the review file and run again with --review" if count else "",
        headline=True,
        reference=REFERENCE,
    )


@dataclass
class Survey:
    """Collects what was hidden and what was written, column by column, and counts the strings that survived.

    Strings are compared word by word: case, punctuation and space do not count, so "555-0199" survives in "(555) 0199".
    What is collected stays in memory and never reaches a finding.
    """

    originals: dict[str, set[str]] = field(default_factory=dict)
    outputs: list[tuple[str, pl.Series]] = field(default_factory=list)
    own: Counter[tuple[str, str]] = field(default_factory=Counter)
    hidden: int = 0

    def __repr__(self) -> str:
        return f"Survey({self.hidden} hidden places in {len(self.outputs)} columns)"

    def cells(self, before: Sequence[str | None] | pl.Series, after: Sequence[str | None] | pl.Series,
              *, type: str, file: str = "") -> None:  # fmt: skip
        """Add a column whose cells were hidden as a whole; before, after: (rows,) aligned, missing as None."""
        import polars as pl

        old, new = _series(before), _series(after)
        both = pl.DataFrame({"old": _plain(old), "new": _plain(new)}).filter(pl.col("old").is_not_null())
        self.hidden += both.height
        stands = both.filter(pl.col("new").str.contains(pl.col("old"), literal=True)).height
        self.own.update({(file, type): stands} if stands else {})
        self.originals.setdefault(type, set()).update(both["old"].unique().to_list())
        self.outputs.append((file, new))

    def texts(
        self,
        before: Sequence[str | None] | pl.Series,
        hits: Sequence[Sequence[Hit]],
        after: Sequence[str | None] | pl.Series,
        *,
        file: str = "",
    ) -> None:
        """Add a column of texts in which places were hidden.

        hits: for each text the places that were acted upon, in `before`; before, after: (rows,) aligned.
        """
        import polars as pl

        rows, types, strings = [], [], []
        for row, (text, found) in enumerate(zip(_series(before).to_list(), hits, strict=True)):
            for hit in found:
                rows.append(row)
                types.append(hit.type)
                strings.append((text or "")[hit.start : hit.end])
        new = _series(after)
        if rows:
            table = pl.DataFrame({"type": types, "old": _plain(pl.Series(strings)), "new": _plain(new.gather(rows))})
            table = table.filter(pl.col("old").is_not_null())
            self.hidden += table.height
            for type, old in table.group_by("type").agg(pl.col("old").unique()).iter_rows():
                self.originals.setdefault(type, set()).update(old)
            stands = table.filter(pl.col("new").str.contains(pl.col("old"), literal=True).fill_null(False))
            self.own.update({(file, str(t)): n for t, n in stands["type"].value_counts().iter_rows()})
        self.outputs.append((file, new))

    def kept(self, after: Sequence[str | None] | pl.Series, *, file: str = "") -> None:
        """Add a column that was left as it was: originals hidden elsewhere may stand in it."""
        self.outputs.append((file, _series(after)))

    def findings(self) -> Iterator[Finding]:
        """Yield how many hidden strings stand in their own cell, and how many anywhere in the output."""
        own = sum(self.own.values())
        where = ", ".join(f"{type} {n:,}{f' in {file}' if file else ''}" for (file, type), n in self.own.most_common(8))
        yield Finding(
            GUARD,
            "verbatim survivors in their own cell",
            "fail" if own else "ok",
            f"{own:,} of {self.hidden:,} identifiers still stand word for word in the cell they were hidden in"
            + (f" ({where})" if own else ""),
            value=own,
            limit=0,
            advice="an action left the text as it was; look at the plan for these types" if own else "",
            headline=True,
            reference=REFERENCE,
        )
        yield self._anywhere()

    def _anywhere(self) -> Finding:
        looked = {
            text: type
            for type in sorted(self.originals)
            if type not in COMMON
            for text in self.originals[type]
            if _telling(text, type)
        }
        standing, places, files = self._search(looked)
        types = Counter(looked[text] for text in standing)
        told = ", ".join(f"{type} {n:,}" for type, n in types.most_common(8))
        where = f"; in {', '.join(sorted(files)[:5])}" if any(files) else ""
        return Finding(
            GUARD,
            "verbatim survivors anywhere",
            "warn" if standing else "ok",
            f"{len(standing):,} of {len(looked):,} different identifiers stand word for word somewhere in the output, "
            f"in {places:,} cells"
            + (
                f" ({told}{where}): a place that was not found, or a surrogate that happens to be equal"
                if standing
                else ""
            )
            + ". Single words of names, dates, ages, places and bodies are looked for in their own cell only",
            value=len(standing),
            advice="mark the missed places in the review file and run again with --review" if standing else "",
            reference=REFERENCE,
        )

    def _search(self, looked: Collection[str]) -> tuple[set[str], int, set[str]]:
        """Return which strings stand in the output, in how many cells, and in which files."""
        import polars as pl

        standing: set[str] = set()
        files: set[str] = set()
        places = 0
        patterns = sorted(looked)
        for file, column in self.outputs if patterns else ():
            each = pl.DataFrame({"v": _plain(column)}).drop_nulls().group_by("v").len()  # equal cells, once
            each = each.with_columns(pl.col("v").str.extract_many(patterns, overlapping=True))
            each = each.filter(pl.col("v").list.len() > 0)
            standing.update(each["v"].explode().to_list())
            places += int(each["len"].sum())
            files.update([file] if each.height else [])
        return standing, places, files


def _plain(column: pl.Series) -> pl.Series:
    """Return texts as words in lower case between single blanks, null where there are none."""
    import polars as pl

    words = column.str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars(" ")
    out = pl.DataFrame({"v": words}).select(
        pl.when(pl.col("v").str.len_chars() > 0).then(pl.format(" {} ", pl.col("v"))).alias("v")
    )
    return out["v"]


def _telling(plain: str, type: str) -> bool:
    words = plain.split()
    return len(plain) - 2 >= SHORTEST and not (type == "NAME" and len(words) < 2)


def _series(values: Sequence[str | None] | pl.Series) -> pl.Series:
    import polars as pl

    out = values if isinstance(values, pl.Series) else pl.Series("cells", list(values), dtype=pl.String)
    return out if out.dtype == pl.String else out.cast(pl.String)
