"""Detection in texts: every form with its near miss, and texts whose identifiers are known."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.core.errors import ConfigError, DataError
from simulacra.mask.find import Hit, find_text, find_texts
from simulacra.mask.types import DOUBTFUL, NOT_DETECTED, SAFE_HARBOR, SURE, TYPES


def _notes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mask_notes", Path(__file__).parent / "notes.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["mask_notes"] = module
    spec.loader.exec_module(module)
    return module


NOTES = _notes().texts()


def found(text: str, **how: object) -> list[tuple[str, str]]:
    return [(text[hit.start : hit.end], hit.type) for hit in find_text(text, **how)]  # type: ignore[arg-type]


def share(hits: list[list[Hit]]) -> tuple[float, float, float]:
    """Return recall (80 % of the signs covered), precision (overlap), and how often the type is right."""
    caught = right = total = false = reported = 0
    for (_, spans), row in zip(NOTES, hits, strict=True):
        for start, end, kind in spans:
            over = [hit for hit in row if hit.start < end and start < hit.end]
            covered = sum(min(end, hit.end) - max(start, hit.start) for hit in over)
            total += 1
            caught += covered >= 0.8 * (end - start)
            right += any(hit.type == kind for hit in over)
        reported += len(row)
        false += sum(all(hit.end <= start or end <= hit.start for start, end, _ in spans) for hit in row)
    return caught / total, 1 - false / reported, right / total


def test_texts_of_five_styles_in_seven_languages() -> None:
    recall, precision, typed = share(find_texts([text for text, _ in NOTES]))
    assert recall >= 0.96
    assert precision >= 0.98
    assert typed >= 0.94


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("write to anna.lee+x@mail.example.org today", "anna.lee+x@mail.example.org", "EMAIL"),
        ("write to anna [at] example [dot] org", "anna [at] example [dot] org", "EMAIL"),
        ("see https://a.example.org/x?y=1. Then", "https://a.example.org/x?y=1", "URL"),
        ("from 10.218.6.131 at night", "10.218.6.131", "IP"),
        ("from 2001:db8::ff00:42:8329 at night", "2001:db8::ff00:42:8329", "IP"),
        ("card 00:1B:44:11:3A:B7 found", "00:1B:44:11:3A:B7", "DEVICE"),
        ("IMEI 490154203237518", "490154203237518", "DEVICE"),
        ("his SSN: 219-09-9999.", "219-09-9999", "SSN"),
        ("on file as 219-09-9999.", "219-09-9999", "SSN"),
        ("NINO QQ is wrong, AB 12 34 56 C is right", "AB 12 34 56 C", "SSN"),
        ("num 12345678Z de Madrid", "12345678Z", "SSN"),
        ("CPF 529.982.247-25 ok", "529.982.247-25", "SSN"),
        ("paid with 4539 1488 0343 6467 yesterday", "4539 1488 0343 6467", "CREDIT_CARD"),
        ("to DE89 3704 0044 0532 0130 00 by noon", "DE89 3704 0044 0532 0130 00", "IBAN"),
        ("to gb12spfc66723974480868", "gb12spfc66723974480868", "IBAN"),
        ("MRN 4471-20-9", "4471-20-9", "MRN"),
        ("policy no. AX-99812", "AX-99812", "HEALTH_PLAN"),
        ("acct # 000123456", "000123456", "ACCOUNT"),
        ("driver's license number A125325867", "A125325867", "LICENSE"),
        ("VIN 1HGCM82633A004352", "1HGCM82633A004352", "VEHICLE"),
        ("a car, 1HGCM82633A004352, was sold", "1HGCM82633A004352", "VEHICLE"),
        ("plate 7ABC123", "7ABC123", "VEHICLE"),
        ("call +49 (0)30 1234-567 now", "+49 (0)30 1234-567", "PHONE"),
        ("call (415) 555-2671 x12 now", "(415) 555-2671 x12", "PHONE"),
        ("Tél. 06 12 34 56 78", "06 12 34 56 78", "PHONE"),
        ("fax: 415-555-2671", "415-555-2671", "FAX"),
        ("415-555-2671 (fax)", "415-555-2671", "FAX"),
        ("on 2004-12-06 08:35:20 UTC", "2004-12-06 08:35:20", "DATE"),
        ("on 12.03.1980 in", "12.03.1980", "DATE"),
        ("am 3. April 2022 um", "3. April 2022", "DATE"),
        ("le 4 juillet 1971", "4 juillet 1971", "DATE"),
        ("el 3 de enero de 1965", "3 de enero de 1965", "DATE"),
        ("on the 3rd of May", "3rd of May", "DATE"),
        ("since March 2024", "March 2024", "DATE"),
        ("DOB 3/14", "3/14", "DATE"),
        ("a 93-year-old man", "93", "AGE"),
        ("aged 101", "101", "AGE"),
        ("zip code 01234", "01234", "POSTCODE"),
        ("London NW1 6XE", "NW1 6XE", "POSTCODE"),
        ("at 1420 Oakwood Ave Apt 3B today", "1420 Oakwood Ave Apt 3B", "ADDRESS"),
        ("au 12 rue de Rivoli, Paris", "12 rue de Rivoli", "ADDRESS"),
        ("221b Baker Street", "221b Baker Street", "ADDRESS"),
        ("Baker Street 221b", "Baker Street 221b", "ADDRESS"),
        ("in der Berliner Straße 12a", "Berliner Straße 12a", "ADDRESS"),
        ("in Calle Mayor 15", "Calle Mayor 15", "ADDRESS"),
        ("abita in Via Garibaldi 8", "Via Garibaldi 8", "ADDRESS"),
        ("to P.O. Box 1187", "P.O. Box 1187", "ADDRESS"),
        ("user name: tom_becker77", "tom_becker77", "USERNAME"),
        ("ask @sunny_d about it", "@sunny_d", "USERNAME"),
        ("customer ID: AX-99812", "AX-99812", "ID"),
        ("password: hunter2!", "hunter2!", "ID"),
        ("fingerprint template id 88-AF21", "88-AF21", "BIOMETRIC"),
        ("see passport_photo_12.jpg", "passport_photo_12.jpg", "PHOTO"),
        ("in the Republic of the Congo", "Republic of the Congo", "LOCATION"),
    ],
)
def test_a_form_is_found(text: str, words: str, kind: str) -> None:
    assert (words, kind) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "order no 10293 and ticket 88213",
        "order number 219-09-9999",
        "BP 142/88, HR 96, temp 37.2, 12 mg",
        "The price rose by 12.5 percent to 1,249.00 in 2019",
        "version 2.14.3 of the app",
        "at 18:45 or 9:30 on Monday",
        "the 1990s and 45 years of work",
        "a 45-year-old man",
        "Mark the date, grant access, and may hope rise",
        "Meeting notes: Budget Review, Open Questions",
        "I lost 3 dogs on the way",
        "take 2 tablets by mouth",
        "he was 20 minutes down the road",
        "4539 1488 0343 6468 is no card",
        "1HGCM82633A004353 is no car",
        "999.12.1.4 is no address of a machine",
        "DOB, SSN, IP and VIN are left empty",
        "Die Rechnung wurde am Montag bezahlt, die Lieferung kommt mit der Post",
        "see README.md and config.yaml",
        "",
    ],
)
def test_what_is_no_identifier_is_left(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my name is maria lopez and", "maria lopez"),
        ("FROM: ANNA KOWALSKA TO: THE OFFICE", "ANNA KOWALSKA"),
        ("Sold by J. Smith in May", "J. Smith"),
        ("Seen by Dr. Okonkwo today", "Okonkwo"),
        ("It was Will Smith who called", "Will Smith"),
        ("Grace Kim agreed", "Grace Kim"),
        ("Oluwaseun Adeyemi and others", "Oluwaseun Adeyemi"),
        ("asked Nguyen Thi Lan again", "Nguyen Thi Lan"),
        ("Jan van der Berg came", "Jan van der Berg"),
        ("with Carmen de la Cruz today", "Carmen de la Cruz"),
        ("met Siobhan O'Rourke there", "Siobhan O'Rourke"),
        ("saw Anne-Marie Dubois there", "Anne-Marie Dubois"),
        ("Svetlana Ivanova's file", "Svetlana Ivanova"),
        ("Hi Jessica, thanks", "Jessica"),
        ("John, Rose and Dawn came", "Dawn"),
        ("姓名:王小明,住院", "王小明"),
        ("昨天李伟先生来了", "李伟"),
        ("田中さんは来ません", "田中"),
        ("Пришла Светлана Иванова вчера", "Светлана Иванова"),
    ],
)
def test_names_in_many_shapes(text: str, name: str) -> None:
    assert (name, "NAME") in found(text)


def test_a_surname_before_its_given_name() -> None:
    assert ("Nakamura", "NAME") in found("Patient: Nakamura, Yuki. Stable.") or (
        "Nakamura, Yuki",
        "NAME",
    ) in found("Patient: Nakamura, Yuki. Stable.")


def test_bodies_are_told_from_people() -> None:
    text = "She moved from Riverside Medical Center to Harrow & Finch Ltd and the University of Leeds."
    assert [kind for _, kind in found(text)] == ["ORGANIZATION"] * 3


def test_hits_never_overlap_and_lie_in_the_text() -> None:
    for text, _ in NOTES:
        hits = find_text(text, least=0.0)
        ends = [0, *(hit.end for hit in hits)]
        assert all(before <= hit.start < hit.end <= len(text) for before, hit in zip(ends, hits, strict=False))
        assert all(hit.type in TYPES and 0 < hit.score <= 1 for hit in hits)


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9 .,/@:+()-]{0,80}", fullmatch=True))
def test_any_text_is_read(text: str) -> None:
    hits = find_text(text)
    assert all(0 <= hit.start < hit.end <= len(text) and DOUBTFUL <= hit.score <= 1 for hit in hits)


def test_offsets_count_characters_not_bytes() -> None:
    text = "😀 Ünïcödé — anna@example.org"
    assert found(text)[-1] == ("anna@example.org", "EMAIL")


def test_types_and_least_choose() -> None:
    text = "Anna Smith, anna@example.org, was born 12.03.1980"
    assert found(text, types=["EMAIL"]) == [("anna@example.org", "EMAIL")]
    assert all(hit.score >= SURE for hit in find_text(text, least=SURE))


def test_a_missing_text_has_no_hits() -> None:
    assert find_texts([None, "", "Dr. Rao"])[:2] == [[], []]


def test_a_german_noun_is_no_name_when_the_language_is_told() -> None:
    assert ("Zettelkasten", "NAME") not in found("ohne Zettelkasten", language="de")


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ConfigError, match="EMIAL.*EMAIL"):
        find_text("x", types=["EMIAL"])
    with pytest.raises(DataError, match="bytes"):
        find_texts([b"x"])  # type: ignore[list-item]
    with pytest.raises(ConfigError, match="English"):
        find_text("x", "de", True)


def test_safe_harbor_has_its_eighteen_items() -> None:
    assert list(SAFE_HARBOR) == list(range(1, 19))
    assert {kind for _, kinds in SAFE_HARBOR.values() for kind in kinds} | {"ORGANIZATION"} == set(TYPES)
    assert set(NOT_DETECTED) <= set(SAFE_HARBOR)
