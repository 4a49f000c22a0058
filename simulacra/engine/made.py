"""Made: what `make` returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.report import VERDICTS

if TYPE_CHECKING:
    from simulacra.core.lineage import Lineage
    from simulacra.core.report import Report
    from simulacra.engine.recipe import Recipe


@dataclass(frozen=True, repr=False)
class Made:
    """What `make` returns.

    data: the rows, as the kind of table that was given. report: None when a fitted model was only sampled. lineage: how
    they came to be. folder: where they lie, None in memory. recipe: what was asked for. rows: how many.
    changed: files whose bytes differ from those of the folder that `redo` was given. private_report: under a privacy
    budget, the comparison with the real rows, not for release. failures: of texts, the cells that could not be made.
    spent: of texts, what this run asked and paid (parts.prompts.Spent).
    """

    report: Report | None
    lineage: Lineage
    folder: Path | None
    recipe: Recipe
    rows: int
    load: Callable[[], Any]
    changed: tuple[str, ...] = ()
    private_report: Report | None = None
    failures: tuple[Any, ...] = ()
    spent: Any = None

    def __repr__(self) -> str:
        place = f", in {self.folder}" if self.folder else ""
        return f"Made({self.rows:,} rows by {self.lineage.made_by}, verdict {self.verdict}{place})"

    @cached_property
    def data(self) -> Any:
        """Return the rows."""
        return self.load()

    @property
    def verdict(self) -> str:
        """Return the verdict of the report, "unknown" when nothing was checked."""
        return self.report.verdict if self.report else "unknown"

    @property
    def missing(self) -> int:
        """Return how many rows were asked for and are not there."""
        return len({failure.row for failure in self.failures if failure.dropped})

    @property
    def failed(self) -> bool:
        """Return whether rows are missing, or a verdict is at least as grave as the recipe's fail_on."""
        if self.missing:
            return True
        fail_on = self.recipe.fail_on
        beside = self.private_report.verdict if self.private_report else "ok"
        worst = max(VERDICTS.index(v) for v in (self.verdict, beside))
        return bool(fail_on) and worst >= VERDICTS.index(fail_on)
