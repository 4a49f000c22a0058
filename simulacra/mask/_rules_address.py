"""Street addresses: number and street word in the orders of several languages, boxes, flats, postal codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulacra.mask import _names_words as own
from simulacra.mask._rules import Found

_UP = r"[A-ZÀ-ÖØ-ÞĀ-ŽΑ-ΩА-Я]"
_WORD = r"[^\W\d_][\w'’.-]*"
_CAP = rf"(?:{_UP}[\w'’.-]*|\d{{1,3}}(?:st|nd|rd|th)\b)"
_SUFFIX = (
    "street|str|st|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|square|sq|terrace|ter|highway|hwy"
    "|parkway|pkwy|circle|cir|loop|close|crescent|cres|mews|row|alley|trail|trl|turnpike|pike|place|pl|plaza|walk|path"
    "|grove|gardens?|hill|heights|ridge|run|park|crossing|bend|cove|green|quay|wharf|esplanade|parade|gate"
    "|rise|view|vale"
    "|causeway|route|expressway|freeway|driveway|junction|station|point|landing|glen|hollow|meadows?|manor|canyon|creek"
    "|ferry|ranch|spur|springs?|valley|village|yard"
)
_SURE = (
    "street|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|square|terrace|highway|hwy|parkway|pkwy|crescent"
    "|alley|turnpike"
)
_UNIT = (
    r"(?:[,;]?\s{0,3}(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|bldg|building|appt|piso|etage|lot"
    r"|#)\.?\s?#?\s?"
    r"(?:\d+[A-Za-z]?|[A-Z]\d*|[A-Z]-\d+)\b)"
)
_HOUSE = r"\d{1,5}(?:[A-Za-z]\b|[-/]\d{1,4}(?:[A-Za-z]\b)?| 1/2)?"
_BEFORE_NAME = (
    "rue|quai|chemin|allée|impasse|cours|avenue|av|boulevard|bd|blvd|place|route|passage|square|faubourg|"
    "calle|c/|avenida|avda|paseo|carrera|plaza|plaça|carrer|ronda|camino|travesía|rua|r|praça|largo|alameda"
    "|estrada|travessa|"
    "via|viale|corso|piazza|piazzale|vicolo|largo|strada|ul|ulica|al|aleja|pl|plac|os|ulitsa|ул|улица|пр"
    "|проспект|str|strada|bulevardul"
)
_ONLY_STREETS = (
    "rue|quai|chemin|allée|impasse|boulevard|calle|avenida|avda|paseo|carrer|praça|viale|piazza|piazzale|vicolo|ulica"
    "|улица|проспект"
)
"""Words before the name of a street that are nothing else in English, so that a capital is not asked for."""
_COMPOUND = (
    "stra(?:ß|ss)e|str\\.|weg|gasse|platz|allee|ring|damm|ufer|steig|stieg|chaussee|graben|straat|laan"
    "|gracht|kade|plein|dijk"
    "|singel|dreef|gatan|vägen|gränd|gade|vej|allé|veien|vegen|gata|katu|tie|polku|kuja|utca|útja"
)
_LONG = "stra(?:ß|ss)e|str\\.|gasse|chaussee|straat|gracht|gatan|vägen|gränd|veien|vegen|utca|útja"
"""Compounds that are streets in lower case too."""
_A = (
    "(?:de la |de las |de los |del |de l'|de l’|du |des |de |d'|d’|della |delle |dei |degli |di |da |do "
    "|dos |das |der |van |von |den |el |la |le )?"
)
ENGLISH: Final = re.compile(
    rf"(?<![\w.,/$€£-]){_HOUSE}\s{{1,2}}(?:(?:[NSEW]|NE|NW|SE|SW)\.? |(?:north|south|east|west) )?(?:{_WORD}"
    rf" ){{1,4}}?(?:{_SUFFIX})\b\.?"
    rf"(?: (?:[NSEW]|NE|NW|SE|SW|North|South|East|West)\b)?(?:{_UNIT}){{0,2}}",
    re.IGNORECASE,
)
NAMED: Final = re.compile(
    rf"(?<!\w){_CAP}(?: {_CAP}){{0,3}} (?:{_SUFFIX.title()}|{_SUFFIX.upper()})\b\.? {_HOUSE}\b(?![%/:]|[."
    rf",]\d| (?:years|percent|per))"
)
NO_NUMBER: Final = re.compile(
    rf"(?<!\w){_CAP}(?: {_CAP}){{0,3}} (?:{_SURE.title()}|St)\b(?:\.(?= [a-z]))?|\b(?:{_BEFORE_NAME})"
    rf" {_A}{_UP}[\w'’-]+(?: {_UP}[\w'’-]+){{0,2}}"
)
_ROMANCE_NAME = (
    rf"(?:{_WORD},? (?:de la |de |des |del |du |di |da |van )?){{0,4}}?"
    rf"(?:(?:n[.º°o]{{1,2}} ?)?{_HOUSE}\b(?!:\d)(?:[,]? ?\d{{1,2}}[º°ª][A-Za-z]?)?)"
)
ROMANCE: Final = re.compile(
    rf"(?<![\w.])(?:{_HOUSE},? (?:bis |ter )?)?"
    rf"(?:(?i:{_ONLY_STREETS})\.? (?i:{_A})(?=[^\W\d_]){_ROMANCE_NAME}"
    rf"|(?=[A-ZÀ-ÞА-Я])(?i:{_BEFORE_NAME})\.? (?i:{_A})(?={_UP}){_ROMANCE_NAME})"
)
NUMBER_FIRST: Final = re.compile(
    rf"(?<![\w.,/-]){_HOUSE},? (?:bis |ter )?(?:(?i:{_BEFORE_NAME})\.? (?i:{_A}){_UP}[\w'’.-]*(?: (?:de la "
    rf"|de |des |del |du |di |da )?{_UP}[\w'’-]*){{0,3}}(?: {_HOUSE}\b(?!:\d))?"
    rf"|(?:rue|quai|chemin|avenue|boulevard|calle|via) {_A}{_WORD})"
)
GERMAN: Final = re.compile(
    rf"(?<!\w)(?:(?:{_UP}[\w'’.]*[ -]){{0,3}}(?:{_UP}[\w'’.-]*(?i:{_COMPOUND})|{_WORD}(?:{_LONG}))"
    rf"|(?:{_UP}[\w'’.]*[ -]){{1,3}}(?i:{_COMPOUND}))\s{{1,2}}{_HOUSE}\b"
    rf"|(?<!\w)(?:{_WORD} ){{1,3}}(?i:utca|útja|katu|tie|ulice|sokak|caddesi)\s{_HOUSE}\b"
)
BOX: Final = re.compile(
    r"(?i)\b(?:p\.? ?o\.? ?box|post(?:al)? box|postfach|bo[iî]te postale|b\.?p\.|apartado(?: postal| de"
    r" correos)?|casella postale|postbus|postboks|"
    r"gpo box|po box|caixa postal|c\.?p\.)\s?#?\d{1,6}\b"
    r"|\b(?:PSC|Unit|CMR) \d{2,5},? Box \d{1,5}\b|\b(?:APO|FPO|DPO)[ ,]+(?:AA|AE|AP) \d{5}\b|\bUS(?:NS|NV|S"
    r"|CGC) [^\W\d_]+(?=\s(?:FPO|fpo))"
)
UNIT: Final = re.compile(
    r"(?i)(?<!\w)(?:apt|apartment|suite|ste|flat|appt|appartement|piso|wohnung)\b\.?\s?#?\s?(?:\d{1"
    r",5}[A-Za-z]?|[A-Z]\d{0,3})\b(?! of\b)"
)
ZIP: Final = re.compile(
    r"\b(?:zip|post)(?:al)? ?code\b[^\w\n]{0,3}(?:is |are |of )?([A-Z]{0,2}\d[\dA-Z]{1,4}(?:[ -]\d?[A-Z\d]{2,4})?)\b"
    r"|\b(?:zip|plz|cap|c\.p\.|cep|cp)\b[^\w\n]{1,3}(?:is )?(\d{3} \d{2}|\d{4} ?[A-Z]{2}|\d{2}-\d{3}|\d{4"
    r",6}(?:-\d{3,4})?)\b",
    re.IGNORECASE,
)
BRITISH: Final = re.compile(r"\b(?:GIR 0AA|(?:[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]?) ?\d[ABD-HJLNP-UW-Z]{2})\b")
CANADIAN: Final = re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]?\d[ABCEGHJ-NPRSTV-Z]\d\b")
STATE_ZIP: Final = re.compile(
    r"\b(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]"
    r"|T[NX]|UT|V[AT]|W[AIVY])[ ,]{1,2}(\d{5}(?:-\d{4})?)\b"
)
DUTCH: Final = re.compile(r"(?<![\w.,-])[1-9]\d{3} ?[A-Z]{2}(?=[ ,]{1,2}[A-Z'][a-z'])")
_MIND: Final = re.compile(
    r"(?i)\b(?:\d+ (?:years?|days?|months?|weeks?|hours?|minutes?|times|people|percent|per|of|and|or|to|out"
    r"|in|at|mg|ml|miles?|km|km/h)\b)"
)
_SURE_END: Final = re.compile(rf"(?i)\b(?:{_SURE})\b")
_PLAIN_WORDS: Final = own.of(
    "the a an of and or to in on at by for with from is was are were be it this that my your his her our"
    " their no not other more"
    " minutes hours days weeks months years times people miles km per each all some any lost lanes"
)


def find(text: str, low: str, digit: bool) -> Iterator[Found]:
    """Yield street addresses, boxes, flats and postal codes."""
    for match in NO_NUMBER.finditer(text):
        yield *match.span(), "ADDRESS", 0.75, "street"
    if not digit:
        return
    for expression, score in ((ENGLISH, 0.9), (NAMED, 0.8), (ROMANCE, 0.87), (NUMBER_FIRST, 0.88), (GERMAN, 0.9)):
        for match in expression.finditer(text):
            words = match[0].split()
            if _MIND.match(match[0]) or (expression is ENGLISH and not _named(words)):
                continue
            yield *match.span(), "ADDRESS", score, "street and number"
    for match in BOX.finditer(text):
        yield *match.span(), "ADDRESS", 0.93, "box"
    for match in UNIT.finditer(text):
        if any(c.isdigit() for c in match[0]) or match[0][-1].isupper():
            yield *match.span(), "ADDRESS", 0.86 if match[0][-1].isdigit() else 0.7, "flat"
    yield from _postcodes(text)


def _named(words: list[str]) -> bool:
    """Tell a street's name ("42 oak lane", "1420 Oakwood Ave") from a count of things ("3 dogs and walk")."""
    plain = [word for word in words[1:] if word[0].islower()]
    if not plain:
        return True
    return (
        _PLAIN_WORDS.isdisjoint(plain)
        and (len(words) <= 4 or len(plain) <= 1)
        and bool(_SURE_END.search(" ".join(words)))
    )


def _postcodes(text: str) -> Iterator[Found]:
    for match in ZIP.finditer(text):
        group = 1 if match[1] else 2
        if any(c.isdigit() for c in match[group]):
            yield *match.span(group), "POSTCODE", 0.92, "postcode label"
    for match in STATE_ZIP.finditer(text):
        yield *match.span(1), "POSTCODE", 0.9, "state and ZIP"
    for match in BRITISH.finditer(text):
        yield *match.span(), "POSTCODE", 0.87 if " " in match[0] else 0.6, "British postcode"
    for match in CANADIAN.finditer(text):
        yield *match.span(), "POSTCODE", 0.87, "Canadian postcode"
    for match in DUTCH.finditer(text):
        yield *match.span(), "POSTCODE", 0.86, "Dutch postcode"
