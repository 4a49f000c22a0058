"""The embedded language model: start, tokens a second beside transformers, log-probabilities, labels.

python bench/embedded.py                 everything (8 minutes on two quiet cores)
python bench/embedded.py speed --peers   64 stories in one batch, and transformers' generate in the same run
python bench/embedded.py labels          sms_spam and movie reviews, raw and calibrated
python bench/embedded.py fit             small tasks whose answers can be checked

Needs SIMULACRA_DATA for labels and quality. Writes build/bench/embedded.json.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from _embedded_fit import fit
from common import ROOT, save, stop

from simulacra.parts.prompts import _embedded_files as files
from simulacra.parts.prompts.embedded import Embedded
from simulacra.parts.prompts.request import Answer, Request

THINGS = (
    "a kite",
    "a red fox",
    "an old clock",
    "a lighthouse",
    "a lost glove",
    "a bakery",
    "a small dragon",
    "a river",
)
STORY = "Write a short story for children about {thing} and a child called {name}."
NAMES = ("Ada", "Ben", "Cora", "Dan", "Eve", "Finn", "Gia", "Hugo")
SMS = "Decide whether a text message is spam or ham."
REVIEW = "Decide whether a film review is positive or negative."
FIRST = 400
"""Characters of a review that are shown to the model."""


def texts(name: str) -> list[dict[str, Any]]:
    """Return the rows of a benchmark file of JSON lines."""
    folder = Path(os.environ.get("SIMULACRA_DATA", ROOT.parent / "shared" / "data"))
    path = folder / f"{name}.jsonl.gz"
    if not path.is_file():
        stop(f"No benchmark texts {path}. Name the folder that holds them: SIMULACRA_DATA=/path")
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        return [json.loads(line) for line in handle]


def ask(requests: list[Request], calibrate: bool = True) -> list[Answer]:
    """Return answers; a failed one ends the benchmark."""
    answers = asyncio.run(Embedded(calibrate=calibrate).ask(requests))
    for answer in answers:
        if not answer.ok:
            stop(answer.error)
    return answers


def start() -> dict[str, float]:
    """Return the seconds from an empty process to one answered word, without and with the cache."""
    code = (
        "import asyncio; from simulacra.parts.prompts.embedded import Embedded;"
        "from simulacra.parts.prompts.request import Request;"
        "asyncio.run(Embedded().ask([Request((('user', 'Hello'),), '', max_tokens=1)]))"
    )
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        for what in ("first start", "later start"):
            wall, before = time.perf_counter(), os.times()
            subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "XDG_CACHE_HOME": folder})
            after = os.times()
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            out |= {f"{what}, s": time.perf_counter() - wall, f"{what}, CPU s": cpu}
    return out


def stories(rows: int, tokens: int) -> list[Request]:
    """Return the prompts of the speed measure."""
    return [
        Request((("user", STORY.format(thing=THINGS[i % 8], name=NAMES[i // 8 % 8])),), "", seed=i, max_tokens=tokens)
        for i in range(rows)
    ]


def rate(tokens: int, wall: float, cpu: float) -> dict[str, float]:
    """Return what a run of so many tokens took."""
    return {"tokens": tokens, "tokens/s": tokens / wall, "CPU ms/token": 1000 * cpu / tokens}


def speed(rows: int, tokens: int, times: int, peers: bool) -> dict[str, dict[str, float]]:
    """Return tokens a second of one batch of stories, prompts included: medians of runs that take turns."""
    requests = stories(rows, tokens)
    ask(stories(rows, 2))
    kinds: dict[str, Callable[[], dict[str, float]]] = {"embedded": lambda: written(requests)}
    runs: dict[str, list[dict[str, float]]] = {"embedded": [written(requests)]}
    memory = {"peak MB of the process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    if peers:
        for kind in (torch.float32, torch.bfloat16):
            kinds[f"transformers {kind}"] = partial(generate, *reference(kind), requests)
    for _ in range(times):
        for name, run in kinds.items():
            runs.setdefault(name, []).append(run())
            print(f"  {name}: {runs[name][-1]}", flush=True)
    out = {name: {k: median(r[k] for r in made) for k in made[0]} for name, made in runs.items()}
    return out | {"embedded": out["embedded"] | memory}


def written(requests: list[Request]) -> dict[str, float]:
    """Return what the embedded model takes for the prompts."""
    wall, cpu = time.perf_counter(), time.process_time()
    answers = ask(requests)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return rate(sum(a.tokens_out for a in answers), wall, cpu)


def reference(kind: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """Return transformers' reading of the same file: its tokenizer and its network."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = files.find()
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, padding_side="left")
    return tokenizer, AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=kind)


