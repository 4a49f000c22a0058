"""The endpoint against a server that fails in every way that real ones do: what may pass passes, the rest is named."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import ask, many, request

from simulacra.core.errors import ConfigError, ModelError, SimulacraError
from simulacra.parts.prompts._wire import _after
from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.endpoint import Endpoint
from simulacra.parts.prompts.limits import Patience
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer
from simulacra.testing.server import Server

QUICK = Patience(first=0.01, longest=0.05, connect=2.0, stall=0.2, give_up=20.0, never_up=0.3)
KEY = "sk-very-secret-0123456789"


def desk(server: Server, journal: Path | None = None, patience: Patience = QUICK, **given: Any) -> Desk:
    model = Model(**{"base_url": server.url, "model": "tiny", "timeout": 10.0, **given})
    return Desk([model], journal, ports={"default": Endpoint(model, patience=patience)})


@pytest.fixture(scope="module")
def sound() -> Iterator[Server]:
    """A server without faults."""
    with Server() as server:
        yield server


def one(server: Server, *requests: Any, **given: Any) -> list[Answer]:
    with desk(server, **given) as asked:
        return asked.run(asked.ask(requests))


# Kinds of requests --------------------------------------------------------------------------------------------------


def test_every_kind_of_request_is_answered(sound: Server) -> None:
    tool = {"name": "weather", "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}}
    chat, cut, text, vector, scores, called = one(
        sound,
        request(),
        request(max_tokens=2),
        request(kind="complete"),
        request(kind="embed"),
        request("three more words", kind="logprobs", messages=(("user", "Two words"), ("assistant", "and three more"))),
        request(tools=(tool,)),
        price_in=2e6,
        price_out=3e6,
    )
    assert chat.ok and len(chat.text.split()) > 3 and chat.finish == "stop" and chat.model == "tiny"
    assert chat.tokens_in == 3 and chat.cost == 2 * chat.tokens_in + 3 * chat.tokens_out
    assert len(cut.text.split()) == 2 and cut.finish == "length"
    assert text.ok and text.text != chat.text
    assert math.isclose(sum(v * v for v in vector.value), 1.0) and vector.text == ""
    assert len(scores.value) == 3 and all(v < 0 for v in scores.value)
    assert called.value[0]["name"] == "weather" and isinstance(called.value[0]["arguments"]["place"], str)


def test_answers_depend_on_the_seed_and_not_on_the_order(sound: Server) -> None:
    with desk(sound) as first, desk(sound, concurrency=1) as second:
        a, b = ask(first, many(30)), ask(second, many(30)[::-1])[::-1]
    assert [x.text for x in a] == [x.text for x in b] and len({x.text for x in a}) == 30
    [x, y] = one(sound, request(seed=1), request(seed=2))
    assert x.text != y.text


def test_labels_are_scored_by_the_first_token_or_else_by_echo(sound: Server) -> None:
    by_token, by_echo = one(
        sound,
        request(kind="labels", labels=("positive", "negative")),
        request(kind="labels", labels=("very good", "very bad", "neither")),
    )
    assert len(by_token.value) == 2 and sum(math.exp(v) for v in by_token.value) < 1
    assert len(by_echo.value) == 3 and len(set(by_echo.value)) == 3
    with Server(logprobs="chat", vocabulary=("very", "so", "x")) as server:
        same, none = one(
            server,
            request(kind="labels", labels=("very good", "very bad")),
            request(kind="labels", labels=("ham", "spam")),
        )
    assert "'very good' and 'very bad' begin with the same token" in same.error
    assert "none of the labels is among the likeliest first words" in none.error


@pytest.mark.parametrize("asked", [request(kind="labels", labels=("a", "b")), request(kind="logprobs")])
def test_a_model_without_log_probabilities_ends_the_run_by_name(asked: Any) -> None:
    with Server(logprobs="no") as server, pytest.raises(ModelError, match=r"\(tiny at 127.0.0.1\) gives no log-prob"):
        one(server, asked)


def test_a_server_that_takes_no_schema_is_told_it_in_words_and_asked_so_from_then_on() -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    requests = [request("How old?", i, schema=schema) for i in range(20)]
    for schemas in ("yes", "refuse", "ignore"):
        with Server(schemas=schemas) as server:
            answers = one(server, *requests[:1], *requests[1:], concurrency=1)
            assert all(isinstance(a.value["age"], int) for a in answers) or schemas == "ignore"
            asked = server.counts().requests
        assert asked == {"yes": 20, "refuse": 21, "ignore": 40}[schemas]


def test_wrong_schemas_are_mended_once_and_counted() -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    with Server(wrong_schema=0.5) as server, desk(server) as asked:
        answers = ask(asked, [request("How old?", i, schema=schema) for i in range(60)])
        counts = server.counts()
    failed = [a for a in answers if not a.ok]
    assert 5 <= len(failed) <= 30 and {a.error for a in failed} == {
        "never fulfilled the schema: the whole: 'age' is a required property"
    }
    assert all(isinstance(a.value["age"], int) for a in answers if a.ok) and 75 <= counts.requests <= 110


def test_parameters_that_a_server_does_not_know_are_left_out_once_it_said_so() -> None:
    with Server(unknown=("seed", "max_tokens", "top_k")) as server:
        answers = one(server, *many(5), concurrency=1)
        assert all(a.ok for a in answers) and server.counts().requests == 7
        refused, left_out = (
            one(server, request(), options={"top_k": 5})[0],
            one(server, request(), options={"top_k": ""})[0],
        )
    assert "the server refuses the request (400: Unsupported parameter: 'top_k'" in refused.error and left_out.ok


def test_a_prompt_that_is_too_long_fails_its_cell_alone() -> None:
    with Server(context=400) as server:
        answers = one(server, request(), request("word " * 500), request("again"))
        known = one(server, request("word " * 5000), context=400)
        assert server.counts().answered == 2
    assert [a.ok for a in answers] == [True, False, True]
    assert "the prompt is longer than the model's context (400: This model's maximum" in answers[1].error
    assert "longer than the model's context: about 6254 tokens of 400" in known[0].error


# What may pass ------------------------------------------------------------------------------------------------------


def test_all_rows_are_kept_whatever_fails_for_a_while(tmp_path: Path) -> None:
    faults = {"rate_429": 0.1, "rate_500": 0.1, "hang": 0.02, "cut": 0.1, "stall": 0.02, "malformed": 0.1}
    with Server(**faults, retry_after=0.01) as server:  # type: ignore[arg-type]
        with desk(server, tmp_path / "j.sqlite", timeout=0.4, tries=12) as asked:
            answers = ask(asked, many(200))
        counts = server.counts()
    assert all(a.ok for a in answers) and counts.answered == 200
    assert set(counts.by_fault) == {"none", *faults}


def test_tries_come_to_an_end_and_say_why() -> None:
    with Server(rate_500=1.0) as server:
        [answer] = one(server, request(), tries=3)
        assert answer.error == "3 attempts failed, the last because 500: the server had an error"
        assert server.counts().requests == 3
    with Server(malformed=1.0) as server:
        assert "its answer is no JSON" in one(server, request(), tries=1)[0].error
    with Server(hang=1.0) as server:
        assert "no answer came within 0.1 seconds" in one(server, request(), tries=2, timeout=0.1)[0].error


def test_a_server_that_is_away_for_a_while_costs_no_row() -> None:
    with Server(down=(50, 90)) as server:
        with desk(server) as asked:
            assert all(a.ok for a in ask(asked, many(150)))
        counts = server.counts()
    assert counts.answered == 150 and counts.requests == 190


def test_a_server_that_stays_away_ends_the_run_and_what_was_paid_is_kept(tmp_path: Path) -> None:
    hasty = Patience(first=0.01, longest=0.05, give_up=0.5)
    with Server(down=(50, 10**9)) as server:
        with desk(server, tmp_path / "j.sqlite", hasty) as asked:
            with pytest.raises(ModelError, match="every request has failed for 0.5 seconds, the last because 503"):
                ask(asked, many(150))
            assert len(asked.journal) == server.counts().answered > 0
        assert server.counts().requests < 150 + 64, "it is not asked again and again"


def test_nobody_there_is_told_soon() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    model = Model(base_url=url)
    with (
        Desk([model], ports={"default": Endpoint(model, patience=QUICK)}) as asked,
        pytest.raises(ModelError, match=r"every request has failed for 0.3 seconds, .*127.0.0.1 cannot be reached"),
    ):
        ask(asked, many(100))


def test_a_wait_that_is_too_long_is_the_users_to_wait() -> None:
    with (
        Server(rate_429=1.0, retry_after=7200) as server,
        pytest.raises(ModelError, match="asks to wait for 7200 seconds"),
    ):
        one(server, request())


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("-3", None), ("", None)],
)
def test_retry_after_is_seconds_or_a_date(told: str, seconds: float | None) -> None:
    assert _after({"Retry-After": told}) == seconds
    later = _after({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"})
    assert later is not None and later > 1e9


def test_a_date_is_waited_for() -> None:
    with Server(rate_429=0.3, retry_after="date") as server:
        answers = one(server, *many(12))
        assert all(a.ok for a in answers)
        # Whoever came back before the date would have been refused more often than the draws say.
        assert server.counts().requests <= 30


# Keys ---------------------------------------------------------------------------------------------------------------


def test_the_key_opens_the_server_and_stands_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with (
        Server(key=KEY, text=f"I was given {KEY}") as server,
        desk(server, tmp_path / "j.sqlite", key_env="TEST_KEY") as asked,
    ):
        [answer] = asked.run(asked.ask([request()]))
        assert answer.text == "I was given [key]" and KEY not in repr(asked.models)
    assert KEY.encode() not in b"".join(p.read_bytes() for p in tmp_path.iterdir())


def test_a_wrong_key_ends_the_run_and_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with Server(key="another") as server, desk(server, key_env="TEST_KEY", concurrency=4) as asked:
        with pytest.raises(
            ConfigError, match="refuses the key .401: Incorrect API key provided: .key.*TEST_KEY"
        ) as found:
            ask(asked, many(100))
        assert server.counts().requests <= 4
    error: BaseException | None = found.value
    while error is not None:
        assert KEY not in str(error)
        error = error.__cause__
    with Server(key="another") as server, pytest.raises(ConfigError, match="name its key's variable as key_env"):
        one(server, request())


@pytest.mark.parametrize("held", ["", "  ", "käse", "a\nb"])
def test_a_key_that_cannot_be_one_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    monkeypatch.setenv("TEST_KEY", held)
    with pytest.raises(ConfigError, match="TEST_KEY") as found:
        Endpoint(Model(base_url="http://127.0.0.1:1/v1", key_env="TEST_KEY"))
    assert held.strip() == "" or held not in str(found.value)


def test_a_wrong_address_is_named(sound: Server) -> None:
    model = Model(base_url=sound.url.replace("/v1", "/v2"))
    with Desk([model]) as asked, pytest.raises(SimulacraError, match="no such model, or no chat/completions"):
        asked.run(asked.ask([request()]))
