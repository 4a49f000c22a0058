"""Vectors of texts without a model: sums of hashed words and of their runs of letters, each text by itself.

Each word has a fixed vector of random signs, mixed with those of its runs of letters, so that "teach" and "teacher" lie
near; function words and short words weigh little. The order of words does not count, and words of like meaning but
other letters are strangers: for meaning, ask a model (`embedded`).

Achlioptas (2003) for projections of signs; Bojanowski et al. (2017), "Enriching word vectors with subword information",
for the runs of letters; Charikar (2002) for the bands of `near_vectors`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.parts.minhash import RECALL, candidates
from simulacra.parts.permute import hashed, uniform
from simulacra.parts.shingles import Vocabulary, shingles, vocabularies

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.prompts.desk import Desk

    Floats = npt.NDArray[np.float32]
    Codes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]

SIZE = 256
"""Numbers of a vector."""
GRAM = 3
"""Letters of the runs inside a word."""
END = "\u02b9"
"""A letter of no language (modifier prime) that stands for the ends of a word."""
PARTS = 0.6
"""Weight of a word's runs beside that of the whole word."""
COMMON = 0.15
"""Weight of a function word beside a word of seven letters or more, which has 1."""
FUNCTION_WORDS = (
    "a about after again all also am an and any are as at be because been before being both but by can could "
    "did do does doing done down each either else even ever every few for from further get gets getting go goes "
    "going got had has have having he her here hers herself him himself his how however i if in into is it its "
    "itself just like made make makes many may me might more most much must my myself neither no nor not now of "
    "off often on once one only or other others our ours ourselves out over own per quite rather s same she "
    "should since so some such t than that the their theirs them themselves then there these they this those "
    "through to too two under until up upon us use used very via was we well were what when where whether which "
    "while who whom whose why will with within without would yet you your yours yourself yourselves "
)
"""English words that tell little."""
WAYS = ("words",)
MOST_BANDS = 256
BATCH = 64
"""Texts of one batch of a model whose answers hang on what is asked together."""
FLIGHT = 1024
"""Texts that are handed to another model at a time."""
CELLS = 4_000_000
"""Numbers of one slice of a large product."""


def vectors(texts: Sequence[str], how: str = "words") -> Floats:
    """Return (texts, SIZE) a unit vector for each text, a function of that text alone.

    how: "words", sums of the hashed words and their runs of letters. A text without a word is a row of zeros.
    Raises ConfigError.
    """
    if how not in WAYS:
        raise ConfigError(f"vectors of texts: unknown way {how!r}.{near(how, WAYS)}")
    from scipy.sparse import csr_array

    out = np.zeros((len(texts), SIZE), dtype=np.float32)
    first = 0
    for part in vocabularies(texts):
        ends = np.concatenate(([0], np.cumsum(part.sizes)))
        counts = csr_array(
            (np.ones(len(part.places), np.float32), part.places, ends), (len(part.sizes), len(part.words))
        )
        counts.sum_duplicates()
        # A word said ten times tells little more than one said twice.
        counts.data = 1 + np.log(counts.data)
        out[first : first + len(part.sizes)] = counts @ (_word_vectors(part) * _weights(part.words)[:, None])
        first += len(part.sizes)
    return unit(out)


async def embedded(
    desk: Desk, texts: Sequence[str], model: str, tell: Callable[[int], None] = lambda done: None
) -> tuple[Floats, dict[int, str]]:
    """Return (texts, d) a unit vector for each text from a model that embeds, and why rows have one of zeros.

    Texts are handed in so many at a time, by their numbers; tell hears of each such part. Raises DataError where the
    model gave no vector at all.
    """
    from simulacra.parts.prompts.request import Request

    size, answers = BATCH if desk.batches else FLIGHT, []
    for at in range(0, len(texts), size):
        part = texts[at : at + size]
        answers += await desk.ask(
            [
                Request((("user", text),), model, kind="embed", row=at + i, temperature=0.0)
                for i, text in enumerate(part)
            ]
        )
        tell(len(part))
    width = next((len(answer.value) for answer in answers if answer.ok), 0)
    faults = {row: answer.error for row, answer in enumerate(answers) if not answer.ok}
    faults |= {
        row: f"{len(answer.value)} numbers, where others have {width}"
        for row, answer in enumerate(answers)
        if answer.ok and len(answer.value) != width
    }
    if answers and len(faults) == len(answers):
        raise DataError(f"model {model!r} gave no vector of {len(answers):,} texts: {faults[0]}")
    out = np.zeros((len(answers), width), dtype=np.float32)
    for row, answer in enumerate(answers):
        if row not in faults:
            out[row] = answer.value
    return unit(out), faults