def generate(tokenizer: Any, model: Any, requests: list[Request]) -> dict[str, float]:
    """Return what transformers takes for the same prompts in one batch."""
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": role, "content": text} for role, text in r.messages], tokenize=False, add_generation_prompt=True
        )
        for r in requests
    ]
    given = tokenizer(prompts, return_tensors="pt", padding=True)
    with torch.inference_mode():
        model.generate(**given, max_new_tokens=2, do_sample=True, temperature=0.7, top_k=0)
        wall, cpu = time.perf_counter(), time.process_time()
        made = model.generate(**given, max_new_tokens=requests[0].max_tokens, do_sample=True, temperature=0.7, top_k=0)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    written = int((made[:, given["input_ids"].shape[1] :] != tokenizer.pad_token_id).sum())
    return rate(written, wall, cpu)


def quality() -> dict[str, float]:
    """Return the perplexity of eight texts by this network and by transformers in float32, on the same tokens."""
    from simulacra.parts.prompts.embedded import _loaded

    _, words = _loaded(files.find())
    _, model = reference()
    passages = [row["text"][:1500] for row in texts("movie_reviews_polarity")[:4]]
    passages += [row["text"] for row in texts("sms_spam")[:4]]
    ours = [answer.value for answer in ask([Request((("user", t),), "", kind="logprobs") for t in passages])]
    theirs = []
    with torch.inference_mode():
        for text in passages:
            tokens = torch.tensor([[0, *words.encode(text)]])
            scores = model(tokens).logits[0, :-1].log_softmax(-1)
            theirs.append(scores.gather(1, tokens[0, 1:, None])[:, 0].tolist())
    flat = [torch.tensor([x for row in rows for x in row], dtype=torch.float64) for rows in (ours, theirs)]
    return {
        "perplexity": float((-flat[0].mean()).exp()),
        "perplexity by transformers": float((-flat[1].mean()).exp()),
        "mean difference of a log-probability": float((flat[0] - flat[1]).abs().mean()),
    }


def shot(text: str, label: str = "") -> tuple[tuple[str, str], ...]:
    """Return one example of a text and, where it is told, its label."""
    asked = (("user", f"Message: {text}\nLabel:"),)
    return (*asked, ("assistant", label)) if label else asked


def accuracy(task: str, rows: list[dict[str, Any]], names: tuple[str, str], count: int, seed: int) -> dict[str, float]:
    """Return the share of right labels with four examples, on `count` balanced rows."""
    draw = random.Random(seed)
    shuffled = draw.sample(rows, len(rows))
    of = {name: [r["text"][:FIRST] for r in shuffled if r["label"] == name] for name in names}
    first, second = names
    given = ((second, 0), (first, 0), (first, 1), (second, 1))
    shots = tuple(m for name, i in given for m in shot(of[name][i], name))
    test = [(text, name) for name in names for text in of[name][2 : 2 + count // 2]]
    draw.shuffle(test)
    requests = [Request((("system", task), *shots, *shot(text)), "", kind="labels", labels=names) for text, _ in test]
    cpu = time.process_time()
    out = {}
    for what in ("raw", "calibrated"):
        answers = ask(requests, calibrate=what == "calibrated")
        out[what] = sum(a.text == name for a, (_, name) in zip(answers, test, strict=True)) / len(test)
    return out | {"CPU s/text": (time.process_time() - cpu) / 2 / len(test)}


def labels(seeds: int) -> dict[str, Any]:
    """Return accuracies for several draws of examples and texts."""
    reviews = texts("movie_reviews_polarity")
    kinds = sorted({r["label"] for r in reviews})
    reviews = [{**r, "label": {kinds[0]: "negative", kinds[1]: "positive"}[r["label"]]} for r in reviews]
    out: dict[str, Any] = {}
    for seed in range(seeds):
        out[f"sms_spam, draw {seed}"] = accuracy(SMS, texts("sms_spam"), ("ham", "spam"), 120, seed)
        print(f"  {out}", flush=True)
    out["movie reviews"] = accuracy(REVIEW, reviews, ("negative", "positive"), 100, 0)
    return out


def main() -> None:
    """Run the measures that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    known = ("start", "speed", "quality", "labels", "fit")
    parser.add_argument("what", nargs="*", choices=[*known, []], help="measures; all of them when none is named")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--times", type=int, default=3, help="runs of speed, of which the median counts")
    parser.add_argument("--seeds", type=int, default=3, help="draws of examples and texts for sms_spam")
    parser.add_argument("--peers", action="store_true", help="transformers' generate beside it")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    wanted = given.what or known
    result: dict[str, Any] = {"threads": given.threads}
    for name, measure in (
        ("start", start),
        ("speed", lambda: speed(given.rows, given.tokens, given.times, given.peers or not given.what)),
        ("quality", quality),
        ("labels", lambda: labels(given.seeds)),
        ("fit", fit),
    ):
        if name in wanted:
            print(name, flush=True)
            result[name] = measure()
            print(json.dumps(result[name], indent=2), flush=True)
    print(save("embedded", result))


if __name__ == "__main__":
    main()
