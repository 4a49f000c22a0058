"""Final answers: how they are found at the end of a worked answer, and whether two of them are the same."""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

CHECKERS = ("auto", "number", "choice", "expression", "text")
MARKED = re.compile(r"####\s*(.+)")
SAID = re.compile(
    r"(?:final answer|the answer|answer)\s*(?:is|are|:|=)+\s*(.+?)(?:\.\s|\.?$|\n)", re.IGNORECASE | re.MULTILINE
)
NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?:\s*/\s*\d+)?|[-+]?\.\d+")
CHOICE = re.compile(r"\(?([A-Ja-j])\)?(?:[.):]|$|\s*$)")
MOST_POWER = 64
"""Largest exponent of an expression that is worked out."""
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt, "log": math.log, "ln": math.log, "exp": math.exp, "sin": math.sin, "cos": math.cos,
    "tan": math.tan, "abs": abs,
}  # fmt: skip
NAMES = {"pi": math.pi, "e": math.e}
POINTS = (0.37, 1.61, 2.83)
"""Where expressions with unknowns are compared."""


def final(text: str) -> str:
    """Return the final answer of a worked one, "" where none is to be found.

    What stands behind "####" (as in GSM8K), else in the last \\boxed{}, else behind "the answer is", else the last
    number of the last line.
    """
    if marked := MARKED.findall(text):
        return _plain(marked[-1])
    if boxed := _boxed(text):
        return _plain(boxed)
    if said := SAID.findall(text):
        return _plain(said[-1])
    last = text.strip().rpartition("\n")[2]
    numbers = NUMBER.findall(last)
    return numbers[-1].strip() if numbers else _plain(last) if len(last.split()) <= 6 else ""


def _plain(text: str) -> str:
    return text.strip().strip("*_`").strip().rstrip(".").strip().strip("$").strip()


def _boxed(text: str) -> str:
    at = text.rfind("\\boxed{")
    if at < 0:
        return ""
    depth, start = 1, at + 7
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return text[start:place]
    return ""


def same(one: str, other: str, checker: str = "auto", tolerance: float = 1e-6) -> bool:
    """Return whether two final answers are the same.

    checker: number (units and thousands signs do not count), choice (a letter), expression (worked out; with unknowns
    at three points), text (case, space and signs do not count); auto takes the first of them that can read both.
    tolerance: relative, of numbers and expressions.
    """
    if checker in ("auto", "choice"):
        letters = _choice(one), _choice(other)
        if checker == "choice" or all(letters):
            return all(letters) and letters[0] == letters[1]
    if checker in ("auto", "number"):
        numbers = number(one, checker == "auto"), number(other, checker == "auto")
        if checker == "number" or None not in numbers:
            return None not in numbers and _near(float(numbers[0] or 0), float(numbers[1] or 0), tolerance)
    if checker in ("auto", "expression"):
        values = [expression(one), expression(other)]
        if checker == "expression" or None not in values:
            return _alike(values[0], values[1], tolerance)
    return bool(one.strip()) and _words(one) == _words(other)


def number(text: str, alone: bool = False) -> float | None:
    """Return the number of a text, None without exactly one. alone: beside it may stand a unit of one word only."""
    found = NUMBER.findall(text)
    rest = NUMBER.sub("", text).replace("$", "").replace("\u20ac", "").replace("%", "").split()
    if len(found) != 1 or (alone and len(rest) > 1):
        return None
    digits = found[0].replace(",", "").replace(" ", "")
    try:
        return float(Fraction(digits)) if "/" in digits else float(digits)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def _choice(text: str) -> str:
    found = CHOICE.match(text.strip())
    return found.group(1).upper() if found else ""


def expression(text: str) -> tuple[float, ...] | None:
    """Return the values of an expression at three points, None for what is none; nothing of it is run as code."""
    source = text.replace("^", "**").replace("\u00d7", "*").replace("\u00b7", "*").replace("\u2212", "-")
    source = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", source).replace("\\", "").replace("$", "")
    source = re.sub(r"(\d)\s*(?=[A-Za-z(])", r"\1*", source.rpartition("=")[2].strip())
    if not source or len(source) > 200:
        return None
    try:
        tree = ast.parse(source, mode="eval").body
        return tuple(_value(tree, point) for point in POINTS)
    except (SyntaxError, ValueError, ArithmeticError, TypeError, KeyError, RecursionError, MemoryError):
        return None


def _value(node: ast.AST, point: float) -> float:
    """Return the value of a node; an unknown is a number that its letter and the point decide. Raises ValueError."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.Name) and len(node.id) == 1 or isinstance(node, ast.Name) and node.id in NAMES:
        return NAMES.get(node.id, point + ord(node.id[0]) % 17 / 10)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, point)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        return float(FUNCTIONS[node.func.id](_value(node.args[0], point)))
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, point), _value(node.right, point)
        if isinstance(node.op, ast.Add | ast.Sub):
            return left + right if isinstance(node.op, ast.Add) else left - right
        if isinstance(node.op, ast.Mult | ast.Div):
            return left * right if isinstance(node.op, ast.Mult) else left / right
        if isinstance(node.op, ast.Pow) and abs(right) <= MOST_POWER:
            power = left**right
            if isinstance(power, float):
                return power
    raise ValueError


def _alike(one: Sequence[float] | None, other: Sequence[float] | None, tolerance: float) -> bool:
    return (
        one is not None and other is not None and all(_near(a, b, tolerance) for a, b in zip(one, other, strict=True))
    )


def _near(a: float, b: float, tolerance: float) -> bool:
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-9)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True)
class Vote:
    """What several answers agree on. answer: of the largest group, "" where there is none or two are as large.

    share: of all answers that are in it. members: which answers.
    """

    answer: str
    share: float
    members: tuple[int, ...]


def vote(answers: Sequence[str], checker: str = "auto", tolerance: float = 1e-6) -> Vote:
    """Return the majority of final answers (self-consistency, Wang et al. 2022); empty ones have no vote but count."""
    groups: list[list[int]] = []
    for i, answer in enumerate(answers):
        if not answer:
            continue
        mine = next((g for g in groups if same(answers[g[0]], answer, checker, tolerance)), None)
        if mine is None:
            groups.append([i])
        else:
            mine.append(i)
    groups.sort(key=lambda g: -len(g))
    if not groups or (len(groups) > 1 and len(groups[0]) == len(groups[1])):
        return Vote("", 0.0, ())
    return Vote(answers[groups[0][0]], len(groups[0]) / len(answers), tuple(groups[0]))
