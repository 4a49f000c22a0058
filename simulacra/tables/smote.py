"""tables/smote: new rows of rare classes on the lines between near rows of the class, for tables of any columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.advice import LINKS, MEMORISED, SHAPES
from simulacra.core.errors import DataError
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.core.progress import task
from simulacra.core.rng import stream

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.data import Dataset
    from simulacra.core.where import Where
    from simulacra.tables._smote_clean import Judge
    from simulacra.tables._smote_parts import Part

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

TRIALS = 100
"""Times that a row which cleaning would remove is drawn again."""


@dataclass
class Smote(Generator):
    """Draw rows of rare classes between near rows of the class (SMOTE), to balance a table for training.

    Numbers, dates and times of a new row lie on the line from a row to one of its nearest neighbours of the class, on
    the column's own grid; categories and what is missing are what most of the neighbours have; ids, person data and
    free text are surrogates. `sample` gives new rows only, in the shares that balance the classes; `balance` gives the
    real rows with them. A target of many different numbers is balanced by its rare ranges. Without a target the whole
    table is one class. Rows lie close to real ones: they are made for training, never for sharing.

    Learned: specs_ (columns) see _smote_cells; drawn_ (classes) see _smote_class; labels_ (classes) of the target;
    wanted_ (classes) new rows that balance the table; judge_ see _smote_clean; facts_ for the report.
    Raises: ConfigError for a target that is no column or no class; DataError for missing cells of the target, one class
    only, a class of one row.
    References: Chawla et al. (2002), SMOTE and SMOTE-NC; Han et al. (2005), Borderline-SMOTE; He et al. (2008), ADASYN;
    Batista et al. (2004), cleaning; Torgo et al. (2013), SMOTE for regression.
    Example: Smote(target="fraud").fit(frame, seed=1).sample(1000, seed=7)
    """

    name: ClassVar[str] = "tables/smote"

    target: str | None = option(None, "Column whose classes, or rare ranges, are balanced; none: draw like all rows.")
    kind: str = option(
        "smote",
        "Where new rows start: any row of the class, rows on its border, or rows by how many others are around them.",
        choices=("smote", "borderline", "adasyn"),
    )
    neighbours: int = option(5, "Nearest rows of the class that a new row may lie toward.", low=1, unit="rows")
    around: int = option(10, "Nearest rows of any class that tell border from inside.", low=1, unit="rows")
    ratio: float = option(1.0, "Rows of every class after balancing, as a share of the largest.", low=0.01, high=10)
    scale: bool = option(True, "Divide numbers by their standard deviation, so that units do not decide who is near.")
    relevance: float = option(0.8, "From which relevance a value of a numeric target is rare.", low=0.01, high=1)
    clean: str = option(
        "none",
        "Which rows of the balanced table are not wanted: in Tomek links, or outvoted by their three nearest.",
        choices=("none", "tomek", "enn"),
    )

    @classmethod
    def remedies(cls, params: Mapping[str, Any]) -> dict[str, str]:
        """Return what helps: rows of SMOTE are near copies by design."""
        other = "rows of tables/smote lie between real rows and are for training only; to share rows use tables/forest"
        return {MEMORISED: other, SHAPES: other, LINKS: other}

    def default_rows(self, rows: int) -> int:
        """Return how many new rows balance the table."""
        return sum(self.wanted_) or rows

    def aims(self) -> Where | None:
        """Return the shares of the classes among the new rows, or their one rare range; None for two, and without."""
        if self.range_:
            return {str(self.target): tuple(self.range_)}
        if not len(self.labels_):
            return None
        total = sum(self.wanted_)
        shares = zip(self.labels_["value"].to_list(), self.wanted_, strict=True)
        return {str(self.target): {value: wanted / total for value, wanted in shares}}

    def balance(self, data: Any, *, seed: int | None = None, kind: str | None = None) -> Any:
        """Fit on data and return its rows followed by the new ones, as the kind of table that was given.

        seed: of the fit and of the draw. kind: as in `sample`. The lineage says the share of real rows.
        """
        from simulacra.tables._smote_balance import balanced

        return balanced(self, data, self._seed(seed), kind)

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        import numpy as np
        import polars as pl

        from simulacra.tables import _smote_cells as cells
        from simulacra.tables._smote_parts import parts, quantity, refuse

        frame, columns = data.frame, data.schema.columns
        found = parts(frame, data.schema, self.target, self.ratio, self.relevance)
        chosen = [part for part in found if part.wanted]
        refuse(found, chosen, self.target)
        is_class = self.target is not None and not quantity(frame[self.target], data.schema[self.target])
        rows = np.sort(np.concatenate([part.rows for part in chosen]))
        self.columns_: list[str] = frame.columns
        rows = rows if self.clean == "none" else np.arange(frame.height)
        self.specs_ = cells.learn(frame, rows, columns, self.target if is_class else None)
        values = [part.value for part in chosen] if is_class else []
        is_range = self.target is not None and not is_class and len(chosen) == 1
        self.range_: list[float | None] = list(chosen[0].value) if is_range else []
        dtype = frame[self.target].dtype if self.target is not None else pl.Null
        self.labels_: pl.DataFrame = pl.DataFrame({"value": pl.Series(values, dtype=dtype)})
        self.wanted_: list[int] = [part.wanted for part in chosen]
        self.names_: list[str] = [part.label for part in chosen]
        self.facts_: dict[str, Any] = {"classes": {part.label: {"rows": len(part.rows)} for part in found}}
        needs_all = self.kind != "smote" or self.clean != "none"
        everyone = cells.measure(frame, self.specs_, columns) if needs_all else None
        self.drawn_: list[Any] = []
        with task("fit", total=len(chosen)) as step:
            for part in chosen:
                self.drawn_.append(self._class(part, cells.measure(frame[part.rows], self.specs_, columns), everyone))
                step(1, part.label)
        self.facts_["caution"] = (
            "Rows of tables/smote lie on lines between real rows and are near copies of them; they are for training "
            "a model here, and not for sharing."
        )
        self.facts_["search"] = "; ".join(sorted({self.facts_["classes"][part.label]["search"] for part in chosen}))
        self.judge_: Judge | None = None
        if self.clean != "none" and everyone is not None:
            self._appoint(everyone, found, chosen, rng)

    def _class(self, part: Part, mine: tuple[Floats, Ints], everyone: tuple[Floats, Ints] | None) -> Any:
        """Learn one class."""
        from simulacra.tables._smote_cells import layout
        from simulacra.tables._smote_class import Others, Rule, learn

        others = Others(*everyone, part.rows) if everyone is not None and self.kind != "smote" else None
        rule = Rule(self.kind, self.neighbours, self.around, self.scale)
        drawn, facts = learn(part.label, mine, others, layout(self.specs_, self.target), rule)
        self.facts_["classes"][part.label] |= {"new": part.wanted, **facts}
        return drawn

    def _appoint(
        self, everyone: tuple[Floats, Ints], found: list[Part], chosen: list[Part], rng: np.random.Generator
    ) -> None:
        """Make the balanced table against which new rows are judged, and its cleaning."""
        import numpy as np

        from simulacra.tables._smote_cells import layout
        from simulacra.tables._smote_clean import appoint

        labels = np.empty(len(everyone[0]), np.int64)
        names = [part.label for part in found]
        for number, part in enumerate(found):
            labels[part.rows] = number
        self.places_: list[int] = [names.index(part.label) for part in chosen]
        self.key_: int = int(rng.integers(2**62))
        made = self._trial()
        extra = np.repeat(self.places_, [part.wanted for part in chosen])
        numbers = np.concatenate([everyone[0], *(m[0].T for m in made)])
        codes = np.concatenate([everyone[1], *(m[1].T for m in made)])
        how = layout(self.specs_, self.target)
        labels = np.concatenate([labels, extra])
        self.judge_, self.facts_["search for cleaning"] = appoint(
            numbers[:, how.asked], codes[:, : how.levels], labels, self.clean, self.scale
        )
        self.facts_["cleaned"] = {
            "real rows": int(self.judge_["unwanted"][: -len(extra)].sum()),
            "new rows": int(self.judge_["unwanted"][-len(extra) :].sum()),
        }

    def _trial(self) -> list[tuple[Floats, Ints]]:
        """Return the new rows of every class that stand in the balanced table of the cleaning."""
        return [
            self._numbers(i, wanted, stream(self.key_, self.name, f"clean {self.names_[i]}"))
            for i, wanted in enumerate(self.wanted_)
        ]

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return self._draw(n, rng, list(range(len(self.drawn_))))

    def _sample_where(self, n: int, rng: np.random.Generator, plain: Where) -> pl.DataFrame:
        """Draw of the classes that a condition on the target asks for."""
        import numpy as np

        from simulacra.core.where import mask, said

        wanted = {column: value for column, value in plain.items() if column == self.target}
        if not wanted or not len(self.labels_):
            return self._sample(n, rng)
        hit = np.flatnonzero(mask(self.labels_.rename({"value": str(self.target)}), wanted).to_numpy())
        if not hit.size:
            raise DataError(
                f"where: {self.name} draws rows of the classes that balancing needs ({', '.join(self.names_)}), none "
                f"of which fulfils {said(wanted)}; leave the target out to draw rows of all classes"
            )
        return self._draw(n, rng, hit.tolist())

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        from simulacra.parts.assemble import fill_surrogates

        return fill_surrogates([spec["field"] for spec in self.specs_], frame, rng, start)

    def _draw(self, n: int, rng: np.random.Generator, classes: list[int]) -> pl.DataFrame:
        """Draw n rows of some classes in their shares, each from a stream of its own."""
        import polars as pl

        from simulacra.tables._smote_class import apportion

        key = int(rng.integers(2**62))
        counts = apportion([self.wanted_[i] for i in classes], n)
        frames = [
            self._rows(i, count, stream(key, self.name, f"class {self.names_[i]}"))
            for i, count in zip(classes, counts, strict=True)
            if count
        ]
        return pl.concat(frames)

    def _rows(self, i: int, n: int, rng: np.random.Generator) -> pl.DataFrame:
        """Draw n rows of one class; with cleaning those that would not stay in a balanced table are drawn again."""
        numbers, codes = self._numbers(i, n, rng)
        if self.judge_:
            self._redraw(self.judge_, i, numbers, codes, rng)
        return self._cells(i, numbers, codes)

    def _cells(self, i: int, numbers: Floats, codes: Ints) -> pl.DataFrame:
        """Return rows of a class in the table's own types."""
        import polars as pl

        from simulacra.tables._smote_cells import write

        made = write(self.specs_, numbers, codes)
        if len(self.labels_):
            value = self.labels_["value"][i : i + 1]
            made.append(value.new_from_index(0, numbers.shape[1]).alias(str(self.target)))
        return pl.DataFrame(made).select(self.columns_)

    def _numbers(self, i: int, n: int, rng: np.random.Generator) -> tuple[Floats, Ints]:
        """Draw n rows of one class as numbers (numbers, n) and codes (codes, n)."""
        import numpy as np

        from simulacra.tables._smote_class import move, pick

        drawn = self.drawn_[i]
        base, other, gap = pick(drawn, n, rng)
        numbers = np.empty((drawn["start"].shape[1], n))
        move(drawn, base, other, gap, numbers.T)
        return numbers, drawn["votes"].T[:, base]

    def _redraw(self, judge: Judge, i: int, numbers: Floats, codes: Ints, rng: np.random.Generator) -> None:
        """Draw again, in place, the rows that cleaning would remove."""
        import numpy as np

        from simulacra.tables._smote_cells import layout
        from simulacra.tables._smote_clean import unwanted

        how = layout(self.specs_, self.target)
        bad = np.arange(numbers.shape[1])
        for _ in range(TRIALS):
            hit = unwanted(judge, numbers[how.asked][:, bad].T, codes[: how.levels, bad].T, self.places_[i])
            bad = bad[hit]
            if not bad.size:
                return
            numbers[:, bad], codes[:, bad] = self._numbers(i, bad.size, rng)
        raise DataError(
            f"{self.name}: with clean={self.clean!r} {bad.size:,} of {numbers.shape[1]:,} new rows of class "
            f"{self.names_[i]!r} stand among rows of other classes however often they are drawn; use clean='tomek' or "
            "clean='none'"
        )
