"""Schema: frozen facts about data, each with where it came from and why; TOML both ways."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulacra.core.errors import SchemaError, near

KINDS = (
    "number",
    "category",
    "boolean",
    "time",
    "text",
    "id",
    "person",
    "constant",
    "mixed",
    "empty",
    "image",
    "audio",
)
PERSON_FORMATS = (
    "name", "first_name", "last_name", "email", "phone", "address", "street", "city", "postcode", "ip", "url", "iban",
    "credit_card", "ssn",
)  # fmt: skip
SENSITIVITIES = ("none", "quasi", "direct")
SOURCES = ("from data", "declared")
FORMAT = 1

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Column:
    """Facts about one column.

    name: as in the table. kind: one of KINDS. dtype: storage, a polars type as text, e.g. "Int64", "Datetime(us)".
    missing: share of empty cells, 0..1. low, high: smallest and largest value (numbers; ISO text for times).
    step: the grid all values lie on (1 for whole numbers, 0.01 for cents), None when there is none.
    levels, weights: values of a category, constant or the words of a mixed column, with their shares (sum <= 1).
    quantiles: 0, 10, .. 100 % quantiles of a number or time (seconds since 1970), for tables/rules.
    spikes: values that stand out far above their neighbours. heavy_tail: extremes far beyond the bulk.
    format: strftime of a time kept as text; pattern of an id ("AA-9999"); which person data (PERSON_FORMATS);
        how numbers were written in text (".2f", "${:,.2f}"); width, height and mode of images ("28x28 grey").
    unique: no value occurs twice. unit: free text, e.g. "years". sensitivity: none, quasi or direct identifier.
    public: the fact may be shown without a privacy budget. source: "from data" or "declared". why: the reason.
    Raises SchemaError for values that contradict each other.
    """

    name: str
    kind: str
    dtype: str = ""
    missing: float = 0.0
    low: Scalar | None = None
    high: Scalar | None = None
    step: float | None = None
    levels: tuple[Scalar, ...] = ()
    weights: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()
    spikes: tuple[float, ...] = ()
    heavy_tail: bool = False
    format: str = ""
    unique: bool = False
    unit: str = ""
    sensitivity: str = "none"
    public: bool = False
    source: str = "declared"
    why: str = ""

    def __post_init__(self) -> None:
        def fail(what: str) -> None:
            raise SchemaError(f"column {self.name!r}: {what}")

        if self.kind not in KINDS:
            fail(f"unknown kind {self.kind!r}.{near(str(self.kind), KINDS)}")
        for given in dataclasses.fields(self):
            object.__setattr__(self, given.name, _plain(getattr(self, given.name)))
        for name, wanted, right in _TYPES:
            if not right(getattr(self, name)):
                fail(f"{name} must be {wanted}, got {getattr(self, name)!r}")
        if not isinstance(self.missing, int | float) or not 0 <= self.missing <= 1:
            fail(f"missing must be a share in 0..1, got {self.missing!r}")
        if self.step is not None and not (isinstance(self.step, int | float) and 0 < self.step < math.inf):
            fail(f"step must be a positive number, got {self.step!r}")
        if self.low is not None and self.high is not None:
            if isinstance(self.low, str) != isinstance(self.high, str):
                fail(f"low {self.low!r} and high {self.high!r} must be of one type")
            if self.low > self.high:  # type: ignore[operator]
                fail(f"low {self.low!r} is above high {self.high!r}")
        if self.weights and len(self.weights) != len(self.levels):
            fail(f"{len(self.levels)} levels but {len(self.weights)} weights; give one weight a level, or none")
        if any(not isinstance(w, int | float) or not 0 <= w <= 1 for w in self.weights) or sum(self.weights) > 1.000001:
            fail("weights must be shares in 0..1 that sum to at most 1")
        if self.kind == "person" and self.format not in PERSON_FORMATS:
            fail(f"format of person data must be one of {', '.join(PERSON_FORMATS)}, got {self.format!r}")
        if self.sensitivity not in SENSITIVITIES:
            fail(f"sensitivity must be one of {', '.join(SENSITIVITIES)}, got {self.sensitivity!r}")
        if self.source not in SOURCES:
            fail(f'source must be "from data" or "declared", got {self.source!r}')

    @property
    def copied(self) -> bool:
        """Return whether values may be learned from real ones: False for ids, person data and free text."""
        return self.kind not in ("id", "person", "text", "image", "audio")


def _plain(value: Any) -> Any:
    """Return lists as tuples and numbers of numpy as Python's."""
    if isinstance(value, list | tuple):
        return tuple(_plain(v) for v in value)
    return value.item() if hasattr(value, "item") else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_yes_or_no(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_end(value: Any) -> bool:
    return value is None or _is_number(value) or _is_text(value)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, tuple) and all(_is_number(v) and v == v for v in value)


