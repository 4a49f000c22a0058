"""Diversity: do made texts vary as texts do, or are they a few texts again and again?"""

from __future__ import annotations

from collections.abc import Iterator

from simulacra.core.case import Case, guard, guarded, not_tested
from simulacra.core.report import Finding, View


def _has_texts(case: Case) -> bool:
    from simulacra.guards import _texts_columns

    return bool(_texts_columns.judged(case))


@guard("diversity", concerns=_has_texts)
def diversity(case: Case) -> Iterator[Finding | View]:
    """Judge how varied made texts are: effective size, near-duplicates, distinct-n, self-BLEU, compression, Vendi.

    Every figure is taken on a sample of the same number of texts and words. With real texts it stands beside what as
    many real ones get, and a verdict needs a difference that is beyond chance and large enough to matter; without, it
    is judged by limits that eight collections of real texts stay far from. Texts without any order of words, and those
    of the echo port, fail whatever they score. Placeholders that methods of tables write for free text are left out.
    """
    from simulacra.guards import _frames, _texts_columns, _texts_findings

    names = _texts_columns.judged(case)
    if not names:
        yield not_tested("diversity", "texts", "no column holds texts that a model wrote")
        return
    for name in names[: _texts_columns.MOST]:
        with _frames.one_thread():
            found = list(guarded("diversity", name, lambda name=name: _texts_findings.column(case, name)))  # type: ignore[misc]
        yield from found
    if more := names[_texts_columns.MOST :]:
        yield not_tested(
            "diversity", "other columns", f"{', '.join(more)}: {_texts_columns.MOST} columns are looked at"
        )
