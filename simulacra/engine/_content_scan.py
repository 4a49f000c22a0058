"""What stands in made texts that may point to a person or open a door."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulacra.core.case import Case
from simulacra.core.rng import stream
from simulacra.mask.find import SURE, find_texts
from simulacra.parts.text_rows import flat, text_columns

if TYPE_CHECKING:
    import polars as pl

MOST: Final = 3_000
"""Most texts with a digit or an @ that are searched for person data; of more, so many are drawn."""
LETTERS: Final = 20_000
"""Letters of a text that are read for secrets; for person data a fifth of them."""
PERSONAL: Final = (
    "EMAIL", "PHONE", "FAX", "SSN", "MRN", "HEALTH_PLAN", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "IP",
    "ADDRESS", "CREDIT_CARD", "IBAN",
)  # fmt: skip
"""Types that count as person data; names, places, dates and ages stand in every story."""
INVENTED: Final = frozenset(("ADDRESS",))
"""Types that a story may well invent: they warn, and never fail."""

_FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("AWS access key", r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[0-9A-Z]{16}\b"),
    ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})\b"),
    ("GitLab token", r"\bglpat-[\w-]{20,}"),
    ("Slack token", r"\bxox[abeoprs]-[\w-]{10,}|https://hooks\.slack\.com/services/[\w/]{20,}"),
    ("OpenAI or Anthropic key", r"\bsk-(?:proj-|ant-|svcacct-|or-)?[A-Za-z0-9_-]{20,}"),
    ("Stripe key", r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("Google key", r"\bAIza[\w-]{35}\b|\bya29\.[\w-]{20,}"),
    ("Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("npm or PyPI token", r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[\w-]{50,}"),
    ("SendGrid or Twilio key", r"\bSG\.[\w-]{16,}\.[\w-]{16,}|\b(?:SK|AC)[0-9a-f]{32}\b"),
    ("JSON web token", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    ("password in an address", r"\b[a-z][a-z0-9+.-]{1,15}://[^\s:/@]{1,60}:[^\s:/@]{3,100}@[\w.-]+"),
    ("password", r"(?i)\b(?:password|passwd|passwort|pwd|mot de passe)\b[\"']?\s*(?:(?:is\s*)?[:=]|is\s)\s*[\"']?"
                 r"(?P<value>\S{6,64})"),
    ("key or token", r"(?i)\b(?:api[_ -]?key|secret(?:[_ -]?key)?|access[_ -]?token|auth[_ -]?token|bearer|token)\b"
                     r"[\"']?\s*(?:[:=]|is\s|\s)\s*[\"']?(?P<value>[A-Za-z0-9+/_=.-]{16,200})"),
)  # fmt: skip
SECRETS: Final = tuple((name, re.compile(form)) for name, form in _FORMS)
_LIKELY: Final = re.compile(
    r"(?i)-----BEGIN|A[KSGIR][IDPO]A[0-9A-Z]|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hooks\.slack|\bsk[-_]|[rp]k_(?:live|test)"
    r"|AIza|ya29\.|hf_|npm_|pypi-|\bSG\.|\b(?:SK|AC)[0-9a-f]{32}|eyJ|://[^\s/@]*:[^\s/@]*@|passw|pwd|mot de passe"
    r"|api[_ -]?key|secret|token|bearer"
)
"""What no secret is without; texts without it are passed over at once."""
_WORD_OF_PASSWORD: Final = re.compile(r"[A-Za-z]+[.,;!?\"')]*$|[*•xX.]+$|\{.*|<.*|\$.*|\[.*")
_EXAMPLE: Final = re.compile(r"(?i)example|your|changeme|placeholder|dummy|xxxx|\*\*\*|1234567890|0000000|abcdefgh")

RESERVED_MAIL: Final = re.compile(
    r"(?i)@(?:[\w-]+\.)*(?:example\.(?:com|org|net|edu)|example|test|invalid|localhost|local)$"
)
FICTION: Final = re.compile(
    r"555[ .-]?01\d\d$|^\+?44 ?\(?0?\)?7700 ?900|^\+999|555[ .-]?\d{4}$|01632 ?960|020 ?7946 ?0"
)
FREE_ADDRESSES: Final = re.compile(
    r"127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|0\.0\.0\.0|255\.|::1?$"
    r"|fe80|2001:db8|(?:8\.8\.8\.8|1\.1\.1\.1)$"
)
TEST_NUMBERS: Final = frozenset(
    (
        "4111111111111111", "4242424242424242", "5555555555554444", "378282246310005", "4012888888881881",
        "6011111111111117", "078051120", "219099999", "123456789", "GB82WEST12345698765432", "DE89370400440532013000",
        "GB29NWBK60161331926819", "FR1420041010050500013M02606",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """Something found: row and column, its type, the value, and where the value is harmless, why."""

    row: int
    column: str
    type: str
    value: str
    harmless: str = ""


def columns(case: Case) -> list[str]:
    """Return the columns of made text; what methods of tables write for person data belongs to nobody by design."""
    made_by = case.lineage.made_by if case.lineage is not None else case.made.lineage.made_by
    return [] if made_by.startswith(("tables/", "images/")) else text_columns(case.made.frame, case.schema)


def secrets(case: Case, names: Sequence[str]) -> list[Thing]:
    """Return the secrets in all rows; of two that overlap the first form of the list."""
    out = []
    for name in names:
        for row, text in enumerate(_texts(case.made.frame, name)):
            if not _LIKELY.search(text):
                continue
            taken: list[tuple[int, int]] = []
            for kind, form in SECRETS:
                for match in form.finditer(text):
                    value = match.groupdict().get("value") or match[0]
                    if any(match.start() < end and start < match.end() for start, end in taken):
                        continue
                    if "value" in match.groupdict() and not _random(value, kind):
                        continue
                    taken.append(match.span())
                    out.append(Thing(row, name, kind, value, "an example" if _EXAMPLE.search(value) else ""))
    return out


def _random(value: str, kind: str) -> bool:
    """Return whether what stands beside a word such as password can be one: no plain word, or of high entropy."""
    value = value.rstrip(".,;!?\"')")
    mixed = sum(bool(re.search(signs, value)) for signs in ("[a-z]", "[A-Z]", r"\d", r"[^\w]"))
    if kind == "password":
        return mixed >= 2 and not _WORD_OF_PASSWORD.fullmatch(value) and bool(re.search(r"\d|[^\w'’.-]", value))
    return mixed >= 2 and bool(re.search(r"\d", value)) and entropy(value) >= 3.2


def entropy(value: str) -> float:
    """Return the entropy of the signs of a text, in bits a sign; random letters and digits of 20 signs have about 4."""
    counts = Counter(value).values()
    return -sum(c / len(value) * math.log2(c / len(value)) for c in counts)


def persons(case: Case, names: Sequence[str]) -> tuple[list[Thing], int, int]:
    """Return person data in texts, how many texts were searched, and how many there are."""
    out: list[Thing] = []
    looked = total = 0
    for name in names:
        texts = _texts(case.made.frame, name)
        total += len(texts)
        rows = [row for row, text in enumerate(texts) if _DIGITS.search(text)]
        # A text without an @ and without five digits close together holds none of the types but a street address.
        looked += len(texts) - max(0, len(rows) - MOST)
        if len(rows) > MOST:
            pick = stream(case.seed, "content", name).choice(len(rows), MOST, replace=False)
            rows = [rows[i] for i in sorted(pick.tolist())]
        made_up = _made_up(case, name)
        for row, hits in zip(
            rows, find_texts([texts[r][: LETTERS // 5] for r in rows], types=PERSONAL, least=SURE), strict=True
        ):
            for hit in hits:
                value = texts[row][hit.start : hit.end]
                if hit.type in _NUMBERS and _SUM.search(texts[row][max(0, hit.start - 3) : hit.end + 3]):
                    continue
                out.append(Thing(row, name, hit.type, value, _harmless(hit.type, value, made_up.get(row, ""))))
    return out, looked, total


_NUMBERS: Final = frozenset(("PHONE", "FAX", "ACCOUNT", "IP", "SSN", "CREDIT_CARD"))
_SUM: Final = re.compile(r"\d\s*[=*/<>×÷^]|[=*/<>×÷^]\s*\d|\d\s+[+-]\s+\d")
"""Signs that make numbers a sum and not a telephone number."""
_DIGITS: Final = re.compile(r"@|\d(?:\D{0,3}\d){4}|\b\d{1,5}\s+[A-Z]\w+")


def _harmless(kind: str, value: str, made_up: str) -> str:
    """Return why a value belongs to nobody, "" where nothing says so."""
    plain = re.sub(r"[\s().-]", "", value)
    if made_up and _plain(value) in made_up:
        return "a person of the recipe"
    free = (
        (kind == "EMAIL" and RESERVED_MAIL.search(value))
        or (kind in ("PHONE", "FAX") and FICTION.search(value.strip()))
        or (kind == "IP" and FREE_ADDRESSES.match(value))
        or plain in TEST_NUMBERS
        or (plain.isdigit() and (len(set(plain)) == 1 or plain in "01234567890123456789"))
    )
    return "kept free for examples" if free else ""


def _made_up(case: Case, name: str) -> dict[int, str]:
    """Return for each row what its persons are called and have, from columns of persons that the recipe made up."""
    out: dict[int, list[str]] = {}
    for column in case.made.columns:
        if column == name or not _person_column(case, column):
            continue
        for row, cell in enumerate(case.made.frame[column].to_list()):
            out.setdefault(row, []).extend(_values(cell))
    return {row: "\n".join(map(_plain, values)) for row, values in out.items()}


def _person_column(case: Case, column: str) -> bool:
    """Return whether the recipe made up persons in a column, alone or as an expression of theirs."""
    for step in (case.facts, *(_params(case))):
        given = step.get("columns") if isinstance(step, dict) else None
        for entry in given if isinstance(given, list | tuple) else ():
            if isinstance(entry, dict) and entry.get("name") == column:
                return entry.get("kind") in ("person", "persona")
    return False


def _params(case: Case) -> Iterator[object]:
    if case.lineage is not None:
        yield dict(case.lineage.params)
        yield from (dict(step) for step in case.lineage.facts.values() if isinstance(step, dict))


def _values(cell: object) -> list[str]:
    if isinstance(cell, dict):
        return [text for part in cell.values() for text in _values(part)]
    return [cell] if isinstance(cell, str) else []


def _plain(value: str) -> str:
    return re.sub(r"\W+", "", value.lower())


def _texts(frame: pl.DataFrame, name: str) -> list[str]:
    return flat(frame[name]).str.slice(0, LETTERS).to_list()
