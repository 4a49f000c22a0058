"""Telephone and fax numbers: international and national forms, and plain groups of digits beside words that say so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulacra.mask._rules import Found

_EXT = r"(?:,? ?(?:x|ext\.?|extension|durchwahl|dw|poste|int\.?)[ .:]?\d{1,6}(?!\w))?"
_INTERNATIONAL: Final = re.compile(
    rf"(?<![\w+])(?:\+|00(?=[1-9 (-]))[ (]{{0,2}}\d{{1,3}}\)?(?:[ ./-]{{0,3}}\(?\d{{1,5}}\)?){{2"
    rf",6}}(?<=\d){_EXT}(?!\w|-\d|[.:]\d)"
)
_AMERICAN: Final = re.compile(
    rf"(?<![\w+.$€£#-])(?:(?:\+?1|001)[ .-]?)?(?:\([0-9]\d{{2}}\)[ .-]?|[0-9]\d{{2}}[.-]|[2-9]\d{{2}}"
    rf" )\d{{3}}[ .-]\d{{4}}{_EXT}(?!\w|-\d|[.:]\d)"
)
_NATIONAL: Final = re.compile(
    r"(?<![\w+.,$€£#/-])(?<!\d )(?:"
    r"0[1-9](?:[ .-]?\d{2}){4}"  # 06 12 34 56 78
    rf"|\(0\d{{1,4}}\)[ /-]?\d{{2,4}}(?:[ -]?\d{{2,4}}){{1,3}}"  # (030) 1234 567
    r"|0\d{2,5}[ /-]{1,3}\d{3,}(?:[ -]?\d{2,4}){0,3}"  # 030 1234567, 0171/1234567
    r"|0\d{2,4}[ -]\d{2,4}[ -]\d{2,4}(?:[ -]\d{2,4})?"  # 0431 35 06 90
    r"|[689]\d{2}(?: \d{2}){3}|[679]\d{2} \d{3} \d{3}"  # 612 34 56 78
    rf"){_EXT}(?![\w/]|-\d|[.:,]\d)"
)
_GROUPS: Final = re.compile(
    rf"(?<![\w$€£:/-])(?<!\d[.,])\(?\d(?:[\d]|[ .()/-]{{1,2}}(?=\(?\d)){{5,17}}{_EXT}(?![\w/]|[.:,]\d|-\d)"
)
_BEFORE: Final = re.compile(
    r"(?i)(?:\b(?:tel(?:e(?:phone|fon[eo]?|fono|foon))?|phone|ph|mobile?|mob|cell(?:ulare?)?|handy|portable"
    r"|móvil|movil|"
    r"rufnummer|call(?:ed)?|dial|ring|ext|reach(?:ed)? (?:me|us|him|her|them)?(?: ?(?:at|on))?|answering at"
    r"|text(?:ed)?|sms|whats ?app|"
    r"contact|pager|beeper|desk|registered|landline|hotline|helpline|number is|numéro|numero|rappel\w*"
    r"|joignable|(?:a)?rufen|erreichbar|unter|llam\w+|appel\w+|"
    r"(?:home|work|office|emergency)(?: phone)?)\b[^\n\d]{0,24}|[☎📞📱✆]\W{0,3}|\b[TMP][.:] ?)$"
)
_AFTER: Final = re.compile(
    r"(?i)[ \t]{0,3}[-–(,]?[ \t]?(?:office|mobile|cell|home|work|phone|tel|fax|landline|whatsapp)\b"
)
_FAX_BEFORE: Final = re.compile(r"(?i)\b(?:tele)?fax\b[^\n\d]{0,20}$|\bF[.:] ?$")
_FAX_AFTER: Final = re.compile(r"(?i)[ \t]{0,3}[-–(,]?[ \t]?fax\b")
_NOT_BEFORE: Final = re.compile(
    r"(?i)(?:\b(?:order|invoice|ref|reference|isbn|issn|ticket|tracking|version|serial|account|acct|ssn|mrn"
    r"|id|item|part|card|iban"
    r"|policy|member|page|pp|vol|no|nr|rechnung|bestellung|lot|case|claim|siret|siren|ein|doi"
    r"|pmid)\b[^\n\d]{0,14}|[$€£#=])$"
)
_DATE: Final = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1\d{2,4}|(?:19|20)\d{2}([./-])\d{1,2}\2\d{1,2}|(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d"
)


def find(text: str) -> Iterator[Found]:
    """Yield telephone and fax numbers of a text that holds digits."""
    for expression, score in ((_INTERNATIONAL, 0.92), (_AMERICAN, 0.88), (_NATIONAL, 0.72), (_GROUPS, 0.0)):
        for match in expression.finditer(text):
            start, end = match.span()
            count = sum(c.isdecimal() for c in match[0])
            if count < 6 or count > 20 or _DATE.fullmatch(match[0]):
                continue
            # A bracket that was opened before the number belongs to the sentence.
            start += match[0].startswith("(") and ")" not in match[0]
            yield from _weighed(text, start, end, score, count)


def _weighed(text: str, start: int, end: int, score: float, count: int) -> Iterator[Found]:
    """Raise or lower the score by the words around; what is a fax number is said by them alone."""
    low = max(0, start - 40)
    fax_after, after = _FAX_AFTER.match(text, end), _AFTER.match(text, end)
    if fax_after or (not after and _FAX_BEFORE.search(text, low, start)):
        yield start, end, "FAX", max(score, 0.9), "fax"
    elif after or _BEFORE.search(text, low, start):
        yield start, end, "PHONE", max(score + 0.05, 0.87 if count >= 7 else 0.7), "phone"
    elif score and not _NOT_BEFORE.search(text, low, start):
        yield start, end, "PHONE", score, "phone"
