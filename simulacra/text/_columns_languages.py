"""Languages by the name that the user gives them: is a text written in the script of its language?

That is the cheap half of the question, and enough to see a model that answers in English when it was asked for Greek.
Which of two languages of one script a text is in is not told.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

LOOKED_AT = 400
"""Letters of a text that are looked at."""
FEWEST = 20
"""Letters without which a text is not judged: a name or a number says nothing of its language."""
SHARE = 0.3
"""Share of letters of the script that is enough; names and terms stay in their own."""
SCRIPTS: dict[str, tuple[str, ...]] = {
    script: tuple(names.split())
    for script, names in {
        "ARABIC": "arabic farsi pashto persian sindhi urdu uyghur",
        "ARMENIAN": "armenian",
        "BENGALI": "assamese bengali",
        "CJK": "cantonese chinese mandarin",
        "CYRILLIC": "belarusian bulgarian kazakh kyrgyz macedonian mongolian russian tajik ukrainian",
        "DEVANAGARI": "hindi marathi nepali sanskrit",
        "ETHIOPIC": "amharic tigrinya",
        "GEORGIAN": "georgian",
        "GREEK": "greek",
        "GUJARATI": "gujarati",
        "GURMUKHI": "punjabi",
        "HANGUL": "korean",
        "HEBREW": "hebrew yiddish",
        "KANNADA": "kannada",
        "KHMER": "khmer",
        "LAO": "lao",
        "LATIN": "afrikaans albanian basque catalan croatian czech danish dutch english estonian finnish french "
        "galician german hungarian icelandic indonesian irish italian latin latvian lithuanian malay maltese norwegian "
        "polish portuguese romanian slovak slovenian spanish swahili swedish tagalog turkish vietnamese welsh",
        "MALAYALAM": "malayalam",
        "MYANMAR": "burmese",
        "SINHALA": "sinhala",
        "TAMIL": "tamil",
        "TELUGU": "telugu",
        "THAI": "thai",
    }.items()
}
JAPANESE = ("HIRAGANA", "KATAKANA", "CJK")


def scripts_of(language: str) -> tuple[str, ...]:
    """Return the scripts of a language by its English name, () where it is not known or has several."""
    words = language.lower().split()
    if "japanese" in words:
        return JAPANESE
    return tuple(script for script, names in SCRIPTS.items() if set(words) & set(names))


def in_script(value: Any, scripts: tuple[str, ...]) -> bool:
    """Return whether the letters of a value are of one of the scripts, or too few to tell."""
    letters = [sign for sign in _words(value)[: 4 * LOOKED_AT] if sign.isalpha()][:LOOKED_AT]
    if len(letters) < FEWEST:
        return True
    fitting = sum(unicodedata.name(sign, "").startswith(scripts) for sign in letters)
    return fitting >= SHARE * len(letters)


def _words(value: Any) -> str:
    """Return the words of an answer: a text, the values of a table, what the assistant said in a conversation."""
    if isinstance(value, Mapping):
        return " ".join(map(_words, [value["content"]] if "content" in value else value.values()))
    if isinstance(value, list):
        return " ".join(_words(v) for v in value if not (isinstance(v, Mapping) and v.get("role") == "system"))
    return value if isinstance(value, str) else ""
