"""Neural generators of tables side by side: ours and SDV's on Adult, every method in a fresh process on one thread.

    python bench/neural.py                                   ours alone, 1 seed
    python bench/neural.py --peers ctgan,tvae --epochs 300   beside the peers (make bench-peers installs them); hours
    python bench/neural.py --methods vae --seeds 3

The split, the measures and the seconds are those of bench/tables.py. Ours run at their defaults; `gan_critic_alone` is
the GAN without the likelihood, `vae_unlinked` the VAE whose code alone decides about a row, as in TVAE. The peers run
at their defaults but for --epochs.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path

import measures
import polars as pl
import tables
from common import BUILD, ROOT, dataset, save, stop

OURS = {
    "gan": "tables/gan",
    "gan_critic_alone": "tables/gan likelihood=0 steps=3000",
    "vae": "tables/vae",
    "vae_unlinked": "tables/vae linked=False",
    "flow": "tables/flow",
}
PEERS = {"ctgan": "SDV CTGAN", "tvae": "SDV TVAE"}
SHOWN = ("c2st", "shape", "pair", "tstr", "copies", "fit_s", "sample_s", "rss_mb")
MOST = {"tables/gan": 0.75, "tables/vae": 0.75, "tables/flow": 0.56}
"""The C2ST that each of ours has to reach."""


def main() -> None:
    asked = arguments()
    train, holdout = measures.split(dataset("adult"))
    BUILD.mkdir(parents=True, exist_ok=True)
    split = tables.Split(train, holdout, BUILD / "adult_train.parquet")
    train.write_parquet(split.path)
    # The peers' scripts find their number of epochs here.
    os.environ["EPOCHS"] = str(asked.epochs)
    results: dict[str, list[dict[str, float]]] = {}
    for name in (*chosen(asked.methods, OURS), *chosen(asked.peers, PEERS)):
        label = OURS.get(name) or f"{PEERS[name]}, {asked.epochs} epochs"
        results[label] = [one(name, split, seed) for seed in range(asked.seeds)]
        path = save("neural", {"data": "adult", "split": "80/20, seed 42", "runs": results})
        show({label: tables.summarise(results[label])})
    print()
    show({name: tables.summarise(runs) for name, runs in results.items()})
    verdicts(results)
    print(f"\nwritten: {path.relative_to(ROOT)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default=",".join(OURS), help=f"of ours, of {', '.join(OURS)}; none for no one")
    parser.add_argument("--peers", default="none", help="ctgan,tvae or none (default)")
    parser.add_argument("--epochs", type=int, default=300, help="of the peers (default 300, theirs)")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each method, seeds 0, 1, .. (default 1)")
    asked = parser.parse_args()
    if min(asked.seeds, asked.epochs) < 1:
        parser.error("--seeds and --epochs must be at least 1")
    return asked


def chosen(names: str, known: dict[str, str]) -> list[str]:
    """Return the methods that were named; ends with a message for one that there is not."""
    out = [] if names == "none" else names.split(",")
    for name in out:
        if name not in known:
            stop(f"No method {name!r}; there are {', '.join(known)}.")
        if known is PEERS and not tables.peer_python("sdv").exists():
            stop(f"The peer {name!r} is not installed: run make bench-peers first.")
    return out


def one(name: str, split: tables.Split, seed: int) -> dict[str, float]:
    """Fit, sample and measure one method."""
    print(f"{name}, seed {seed} ...", file=sys.stderr)
    python = tables.peer_python("sdv") if name in PEERS else Path(sys.executable)
    made, costs = tables.run(name, python, split, seed)
    made = made.select(pl.col(c).cast(split.train.schema[c], strict=False) for c in split.train.columns)
    return asdict(measures.judge(split.train, split.holdout, made, tables.TARGET, seed=seed, mlp=False)) | costs


def show(summary: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print the table as Markdown: qualities as mean ± standard deviation, costs as median (lowest-highest)."""
    print("| method | " + " | ".join(tables.COLUMNS[key][0] for key in SHOWN) + " |")
    print("|---" * (len(SHOWN) + 1) + "|")
    for name, values in summary.items():
        cells = (tables.cell(values.get(key), tables.COLUMNS[key][1]) for key in SHOWN)
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def verdicts(results: dict[str, list[dict[str, float]]]) -> None:
    """Print whether each of ours reaches its C2ST, and its share of the time of the peer of its kind."""
    middle = {name: tables.summarise(runs) for name, runs in results.items()}
    for name, values in middle.items():
        if name not in MOST:
            continue
        c2st = values["c2st"]["middle"]
        print(
            f"{name}: C2ST {c2st:.4f}, wanted at most {MOST[name]:.2f}: {'holds' if c2st <= MOST[name] else 'missed'}"
        )
        rival = {"tables/gan": "SDV CTGAN", "tables/vae": "SDV TVAE"}.get(name)
        for other, theirs in middle.items():
            if rival and other.startswith(rival):
                share = values["fit_s"]["middle"] / theirs["fit_s"]["middle"]
                print(f"  fit takes {share:.2f} of the time of {other}, wanted at most .20")


if __name__ == "__main__":
    main()
