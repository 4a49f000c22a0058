"""The type of a whole column: by the share of its cells that are one identifier, and by its name."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from simulacra.core.patterns import words_of

if TYPE_CHECKING:
    import polars as pl

CELLS: Final = 400
"""Different values that are looked at; a longer column is read at even steps."""
COVERED: Final = 0.8
"""Share of a cell's signs that hits must cover for the cell to be an identifier and not a text that holds one."""

NAMES: Final[tuple[tuple[str, str, float], ...]] = (
    ("EMAIL", r"\be ?mail|\bmail\b|courriel|correo", 0.9),
    ("FAX", r"\b(tele)?fax\b", 0.9),
    (
        "PHONE",
        r"\b(phone|telephone|tel|mobile|cell|cellphone|handy|telefon|téléphone|teléfono|telefono"
        r"|msisdn|pager)\b",
        0.9,
    ),
    (
        "SSN",
        r"\b(ssn|social security|nino|national insurance|tax id|tin|sin|nin|passport|dni|nie|cpf|bsn"
        r"|pesel|steuer id|aadhaar|personnummer)\b",
        0.93,
    ),
    (
        "MRN",
        r"\b(mrn|medical record|patient (id|no|nr|number)|chart (id|no|number)|hospital (id|no|number)"
        r"|nhs|hadm id|encounter id|subject id)\b",
        0.92,
    ),
    (
        "HEALTH_PLAN",
        r"\b(health plan|member (id|no|number)|beneficiary|medicare|medicaid|insurance (id|no"
        r"|number)|policy (id|no|number)|subscriber (id|no|number)|versicherten(nummer|nr))\b",
        0.9,
    ),
    ("IBAN", r"\biban\b", 0.95),
    ("CREDIT_CARD", r"\b(credit card|card (no|nr|number)|cc (num|number)|creditcard|kreditkarte|pan)\b", 0.9),
    ("ACCOUNT", r"\b(account (no|nr|num|number|id)|acct|account|konto|kontonummer|sort code|routing)\b", 0.86),
    ("LICENSE", r"\b(licen[cs]e|licen[cs]e (no|number)|driver|führerschein|certificate (no|number)|npi|dea)\b", 0.86),
    ("VEHICLE", r"\b(vin|licen[cs]e plate|plate|number plate|registration (no|number)|kennzeichen|vehicle id)\b", 0.9),
    (
        "DEVICE",
        r"\b(device (id|no|serial|number)|serial|serial (no|number)|imei|imsi|mac|mac address|udi"
        r"|seriennummer)\b",
        0.88,
    ),
    ("URL", r"\b(url|website|web ?site|homepage|link|web)\b", 0.88),
    ("IP", r"\b(ip|ip address|ipv4|ipv6|client ip|remote addr)\b", 0.9),
    ("BIOMETRIC", r"\b(finger ?print|iris|retina|voice ?print|biometric|face (embedding|template))\b", 0.86),
    ("PHOTO", r"\b(photo|portrait|picture|image|selfie|face image|headshot|avatar)\b", 0.7),
    ("USERNAME", r"\b(user ?name|login|handle|nick ?name|screen ?name|benutzername|account name)\b", 0.88),
    (
        "POSTCODE",
        r"\b(zip|zip ?code|post ?code|postal( ?code)?|plz|postleitzahl|cep|code postal|codigo"
        r" postal|cap)\b",
        0.9,
    ),
    ("CITY", r"\b(city|town|village|municipality|ort|stadt|ville|ciudad|cidade|comune|suburb)\b", 0.88),
    (
        "ADDRESS",
        r"\b(address( line)?( ?\d)?|addr|street( address)?|strasse|straße|adresse|anschrift"
        r"|dirección|direccion|endereço|indirizzo)\b",
        0.88,
    ),
    (
        "LOCATION",
        r"\b(county|country|state|province|region|district|birth ?place|place of birth|geburtsort"
        r"|location|lat|latitude|lon|lng|longitude|precinct|geo ?code|native country)\b",
        0.7,
    ),
    (
        "ORGANIZATION",
        r"\b(employer|company|organi[sz]ation|institution|hospital|school|university|firma"
        r"|clinic|facility|department)\b",
        0.7,
    ),
    ("AGE", r"\b(age|alter|edad|âge|age years)\b", 0.9),
    (
        "DATE",
        r"\b(dob|date|birth ?(date|day)|date of (birth|death)|born|admit(ted)?|admission|discharged?"
        r"|died|deceased|datum|geburtsdatum|fecha|naissance|timestamp)\b",
        0.86,
    ),
    (
        "NAME",
        r"\b((first|last|given|family|middle|full|maiden|sur|fore|patient|customer|client|contact"
        r"|employee|doctor|physician|provider|spouse|mother|father|guardian|next of kin|account holder)"
        r" ?names?|names?|surname|vorname|nachname|prénom|prenom|nombre|apellidos?|physician|doctor"
        r"|provider|attending|author|customer|owner)\b",
        0.9,
    ),
    (
        "ID",
        r"\b(id|uid|uuid|guid|identifier|customer (id|no|nr|number)|person (id|nr)|student (id|no|number)"
        r"|employee (id|no|number)|key|ssid|kundennummer|personalnummer|matrikelnummer)$",
        0.7,
    ),
)
"""Type, what a column's name says (on its words in lower case), and how much that alone is worth."""
_LOOSE: Final = frozenset(
    {"ID", "PHOTO", "LOCATION", "ORGANIZATION", "ACCOUNT", "LICENSE", "DATE", "NAME", "AGE", "URL"}
)
"""Types whose names also head columns of other things ("author", "update date"): cells must not speak against them."""
_SHAPES: Final = {
    "PHONE": r"[+(]?\d[\d ().\-/x+]{4,24}",
    "FAX": r"[+(]?\d[\d ().\-/x+]{4,24}",
    "SSN": r"[A-Za-z\d][A-Za-z\d .\-/]{5,20}",
    "MRN": r"[A-Za-z\d][A-Za-z\d .\-/]{1,24}",
    "HEALTH_PLAN": r"[A-Za-z\d][A-Za-z\d .\-/]{3,24}",
    "ACCOUNT": r"[A-Za-z\d][A-Za-z\d .\-/*]{3,34}",
    "IBAN": r"[A-Za-z]{2}\d{2}[A-Za-z\d ]{10,36}",
    "CREDIT_CARD": r"[\dxX*][\dxX* -]{11,22}",
    "LICENSE": r"(?=.*\d)[A-Za-z\d][A-Za-z\d .\-/]{3,24}",
    "VEHICLE": r"(?=.*\d)[A-Za-z\d][A-Za-z\d .\-]{3,20}",
    "DEVICE": r"(?=.*\d)[A-Za-z\d][A-Za-z\d .:\-/]{3,40}",
    "POSTCODE": r"(?=.*\d)[A-Za-z\d][A-Za-z\d -]{2,9}",
    "AGE": r"\d{1,3}(\.0)?",
    "ID": r"(?=.*\d)[A-Za-z\d][\w.:/-]{2,60}",
    "NAME": r"[^\d@/\\:;]{2,60}",
    "CITY": r"[^\d@]{2,50}",
    "LOCATION": r".{2,60}",
    "ORGANIZATION": r".{2,90}",
    "ADDRESS": r".{4,120}",
    "USERNAME": r"[\w.@#-]{2,40}",
    "BIOMETRIC": r"[\w+/=.:-]{4,}",
    "PHOTO": r"(?i).*\.(jpe?g|png|gif|tiff?|bmp|heic|webp)",
    "URL": r"(?i)(https?://|www\.)?[\w-]+(\.[\w-]+)+(/.*)?",
    "IP": r"[0-9a-fA-F.:]{3,45}",
    "EMAIL": r"[^@\s]+@[^@\s]+",
    "DATE": r"(?=.*\d)[\w .,:/+-]{4,40}",
}
"""What cells look like when only the column's name tells what they are."""


