"""Checks: does a cell fulfil a schema, a regular expression, a function, or does the code in it run?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from simulacra.text._columns_cells import Cells
from simulacra.text._columns_code import cuts_network, run_code
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_spec import Spec, call_name
from simulacra.text._columns_templates import Unfit

if TYPE_CHECKING:
    import polars as pl

KINDS = ("schema", "regex", "callable", "runs")
FENCE = re.compile(r"```[a-zA-Z0-9_-]*[ \t]*\n(.*?)```", re.DOTALL)


class Check(Column):
    """Whether a cell passes; on_fail = "drop" leaves out rows that do not, "mark" writes true or false."""

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        given = [kind for kind in KINDS if kind in spec.given]
        if len(given) != 1:
            raise spec.error(f"a check needs one of {', '.join(KINDS)}, got {', '.join(given) or 'none'}")
        [self.kind] = given
        for entry in ("test", "seconds", "memory"):
            if entry in spec.given and self.kind != "runs":
                raise spec.error(f'{entry} belongs to runs = "python"')
        self.of = str(spec.given["of"])
        self.needs = (self.of,)
        self.slow = self.kind == "runs"
        self.drop = spec.get("on_fail", "drop") == "drop"
        self.test = self.template(spec.given["test"], "test") if "test" in spec.given else None
        if self.kind == "schema":
            from simulacra.parts.prompts.repair import check_schema

            check_schema(spec.given["schema"], spec.place)
        if self.kind == "regex":
            self._matches([""])
        self.fault: Callable[[Any, Cells, int], str] = getattr(self, f"_{self.kind}")

    def dtype(self) -> pl.DataType:
        """Return true or false."""
        import polars as pl

        return pl.Boolean()

    def fill(self, cells: Cells, rows: Sequence[int]) -> None:
        """Check each row; a cell that is missing passes no check."""
        for i in rows:
            value = cells.values[self.of][i]
            try:
                fault = "there is no value" if value is None else self.fault(value, cells, i)
            except Unfit as error:
                fault = str(error)
            cells.values[self.name][i] = not fault
            if fault and self.drop:
                cells.fail(i, self.name, f"{self.of}: {fault}")

    def counted(self, cells: Cells) -> dict[str, Any]:
        """Return how many cells passed, and how many were run with a network within their reach."""
        made = [value for value in cells.values[self.name] if value is not None]
        out = {"checked": len(made), "passed": sum(made)}
        return {**out, "run with a network": len(made)} if self.slow and not cuts_network() else out

    # The four kinds return what is wrong, "" when nothing is ---------------------------------------------------------

    def _schema(self, value: Any, cells: Cells, i: int) -> str:
        from simulacra.parts.prompts.repair import wrong

        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError) as error:
                return f"it is no JSON ({error})"
        return wrong(self.spec.given["schema"], value)

    def _regex(self, value: Any, cells: Cells, i: int) -> str:
        pattern = self.spec.given["regex"]
        return "" if self._matches([str(value)])[0] else f"it does not match {pattern!r}"

    def _matches(self, texts: list[str]) -> list[bool]:
        """Return which texts hold a match, in time that grows with the text alone, whatever the expression."""
        import polars as pl

        try:
            return list(pl.Series(texts).str.contains(self.spec.given["regex"]).to_list())
        except pl.exceptions.PolarsError as error:
            raise self.spec.error(f"regex: {error}; there are no look-arounds and no back-references") from error

    def _callable(self, value: Any, cells: Cells, i: int) -> str:
        call = self.spec.given["callable"]
        try:
            said = call(value)
        except Exception as error:
            return f"{call_name(call)} ended in {type(error).__name__}: {error}"
        if isinstance(said, str):
            return said
        return "" if said else f"{call_name(call)} refused it"

    def _runs(self, value: Any, cells: Cells, i: int) -> str:
        code = str(value)
        fenced = FENCE.findall(code)
        code = "\n".join(fenced) if fenced else code
        if self.test is not None:
            code = f"{code}\n\n{self.test.render(cells.context(i, self.test))}\n"
        return run_code(code, seconds=int(self.spec.get("seconds", 5)), memory=int(self.spec.get("memory", 512)))
