"""Near-duplicates among texts: 50,000 planted ones, ours beside rensa and datasketch; a million in bounded memory.

    python bench/near_duplicates.py              ours, and peers where `make bench-peers` has installed them
    python bench/near_duplicates.py --million    also a million texts, in a process of its own
    python bench/near_duplicates.py --long       also 2,000 long documents

CPU seconds are of all threads, after one warm-up on other texts; every pair that ours reports is verified by the exact
Jaccard similarity. Vectors: planted rewordings of messages against random pairs.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, lines, save

THRESHOLD = 0.7
PEERS = {"rensa": "RMinHash and RMinHashLSH, 16 bands", "datasketch": "MinHash.bulk and MinHashLSH"}
PLACE = ROOT / "build" / "peers" / "textdedup" / "bin" / "python"
Pairs = np.ndarray


def planted(rows: int, words: int = 25, share: float = 0.2, seed: int = 0) -> tuple[list[str], Pairs]:
    """Return texts of random words, a share of which repeat an earlier one with one word replaced, and those pairs."""
    rng = np.random.default_rng(seed)
    letters = np.array(list(string.ascii_lowercase))
    vocabulary = ["".join(rng.choice(letters, size=rng.integers(3, 10))) for _ in range(20_000)]
    first = int(rows * (1 - share))
    base = rng.integers(len(vocabulary), size=(first, words))
    source = rng.integers(first, size=rows - first)
    changed = base[source].copy()
    changed[np.arange(rows - first), rng.integers(words, size=rows - first)] = rng.integers(
        len(vocabulary), size=rows - first
    )
    texts = [" ".join(vocabulary[i] for i in row) for row in np.concatenate((base, changed))]
    return texts, np.stack((source, np.arange(first, rows)), axis=1)


def ours(texts: list[str], pairs: Pairs) -> dict[str, Any]:
    """Return what ours finds, by the clock of the processor."""
    from simulacra.parts.minhash import near_duplicates

    near_duplicates(planted(2000, seed=9)[0], THRESHOLD)
    start = time.process_time()
    found, jaccard = near_duplicates(texts, THRESHOLD)
    seconds = time.process_time() - start
    reported = {tuple(pair) for pair in found.tolist()}
    truth = [tuple(pair) for pair in pairs.tolist() if exact(texts[pair[0]], texts[pair[1]]) >= THRESHOLD]
    false = sum(exact(texts[a], texts[b]) < THRESHOLD for a, b in random.Random(0).sample(sorted(reported), 2000))
    return {
        "cpu_seconds": round(seconds, 2),
        "pairs": len(found),
        "duplicates": len({b for _, b in reported}),
        "recall": round(float(np.mean([pair in reported for pair in truth])), 4),
        "false_of_2000": false,
        "all_verified": bool((jaccard >= THRESHOLD).all()),
    }


def exact(one: str, two: str) -> float:
    """Return the Jaccard similarity of the pairs of words of two texts, in another way than the library's."""
    a, b = (set(zip(w, w[1:], strict=False)) for w in (re.findall(r"\w+", t.lower()) for t in (one, two)))
    return len(a & b) / len(a | b)


