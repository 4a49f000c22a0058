"""Column: one column made ready, its templates parsed; the kinds fill cells in three ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.errors import near
from simulacra.text._columns_spec import Spec
from simulacra.text._columns_templates import Template

if TYPE_CHECKING:
    import polars as pl

    from simulacra.parts.prompts.desk import Desk
    from simulacra.text._columns_cells import Cells


@dataclass(frozen=True)
class Known:
    """What columns may refer to beside one another: names of models, rows of the data, the language of a run."""

    models: tuple[str, ...]
    seeds: pl.DataFrame | None
    language: str

    @property
    def seed_columns(self) -> list[str]:
        """Return the columns of the data."""
        return [] if self.seeds is None else self.seeds.columns


class Column:
    """One column. A kind writes one of `draw`, `fill` and `ask`.

    drawn: `draw` makes the cells of a whole block from row numbers and other drawn columns. asks: `ask` makes cells by
    requests. slow: `fill` waits for something else than a model. needs: columns that are referred to by name outside of
    templates. fields: what a template may write after the column's name and a dot; None for anything.
    """

    drawn: ClassVar[bool] = False
    asks: ClassVar[bool] = False
    slow: bool = False

    def __init__(self, spec: Spec, known: Known) -> None:
        self.spec, self.known = spec, known
        self.name = spec.name
        self.templates: list[Template] = []
        self.needs: tuple[str, ...] = ()
        self.fields: frozenset[str] | None = frozenset()
        self.when = self.template(spec.when, "when") if spec.when else None

    def template(self, source: str, entry: str) -> Template:
        """Parse a template of this column. Raises ConfigError with its place."""
        out = Template(source, f"{self.spec.place}: {entry}")
        self.templates.append(out)
        return out

    def model(self, entry: str = "model") -> str:
        """Return the model that this column asks, the first of the run where it names none. Raises ConfigError."""
        name = str(self.spec.get(entry, self.known.models[0]))
        if name not in self.known.models:
            raise self.spec.error(f"{entry}: no model is named {name!r}.{near(name, self.known.models)}")
        return name

    def settle(self, before: Mapping[str, Column]) -> None:
        """Check what depends on the columns before this one. Raises ConfigError."""

    def dtype(self) -> pl.DataType:
        """Return the type of the column in the output."""
        import polars as pl

        return pl.String()

    def draw(self, cells: Cells) -> Sequence[Any]:
        """Return the cells of a block."""
        raise NotImplementedError

    def fill(self, cells: Cells, rows: Sequence[int]) -> None:
        """Set the cells of some rows of a block, or fail them."""
        raise NotImplementedError

    async def ask(self, cells: Cells, rows: Sequence[int], desk: Desk) -> None:
        """Set the cells of some rows of a block by what a model answers, or fail them."""
        raise NotImplementedError

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return the cells of the rows that stay, as the output holds them."""
        import polars as pl

        values = cells.values[self.name]
        return pl.Series(self.name, values if len(alive) == cells.n else [values[i] for i in alive], self.dtype())

    def counted(self, cells: Cells) -> dict[str, Any]:
        """Return what is worth counting in a finished block."""
        return {}
