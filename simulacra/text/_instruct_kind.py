"""Kind: what one way to make instruction data is; Work: the rows that it makes, with what it may draw and ask."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core import options
from simulacra.core.errors import ConfigError, near
from simulacra.parts import permute
from simulacra.parts.prompts.request import Answer, Request

if TYPE_CHECKING:
    import polars as pl

    from simulacra.parts.prompts.desk import Desk
    from simulacra.parts.prompts.model import Model
    from simulacra.text._columns_cells import Cells

Messages = tuple[tuple[str, str], ...]
Faults = dict[int, str]
"""Row of the block -> why what was made for it does not do."""
COMPLETE = {"kind": "complete"}
"""Settings of requests that go on from a text, as the embedded model does best."""
TURNS = 64
"""Requests of one purpose that a row may make in one try: each has a seed of its own."""


@dataclass(frozen=True)
class Brief:
    """What all kinds are told. models: of the run. language, wish: of the recipe. tries: attempts at a row.

    tools, templates: entries of [[tools]] and [[templates]]. small: the first model is the embedded one, which goes on
    from examples better than it obeys.
    """

    models: tuple[Model, ...]
    language: str = ""
    wish: str = ""
    tries: int = 3
    tools: tuple[Any, ...] = ()
    templates: tuple[Any, ...] = ()

    @property
    def small(self) -> bool:
        """Return whether the first model is the embedded one."""
        return self.models[0].port == "embedded"

    def wished(self, prompt: str) -> str:
        """Return a prompt with what is asked for beside."""
        return f"{prompt}\n\n{self.wish}" if self.wish else prompt


class Kind:
    """One way to make instruction data.

    columns: name -> type of the output ("text", "number", "integer", "yes", "messages"). Options: a dataclass of its
    options. seeds: rows that rows are made from, set by `take`.
    round_rows: rows that are made together and look at all rows before them; 0 where no row looks at another.
    """

    name: ClassVar[str] = ""
    columns: ClassVar[Mapping[str, str]] = {}
    Options: ClassVar[type]
    round_rows: ClassVar[int] = 0
    asks = True

    def __init__(self, settings: Any, brief: Brief) -> None:
        self.settings, self.brief = settings, brief
        self.seeds: pl.DataFrame | None = None
        for field in dataclasses.fields(settings):
            if field.metadata.get("unit") == "model" and getattr(settings, field.name):
                named, known = getattr(settings, field.name), [m.name for m in brief.models]
                if named not in known:
                    raise ConfigError(f"{self.name}: {field.name}: no model is named {named!r}.{near(named, known)}")

    def take(self, data: pl.DataFrame | None) -> None:
        """Take the user's rows, None without. Raises DataError, ConfigError."""
        self.seeds = data

    async def make(self, work: Work, rows: Sequence[int]) -> None:
        """Make some rows of a block: `work.put` their cells, or `work.fail` them."""
        raise NotImplementedError

    def stages(self) -> list[tuple[float, int]]:
        """Return what one try at a row asks: for each stage how many requests, and the most tokens that one writes."""
        return []

    def fill(self, work: Work, rows: Sequence[int]) -> None:
        """Make some rows of a block without asking; for kinds whose `asks` is false."""
        raise NotImplementedError

    def counted(self, values: Mapping[str, Sequence[Any]], alive: Sequence[int]) -> dict[str, Any]:
        """Return what is worth counting in a finished block."""
        return {}

    def request(self, work: Work, i: int, what: str, prompt: str | Messages, turn: int, **settings: Any) -> Request:
        """Return one request of a row. prompt: a text, or messages."""
        messages = (("user", prompt),) if isinstance(prompt, str) else prompt
        if self.brief.language and settings.get("kind", "chat") == "chat":
            messages = _said(messages, f"Write in {self.brief.language}.")
        given = {"model": self.brief.models[0].name, **settings}
        seed = work.cells.request_seeds(what, turn)[i]
        return Request(messages, seed=seed, row=work.cells.first + i, column=what, **given)


