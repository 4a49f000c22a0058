"""Rules for identifiers with a form of their own: an expression, what it finds, how sure it is, and a check.

A rule runs only when the sign that triggers it stands in the text, so that plain sentences cost nothing. Expressions
have no nested repetition of the same sign, so that no text makes them slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from simulacra.mask import _rules_checks as checks

Found = tuple[int, int, str, float, str]
"""Start, end, type, score, name of the rule."""


@dataclass(frozen=True)
class Rule:
    """One form. check: tells whether the digits agree. alone: the score if they do not (0: no hit).

    trigger: "@", ":" or "." must stand in the text, or "0" a digit. group: the group of the expression that is the hit.
    """

    name: str
    type: str
    expression: re.Pattern[str]
    score: float
    trigger: str = "0"
    check: Callable[[str], bool] | None = None
    alone: float = 0.0
    group: int = 0


def _rule(
    name: str,
    kind: str,
    expression: str,
    score: float,
    trigger: str = "0",
    check: Callable[[str], bool] | None = None,
    alone: float = 0.0,
    group: int = 0,
) -> Rule:
    return Rule(name, kind, re.compile(expression), score, trigger, check, alone, group)


_TLD = (
    "com|org|net|edu|gov|mil|info|biz|io|co|app|dev|ai|me|tv|uk|de|fr|es|it|nl|be|ch|at|se|no|dk|fi|pl|cz|pt"
    "|ie|eu|us|ca"
    "|au|nz|jp|cn|in|br|mx|za|ru|ua|gr|hu|ro|tr|kr|ly|online|shop|xyz|site|cloud|health|clinic|bank"
)
_NOT_IN_NUMBER = r"(?<![\w.,+-])"
_END = r"(?![\w-]|[.,]\d)"

RULES: Final[tuple[Rule, ...]] = (
    _rule("e-mail", "EMAIL", r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[^\W_](?:[\w-]*\.)+[^\W\d_][\w-]+", 0.98, "@"),
    _rule(
        "e-mail in words",
        "EMAIL",
        r"(?i)\b[\w.+-]+ ?[\[({] ?at ?[\])}] ?[\w-]+(?: ?(?:[\[({] ?dot ?[\])}]|\.) ?[\w-]+)+",
        0.8,
        "at",
    ),
    _rule("web address", "URL", r"(?i)\b(?:https?|ftps?|sftp)://[^\s<>\"'`|]+[^\s<>\"'`|.,;:!?)\]}…]", 0.98, "://"),
    _rule("web address", "URL", r"(?i)(?<![\w@.])www\d?\.[\w-]+\.[^\s<>\"'`|]+[^\s<>\"'`|.,;:!?)\]}…]", 0.97, "."),
    _rule(
        "domain",
        "URL",
        rf"(?<![\w@.-])(?:[a-zA-Z0-9-]+\.){{1,4}}(?:{_TLD})(?:/[^\s<>\"']*[^\s<>\"'."
        rf",;:!?)\]])?(?![\w@-]|\.\w)",
        0.75,
        ".",
    ),
    _rule("handle", "USERNAME", r"(?<![\w@./])@[A-Za-z_][\w.]{1,28}\w(?![\w@]|\.\w)", 0.75, "@"),
    _rule(
        "MAC",
        "DEVICE",
        r"(?<![\w:-])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])",
        0.95,
        "0",
    ),
    _rule("IPv4", "IP", r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)", 0.93, ".", checks.ip4),
    _rule("IPv6", "IP", r"(?i)(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", 0.95, ":", checks.ip6),
    _rule(
        "IBAN without check",
        "IBAN",
        r"(?i)(?<=iban)[:\s#]{1,3}(?:is |number )?([a-z]{2}\d{2}(?:"
        r" ?[a-z0-9]{4}){2,7})",
        0.8,
        group=1,
    ),
    _rule("card", "CREDIT_CARD", _NOT_IN_NUMBER + r"\d(?:[ -]?\d){11,18}" + _END, 0.95, "0", checks.card),
    _rule("SSN", "SSN", r"(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}" + _END, 0.93),
    _rule("ITIN", "SSN", r"(?<![\w.-])9\d{2}-(?:[5-7]\d|8[0-8]|9[0-24-9])-\d{4}" + _END, 0.9),
    _rule("SSN in part", "SSN", r"(?<!\w)(?:[xX*#]{3}[- ]?[xX*#]{2}[- ]?)\d{4}" + _END, 0.85),
    _rule("national insurance", "SSN", r"\b(?![DFIQUV])[A-Z](?![DFIQUVO])[A-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", 0.9),
    _rule(
        "NIR",
        "SSN",
        r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3}"
        r" ?\d{2}\b",
        0.95,
        "0",
        checks.nir,
    ),
    _rule("codice fiscale", "SSN", r"(?i)\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b", 0.95),
    _rule("DNI", "SSN", r"\b(?:\d{8}[ -]?|[XYZ][ -]?\d{7}[ -]?)[A-Z]\b", 0.9, "0", checks.dni),
    _rule("CPF", "SSN", r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}" + _END, 0.95, "0", checks.cpf),
    _rule("personnummer", "SSN", r"(?<![\w.-])(?:19|20)?\d{6}[-+]\d{4}" + _END, 0.88, "0", checks.personnummer),
    _rule("SIN", "SSN", r"(?<![\w.-])\d{3}([ -])\d{3}\1\d{3}(?![ -]?\d)" + _END, 0.7, "0", checks.sin),
    _rule("NHS number", "MRN", r"(?<![\w.-])\d{3}([ -])\d{3}\1\d{4}" + _END, 0.7, "0", checks.nhs),
    _rule("VIN", "VEHICLE", r"(?i)\b[A-HJ-NPR-Z0-9]{17}\b", 0.96, "0", checks.vin),
    _rule("British plate", "VEHICLE", r"\b[A-HJ-PR-Y][A-HJ-PR-Y](?:0[2-9]|[1-7]\d) ?[A-HJ-PR-Z]{3}\b", 0.7),
    _rule("German plate", "VEHICLE", r"(?<![\w-])[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} \d{1,4}[EH]?\b", 0.65),
    _rule(
        "coordinates",
        "LOCATION",
        r"(?<![\w.])[-+]?\d{1,2}\.\d{4,} ?°?[NS]?, ?[-+]?\d{1,3}\.\d{4,}°?"
        r" ?[EW]?",
        0.9,
        ".",
    ),
    _rule("UUID", "ID", r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", 0.85),
    _rule(
        "key",
        "ID",
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\b(?:sk|pk|rk|ghp|gho|glpat|xox[abps])[-_][\w-]{16,}"
        r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*",
        0.95,
    ),
    _rule(
        "coin address",
        "ACCOUNT",
        r"\b(?:bc1[ac-hj-np-z02-9]{25,60}|[13][1-9A-HJ-NP-Za-km-z]{26,34}"
        r"|0x[0-9a-fA-F]{40})\b",
        0.9,
    ),
    _rule(
        "picture file",
        "PHOTO",
        r"(?i)\b(?:[\w-]*(?:photo|portrait|face|selfie|headshot|passbild"
        r"|foto)[\w-]*)\.(?:jpe?g|png|heic|tiff?|bmp|gif|webp)\b",
        0.8,
        ".",
    ),
)

COUNTED: Final = re.compile(
    r"(?i)(?:order|invoice|item|article|part|model|version|lot|batch|page|room|bed|table|figure|chapter"
    r"|section|question"
    r"|step|level|line|gate|flight|track|ticket|issue|build|release|tracking|product|sku|catalog(?:ue)?"
    r"|bestell|rechnungs?"
    r"|artikel|commande|facture|pedido|factura)(?:[ -]?(?:numbers?|no\.?|nr\.?|nummer|id|#))?\W{0,3}(?:is\W)?$"
)
"""Words before a number that say it counts things, not people."""
_CHINESE: Final = (
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧"
    "曹彭曾肖田董袁潘于余叶葉蒋蔣杜苏蘇魏程吕呂丁沈任姚卢盧傅钟鐘姜崔谭譚廖范汪陆陸金石戴贾賈韦"
    "韋夏邱方侯邹鄒熊孟秦白江阎閻薛尹段雷龙龍黎史陶贺賀顾顧毛郝龚龔邵万萬钱錢严嚴武莫孔欧"
)
_SIGN: Final = r"[\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af]"
_EAST_ASIAN: Final = re.compile(
    rf"(?:姓名|名字|患者|病人|氏名|名前|이름|성명|환자)\s?(?:[:：]|是|は)\s?"
    rf"(?P<label>{_SIGN}{{2,5}}(?: {_SIGN}{{1,4}})?)"
    rf"|(?:我叫|我是|他叫|她叫)(?P<said>[{_CHINESE}]{_SIGN}{{1,2}})"
    rf"|(?P<chinese>[{_CHINESE}]{_SIGN}{{0,2}}?)(?=先生|女士|小姐|医生|醫生|教授|老师|老師)"
    rf"|(?P<other>{_SIGN}{{2,4}}?)(?=さん|様|さま|씨|님|氏)"
)
"""Names beside the words that introduce them in Chinese, Japanese and Korean."""
_IBAN: Final = re.compile(r"(?i)(?<![a-z0-9])[a-z]{2}\d{2} ?[a-z0-9]{4} ?[a-z0-9]{4}[a-z0-9 ]{3,30}")


def find(text: str, digit: bool) -> Iterator[Found]:
    """Yield what every rule finds in a text (digit: it holds one); matches may overlap."""
    for rule in RULES:
        if not (digit if rule.trigger == "0" else rule.trigger in text):
            continue
        for match in rule.expression.finditer(text):
            score = rule.score
            if rule.check is not None and not rule.check(match[rule.group]):
                score = rule.alone
            if (
                rule.check is None
                and rule.trigger == "0"
                and COUNTED.search(text, max(0, match.start() - 24), match.start())
            ):
                score -= 0.5
            if score >= 0.5:
                yield match.start(rule.group), match.end(rule.group), rule.type, score, rule.name
    if digit:
        yield from _accounts(text)
    if not text.isascii():
        for match in _EAST_ASIAN.finditer(text):
            yield *match.span(match.lastgroup or 0), "NAME", 0.86, "word beside the name"


def _accounts(text: str) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        length = checks.iban(match[0])
        if length:
            yield match.start(), match.start() + length, "IBAN", 0.98, "IBAN"
