"""The kinds of columns by name."""

from __future__ import annotations

from simulacra.text._columns_checks import Check
from simulacra.text._columns_column import Column
from simulacra.text._columns_dates import Date
from simulacra.text._columns_dialogues import Dialogue
from simulacra.text._columns_expressions import Expression
from simulacra.text._columns_judges import Judge
from simulacra.text._columns_labels import Embedding, Label
from simulacra.text._columns_personas import Persona
from simulacra.text._columns_persons import Person
from simulacra.text._columns_prompts import Prompt
from simulacra.text._columns_samplers import Category, Number, Seed

KINDS: dict[str, type[Column]] = {
    "category": Category,
    "number": Number,
    "date": Date,
    "person": Person,
    "persona": Persona,
    "seed": Seed,
    "prompt": Prompt,
    "dialogue": Dialogue,
    "expression": Expression,
    "label": Label,
    "judge": Judge,
    "check": Check,
    "embedding": Embedding,
}