def near_vectors(given: npt.NDArray[np.floating], threshold: float = 0.9) -> tuple[Places, npt.NDArray[np.float64]]:
    """Return (pairs, 2) the rows of unit vectors whose cosine reaches a threshold, first < second, and (pairs,) it.

    threshold: above 0, to 1. Candidates agree in the signs of some random directions, and each is then verified;
    at least 97 % of the pairs just at the threshold are found, and more of those above it. Raises ConfigError.
    """
    if not 0 < threshold <= 1:
        raise ConfigError(f"near vectors: threshold must be above 0 and at most 1, got {threshold!r}")
    if len(given) < 2:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0)
    x = np.ascontiguousarray(given, dtype=np.float32)
    pairs = candidates(_sign_keys(x, threshold))
    found: npt.NDArray[np.float64] = np.empty(len(pairs))
    step = max(1, CELLS // x.shape[1])
    for at in range(0, len(pairs), step):
        some = pairs[at : at + step]
        found[at : at + step] = np.einsum("ij,ij->i", x[some[:, 0]], x[some[:, 1]])
    # A row and its copy have cosine 1 but for the last bit.
    keep = found >= threshold - 1e-6
    return pairs[keep], np.clip(found[keep], -1.0, 1.0)


def unit(given: Floats) -> Floats:
    """Return the rows at length 1; a row of zeros stays."""
    length: Floats = np.sqrt(np.einsum("ij,ij->i", given, given))
    length[length == 0] = 1
    return given / length[:, None]


def _weights(written: Sequence[str]) -> Floats:
    """Return the weight of each word. Short words are the frequent ones in every language (Zipf 1935)."""
    lengths = np.fromiter(map(len, written), dtype=np.float32, count=len(written))
    out: Floats = np.clip(0.3 + 0.1 * lengths, 0.5, 1.0).astype(np.float32)
    common = frozenset(FUNCTION_WORDS.split())
    out[[w.lower() in common for w in written]] = COMMON
    return out


def _word_vectors(part: Vocabulary) -> Floats:
    """Return (words, SIZE) a unit vector for each word: its own signs and the mean of those of its runs of letters."""
    from scipy.sparse import csr_array

    runs = shingles([f"{END}{word}{END}" for word in part.words], "char", GRAM)
    grams, places = np.unique(runs.codes, return_inverse=True)
    shape = (len(part.words), len(grams))
    share = np.repeat(1 / np.sqrt(runs.sizes), runs.sizes).astype(np.float32)
    inner = csr_array((share, places, runs.starts), shape) @ _signs(grams, 2)
    return unit((1 - PARTS) * unit(_signs(part.codes, 1)) + PARTS * unit(inner))


def _signs(codes: Codes, key: int) -> Floats:
    """Return (codes, SIZE) of -1 and 1, by hashes of the codes."""
    bits = np.stack([hashed(codes, key, str(word)) for word in range(SIZE // 64)], axis=1)
    bytes_ = bits.astype("<u8").view(np.uint8).reshape(len(codes), SIZE // 8)
    out: Floats = np.unpackbits(bytes_, axis=1).astype(np.float32) * 2 - 1
    return out


def _sign_keys(x: Floats, threshold: float) -> npt.NDArray[np.uint32]:
    """Return (bands, rows) keys: the signs along some random directions; more directions the more rows there are."""
    # What all rows share says nothing; without it the same pairs lie at a wider angle, which needs more bands.
    mean = x.mean(axis=0)
    shared = float(mean @ mean)
    x, threshold = x - mean, max(0.3, (threshold - shared) / max(1e-9, 1 - shared))
    agree = 1 - np.arccos(min(1.0, threshold)) / np.pi
    bits = int(np.clip(np.log2(max(2, len(x))) + 3, 8, 24))
    share = agree**bits
    count = 1 if share >= RECALL else min(MOST_BANDS, int(np.ceil(np.log(1 - RECALL) / np.log1p(-share))))
    keys = np.empty((count, len(x)), dtype=np.uint32)
    powers = (1 << np.arange(bits)).astype(np.float64)
    for band in range(count):
        numbers = np.arange(x.shape[1] * bits, dtype=np.uint64)
        directions = (uniform(numbers, band, "directions") - 0.5).astype(np.float32).reshape(x.shape[1], bits)
        keys[band] = ((x @ directions > 0) @ powers).astype(np.uint32)
    return keys
