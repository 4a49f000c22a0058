"""General advice gives way to what the method that made the data knows."""

from __future__ import annotations

from simulacra.core.advice import LINKS, MEMORISED, TARGET, made_for
from simulacra.core.lineage import Lineage
from simulacra.core.report import Finding


def finding(advice: str) -> Finding:
    return Finding("privacy", "attack", "warn", "a trace", advice=advice)


def by_forest(**params: object) -> Lineage:
    return Lineage(made_by="tables/forest", params={"gain": 2.0, "leaf": 10, "target": None, **params})


def test_a_method_names_its_own_fields() -> None:
    assert "--set gain=4" in made_for(finding(MEMORISED), by_forest()).advice
    assert "--set gain=8" in made_for(finding(MEMORISED), by_forest(gain=4.0)).advice


def test_a_declared_target_is_not_asked_for_again() -> None:
    assert made_for(finding(TARGET), by_forest()).advice == TARGET
    assert "declare" not in made_for(finding(TARGET), by_forest(target="y")).advice


def test_every_part_of_joined_advice_is_replaced() -> None:
    joined = made_for(finding(f"look at the unit; {LINKS}"), by_forest()).advice
    assert joined.startswith("look at the unit; ") and "tables/forest" not in joined


def test_general_advice_stands_for_unknown_and_foreign_methods() -> None:
    unknown = (Lineage(), Lineage(made_by="tables/elsewhere"), Lineage(made_by="tables/rules"), by_forest(gain="two"))
    for lineage in unknown:
        assert made_for(finding(MEMORISED), lineage).advice == MEMORISED
