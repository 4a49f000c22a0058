"""Near-duplicates by a peer: run_textdedup.py rensa|datasketch TEXTS.json THRESHOLD prints one line of JSON."""

import json
import re
import sys
import time


def main() -> None:
    name, path, threshold = sys.argv[1], sys.argv[2], float(sys.argv[3])
    with open(path) as file:
        texts = json.load(file)
    find = {"rensa": rensa, "datasketch": datasketch}[name]
    find([bigrams(text) for text in texts[:500]], threshold)
    start = time.process_time()
    sets = [bigrams(text) for text in texts]
    middle = time.process_time()
    found = find(sets, threshold)
    end = time.process_time()
    print(
        json.dumps(
            {
                "cpu_seconds": round(end - start, 2),
                "without_shingles": round(end - middle, 2),
                "duplicates": found,
            }
        )
    )


def bigrams(text: str) -> list[str]:
    words = re.findall(r"\w+", text)
    return [f"{a} {b}" for a, b in zip(words, words[1:], strict=False)]


def rensa(sets: list[list[str]], threshold: float) -> int:
    """Count texts that some other one resembles, as the package's own guide does: insert all, query all."""
    from rensa import RMinHash, RMinHashLSH

    lsh = RMinHashLSH(threshold=threshold, num_perm=128, num_bands=16)
    made = []
    for i, pieces in enumerate(sets):
        one = RMinHash(num_perm=128, seed=42)
        one.update(pieces)
        lsh.insert(i, one)
        made.append(one)
    return sum(any(j < i and made[j].jaccard(one) >= threshold for j in lsh.query(one)) for i, one in enumerate(made))


def datasketch(sets: list[list[str]], threshold: float) -> int:
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(threshold=threshold, num_perm=128)
    count = 0
    coded = ([piece.encode() for piece in pieces] for pieces in sets)
    for i, one in enumerate(MinHash.generator(coded, num_perm=128)):
        if lsh.query(one):
            count += 1
        lsh.insert(i, one)
    return count


main()
