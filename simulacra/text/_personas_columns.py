"""The columns behind personas that a model writes: who has to do with a text, and who has to do with that person.

Ge et al. (2024), "Scaling Synthetic Data Creation with 1,000,000,000 Personas" (arXiv 2406.20094): text-to-persona and
persona-to-persona.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

DEEDS = ("read", "write", "like", "dislike")
"""What a persona is likely to do with a text."""
RELATIONS = (
    "a colleague", "a friend", "a neighbour", "a sister or brother", "a parent", "a grown-up child", "a former teacher",
    "a student or apprentice", "a customer", "a supplier", "a competitor", "a manager", "an employee", "a doctor",
    "a carer", "a landlord", "a member of the same club", "someone who disagrees in public", "a fan", "a mentor",
    "an official who deals with this person", "someone who was helped by this person", "a business partner",
    "an in-law",
)  # fmt: skip
"""Who a persona may be to another."""
MOST = 1500
"""Characters of a text that are shown to the model."""
WORDS = (4, 90)
"""Least and most words of a persona."""
BEGINNINGS = ("a", "an", "someone", "somebody", "[not")
"""First words of personas in English, and of the echo's."""
LEADS = r"^(?:\W*(?:(?:persona|person|answer)\s*\d*|a person who is likely to \w+ this text)\s*:\s*)+"
"""What models say before a persona."""
ASK_TEXT = """A text stands between two marks.

{{ source_text[:%d] | quoted }}

Who is likely to {{ relation_0 }} this text? Describe one such person in one sentence of 12 to 40 words: what they do,
and what about them, such as their expertise, situation, interests or needs, makes it likely. Be specific to this text.
Give no name and quote nothing of the text. Answer with the sentence alone, beginning with "A" or "An"."""
ASK_PERSON = """A person is described between two marks.

{{ persona_%d | quoted }}

Describe {{ relation_%d }} of this person, somebody with a life and an occupation of their own, in one sentence of 12 to
40 words. Give no name and do not describe the first person again. Answer with the sentence alone, beginning with "A" or
"An"."""
GO_ON_TEXT = """Text: Two more volunteers are wanted for the river clean-up on Saturday. Bring gloves and boots.
A person who is likely to like this text: A retired biology teacher who lives by the river and joins every clean-up.

Text: In the third quarter revenue rose by four per cent, while costs of freight remained high.
A person who is likely to write this text: An accountant at a shipping company who drafts reports for the board.

Text: {{ source_text[:%d] | replace("\n", " ") }}
A person who is likely to {{ relation_0 }} this text: A"""
GO_ON_PERSON = """Person: A retired biology teacher who lives by the river and joins every clean-up.
A neighbour: A young boat builder who rents the shed next door and borrows tools more often than he brings them back.

Person: An accountant at a shipping company who drafts reports for the board.
A competitor: A freight broker who works from a kitchen table and wins customers with faster answers.

Person: %s
{{ relation_%d[0] | upper }}{{ relation_%d[1:] }}: A"""
EXAMPLES = 512
"""Characters of a text that a model which goes on from examples is shown."""


def columns(source: str, column: str, rounds: int, length: str, small: bool, embedding: str) -> list[Mapping[str, Any]]:
    """Return the columns of a chain: the first persona, and in each round one who has to do with the one before.

    source: "made", "texts" or "rows". column: of the seeds. small: the model goes on from examples rather than obeys.
    embedding: model that embeds personas, "" for none.
    """
    out: list[Mapping[str, Any]] = []
    if source == "made":
        out.append({"name": "persona_0", "kind": "persona", "fields": "text", "length": length})
    elif source == "rows":
        out.append({"name": "persona_0", "kind": "seed", "columns": column})
    else:
        out += [
            {"name": "source_text", "kind": "seed", "columns": column, "keep": False},
            {"name": "relation_0", "kind": "category", "values": DEEDS},
            _prompt(0, GO_ON_TEXT % EXAMPLES if small else ASK_TEXT % MOST, small),
        ]
    for t in range(1, rounds + 1):
        before = f"{{{{ persona_{t - 1} is not none }}}}"
        text = GO_ON_PERSON % (_again(t - 1, source), t, t) if small else ASK_PERSON % (t - 1, t)
        out.append({"name": f"relation_{t}", "kind": "category", "values": RELATIONS})
        out.append({**_prompt(t, text, small), "when": before})
    if embedding:
        out += [_vector(t, embedding) for t in range(rounds + 1)]
    return out


def _again(t: int, source: str) -> str:
    """Return the template of a persona that stands in an example; those that were gone on with lack their article."""
    name = f"persona_{t}"
    if t == 0 and source != "texts":
        return f"{{{{ {name} }}}}"
    return f"A{{{{ '' if {name}[:2] == 'n ' else ' ' }}}}{{{{ {name} | trim }}}}"


def _prompt(t: int, text: str, small: bool) -> dict[str, Any]:
    # A round that fails leaves those before it as they are.
    column = {"name": f"persona_{t}", "kind": "prompt", "prompt": text, "required": False}
    if small:
        return {**column, "complete": True, "stop": ["\n"], "temperature": 0.5, "max_tokens": 48}
    return {**column, "temperature": 0.8, "max_tokens": 90}


def _vector(t: int, model: str) -> dict[str, Any]:
    place = f"persona_{t}"
    found = f"{{{{ {place} is not none }}}}"
    return {"name": f"vector_{t}", "kind": "embedding", "of": place, "model": model, "when": found, "required": False}


def cleaned(answer: str, english: bool = True, small: bool = False) -> tuple[str, str]:
    """Return the persona in an answer and "", or "" and why there is none.

    english: it was asked to begin with A. small: the prompt itself ended with A, and the answer goes on.
    """
    if small and answer.strip():
        answer = f"A{'' if answer.startswith('n ') else ' '}{answer.lstrip()}"
    line = next((part.strip() for part in answer.strip().splitlines() if part.strip()), "")
    line = re.sub(LEADS, "", line, flags=re.IGNORECASE).strip(" \"'“”*`")
    words = line.split()
    if len(words) > WORDS[1] or (words and line[-1] not in ".!?"):
        # Cut where the last whole sentence ends; a single one that was cut short loses its loose end.
        end = max((m.end() for m in re.finditer(r"[.!?](?=\s|$)", line)), default=0)
        line = line[:end] if end else " ".join(words[: WORDS[1]]).rstrip(",;:") + "."
    words = line.split()
    if len(words) < WORDS[0]:
        return "", f"an answer of {len(words)} words is no persona: {line[:80]!r}"
    if re.search(r"\blikely to \w+ this text\b", line):
        return "", f"no persona, it says again what was asked: {line[:80]!r}"
    if english and words[0].lower() not in BEGINNINGS:
        return "", f"no persona, which begins with A or An: {line[:80]!r}"
    return line, ""