def peer(name: str, texts: list[str]) -> dict[str, Any]:
    """Return what a peer finds in its own environment."""
    if not PLACE.exists():
        return {"missing": "make bench-peers"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.json"
        path.write_text(json.dumps(texts))
        command = [str(PLACE), str(ROOT / "bench" / "peers" / "run_textdedup.py"), name, str(path), str(THRESHOLD)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def million() -> dict[str, Any]:
    """Return time and memory of a million texts, in a process of its own."""
    code = "import sys; sys.path.insert(0, 'bench'); from near_duplicates import a_million; a_million()"
    return json.loads(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    )


def a_million() -> None:
    """Print time and memory of a million texts."""
    from simulacra.parts.minhash import near_duplicates

    texts, pairs = planted(1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found, _ = near_duplicates(texts, THRESHOLD)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    codes = (found[:, 0] << 32) | found[:, 1]
    recall = np.isin((pairs[:, 0] << 32) | pairs[:, 1], codes).mean()
    print(json.dumps({
        "cpu_seconds": round(seconds, 1), "pairs": len(found), "recall": round(float(recall), 4),
        "gigabytes": round(peak / 1e6, 2), "beside_the_texts": round((peak - before) / 1e6, 2),
    }))  # fmt: skip


def long_documents() -> dict[str, Any]:
    """Return time for 2,000 documents of 5,000 words; 200 are an earlier one with 2 % of its words replaced."""
    from simulacra.parts.minhash import near_duplicates

    rng = np.random.default_rng(1)
    base = rng.integers(50_000, size=(1800, 5000))
    source = rng.integers(1800, size=200)
    changed = np.where(rng.random((200, 5000)) < 0.02, rng.integers(50_000, size=(200, 5000)), base[source])
    texts = [" ".join(f"w{i}" for i in row) for row in np.concatenate((base, changed))]
    start = time.process_time()
    found, jaccard = near_duplicates(texts, 0.9)
    seconds = time.process_time() - start
    hits = {tuple(p) for p in found.tolist()} & {(int(s), 1800 + i) for i, s in enumerate(source)}
    return {
        "cpu_seconds": round(seconds, 2),
        "recall": len(hits) / 200,
        "least_jaccard": round(float(jaccard.min()), 3),
    }


SWAPS = (
    ("please", "kindly"), ("can't", "cannot"), ("want to", "would like to"), ("get", "receive"), ("buy", "purchase"),
    ("big", "large"), ("start", "begin"), ("help", "assist"), ("ask", "request"), ("call", "phone"),
    ("now", "right now"),
    ("about", "concerning"), ("need", "require"), ("good", "nice"), ("think", "believe"), ("send", "forward"),
    ("money", "cash"), ("free", "at no cost"), ("see", "meet"), ("tomorrow", "the next day"), ("work", "job"),
)  # fmt: skip


def reworded(text: str, draw: random.Random) -> str:
    """Return a rewording: halves swapped, words of like meaning, a tenth of the words left out, other endings."""
    words = text.split()
    cut = draw.randint(len(words) // 3, 2 * len(words) // 3)
    text = " ".join(w for w in words[cut:] + words[:cut] if draw.random() > 0.1)
    for a, b in SWAPS:
        text = re.sub(rf"\b{re.escape(a)}\b", b, text, flags=re.IGNORECASE)
    return re.sub(r"(\w{4,})ing\b", r"\1ed", text)


def rewordings() -> dict[str, Any]:
    """Return how well vectors part rewordings of messages from other messages, and the time of 50,000 texts."""
    from sklearn.metrics import roc_auc_score

    from simulacra.parts.text_vectors import near_vectors, vectors

    draw = random.Random(0)
    texts = list(dict.fromkeys(r["text"] for r in lines("sms_spam") if len(r["text"].split()) >= 8))[:2000]
    one, two = vectors(texts), vectors([reworded(t, draw) for t in texts])
    cosine = one @ two.T
    same, other = np.diag(cosine), cosine[~np.eye(len(texts), dtype=bool)]
    sample = other[:: len(other) // 200_000]
    auc = roc_auc_score(np.r_[np.ones(len(same)), np.zeros(len(sample))], np.r_[same, sample])
    many, _ = planted(50_000)
    start = time.process_time()
    made = vectors(many)
    middle = time.process_time()
    pairs, _ = near_vectors(made, 0.9)
    return {
        "rewordings": {
            "cosine": round(float(same.mean()), 3),
            "least_5_percent": round(float(np.quantile(same, 0.05)), 3),
        },
        "others": {
            "cosine": round(float(other.mean()), 3),
            "highest_1_percent": round(float(np.quantile(sample, 0.99)), 3),
        },
        "auc": round(float(auc), 4),
        "nearest_is_the_own": round(float((cosine.argmax(axis=1) == np.arange(len(texts))).mean()), 4),
        "cpu_seconds_50000": {"vectors": round(middle - start, 2), "pairs": round(time.process_time() - middle, 2)},
        "pairs_of_50000": len(pairs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--million", action="store_true", help="also a million texts")
    parser.add_argument("--long", action="store_true", help="also long documents")
    given = parser.parse_args()
    texts, pairs = planted(50_000)
    result: dict[str, Any] = {"ours": ours(texts, pairs), **{name: peer(name, texts) for name in PEERS}}
    if given.million:
        result["million"] = million()
    if given.long:
        result["long"] = long_documents()
    result["vectors"] = rewordings()
    for name, found in result.items():
        print(f"{name:12} {json.dumps(found)}")
    print(save("near_duplicates", result))


if __name__ == "__main__":
    main()
