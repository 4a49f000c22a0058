"""The guard "content": person data and secrets in made texts."""

from __future__ import annotations

from collections.abc import Iterator

from simulacra.core.case import Case, guard, guarded, not_tested
from simulacra.core.report import Finding, View


def _has_texts(case: Case) -> bool:
    from simulacra.engine import _content_scan

    return bool(_content_scan.columns(case))


@guard("content", concerns=_has_texts)
def content(case: Case) -> Iterator[Finding | View]:
    """Look for person data and for secrets in made texts: type, number and rows, never the whole value.

    Secrets are keys and tokens by their forms, private keys, passwords in addresses and beside the word, and long
    random strings beside a word such as key or token. Person data are e-mail addresses, telephone, social security,
    card and account numbers, street addresses and the like, by the rules of masking; names alone are not judged, for
    every story has some. Values kept free for examples (example.com, 555-0100), and those of persons whom the recipe
    made up, are harmless and counted apart.
    """
    from simulacra.engine import _content_findings, _content_scan

    names = _content_scan.columns(case)
    if not names:
        yield not_tested("content", "texts", "no column holds texts that a model wrote")
        return
    yield from guarded("content", "secrets", lambda: _content_findings.secrets(case, names))
    yield from guarded("content", "person data", lambda: _content_findings.persons(case, names))
