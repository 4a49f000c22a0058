"""Speed of text/columns: drawn columns a million rows, and what a row that asks costs beside the request itself.

Run: python -m bench.columns
Prints CPU seconds of this process. The server of the second part is simulacra.testing's, in a process of its own.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.testing.server import Server
from simulacra.text import Columns

ROWS = 200_000
ASKED = 2000
TOPIC = {"name": "topic", "kind": "category", "values": ["sun", "rain", "wind"], "weights": [5, 3, 1]}
DRAWN: dict[str, list[dict[str, Any]]] = {
    "category": [TOPIC],
    "category by another": [
        TOPIC,
        {"name": "x", "kind": "category", "by": "topic", "values": {"sun": ["a", "b"], "rain": ["c"], "wind": ["d"]}},
    ],
    "number, normal": [{"name": "x", "kind": "number", "distribution": "normal", "mean": 0, "sd": 1}],
    "number, Poisson": [{"name": "x", "kind": "number", "distribution": "poisson", "mean": 4}],
    "date": [{"name": "x", "kind": "date", "start": "2020-01-01", "end": "2024-12-31"}],
    "expression": [TOPIC, {"name": "x", "kind": "expression", "value": "about {{ topic }}, {{ row }}"}],
    "person": [{"name": "x", "kind": "person"}],
    "persona": [{"name": "x", "kind": "persona"}],
}


def cpu(columns: Columns, rows: int) -> float:
    """Return the CPU seconds of so many rows."""
    start = time.process_time()
    columns.sample(rows, seed=1)
    return time.process_time() - start


def main() -> None:
    """Print both parts."""
    print("CPU seconds for a million rows")
    for name, columns in DRAWN.items():
        made = Columns(columns=columns)
        made.sample(10, seed=1)
        print(f"  {name:22} {cpu(made, ROWS) * 1e6 / ROWS:6.1f}")
    asking = Columns(columns=[TOPIC, {"name": "x", "kind": "prompt", "prompt": "Say {{ row }} of {{ topic }}."}])
    with Server(latency=0.05) as server, tempfile.TemporaryDirectory() as folder:
        models = [Model(port="endpoint", base_url=server.url, concurrency=64)]
        for turn in range(3):
            with Desk(models, Path(folder) / f"{turn}.sqlite") as desk:
                asking.desk = desk
                asked, again = cpu(asking, ASKED), cpu(asking, ASKED)
            print(
                f"a row that asks: {asked / ASKED * 1e3:.2f} ms CPU; answered by the journal: {again / ASKED * 1e3:.2f}"
            )


if __name__ == "__main__":
    main()
