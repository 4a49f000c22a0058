"""A GGUF file of a small Llama as matrices, tokenizer and chat template."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from simulacra.parts.prompts import _embedded_files as files

_CONTROL = 3
"""Type of a token that stands for a turn or an end, not for text."""


def read(path: Path) -> files.Parts:
    """Return the parts of a model file. Raises ModelError for a damaged file or a model of another kind."""
    try:
        reader = gguf.GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        facts = _facts(fields)
        weights = _weights({t.name: t for t in reader.tensors}, facts)
        return files.Parts(weights, _tokenizer(fields), facts)
    except KeyError as error:
        raise files.wrong(path, f"a model of another kind, without {error.args[0]}") from error
    except (ValueError, OSError, IndexError) as error:
        raise files.wrong(path, f"no whole GGUF file ({error})") from error


def _facts(fields: Mapping[str, Any]) -> dict[str, Any]:
    if fields["general.architecture"] != "llama" or fields["tokenizer.ggml.pre"] != "smollm":
        raise ValueError(f"made for {fields['general.architecture']}/{fields['tokenizer.ggml.pre']}, not llama/smollm")
    ends = {int(fields["tokenizer.ggml.eos_token_id"])}
    ends |= {i for i, t in enumerate(fields["tokenizer.ggml.tokens"]) if t in ("<|endoftext|>", "<|im_end|>")}
    return {
        "layers": int(fields["llama.block_count"]),
        "heads": int(fields["llama.attention.head_count"]),
        "kv_heads": int(fields["llama.attention.head_count_kv"]),
        "width": int(fields["llama.embedding_length"]),
        "rope_base": float(fields["llama.rope.freq_base"]),
        "eps": float(fields["llama.attention.layer_norm_rms_epsilon"]),
        "context": int(fields["llama.context_length"]),
        "template": str(fields["tokenizer.chat_template"]),
        "ends": sorted(ends),
    }


def _weights(tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Return matrices in bfloat16 and scales in float32; matrices with one input are one matrix."""

    def numbers(name: str, heads: int = 0) -> Any:
        tensor = tensors[f"{name}.weight"]
        values = np.asarray(gguf.dequantize(tensor.data, tensor.tensor_type), np.float32)
        if not heads:
            return values
        # The file has the two halves of each rotated pair side by side; here they stand in the halves of a head.
        rows, columns = values.shape
        return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)

    def matrix(*parts: Any) -> torch.Tensor:
        return torch.from_numpy(np.concatenate(parts)).to(torch.bfloat16)

    def scale(name: str) -> torch.Tensor:
        return torch.from_numpy(numbers(name).copy())

    out = {"words": matrix(numbers("token_embd")), "norm": scale("output_norm")}
    for i in range(facts["layers"]):
        b = f"blk.{i}"
        q, k = numbers(f"{b}.attn_q", facts["heads"]), numbers(f"{b}.attn_k", facts["kv_heads"])
        out[f"{i}.norm"] = scale(f"{b}.attn_norm")
        out[f"{i}.qkv"] = matrix(q, k, numbers(f"{b}.attn_v"))
        out[f"{i}.out"] = matrix(numbers(f"{b}.attn_output"))
        out[f"{i}.norm2"] = scale(f"{b}.ffn_norm")
        out[f"{i}.up"] = matrix(numbers(f"{b}.ffn_gate"), numbers(f"{b}.ffn_up"))
        out[f"{i}.down"] = matrix(numbers(f"{b}.ffn_down"))
    return out


def _tokenizer(fields: Mapping[str, Any]) -> str:
    """Return the tokenizer as JSON: byte pairs, digits one by one as the model was trained with."""
    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    merges = [(left, right) for left, _, right in (m.partition(" ") for m in fields["tokenizer.ggml.merges"])]
    made = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(
        [
            AddedToken(t, special=True, normalized=False)
            for t, kind in zip(tokens, kinds, strict=True)
            if kind == _CONTROL
        ]
    )
    return str(made.to_str())
