"""What the embedded model can do: tasks whose answers can be checked, as shares of twenty each."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer, Request

CAPITALS = {
    "France": "Paris",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Japan": "Tokyo",
    "Egypt": "Cairo",
    "Peru": "Lima",
    "Kenya": "Nairobi",
    "Norway": "Oslo",
    "Cuba": "Havana",
    "Canada": "Ottawa",
    "Australia": "Canberra",
    "Turkey": "Ankara",
    "Brazil": "Brasilia",
    "Poland": "Warsaw",
    "Austria": "Vienna",
    "Portugal": "Lisbon",
    "Greece": "Athens",
    "Hungary": "Budapest",
    "Ireland": "Dublin",
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["name", "age", "city"],
}
TOPICS = (
    "rain",
    "tea",
    "maps",
    "bees",
    "chess",
    "bread",
    "music",
    "ships",
    "snow",
    "glass",
    "trees",
    "dogs",
    "clocks",
    "rivers",
    "bridges",
    "gardens",
    "letters",
    "stars",
    "trains",
    "soap",
)
ANIMALS = ("cow", "fox", "hen", "owl", "pig", "ant", "bat", "cat", "eel", "goat")
THINGS = ("cup", "hat", "pen", "box", "oak", "key", "car", "bed", "jar", "map")
Task = tuple[list[str], Callable[[int, str], bool]]


def numbers(text: str) -> list[str]:
    """Return the whole numbers of an answer."""
    return [n.replace(",", "") for n in re.findall(r"\d[\d,]*", text)]


def lines(text: str) -> list[str]:
    """Return the lines of an answer without their numbers."""
    return [line.strip().lstrip("0123456789.-* ") for line in text.splitlines() if line.strip()]


def tasks() -> dict[str, Task]:
    """Return questions by task, and the check of answer i."""
    draw = random.Random(0)
    triples = [(draw.randint(12, 60), draw.randint(2, 11), draw.randint(2, 9)) for _ in range(20)]
    one = [f"Tom has {a} apples and buys {b} more. How many apples does he have now?" for a, b, _ in triples]
    two = [
        f"Tom has {a} apples and buys {b} bags of {c} apples each. How many apples does he have now?"
        for a, b, c in triples
    ]
    countries, cities = list(CAPITALS), list(CAPITALS.values())
    return {
        "capital of a country": (
            [f"What is the capital of {c}?" for c in countries],
            lambda i, text: cities[i] in text,
        ),
        "sum of one step": (one, lambda i, text: numbers(text)[-1:] == [str(triples[i][0] + triples[i][1])]),
        "sum of two steps": (
            two,
            lambda i, text: numbers(text)[-1:] == [str(triples[i][0] + triples[i][1] * triples[i][2])],
        ),
        "one sentence about a thing names it": (
            [f"Write one sentence about {t}." for t in TOPICS],
            lambda i, text: TOPICS[i].rstrip("s") in text.lower(),
        ),
        "three different facts in a list": (
            [f"List exactly three facts about {t}, one a line, and nothing else." for t in TOPICS],
            lambda i, text: len(lines(text)) == len(set(lines(text))) == 3,
        ),
        "is it an animal, in one word": (
            [f"Is a {t} an animal? Answer with one word, yes or no." for t in (*ANIMALS, *THINGS)],
            lambda i, text: text.strip().lower().rstrip(".") == ("yes" if i < len(ANIMALS) else "no"),
        ),
        "words in capitals": (
            [f"Write the name of something to do with {t} in capital letters only." for t in TOPICS],
            lambda i, text: text.strip() != "" and text == text.upper(),
        ),
    }


def asked(requests: list[Request]) -> list[Answer]:
    """Return answers, failed ones too."""
    with Desk([Model()]) as desk:
        return list(desk.run(desk.ask(requests)))


def fit() -> dict[str, Any]:
    """Return shares of right answers, and the first two answers of each task, taken as they came."""
    out: dict[str, Any] = {}
    for name, (questions, check) in tasks().items():
        answers = asked([Request((("user", q),), "default", temperature=0.0, max_tokens=100) for q in questions])
        right = sum(check(i, a.text) for i, a in enumerate(answers))
        out[name] = {"right": right, "of": len(questions), "said": [a.text for a in answers[:2]]}
        print(f"  {name}: {right} of {len(questions)} {json.dumps(out[name]['said'])}", flush=True)
    made = asked(
        [
            Request(
                (("user", f"Invent a person who likes {t}. Answer as JSON with name, age and city."),),
                "default",
                seed=i,
                max_tokens=100,
                schema=PERSON,
            )
            for i, t in enumerate(TOPICS)
        ]
    )
    out["JSON of three fields"] = {
        "right": sum(a.ok for a in made),
        "of": 20,
        "said": [a.error or a.text for a in made[:2]],
    }
    return out
