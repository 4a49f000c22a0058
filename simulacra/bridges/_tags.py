"""What a sampler tells scikit-learn and imbalanced-learn about itself."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from sklearn.utils import InputTags, Tags


@dataclass
class _Input(InputTags):  # type: ignore[misc]
    """Tags of the input, with that of imbalanced-learn: whether frames are taken."""

    dataframe: bool = True


@dataclass
class _Sampler:
    """Tags of a sampler, as imbalanced-learn has them: whether it says which rows it chose."""

    sample_indices: bool = False


@dataclass
class _Tags(Tags):  # type: ignore[misc]
    """Tags with those of a sampler."""

    sampler_tags: _Sampler = field(default_factory=_Sampler)


def sampler_tags(plain: Any) -> Any:
    """Return the tags of an estimator as those of a sampler."""
    values = {f.name: getattr(plain, f.name) for f in dataclasses.fields(plain)}
    given = {f.name: getattr(plain.input_tags, f.name) for f in dataclasses.fields(plain.input_tags)}
    values["input_tags"] = _Input(**{**given, "allow_nan": True, "sparse": False})
    values["estimator_type"] = "sampler"
    values["target_tags"].required = True
    return _Tags(**values)
