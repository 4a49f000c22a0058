"""Batch files: written once, taken in by the journal, foreign ones refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asking import ask, many, request

from simulacra.core.errors import ConfigError, DataError
from simulacra.parts.prompts import batch
from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer, Request
from simulacra.testing.server import Server

MODEL = Model(base_url="http://127.0.0.1:9/v1", model="tiny", price_in=1e6)


def collected(requests: list[Request], path: Path, model: Model = MODEL) -> list[dict[str, Any]]:
    """Write requests as a batch file and return its lines."""
    ports = batch.ports([model], None, collects=True)
    with Desk([model], ports=ports) as desk:
        answers = ask(desk, requests)
    assert {a.error for a in answers} == {batch.WAITS} and desk.spent.requests == 0
    batch.write(path, ports["default"].lines)  # type: ignore[attr-defined]
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def replies(lines: list[dict[str, Any]], path: Path) -> Path:
    """Write the answers of a batch service, in another order than asked."""
    with open(path, "w", encoding="utf-8") as handle:
        for line in reversed(lines):
            text = f"\u2028 to {line['body']['messages'][-1]['content']}"
            choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            body = {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
            reply = {"custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}}
            handle.write(json.dumps(reply, ensure_ascii=False) + "\n")
    return path


def test_requests_go_out_and_their_answers_stay_in_the_journal(tmp_path: Path) -> None:
    lines = collected(many(30), tmp_path / "b.jsonl")
    assert len(lines) == 30 and lines[3]["body"]["messages"] == [
        {"role": "user", "content": "Say something about the number 3."}
    ]
    assert {line["custom_id"] for line in lines} == {r.key("tiny") for r in many(30)}
    answers = replies(lines, tmp_path / "a.jsonl")
    with Desk([MODEL], tmp_path / "j.sqlite", ports=batch.ports([MODEL], answers, collects=False)) as desk:
        first = ask(desk, many(30))
    assert first[4].text == "\u2028 to Say something about the number 4." and desk.spent.cost == 30 * 7
    with Desk([MODEL], tmp_path / "j.sqlite") as desk:
        assert ask(desk, many(30)) == first and desk.spent.requests == 0


def test_no_key_is_needed_to_write_a_file() -> None:
    batch.ports([Model(base_url="http://127.0.0.1:9/v1", key_env="ABSENT_KEY")], None, collects=True)
    with pytest.raises(ConfigError, match="set the environment variable ABSENT_KEY"):
        Desk([Model(base_url="http://127.0.0.1:9/v1", key_env="ABSENT_KEY")]).count(request())


def test_what_a_file_leaves_out_is_asked_and_what_it_says_failed_fails(tmp_path: Path) -> None:
    lines = collected(many(10), tmp_path / "b.jsonl")
    answers = replies(lines[:5], tmp_path / "a.jsonl")
    failed = {"custom_id": lines[5]["custom_id"], "response": {"status_code": 400, "body": {"error": "too long"}}}
    answers.write_text(answers.read_text("utf-8") + "\n" + json.dumps(failed), "utf-8")
    with Server() as server:
        model = Model(base_url=server.url, model="tiny")
        with Desk([model], ports=batch.ports([model], answers, collects=False)) as desk:
            found = ask(desk, many(10))
        assert server.counts().requests == 4
    assert [a.ok for a in found] == [True] * 5 + [False] + [True] * 4
    assert found[5].error == 'the batch file says: {"error": "too long"}'


def test_the_file_of_another_run_is_refused_before_much_is_paid(tmp_path: Path) -> None:
    lines = collected([request("another", i) for i in range(5)], tmp_path / "b.jsonl")
    answers = replies(lines, tmp_path / "a.jsonl")
    with Server(latency=0.02) as server:
        model = Model(base_url=server.url, model="tiny")
        with (
            Desk([model], ports=batch.ports([model], answers, collects=False)) as desk,
            pytest.raises(DataError, match="belongs to another recipe, seed or model"),
        ):
            ask(desk, many(200))
        assert server.counts().requests <= batch.ENOUGH


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "line 1: not valid JSON"),
        ('\n{"custom_id": 4}', "line 2: no custom_id"),
        ("[" * 100_000, "line 1: not valid JSON"),
        ("[1]", "line 1: no custom_id"),
    ],
)
def test_what_is_no_file_of_answers_is_refused_at_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(DataError, match=told):
        batch.read(tmp_path / "a.jsonl")
    with pytest.raises(DataError, match="cannot be read"):
        batch.read(tmp_path / "absent.jsonl")


def test_replies_that_hold_no_answer_fail_their_cell(tmp_path: Path) -> None:
    [line] = collected([request()], tmp_path / "b.jsonl")
    entry = {"custom_id": line["custom_id"], "response": {"status_code": 200, "body": {"choices": []}}}
    (tmp_path / "a.jsonl").write_text(json.dumps(entry))
    with Desk([MODEL], ports=batch.ports([MODEL], tmp_path / "a.jsonl", collects=False)) as desk:
        [answer] = desk.run(desk.ask([request()]))
    assert answer.error == "the batch file holds no answer: an answer without choices" and answer == Answer(
        error=answer.error, model="tiny", key=request().key("tiny")
    )


def test_models_that_no_file_can_go_to_are_refused() -> None:
    with pytest.raises(ConfigError, match="no model has a base_url"):
        batch.ports([Model()], None, collects=True)
    with pytest.raises(ConfigError, match="several models are named 'default'"):
        batch.ports([MODEL, MODEL], None, collects=True)