@dataclass
class Work:
    """Rows of a block that are being made by a kind. desk: who is asked, None for a kind that asks nobody."""

    cells: Cells
    desk: Desk | None
    kind: Kind

    def draw(self, what: str, bound: int) -> list[int]:
        """Return a whole number below a bound for each row of the block, a function of seed, purpose and row."""
        return [int(d) for d in permute.below(self.cells.numbers, bound, self.cells.key(what), "")]

    def chance(self, what: str) -> list[float]:
        """Return a number in [0, 1) for each row of the block."""
        return [float(u) for u in self.cells.uniform(what)]

    def seed(self, i: int) -> dict[str, Any]:
        """Return the row of the data that a row stands on; every one is taken once before any comes again."""
        row = self.cells.seed_rows("shuffle")[i]
        self.cells.stands_on(i, row)
        assert self.cells.seeds is not None
        return {name: self.cells.seed_cell(name, row) for name in self.cells.seeds.columns}

    def put(self, i: int, **values: Any) -> None:
        """Set cells of a row."""
        for name, value in values.items():
            self.cells.values[name][i] = value

    def fail(self, i: int, what: str, reason: str) -> None:
        """Leave a row out."""
        self.cells.fail(i, what, reason)

    async def ask(
        self, what: str, prompts: Mapping[int, str | Messages], turn: int = 0, **settings: Any
    ) -> dict[int, Answer]:
        """Return the answers to a prompt a row, noted in the lineage; a row without an answer is left out."""
        return {i: answers[0] for i, answers in (await self.ask_all(what, prompts, 1, turn, **settings)).items()}

    async def ask_all(
        self, what: str, prompts: Mapping[int, str | Messages], times: int, turn: int = 0, **settings: Any
    ) -> dict[int, list[Answer]]:
        """Return so many answers to a prompt a row, in one batch; a row of which one is missing is left out."""
        from simulacra.text._columns_prompts import clean

        assert self.desk is not None and times <= TURNS
        asked = [
            (i, self.kind.request(self, i, what, prompt, TURNS * turn + k, **settings))
            for i, prompt in prompts.items()
            for k in range(times)
        ]
        if not asked:
            return {}
        out: dict[int, list[Answer]] = {}
        for (i, _), answer in zip(asked, await self.desk.ask([r for _, r in asked]), strict=True):
            if answer.ok:
                out.setdefault(i, []).append(dataclasses.replace(answer, text=clean(answer.text).strip()))
                self.cells.log(i, what, f"{self.kind.name}/{what}", [answer])
            elif i not in self.cells.lost:
                self.fail(i, what, answer.error)
        return {i: answers for i, answers in out.items() if i not in self.cells.lost}

    async def until(
        self, rows: Sequence[int], what: str, once: Callable[[list[int], int], Awaitable[Faults]]
    ) -> list[int]:
        """Try rows until they do, at most so often as the recipe says; return those that do, leave the others out.

        once: makes rows in their n-th try and returns the reasons of those that do not do.
        """
        left, faults = self.cells.alive(rows), Faults()
        for attempt in range(self.kind.brief.tries):
            faults = await once(left, attempt) if left else {}
            left = [i for i in self.cells.alive(left) if i in faults]
        for i in left:
            self.fail(i, what, faults[i] if self.kind.brief.tries == 1 else f"{faults[i]}, in each of several tries")
        return self.cells.alive(rows)


def _said(messages: Messages, words: str) -> Messages:
    """Return messages with words at the end of the system message, which is added where there is none."""
    if messages[0][0] == "system":
        return (("system", f"{messages[0][1]}\n\n{words}"), *messages[1:])
    return (("system", words), *messages)


def settings_of(cls: type, name: str, given: Mapping[str, Any] | Sequence[str]) -> Any:
    """Return the options of a kind, from a table or from texts such as "samples=5". Raises ConfigError."""
    table: dict[str, Any] = {}
    for entry in [given] if isinstance(given, Mapping) else given:
        if isinstance(entry, Mapping):
            table |= entry
            continue
        key, sign, value = str(entry).partition("=")
        if not sign:
            raise ConfigError(f"{name}: options are written name=value, such as samples=5, got {entry!r}")
        table[key.strip()] = value.strip()
    texts = {k: v for k, v in table.items() if isinstance(v, str)}
    known = {f.name for f in options.fields(cls)}
    read = options.parse(cls, name, texts | dict.fromkeys((k for k in table if k not in known), ""))
    given = {k: read[k] if k in read else tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    settings = cls(**given)
    options.check(settings, name)
    return settings


def labelled(text: str, names: Sequence[str]) -> dict[str, str]:
    """Return what stands behind "Name:" at the beginning of lines, up to the next of the names, each the first time."""
    marks = "|".join(map(re.escape, names))
    found = list(
        re.finditer(rf"^[\s*#>-]*\(?(?:\d+[.)]\s*)?({marks})\b[\s*]*:[\s*]*", text, re.IGNORECASE | re.MULTILINE)
    )
    out: dict[str, str] = {}
    known = {name.lower(): name for name in names}
    for k, mark in enumerate(found):
        end = found[k + 1].start() if k + 1 < len(found) else len(text)
        out.setdefault(known[mark.group(1).lower()], text[mark.end() : end].strip().strip("*").strip())
    return out


def whole(answer: Answer) -> str:
    """Return the words of an answer, of one that was cut short the whole sentences, "" without any."""
    if answer.finish != "length":
        return answer.text
    ends = [m.end() for m in re.finditer(r"[.!?][\"')\]]*(?=\s|$)", answer.text)]
    return answer.text[: ends[-1]].strip() if ends else ""


ITSELF = re.compile(
    r"\b(?:SmolLM|Hugging ?Face|(?:as|like|I'm|I am|not) an? (?:\w+ )?(?:AI|chatbot|(?:large )?language model)"
    r"|I'm sorry for any)\b",
    re.IGNORECASE,
)


def speaks_of_itself(text: str) -> bool:
    """Return whether an assistant speaks of itself in place of the matter."""
    return ITSELF.search(text) is not None


def in_circles(text: str) -> bool:
    """Return whether a text says the same again and again, as small models do.

    A sentence of three words or more stands there twice, or few of the runs of four words differ.
    """
    words = text.casefold().split()
    said = [s.strip(" .!?\"'") for s in re.split(r"(?<=[.!?])\s+|\n", text.casefold()) if len(s.split()) > 2]
    if len(set(said)) < len(said):
        return True
    runs = [tuple(words[k : k + 4]) for k in range(len(words) - 3)]
    return len(runs) > 8 and len(set(runs)) < 0.75 * len(runs)


def column_among(data: pl.DataFrame, wanted: str, usual: Sequence[str], what: str) -> str:
    """Return the column that is named, or the first of those that are usual. Raises ConfigError with near misses."""
    if wanted and wanted not in data.columns:
        raise ConfigError(f"{what}: no column {wanted!r} in the data.{near(wanted, data.columns)}")
    found = wanted or next((name for name in usual if name in data.columns), "")
    if not found:
        raise ConfigError(f"{what}: the data have none of the columns {', '.join(usual)}; name one with options")
    return found
