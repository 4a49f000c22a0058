"""What the report says and shows of a training: why it ended, which weights were kept, and the curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulacra.core.report import Finding, View

GUARD = "training"

GAINING = 0.02
"""Share of the judge's whole gain made in the last tenth of the measurements that counts as still gaining."""


def training(facts: Mapping[str, Any], curves: Mapping[str, Any]) -> Iterator[Finding | View]:
    """Yield findings and views of every training in `facts` (entries with "steps" and "stopped"), none where none was.

    facts: what a method says about itself (Trained.facts under the name of each training). curves: Trained.curves, or
    several of them by the same names.
    """
    for name, fact in facts.items():
        if isinstance(fact, Mapping) and {"steps", "stopped", "judge"} <= fact.keys():
            own = curves if "step" in curves else curves.get(name, {})
            yield _told(name, fact, own)
            yield from _shown(name, own)


def _told(name: str, fact: Mapping[str, Any], curves: Mapping[str, Any]) -> Finding:
    judge, steps, best = fact["judge"], fact["steps"], fact.get("best_step", 0)
    kept = f"the weights of step {best:,}, the best by {judge} on rows kept back, are used"
    tail = ""
    if fact.get("halved"):
        tail = f" The batch was halved {_times(fact['halved'])} to {fact['batch']} rows, because memory was full."
    if fact["stopped"] == "diverged":
        if fact.get("best") is None:
            said = f"a loss was no longer a finite number at step {steps:,}, before anything was measured"
            advice = "lower the learning rate, or look for extreme values; as it is, nothing was learned"
            return _finding(name, fact, "fail", said + "." + tail, advice)
        said = f"a loss was no longer a finite number at step {steps:,}; {kept}"
        return _finding(name, fact, "warn", said + "." + tail, "lower the learning rate")
    if fact["stopped"] == "no gain":
        early = "lower the learning rate, raise patience, or fit on more rows: the best weights came early"
        said = f"stopped at step {steps:,} for want of gain; {kept}.{tail}"
        return _finding(name, fact, "ok", said, early if best < steps / 5 else "")
    advice = f"raise steps above {fact['most']:,}: {judge} was still falling" if _gaining(judge, curves) else ""
    return _finding(name, fact, "ok", f"all {steps:,} steps were done; {kept}.{tail}", advice)


def _finding(name: str, fact: Mapping[str, Any], verdict: str, said: str, advice: str) -> Finding:
    return Finding(GUARD, name, verdict, said[0].upper() + said[1:], value=fact.get("best"), advice=advice)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _gaining(judge: str, curves: Mapping[str, Any]) -> bool:
    seen = [v for v in curves.get("held out", {}).get(judge, ()) if v is not None]
    if len(seen) < 5:
        return False
    late = max(1, len(seen) // 10)
    whole = max(seen) - min(seen)
    return bool(whole > 0 and min(seen[:-late]) - min(seen[-late:]) > GAINING * whole)


def _shown(name: str, curves: Mapping[str, Any]) -> Iterator[View]:
    steps = curves.get("step", [])
    for group, said in (("held out", "on rows kept back"), ("training", "on the training rows")):
        for measure, values in curves.get(group, {}).items():
            if len(steps) > 1 and any(v is not None for v in values):
                padded = [*values, *[None] * (len(steps) - len(values))]
                data = {"x": list(steps), "series": {measure: padded}}
                yield View(GUARD, "curve", f"{name}: {measure} {said}, by step", data)
