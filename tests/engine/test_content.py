"""The guard of content: planted secrets and person data are found, never shown; what belongs to nobody is harmless."""

from __future__ import annotations

import json

import polars as pl
import pytest

from simulacra.core.case import Case
from simulacra.core.data import as_dataset
from simulacra.core.lineage import Lineage
from simulacra.core.report import Finding, Report
from simulacra.engine.content import content
from simulacra.testing import check_guard, toys

PLAIN = "The river was wide that year, and nobody in the {} village had seen it so calm before."
TOKEN = "Zk8" + "qT3vN7xW2mR9bL4cJ6hY1pD5sF0gA8eU"
SECRETS = {
    "private key": "Put this into the file:\n-----BEGIN RSA PRIVATE KEY-----\nMIIE and more lines of it",
    "GitHub token": f"Log in with ghp_{TOKEN}Q1 and then push to the main branch.",
    "OpenAI or Anthropic key": f"Set the variable to sk-proj-{TOKEN} before you start the run.",
    "Slack token": f"The bot says xoxb-{TOKEN} whenever somebody asks for it.",
    "Hugging Face token": f"Log in by hf_{TOKEN} and load the model from there.",
    "AWS access key": "The access goes by AKIAQ7ZK3VN9XW2MR5BL in the region of the north.",
    "password in an address": "Connect to postgres://admin:tr0ub4dor@db.inner.net/main and list the tables.",
    "password": "For the guest network the password is: kX9!vq27Lm and it never changes.",
    "key or token": f"Call the service with api_key={TOKEN} in the header of it.",
}


def case(texts: list[str], **more: object) -> Case:
    return Case(as_dataset(pl.DataFrame({"text": texts, **more})))


def plain(n: int = 60) -> list[str]:
    return [PLAIN.format(f"{i}th") for i in range(n)]


def found(name: str, given: Case) -> Finding:
    return next(f for f in content(given) if isinstance(f, Finding) and f.name == name)


def test_keeps_the_contract_of_guards_on_texts() -> None:
    check_guard(content, case(plain()))


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_fails_with_its_type_and_row_and_is_never_shown(kind: str) -> None:
    texts = plain()
    texts[17] = SECRETS[kind]
    items = content(case(texts))
    said = found("secrets", case(texts))
    assert said.verdict == "fail" and said.value == 1 and f"1 x {kind} (row 17)" in said.sentence
    page = json.dumps(Report.of(items).to_dict()) + Report.of(items).html()
    for secret in (TOKEN[3:], "tr0ub4dor", "kX9!vq27Lm", "AKIAQ7ZK3VN9XW2MR5BL"):
        assert secret not in page


@pytest.mark.parametrize(
    "text",
    [
        "The password is required, and it must be long enough for everybody in the house.",
        "Her password was forgotten, so the bearer of the token of friendship waited at the door.",
        "A secret: internationalisation is a word of twenty letters, and nobody can say it at once.",
        "Use the key YOUR_API_KEY, as in api_key=your_api_key_goes_here_0000 on the page of examples.",
        "See https://example.org/path:8080 for how a user@host pair is written in an address.",
    ],
)
def test_words_about_secrets_are_none(text: str) -> None:
    assert found("secrets", case([*plain(), text])).verdict == "ok"


def test_person_data_are_found_by_type_and_row() -> None:
    texts = plain(400)
    texts[5] = "Write to jane.doe@gmail.com when the river rises, she will answer within a day."
    texts[9] = "Her number is 536-22-8726 as it stands on the social security card in the drawer."
    said = found("person data", case(texts))
    assert said.verdict == "warn" and "e-mail address" in said.sentence and "(row 5)" in said.sentence
    assert "social security" in said.sentence and "jane.doe" not in json.dumps(
        Report.of(content(case(texts))).to_dict()
    )
    many = found("person data", case([t if i % 40 else texts[5] for i, t in enumerate(texts)]))
    assert many.verdict == "fail" and many.headline


def test_what_is_kept_free_for_examples_is_harmless() -> None:
    texts = [*plain(), "Write to anna@example.com or call 212-555-0134, or try the server at 192.168.0.12 tonight."]
    said = found("person data", case(texts))
    assert said.verdict == "ok" and "3 are kept free for examples" in said.sentence


def test_sums_are_no_telephone_numbers() -> None:
    texts = [
        *plain(),
        "The fifth scroll is 13770 + 13770 / 2 = 13770 + 6885 = <<13770+6885=20655>>20655 points in all.",
    ]
    assert found("person data", case(texts)).verdict == "ok"


def test_persons_whom_the_recipe_made_up_are_told_apart() -> None:
    texts, mails = plain(20), [f"person{i}@mail.fr" for i in range(20)]
    texts[3] = "Dear sir, write to person3@mail.fr about the river and the bridge over it."
    texts[4] = "Dear sir, write to person3@mail.fr about the river and the bridge over it."
    made_by = Lineage(
        made_by="text/columns",
        params={"columns": ({"name": "customer", "kind": "person"}, {"name": "text", "kind": "prompt"})},
    )
    given = case(texts, customer=[{"email": mail} for mail in mails])
    said = found("person data", Case(given.made, lineage=made_by))
    assert (
        "1 text holds" in said.sentence
        and "(row 4)" in said.sentence
        and "1 are a person of the recipe" in said.sentence
    )
    assert found("person data", given).sentence.startswith("2 texts hold")


def test_tables_and_what_methods_of_tables_made_do_not_concern_it() -> None:
    assert not content.concerns(Case(as_dataset(toys.people(50))))  # type: ignore[attr-defined]
    assert content.concerns(case(plain()))  # type: ignore[attr-defined]
    assert not content.concerns(Case(case(plain()).made, lineage=Lineage(made_by="tables/forest")))  # type: ignore[attr-defined]
