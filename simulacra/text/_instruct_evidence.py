"""Evidence: whether a quotation stands in its source, word for word or nearly; sentences; chunks of documents."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

SIGNS = str.maketrans("\u2018\u2019\u201a\u201b`\u201c\u201d\u201e\u00ab\u00bb", "'" * 5 + '"' * 5) | dict.fromkeys(
    (0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), "-"
)
WORD = re.compile(r"\w+(?:['.,-]\w+)*")
ENDS = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9\u00c0-\u00de\u0391-\u03a9\u0410-\u042f])")
SHORT = re.compile(
    r"(?:\b(?:[A-Z]|[Mm]rs?|[Dd]r|[Pp]rof|[Ss]t|[Nn]o|[Ff]ig|[Ee]q|[Vv]ol|[Pp]p?|vs|etc|al|approx|[Ii]nc|[Ll]td)"
    r"|e\.g|i\.e|cf)\.$"
)
"""Ends of abbreviations, behind which a sentence goes on."""
COMMON = frozenset(
    word
    for line in (
        "a an and are as at be been but by can could did do does for from had has have he her his how i if in into is",
        "it its may more most no not of on one or our she so some such than that the their them then there these they",
        "this those to was we were what when where which who why will with would you your",
    )
    for word in line.split()
)
"""English words that tell nothing of what a text is about."""
LEANING = re.compile(
    r"(?:it|this|that|these|those|they|he|she|such|its|their|there|so|thus|then|but|and|or|also)\b", re.IGNORECASE
)
"""First words of sentences that lean on the one before."""
LETTERS_A_TOKEN = 4


@dataclass(frozen=True)
class Found:
    """Where a quotation stands: start and end in the source, the words there, and how near they are, 0..1."""

    start: int
    end: int
    text: str
    score: float


def find(quotation: str, source: str) -> Found | None:
    """Return where a quotation stands in a source, None for one of less than three words.

    Space, case, kinds of quotes and dashes do not count. Where it does not stand word for word, the run of words that
    is nearest to it is returned, with the share of letters that agree (difflib's ratio of the two texts).
    """
    wanted, _ = _normal(quotation.strip().strip("\"'\u201c\u201d"))
    wanted = wanted.strip(" .")
    if len(WORD.findall(wanted)) < 3:
        return None
    text, places = _normal(source)
    at = text.find(wanted)
    if at >= 0:
        start, end = places[at], places[at + len(wanted) - 1] + 1
        end += source[end : end + 1] in (".", "!", "?")
        return Found(start, end, source[start:end], 1.0)
    return _nearest(wanted, text, places, source)


def _normal(text: str) -> tuple[str, list[int]]:
    """Return a text without what does not count, and for each of its letters the place in the text given."""
    out: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for c in unicodedata.normalize("NFKC", letter).translate(SIGNS).casefold():
            if c.isspace():
                if not out or out[-1] == " ":
                    continue
                c = " "
            out.append(c)
            places.append(place)
    return "".join(out), places


def _nearest(wanted: str, text: str, places: list[int], source: str) -> Found | None:
    words = [(m.group(), m.start(), m.end()) for m in WORD.finditer(text)]
    asked = Counter(m.group() for m in WORD.finditer(wanted))
    size = min(sum(asked.values()), len(words))
    if not words:
        return None
    held: Counter[str] = Counter()
    common, shares = 0, []
    for i, (word, _, _) in enumerate(words):
        common += held[word] < asked[word]
        held[word] += 1
        if i >= size:
            gone = words[i - size][0]
            held[gone] -= 1
            common -= held[gone] < asked[gone]
        if i >= size - 1:
            shares.append((common, i - size + 1))
    best = Found(0, 0, "", -1.0)
    for _, begin in sorted(shares, key=lambda s: (-s[0], s[1]))[:8]:
        low, high = words[begin][1], words[begin + size - 1][2]
        score = difflib.SequenceMatcher(None, wanted, text[low:high], autojunk=False).ratio()
        if score > best.score:
            start, end = places[low], places[high - 1] + 1
            best = Found(start, end, source[start:end], score)
    return best


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each on one line; paragraphs and items of lists end them."""
    out = []
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*\u2022]|\d{1,2}[.)])\s)", text):
        line, open_ = " ".join(block.split()), ""
        for piece in ENDS.split(line):
            joined = f"{open_} {piece}".strip()
            open_ = joined if SHORT.search(piece) else ""
            if not open_:
                out.append(joined)
        if open_:
            out.append(open_)
    return [s for s in out if s]


def telling(sentence: str) -> bool:
    """Return whether a sentence can be asked about: whole, of 6 to 45 words, no table, code or question."""
    words = sentence.split()
    letters = sum(c.isalpha() or c.isspace() for c in sentence)
    return (
        6 <= len(words) <= 45
        and sentence[-1] in ".!\"')"
        and (sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "\"'")
        and letters > 0.8 * len(sentence)
        and "|" not in sentence
        and not LEANING.match(sentence)
    )


def content_words(text: str) -> set[str]:
    """Return the words of a text that tell something, without common ones and endings."""
    found = WORD.findall(_normal(text)[0])
    return {re.sub(r"(?:ing|ed|es|s|ly)$", "", w) if len(w) > 4 else w for w in found if w not in COMMON}


def overlap(part: str, whole: str) -> float:
    """Return the share of the telling words of one text that stand in another, 1 for a text without any."""
    mine = content_words(part)
    return len(mine & content_words(whole)) / len(mine) if mine else 1.0


def chunks(text: str, tokens: int) -> list[str]:
    """Return a text in pieces of at most so many tokens (of four letters): whole paragraphs, else whole sentences."""
    limit = tokens * LETTERS_A_TOKEN
    pieces: list[tuple[str, str]] = []
    for paragraph in re.split(r"\n\s*\n", text):
        if len(paragraph) <= limit:
            pieces.append((paragraph.strip(), "\n\n"))
            continue
        for sentence in sentences(paragraph):
            pieces += [(sentence[k : k + limit], " ") for k in range(0, len(sentence), limit)]
    out: list[str] = []
    for piece, sign in pieces:
        if out and len(out[-1]) + len(sign) + len(piece) <= limit:
            out[-1] += sign + piece
        elif piece:
            out.append(piece)
    return out


def unwrapped(text: str) -> str:
    """Return a text with the lines of each paragraph put together; items of lists, tables and code keep theirs."""
    out = []
    for block in re.split(r"\n\s*\n", text):
        kept = re.search(r"^(?:\||```|~~~|    |\t)", block, re.MULTILINE)
        out.append(block if kept else re.sub(r"\s*\n\s*(?!(?:[-*\u2022]|\d{1,2}[.)])\s)", " ", block))
    return "\n\n".join(out)


def unmarked(text: str) -> str:
    """Return Markdown text without the marks of links, pictures, stress and code, as a reader sees it."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    return re.sub(r"(?<!`)`([^`\n]+)`(?!`)", r"\1", text).replace("\\|", "|")
