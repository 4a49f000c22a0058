"""`simulacra check --audit`: the flags, the report, and the journal beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulacra.cli.main import main
from simulacra.testing import toys

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run the command line in this process, where the tables are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIMULACRA_KEY", "of these tests")
    toys.people(600, 1).write_parquet("real.parquet")
    toys.people(600, 2).write_parquet("holdout.parquet")

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(w) for w in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_copy_fails_the_audit_and_the_report_says_which_attacks_were_sound(say: Say, tmp_path: Path) -> None:
    both = ("--real", "real.parquet", "--holdout", "holdout.parquet")
    code, out, err = say(
        "check", "real.parquet", "--audit", *both, "--model", "tables/copula", "--shadows", 4,
        "-o", "audit.html", "--fail-on", "fail",
    )  # fmt: skip
    assert code == 1 and "Open: audit.html" in out, err
    assert "who was in the training rows can be told" in out
    page = (tmp_path / "audit.html").read_text("utf-8")
    assert "Membership attacks with their controls" in page and "cannot tell" not in page.split("<table")[0]
    assert not list(tmp_path.glob("*.audit.jsonl"))


def test_only_the_claim_is_looked_at_without_real_rows(say: Say, tmp_path: Path) -> None:
    code, out, _ = say("check", "real.parquet", "--audit", "-o", "audit.json")
    assert code == 0
    report = json.loads((tmp_path / "audit.json").read_text())
    assert report["verdict"] == "unknown" and {f["verdict"] for f in report["findings"]} == {"unknown"}
    assert "--real and --holdout" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("real.parquet", "--model", "tables/forest"), "--model belongs to --audit"),
        (("real.parquet", "--shadows", "4"), "--shadows belongs to --audit"),
        (("--audit",), "name the made rows to audit"),
        (("real.parquet", "--audit", "--only", "privacy"), "--only has no meaning with --audit"),
        (("real.parquet", "--audit", "--target", "age"), "--target has no meaning with --audit"),
        (("real.parquet", "--audit", "--trial"), "--trial has no meaning with --audit"),
        (("real.parquet", "--audit", "--model", "tables/forst"), "no saved model, output folder, recipe or address"),
        (("real.parquet", "--audit", "--shadows", "-1"), "shadows"),
    ],
)
def test_wrong_use_is_refused_with_a_sentence(say: Say, words: tuple[str, ...], said: str) -> None:
    code, _, err = say("check", *words)
    assert code == 2 and said in err and "Traceback" not in err
