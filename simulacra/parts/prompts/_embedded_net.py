"""The network of the embedded model: a Llama with grouped queries, over a cache of keys and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear, silu

from simulacra.parts.prompts._embedded_files import Parts

Check = Callable[[], None]
"""Called between layers and steps; raises when nobody waits for the answers any more."""

_SCORES = 2**24
"""Most scores of attention at once: rows of a batch are taken in parts where it would be more."""


class Memory:
    """Keys and values of a batch, one tensor of each a layer.

    keys: (rows, kv heads, head width, places), as the product with queries reads them. values: (rows, kv heads, places,
    head width).
    """

    def __init__(self, keys: list[Tensor], values: list[Tensor]) -> None:
        self.keys, self.values = keys, values

    def pick(self, rows: Tensor) -> Memory:
        """Return the memory of some rows, or of one row many times."""
        return Memory([k[rows] for k in self.keys], [v[rows] for v in self.values])


class Net:
    """The model's weights and its forward pass.

    Matrices are multiplied in bfloat16 where the processor does so in hardware, else in float32; sums along the
    layers, norms and rotations are float32 in either case.
    """

    def __init__(self, parts: Parts, device: str) -> None:
        facts: Mapping[str, Any] = parts.facts
        self.device = device
        self.dtype = torch.bfloat16 if device == "cuda" or _bfloat16() else torch.float32
        self.layers, self.heads, self.kv_heads = facts["layers"], facts["heads"], facts["kv_heads"]
        self.head = facts["width"] // facts["heads"]
        self.context, self.eps = facts["context"], facts["eps"]
        self._w = {
            name: value.to(device, self.dtype if value.ndim == 2 else torch.float32)
            for name, value in parts.weights.items()
        }
        half = torch.arange(0, self.head, 2, dtype=torch.float64) / self.head
        angles = torch.arange(self.context, dtype=torch.float64)[:, None] * facts["rope_base"] ** -half
        self._cos, self._sin = angles.cos().float().to(device), angles.sin().float().to(device)

    def memory(self, rows: int, places: int) -> Memory:
        """Return an empty memory."""
        shape = (rows, self.kv_heads, self.head, places)
        keys = [torch.zeros(shape, dtype=self.dtype, device=self.device) for _ in range(self.layers)]
        return Memory(keys, [torch.zeros_like(k.transpose(2, 3), memory_format=torch.contiguous_format) for k in keys])

    def many(self, tokens: Tensor, memory: Memory, start: int, check: Check) -> Tensor:
        """Return the last hidden states (rows, tokens, width) of tokens at places from `start` on in every row."""
        length = tokens.shape[1]
        places = torch.arange(start, start + length, device=self.device)
        seen = torch.arange(start + length, device=self.device)[None] <= places[:, None]
        # Queries that share keys stand one group after the other, so each place comes as often as a group is large.
        mask = seen.repeat(self.heads // self.kv_heads, 1)

        def put(keys: Tensor, values: Tensor, k: Tensor, v: Tensor) -> None:
            keys[..., start : start + length] = k.permute(0, 2, 3, 1)
            values[:, :, start : start + length] = v.transpose(1, 2)

        return self._forward(tokens, places[None], memory, put, mask, check)

    def one(self, tokens: Tensor, places: Tensor, memory: Memory, check: Check) -> Tensor:
        """Return the last hidden states (rows, width) of one token a row, each at a place of its own."""
        end = int(places.max()) + 1
        rows = torch.arange(len(tokens), device=self.device)
        mask = (torch.arange(end, device=self.device)[None] <= places[:, None])[:, None, None]

        def put(keys: Tensor, values: Tensor, k: Tensor, v: Tensor) -> None:
            keys[rows, :, :, places] = k[:, 0]
            values[rows, :, places] = v[:, 0]

        return self._forward(tokens[:, None], places[:, None], memory, put, mask, check)[:, 0]

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the scores of every token after hidden states, float32."""
        return linear(hidden.to(self.dtype), self._w["words"]).float()

    def _forward(self, tokens: Tensor, places: Tensor, memory: Memory, put: Any, mask: Tensor, check: Check) -> Tensor:
        w, rows, length = self._w, *tokens.shape
        end = mask.shape[-1]
        group = self.heads // self.kv_heads
        bias = torch.zeros(mask.shape, device=self.device).masked_fill_(~mask, -torch.inf)
        cos, sin = self._cos[places][:, :, None], self._sin[places][:, :, None]
        x = w["words"][tokens].float()
        for i in range(self.layers):
            check()
            qkv = linear(self._norm(x, f"{i}.norm"), w[f"{i}.qkv"]).view(rows, length, -1, self.head)
            turned = self._turn(qkv[:, :, : self.heads + self.kv_heads], cos, sin)
            keys, values = memory.keys[i], memory.values[i]
            put(keys, values, turned[:, :, self.heads :], qkv[:, :, self.heads + self.kv_heads :])
            q = turned[:, :, : self.heads].transpose(1, 2).reshape(rows, self.kv_heads, group * length, self.head)
            a = self._attend(q, keys[..., :end], values[:, :, :end], bias)
            a = a.view(rows, self.heads, length, self.head).transpose(1, 2).reshape(rows, length, -1)
            x += linear(a, w[f"{i}.out"])
            gate, up = linear(self._norm(x, f"{i}.norm2"), w[f"{i}.up"]).chunk(2, -1)
            x += linear(silu(gate).mul_(up), w[f"{i}.down"])
        return self._norm(x, "norm")

    def _attend(self, q: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> Tensor:
        """Return values weighed by how queries and keys fit.

        Written out, for torch's own function in bfloat16 gives other digits with another number of threads.
        """
        rows = max(1, _SCORES // (self.kv_heads * q.shape[2] * keys.shape[3]))
        parts = []
        for i in range(0, len(q), rows):
            scores = torch.matmul(q[i : i + rows], keys[i : i + rows]).float().mul_(self.head**-0.5)
            scores += bias if len(bias) == 1 or bias.ndim == 2 else bias[i : i + rows]
            parts.append(torch.matmul(scores.softmax(-1).to(self.dtype), values[i : i + rows]))
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def _norm(self, x: Tensor, name: str) -> Tensor:
        y = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self._w[name]
        return y if name == "norm" else y.to(self.dtype)

    def _turn(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        a, b = x.float().chunk(2, -1)
        return torch.cat((a * cos - b * sin, b * cos + a * sin), -1).to(self.dtype)


def _bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16 in hardware; elsewhere it is slower than float32."""
    return bool(torch.backends.cpu.get_cpu_capability() and torch.cpu._is_avx512_bf16_supported())
