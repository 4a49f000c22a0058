"""The audit on a part of Adult: what each method gives away, and how often rows that leak nothing raise an alarm.

python bench/audit.py                                   a row a method, with shadow models
python bench/audit.py --methods tables/forest,copy
python bench/audit.py --fresh 60                        false alarms: made rows are other real ones, 60 draws
python bench/audit.py --memorised                       networks trained far too long on 150 rows of a toy
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl
from common import dataset, save

from simulacra.core import registry
from simulacra.core.budget import Budget
from simulacra.core.generator import Generator
from simulacra.core.report import Report
from simulacra.engine.audit import audit
from simulacra.testing import toys

METHODS = ("copy", "fresh", "tables/forest", "tables/copula", "tables/gan", "tables/smote", "tables/private")
SETTINGS: dict[str, dict[str, Any]] = {"tables/smote": {"target": "income"}}
SHOWN = (
    "strongest membership attack",
    "members told at 1 % false alarms",
    "singling out by one column",
    "singling out by several columns",
    "linkability",
    "inference of attributes",
    "near copies",
    "limits of this audit",
)


@dataclass
class Stranger(Generator):
    """Real rows that are not among those it was fitted on: a method that leaks nothing."""

    name: ClassVar[str] = "tables/stranger"
    pool: ClassVar[pl.DataFrame]

    def _fit(self, data: Any, rng: np.random.Generator) -> None:
        self.learned_ = data.frame.height

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return self.pool[rng.choice(self.pool.height, n, replace=n > self.pool.height)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--shadows", type=int)
    parser.add_argument("--fresh", type=int, help="count false alarms over this many draws instead")
    parser.add_argument("--memorised", action="store_true", help="audit networks trained too long instead")
    parser.add_argument("--first", type=int, default=0, help="number of the first draw")
    given = parser.parse_args()
    if given.memorised:
        memorised()
        return
    table = dataset("adult")
    if given.fresh:
        alarms(table, given.fresh, given.first, 8 if given.shadows is None else given.shadows)
    else:
        methods(table, given.methods.split(","), given.rows, given.shadows)


def methods(table: pl.DataFrame, names: list[str], rows: int, shadows: int | None) -> None:
    """Print a row a method: fitted on `rows` rows, with half as many rows again as holdout."""
    table = table.sample(table.height, shuffle=True, seed=0)
    real, holdout, other = table[:rows], table[rows : 2 * rows], table[2 * rows : 3 * rows]
    out = {}
    for name in names:
        began = time.process_time()
        report = one(name, real, holdout, other, shadows)
        seconds = time.process_time() - began
        out[name] = {"seconds": seconds, **report.to_dict()}
        print(f"\n{name}: {report.verdict}, {seconds:.0f} CPU s")
        for finding in report.findings:
            if finding.name in SHOWN or finding.name.startswith("lower bound") or finding.guard == "claim":
                print(f"  {finding.verdict:8}{finding.name}: {finding.sentence}")
        for view in report.views:
            if view.kind == "table" and "Membership" in view.title:
                for row in view.data["rows"]:
                    print("    " + " | ".join(row))
    save("audit", out)


def one(name: str, real: pl.DataFrame, holdout: pl.DataFrame, other: pl.DataFrame, shadows: int | None) -> Report:
    """Return the audit of one method, of an exact copy, or of other real rows."""
    if name in ("copy", "fresh"):
        return audit(real if name == "copy" else other, real=real, holdout=holdout)
    model: Generator = registry.load(name)(**SETTINGS.get(name, {}))
    if name == "tables/private":
        model.fit(real, seed=1, budget=Budget(1.0, 1e-9))
    else:
        model.fit(real, seed=1)
    made = model.sample(model.default_rows(real.height), seed=2)
    return audit(made, model=model, real=real, holdout=holdout, shadows=shadows)


def memorised() -> None:
    """Print what the audit says of networks whose training was continued eight times on 150 rows."""
    real, holdout = toys.people(150, seed=1), toys.people(1500, seed=2)
    longer: dict[str, dict[str, Any]] = {
        "tables/vae": {"patience": 1000, "beta": 0.02, "latent": 32, "rate": 0.004},
        "tables/gan": {"patience": 1000, "likelihood": 3.0, "rate": 0.003},
    }
    out = {}
    for name, settings in longer.items():
        with tempfile.TemporaryDirectory() as folder:
            start = None
            for part in range(8):
                model = registry.load(name)(start=start, **settings).fit(real, seed=part)
                start = f"{folder}/{part}"
                model.save(start)
            report = audit(model.sample(2000, seed=2), model=model, real=real, holdout=holdout, shadows=0)
        out[name] = report.to_dict()
        print(f"\n{name}: {report.verdict}, {time.process_time():.0f} CPU s so far")
        for finding in report.findings:
            print(f"  {finding.verdict:8}{finding.name}: {finding.sentence}")
    save("audit-memorised", out)


def alarms(table: pl.DataFrame, draws: int, first: int, shadows: int) -> None:
    """Print how many audits of rows that leak nothing raised an alarm, with which findings."""
    found, risks = [], []
    for draw in range(first, first + draws):
        drawn = table.sample(table.height, shuffle=True, seed=1000 + draw)
        real, holdout, Stranger.pool = drawn[:2000], drawn[2000:4000], drawn[4000:]
        model = Stranger().fit(real, seed=draw)
        report = audit(
            model.sample(2000, seed=draw), model=model, real=real, holdout=holdout, shadows=shadows, seed=draw
        )
        found += [(draw, f.name, f.verdict, f.sentence) for f in report.findings if f.verdict in ("warn", "fail")]
        risks += [f.value for f in report.findings if f.name == "inference of attributes"]
        print(draw, report.verdict, f"{time.process_time():.0f} s", flush=True)
    for one_alarm in found:
        print(*one_alarm)
    runs = len({draw for draw, *_ in found})
    print(f"{runs} of {draws} audits raised an alarm; largest risk of inference {max(r for r in risks if r):.3f}")
    save(f"audit-alarms-{first}", {"draws": draws, "first": first, "alarms": found, "inference": risks})


if __name__ == "__main__":
    main()