def _are_scalars(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(v, str | int | float) for v in value)


_TYPES: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    *((name, "text", _is_text) for name in ("name", "kind", "dtype", "format", "unit", "sensitivity", "source", "why")),
    *((name, "true or false", _is_yes_or_no) for name in ("heavy_tail", "unique", "public")),
    *((name, "a list of numbers", _are_numbers) for name in ("weights", "quantiles", "spikes")),
    ("levels", "a list of texts, numbers or true and false", _are_scalars),
    ("missing", "a number", _is_number),
    ("low", "a number or text", _is_end),
    ("high", "a number or text", _is_end),
)
"""Fields of a column: what each must be, and the test of it."""


@dataclass(frozen=True)
class Table:
    """Facts about one table: its columns in order, its key, groups of columns that are missing together, its rows."""

    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    rows: int | None = None

    def __post_init__(self) -> None:
        names = [c.name for c in self.columns]
        twice = {n for n in names if names.count(n) > 1} if len(set(names)) < len(names) else set()
        if twice:
            raise SchemaError(f"column {sorted(twice)[0]!r} is named twice; every column needs a name of its own")
        for name in (*self.key, *(n for group in self.together for n in group)):
            if name not in names:
                raise SchemaError(
                    f"key or together names column {name!r}, which is not in the table.{near(name, names)}"
                )

    @property
    def names(self) -> list[str]:
        """Return the column names in order."""
        return [c.name for c in self.columns]

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"no column {name!r}.{near(name, self.names)}")


