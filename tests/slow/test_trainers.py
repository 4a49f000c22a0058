"""What takes minutes: trainers of other libraries on what is written for them. Run by `make test-slow`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from simulacra.io import chats, files

pytestmark = pytest.mark.slow
USER, ASSISTANT = ({"role": "user", "content": "What is tin?"}, {"role": "assistant", "content": "A metal."})
TALKS = pl.DataFrame({"messages": [[USER, ASSISTANT]] * 4, "topic": ["metals"] * 4})
PAIRS = pl.DataFrame({"instruction": ["Add."] * 4, "input": ["1, 2"] * 4, "output": ["3"] * 4})
CHOICES = pl.DataFrame({"prompt": ["Why?"] * 4, "chosen": ["Because."] * 4, "rejected": ["No."] * 4})


def loaded(frame: pl.DataFrame, layout: str, ending: str, folder: Path) -> Any:
    import datasets

    path = folder / f"rows.{ending}"
    files.write(chats.shape(frame, layout)[0], path)
    kind = "json" if ending == "jsonl" else "parquet"
    return datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(folder / "cache"))


def model_and_words() -> tuple[Any, Any]:
    """Return a language model of two small layers with drawn weights, and a tokenizer of words."""
    import tokenizers
    import torch
    import transformers

    text = "[UNK] [END] user assistant What is tin ? A metal . Add 1 , 2 3 Why Because No"
    known = {word: i for i, word in enumerate(text.split(" "))}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(known, unk_token="[UNK]"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token="[UNK]",
        eos_token="[END]",
        pad_token="[END]",
        chat_template="{% for m in messages %}{{ m.role }} {{ m.content }} [END] {% endfor %}"
        "{% if add_generation_prompt %}assistant {% endif %}",
    )
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.LlamaConfig(vocab_size=len(known), max_position_embeddings=64, **size)
    torch.set_num_threads(1)
    return transformers.LlamaForCausalLM(config), words


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize(
    ("frame", "layout"),
    [(TALKS, "chat"), (TALKS, "completion"), (PAIRS, "completion"), (TALKS, "sharegpt"), (CHOICES, "preference")],
)
@pytest.mark.filterwarnings("ignore")
def test_trl_trains_on_what_is_written(frame: pl.DataFrame, layout: str, ending: str, tmp_path: Path) -> None:
    """Slow: the trainers of trl are imported, which takes most of the time, and take one step on a small model."""
    import trl

    data = loaded(frame, layout, ending, tmp_path)
    model, words = model_and_words()
    settings = {
        "output_dir": str(tmp_path / "run"), "max_steps": 1, "per_device_train_batch_size": 2, "report_to": [],
        "use_cpu": True, "bf16": False, "save_strategy": "no", "disable_tqdm": True,
    }  # fmt: skip
    if layout == "preference":
        beside = {"ref_model": model_and_words()[0], "args": trl.DPOConfig(**settings)}
        trainer = trl.DPOTrainer(model=model, train_dataset=data, processing_class=words, **beside)
    else:
        trainer = trl.SFTTrainer(
            model=model, args=trl.SFTConfig(**settings), train_dataset=data, processing_class=words
        )
    done = trainer.train()
    assert done.global_step == 1 and done.training_loss > 0
