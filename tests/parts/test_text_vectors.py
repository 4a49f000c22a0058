"""Vectors of texts: rewordings lie near, other texts far, and each vector hangs on its text alone."""

import numpy as np
import pytest

from simulacra.core.errors import ConfigError, DataError
from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer
from simulacra.parts.text_vectors import embedded, near_vectors, vectors

PAIRS = [
    ("The doctor recommended a new treatment of back pain.", "New treatments of back pains, recommended by doctors."),
    ("She teaches mathematics at a village school.", "A mathematics teacher who works at the school of her village."),
    ("How do I bake sourdough bread at home?", "What is the best way of baking a sourdough loaf at home?"),
    ("The committee approved next year's budget.", "Next year's budget has been approved by the committee."),
    ("My parcel arrived broken and I want a refund.", "I want a refund because the parcel was broken on arrival."),
    ("The train to Lyon leaves at nine from platform two.", "From platform two, a train leaves for Lyon at nine."),
]  # fmt: skip


def test_rewordings_are_nearer_than_anything_else():
    one, two = vectors([a for a, _ in PAIRS]), vectors([b for _, b in PAIRS])
    cosine = one @ two.T
    assert (cosine.argmax(axis=1) == np.arange(len(PAIRS))).all()
    assert np.diag(cosine).min() > 0.4 > np.abs(cosine[~np.eye(len(PAIRS), dtype=bool)]).max()


def test_a_vector_hangs_on_its_text_alone():
    texts = [t for pair in PAIRS for t in pair] + ["", "Ünïcode 日本語 teacher"]
    whole = vectors(texts)
    assert whole.dtype == np.float32 and whole.shape == (len(texts), 256)
    assert np.allclose(whole, np.concatenate([vectors([t]) for t in texts]), atol=1e-6)
    lengths = np.linalg.norm(whole, axis=1)
    assert np.allclose(np.delete(lengths, 12), 1, atol=1e-5) and lengths[12] == 0


def test_forms_of_a_word_lie_near_and_function_words_weigh_little():
    teach, taught, cup = vectors(["teacher", "teaching", "cup"])
    assert teach @ taught > 0.25 > abs(teach @ cup)
    plain, wordy = vectors(["volcano eruption", "the one with the eruption of a volcano"])
    assert plain @ wordy > 0.8


def test_near_pairs_are_those_of_the_whole_product():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(1500, 64)) + 0.5
    given = np.concatenate((base, base[:300] + rng.normal(scale=0.25, size=(300, 64)))).astype(np.float32)
    given /= np.linalg.norm(given, axis=1, keepdims=True)
    cosine = np.triu(given @ given.T, 1)
    truth = {tuple(p) for p in np.argwhere(cosine >= 0.9).tolist()}
    pairs, found = near_vectors(given, 0.9)
    reported = {tuple(p) for p in pairs.tolist()}
    assert len(truth) > 200 and len(truth & reported) >= 0.97 * len(truth)
    assert reported <= {tuple(p) for p in np.argwhere(cosine >= 0.9 - 1e-5).tolist()}
    assert np.allclose(found, cosine[tuple(pairs.T)], atol=1e-5)


def test_copies_are_near_at_one_and_rows_of_zeros_are_near_to_none():
    given = vectors(["same words", "", "other things", "same words", ""])
    assert near_vectors(given, 1.0)[0].tolist() == [[0, 3]]
    assert near_vectors(given[:1])[0].shape == (0, 2)


def test_wrong_settings_are_named():
    with pytest.raises(ConfigError, match="wrds"):
        vectors(["a"], "wrds")
    with pytest.raises(ConfigError, match="threshold"):
        near_vectors(np.eye(3), 0)


class Lengths:
    """A port whose vector of a text is told by its length; it gives none for the word "bad"."""

    batches = False
    identity = "lengths"

    async def ask(self, requests):
        texts = [r.messages[-1][1] for r in requests]
        return [
            Answer(error="no vector") if t == "bad" else Answer(value=[float(len(t)), 2.0], model=self.identity)
            for t in texts
        ]

    def count(self, request):
        return 1

    async def close(self):
        pass


def test_vectors_of_a_model_that_embeds():
    desk = Desk([Model()], ports={"default": Lengths()})
    made, faults = desk.run(embedded(desk, ["ab", "abcd"], "default"))
    assert np.allclose(made, np.array([[1, 1], [2, 1]]) / np.sqrt([[2], [5]])) and not faults
    made, faults = desk.run(embedded(desk, ["ab", "bad"], "default"))
    assert not made[1].any() and list(faults) == [1] and "no vector" in faults[1]
    with pytest.raises(DataError, match="'default' gave no vector of 1 texts.*no vector"):
        desk.run(embedded(desk, ["bad"], "default"))
    desk.close()
