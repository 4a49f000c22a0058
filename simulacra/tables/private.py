"""Tables under differential privacy: a domain without leaks, noisy marginals, a graphical model, rows drawn from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.core.where import Where, as_read, mask, parse, said

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.parts._marginals_model import Model
    from simulacra.parts.domain import Domain

    Ints = npt.NDArray[np.int64]

ROUNDS = 50
"""Draws after which a rule that rows still break counts as one that they cannot keep."""
AND = " and "


@dataclass
class Private(Generator):
    """Make tables with a proof of differential privacy, from noisy marginals and a graphical model.

    Everything that is known of the rows is bought from the budget and stands in its ledger; what is declared in a
    schema is free. The model is the distribution of largest entropy that agrees with the noisy marginals; which ones
    are measured is chosen by the budget too. Learned: domain_, model_, and facts_ with the bounds of its errors.
    References: McKenna et al. (2022), AIM; McKenna et al. (2021), MST.
    Example: Private().fit(toys.people(), budget=Budget(1, 1e-9)).sample(3, seed=1)
    """

    name = "tables/private"
    private: ClassVar[bool] = True
    needs_budget: ClassVar[bool] = True

    preset: str = option(
        "adaptive",
        "how marginals are chosen: adaptive, a tree of pairs (fast), or none (columns by themselves)",
        choices=("adaptive", "tree", "independent"),
    )
    domain: float = option(0.1, "share of the budget that buys what no schema declares; 0 refuses", low=0, high=0.9)
    bins: int = option(32, "most bins of a number or time", low=2, high=512)
    size: int | None = option(
        None,
        "most cells of the model, the limit on time and memory; none for 80,000 (tree 3,000)",
        low=1_000,
        high=100_000_000,
    )
    target: str | None = option(None, "column that a model will predict: its marginals weigh more")
    unknown: str = option(
        "surrogate",
        "columns of free text, identifiers and rare values: filled with surrogates, or an error",
        choices=("surrogate", "error"),
    )
    rules: tuple[str, ...] = option(
        (), "conditions that no row may meet, such as 'age<16 and married=yes'; costs nothing"
    )

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        from simulacra.parts import marginals
        from simulacra.parts.domain import settle
        from simulacra.tables import _private as told

        budget, frame = self._budget, data.frame
        assert budget is not None
        if len(data) == 0:
            raise DataError(f"{self.name}: the table has a header but no rows; fit needs at least one")
        if budget.person is not None:
            frame = self._bounded(frame, budget, rng)
            data = dataclasses.replace(data, frames={next(iter(data.frames)): frame})
        if self.target is not None and self.target not in frame.columns:
            raise ConfigError(f"{self.name}: target {self.target!r} is no column.{near(self.target, frame.columns)}")
        self._rules(frame.columns)
        if not budget.entries:
            # Everything that follows is a Gaussian release, and those have the exact account.
            budget.gaussian_only()
        found = settle(data, budget, share=self.domain, bins=self.bins, unknown=self.unknown)
        self.domain_: dict[str, Any] = found.to_state()
        self.schema_ = found.schema
        if not found.names:
            raise DataError(f"{self.name}: no column but that of persons; there is nothing to learn")
        part = budget.rho_left / budget.rho
        weights = [4.0 if name == self.target else 1.0 for name in found.names]
        model = marginals.fit(
            found.encode(frame),
            found.sizes,
            budget,
            preset=self.preset,
            weights=weights,
            most_cells=self.size,
            names=found.names,
        )
        self.model_: dict[str, Any] = model.to_state()
        self.rows_: int = max(1, round(model.total))
        self.facts_: dict[str, Any] = {
            "rows": self.rows_,
            "estimate": {
                "rows": told.estimate(found.sizes, part * budget.rho, budget.rows),
                "curve": told.curve(found.sizes, budget, part, self.rows_),
            },
            "errors": told.errors(model, found.names),
            "bought": dict(found.bought),
            "guessed": found.guessed,
            "rules": len(self.rules),
        }

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        from simulacra.tables import _private as told

        domain, model = self._learned()
        codes = told.likely(model, self._ranges(domain))
        return self._lawful(lambda m: domain.draw(model.sample(m, rng, fixed=codes), rng), n)

    def _sample_where(self, n: int, rng: np.random.Generator, plain: Where) -> pl.DataFrame:
        """Draw rows of the allowed codes; where a bin is cut, as seldom as the rest of it is long."""
        import numpy as np

        from simulacra.tables import _private as told

        domain, model = self._learned()
        place = {name: i for i, name in enumerate(domain.names)}
        left = {place[name]: domain.allowed(name, wanted) for name, wanted in plain.items() if name in place}
        fixed = told.likely(model, self._ranges(domain))
        for i, part in left.items():
            allowed = np.flatnonzero(part.share > 0).tolist()
            # Who asks for what was not surely seen gets it.
            fixed[i] = [code for code in allowed if code in set(fixed.get(i, allowed))] or allowed
        inside = {domain.names[i]: part.codec for i, part in left.items() if part.codec is not None}
        if not all(fixed.values()):
            return domain.draw(np.empty((0, len(place)), np.int64), rng)

        def draw(m: int) -> pl.DataFrame:
            try:
                codes = model.sample(m, rng, fixed=fixed)
            except DataError:
                raise DataError(
                    f"where: the model gives no chance to rows with {said(plain)}; widen the condition"
                ) from None
            keep = np.ones(m)
            for i, part in left.items():
                keep *= part.share[codes[:, i]] / part.share.max()
            return domain.draw(codes[rng.random(m) < keep], rng, inside)

        return self._lawful(draw, n)

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        return self._learned()[0].finish(frame, rng, start)

    def default_rows(self, rows: int) -> int:
        """Return the noisy number of rows: the exact one is nobody's to know."""
        return getattr(self, "rows_", rows)

    # Helpers --------------------------------------------------------------------------------------------------------

    def _bounded(self, frame: pl.DataFrame, budget: Budget, rng: np.random.Generator) -> pl.DataFrame:
        """Return at most `rows` rows of each person; which ones is secret unless the noise is seeded, for tests."""
        from simulacra.parts.bounded import bounded

        assert budget.person is not None
        key = None if budget.private else rng.bytes(32)
        return bounded(frame, budget.person, budget.rows, key)

    def _rules(self, columns: list[str]) -> list[dict[str, Any]]:
        """Return the rules as conditions. Raises ConfigError for what is no condition and for unknown columns."""
        out = [parse(rule.split(AND)) for rule in self.rules]
        for rule in out:
            for column, wanted in rule.items():
                if column not in columns:
                    raise ConfigError(f"{self.name}: a rule names column {column!r}.{near(column, columns)}")
                if isinstance(wanted, Mapping):
                    raise ConfigError(f"{self.name}: a rule says which values may not occur, not their shares")
        return out

    def _lawful(self, draw: Any, n: int) -> pl.DataFrame:
        """Return n rows, or fewer that `draw` allowed, none of which meets a rule; those that do are drawn again."""
        import polars as pl

        frame: pl.DataFrame = draw(n)
        if not self.rules:
            return frame
        rules, kept = self._rules(frame.columns), []
        for _ in range(ROUNDS):
            broken = pl.Series([False]).new_from_index(0, frame.height)
            for rule in rules:
                broken = broken | mask(*as_read(frame, rule, self.schema_.columns))
            kept.append(frame.filter(~broken))
            if not broken.any():
                return pl.concat(kept)
            frame = draw(int(broken.sum()))
        raise DataError(
            f"{self.name}: after {ROUNDS} draws some rows still meet the rules {', '.join(self.rules)}; check that "
            "they leave room, and that they do not contradict the condition asked for"
        )

    def _ranges(self, domain: Domain) -> list[int]:
        """Return the places of coded columns whose range was bought."""
        return [i for i, name in enumerate(domain.names) if name in domain.bought and "bin" in domain.codecs[name]]

    def _learned(self) -> tuple[Domain, Model]:
        """Return the domain and the model of what was learned, opened once."""
        from simulacra.parts._marginals_model import Model
        from simulacra.parts.domain import Domain

        opened = getattr(self, "_opened", None)
        if opened is None or opened[0] is not self.model_:
            self._opened = opened = (self.model_, Domain.from_state(self.domain_), Model.from_state(self.model_))
        return opened[1], opened[2]
