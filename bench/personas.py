"""Personas: rows a second, memory, and how much they repeat, in words and in facts.

    python bench/personas.py               speed of a million in one process, repetitions among 50,000
    python bench/personas.py --write       also a million written by `simulacra make`, with its peak memory
    python bench/personas.py --model       also 24 personas behind messages by the embedded model

Repetitions: shares of 50,000 that resemble an earlier one, by pairs of words (Jaccard, verified) and by vectors.
Distinct-n is the share of runs of n words that are different. Beside stand the 2,486 sentences of Persona Hub's
tool file (measuring only), and ours at the same number.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from common import ROOT, lines, save

from simulacra.parts.minhash import first_of, near_duplicates
from simulacra.parts.ngrams import distinct_n
from simulacra.parts.personas import count, personas
from simulacra.parts.text_vectors import near_vectors, vectors


def made(n: int, length: str = "full", seed: int = 1) -> pl.DataFrame:
    """Return the first n personas of a seed."""
    return personas(seed, np.arange(n, dtype=np.uint64), length)


def repetitions(texts: list[str]) -> dict[str, float]:
    """Return the shares that resemble an earlier text, in per cent, and what distinct-n says."""

    def share(pairs: np.ndarray) -> float:
        return round(100 * float((first_of(len(texts), pairs) != np.arange(len(texts))).mean()), 2)

    return {
        "texts": len(texts),
        "words": round(float(np.mean([len(t.split()) for t in texts])), 1),
        "equal": round(100 * (1 - len(set(texts)) / len(texts)), 2),
        "MinHash .9": share(near_duplicates(texts, 0.9)[0]),
        "MinHash .7": share(near_duplicates(texts, 0.7)[0]),
        "embedding .9": share(near_vectors(vectors(texts), 0.9)[0]),
        **{f"distinct-{n}": round(distinct_n(texts, n), 3) for n in (1, 2, 3)},
    }


def speed(rows: int = 1_000_000) -> dict[str, Any]:
    """Return rows a CPU second of the stream, and the memory of it."""
    from simulacra.text import Personas

    made(4096)
    start = time.process_time()
    total = sum(block.frames["table"].height for block in Personas().batches(rows, seed=1))
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"rows": total, "rows_a_cpu_second": round(total / seconds), "peak_megabytes": round(peak / 1000)}


def written(rows: int) -> dict[str, Any]:
    """Return time and memory of `simulacra make`."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        command = [
            sys.executable,
            "-m",
            "simulacra",
            "make",
            "-m",
            "text/personas",
            "-n",
            str(rows),
            "-o",
            f"{folder}/o",
        ]
        subprocess.run(command, check=True, capture_output=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = sum(p.stat().st_size for p in Path(folder).rglob("*.parquet"))
    seconds = used.ru_utime + used.ru_stime
    return {
        "rows": rows,
        "cpu_seconds": round(seconds, 1),
        "rows_a_cpu_second": round(rows / seconds),
        "peak_megabytes": round(used.ru_maxrss / 1000),
        "megabytes_written": round(size / 1e6),
    }


def facts(n: int = 50_000) -> dict[str, Any]:
    """Return how many different values the facts of personas take."""
    frame = made(n)
    core = ["role", "age", "place", "interests", "need", "habit"]
    return {
        "personas_of_a_seed": count(),
        "different_in_six_facts": frame.select(core).n_unique(),
        "different_values": {
            name: frame[name].n_unique() for name in ("occupation", "place", "interests", "need", "habit")
        },
        "status": {k: round(v, 3) for k, v in sorted(frame["status"].value_counts(normalize=True).iter_rows())},
        "median_age": frame["age"].median(),
    }


def behind_texts(n: int = 24) -> dict[str, Any]:
    """Return personas behind messages by the embedded model, to be looked at."""
    from simulacra.text import Personas

    texts = pl.DataFrame({"text": [r["text"] for r in lines("sms_spam")[:n]]})
    method = Personas().fit(texts, seed=1)
    start = time.process_time()
    rows = method.sample(n, seed=1, kind="dataset")
    seconds = time.process_time() - start
    shown = [
        {"text": texts["text"][p[0]][:90], "relation": relation, "persona": text}
        for p, relation, text in zip(
            rows.frames["lineage"]["parents"],
            rows.frames["table"]["relation"],
            rows.frames["table"]["persona"],
            strict=True,
        )
    ]
    return {
        "asked": n,
        "personas": len(shown),
        "cpu_seconds": round(seconds, 1),
        "missing": [f"row {f.row}: {f.reason}" for f in method.failures_],
        "shown": shown,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also a million written by simulacra make")
    parser.add_argument("--model", action="store_true", help="also personas by the embedded model")
    given = parser.parse_args()
    hub = [row["persona"] for row in lines("personas_a")]
    result: dict[str, Any] = {"speed": speed(), "facts": facts()}
    result["full"] = repetitions(made(50_000)["text"].to_list())
    result["short"] = repetitions(made(50_000, "short")["text"].to_list())
    result[f"full, {len(hub):,}"] = repetitions(made(len(hub))["text"].to_list())
    result[f"short, {len(hub):,}"] = repetitions(made(len(hub), "short")["text"].to_list())
    result["Persona Hub"] = repetitions(hub)
    if given.write:
        result["written"] = written(1_000_000)
    if given.model:
        result["behind texts"] = behind_texts()
    for name, found in result.items():
        print(f"{name:14} {json.dumps(found, ensure_ascii=False)}")
    print(save("personas", result))


if __name__ == "__main__":
    main()
