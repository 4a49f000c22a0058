"""Values that fit a JSON schema, drawn from a key and the number of a row."""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulacra.text._instruct_seeds import TOPICS

if TYPE_CHECKING:
    from simulacra.text._instruct_schemas import Tool

WORDS: Mapping[str, tuple[str, ...]] = {
    "city": ("Lisbon", "Oslo", "Nairobi", "Lima", "Kyoto", "Boston", "Hamburg", "Perth"),
    "country": ("Portugal", "Norway", "Kenya", "Peru", "Japan", "Canada", "Germany", "Australia"),
    "name": ("Anna Berg", "Luis Ortega", "Mei Tanaka", "Omar Haddad", "Sara Novak", "Tom Becker"),
    "email": ("anna@example.com", "luis@example.org", "mei@example.net", "omar@example.com"),
    "language": ("English", "French", "Spanish", "German", "Italian"),
    "currency": ("euros", "dollars", "pounds", "yen", "francs"),
    "color": ("red", "blue", "green", "black", "white"),
    "title": ("Team lunch", "Dentist", "Board meeting", "Swimming lesson", "Flight to Rome"),
    "id": ("A1047", "B2290", "C3381", "D4126", "E5503"),
}
"""Values of texts by a word in the name of their argument."""
ALIKE = {
    "location": "city", "place": "city", "town": "city", "to": "city", "from": "city", "person": "name",
    "mail": "email", "colour": "color", "subject": "title", "event": "title", "number": "id", "code": "id",
}  # fmt: skip
DEEPEST = 6


class Draws:
    """Draws of one row: a function of a key, the row's number, and how many were made before."""

    def __init__(self, key: int, row: int) -> None:
        self.name, self.made = f"{key}\x1f{row}", 0

    def below(self, bound: int) -> int:
        """Return a whole number below a bound."""
        self.made += 1
        digest = hashlib.blake2b(f"{self.name}\x1f{self.made}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") % bound

    def arguments(self, tool: Tool, optional: float) -> dict[str, Any]:
        """Return arguments of a tool. optional: share of those that it need not have."""
        out = self._object(tool.parameters, optional, 0)
        return out if not tool.fault(out) else self._object(tool.parameters, 0.0, 0)

    def result(self, tool: Tool, arguments: Mapping[str, Any]) -> Any:
        """Return a result of a tool, done where it does not tell what it returns."""
        return self._object(tool.returns, 1.0, 0) if tool.returns else {"done": True}

    def _object(self, schema: Mapping[str, Any], optional: float, depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        return {
            name: self._value(name, part, optional, depth + 1)
            for name, part in schema.get("properties", {}).items()
            if name in required or self.below(1000) < 1000 * optional
        }

    def _value(self, name: str, schema: Any, optional: float, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > DEEPEST:
            return self._text(name, {})
        if "const" in schema:
            return schema["const"]
        listed = schema.get("enum") or schema.get("examples")
        if listed:
            return listed[self.below(len(listed))]
        kind = schema.get("type", "string")
        kind = next((k for k in kind if k != "null"), "string") if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema, optional, depth)
        if kind == "array":
            least, most = int(schema.get("minItems", 1)), int(schema.get("maxItems", max(3, schema.get("minItems", 1))))
            count = least + self.below(max(1, min(most, least + 3) - least + 1))
            return [self._value(name, schema.get("items", {}), optional, depth + 1) for _ in range(count)]
        if kind == "boolean":
            return bool(self.below(2))
        return self._number(schema, kind) if kind in ("integer", "number") else self._text(name, schema)

    def _number(self, schema: Mapping[str, Any], kind: str) -> int | float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0 if "maximum" not in schema else None))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        low = high - 100 if low is None else low
        high = low + 100 if high is None else high
        step = schema.get("multipleOf", 1 if kind == "integer" else 0.5 if high - low >= 2 else (high - low) / 8)
        first = math.ceil(low / step) + ("exclusiveMinimum" in schema and low % step == 0)
        last = math.floor(high / step) - ("exclusiveMaximum" in schema and high % step == 0)
        value = (first + self.below(max(1, last - first + 1))) * step
        return int(value) if kind == "integer" else round(float(value), 6)

    def _text(self, name: str, schema: Mapping[str, Any]) -> str:
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=self.below(365))
        clock = f"{7 + self.below(14):02d}:{15 * self.below(4):02d}"
        formats = {"date": day.isoformat(), "time": clock, "date-time": f"{day.isoformat()}T{clock}:00Z"}
        if schema.get("format") in formats:
            return formats[schema["format"]]
        for word in reversed(name.lower().replace("-", "_").split("_")):
            if word in formats or word == "day":
                return formats.get(word, day.isoformat())
            known = WORDS.get(ALIKE.get(word, word))
            if known:
                return known[self.below(len(known))]
        return TOPICS[self.below(len(TOPICS))]
