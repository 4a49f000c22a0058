"""Masking whole files: nothing planted is left anywhere, the same person is the same in all of them, wrong input."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from simulacra.core.errors import ConfigError, DataError, OutputError
from simulacra.engine.mask import Masked, mask

PEOPLE = """patient_id,name,birth_date,email,phone,ssn,zip,age,diagnosis
10293,"Smith, John",1941-03-02,john.smith@acme-mail.com,(212) 234-1234,123-45-6789,02139,93,flu
10417,Maria Lopez,1985-11-30,mlopez@uni-mail.edu,(617) 234-9876,234-56-7890,10001,39,flu
10555,Anita Rao,1990-01-05,arao@web-mail.com,(415) 234-5555,345-67-8901,60614,34,asthma
"""
NOTES = [
    {"patient_id": 10293, "note": "John Smith was seen on 03/12/2021 by Dr. Svetlana Ivanova. J. Smith's phone is "
     "212-234-1234; John is 93 years old. Follow-up on 03/19/2021."},
    {"patient_id": 10417, "note": "maria lopez wrote from mlopez@uni-mail.edu on 12 March 2021."},
    {"patient_id": None, "note": "Call Anita Rao, SSN 345-67-8901, card 4111 1111 1111 1111."},
    {"patient_id": 10293, "note": "Nothing to report. Blood pressure 120/80."},
]  # fmt: skip
PLANTED = (
    "John Smith", "Smith, John", "smith", "Maria Lopez", "lopez", "Anita Rao", "anita", "Svetlana", "Ivanova",
    "john.smith@", "mlopez", "acme-mail", "uni-mail", "web-mail", "234-1234", "234-9876", "2341234", "123-45-6789",
    "123456789", "345-67-8901", "234-56-7890", "4111 1111", "4111111111111111", "1941-03-02", "1985-11-30",
    "03/12/2021", "12 March 2021", "10293", "10417", "10555", "02139", "60614",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(note) + "\n" for note in NOTES))
    # A key of its own, so that no surrogate is like a planted number by chance in one run of many.
    (tmp_path / "key").write_text("5a" * 32)
    (tmp_path / "key").chmod(0o600)
    return tmp_path


def standing(path: Path) -> list[str]:
    """Return what was planted and stands in a file, whatever its case; "smith" does not stand in "Naismith"."""
    data = path.read_bytes().lower()
    return [p for p in PLANTED if re.search(rb"(?<![a-z0-9])" + re.escape(p.lower().encode()) + rb"(?![a-z0-9])", data)]


def masked(home: Path, *names: str, out: str = "masked", **options: object) -> Masked:
    sources = [home / name for name in names or ("notes.jsonl", "people.csv")]
    return mask(sources, home / out, **options)  # type: ignore[arg-type]


def notes(home: Path, out: str = "masked") -> list[dict[str, object]]:
    return [json.loads(line) for line in (home / out / "notes.jsonl").read_text().splitlines()]


def test_nothing_planted_stands_anywhere_in_the_output(home: Path) -> None:
    done = masked(home, key=home / "key")
    assert done.files == ("notes.jsonl", "people.csv")
    for path in (home / "masked").iterdir():
        assert standing(path) == []
        data = path.read_bytes().lower()
        for planted in PLANTED:
            names = ("md5", "sha1", "sha256", "blake2b")
            hashes = [hashlib.new(name, planted.encode()).hexdigest().encode() for name in names]
            for form in (base64.b64encode(planted.encode()).lower()[:-4], planted.encode().hex().encode(), *hashes):
                assert form not in data, f"{planted!r} in {path.name}"
    secret = (home / "key").read_text().strip().encode()
    assert all(secret not in path.read_bytes() for path in (home / "masked").iterdir())


def test_a_person_is_the_same_in_tables_and_texts(home: Path) -> None:
    masked(home, key=home / "key")
    people = pl.read_csv(home / "masked/people.csv", infer_schema=False).rows(named=True)
    told = notes(home)
    last, first = str(people[0]["name"]).split(", ")
    assert str(told[0]["note"]).startswith(f"{first} {last} was seen on ")
    assert f"{first[0]}. {last}'s phone is " in str(told[0]["note"])
    assert f"; {first} is 90+ years old" in str(told[0]["note"])
    assert re.sub(r"\D", "", people[0]["phone"]) in re.sub(r"[ -]", "", str(told[0]["note"]))
    assert people[0]["email"] == f"{first}.{last}@example.com".lower()
    assert [str(t["patient_id"]) for t in told] == [
        people[0]["patient_id"],
        people[1]["patient_id"],
        "None",
        people[0]["patient_id"],
    ]
    assert str(told[1]["note"]).startswith(str(people[1]["name"]).lower())
    assert str(people[1]["email"]) in str(told[1]["note"])
    # The third note names no id, but a person whom the table knows.
    assert f"Call {people[2]['name']}, SSN {people[2]['ssn']}" in str(told[2]["note"])
    assert told[3]["note"] == NOTES[3]["note"]
    assert [p["diagnosis"] for p in people] == ["flu", "flu", "asthma"]
    assert [p["age"] for p in people] == ["90+", "39", "34"]


def test_intervals_of_a_person_stay_over_tables_and_texts(home: Path) -> None:
    masked(home, key=home / "key")
    born = dt.date.fromisoformat(pl.read_csv(home / "masked/people.csv", infer_schema=False)["birth_date"][0])
    seen = [
        dt.datetime.strptime(d, "%m/%d/%Y").date() for d in re.findall(r"\d\d/\d\d/\d{4}", str(notes(home)[0]["note"]))
    ]
    assert [day - born for day in seen] == [dt.date(2021, 3, d) - dt.date(1941, 3, 2) for d in (12, 19)]
    assert born != dt.date(1941, 3, 2)


def test_the_same_key_gives_the_same_files_and_another_key_others(home: Path) -> None:
    for out, key in (("a", "k1"), ("b", "k1"), ("c", "k2"), ("d", None), ("e", None)):
        masked(home, out=out, key=home / "keys" / key if key else None)
    files = {out: [(home / out / n).read_bytes() for n in ("people.csv", "notes.jsonl")] for out in "abcde"}
    assert files["a"] == files["b"]
    assert len({tuple(files[out]) for out in "acde"}) == 4
    # The plan that ran gives the same again.
    masked(home, out="f", key=home / "keys/k1", plan=home / "a/plan.toml")
    assert [(home / "f" / n).read_bytes() for n in ("people.csv", "notes.jsonl")] == files["a"]


def test_a_new_file_under_the_same_key_meets_the_same_people(home: Path) -> None:
    masked(home, key=home / "key")
    (home / "later.txt").write_text("A letter of Maria Lopez to Walter Brown.\n\nShe is well.\n")
    masked(home, "later.txt", out="later", key=home / "key")
    name = pl.read_csv(home / "masked/people.csv", infer_schema=False)["name"][1]
    assert f"A letter of {name} to " in (home / "later/later.txt").read_text()


def test_what_stands_in_the_folder(home: Path) -> None:
    done = masked(home)
    out = home / "masked"
    assert sorted(p.name for p in out.iterdir()) == sorted(
        [
            "people.csv",
            "notes.jsonl",
            "findings.jsonl",
            "findings.json",
            "report.html",
            "plan.toml",
            "README.md",
            "manifest.json",
        ]
    )
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["key"] == "thrown away" and done.fresh
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    lines = [json.loads(line) for line in (out / "findings.jsonl").read_text().splitlines()]
    text = NOTES[0]["note"]
    place = next(f for f in lines if f["type"] == "PHONE" and f["row"] == 0)
    assert str(text)[place["start"] : place["end"]] == "212-234-1234"
    assert set(place) == {"file", "row", "column", "start", "end", "type", "score", "action"}
    column = next(f for f in lines if f["column"] == "email")
    assert (column["row"], column["count"], column["action"]) == (None, 3, "surrogate")
    for page in ("README.md", "report.html"):
        assert "asking is weaker than synthesis" in (out / page).read_text()
    assert not [p for p in home.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("ending", ["parquet", "json", "xml", "txt", "tsv", "arrow"])
def test_every_format_comes_back_in_its_own(ending: str, home: Path) -> None:
    frame = pl.read_csv(home / "people.csv", try_parse_dates=True)
    path = home / f"t.{ending}"
    rows = pl.read_csv(home / "people.csv", infer_schema=False).rows(named=True)
    if ending == "parquet":
        frame.write_parquet(path)
    elif ending == "arrow":
        frame.write_ipc(path)
    elif ending == "tsv":
        frame.write_csv(path, separator="\t")
    elif ending == "json":
        path.write_text(json.dumps({"people": rows}, indent=1))
    elif ending == "xml":
        items = "".join("<p>" + "".join(f"<{k}>{v}</{k}>" for k, v in row.items()) + "</p>\n" for row in rows)
        path.write_text(f"<all>\n{items}</all>")
    else:
        path.write_text("\n\n".join(str(n["note"]) for n in NOTES))
    masked(home, "people.csv", path.name, key=home / "key")
    data = (home / "masked" / path.name).read_bytes()
    assert standing(home / "masked" / path.name) == []
    wanted = pl.read_csv(home / "masked/people.csv", infer_schema=False)
    if ending in ("parquet", "arrow"):
        out = (
            pl.read_parquet(home / "masked/t.parquet") if ending == "parquet" else pl.read_ipc(home / "masked/t.arrow")
        )
        assert out.columns == frame.columns and out["birth_date"].dtype == pl.Date
        assert out["patient_id"].dtype == pl.Int64 and out["age"].to_list() == [90, 39, 34]
        same = ["patient_id", "name", "email", "phone", "ssn", "birth_date"]
        assert out.select(same).cast(pl.String).equals(wanted.select(same))
    elif ending != "txt":
        for name in wanted["email"].to_list():
            assert str(name).encode() in data


def test_layout_quotes_formulas_and_marks_survive(home: Path) -> None:
    text = '\ufeffpatient_id;name;sum\r\n1;"Lopez, Maria";"=1+2"\r\n\r\n2;Rao;+3 \r\n'
    (home / "t.csv").write_bytes(text.encode("utf-16"))
    masked(home, "t.csv")
    out = (home / "masked/t.csv").read_bytes().decode("utf-16")
    assert re.fullmatch('\ufeff?patient_id;name;sum\r\n\\d;"\\w+, \\w+";"=1\\+2"\r\n\r\n\\d;\\w+;\\+3 \r\n', out), out


def test_actions_of_a_plan(home: Path) -> None:
    (home / "plan.toml").write_text(
        """
        [types.PHONE]
        action = "mask"
        [columns."people.csv"]
        diagnosis = "remove"
        zip = { type = "POSTCODE", action = "generalise" }
        birth_date = "generalise"
        patient_id = { type = "ID", action = "pseudonym" }
        email = "keep"
        ssn = { action = "mask", last = 4 }
        [columns."notes.jsonl"]
        patient_id = { type = "ID", action = "pseudonym" }
        """
    )
    masked(home, plan=home / "plan.toml", key=home / "key")
    rows = pl.read_csv(home / "masked/people.csv", infer_schema=False).rows(named=True)
    assert [r["diagnosis"] for r in rows] == [None] * 3
    assert [r["zip"] for r in rows] == ["021", "100", "606"]
    assert [r["birth_date"] for r in rows] == ["1941", "1985", "1990"]
    assert [r["phone"] for r in rows] == ["[PHONE]"] * 3
    assert rows[0]["email"] == "john.smith@acme-mail.com" and rows[0]["ssn"] == "***-**-6789"
    assert re.fullmatch(r"P-[0-9a-f]{16}", rows[0]["patient_id"])
    assert notes(home)[0]["patient_id"] == rows[0]["patient_id"]
    assert "[PHONE]" in str(notes(home)[0]["note"])


def test_cells_that_hold_more_than_their_column_says_are_masked_place_by_place(home: Path) -> None:
    rows = [f"{n},2020-01-0{i + 1}" for i, n in enumerate(("Ann Lee", "Bob Ray", "Eve Day", "Tom Fox", "Ida Poe"))]
    odd = ["John Smith 212-234-1234,2020-01-06 seen by Anita Rao", "Xqzt Wvuu <max.orr@acme-mail.com>,unknown"]
    (home / "t.csv").write_text("\n".join(["name,birth_date", *rows, *rows, *odd]) + "\n")
    masked(home, "t.csv", key=home / "key")
    assert standing(home / "masked/t.csv") == []
    last = (home / "masked/t.csv").read_text().splitlines()[-1]
    assert re.fullmatch(r"\w+ \w+ <\w+\.\w+@example\.com>,unknown", last) and "Xqzt" not in last


# Wrong input ----------------------------------------------------------------------------------------------------------


def refused(error: type[Exception], home: Path, *names: str, told: str, **options: object) -> str:
    """Mask, expect an error that says `told`, and that nothing is left."""
    before = sorted(p.name for p in home.iterdir())
    with pytest.raises(error) as caught:
        masked(home, *names, **options)
    assert told in str(caught.value)
    assert sorted(p.name for p in home.iterdir()) == before
    return str(caught.value)


def test_an_unknown_action_of_a_plan(home: Path) -> None:
    (home / "plan.toml").write_text('[columns."people.csv"]\nname = "surrogat"\n')
    refused(ConfigError, home, plan=home / "plan.toml", told="unknown action 'surrogat'. Did you mean: surrogate?")
    (home / "plan.toml").write_text('[columns."people.csv"]\nnames = "mask"\n')
    refused(ConfigError, home, plan=home / "plan.toml", told="no column 'names' in people.csv. Did you mean: name")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o602])
def test_a_key_that_others_may_read(mode: int, home: Path) -> None:
    (home / "key").write_text("ab" * 32)
    (home / "key").chmod(mode)
    told = refused(ConfigError, home, key=home / "key", told=f"chmod 600 {home / 'key'}")
    assert "abab" not in told


def test_keys_are_made_private_and_stay_out_of_the_output(home: Path) -> None:
    refused(ConfigError, home, key=home / "masked/key", told="lies inside the output folder")
    refused(ConfigError, home, map=home / "masked/map", told="lies inside the output folder")
    (home / "bad").write_text("secret words")
    (home / "bad").chmod(0o600)
    assert "secret" not in refused(ConfigError, home, key=home / "bad", told="does not hold a key")
    refused(ConfigError, home, key=home / "new", told="would be made beside the output folder")
    masked(home, key=home / "deep/key")
    assert stat.S_IMODE((home / "deep/key").stat().st_mode) == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}\n", (home / "deep/key").read_text())


def test_two_tables_that_disagree_on_a_person(home: Path) -> None:
    (home / "visits.csv").write_text("patient_id,name,birth_date\n10293,Paul Walker,1941-03-02\n")
    told = refused(DataError, home, "people.csv", "visits.csv", told="same person but different names")
    assert "people.csv row 0 (column 'name') and visits.csv row 0" in told and "disagree" in told
    assert not any(word in told for word in ("Walker", "Smith", "10293"))
    (home / "visits.csv").write_text("patient_id,name,birth_date\n10293,J. Smith,1942-03-02\n")
    refused(DataError, home, "people.csv", "visits.csv", told="different dates of birth")
    (home / "plan.toml").write_text('disagree = "warn"\n')
    done = masked(home, "people.csv", "visits.csv", plan=home / "plan.toml")
    assert next(f for f in done.report.findings if f.name == "tables that disagree").verdict == "warn"


def test_tables_that_write_one_name_in_several_ways_agree(home: Path) -> None:
    rows = ["patient_id,name,birth_date", "10293,John A. Smith,02.03.1941", "10293,J. Smith,02.03.1941"]
    (home / "visits.csv").write_text("\n".join([*rows, '10417,"LOPEZ, Maria",30.11.1985']) + "\n")
    masked(home, "people.csv", "visits.csv", key=home / "key")
    people = pl.read_csv(home / "masked/people.csv", infer_schema=False)["name"].to_list()
    visits = pl.read_csv(home / "masked/visits.csv", infer_schema=False)["name"].to_list()
    last, first = people[0].split(", ")
    assert re.fullmatch(rf"{first} [A-Z]\. {last}", visits[0]) and visits[1] == f"{first[0]}. {last}"
    assert visits[2].lower() == ", ".join(reversed(people[1].split())).lower()


def test_text_in_two_encodings(home: Path) -> None:
    lines = [f"{i},Zoë Müller,fine" for i in range(40)]
    (home / "t.csv").write_bytes("\n".join(["id,name,note", *lines]).encode() + "\n40,Jörg Maier,ok\n".encode("cp1252"))
    refused(DataError, home, "t.csv", told="t.csv, line 42: bytes that are not valid utf-8")
    (home / "plan.toml").write_text('[files."t.csv"]\nencoding = "mixed"\n')
    masked(home, "t.csv", plan=home / "plan.toml")
    out = (home / "masked/t.csv").read_bytes()
    assert out.count(b"\n") == 42 and b"Maier" not in out and "Müller".encode() not in out and b"J\xf6rg" not in out


def test_bytes_and_characters_that_are_no_text_do_no_harm(home: Path) -> None:
    (home / "t.csv").write_bytes(b"id,n\xf6te\n1,Z\xfcrich \x00 Ann Lee\n" + "2,Zoë Müller\n".encode())
    (home / "t.jsonl").write_text('{"n\\ud800": "half \\ud83d of Maria Lopez", "b": "\\ud83d\\ude00 Maria Lopez"}\n')
    (home / "plan.toml").write_text('[files."t.csv"]\nencoding = "mixed"\n')
    masked(home, "t.csv", "t.jsonl", plan=home / "plan.toml", key=home / "key")
    out = (home / "masked/t.jsonl").read_text()
    assert out.startswith('{"n\\ud800": "half \\ud83d of ') and '"\\ud83d\\ude00 ' in out and "Lopez" not in out
    assert (home / "masked/t.csv").read_bytes().startswith(b"id,n\xf6te\n")


def test_other_wrong_use(home: Path) -> None:
    refused(DataError, home, "nothing.csv", told="does not exist")
    (home / "bomb.xml").write_text('<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>')
    refused(DataError, home, "bomb.xml", told="has a DTD")
    refused(ConfigError, home, "people.csv", "people.csv", told="two files are named people.csv")
    refused(ConfigError, home, format="yaml", told="unknown format 'yaml'")
    refused(ConfigError, home, context=900, told="0..200")
    (home / "findings.json").write_text("{}")
    refused(ConfigError, home, "findings.json", told="a file that mask itself writes")
    with pytest.raises(ConfigError, match="no file to mask"):
        mask([], home / "masked")


def test_an_output_that_exists(home: Path) -> None:
    masked(home)
    before = (home / "masked/people.csv").read_bytes()
    refused(OutputError, home, told="--force")
    masked(home, force=True)
    assert (home / "masked/people.csv").read_bytes() != before
    (home / "mine").mkdir()
    (home / "mine/letter.txt").write_text("x")
    refused(OutputError, home, out="mine", told="did not write", force=True)
    refused(OutputError, home, out=".", told="holds a file that is to be masked", force=True)
    refused(OutputError, home, out="people.csv", told="is a file")


def test_a_file_without_a_header_is_told(home: Path) -> None:
    (home / "t.csv").write_text("10293,ann.lee@acme-mail.com\n10294,bob.ray@acme-mail.com\n")
    done = masked(home, "t.csv")
    assert next(f for f in done.report.findings if f.name == "names of columns: t.csv").verdict == "fail"
    assert done.report.verdict == "fail"


# Reversal, review -----------------------------------------------------------------------------------------------------


def test_the_reversal_table_leads_back_and_is_the_owners_alone(home: Path) -> None:
    masked(home, map=home / "map.tsv")
    assert stat.S_IMODE((home / "map.tsv").stat().st_mode) == 0o600
    rows = [line.split("\t") for line in (home / "map.tsv").read_text().splitlines()[1:]]
    back = {new: old for type, old, new in rows if type == "EMAIL"}
    made = pl.read_csv(home / "masked/people.csv", infer_schema=False)["email"][0]
    assert back[made] == "john.smith@acme-mail.com"
    with pytest.raises(OutputError, match="not replaced"):
        masked(home, out="again", map=home / "map.tsv")


def test_a_review_is_applied_when_the_same_files_are_masked_again(home: Path) -> None:
    text = json.dumps({"patient_id": 1, "note": "Ticket Q17 of the mayor, phone 212-234-1234."})
    (home / "t.jsonl").write_text(text + "\n")
    note = json.loads(text)["note"]
    start = note.index("the mayor")
    entries = [
        {
            "file": "t.jsonl",
            "row": 0,
            "column": "note",
            "start": start,
            "end": start + 9,
            "type": "OTHER",
            "verdict": "yes",
        },
        {
            "file": "t.jsonl",
            "row": 0,
            "column": "note",
            "start": note.index("212"),
            "end": len(note) - 1,
            "type": "PHONE",
            "verdict": "no",
        },
    ]
    (home / "review.jsonl").write_text("".join(json.dumps(e) + "\n" for e in entries))
    masked(home, "t.jsonl", review=home / "review.jsonl")
    out = json.loads((home / "masked/t.jsonl").read_text())["note"]
    assert out == note.replace("the mayor", "[OTHER]")


def test_doubtful_places_are_written_beside_the_output_and_nowhere_in_it(home: Path) -> None:
    done = masked(home, review_file=home / "review.jsonl", key=home / "key")
    lines = [json.loads(line) for line in (home / "review.jsonl").read_text().splitlines()]
    assert len(lines) == done.doubtful
    assert stat.S_IMODE((home / "review.jsonl").stat().st_mode) == 0o600
    refused(
        ConfigError, home, out="other", review_file=home / "other/review.jsonl", told="lies inside the output folder"
    )


# Stopped runs ---------------------------------------------------------------------------------------------------------


def running(home: Path) -> subprocess.Popen[str]:
    """Start a run over a table that takes some seconds, and wait until its stage is there."""
    rows = [f"{i},Ann{i % 97} Lee{i % 89},note on 2020-01-{1 + i % 28:02d} of Ann Lee{i}" for i in range(30_000)]
    (home / "big.csv").write_text("patient_id,name,note\n" + "\n".join(rows) + "\n")
    code = "import sys; from simulacra.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = ["mask", "big.csv", "-o", "out", "--key", "key"]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=home,
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=env,
    )
    until = time.monotonic() + 120
    while not (home / ".out.part/new").exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    return process


def test_a_killed_run_leaves_no_output_and_the_next_one_starts_cleanly(home: Path) -> None:
    process = running(home)
    process.kill()
    process.communicate()
    assert not (home / "out").exists() and (home / "big.csv").exists()
    (home / "big.csv").write_text("\n".join((home / "big.csv").read_text().splitlines()[:20]) + "\n")
    masked(home, "big.csv", out="out", key=home / "key")
    assert (home / "out/manifest.json").exists() and not (home / ".out.part").exists()


def test_ctrl_c_leaves_nothing(home: Path) -> None:
    process = running(home)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130 and "interrupted" in told
    assert not (home / "out").exists() and not (home / ".out.part").exists()


def test_a_former_output_comes_back_when_a_run_was_killed_between_its_renames(home: Path) -> None:
    masked(home)
    before = (home / "masked/people.csv").read_bytes()
    (home / ".masked.part").mkdir()
    (home / "masked").rename(home / ".masked.part/old")
    with pytest.raises(OutputError, match="--force"):
        mask([home / "people.csv"], home / "masked")
    assert (home / "masked/people.csv").read_bytes() == before


def test_nothing_asks_the_network(home: Path) -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from simulacra.engine.mask import mask\n"
        "mask(['people.csv', 'notes.jsonl'], 'masked')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
