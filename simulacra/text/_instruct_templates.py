"""The templates of mixed prompting that ship: ways to ask for a class, a number or a text, and for what has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulacra.core.errors import ConfigError, near
from simulacra.text._columns_templates import Template

TASKS = ("class", "number", "text")
NAMES = frozenset(("text", "label", "labels", "target", "noun", "record"))
"""What a template knows: the inputs as text, the value of the target as text, all classes, the target's name, what a
row is called, and the row itself by column."""

CLASS = (
    "{{ text }}\n\nWhat is the {{ target }} of this {{ noun }}?",
    "Read this {{ noun }} and give its {{ target }}.\n\n{{ text }}",
    "Classify the {{ noun }} below by {{ target }}.\n\n{{ text }}",
    "{{ noun | capitalize }}: {{ text }}\n{{ target | capitalize }}:",
    "Here is a {{ noun }}:\n{{ text }}\n\nWhich {{ target }} does it have?",
    "Tell me the {{ target }}.\n\n{{ text }}",
    "Given the {{ noun }}\n\n{{ text }}\n\nchoose the right {{ target }}.",
    "Q: What would you say is the {{ target }} here?\n{{ text }}\nA:",
    "I need to sort this {{ noun }} by {{ target }}. Where does it belong?\n\n{{ text }}",
    "{{ text }}\n\nQuestion: what {{ target }} is this?",
    "You label {{ noun }}s with their {{ target }}. Label this one.\n\n{{ text }}",
    "Decide on the {{ target }} of the following.\n\n\"{{ text }}\"",
)  # fmt: skip
NUMBER = (
    "{{ text }}\n\nWhat is the {{ target }}? Answer with a number.",
    "Estimate the {{ target }} of this {{ noun }}.\n\n{{ text }}",
    "Given the {{ noun }} below, give its {{ target }} as a number.\n\n{{ text }}",
    "{{ noun | capitalize }}: {{ text }}\n{{ target | capitalize }}:",
    "How large is the {{ target }} here?\n\n{{ text }}",
    "Read the {{ noun }} and predict the {{ target }}.\n\n{{ text }}",
    "Q: Which {{ target }} do you expect?\n{{ text }}\nA:",
    "Here is a {{ noun }}:\n{{ text }}\n\nPut a number on its {{ target }}.",
)
TEXT = (
    "{{ text }}\n\nWrite the {{ target }}.",
    "Give the {{ target }} of this {{ noun }}.\n\n{{ text }}",
    "{{ noun | capitalize }}: {{ text }}\n{{ target | capitalize }}:",
    "Here is a {{ noun }}:\n{{ text }}\n\nWhat is its {{ target }}?",
    "Read the {{ noun }} and answer with the {{ target }}.\n\n{{ text }}",
    "Q: What {{ target }} belongs to this?\n{{ text }}\nA:",
)
INVERTED = (
    "Write a {{ noun }} whose {{ target }} is {{ label }}.",
    "Give an example of a {{ noun }} with the {{ target }} {{ label }}.",
    "{{ target | capitalize }}: {{ label }}\n{{ noun | capitalize }}:",
    "Make up a {{ noun }} that somebody would give the {{ target }} {{ label }}.",
    "What could a {{ noun }} look like that has {{ target }} = {{ label }}?",
    "I need a {{ noun }}. Its {{ target }} should be {{ label }}. Write it.",
)
LISTED = (
    "\n\nOptions:\n{% for l in labels %}\n- {{ l }}\n{% endfor %}",
    "\n\nChoose from: {{ labels | join(', ') }}.",
    "\n\nAnswer with one of: {{ labels | join(' / ') }}.",
    "\n(possible answers: {{ labels | join('; ') }})",
)
"""How the classes are told."""
REASONED = (
    "\n\nGive your reasons first, then the answer.", "\n\nThink it through before you answer.",
    "\n\nExplain your answer.", "\n\nLet's think step by step.",
)  # fmt: skip
BUILT_IN: Mapping[str, Sequence[str]] = {"class": CLASS, "number": NUMBER, "text": TEXT, "inverted": INVERTED}


@dataclass(frozen=True)
class Ask:
    """One template. name: as it stands in the output. inverted: it asks for the inputs and not for the target."""

    name: str
    instruction: Template
    output: Template | None
    inverted: bool = False


def shipped(task: str) -> list[Ask]:
    """Return the templates that ship for a task ("class", "number" or "text"), and those that are inverted."""
    out = []
    for kind in (task, "inverted"):
        for number, source in enumerate(BUILT_IN[kind], 1):
            name = f"{kind}-{number}"
            out.append(Ask(name, Template(source, name), None, kind == "inverted"))
    return out


def given(entries: Sequence[Any]) -> list[Ask]:
    """Read the user's templates: entries with instruction, and maybe name, output, inverted. Raises ConfigError."""
    out = []
    for number, entry in enumerate(entries):
        place = f"templates[{number}]"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("instruction"), str):
            raise ConfigError(f"{place}: a template is a table with instruction, such as '{{{{ text }}}} Spam or not?'")
        known = ("name", "instruction", "output", "inverted")
        for key, value in entry.items():
            if key not in known:
                raise ConfigError(f"{place}: unknown entry {key!r}.{near(key, known)}")
            if not isinstance(value, bool if key == "inverted" else str):
                raise ConfigError(
                    f"{place}: {key} must be {'true or false' if key == 'inverted' else 'text'}, got {value!r}"
                )
        instruction = Template(entry["instruction"], f"{place}: instruction")
        output = Template(entry["output"], f"{place}: output") if "output" in entry else None
        for template in filter(None, (instruction, output)):
            for name in sorted(template.names - NAMES):
                raise ConfigError(f"{template.where}: unknown name {name!r}.{near(name, sorted(NAMES))}")
        out.append(Ask(str(entry.get("name", f"own-{number + 1}")), instruction, output, entry.get("inverted", False)))
    return out
