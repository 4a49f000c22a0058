"""parts/ngrams: figures on texts whose truth is known, and fast ways against plain ones."""

import math
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.parts import ngrams
from simulacra.parts.ngrams import Pool, compression_ratio, distinct_n, encode, grams, novelty, rouge_l, self_bleu

WORDS = ["a", "b", "c", "d", "don't", "é", "中"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), min_size=1, max_size=8)


def test_words_are_lower_case_without_marks_and_signs_without_spaces_stand_alone():
    assert ngrams.words("Don't stop: re-read X_1, 中文!") == ["don't", "stop", "re", "read", "x", "1", "中", "文"]
    assert ngrams.words(" ... ") == []


@given(TEXTS)
def test_columns_are_cut_into_the_same_words_as_single_texts(texts):
    coded = encode(pl.Series([*texts, None]))
    cut = [ngrams.words(text) for text in [*texts, ""]]
    assert coded.lengths.tolist() == [len(words) for words in cut]
    flat = [word for words in cut for word in words]
    assert len(set(coded.ids.tolist())) == len(set(flat))
    assert len(set(zip(flat, coded.ids.tolist(), strict=True))) == len(set(flat))


def test_a_long_column_is_cut_like_a_short_one():
    texts = [f"row {i} of many" for i in range(20_011)]
    whole, tail = encode(texts), encode(texts[-3:])
    assert whole.ids[-12:].tolist() == tail.ids.tolist()


@given(TEXTS, st.integers(1, 4))
def test_shingles_are_the_runs_of_each_text_and_cross_no_border(texts, n):
    cut = [ngrams.words(text) for text in texts]
    runs = [(row, at, tuple(words[at : at + n])) for row, words in enumerate(cut) for at in range(len(words) - n + 1)]
    got = grams(texts, n)
    assert list(zip(got.owner.tolist(), got.place.tolist(), strict=True)) == [(row, at) for row, at, _ in runs]
    assert len(set(got.hashes.tolist())) == len({run for _, _, run in runs})
    assert distinct_n(texts, n) == pytest.approx(len({r for _, _, r in runs}) / len(runs) if runs else 0)


def test_the_order_of_words_matters_to_a_shingle():
    assert len(set(grams(["a b", "b a", "a a", "b b"], 2).hashes.tolist())) == 4


def test_distinct_is_taken_over_as_many_runs_as_said():
    assert distinct_n(["a b a b", "c d"], 1, most=4) == 0.5
    assert distinct_n(["a b a b", "c d"], 1) == pytest.approx(4 / 6)


def test_self_bleu_is_one_for_equal_texts_and_small_for_texts_without_a_word_in_common():
    assert self_bleu(["the cat sat on the mat"] * 5) == pytest.approx(1)
    assert self_bleu([f"w{i}a w{i}b w{i}c w{i}d w{i}e" for i in range(9)]) < 0.06
    assert self_bleu(["alone"]) == 0 == self_bleu(["", None])


@given(TEXTS)
@settings(max_examples=40)
def test_self_bleu_is_the_mean_of_plain_bleu(texts):
    cut = [words for words in map(ngrams.words, texts) if words]
    expected = sum(bleu(cut[i], cut[:i] + cut[i + 1 :]) for i in range(len(cut))) / len(cut) if len(cut) > 1 else 0
    assert self_bleu(texts) == pytest.approx(expected)


def bleu(words, others):
    """BLEU-4 by its definition: clipped precisions, a tenth for none, longer runs than the text left out."""
    logs = []
    for n in range(1, min(4, len(words)) + 1):
        own, *rest = (Counter(tuple(t[i : i + n]) for i in range(len(t) - n + 1)) for t in (words, *others))
        hits = sum(min(count, max(other[run] for other in rest)) for run, count in own.items())
        logs.append(math.log((hits or 0.1) / own.total()))
    near = min((abs(len(o) - len(words)), len(o)) for o in others)[1]
    return math.exp(sum(logs) / len(logs)) * math.exp(min(0, 1 - near / len(words)))


def test_the_sample_of_self_bleu_hangs_on_the_seed_alone():
    texts = [f"word{i % 7} and word{i % 11} meet word{i % 13}" for i in range(300)]
    assert self_bleu(texts, sample=50, seed=1) == self_bleu(texts, sample=50, seed=1)
    assert self_bleu(texts, sample=50, seed=1) != self_bleu(texts, sample=50, seed=2)


def test_repetition_compresses_better():
    varied = [f"{(i * 7919) % 10007} {(i * 104729) % 9973} {(i * 31) % 8191}" for i in range(400)]
    assert compression_ratio(["the same line again and again"] * 400) > 20 > 4 > compression_ratio(varied) > 1
    assert compression_ratio([]) == 1


@given(st.lists(st.sampled_from(WORDS), max_size=12), st.lists(st.sampled_from(WORDS), max_size=12))
def test_rouge_l_is_the_f_measure_of_the_longest_common_subsequence(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    common = table[-1][-1]
    assert rouge_l(" ".join(a), " ".join(b)) == pytest.approx(2 * common / (len(a) + len(b)) if common else 0)


def test_rouge_l_counts_the_words_in_common_order():
    assert rouge_l("The cat sat on the mat.", "the cat is on the mat") == pytest.approx(5 / 6)
    assert rouge_l("police killed the gunman", "police the gunman kill") == pytest.approx(3 / 4)


@given(TEXTS, st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), st.sampled_from([0.0, 0.3, 0.7]))
def test_a_pool_finds_the_nearest_of_its_texts(texts, candidate, floor):
    scores = [rouge_l(candidate, text) for text in texts]
    score, at = Pool(texts).nearest(candidate, floor)
    if max(scores) > floor:
        assert score == pytest.approx(max(scores)) and scores[at] == pytest.approx(max(scores))
    else:
        assert (score, at) == (0.0, -1)
    assert novelty(candidate, texts) == pytest.approx(1 - max(scores))


def test_a_pool_grows_and_an_empty_one_knows_nothing():
    pool = Pool()
    assert pool.nearest("anything") == (0.0, -1) and novelty("anything", pool) == 1
    for i in range(200):
        pool.add(f"task {i}: write {i} lines about subject {i}")
    assert len(pool) == 200
    assert pool.nearest("Write 7 lines about subject 7")[1] == 7
