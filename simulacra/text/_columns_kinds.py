"""The kinds of columns by name."""

from __future__ import annotations

from simulacra.text._columns_column import Column
from simulacra.text._columns_expressions import Expression
from simulacra.text._columns_prompts import Prompt
from simulacra.text._columns_samplers import Category, Number, Seed

KINDS: dict[str, type[Column]] = {
    "category": Category,
    "number": Number,
    "seed": Seed,
    "prompt": Prompt,
    "expression": Expression,
}
