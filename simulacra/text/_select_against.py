"""Rows that hold what stands in a benchmark: whole runs of its words, or most of its words in changed form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from simulacra.core.errors import ConfigError, DataError
from simulacra.parts.ngrams import encode, grams, words
from simulacra.parts.text_rows import TextRows, strings

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.text._select_log import Log

    Ints = npt.NDArray[np.int64]

RUN: Final = 13
"""Words in a row that are no chance (Brown et al. 2020, GPT-3, arXiv 2005.14165, appendix C)."""
SHORT: Final = 8
"""Words from which a text of the benchmark counts wherever it stands; a shorter one must be the whole question."""
LEAST: Final = 4
FUZZY: Final = 0.6
"""Share of a benchmark text's runs of three words that makes a row a changed form of it."""
TELLING: Final = 8
"""Runs of three words that a benchmark text must have, beside those that many rows have, to be looked for so."""
CHUNK: Final = 20_000
SHOWN: Final = 24


@dataclass(frozen=True)
class Benchmark:
    """Texts of benchmarks: texts; files and rows (texts,) where each stands, rows counted from 0."""

    texts: tuple[str, ...]
    files: tuple[str, ...]
    rows: tuple[int, ...]


def read(paths: Sequence[str | Path]) -> Benchmark:
    """Read benchmark files; every text of a row counts, however deep it stands.

    .jsonl, .json, .csv, .tsv, .parquet, and .txt with a text a line, each also with .gz. Raises DataError with the
    line, ConfigError for another ending.
    """
    found = [(text, Path(path).name, row) for path in paths for row, texts in _rows(Path(path)) for text in texts]
    if paths and not found:
        raise DataError(f"against: {', '.join(str(p) for p in paths)}: no text in it; give the file of a benchmark")
    return Benchmark(*(tuple(part) for part in zip(*found, strict=True))) if found else Benchmark((), (), ())


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if ending not in ("jsonl", "ndjson", "json", "csv", "tsv", "parquet", "txt"):
        raise ConfigError(f"against: {path}: give .jsonl, .json, .csv, .tsv, .parquet or .txt")
    try:
        if ending in ("csv", "tsv", "parquet"):
            yield from enumerate(map(strings, _table(path, ending).iter_rows()))
            return
        whole = _text(path)
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        raise DataError(f"against: {path} cannot be read: {error}") from error
    if ending == "json":
        given = _parsed(whole, path, 1)
        yield from enumerate(map(strings, given if isinstance(given, list) else [given]))
        return
    for row, line in enumerate(line for line in whole.splitlines() if line.strip()):
        yield row, [line] if ending == "txt" else strings(_parsed(line, path, row + 1))


def _table(path: Path, ending: str) -> pl.DataFrame:
    if ending == "parquet":
        return pl.read_parquet(path)
    return pl.read_csv(path, separator="\t" if ending == "tsv" else ",", infer_schema=False)


def _text(path: Path) -> str:
    import gzip

    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.name.lower().endswith(".gz") else raw).decode("utf-8-sig")


def _parsed(text: str, path: Path, line: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise DataError(f"against: {path}, line {line}: not JSON ({error})") from error


def drop(texts: TextRows, bench: Benchmark, log: Log) -> None:
    """Drop rows that hold what the benchmark holds; the reason names its row and the words in common."""
    if not bench.texts:
        return
    rows = log.rows()
    hits: dict[int, tuple[int, str]] = {}
    for at in range(0, len(rows), CHUNK):
        some = rows[at : at + CHUNK]
        for row, other in _runs(texts.whole[some], texts.asked[some], bench):
            hits.setdefault(int(some[row]), (other, "run"))
    rest = np.array([row for row in rows.tolist() if row not in hits], dtype=np.int64)
    for row, other in _changed(texts.whole[rest], bench):
        hits[int(rest[row])] = (other, "fuzzy")
    order = sorted(hits)
    reasons = [_reason(texts.whole[row], bench, *hits[row]) for row in order]
    others = [hits[row][0] for row in order]
    log.drop("benchmark", order, reasons, [bench.rows[o] for o in others], [bench.files[o] for o in others])


def _runs(whole: pl.Series, asked: pl.Series, bench: Benchmark) -> Iterator[tuple[int, int]]:
    """Yield (row, text of the benchmark) where a row has a run of RUN words of it, or all of a shorter one."""
    coded, known = encode(whole), encode(bench.texts)
    sizes = known.lengths
    for n in sorted({*np.unique(sizes[(sizes >= LEAST) & (sizes < RUN)]).tolist(), RUN}):
        runs, own = grams(encode(asked) if n < SHORT else coded, n), grams(known, n)
        pick = sizes[own.owner] >= RUN if n == RUN else sizes[own.owner] == n
        hashes, owner = own.hashes[pick], own.owner[pick]
        order = np.argsort(hashes, kind="stable")
        there = np.isin(runs.hashes, hashes)
        if n < SHORT:
            there &= np.bincount(runs.owner, minlength=len(whole))[runs.owner] == 1
        at = np.searchsorted(hashes[order], runs.hashes[there])
        yield from zip(runs.owner[there].tolist(), owner[order[at]].tolist(), strict=True)


def _changed(whole: pl.Series, bench: Benchmark) -> list[tuple[int, int]]:
    """Return (row, text of the benchmark) where a row has most of its telling runs of three words."""
    known = grams(bench.texts, 3)
    runs = pl.DataFrame({"run": known.hashes, "text": known.owner}).unique(maintain_order=True)
    parts = []
    for at in range(0, len(whole), CHUNK):
        own = grams(whole[at : at + CHUNK], 3)
        there = np.isin(own.hashes, known.hashes)
        parts.append(pl.DataFrame({"run": own.hashes[there], "row": own.owner[there] + at}).unique(maintain_order=True))
    if not parts:
        return []
    rows = pl.concat(parts)
    # A run that many rows have tells nothing, and would pair every row with every text.
    common = rows.group_by("run").len().filter(pl.col("len") > max(50, len(whole) // 100))
    runs = runs.join(common, on="run", how="anti")
    total = runs.group_by("text").len("total").filter(pl.col("total") >= TELLING)
    shared = rows.join(runs, on="run").group_by("row", "text").len("shared").join(total, on="text")
    best = (
        shared.with_columns(share=pl.col("shared") / pl.col("total"))
        .filter(pl.col("share") >= FUZZY)
        .sort("row", -pl.col("share"), "text")
        .unique("row", keep="first", maintain_order=True)
    )
    return list(zip(best["row"].to_list(), best["text"].to_list(), strict=True))


def _reason(text: str, bench: Benchmark, other: int, kind: str) -> str:
    mine, theirs = words(text), words(bench.texts[other])
    match = SequenceMatcher(None, mine, theirs, autojunk=False).find_longest_match()
    common = mine[match.a : match.a + match.size]
    shown = " ".join(common[:SHOWN]) + (" ..." if match.size > SHOWN else "")
    where = f"row {bench.rows[other]} of {bench.files[other]}"
    if kind == "run":
        return f'{match.size} words in a row as in {where}: "{shown}"'
    return f'a changed form of {where}: most of its runs of three words, among them "{shown}"'
