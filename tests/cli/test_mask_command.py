"""The command mask: what it prints, its exit codes, and that secrets stay out of what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulacra.cli.main import main

PEOPLE = "patient_id,name,email\n10293,John Smith,john.smith@acme-mail.com\n10417,Maria Lopez,mlopez@uni-mail.edu\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text(PEOPLE)
    Path("note.txt").write_text("John Smith wrote to Maria Lopez.\n")
    return tmp_path


def test_masking_says_what_was_done_and_that_it_is_weaker_than_synthesis(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mask", "note.txt", "people.csv", "-o", "masked/"]) == 0
    out = capsys.readouterr().out
    assert "8 places in 2 files were masked." in out
    assert "A key was made for this run and thrown away" in out
    assert "Masking is weaker than synthesis" in out
    assert "masked/report.html" in out
    assert not any(word in out for word in ("Smith", "Lopez", "acme-mail"))
    assert main(["mask", "note.txt", "people.csv", "-o", "masked/"]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["mask", "note.txt", "people.csv", "-o", "masked/", "--force", "--fail-on", "warn"]) == 1


def test_the_key_is_made_used_and_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mask", "people.csv", "--key", "keys/key", "-o", "a"]) == 0
    assert main(["mask", "people.csv", "--key", "keys/key", "-o", "b", "--debug"]) == 0
    said = capsys.readouterr()
    assert Path("a/people.csv").read_bytes() == Path("b/people.csv").read_bytes()
    assert "thrown away" not in said.out
    assert Path("keys/key").read_text().strip() not in said.out + said.err
    Path("keys/key").chmod(0o644)
    assert main(["mask", "people.csv", "--key", "keys/key", "-o", "c"]) == 2
    assert "chmod 600 keys/key" in capsys.readouterr().err
    assert not Path("c").exists()


def test_wrong_use_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("plan.toml").write_text('[types.NAME]\naction = "hide"\n')
    assert main(["mask", "people.csv", "--plan", "plan.toml", "-o", "a"]) == 2
    assert "plan.toml, [types.NAME]: unknown action 'hide'" in capsys.readouterr().err
    assert main(["mask", "peple.csv", "-o", "a"]) == 2
    assert "Did you mean: people.csv" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["mask", "people.csv"])
    assert stopped.value.code == 2
    assert "-o" in capsys.readouterr().err
