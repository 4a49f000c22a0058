"""How a run asks language models: its journal, its limit, batch files; and the desk at which it asks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.engine import shipped
from simulacra.io.folder import is_output

if TYPE_CHECKING:
    from simulacra.parts.prompts.desk import Desk
    from simulacra.parts.prompts.model import Model
    from simulacra.parts.prompts.port import AskPort

ENDING = ".journal.sqlite"
"""End of a journal's name, behind that of the output folder or of the recipe."""


@dataclass(frozen=True)
class Asking:
    """How a run asks language models; nothing of it decides a byte of the output.

    journal: file of the answers; None takes the one beside the output folder or, without a folder, beside `home`, and
    memory where there is neither. known: journals whose answers are taken over, as far as they are there. max_cost:
    most that may be paid, in the currency of the price table. preview: only make the rows, in memory, and check
    nothing. batch_out: write what is to be asked into this file and ask nothing. batch_in: take the answers of such a
    file first. ports: by the name of a model, in place of those that the recipe names. say: hears what a user should
    know before rows are made.
    """

    journal: str | Path | None = None
    home: str | Path | None = None
    known: tuple[Path, ...] = ()
    max_cost: float | None = None
    preview: bool = False
    batch_out: str | Path | None = None
    batch_in: str | Path | None = None
    ports: Mapping[str, AskPort] = field(default_factory=dict)
    say: Callable[[str], None] = field(default=lambda sentence: None)

    def given(self) -> str | None:
        """Return the name of an entry that was given, None where none was."""
        names = ("journal", "max_cost", "preview", "batch_out", "batch_in")
        return next((name for name in names if getattr(self, name) not in (None, False)), None)


def beside(path: str | Path) -> Path:
    """Return the journal that belongs to an output folder, or to a recipe; to one inside an output, that output's."""
    path = Path(str(path).removeprefix(shipped.PREFIX)).absolute()
    path = path.parent if path.suffix == ".toml" and is_output(path.parent) else path
    name = path.stem if path.suffix == ".toml" else path.name
    return path.parent / f"{name}{ENDING}"


@contextlib.contextmanager
def opened(
    models: Sequence[Model], out: str | Path | None, asking: Asking, ports: Mapping[str, AskPort] | None = None
) -> Iterator[Desk]:
    """Yield the desk of a run, with its journal; a journal in which nothing was written is not left behind."""
    from simulacra.parts.prompts.desk import Desk
    from simulacra.parts.prompts.journal import Journal

    home = asking.home if out is None else out
    path = asking.journal if asking.journal is not None or home is None else beside(home)
    fresh = path is not None and not Path(path).exists()
    with Journal(path) as journal:
        try:
            for known in asking.known:
                if known.exists() and known != journal.path:
                    journal.take_over(known)
            yield Desk(models, journal, max_cost=asking.max_cost, ports=ports or asking.ports)
        finally:
            unused = fresh and not len(journal)
    if unused and path is not None:
        Path(path).unlink(missing_ok=True)
