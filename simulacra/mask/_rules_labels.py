"""Numbers and codes that only the words before them tell: "MRN: 00-4471-2", "policy no. AX-99812", "plate 7ABC123"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulacra.mask._rules import COUNTED, Found

_NO = r"(?:[ -]?(?:numbers?|num|nos?\b\.?|nrs?\b\.?|nummer|numéro|numero|número|n[°º]|#|codes?|ids?\b))"
LABELS: Final[tuple[tuple[str, str, float, str], ...]] = (
    (
        "SSN",
        rf"(?:ssn|social[ -]security|soc\.? sec\.?|sozialversicherungs?|sécurité sociale|seguridad"
        rf" social){_NO}?",
        0.93,
        "ssn|soc|sécurité|seguridad",
    ),
    (
        "SSN",
        rf"(?:national insurance|nino|tax(?:payer)?|steuer|tin|itin|passport|reisepass|pass|passeport"
        rf"|pasaporte|personalausweis|ausweis|identity card|national id|dni|nie|nif|cpf|bsn|pesel|codice"
        rf" fiscale|aadhaar|pan card|sin){_NO}?",
        0.88,
        "national|nino|tax|tin|steuer|pas|ausweis|identity|dni|nie|nif|cpf|bsn|pesel|codice|aadhaar|pan c|sin",
    ),
    (
        "MRN",
        rf"(?:mrn|emrn|mr\b|medical[ -]records?|med\.? rec\.?|patient(?:en)?|hospital|chart|unit record"
        rf"|nhs|fallnummer|accession|specimen|encounter|dossier|historia clínica"
        rf"|nhc){_NO}",
        0.92,
        "mrn|mr|record|rec|patient|hospital|chart|nhs|fallnummer|accession|specimen|encounter|dossier|historia|nhc",
    ),
    (
        "MRN",
        r"(?:mrn|emrn)\b",
        0.93,
        "mrn",
    ),
    (
        "HEALTH_PLAN",
        rf"(?:health[ -]plan|member(?:ship)?|beneficiary|subscriber|insurance|insured|policy(?:"
        rf" holder)?|medicare|medicaid|hicn|mbi|krankenversicherungs?|versicherten?"
        rf"|versicherungs?|kvnr|mutuelle|póliza"
        rf"|group){_NO}",
        0.88,
        "plan|member|beneficiary|subscriber|insur|policy|medic|hicn|mbi|versicher|kvnr|mutuelle|póliza|group",
    ),
    (
        "HEALTH_PLAN",
        r"(?:medicare|medicaid|hicn|mbi|kvnr)\b",
        0.8,
        "medicare|medicaid|hicn|mbi|kvnr",
    ),
    (
        "ACCOUNT",
        rf"(?:(?:bank |checking |savings |customer )?(?:account|acct\.?|acc\.?|a/c)|routing|sort["
        rf" -]code|konto|blz|compte|cuenta|conto|bic|swift|wallet"
        rf"|iban){_NO}?",
        0.85,
        "acc|a/c|routing|sort|konto|blz|compte|cuenta|conto|bic|swift|wallet|iban",
    ),
    (
        "CREDIT_CARD",
        rf"(?:card|cc|visa|mastercard|amex|karte|carte|tarjeta"
        rf"|carta){_NO}?",
        0.86,
        "car|cc|visa|amex|karte|tarjeta",
    ),
    (
        "LICENSE",
        rf"(?:(?:driver'?s?|driving|medical|nursing|professional|pilot'?s?|state)? ?licen[cs]e"
        rf"|driver'?s? lic\.?|dl\b|dea|npi|certificate|cert\.?|führerschein|permis(?: de conduire)?"
        rf"|patente|carnet de conducir|badge"
        rf"|lanr){_NO}?",
        0.88,
        "licen|lic|dl|dea|npi|cert|führerschein|permis|patente|carnet|badge|lanr",
    ),
    (
        "VEHICLE",
        rf"(?:vin|vehicle(?: id(?:entification)?)?|chassis|licen[cs]e plates?|number plates?|plates?"
        rf"|registration|reg\.?|kennzeichen|immatriculation|matr[ií]cula|targa"
        rf"|tag){_NO}?",
        0.86,
        "vin|vehicle|chassis|licen|plate|reg|kennzeichen|immat|matr|targa|tag",
    ),
    (
        "DEVICE",
        rf"(?:serial|s/n|sn\b|imei|imsi|iccid|device|udi|machine|asset|meid|pacemaker|implant|pump"
        rf"|seriennummer){_NO}?",
        0.85,
        "serial|s/n|sn|im|iccid|device|udi|machine|asset|meid|pace|pump|serien",
    ),
    (
        "BIOMETRIC",
        r"(?:finger ?prints?|iris|retina|voice ?prints?|face ?prints?|facial template|biometrics?"
        r"|palm)(?: (?:scan|template|sample|record|id|ref|no|number"
        r"|hash))+\.?",
        0.85,
        "print|iris|retina|template|biometric|palm",
    ),
    (
        "FAX",
        rf"(?:fax|telefax|fax{_NO})",
        0.9,
        "fax",
    ),
    (
        "ID",
        rf"(?:customer|client|employee|staff|personnel|student|user|person|subject|participant|citizen"
        rf"|voter|matriculation|matrikel|kunden|personal|mitglieds?|case|claim|record|enrol?ment|registry"
        rf"|applicant|tenant|guest|passenger|loyalty|frequent flyer|booking|reservation|visa|barcode"
        rf"|client[ée]?|cliente?|socio){_NO}",
        0.8,
        "er|nt|staff|personnel|person|subject|citizen|matri|kunden|mitglied|case|claim|record|rol|registry|guest|loyalty|frequent|booking|reservation|visa|barcode|cli|socio",
    ),
    (
        "ID",
        r"(?:id|uid|guid|password|passwort|mot de passe|contraseña|passphrase|pin|cvv2?|cvc2?|api["
        r" _-]?key|access[ _-]?key|secret|token)",
        0.72,
        "id|pass|passwort|pin|cvv|cvc|key|secret|token|contrase",
    ),
)
"""Type, the words that introduce it, the score of what follows them, and parts (a|b) of which one must stand there."""

_BETWEEN = (
    r"(?:\s?\(?#\)?|\s?[:=]|\s(?:is|was|are|ist|est|es|è|of|ending in|ends in|lautet|reads)\b:?|\s)\s{0,4}[#\"'(]?"
)
_VALUE = (
    r"([A-Z]{1,3}\d{1,4}[ -][A-Z]{1,3}\b|(?=[\w/.-]{0,24}\d)[A-Za-z0-9][A-Za-z0-9/._-]{2,28}[A-Za-z0-9]"
    r"|\d{3,4}(?: ?[A-Z0-9]{2,5}){1,5}\b)"
)
_FINDER: Final = tuple(
    (kind, score, keys.split("|"), re.compile(rf"(?i)(?<![\w-]){words}(?![A-Za-z]){_BETWEEN}(?:{_VALUE})(?![\w@])"))
    for kind, words, score, keys in LABELS
)
_SECRETS: Final = ("pass", "pwd", "key", "secret", "token", "contrase")
_USERS: Final = (
    "user",
    "login",
    "screen",
    "handle",
    "nick",
    "benutzer",
    "usuario",
    "utilisateur",
    "skype",
    "telegram",
    "discord",
    "insta",
    "snap",
    "twitter",
    "gamertag",
    "github",
    "account name",
)
_SECRET: Final = re.compile(
    r"(?i)\b(?:password|passwort|passwd|pwd|mot de passe|contraseña|passphrase|api[ _-]?key|secret|token)"
    r"(?:\s?[:=]\s?|\s(?:is|ist|es|est)\s)[\"']?([^\s\"',;]{4,80})"
)
_USER: Final = re.compile(
    r"(?i)\b(?:user ?name|user ?id|login(?: name)?|screen ?name|handle|nick(?:name)?|benutzername|usuario|"
    r"nom d'utilisateur|skype|telegram|discord|instagram|insta|snap(?:chat)?|twitter|gamertag|github|account name)"
    r"(?:\s?[:=]\s?@?|\s(?:is|ist|handle|name)\s@?)([A-Za-z][\w.#-]{2,30}\w)"
)
_DATE: Final = re.compile(r"(?:19|20)\d{2}[/.-]\d{1,2}[/.-]\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})")


def find(text: str, low: str, digit: bool) -> Iterator[Found]:
    """Yield numbers and codes with the words that introduce them, and user names and secrets.

    low: the text in lower case. digit: it holds a digit.
    """
    if digit:
        for kind, score, keys, finder in _FINDER:
            if not any(key in low for key in keys):
                continue
            for match in finder.finditer(text):
                value = match[1]
                counted = COUNTED.search(text, max(0, match.start() - 24), match.start())
                if not counted and not _DATE.fullmatch(value) and _fits(kind, value):
                    yield match.start(1), match.end(1), kind, score, "label"
    if any(key in low for key in _SECRETS):
        for match in _SECRET.finditer(text):
            yield match.start(1), match.end(1), "ID", 0.85, "secret"
    if any(key in low for key in _USERS):
        for match in _USER.finditer(text):
            if ":" in match[0] or "=" in match[0] or not match[1].isalpha():
                yield match.start(1), match.end(1), "USERNAME", 0.8, "label"


def _fits(kind: str, value: str) -> bool:
    """Tell a number that may stand for a person from a small count, a year or a weight."""
    signs = sum(c.isalnum() for c in value)
    if kind == "CREDIT_CARD":
        return 12 <= sum(c.isdecimal() for c in value) == signs <= 19
    if kind in ("VEHICLE", "ID", "LICENSE"):
        return signs >= 4 and (signs >= 5 or not value.startswith(("19", "20")))
    return signs >= 4
