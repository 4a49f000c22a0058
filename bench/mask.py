"""Identifiers in texts: recall, precision and speed beside Presidio with the same NER model, in one run.

    python bench/mask.py            needs the extra ner, and the peer: make build/peers/presidio/stamp
    python bench/mask.py --alone    without the peer

One rule for both: a marked span counts as found if hits cover at least 80 % of its characters, whatever their type; a
hit is false if it overlaps no marked span. Hits that Presidio reports twice on one place count as often as it reports
them. Three sets: pii_templated_a (templates filled with invented identities), wnut17_dev (noisy posts; person,
location, corporation and group are marked, dates are not), and the texts of tests/mask/notes.py. CPU seconds of one
thread, lists and model loaded before.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from common import BUILD, ROOT, lines, save, stop

Span = tuple[int, int, str]
Gold = list[tuple[str, list[Span]]]
COVERED = 0.8
MARKED = {"person", "location", "corporation", "group"}
ALIKE = {"NAME", "CITY", "LOCATION", "ORGANIZATION", "PERSON"}
"""What wnut17 marks, in our words and Presidio's: dates and the like are true there too, but not marked."""
PEER = ROOT / "build" / "peers" / "presidio" / "bin" / "python"
WAYS = {"rules": "simulacra, rules", "ner": "simulacra, rules and NER", "presidio": "Presidio 2.2.366, same NER"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Recall, precision and speed of detection, beside Presidio.")
    parser.add_argument("--alone", action="store_true", help="without Presidio")
    alone = parser.parse_args().alone
    if not alone and not PEER.is_file():
        stop(f"The peer is not installed ({PEER}). Run make build/peers/presidio/stamp, or bench/mask.py --alone")
    results: dict[str, dict[str, Any]] = {}
    for name, gold in (("pii_templated_a", templated()), ("wnut17_dev", posts()), ("notes", notes())):
        texts = [text for text, _ in gold]
        runs = {"rules": ours(texts, ner=False), "ner": ours(texts, ner=True)}
        if not alone:
            runs["presidio"] = peer(texts)
        results[name] = {way: {**score(gold, hits), "speed": len(texts) / cpu} for way, (hits, cpu) in runs.items()}
        if name == "wnut17_dev":
            for way, (hits, _) in runs.items():
                results[name][way]["alike"] = score(gold, [[hit for hit in row if hit[2] in ALIKE] for row in hits])
        show(name, gold, results[name])
    save("mask", results)


def ours(texts: Sequence[str], ner: bool) -> tuple[list[list[Span]], float]:
    """Return our hits per text and the CPU seconds they took."""
    from simulacra.mask.find import find_texts

    find_texts(["Warm up: Anna Smith, anna@example.com"], ner=ner)
    begun = time.process_time()
    found = find_texts(texts, ner=ner)
    return [[(hit.start, hit.end, hit.type) for hit in hits] for hits in found], time.process_time() - begun


def peer(texts: Sequence[str]) -> tuple[list[list[Span]], float]:
    """Return Presidio's hits per text and the CPU seconds they took."""
    done = subprocess.run(
        [PEER, ROOT / "bench" / "peers" / "detect.py"],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        stop(f"Presidio ended with code {done.returncode}:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout)
    return [[(start, end, kind) for start, end, kind, _ in hits] for hits in result["hits"]], result["cpu"]


def score(gold: Gold, hits: Sequence[Sequence[Span]]) -> dict[str, Any]:
    """Return recall and precision, and of each marked type how many were found."""
    found, marked, false, reported = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for (_, spans), row in zip(gold, hits, strict=True):
        covered = {place for start, end, _ in row for place in range(start, end)}
        for start, end, kind in spans:
            marked[kind] += 1
            found[kind] += len(covered & set(range(start, end))) >= COVERED * (end - start)
        for start, end, kind in row:
            reported[kind] += 1
            false[kind] += all(end <= first or last <= start for first, last, _ in spans)
    return {
        "recall": found.total() / marked.total(),
        "precision": 1 - false.total() / max(1, reported.total()),
        "found": {kind: [found[kind], marked[kind]] for kind in marked},
        "false": {kind: [false[kind], reported[kind]] for kind in reported},
    }


def show(name: str, gold: Gold, result: dict[str, dict[str, Any]]) -> None:
    print(f"\n## {name}: {len(gold)} texts, {sum(len(spans) for _, spans in gold)} marked spans\n")
    print("| detector | recall | precision | texts per CPU s |\n|---|---|---|---|")
    for way, row in result.items():
        print(f"| {WAYS[way]} | {row['recall']:.3f} | {row['precision']:.3f} | {row['speed']:.0f} |")
        if "alike" in row:
            alike = row["alike"]
            print(f"| {WAYS[way]}, only people, places, bodies | {alike['recall']:.3f} | {alike['precision']:.3f} | |")
    kinds = next(iter(result.values()))["found"]
    print(
        "\n| type | marked | " + " | ".join(WAYS[way] for way in result) + " |\n|---" + "|---" * (1 + len(result)) + "|"
    )
    for kind, (_, marked) in sorted(kinds.items(), key=lambda item: -item[1][1]):
        print(f"| {kind} | {marked} | " + " | ".join(str(row["found"][kind][0]) for row in result.values()) + " |")


def templated() -> Gold:
    """Return the templated texts with their spans."""
    rows = lines("pii_templated_a")
    return [
        (row["full_text"], [(s["start_position"], s["end_position"], s["entity_type"]) for s in row["spans"]])
        for row in rows
    ]


def posts() -> Gold:
    """Return the noisy posts, their words joined by spaces."""
    read: Gold = []
    for row in lines("wnut17_dev"):
        text, spans = "", list[list[Any]]()
        for word, tag in zip(row["tokens"], row["tags"], strict=True):
            start = len(text) + bool(text)
            text += (" " if text else "") + word
            if tag.startswith("B-"):
                spans.append([start, len(text), tag[2:]])
            elif tag.startswith("I-") and spans:
                spans[-1][1] = len(text)
        read.append((text, [(start, end, kind) for start, end, kind in spans if kind in MARKED]))
    return read


def notes() -> Gold:
    """Return the texts that the tests use."""
    spec = importlib.util.spec_from_file_location("notes", ROOT / "tests" / "mask" / "notes.py")
    if spec is None or spec.loader is None:
        stop("tests/mask/notes.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.texts())


if __name__ == "__main__":
    BUILD.mkdir(parents=True, exist_ok=True)
    main()
