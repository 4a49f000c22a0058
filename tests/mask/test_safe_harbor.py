"""Safe Harbor: every item has its state, what was left is left, and what a tool cannot attest is said."""

from __future__ import annotations

import pytest

from simulacra.core.report import Finding, Report, View
from simulacra.mask.safe_harbor import CENSUS_2000, RESTRICTED, age, checklist, findings, zip3
from simulacra.mask.types import SAFE_HARBOR, TYPES


def states(rows: list[dict[str, object]]) -> dict[object, object]:
    return {row["item"]: row["state"] for row in rows}


def test_every_item_is_there_and_every_type_answers_to_one() -> None:
    rows = checklist([])
    assert [row["item"] for row in rows] == list(range(1, 19))
    answered = {type for _, types in SAFE_HARBOR.values() for type in types}
    assert set(TYPES) - answered == {"ORGANIZATION"}  # employers are no item of the list


def test_what_was_found_and_acted_on_is_counted_by_action() -> None:
    hits = [{"type": "NAME", "action": "surrogate"}] * 3 + [{"type": "PHONE", "action": "remove", "count": 40}]
    rows = {row["item"]: row for row in checklist(hits)}
    assert (rows[1]["state"], rows[1]["found"], rows[1]["acted"]) == ("done", 3, 3)
    assert rows[1]["how"] == "surrogate 3 NAME"
    assert (rows[4]["found"], rows[4]["how"]) == (40, "remove 40 PHONE")
    assert rows[5]["state"] == "none found"


def test_one_place_that_was_kept_or_found_again_leaves_the_item_open() -> None:
    kept = checklist([{"type": "NAME", "action": "surrogate"}, {"type": "NAME", "action": "keep"}])
    assert kept[0]["state"] == "left"
    assert "left as it was: 1" in kept[0]["how"]
    again = checklist([{"type": "EMAIL", "action": "mask"}], left={"EMAIL": 2})
    assert states(again)[6] == "left"
    assert findings_of(again)[0].verdict == "fail"


def test_shifted_dates_satisfy_the_rule_in_part_only() -> None:
    rows = checklist([{"type": "DATE", "action": "shift"}])
    assert states(rows)[3] == "in part"
    assert findings_of(rows)[0].verdict == "warn"
    years = checklist([{"type": "DATE", "action": "generalise"}])
    assert states(years)[3] == "done"
    assert "over 89 is not looked for" in str(years[2]["how"])


def test_prints_and_photographs_are_said_not_to_be_covered() -> None:
    rows = checklist([])
    assert states(rows)[16] == states(rows)[17] == "not covered"
    told = findings_of(rows)
    assert [f.name for f in told if f.verdict == "unknown"] == ["Safe Harbor item 16", "Safe Harbor item 17"]
    assert "No tool can attest that" in told[0].sentence


def test_the_plan_tells_what_would_have_been_left() -> None:
    rows = checklist([], plan={"CITY": "keep", "POSTCODE": "generalise"})
    assert rows[1]["how"] == "the plan leaves CITY as it is"


def test_the_list_stands_whole_on_the_page() -> None:
    page = Report.of(findings(checklist([{"type": "NAME", "action": "surrogate"}]))).html()
    for words, _ in SAFE_HARBOR.values():
        assert words[:60] in page
    assert "All elements of dates (except year) directly related to an individual: birth, admission, discharge" in page
    assert "census of 2000" in page


def test_zip_codes_and_ages() -> None:
    assert len(CENSUS_2000) == 17
    assert [zip3(code) for code in ("02139", "10001-1234", "03601", "99", "K1A 0B1", "")] == [
        "021", "100", "000", "000", "000", "000",
    ]  # fmt: skip
    assert all(zip3(code + "01") == "000" for code in RESTRICTED)
    assert [age(a) for a in (0, 89, 89.9, 90, 104)] == ["0", "89", "89", "90+", "90+"]


@pytest.mark.parametrize("kind", [Finding, View])
def test_findings_survive_json(kind: type) -> None:
    report = Report.of(findings(checklist([])))
    again = Report.from_dict(report.to_dict())
    assert again.to_dict() == report.to_dict()
    assert any(isinstance(i, kind) for i in (*again.findings, *again.views))


def findings_of(rows: list[dict[str, object]]) -> list[Finding]:
    return [f for f in findings(rows) if isinstance(f, Finding)]
