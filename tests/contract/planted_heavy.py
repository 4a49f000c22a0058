"""A generator whose module loads a heavy library on import."""

import polars  # noqa: F401
from planted import Good


class Heavy(Good):
    """Draw rows again, from a heavy module."""
