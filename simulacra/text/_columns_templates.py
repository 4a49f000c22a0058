"""Templates: sandboxed Jinja2 in which nothing can hang, fill the memory, or run what stands in the data.

Only plain expressions, `if`, `for` and `set` are known. Loops, sizes and calls are bounded, attributes are fields of
values and a few harmless methods, and a name that nobody set is an error. What a value holds is never a template.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from simulacra.core.errors import ConfigError, need
from simulacra.text._columns_nodes import bounded, fields, walk

MOST_TEXT = 1_000_000
"""Characters of one rendered text, and of any value made on the way to it."""
MOST_TURNS = 10_000
"""Turns of all loops of one rendering together."""
MARKER = "\0marker"
"""Name under which the marker of fenced data stands among the values; no template can write it."""
ANYWHERE = ("row", "seed")
"""Names that every template knows beside the columns: the number of the row, and its row of the data."""
TAKEN = (
    *ANYWHERE, "and", "caller", "else", "false", "if", "in", "is", "loop", "none", "not", "or", "range", "self",
    "super", "true", "False", "None", "True",
)  # fmt: skip
"""Names with a meaning of their own, which no column may have."""
ALLOWED = (
    "Template", "Output", "TemplateData", "Name", "Getattr", "Getitem", "Slice", "Const", "List", "Tuple", "Dict",
    "Pair", "Keyword", "Filter", "Test", "Call", "For", "If", "Assign", "CondExpr", "Compare", "Operand", "And", "Or",
    "Not", "Neg", "Pos", "Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Concat",
)  # fmt: skip
"""Nodes of a template that are known; there are no macros, includes, powers or calls of blocks."""
FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr",
    "sort", "string", "sum", "title", "trim", "truncate", "unique", "upper", "wordcount",
)  # fmt: skip
"""Filters of Jinja2 that make nothing larger than what they are given, and draw nothing at random."""
STR_METHODS = ("endswith", "lower", "lstrip", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper")
DICT_METHODS = ("get", "items", "keys", "values")
LOOP_FIELDS = ("first", "index", "index0", "last", "length", "revindex", "revindex0")


class Unfit(Exception):
    """A cell cannot be made; the text is the reason, for the list of failures."""


class Talk(list[dict[str, str]]):
    """Messages of a conversation; in a template `talk.text` is the last one's content."""

    @property
    def text(self) -> str:
        """Return the content of the last message, "" of none."""
        return self[-1]["content"] if self else ""


class Template:
    """One template, parsed and checked; `names` are what it refers to, `fields` the constant fields of those names.

    Raises ConfigError at once for bad syntax or what the sandbox does not know.
    """

    def __init__(self, source: str, where: str) -> None:
        need("jinja2", "text", "a template")
        import jinja2
        from jinja2 import meta, nodes

        self.where = where
        env = _environment()
        try:
            tree = env.parse(source)
            for node in walk(tree):
                _refuse(node)
            self.names = frozenset(meta.find_undeclared_variables(tree)) - {"range", "loop"}
            self.fields = tuple(fields(tree))
            self._template = jinja2.Template.from_code(env, env.compile(bounded(tree)), env.globals)
        except jinja2.TemplateSyntaxError as error:
            raise ConfigError(f"{where}, line {error.lineno}: {error.message}") from error
        except RecursionError:
            raise ConfigError(f"{where}: nested too deeply; take it apart into several columns") from None
        only = tree.body[0] if len(tree.body) == 1 else None
        only = only.nodes[0] if isinstance(only, nodes.Output) and len(only.nodes) == 1 else None
        self._constant = only.data if isinstance(only, nodes.TemplateData) else None

    def render(self, values: Mapping[str, Any]) -> str:
        """Return the text; values are inserted as they are. Raises Unfit with the reason."""
        if self._constant is not None:
            return self._constant
        import jinja2

        pieces, size = [], 0
        try:
            for piece in self._template.generate({"\0turns": [0], **values}):
                size += len(piece)
                if size > MOST_TEXT:
                    raise Unfit(f"the text grew beyond {MOST_TEXT:,} characters")
                pieces.append(piece)
        except (jinja2.TemplateError, ArithmeticError, TypeError, ValueError, LookupError, RecursionError) as error:
            raise Unfit(f"{self.where}: {error}") from error
        return "".join(pieces)


def truth(text: str) -> bool:
    """Return whether a rendered condition holds: it is not empty, false, no, none or 0."""
    return text.strip().lower() not in ("", "false", "no", "none", "0")


@cache
def _environment() -> Any:
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    class Sandbox(SandboxedEnvironment):
        """Fields and few methods instead of attributes; sums and products of bounded size."""

        intercepted_binops = frozenset(("+", "*", "%"))

        def getattr(self, obj: Any, attribute: str) -> Any:
            return _attribute(self, obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, Mapping | Sequence):
                try:
                    return obj[argument]
                except (LookupError, TypeError):
                    pass
            return self.undefined(obj=obj, name=argument)

        def is_safe_callable(self, obj: Any) -> bool:
            owner = getattr(obj, "__self__", None)
            return obj is _range or (isinstance(owner, str | dict) and callable(obj))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            return _sized(_operate(operator, left, right))

    env = Sandbox(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True, trim_blocks=True,
        lstrip_blocks=True, finalize=lambda value: "" if value is None else value,
    )  # fmt: skip
    env.globals = {"range": _range}
    env.filters = {name: env.filters[name] for name in FILTERS}
    env.filters |= {
        name: _of_text(env.filters[name]) for name in ("capitalize", "lower", "string", "title", "trim", "upper")
    }
    env.filters |= {"join": _join, "replace": _replace, "indent": _indent, "tojson": _tojson}
    env.filters |= {
        "quoted": jinja2.pass_context(_quoted),
        "\0counted": jinja2.pass_context(_counted),
        "\0joined": lambda parts: _join(parts, ""),
    }
    return env


