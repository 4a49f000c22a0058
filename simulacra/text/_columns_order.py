"""Order: every column refers to columns before it; what does not is named before anything is made or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.text._columns_column import Column
from simulacra.text._columns_templates import ANYWHERE


def check_order(columns: Sequence[Column]) -> None:
    """Raise ConfigError for names that are unknown, stand later or in a circle, and fields that a column has not."""
    references = {column.name: _references(column) for column in columns}
    before: dict[str, Column] = {}
    for column in columns:
        for name, entry in references[column.name].items():
            if name in before or name in ANYWHERE:
                continue
            raise _fault(column, name, entry, columns, references)
        _check_fields(column, before)
        column.settle(before)
        before[column.name] = column


def _references(column: Column) -> dict[str, str]:
    """Return the names that a column refers to, with the entry that does."""
    out = dict.fromkeys(column.needs, "it")
    for template in column.templates:
        for name in sorted(template.names):
            out.setdefault(name, template.where.removeprefix(f"{column.spec.place}: "))
    return out


def _fault(
    column: Column, name: str, entry: str, columns: Sequence[Column], references: Mapping[str, Mapping[str, str]]
) -> ConfigError:
    names = [c.name for c in columns]
    if name not in names:
        known = [*names[: names.index(column.name)], *ANYWHERE]
        hint = near(name, known)
        if name in column.known.seed_columns:
            hint = f" The data have such a column: write seed.{name}."
        return column.spec.error(f"{entry} refers to {name!r}, which is no column before it.{hint}")
    circle = _circle(column.name, references)
    if circle:
        way = " -> ".join(map(repr, circle))
        return column.spec.error(f"the columns refer to one another in a circle: {way}; take one reference out")
    place = columns[names.index(name)].spec.place
    return column.spec.error(f"{entry} refers to {name!r}, which stands after it ({place}); move that one before it")


def _circle(start: str, references: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the shortest way from a column back to itself, or nothing."""
    ways, seen = [[start]], set[str]()
    for way in ways:
        for name in references.get(way[-1], ()):
            if name == start:
                return [*way, start]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def _check_fields(column: Column, before: Mapping[str, Column]) -> None:
    """Raise for fields that a column before has not, and columns that the data have not."""
    for template in column.templates:
        if "seed" in template.names and column.known.seeds is None:
            raise DataError(
                f"{template.where} takes rows of the data (seed), and there are none; give data = ... in the recipe, "
                "or fit(data)"
            )
        for name, field in template.fields:
            if name == "seed" and "seed" in template.names and field not in column.known.seed_columns:
                raise ConfigError(
                    f"{template.where}: the data have no column {field!r}.{near(field, column.known.seed_columns)}"
                )
            fields = before[name].fields if name in before and name in template.names else None
            if fields and field not in fields:
                raise ConfigError(f"{template.where}: column {name!r} has no field {field!r}.{near(field, fields)}")