@dataclass(frozen=True)
class Link:
    """A foreign key: `column` of `table` holds values of `to_column` of `to_table`."""

    table: str
    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Schema:
    """Facts about a dataset: its tables by name, and the links between them.

    The one-table case needs no name: `schema.columns`, `schema["age"]`, `schema.replace("age", unit="years")`.
    """

    tables: Mapping[str, Table]
    links: tuple[Link, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.tables:
            raise SchemaError("a schema needs at least one table")
        for link in self.links:
            for table, column in ((link.table, link.column), (link.to_table, link.to_column)):
                if table not in self.tables:
                    raise SchemaError(f"a link names table {table!r}.{near(table, self.tables)}")
                self.tables[table][column]

    @classmethod
    def of(cls, *columns: Column, table: str = "table", **facts: Any) -> Schema:
        """Build the schema of one table from its columns."""
        return cls({table: Table(tuple(columns), **facts)})

    @property
    def table(self) -> Table:
        """Return the only table; SchemaError when there are several."""
        if len(self.tables) != 1:
            raise SchemaError(f"there are {len(self.tables)} tables ({', '.join(self.tables)}); name one")
        return next(iter(self.tables.values()))

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns of the only table."""
        return self.table.columns

    @property
    def names(self) -> list[str]:
        """Return the column names of the only table."""
        return self.table.names

    def __getitem__(self, name: str) -> Column:
        return self.table[name]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.table.columns)

    def replace(self, column: str, **changes: Any) -> Schema:
        """Return a schema in which facts of one column are changed and marked "declared"."""
        known = [f.name for f in dataclasses.fields(Column)]
        for key in changes:
            if key not in known:
                raise SchemaError(f"column {column!r}: unknown fact {key!r}.{near(key, known)}")
        name, table = next(iter(self.tables.items()))
        self.table[column]
        changes = {"source": "declared", "why": "declared", **changes}
        columns = tuple(dataclasses.replace(c, **changes) if c.name == column else c for c in table.columns)
        return dataclasses.replace(self, tables={name: dataclasses.replace(table, columns=columns)})

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (the TOML layout); facts that equal their default are left out."""
        tables = {name: _table_dict(table) for name, table in self.tables.items()}
        out: dict[str, Any] = {"simulacra_schema": FORMAT, "tables": tables}
        if self.links:
            out["links"] = [dataclasses.asdict(link) for link in self.links]
        return out

    @classmethod
    def from_dict(cls, value: Mapping[str, Any], where: str = "schema") -> Schema:
        """Read the layout of `to_dict`. Raises SchemaError with the place of the fault."""
        version = value.get("simulacra_schema")
        if not isinstance(version, int):
            raise SchemaError(
                f"{where}: no line 'simulacra_schema = {FORMAT}'; is this a schema written by `simulacra look -o`?"
            )
        if version > FORMAT:
            raise SchemaError(
                f"{where}: written by a newer version (schema format {version}, known {FORMAT}); upgrade simulacra"
            )
        unknown = set(value) - {"simulacra_schema", "tables", "links"}
        if unknown:
            raise SchemaError(
                f"{where}: unknown entry {sorted(unknown)[0]!r}.{near(sorted(unknown)[0], ['tables', 'links'])}"
            )
        given = value.get("tables", {})
        if not isinstance(given, Mapping):
            raise SchemaError(f"{where}: tables must be [tables.NAME.columns.NAME] entries, got {given!r}")
        tables = {name: _table_from(name, table, where) for name, table in given.items()}
        try:
            links = tuple(Link(**link) for link in value.get("links", ()))
        except TypeError as error:
            raise SchemaError(f"{where}: links need table, column, to_table and to_column each ({error})") from error
        return cls(tables, links)

    def to_toml(self) -> str:
        """Return the schema as TOML, made to be read and edited."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())

    @classmethod
    def from_toml(cls, text: str, where: str = "schema") -> Schema:
        """Read TOML; SchemaError names the line of a fault."""
        import tomllib

        try:
            value = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise SchemaError(f"{where}: not valid TOML: {error}") from error
        return cls.from_dict(value, where)

    @classmethod
    def read(cls, path: str | Path) -> Schema:
        """Read a schema file."""
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SchemaError(
                f"{path}: cannot be read as a schema ({error}); make one with `simulacra look DATA -o {path}`"
            ) from error
        return cls.from_toml(text, str(path))


def _table_dict(table: Table) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if table.rows is not None:
        out["rows"] = table.rows
    if table.key:
        out["key"] = list(table.key)
    if table.together:
        out["together"] = [list(group) for group in table.together]
    out["columns"] = {}
    for column in table.columns:
        facts: dict[str, Any] = {}
        for given in dataclasses.fields(Column):
            value = getattr(column, given.name)
            if given.name == "name" or value is None or value == given.default:
                continue
            facts[given.name] = list(value) if isinstance(value, tuple) else value
        out["columns"][column.name] = facts
    return out


def _table_from(name: str, value: Any, where: str) -> Table:
    if not isinstance(value, Mapping) or not isinstance(value.get("columns"), Mapping):
        raise SchemaError(f"{where}: table {name!r} has no [tables.{name}.columns.NAME] entries")
    known = [f.name for f in dataclasses.fields(Column) if f.name != "name"]
    unknown = set(value) - {"rows", "key", "together", "columns"}
    if unknown:
        raise SchemaError(f"{where}: table {name!r} has an unknown entry {sorted(unknown)[0]!r}")
    columns = []
    for column, facts in value["columns"].items():
        if not isinstance(facts, Mapping):
            raise SchemaError(f"{where}: column {column!r} must be a table of facts, got {facts!r}")
        for key in facts:
            if key not in known:
                raise SchemaError(f"{where}: column {column!r}: unknown fact {key!r}.{near(key, known)}")
        if "kind" not in facts:
            raise SchemaError(f"{where}: column {column!r} has no kind; use one of {', '.join(KINDS)}")
        columns.append(Column(name=column, **facts))
    key, together, rows = value.get("key", []), value.get("together", []), value.get("rows")
    if not _texts(key):
        raise SchemaError(f"{where}: key of table {name!r} must be a list of column names, got {key!r}")
    if not isinstance(together, list | tuple) or not all(_texts(group) for group in together):
        raise SchemaError(f"{where}: together of table {name!r} must be a list of lists of columns, got {together!r}")
    if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or rows < 0):
        raise SchemaError(f"{where}: rows of table {name!r} must be a whole number, got {rows!r}")
    return Table(tuple(columns), tuple(key), tuple(tuple(group) for group in together), rows)


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
