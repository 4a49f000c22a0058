"""Noise: where the randomness of differential privacy comes from, exact and unseeded, or seeded and marked unsafe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.errors import BudgetError, need

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

GRAIN = 2**16
"""Steps of noise in a whole count. On so fine a grid the discrete Gaussian is as private as the continuous one, whose
exact accounting is used; rounding to whole counts comes after the noise and costs nothing."""


class Noise:
    """Exact noise from the system's randomness, by opendp; never seeded, never kept.

    Reference: Canonne, Kamath and Steinke (2020), The discrete Gaussian for differential privacy.
    """

    private: ClassVar[bool] = True

    def gaussian(self, counts: npt.NDArray[np.int64], scale: float, sensitivity: float) -> npt.NDArray[np.int64]:
        """Return whole counts with Gaussian noise. scale: its standard deviation, sensitivity: L2, both in counts."""
        import numpy as np
        from opendp.domains import atom_domain, vector_domain
        from opendp.measurements import make_gaussian
        from opendp.metrics import l2_distance

        if len(counts) == 0:
            return np.zeros(0, np.int64)
        space = vector_domain(atom_domain(T="i64")), l2_distance(T="f64")
        mechanism = make_gaussian(*space, scale=scale * GRAIN)
        _agree(mechanism, sensitivity * GRAIN, sensitivity**2 / (2 * scale**2))
        noisy = np.array(mechanism((counts * GRAIN).tolist()), np.int64)
        return (noisy + GRAIN // 2) // GRAIN

    def largest(self, scores: npt.NDArray[np.int64], scale: float, sensitivity: int) -> int:
        """Return the index of the largest score after noise: the exponential mechanism, exactly.

        Reference: McSherry and Talwar (2007); bounded range, Durfee and Rogers (2019).
        """
        from opendp.domains import atom_domain, vector_domain
        from opendp.measurements import make_noisy_max
        from opendp.measures import zero_concentrated_divergence
        from opendp.metrics import linf_distance

        space = vector_domain(atom_domain(T="i64")), linf_distance(T="i64")
        mechanism = make_noisy_max(*space, zero_concentrated_divergence(), scale=scale)
        _agree(mechanism, sensitivity, sensitivity**2 / (2 * scale**2))
        return int(mechanism(scores.tolist()))

    def ready(self) -> None:
        """Raise MissingExtra when there is nothing to draw noise with."""
        _library()

    def seed(self) -> int:
        """Return 63 fresh bits of the system for a generator of noise that is too much to draw exactly."""
        import secrets

        return secrets.randbits(63)


class UnsafeNoise(Noise):
    """Seeded noise for tests and demonstrations: whoever knows the seed can take it off. NOT PRIVATE."""

    private = False

    def __init__(self, seed: int) -> None:
        from simulacra.core import rng

        self._rng = rng.stream(seed, "core/budget", "unsafe noise")

    def gaussian(self, counts: npt.NDArray[np.int64], scale: float, sensitivity: float) -> npt.NDArray[np.int64]:
        """Return counts with rounded noise of numpy."""
        import numpy as np

        return counts + np.rint(self._rng.normal(0, scale, len(counts))).astype(np.int64)

    def largest(self, scores: npt.NDArray[np.int64], scale: float, sensitivity: int) -> int:
        """Return the index of the largest score after Gumbel noise of numpy."""
        import numpy as np

        return int(np.argmax(scores + self._rng.gumbel(0, scale, len(scores))))

    def ready(self) -> None:
        """Numpy is always there."""

    def seed(self) -> int:
        """Return the next number of the seeded stream."""
        return int(self._rng.integers(2**63))


def _library() -> None:
    """Make opendp ready, or name what installs it."""
    need("opendp.measurements", "privacy", "a private release")
    from opendp.mod import enable_features

    # Opendp files all samplers and noisy maxima under "contrib", the long-standing Gaussian and Gumbel among them.
    enable_features("contrib")


def _agree(mechanism: Any, change: float, ours: float) -> None:
    """Raise BudgetError unless the library's own privacy map finds no more than what the ledger is charged."""
    theirs = mechanism.map(change)
    if not theirs <= ours * (1 + 1e-9):
        raise BudgetError(f"the noise costs rho {theirs:g}, and {ours:g} was charged; nothing was released")


def scale_of(sensitivity: float, rho: float) -> float:
    """Return the scale at which noise costs rho: for Gaussians the deviation, for choices the scale of the Gumbel."""
    return math.nextafter(sensitivity / math.sqrt(2 * rho), math.inf)
