"""The plan of a masking run: which column holds what, and what is done with it; TOML both ways.

    simulacra_mask = 1
    language = "en"
    text = "surrogate"                       # what happens to anything found in free text

    [person]
    "people.csv" = "patient_id"              # the column that names the person, a file each

    [types.DATE]
    action = "shift"
    days = 180

    [columns."people.csv".email]
    type = "EMAIL"
    action = "surrogate"

Rules of a column win over rules of a type, and those over the defaults.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from simulacra.core.atomic import write_text
from simulacra.core.errors import ConfigError, near
from simulacra.mask.types import TYPES

VERSION = 1
MARK = "simulacra_mask"
TEXT = "TEXT"
"""Type of a column of free text, in which identifiers are found one by one."""
ACTIONS = {
    "keep": "leave it as it is",
    "remove": "empty the cell, or take the place out of its text",
    "mask": 'write a fixed text: with = "[NAME]", or last = 4 characters kept',
    "generalise": "write it coarser: dates to years, ages to bands and 90+, ZIP codes to three digits, numbers to bins",
    "pseudonym": "write a keyed code, such as P-3f9a17c2d4e8b065; the same value and key, the same code",
    "shift": "move dates by a secret number of days per person; intervals stay",
    "format": "write a code of the same length and classes of characters with valid check digits; never two alike",
    "surrogate": "write a realistic value of the same kind that belongs to nobody",
}
"""Action -> what it does."""
ONLY = {"shift": ("DATE",)}
"""Action -> the only types it is for."""
DEFAULTS = {**dict.fromkeys(TYPES, "surrogate"), "DATE": "shift", "AGE": "generalise", "OTHER": "mask"}
"""Type -> what happens to it without a plan."""
OPTIONS: dict[str, tuple[type, tuple[str, ...], str]] = {
    "with": (str, ("mask",), "text that is written in its place"),
    "last": (int, ("mask",), "characters at the end that stay, 1..8"),
    "length": (int, ("pseudonym",), "hexadecimal digits of a code, 8..64"),
    "width": (int, ("generalise",), "width of bands and bins, 1 or more"),
    "digits": (int, ("generalise",), "first digits of a postcode that stay, 1..5"),
    "day_first": (bool, ("shift", "generalise"), "whether 03/04/2019 is the third of April"),
    "part": (str, ("surrogate",), 'what a name is: "given", "family" or "full"'),
}
"""Option of a rule -> its type, the actions it belongs to, and what it says."""
RANGES = {"last": (1, 8), "length": (8, 64), "width": (1, 10**9), "digits": (1, 5)}


@dataclass(frozen=True)
class Rule:
    """What a column or a place in a text holds, and what happens to it.

    type: one of mask.types.TYPES, TEXT, or "" for a column that names nobody. action: one of ACTIONS. options: of the
    action, see OPTIONS. by: where the rule comes from, in words; not written.
    """

    type: str
    action: str
    options: Mapping[str, Any] = field(default_factory=dict)
    by: str = field(default="", compare=False)


@dataclass(frozen=True)
class Plan:
    """All rules and choices of a run.

    language: of the texts, two letters. ner: use the optional model for names, too. project: two projects under one key
    get unrelated surrogates. text: action on what is found in texts, "" for the defaults of the types. doubtful:
    "act" or "keep", what happens to doubtful places until they were reviewed. disagree: "refuse" or "warn", for tables
    that say different things of one person. days: most days that dates move, either way. weekday: move by whole weeks.
    person: file -> column that names the person. columns: file -> column -> rule. types: type -> rule.
    files: file -> {"encoding": ..., "format": ...}. k, quasi, sensitive: of the checks; columns named "column" or
    "file:column".
    """

    language: str = "en"
    ner: bool = False
    project: str = ""
    text: str = ""
    doubtful: str = "act"
    disagree: str = "refuse"
    days: int = 365
    weekday: bool = False
    k: int = 5
    quasi: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    person: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)
    types: Mapping[str, Rule] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a plan. Raises ConfigError with near misses for unknown entries, types, actions and values."""
        path = Path(path)
        try:
            value = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise ConfigError(f"--plan {path} cannot be read: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"--plan {path} is not TOML: {error}") from error
        return cls.from_dict(value, str(path))

    @classmethod
    def from_dict(cls, value: Mapping[str, Any], shown: str = "plan") -> Self:
        """Return a plan from plain values. Raises ConfigError as `read` does."""
        from simulacra.mask._plan_read import checked

        return cls(**checked(dict(value), shown))

    def to_toml(self) -> str:
        """Return the plan as TOML, ready to be changed and given again."""
        from simulacra.mask._plan_write import toml

        return toml(self)

    def write(self, path: str | Path) -> None:
        """Write the plan."""
        write_text(path, self.to_toml())

    def rule_of(self, type: str, action: str = "") -> Rule:
        """Return what happens to a type; action: of a text or column, in place of the default."""
        rule = self.types.get(type)
        if rule is not None and not action:
            return rule
        wanted = action or self.text or DEFAULTS.get(type, "mask")
        if wanted in ("surrogate", "format") and not action and DEFAULTS.get(type) != "surrogate":
            wanted = DEFAULTS.get(type, "mask")
        if wanted in ONLY and type not in ONLY[wanted]:
            wanted = DEFAULTS.get(type, "mask")
        return Rule(type, wanted, rule.options if rule and rule.action == wanted else {})

    def with_columns(self, columns: Mapping[str, Mapping[str, Rule]], person: Mapping[str, str]) -> Plan:
        """Return the plan with every column settled."""
        return replace(self, columns=columns, person=person)

    def require(self, columns: Mapping[str, Iterable[str]]) -> None:
        """Raise ConfigError for files and columns of the plan that the input lacks; columns: file -> its columns."""
        for what, given in (("columns", self.columns), ("person", self.person), ("files", self.files)):
            for name in given:
                if name not in columns:
                    raise ConfigError(f"plan, [{what}]: {name!r} is not among the files to mask.{near(name, columns)}")
        for file, rules in self.columns.items():
            for column in rules:
                _one_of(column, columns[file], f'plan, [columns."{file}"]: no column {column!r} in {file}')
        for file, column in self.person.items():
            if column:
                _one_of(column, columns[file], f"plan, [person]: no column {column!r} in {file}")


def _one_of(name: str, known: Iterable[str], message: str) -> None:
    known = list(known)
    if name not in known:
        raise ConfigError(f"{message}.{near(name, known)}")
