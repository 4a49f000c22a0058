"""Recipe: everything that decides the bytes of an output, as a value and as TOML."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from simulacra.core import options, registry
from simulacra.core.budget import Budget
from simulacra.core.errors import ConfigError, SchemaError, near
from simulacra.core.generator import Generator
from simulacra.core.noise import Noise, UnsafeNoise
from simulacra.core.schema import Schema
from simulacra.core.transform import Transform
from simulacra.engine import shipped
from simulacra.io import chats
from simulacra.io.images import Reading

VERSION = 1
FORMATS = ("parquet", "csv", "jsonl", "png", "imagefolder", "npz", *chats.FORMATS)
FAIL_ON = ("", "warn", "fail")
PRIVATE = "tables/private"
"""The method that is taken under a privacy budget when none is named."""


@dataclass(frozen=True)
class Recipe:
    """What `make` was asked for: a TOML file, the flags of the command line and the arguments of `make` are one thing.

    method: address. settings: fields of the method that differ from their defaults. data, holdout: paths as given, ""
    for frames in memory or none. na: texts that count as missing cells in text files. model: path of a fitted model to
    sample from, in place of data and method. n: rows, at least 1; None means as many as the data have. seed: an integer
    of 64 bits. target: column to predict. person: column that names whose row it is. where: conditions as on the
    command line. only: guards to run, () for all. fail_on: verdict that counts as failure, "", "warn" or "fail".
    format: one of FORMATS. neutralise: in CSV, text that a spreadsheet would run as a formula is quoted. size, mode:
    images are read in so many pixels a side, in "grey" or "colour". schema: facts in place of inferred ones.
    epsilon, delta: the budget of differential privacy, for all rows of one `person` (for one row without it), of which
    at most person_rows are used. unsafe_seed: seeds the private noise, for tests, and marks the output NOT PRIVATE.
    Raises ConfigError for values out of range, BudgetError for a budget that is none.
    """

    method: str = "tables/forest"
    data: str = ""
    na: tuple[str, ...] = ()
    model: str = ""
    holdout: str = ""
    n: int | None = None
    seed: int = 0
    target: str | None = None
    person: str | None = None
    where: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    fail_on: str = ""
    format: str = "parquet"
    neutralise: bool = False
    size: int | None = None
    mode: str = ""
    epsilon: float | None = None
    delta: float | None = None
    person_rows: int = 1
    unsafe_seed: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    schema: Schema | None = None

    def __post_init__(self) -> None:
        for name, value in (("n", self.n), ("seed", self.seed)):
            if value is not None or name == "seed":
                object.__setattr__(self, name, options.whole(value, name))
        if self.n is not None and self.n < 1:
            raise ConfigError(f"n must be at least 1 row, got {self.n}")
        if not -(2**63) <= self.seed < 2**63:
            raise ConfigError(f"seed must fit into 64 bits, as TOML numbers do, got {self.seed}")
        for name, known in (("format", FORMATS), ("fail_on", FAIL_ON)):
            value = getattr(self, name)
            if value not in known:
                choices = [k for k in known if k and k not in chats.FORMATS[len(chats.LAYOUTS) :]]
                also = " (a layout such as chat as Parquet: chat.parquet)" if name == "format" else ""
                raise ConfigError(
                    f"{name} must be one of {', '.join(choices)}{also}, got {value!r}.{near(str(value), choices)}"
                )
        if not isinstance(self.neutralise, bool):
            raise ConfigError(f"neutralise must be true or false, got {self.neutralise!r}")
        if self.neutralise and self.format != "csv":
            raise ConfigError(f"neutralise is for CSV, which spreadsheets open; give format csv too, not {self.format}")
        if self.mode != "" or self.size is not None:
            Reading(self.size, self.mode or None)
        for name in ("method", "data", "model", "holdout", "target", "person"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (value is None and name in ("target", "person")):
                raise ConfigError(f"{name} must be text, got {value!r}")
        for name in ("na", "where", "only"):
            value = getattr(self, name)
            if isinstance(value, str) or not all(isinstance(v, str) for v in value):
                raise ConfigError(f"{name} must be a list of texts, got {value!r}")
            object.__setattr__(self, name, tuple(value))
        if not isinstance(self.settings, Mapping):
            raise ConfigError(f"settings must name fields and values, got {self.settings!r}")
        if self.epsilon is not None:
            self.budget()
        elif (extra := self._beside_epsilon()) is not None:
            raise ConfigError(f"{extra} belongs to a privacy budget; give epsilon too, e.g. --epsilon 1")
        given = [name for name in ("data", "holdout", "target", "person", "settings") if getattr(self, name)]
        given += ["epsilon"] * (self.epsilon is not None)
        if self.model and given:
            raise ConfigError(f"model names a fitted model, so {given[0]} cannot be given too; fit again to change it")

    @property
    def transforms(self) -> bool:
        """Return whether the method changes rows, and makes none."""
        return self.method in registry.names("transforms")

    @property
    def asks(self) -> bool:
        """Return whether rows are made by asking language models."""
        return not self.model and not self.transforms and bool(getattr(self._class(), "asks", False))

    def takes(self, field: str) -> bool:
        """Return whether the method has a field of that name."""
        return field in known_fields(self._class())

    def _class(self) -> Any:
        """Return the class behind the method. Raises ConfigError for an unknown one."""
        return registry.load(self.method, "transforms" if self.transforms else "generators")

    def changed(self, **given: Any) -> Self:
        """Return the recipe with other entries; settings are added to those that are there."""
        if "settings" in given:
            given["settings"] = {**self.settings, **given["settings"]}
        return dataclasses.replace(self, **given)

    def _beside_epsilon(self) -> str | None:
        """Return an entry that says something only beside epsilon, None when there is none."""
        names = ("delta", "person_rows", "unsafe_seed")
        return next((n for n in names if getattr(self, n) != type(self).__dataclass_fields__[n].default), None)

    def budget(self) -> Budget | None:
        """Return a fresh ledger, None where no epsilon is given. Raises BudgetError for values that are no budget."""
        if self.epsilon is None:
            return None
        noise = Noise() if self.unsafe_seed is None else UnsafeNoise(options.whole(self.unsafe_seed, "unsafe_seed"))
        out = Budget(self.epsilon, self.delta, self.person, self.person_rows, noise=noise)  # type: ignore[arg-type]
        if self.data:
            out.public.append("the layout of the file: its format, encoding, delimiter and quotes")
        return out

    def generator(self) -> Generator:
        """Return the method with its fields set. Raises ConfigError for an unknown method, field or value."""
        return self._set()  # type: ignore[no-any-return]

    def transform(self) -> Transform:
        """Return the transform with its fields set. Raises ConfigError as `generator` does."""
        return self._set()  # type: ignore[no-any-return]

    def _set(self) -> Any:
        cls = self._class()
        given = typed(cls, self.method, self.settings)
        if "target" in given:
            raise ConfigError(f"{self.method}: the target is not a setting here; give it as target, or --target COLUMN")
        if self.target is not None and "target" in known_fields(cls):
            given["target"] = self.target
        return cls(**given)

    def written(self) -> Recipe:
        """Return the recipe as it is recorded: settings of their declared types, defaults left out."""
        cls = self._class()
        # A field with another default under a budget is kept even at its usual one: it was asked for.
        defaults = {f.name: f.default for f in options.fields(cls) if f.metadata.get("private") is None}
        given = typed(cls, self.method, self.settings)
        settings = {k: v for k, v in sorted(given.items()) if k not in defaults or v != defaults[k]}
        return dataclasses.replace(self, settings=settings)

    def to_toml(self) -> str:
        """Return the recipe as TOML; what equals its default is left out, except method and seed."""
        import tomli_w

        out: dict[str, Any] = {"simulacra_recipe": VERSION}
        for given in dataclasses.fields(self):
            value = getattr(self, given.name)
            if given.name in ("settings", "schema"):
                continue
            if given.name in ("method", "seed") or value != given.default:
                out[given.name] = list(value) if isinstance(value, tuple) else value
        settings = {k: _plain(v) for k, v in self.settings.items()}
        if plain := {k: v for k, v in settings.items() if not _is_tables(v)}:
            out["settings"] = plain
        # Lists of tables, such as columns, stand where a reader looks for them: [[columns]], not [[settings.columns]].
        out |= {k: v for k, v in settings.items() if _is_tables(v)}
        if self.schema is not None:
            out["schema"] = self.schema.to_dict()
        return tomli_w.dumps(out)

    @classmethod
    def from_toml(cls, text: str, where: str = "recipe") -> Self:
        """Read TOML. Raises ConfigError with the place of the fault and near misses for unknown entries."""
        import tomllib

        try:
            value = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ConfigError(f"{where}: not valid TOML: {error}") from error
        version = value.pop("simulacra_recipe", None)
        if not isinstance(version, int):
            raise ConfigError(f"{where}: no line 'simulacra_recipe = {VERSION}'; is this a recipe?")
        if version > VERSION:
            raise ConfigError(
                f"{where}: written by a newer version (recipe {version}, known {VERSION}); upgrade simulacra"
            )
        if "epsilon" in value:
            value.setdefault("method", PRIVATE)
        known = [f.name for f in dataclasses.fields(cls)]
        tables = {k: value.pop(k) for k in [k for k in value if k not in known and _is_tables(value[k])]}
        if tables:
            value["settings"] = {**value.get("settings", {}), **tables}
        for key in value:
            if key not in known:
                raise ConfigError(f"{where}: unknown entry {key!r}.{near(key, known)}")
        try:
            if isinstance(value.get("schema"), str):
                value["schema"] = Schema.read(value["schema"])
            elif "schema" in value:
                value["schema"] = Schema.from_dict(value["schema"])
            return cls(**value)
        except (ConfigError, SchemaError) as error:
            raise type(error)(f"{where}: {error}") from error

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a recipe file, or one that ships, by its name. Raises ConfigError when it cannot be read or is none."""
        if str(path).startswith(shipped.PREFIX):
            return cls.from_toml(shipped.text(str(path)), str(path))
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read as a recipe ({error})") from error
        return cls.from_toml(text, str(path))


def typed(cls: type, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as values of the declared types; texts are read as on the command line."""
    texts = {k: v for k, v in settings.items() if isinstance(v, str)}
    read = options.parse(cls, name, texts | {k: "" for k in settings if k not in known_fields(cls)})
    return {k: read[k] if k in read else tuple(v) if isinstance(v, list) else v for k, v in settings.items()}


def known_fields(cls: type) -> set[str]:
    """Return the names of a method's fields."""
    return {f.name for f in options.fields(cls)}


def _is_tables(value: Any) -> bool:
    """Return whether a value is what TOML writes as [[name]]."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _plain(value: Any) -> Any:
    if value is None:
        return "none"
    return list(value) if isinstance(value, tuple) else value
