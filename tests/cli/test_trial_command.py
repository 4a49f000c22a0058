"""`simulacra check --trial`: the flags, the report, the journal beside it, and the page of docs that shows it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simulacra.cli.main import main

ROOT = Path(__file__).parent.parent.parent
Say = Callable[..., tuple[int, str, str]]
TRIAL = ("check", "--trial", "--real", "train.csv", "--holdout", "test.csv", "--target", "fraud")
QUICK = ("--learner", "linear", "--seeds", "3")


@pytest.fixture(scope="module")
def payments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables of examples/fraud."""
    folder = tmp_path_factory.mktemp("fraud")
    script = ROOT / "examples" / "fraud" / "transactions.py"
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], payments: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run the command line in this process, where the payments are."""
    monkeypatch.chdir(payments)
    monkeypatch.setenv("SIMULACRA_KEY", "of these tests")

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(w) for w in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_trial_writes_its_report_and_takes_its_journal_away(say: Say, payments: Path) -> None:
    code, out, _ = say(*TRIAL, *QUICK, "--methods", "tables/copula", "-o", "report.json")
    assert code == 0 and "Open: report.json" in out and "duplicates: " in out
    report = json.loads((payments / "report.json").read_text())
    assert report["meta"]["draws"] == 3 and report["meta"]["rare"] == "yes"
    assert any(v["kind"] == "effects" for v in report["views"])
    assert not list(payments.glob("*.trial.jsonl"))


def test_the_commands_of_the_page_on_fraud_run(payments: Path, say: Say) -> None:
    page = (ROOT / "docs" / "fraud.md").read_text("utf-8")
    shown = [
        shlex.split(c.replace("\\\n", " ")) for c in re.findall(r"^(simulacra (?:[^\n]*\\\n)*[^\n]*)$", page, re.M)
    ]
    trials = [words[1:] for words in shown if "--trial" in words]
    assert trials, "docs/fraud.md shows no trial"
    for number, words in enumerate(trials):
        places = [w.removeprefix("build/fraud/") for w in words]
        places[places.index("-o") + 1] = f"page{number}.html"
        code, out, err = say(*places, *QUICK)
        assert code == 0, err
        assert (payments / f"page{number}.html").stat().st_size > 5000


def test_the_python_of_the_page_on_fraud_runs(payments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that correct chances and choose a threshold give what the page says they give."""
    monkeypatch.chdir(payments)
    page = (ROOT / "docs" / "fraud.md").read_text("utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.S)).replace("build/fraud/", "")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = [float(x) for x in re.findall(r"\d+\.\d+", done.stdout)]
    assert len(figures) >= 2 and figures[1] < figures[0], "the correction must lower the Brier score"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "--real", "train.csv"), "name the made rows to judge"),
        (("check", "test.csv", "--real", "train.csv", "--rare", "30"), "--rare belongs to --trial"),
        (("check", "--trial", "--real", "train.csv"), "--trial needs --target"),
        (("check", "--trial", "--target", "fraud"), "--trial needs --real"),
        ((*TRIAL, "--only", "privacy"), "--only has no meaning with --trial"),
        ((*TRIAL, "--set", "leaf=20"), "METHOD:FIELD=VALUE"),
        ((*TRIAL, "--methods", "tables/forrest"), "Did you mean: tables/forest"),
        ((*TRIAL, "--seeds", "2"), "at least 3"),
        (("check", "test.csv", "--trial", "--real", "train.csv", "--target", "fraud"), "MADE needs --holdout"),
    ],
)
def test_wrong_use_is_refused_with_the_reason(say: Say, words: tuple[str, ...], told: str) -> None:
    code, _, err = say(*words)
    assert code == 2 and told in err