def _attribute(env: Any, obj: Any, name: str) -> Any:
    if isinstance(obj, Mapping) and name in obj:
        return obj[name]
    methods = STR_METHODS if isinstance(obj, str) else DICT_METHODS if isinstance(obj, dict) else ()
    fields = ("text",) if isinstance(obj, Talk) else LOOP_FIELDS if type(obj).__name__ == "LoopContext" else ()
    if name in (*methods, *fields):
        return getattr(obj, name)
    return env.undefined(obj=obj, name=name)


def _refuse(node: Any) -> None:
    """Raise for what is not in ALLOWED, and for loops that call themselves."""
    import jinja2

    kind = type(node).__name__
    if kind not in ALLOWED or getattr(node, "recursive", False):
        what = "a loop that calls itself" if kind == "For" else kind
        raise jinja2.TemplateSyntaxError(f"templates here have no {what}; use if, for, set and filters", node.lineno)
    if kind == "Name" and node.name in ("self", "super", "caller"):
        raise jinja2.TemplateSyntaxError(f"templates here have no {node.name!r}", node.lineno)
    if kind == "Filter" and node.name not in _environment().filters:
        known = ", ".join(sorted(n for n in _environment().filters if n[0] != "\0"))
        raise jinja2.TemplateSyntaxError(f"no filter {node.name!r}; known: {known}", node.lineno)


# What templates may call ---------------------------------------------------------------------------------------------


def _range(*ends: int) -> range:
    out = range(*ends)
    if len(out) > MOST_TURNS:
        raise Unfit(f"range({len(out):,}) is longer than {MOST_TURNS:,}")
    return out


def _counted(context: Any, values: Iterable[Any]) -> Iterator[Any]:
    turns = context["\0turns"]
    for value in values:
        turns[0] += 1
        if turns[0] > MOST_TURNS:
            raise Unfit(f"more than {MOST_TURNS:,} turns of loops")
        yield value


def _operate(operator: str, left: Any, right: Any) -> Any:
    if operator == "*":
        for text, times in ((left, right), (right, left)):
            if isinstance(text, str | list | tuple) and isinstance(times, int) and len(text) * times > MOST_TEXT:
                raise Unfit(f"a product of more than {MOST_TEXT:,} characters")
        return left * right
    if operator == "%":
        if isinstance(left, str):
            raise Unfit("% does not format texts here; write ~ between the parts")
        return left % right
    return left + right


def _sized(value: Any) -> Any:
    """Return a value that is not too large. Raises Unfit."""
    if isinstance(value, int) and value.bit_length() > 4096:
        raise Unfit("a number of more than 4,096 bits")
    if isinstance(value, str | list | tuple) and len(value) > MOST_TEXT:
        raise Unfit(f"a value longer than {MOST_TEXT:,}")
    return value


def _text(value: Any) -> str:
    if type(value).__name__ == "StrictUndefined":
        return str(value)
    return "" if value is None else str(value)


def _of_text(known: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter of texts to which an empty cell is an empty text."""
    return lambda value, *rest, **named: known(_text(value) if value is None else value, *rest, **named)


def _join(parts: Iterable[Any], sign: str = "", attribute: str | None = None) -> str:
    out, size = [], 0
    for part in parts:
        out.append(_text(part[attribute] if attribute else part))
        size += len(out[-1]) + len(sign)
        if size > MOST_TEXT:
            raise Unfit(f"a text of more than {MOST_TEXT:,} characters")
    return sign.join(out)


def _replace(text: Any, old: str, new: str) -> str:
    text = _text(text)
    if len(text) + text.count(old) * len(new) > MOST_TEXT:
        raise Unfit(f"a text of more than {MOST_TEXT:,} characters")
    return str(text.replace(old, new))


def _indent(text: Any, width: int = 4, first: bool = False) -> str:
    if not 0 <= width <= 100:
        raise Unfit(f"indent takes 0 to 100 signs, got {width}")
    out: str = _replace(text, "\n", "\n" + " " * width)
    return " " * width + out if first else out


def _tojson(value: Any, indent: int | None = None) -> str:
    if indent is not None and not 0 <= indent <= 8:
        raise Unfit(f"tojson indents by 0 to 8 signs, got {indent}")
    out = _sized(json.dumps(value, ensure_ascii=False, indent=indent, default=_text))
    return str(out)


def _quoted(context: Any, text: Any) -> str:
    """Fence data, so that a model takes orders inside them for data."""
    return fenced(str(context.get(MARKER, "data")), _text(text))


def fenced(marker: str, text: str) -> str:
    """Return a text between two marks that it cannot hold itself, so that it never ends its own fence."""
    # Taking a marker out may put another one together from what stood around it.
    while marker in text:
        text = text.replace(marker, "")
    return f"<{marker}>\n{text}\n</{marker}>"
