"""What the audit says: the strongest membership attack, the three risks, and every attack with its controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from simulacra.core.advice import MEMORISED
from simulacra.core.case import not_tested
from simulacra.core.report import Finding, View
from simulacra.guards._audit_membership import strongest
from simulacra.guards._audit_stats import FAIL, HITS_FAIL, STRONG
from simulacra.guards._words import percent

if TYPE_CHECKING:
    from simulacra.guards._audit_membership import Attempt
    from simulacra.guards._audit_risks import Risk
    from simulacra.guards._audit_stats import Figures

CARLINI = "Carlini et al. 2022, Membership inference attacks from first principles"
DOMIAS = "van Breugel et al. 2023, Membership inference attacks against synthetic data through overfitting detection"
COHEN = "Cohen and Nissim 2020, Towards formalizing the GDPR's notion of singling out"
GIOMI = "Giomi et al. 2023, A unified framework for quantifying privacy risk in synthetic data"
WORDS = {
    "ok": "the strongest attack that works on this table does no better than chance allows",
    "unknown": "too few rows to tell: chance alone could hide a leak that matters",
    "warn": "membership can be told better than by chance",
    "fail": "who was in the training rows can be told",
}


def membership(tried: Sequence[Attempt]) -> Iterator[Finding | View]:
    """Yield the findings of the strongest attack, those on attacks whose controls failed, and the table of all."""
    best = strongest(list(tried))
    broken = sorted({a.name for a in tried if not a.works})
    if best is None:
        why = "; ".join(f"{a.name}: {a.why}" for a in _once(tried)) or "there are too few rows to attack"
        text = f"cannot tell here: no membership attack passes its controls on this table ({why})"
        yield Finding("audit", "strongest membership attack", "unknown", text, headline=True, reference=CARLINI)
    else:
        yield from _best(best)
    for name in broken:
        why = next(a.why for a in tried if a.name == name and not a.works)
        yield Finding("audit", name, "unknown", f"cannot tell here: {why}, so that its silence means nothing")
    if tried:
        yield _table(tried, best)


def _once(tried: Sequence[Attempt]) -> list[Attempt]:
    return list({a.name: a for a in tried}.values())


def _best(best: Attempt) -> Iterator[Finding]:
    told = best.told
    attacked = f"{told.members:,} training and {told.others:,} other rows"
    rows = f"the most exposed rows ({attacked})" if best.rows == "most exposed" else f"all attacked rows ({attacked})"
    verdict = told.verdict
    yield Finding(
        "audit",
        "strongest membership attack",
        verdict,
        f"{best.name} on {rows}, chosen on others: {told.told()}; {WORDS[verdict]}. On copies of training rows it "
        f"reaches {best.copies:.2f}, on fresh real rows it is silent",
        value=told.auc,
        interval=told.interval,
        fresh=0.5,
        limit=max(FAIL, told.limit),
        advice=MEMORISED if verdict in ("warn", "fail") else "",
        headline=True,
        reference=DOMIAS if "density" in best.name else CARLINI,
    )
    for hit in told.hits:
        low, high = (percent(x) for x in hit.interval)
        yield Finding(
            "audit",
            f"members told at {100 * hit.rate:g} % false alarms",
            hit.verdict(told.alpha),
            f"{percent(hit.share)} [{low}, {high}] of training rows are told by it when {100 * hit.rate:g} % of other "
            "rows are taken for one",
            value=hit.share,
            interval=hit.interval,
            fresh=hit.rate,
            limit=HITS_FAIL * hit.rate,
            reference=CARLINI,
        )
    if len(told.hits) < 2:
        rate = 0.001 if told.hits else 0.01
        why = f"{told.others:,} other rows were attacked; a share of {100 * rate:g} % of them needs {round(1 / rate):,}"
        yield not_tested("audit", f"members told at {100 * rate:g} % false alarms", why)


def _table(tried: Sequence[Attempt], best: Attempt | None) -> View:
    rows = []
    for a in tried:
        low, high = a.told.interval
        hits = {h.rate: f"{100 * h.share:.1f} %" for h in a.told.hits}
        rows.append(
            [
                a.name + (" (strongest)" if a is best else ""),
                a.rows,
                f"{a.told.auc:.3f} [{low:.3f}, {high:.3f}]",
                hits.get(0.01, "too few rows"),
                hits.get(0.001, "too few rows"),
                f"{a.copies:.2f}",
                "fires" if a.fires else "misses it",
                "silent" if a.quiet else "fires",
            ]
        )
    header = ["attack", "rows", "AUC", "told at 1 %", "told at 0.1 %", "AUC on copies", "planted leak", "fresh rows"]
    note = (
        "An attack counts when it reaches 0.90 on copies of training rows, fires on a planted leak, and is silent on "
    )
    return View(
        "audit",
        "table",
        "Membership attacks with their controls on this table",
        {"header": header, "rows": rows},
        note=note + "fresh real rows. All are shown; only the strongest is judged, on rows that did not choose it.",
    )


def unlike(alike: Figures) -> Iterator[Finding]:
    """Yield the finding on training and holdout rows that are not drawn alike, so that one is no control of the other.

    alike: how well the distance to other rows of the holdout tells them.
    """
    low, high = alike.interval
    yield Finding(
        "audit",
        "control rows",
        "unknown",
        f"the holdout is not drawn like the training rows: its own rows tell them apart with AUC {alike.auc:.3f} "
        f"[{low:.3f}, {high:.3f}] (0.5 is a coin), so that no attack on rows can be judged",
        value=alike.auc,
        interval=alike.interval,
        fresh=0.5,
        advice="split the holdout off at random, before fitting",
        headline=True,
    )


def risks(found: Mapping[str, Mapping[str, Risk | str]], fair: bool = True) -> Iterator[Finding | View]:
    """Yield a finding for each risk and the table of all.

    found: name -> run -> risk; runs as Attempt knows them. fair: whether training and control rows are drawn alike.
    """
    rows = []
    for name, runs in found.items():
        made = runs["made"]
        if isinstance(made, str):
            yield not_tested("audit", name, made)
            continue
        why = failed(runs) if fair else "training and control rows are not drawn alike"
        yield Finding("audit", name, "unknown", f"cannot tell here: {why}") if why else _risk(name, made)
        rows.append([name, *_cells(made), *(_run(runs[run]) for run in ("copies", "planted", "innocent"))])
    if rows:
        header = ["risk", "success", "control", "naive", "risk", "on copies", "planted leak", "fresh rows"]
        yield View(
            "audit",
            "table",
            "Singling out, linkability, inference: success on training rows, on control rows, by guessing",
            {"header": header, "rows": rows},
            note="Risk is success minus control, with its 95 % interval. Control rows were never learned from.",
        )


def failed(runs: Mapping[str, Risk | str]) -> str:
    """Return which control of a risk failed, in words, or ""."""
    copies, planted, innocent = (runs[run] for run in ("copies", "planted", "innocent"))
    for what, run in (("copies of training rows", copies), ("a planted leak", planted), ("fresh real rows", innocent)):
        if isinstance(run, str):
            return f"on {what} it cannot be tried ({run})"
    assert not isinstance(copies, str) and not isinstance(planted, str) and not isinstance(innocent, str)
    out = []
    if copies.success < STRONG:
        out.append(f"it succeeds on only {percent(copies.success)} of copies of training rows")
    if planted.verdict not in ("warn", "fail"):
        out.append("it misses a planted leak")
    if innocent.verdict in ("warn", "fail"):
        out.append("it fires on fresh real rows")
    return " and ".join(out)


def _risk(name: str, risk: Risk) -> Finding:
    from simulacra.guards._audit_risks import FAIL as LIMIT

    low, high = risk.interval
    sentence = (
        f"succeeds on {percent(risk.success)} of training rows and on {percent(risk.control)} of control rows "
        f"({percent(risk.naive)} by guessing): risk {risk.risk:.3f} [{low:.3f}, {high:.3f}]"
    )
    words = {
        "unknown": "too few attempts to tell: ",
        "warn": "more than chance: ",
        "fail": "training rows are at risk: ",
    }
    return Finding(
        "audit",
        name,
        risk.verdict,
        words.get(risk.verdict, "") + sentence,
        value=risk.risk,
        interval=risk.interval,
        fresh=0.0,
        limit=max(LIMIT, risk.noise),
        advice=MEMORISED if risk.verdict in ("warn", "fail") else "",
        reference=COHEN if "singling" in name else GIOMI,
    )


def _cells(risk: Risk) -> list[str]:
    low, high = risk.interval
    shares = [percent(x) for x in (risk.success, risk.control, risk.naive)]
    return [*shares, f"{risk.risk:.3f} [{low:.3f}, {high:.3f}]"]


def _run(risk: Risk | str) -> str:
    return "not possible" if isinstance(risk, str) else f"{risk.risk:.2f} ({risk.verdict}), success {risk.success:.2f}"
