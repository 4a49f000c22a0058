"""Near-duplicates: what is planted is found, nothing else is reported, and every similarity is the exact one."""

import re
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import ConfigError
from simulacra.parts.minhash import bands, first_of, keep_first, near_duplicates
from simulacra.parts.shingles import shingles, vocabularies

WORDS = st.lists(st.sampled_from(("ab", "cd", "ef", "gh", "ij", "kl")), max_size=6).map(" ".join)

PINNED = [
    "ec5e01019f725315",
    "ea6cebec2c3d3fae",
    "52ead7e36ea7fea8",
    "25151af964f059d0",
    "3cc0789133701e7a",
    "3bee4baca26597a4",
]


def planted(rows=3000, words=25, near=600, seed=0):
    """Texts of random words, of which the last `near` repeat an earlier one with one word replaced."""
    rng = np.random.default_rng(seed)
    letters = np.array(list(string.ascii_lowercase))
    vocabulary = ["".join(rng.choice(letters, size=rng.integers(3, 10))) for _ in range(5000)]
    base = rng.integers(len(vocabulary), size=(rows - near, words))
    source = rng.integers(len(base), size=near)
    changed = base[source].copy()
    changed[np.arange(near), rng.integers(words, size=near)] = rng.integers(len(vocabulary), size=near)
    texts = [" ".join(vocabulary[i] for i in row) for row in np.concatenate((base, changed))]
    return texts, np.stack((source, np.arange(len(base), rows)), axis=1)


def runs(text, k):
    """The set of runs of words, found in another way."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + k]) for i in range(max(1, len(words) - k + 1))}


def similarity(one, two, k=2):
    a, b = runs(one, k), runs(two, k)
    return len(a & b) / len(a | b)


def test_planted_near_duplicates_are_found_and_no_other_pair():
    texts, pairs = planted()
    found, jaccard = near_duplicates(texts, 0.7)
    reported = {tuple(p) for p in found.tolist()}
    assert np.mean([tuple(p) in reported for p in pairs.tolist()]) >= 0.97
    assert all(similarity(texts[a], texts[b]) >= 0.7 for a, b in reported)
    exact = [similarity(texts[a], texts[b]) for a, b in found.tolist()]
    assert np.allclose(jaccard, exact)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12), st.sampled_from((0.2, 0.5, 0.75, 1.0)), st.integers(1, 3))
def test_pairs_are_those_of_brute_force(texts, threshold, k):
    found, jaccard = near_duplicates(texts, threshold, k=k, permutations=1024)
    truth = {(a, b): similarity(texts[a], texts[b], k) for b in range(len(texts)) for a in range(b)}
    reported = dict(zip(map(tuple, found.tolist()), jaccard.tolist(), strict=True))
    assert all(truth[pair] == pytest.approx(value) and value >= threshold for pair, value in reported.items())
    # Chance may miss a pair at the threshold; with 1,024 permutations none well above it.
    sure = {pair for pair, value in truth.items() if value >= min(1.0, threshold + 0.3)}
    assert sure <= set(reported)


def test_a_chunk_of_texts_has_the_pieces_of_the_whole():
    texts, _ = planted(rows=300, near=20)
    whole = shingles(texts, "word", 3)
    each = [shingles([text], "word", 3) for text in texts]
    assert np.array_equal(whole.codes, np.concatenate([s.codes for s in each]))
    assert np.array_equal(whole.sizes, [s.sizes[0] for s in each])


def test_hashes_are_the_same_on_every_machine():
    made = shingles(["Two words", "deux", "", "naïve Ärger 日本"], "word", 2)
    assert made.sizes.tolist() == [1, 1, 1, 3]
    assert [f"{code:016x}" for code in made.codes.tolist()] == PINNED


def test_case_accents_and_punctuation_do_not_count():
    found, jaccard = near_duplicates(
        ["Crème brûlée, twice!", "creme   BRULEE twice", "Cre\u0300me bru\u0302le\u0301e twice"], 1
    )
    assert found.tolist() == [[0, 1], [0, 2], [1, 2]] and (jaccard == 1).all()


def test_languages_without_spaces_are_compared_by_their_letters():
    a, b = "今日は天気がとても良いので散歩に行きます", "今日は天気がとても良いので公園に行きます"
    assert near_duplicates([a, b, "明日の会議は午後三時に始まります"], 0.5)[0].tolist() == [[0, 1]]


def test_characters_see_what_words_do_not():
    texts = ["internationalisation of programmes", "internationalization of programs", "a cup of tea"]
    assert near_duplicates(texts, 0.5, "char", k=3)[0].tolist() == [[0, 1]]
    assert len(near_duplicates(texts, 0.5, "word")[0]) == 0


def test_what_separates_words_is_one_space_to_characters():
    one, two = shingles(["ab  cd", "xy"], "char", 3), shingles(["  ab - cd! ", " xy..."], "char", 3)
    assert np.array_equal(one.codes, two.codes) and one.sizes.tolist() == two.sizes.tolist() == [3, 1]


def test_texts_without_a_word_are_equal_to_each_other_alone():
    assert near_duplicates(["", "...", "a", "?!", "b"], 0.9)[0].tolist() == [[0, 1], [0, 3], [1, 3]]
    assert near_duplicates([], 0.9)[0].shape == (0, 2)
    assert near_duplicates(["", "?"], 0.9, "char")[0].tolist() == [[0, 1]]


def test_long_documents_beside_short_ones():
    rng = np.random.default_rng(1)
    long = " ".join(f"w{i}" for i in rng.integers(50_000, size=20_000))
    changed = long.replace("w7", "x7", 3)
    found, jaccard = near_duplicates(["w1 w2", long, "w2 w3", changed, "w1 w2"], 0.9)
    assert found.tolist() == [[0, 4], [1, 3]] and jaccard[0] == 1 and 0.99 < jaccard[1] < 1


def test_a_crowd_of_equal_texts_leaves_one():
    kept = keep_first(["the same words again"] * 2000 + ["something else entirely"], 0.9)
    assert np.flatnonzero(kept).tolist() == [0, 2000]


def test_a_row_is_dropped_only_for_one_that_stays():
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    assert first_of(5, pairs).tolist() == [0, 0, 2, 2, 4]


def test_every_band_plan_finds_what_it_promises():
    for threshold in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
        count, rows = bands(threshold)
        assert count * rows <= 128 and 1 - (1 - threshold**rows) ** count >= 0.97


def test_the_words_of_texts_are_told_with_their_places():
    part = next(vocabularies(["One fish, two fish.", "", "Fish!"]))
    assert [part.words[i].lower() for i in part.places] == ["one", "fish", "two", "fish", "fish"]
    assert part.sizes.tolist() == [4, 0, 1]


@pytest.mark.parametrize("wrong", [{"threshold": 0}, {"threshold": 1.2}, {"shingle": "words"}, {"k": -1}])
def test_wrong_settings_are_named(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        near_duplicates(["a", "b"], **wrong)