def find(series: pl.Series, name: str) -> tuple[str, float, int, float, str] | None:
    """Return type, score, cells looked at, share that agree, and the reason; None for a column of something else."""
    import polars as pl

    said = _said(name)
    if series.dtype in (pl.Date, pl.Datetime):
        cells = len(series) - series.null_count()
        return ("DATE", 0.95, cells, 1.0, "dtype") if cells else None
    if series.dtype == pl.Boolean or not (
        series.dtype.is_numeric() or series.dtype in (pl.String, pl.Binary, pl.Categorical, pl.Enum)
    ):
        return None
    values = _sample(series)
    if not values:
        return None
    share, kind, score = _by_content(values, name)
    if kind and share >= 0.5 and not series.dtype.is_numeric():
        agrees = said is not None and said[0] == kind
        return kind, round(min(0.99, score * (0.75 + 0.25 * share) + 0.05 * agrees), 3), len(values), share, "content"
    return _by_name(values, said, series)


def _said(name: str) -> tuple[str, float] | None:
    words = words_of(name)
    return next(((kind, score) for kind, expression, score in NAMES if re.search(expression, words)), None)


def _sample(series: pl.Series) -> list[str]:
    """Return different values as text, at even steps; bytes that are not UTF-8 are read as Latin-1."""
    different = series.drop_nulls().unique(maintain_order=True)
    different = different.gather_every(max(1, len(different) // CELLS)).head(CELLS)
    texts = (_text(value) for value in different.to_list())
    return [text for text in texts if text]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            value = value.decode("latin-1")
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    return str(value).strip()


def _by_content(values: list[str], name: str) -> tuple[float, str, float]:
    """Find in every cell, with the column's name before it as the words that introduce it; the commonest type wins."""
    from simulacra.mask.find import find_texts

    head = f"{words_of(name)}: " if name else ""
    votes: Counter[str] = Counter()
    scores: dict[str, float] = {}
    for value, hits in zip(values, find_texts([head + value for value in values]), strict=True):
        inside = [hit for hit in hits if hit.end > len(head)]
        covered = sum(hit.end - max(hit.start, len(head)) for hit in inside)
        if not inside or covered < COVERED * len(value):
            continue
        main = max(inside, key=lambda hit: hit.end - hit.start)
        votes[main.type] += 1
        scores[main.type] = scores.get(main.type, 0.0) + main.score
    if not votes:
        return 0.0, "", 0.0
    kind, count = votes.most_common(1)[0]
    return count / len(values), kind, scores[kind] / count


def _by_name(
    values: list[str], said: tuple[str, float] | None, series: pl.Series
) -> tuple[str, float, int, float, str] | None:
    """Trust the column's name where its cells do not speak against it."""
    if said is None:
        return None
    kind, score = said
    shape = re.compile(_SHAPES[kind])
    share = sum(shape.fullmatch(value) is not None for value in values) / len(values)
    if share < 0.5 or (series.dtype.is_float() and kind not in ("LOCATION", "AGE") and any("." in v for v in values)):
        return None
    if kind in _LOOSE and kind != "AGE":
        score -= 0.1
    return kind, round(score * (0.75 + 0.25 * share), 3), len(values), share, "name of the column"
