"""The desk: each request paid for once, schemas fulfilled or failed with their reason, a limit that is never passed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import asking
import pytest
from asking import many, request

from simulacra.core.errors import ConfigError, SpendError
from simulacra.core.port import NOT_TEXT
from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.replay import Replay
from simulacra.parts.prompts.request import Answer, Request

SCHEMA = {
    "type": "object",
    "properties": {"age": {"type": "integer", "minimum": 0}},
    "required": ["age"],
    "additionalProperties": False,
}


def said(request: Request) -> str:
    return f"{request.messages[-1][1]} / {request.seed}"


def desk(port: Replay, journal: Path | None = None, **given: float) -> Desk:
    model = Model(port="echo", **given)  # type: ignore[arg-type]
    return Desk([model], journal, ports={"default": port})


@pytest.mark.parametrize("batches", [False, True])
def test_answers_come_in_order_and_are_used_again(tmp_path: Path, batches: bool) -> None:
    requests = many(100)
    for run in range(2):
        port = Replay(said, batches=batches)
        with desk(port, tmp_path / "j.sqlite", price_in=1e6) as one:
            answers = one.run(one.ask(requests))
            assert [a.text for a in answers] == [said(r) for r in requests]
            assert len(port.asked) == (0 if run else 100)
            assert (one.spent.requests, one.spent.again) == ((0, 100) if run else (100, 0))
            assert one.spent.cost + one.spent.cost_again == sum(a.cost for a in answers) == 600
            assert one.batches == batches


def test_a_changed_word_asks_again_and_nothing_else_does(tmp_path: Path) -> None:
    with desk(Replay(said), tmp_path / "j.sqlite") as one:
        asking.ask(one, many(50))
    port = Replay(said)
    with desk(port, tmp_path / "j.sqlite") as one:
        changed = many(50)
        changed[7] = request("Another question.", 7)
        asking.ask(one, changed)
    assert port.asked == [changed[7]]
    for other in ({"temperature": 0.1}, {"max_tokens": 5}, {"seed": 8}, {"stop": ("x",)}, {"schema": SCHEMA}):
        assert request().key("m") != request(**other).key("m")
    assert request().key("m") == request(row=3, column="c").key("m") != request().key("n")


def test_what_is_asked_twice_at_once_is_paid_for_once() -> None:
    port = Replay(said)
    with desk(port) as one:
        answers = asking.ask(one, [request()] * 40)
    assert len(port.asked) == 1 and len(answers) == 40 and {a.text for a in answers} == {said(request())}
    assert one.spent.requests == 1 and one.spent.again == 39


def test_a_batch_depends_on_its_whole_and_on_nothing_else(tmp_path: Path) -> None:
    requests = many(4)
    port = Replay(said, batches=True)
    with desk(port, tmp_path / "j.sqlite") as one:
        whole = one.run(one.ask(requests))
        part = one.run(one.ask(requests[:3]))
        assert len(port.asked) == 7
        assert not {a.key for a in whole} & {a.key for a in part}
        assert [a.key for a in one.run(one.ask(requests))] == [a.key for a in whole] and len(port.asked) == 7
        turned = one.run(one.ask(requests[::-1]))
        assert len(port.asked) == 11 and not {a.key for a in whole} & {a.key for a in turned}


def test_two_models_of_one_name_share_by_weight_and_each_request_keeps_its_own() -> None:
    models = [Model(port="echo", weight=3), Model(port="echo", weight=1, model="other")]
    with Desk(models) as one:
        first = [one._models.entry(r).model.weight for r in many(2000)]
        again = [one._models.entry(r).model.weight for r in reversed(many(2000))]
    assert 0.70 < first.count(3) / 2000 < 0.80
    assert again[::-1] == first


def test_an_unknown_model_is_named_with_near_misses() -> None:
    with Desk([Model(name="writer", port="echo")]) as one, pytest.raises(ConfigError, match="Did you mean: writer"):
        one.run(one.ask([request(model="writter")]))


# Schemas ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batches", [False, True])
def test_a_schema_is_told_checked_mended_once_and_else_fails_with_its_reason(tmp_path: Path, batches: bool) -> None:
    def reply(request: Request) -> str:
        turn = sum(role == "assistant" for role, _ in request.messages)
        return {
            0: 'Sure: {"age": 3} as you wish',
            1: ['{"age": -3}', '```json\n{"age": 4}\n```'][turn],
            2: ["I would rather not", '{"age": "five"}'][turn],
        }[request.seed]

    requests = [request("How old?", i, schema=SCHEMA) for i in range(3)]
    port = Replay(reply, batches=batches)
    with desk(port, tmp_path / "j.sqlite", price_in=1e6) as one:
        right, mended, failed = one.run(one.ask(requests))
    assert right.value == {"age": 3} and right.ok and mended.value == {"age": 4} and mended.ok
    assert failed.error == "never fulfilled the schema: age: 'five' is not of type 'integer'" and failed.value is None
    assert len(port.asked) == 5 and "JSON schema" in port.asked[0].messages[0][1]
    turn = next(r for r in port.asked if r.seed == 1 and len(r.messages) > 2).messages
    assert turn[-2] == ("assistant", '{"age": -3}') and "age: -3 is less than the minimum of 0" in turn[-1][1]
    assert mended.cost > right.cost, "both turns are paid for"
    silent = Replay({}, batches=batches)
    with desk(silent, tmp_path / "j.sqlite") as one:
        assert one.run(one.ask(requests)) == [right, mended, failed]
    assert not silent.asked


def test_an_answer_that_was_cut_off_says_so() -> None:
    with desk(Replay(lambda r: Answer('{"age": ', finish="length"))) as one:
        [answer] = one.run(one.ask([request(schema=SCHEMA, max_tokens=4)]))
    assert answer.error == "never fulfilled the schema: it holds no JSON; it was cut off after max_tokens = 4"


def test_the_echo_is_marked_whatever_is_asked() -> None:
    text = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "array"}}, "required": ["a"]}
    with Desk([Model(port="echo")]) as one:
        plain, shaped, labels = one.run(
            one.ask([request(), request(schema=text), request(kind="labels", labels=("x", "y", "z"))])
        )
    assert plain.text.startswith(NOT_TEXT) and shaped.value["a"].startswith(NOT_TEXT)
    assert len(labels.value) == 3 and all(v < 0 for v in labels.value)


# Failures and limits ------------------------------------------------------------------------------------------------


def test_a_failed_request_costs_itself_and_is_asked_again(tmp_path: Path) -> None:
    table: dict[str, object] = {r.messages[-1][1]: said(r) for r in many(20)}
    missing = table.pop(many(20)[5].messages[-1][1])
    with desk(Replay(table), tmp_path / "j.sqlite") as one:  # type: ignore[arg-type]
        answers = asking.ask(one, many(20))
        assert [i for i, a in enumerate(answers) if not a.ok] == [5] and "nothing to replay" in answers[5].error
        assert one.spent.failed == 1 and one.spent.requests == 19
    port = Replay(said)
    with desk(port, tmp_path / "j.sqlite") as one:
        assert asking.ask(one, many(20))[5].text == missing
    assert len(port.asked) == 1


@pytest.mark.parametrize("workers", [1, 16])
def test_the_limit_of_cost_is_never_passed_and_a_higher_one_goes_on(tmp_path: Path, workers: int) -> None:
    """An answer costs 5 (its words at 1 each), and 20 at most by max_tokens."""

    class Slow(Replay):
        async def ask(self, requests: list[Request]) -> list[Answer]:  # type: ignore[override]
            await asyncio.sleep(0.001)
            return await super().ask(requests)

    def priced(limit: float) -> tuple[Desk, Replay]:
        port = Slow(lambda r: "one two three four five")
        model = Model(port="echo", price_out=1e6)
        return Desk([model], tmp_path / "j.sqlite", max_cost=limit, ports={"default": port}), port

    requests = many(100, max_tokens=20)
    one, port = priced(200)
    with one:
        with pytest.raises(SpendError, match="limit of cost is reached: 185.0000 of 200 is spent") as found:
            asking.ask(one, requests, workers)
        assert found.value.exit_code == 1 and one.spent.cost == 185 and len(one.journal) == 37
        with pytest.raises(SpendError):
            one.run(one.ask([request("one more", max_tokens=20)]))
        assert len(port.asked) == 37
    one, port = priced(200)
    with one, pytest.raises(SpendError):
        asking.ask(one, requests, workers)
    assert not port.asked, "the same limit pays for nothing more"
    one, port = priced(1000)
    with one:
        assert all(a.ok for a in asking.ask(one, requests, workers))
    assert len(port.asked) == 63


# Running ------------------------------------------------------------------------------------------------------------


def test_requests_stay_in_flight_between_what_is_yielded() -> None:
    async def rows(one: Desk) -> AsyncGenerator[str, None]:
        tasks = [asyncio.create_task(one.ask([r])) for r in many(10)]
        for task in tasks:
            [answer] = await task
            yield answer.text

    with desk(Replay(said)) as one:
        assert list(one.iterate(rows(one))) == [said(r) for r in many(10)]
        first = next(iter(one.iterate(rows(one))))
    assert first == said(many(1)[0])


def test_it_runs_where_a_loop_runs_already() -> None:
    async def notebook() -> str:
        with desk(Replay(said)) as one:
            return one.run(one.ask([request()]))[0].text

    assert asyncio.run(notebook()) == said(request())


def test_a_fault_of_the_caller_loses_no_answer(tmp_path: Path) -> None:
    async def work(one: Desk) -> None:
        waiting = [asyncio.create_task(one.ask([r])) for r in many(5)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        raise ValueError(f"after {len(waiting)}")

    with desk(Replay(said), tmp_path / "j.sqlite") as one:
        with pytest.raises(ValueError, match="after 5"):
            one.run(work(one))
        assert len(one.journal) == 5


def test_a_journal_holds_no_words_of_a_prompt(tmp_path: Path) -> None:
    with desk(Replay(lambda r: "answer"), tmp_path / "j.sqlite") as one:
        one.run(one.ask([request("a secret question")]))
    held = (tmp_path / "j.sqlite").read_bytes()
    assert b"answer" in held and b"secret" not in held
