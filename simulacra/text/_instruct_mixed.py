"""Mixed prompting: a labelled table as prompts by templates, with and without examples, options, reasons, both ways.

Reference: Longpre et al. (2023), The Flan Collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.core.options import option
from simulacra.parts import permute
from simulacra.text._columns_templates import Template, Unfit
from simulacra.text._instruct_kind import COMPLETE, Brief, Faults, Kind, Work
from simulacra.text._instruct_templates import LISTED, REASONED, Ask, given, shipped

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

MOST_CLASSES = 30
"""Whole numbers of more different values than this are quantities, and texts of more are texts."""
STRATUM = 32
"""Rows in which every form has its share, as far as whole rows allow."""
FORMS = ("zero-shot", "few-shot", "chain-of-thought", "inverted")
WHY = """Say in one sentence why the answer is right.

Text: I waited two hours and nobody came.
Answer: complaint
Reason: The writer is unhappy about a long wait.

Text: size: 120 m2, rooms: 5
Answer: large
Reason: Five rooms on 120 square metres are much for one home.

Text: {text}
Answer: {label}
Reason:"""


@dataclass(frozen=True)
class Settings:
    """Options of kind = "mixed"."""

    target: str = option("", "column with the labels; empty takes the last one")
    inputs: tuple[Any, ...] = option((), "columns that are shown; none takes all but the target")
    noun: str = option("", "what a row is called in prompts; empty takes text or record")
    shots: int = option(3, "examples in a few-shot prompt", low=1, high=32)
    few: float = option(0.4, "share of few-shot prompts", low=0, high=1)
    reasons: float = option(0.0, "share of chain-of-thought prompts, whose reasons a model writes", low=0, high=1)
    inverted: float = option(0.15, "share of prompts that give the label and ask for the inputs", low=0, high=1)
    listed: float = option(0.5, "share of prompts for a class that list the classes", low=0, high=1)
    balance: bool = option(True, "every class as often as any other")
    own: bool = option(False, "only the templates of the recipe, without those that ship")


class Mixed(Kind):
    """Prompts by templates from any labelled table."""

    name = "mixed"
    Options = Settings
    columns = {"instruction": "text", "output": "text", "form": "text", "template": "text", "label": "text"}

    def __init__(self, settings: Settings, brief: Brief) -> None:
        super().__init__(settings, brief)
        if settings.few + settings.reasons + settings.inverted > 1 + 1e-9:
            raise ConfigError("text/instruct: mixed: few, reasons and inverted are shares; together at most 1")
        self.asks = settings.reasons > 0
        self.own = given(brief.templates)
        if settings.own and not any(not ask.inverted for ask in self.own):
            raise ConfigError("text/instruct: mixed: own = true needs [[templates]], at least one that is not inverted")

    # The table ------------------------------------------------------------------------------------------------------

    def take(self, data: pl.DataFrame | None) -> None:
        """Find target, inputs and classes."""
        import polars as pl

        if data is None:
            raise DataError("text/instruct: mixed needs a table with labels, and there are no data")
        self.target = self.settings.target or data.columns[-1]
        inputs = [str(c) for c in self.settings.inputs] or [c for c in data.columns if c != self.target]
        for what, column in (("target", self.target), *(("inputs", c) for c in inputs)):
            if column not in data.columns:
                raise ConfigError(f"text/instruct: mixed: {what}: no column {column!r}.{near(column, data.columns)}")
        if self.target in inputs or not inputs:
            raise ConfigError(
                f"text/instruct: mixed: the target {self.target!r} needs other columns beside it as inputs"
            )
        kept = data.with_row_index("\0row").filter(pl.col(self.target).is_not_null())
        if kept[self.target].dtype.is_nested() or not kept.height:
            raise DataError(f"text/instruct: mixed: the target {self.target!r} has no labels")
        self.inputs, self.rows = inputs, kept["\0row"].to_list()
        self.seeds = kept.drop("\0row")
        self.labels = [written(v) for v in kept[self.target].to_list()]
        self.task = _task(kept[self.target])
        one = len(inputs) == 1 and kept[inputs[0]].dtype == pl.String
        self.noun = self.settings.noun or ("text" if one else "record")
        self.classes = sorted(set(self.labels)) if self.task == "class" else []
        if len(self.classes) == 1:
            raise DataError(
                f"text/instruct: mixed: every row has the {self.target} {self.classes[0]!r}; classes differ"
            )
        places: dict[str, list[int]] = {label: [] for label in self.classes or ("",)}
        for place, label in enumerate(self.labels):
            places[label if self.classes and self.settings.balance else next(iter(places))].append(place)
        self.places = [np.array(rows, np.int64) for rows in places.values() if rows]
        asks = self.own + ([] if self.settings.own else shipped(self.task))
        self.asked = [a for a in asks if not a.inverted]
        self.inverse = [a for a in asks if a.inverted]
        self.listing = [Template(source, f"listed-{k}") for k, source in enumerate(LISTED, 1)]

    def shown(self, place: int) -> str:
        """Return the inputs of a row as text: the one text, or a line a column."""
        assert self.seeds is not None
        record = self.seeds.row(place, named=True)
        if len(self.inputs) == 1:
            return written(record[self.inputs[0]])
        return "\n".join(f"{c}: {written(record[c])}" for c in self.inputs if record[c] is not None)

    # Rows -----------------------------------------------------------------------------------------------------------

    def stages(self) -> list[tuple[float, int]]:
        """Return what one try at a row asks."""
        return [(self.settings.reasons, 80)]

    async def make(self, work: Work, rows: Sequence[int]) -> None:
        """Make rows by templates, then have reasons written for those that are to have them."""
        self.fill(work, rows)
        reasoned = [i for i in work.cells.alive(rows) if work.cells.values["form"][i] == "chain-of-thought"]
        await work.until(reasoned, "reason", lambda left, attempt: self._reasoned(work, left, attempt))

    def fill(self, work: Work, rows: Sequence[int]) -> None:
        """Make rows by templates."""
        places, forms, draw = self._places(work), self._forms(work), work.draw("template", 2**31)
        listed, shots = work.chance("listed"), work.draw("shots", 2**31)
        for i in rows:
            place, form = int(places[i]), forms[i]
            asks = self.inverse if form == "inverted" else self.asked
            ask = asks[draw[i] % len(asks)]
            tell = self.task == "class" and form != "inverted" and listed[i] < self.settings.listed
            listing = self.listing[draw[i] // len(asks) % len(self.listing)] if tell else None
            try:
                instruction, output = self._written(ask, place, listing)
                if form == "few-shot":
                    instruction = self._with_shots(ask, place, listing, instruction, shots[i])
            except Unfit as error:
                work.fail(i, "instruction", str(error))
                continue
            if form == "chain-of-thought":
                instruction += REASONED[draw[i] % len(REASONED)]
            if not instruction.strip() or not output.strip():
                work.fail(i, "instruction", f"template {ask.name} gives an empty text for row {self.rows[place]}")
                continue
            work.cells.stands_on(i, self.rows[place])
            work.put(i, instruction=instruction, output=output, form=form, template=ask.name, label=self.labels[place])

    def _written(self, ask: Ask, place: int, listing: Template | None) -> tuple[str, str]:
        assert self.seeds is not None
        known: Mapping[str, Any] = {
            "text": self.shown(place), "label": self.labels[place], "labels": self.classes, "noun": self.noun,
            "target": self.target.replace("_", " "), "record": self.seeds.row(place, named=True),
        }  # fmt: skip
        output = ask.output.render(known) if ask.output else known["text"] if ask.inverted else known["label"]
        instruction = ask.instruction.render(known)
        return _inserted(instruction, listing.render(known)) if listing else instruction, output.strip()

    def _with_shots(self, ask: Ask, place: int, listing: Template | None, instruction: str, draw: int) -> str:
        """Return a prompt with worked examples before it, of the same template and of other rows."""
        others: list[str] = []
        seen = {self.shown(place)}
        for step in range(4 * self.settings.shots):
            group = self.places[(draw + step) % len(self.places)]
            other = int(group[permute.below(np.array([step], np.uint64), len(group), draw, "shot")[0]])
            if (text := self.shown(other)) in seen or len(others) == self.settings.shots:
                continue
            seen.add(text)
            asked, answer = self._written(ask, other, listing)
            others.append(f"{asked} {answer}" if asked.endswith(":") else f"{asked}\n{answer}")
        return "\n\n".join([*others, instruction])

    def _places(self, work: Work) -> npt.NDArray[np.int64]:
        """Return the row of the table of each row: classes in turn, and each row of a class before any comes again."""
        numbers = work.cells.numbers
        groups = np.uint64(len(self.places))
        group = in_turn(numbers, len(self.places), work.cells.key("class"))
        out = np.zeros(len(numbers), np.int64)
        for g, rows in enumerate(self.places):
            mine = group == g
            out[mine] = rows[in_turn(numbers[mine] // groups, len(rows), work.cells.key(f"row {g}"))]
        return out

    def _forms(self, work: Work) -> list[str]:
        """Return the form of each row; in any 32 rows each form has its share."""
        s = self.settings
        place = (in_turn(work.cells.numbers, STRATUM, work.cells.key("form")) + 0.5) / STRATUM
        inverted = s.inverted if self.inverse else 0.0
        edges = np.cumsum([s.few, s.reasons, inverted])
        names = np.array(["few-shot", "chain-of-thought", "inverted", "zero-shot"])
        return [str(name) for name in names[np.searchsorted(edges, place, side="right")]]

    async def _reasoned(self, work: Work, rows: Sequence[int], attempt: int) -> Faults:
        places = self._places(work)
        prompts = {}
        for i in rows:
            text = " ".join(self.shown(int(places[i])).split())
            prompts[i] = WHY.replace("{text}", text).replace("{label}", work.cells.values["label"][i])
        settings: dict[str, Any] = {"temperature": 0.5, "max_tokens": 80, "stop": ("\n\n", "\nText:")}
        answers = await work.ask("reason", prompts, attempt, **settings, **(COMPLETE if self.brief.small else {}))
        faults: Faults = {}
        for i, answer in answers.items():
            reason = " ".join(answer.text.split())
            if len(reason.split()) < 4:
                faults[i] = f"the model gave no reason, but {reason[:60]!r}"
            else:
                work.put(i, output=f"{reason} So the answer is {work.cells.values['label'][i]}.")
        return faults

    def counted(self, values: Mapping[str, Sequence[Any]], alive: Sequence[int]) -> dict[str, Any]:
        """Return how many rows of each form there are."""
        return {form: sum(values["form"][i] == form for i in alive) for form in FORMS}


def in_turn(numbers: npt.NDArray[np.uint64], size: int, key: int) -> npt.NDArray[np.int64]:
    """Return a place below `size` for each number: every place once before any comes again, shuffled in every turn."""
    out = np.zeros(len(numbers), np.int64)
    turn, place = numbers // np.uint64(size), numbers % np.uint64(size)
    for t in np.unique(turn):
        out[turn == t] = permute.permute(place[turn == t], size, (key ^ int(t)) & (2**64 - 1)).astype(np.int64)
    return out


def written(value: Any) -> str:
    """Return a value as it stands in a prompt."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        f"{value:g}" if isinstance(value, float) and value == round(value, 6) else "" if value is None else str(value)
    )


def _task(column: pl.Series) -> str:
    if column.dtype.is_float() or (column.dtype.is_numeric() and column.n_unique() > MOST_CLASSES):
        return "number"
    return "class" if column.n_unique() <= MOST_CLASSES else "text"


def _inserted(instruction: str, listing: str) -> str:
    """Return a prompt with the list of classes behind it, before the word that the answer follows, if there is one."""
    body, sign, last = instruction.rpartition("\n")
    if sign and last.endswith(":"):
        return f"{body}{listing.rstrip()}\n{last}"
    return instruction + listing.rstrip()
