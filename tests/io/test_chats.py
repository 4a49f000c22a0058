"""Rows of conversations become what trainers load, and rows that do not fit are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import ConfigError, DataError
from simulacra.io import chats, files

ASK = {"role": "user", "content": "What is tin?"}
SAY = {"role": "assistant", "content": "A metal."}
MORE = [{"role": "user", "content": "Its sign?"}, {"role": "assistant", "content": "Sn."}]
TALKS = pl.DataFrame({"messages": [[ASK, SAY], [ASK, SAY, *MORE]], "topic": ["metals", "metals"]})
PAIRS = pl.DataFrame({"instruction": ["Add.", "Name one."], "input": ["1, 2", ""], "output": ["3", "tin"], "k": [7, 8]})
CHOICES = pl.DataFrame({"prompt": ["Why?"], "chosen": ["Because."], "rejected": ["No."]})
CALL = {"name": "weather", "arguments": {"town": "Ulm"}}
TOOLED = pl.DataFrame(
    {
        "messages": [
            json.dumps(
                [
                    {"role": "user", "content": "Weather in Ulm?"},
                    {"role": "assistant", "content": None, "tool_calls": [CALL]},
                    {"role": "tool", "content": "rain", "name": "weather"},
                    {"role": "assistant", "content": "It rains."},
                ]
            )
        ],
        "tools": [json.dumps([{"type": "function", "function": {"name": "weather", "parameters": {}}}])],
    }
)


def rows(frame: pl.DataFrame, layout: str) -> list[dict[str, Any]]:
    shaped, misfits = chats.shape(frame, layout)
    assert misfits == []
    return shaped.to_dicts()


def reasons(frame: pl.DataFrame, layout: str) -> list[tuple[int, str, str]]:
    return [(m.index, m.column, m.reason) for m in chats.shape(frame, layout)[1]]


def test_conversations_stay_conversations() -> None:
    assert rows(TALKS, "chat")[1] == {"messages": [ASK, SAY, *MORE], "topic": "metals"}


def test_a_question_and_its_answer_become_a_conversation_with_the_input_below_the_question() -> None:
    first, second = rows(PAIRS, "chat")
    assert first == {
        "messages": [{"role": "user", "content": "Add.\n\n1, 2"}, {"role": "assistant", "content": "3"}],
        "k": 7,
    }
    assert second["messages"][0]["content"] == "Name one."


def test_a_column_of_system_words_stands_before_the_conversation() -> None:
    made = rows(PAIRS.with_columns(system=pl.lit("Be brief.")), "chat")
    assert made[0]["messages"][0] == {"role": "system", "content": "Be brief."}


def test_alpaca_keeps_the_input_apart() -> None:
    assert rows(PAIRS, "alpaca")[0] == {"instruction": "Add.", "input": "1, 2", "output": "3", "k": 7}


def test_alpaca_takes_conversations_of_one_turn_and_names_the_others() -> None:
    shaped, misfits = chats.shape(TALKS, "alpaca")
    assert shaped.to_dicts() == [{"instruction": "What is tin?", "input": "", "output": "A metal.", "topic": "metals"}]
    [misfit] = misfits
    assert (misfit.index, misfit.column) == (1, "messages")
    assert "4 turns" in misfit.reason and "choose chat or sharegpt" in misfit.reason


def test_sharegpt_says_who_spoke_and_what_was_called() -> None:
    assert rows(TALKS, "sharegpt")[0]["conversations"] == [
        {"from": "human", "value": "What is tin?"},
        {"from": "gpt", "value": "A metal."},
    ]
    tooled = rows(TOOLED, "sharegpt")[0]
    assert [turn["from"] for turn in tooled["conversations"]] == ["human", "function_call", "observation", "gpt"]
    assert json.loads(tooled["conversations"][1]["value"]) == CALL


def test_completion_is_text_for_pairs_and_messages_for_conversations() -> None:
    assert rows(PAIRS, "completion")[0] == {"prompt": "Add.\n\n1, 2", "completion": "3", "k": 7}
    made = rows(TALKS, "completion")[1]
    assert made["prompt"] == [ASK, SAY, MORE[0]] and made["completion"] == [MORE[1]]


def test_preference_keeps_texts_and_brings_messages_to_one_form() -> None:
    assert rows(CHOICES, "preference") == CHOICES.to_dicts()
    mixed = CHOICES.with_columns(prompt=pl.Series([[ASK]]))
    assert rows(mixed, "preference") == [
        {
            "prompt": [ASK],
            "chosen": [{"role": "assistant", "content": "Because."}],
            "rejected": [{"role": "assistant", "content": "No."}],
        }
    ]


def test_calls_of_tools_are_brought_to_the_form_of_openai() -> None:
    made = rows(TOOLED, "chat")[0]
    [call] = made["messages"][1]["tool_calls"]
    assert call["type"] == "function" and call["function"]["name"] == "weather"
    assert json.loads(call["function"]["arguments"]) == {"town": "Ulm"}
    assert json.loads(made["tools"])[0]["function"]["name"] == "weather"


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([ASK], "ends with a turn of user"),
        ([SAY], "no turn of a user"),
        ([ASK, {"role": "robot", "content": "x"}], "said by 'robot'"),
        ([ASK, {"role": "assistant", "content": "  "}], "turn 2, of assistant, holds no text"),
        ([], "holds no messages"),
    ],
)
def test_what_is_no_conversation_is_named(messages: list[Any], reason: str) -> None:
    frame = pl.DataFrame({"messages": [json.dumps([ASK, SAY]), json.dumps(messages)]})
    [(index, column, said)] = reasons(frame, "chat")
    assert (index, column) == (1, "messages") and reason in said


def test_a_preference_between_equals_is_none() -> None:
    same = CHOICES.with_columns(rejected=pl.col("chosen"))
    assert reasons(same, "preference") == [(0, "rejected", "is the same as chosen, so that there is nothing to prefer")]


def test_a_table_without_a_conversation_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="format alpaca is made from the columns messages, or instruction and output"):
        chats.source("alpaca", ["review", "stars"])
    with pytest.raises(ConfigError, match="prompt, chosen and rejected, and the rows have messages"):
        chats.source("preference", ["messages"])


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
turns = st.lists(st.tuples(texts, texts), min_size=1, max_size=3)


@settings(max_examples=50, deadline=None)
@given(st.lists(turns, min_size=1, max_size=4))
def test_chat_to_sharegpt_and_back_changes_nothing(talks: list[list[tuple[str, str]]]) -> None:
    messages = [
        [
            {"role": role, "content": words}
            for turn in talk
            for role, words in zip(("user", "assistant"), turn, strict=True)
        ]
        for talk in talks
    ]
    frame = pl.DataFrame({"messages": messages})
    there, _ = chats.shape(frame, "sharegpt")
    back, misfits = chats.shape(there, "chat")
    assert misfits == [] and back["messages"].to_list() == messages


@pytest.mark.parametrize("layout", ["chat", "sharegpt", "completion"])
def test_the_types_of_a_part_do_not_depend_on_its_rows(layout: str) -> None:
    whole, _ = chats.shape(TALKS, layout)
    for part in (TALKS[:1], TALKS[1:]):
        assert chats.shape(part, layout)[0].schema == whole.schema


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "arrow"])
def test_a_file_of_conversations_is_read_as_a_table_of_texts_and_written_as_conversations_again(
    ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"talks.{ending}"
    files.write(TALKS, path)
    with pytest.raises(DataError, match="holds"):
        files.read(path)
    found = files.read(path, nested=True).frame
    assert found.schema == {"messages": pl.String, "topic": pl.String}
    assert json.loads(found["messages"][0]) == [ASK, SAY]
    assert chats.shape(found, "chat")[0].equals(chats.shape(TALKS, "chat")[0])


# What trainers make of the files ------------------------------------------------------------------------------------


def written(frame: pl.DataFrame, layout: str, ending: str, folder: Path) -> Any:
    """Return the rows as `datasets` loads them from a file of ours."""
    datasets = pytest.importorskip("datasets")
    shaped, _ = chats.shape(frame, layout)
    path = folder / f"rows.{ending}"
    files.write(shaped, path)
    kind = "json" if ending == "jsonl" else "parquet"
    return datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(folder / "cache"))


def tokenizer() -> Any:
    """Return a small tokenizer of words with a chat template."""
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0, "[END]": 1}, unk_token="[UNK]"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token="[UNK]",
        eos_token="[END]",
        pad_token="[END]",
        chat_template="{% for m in messages %}<{{ m.role }}>{{ m.content }}{% for c in m.tool_calls or [] %}"
        "[{{ c.function.name }} {{ c.function.arguments }}]{% endfor %}{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}",
    )


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_trl_and_datasets_load_every_layout(ending: str, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl.data_utils")
    words = tokenizer()

    chat = written(TALKS, "chat", ending, tmp_path / "chat")[0]
    assert trl.is_conversational(chat)
    assert trl.maybe_apply_chat_template(chat, words)["text"] == "<user>What is tin?<assistant>A metal."

    pair = written(TALKS, "completion", ending, tmp_path / "completion")[0]
    assert trl.maybe_apply_chat_template(pair, words) == {
        "prompt": "<user>What is tin?<assistant>",
        "completion": "A metal.",
    }
    plain = written(PAIRS, "completion", ending, tmp_path / "plain")[0]
    assert not trl.is_conversational(plain) and plain["completion"] == "3"

    choice = written(CHOICES, "preference", ending, tmp_path / "preference")[0]
    assert trl.maybe_extract_prompt(choice) == {"prompt": "Why?", "chosen": "Because.", "rejected": "No."}
    assert trl.unpair_preference_dataset(written(CHOICES, "preference", ending, tmp_path / "unpaired"))["label"]

    share = written(TALKS, "sharegpt", ending, tmp_path / "sharegpt")[0]
    assert trl.is_conversational_from_value(share)
    assert [m["content"] for m in trl.maybe_convert_to_chatml(share)["messages"]] == ["What is tin?", "A metal."]

    alpaca = written(PAIRS, "alpaca", ending, tmp_path / "alpaca")[1]
    assert alpaca == {"instruction": "Name one.", "input": "", "output": "tin", "k": 8}

    tooled = written(TOOLED, "chat", ending, tmp_path / "tools")[0]
    text = trl.maybe_apply_chat_template(tooled, words, tools=json.loads(tooled["tools"]))["text"]
    assert '[weather {"town": "Ulm"}]<tool>rain' in text
