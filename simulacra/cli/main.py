"""The command line: one word a command, each in a module that is imported only when it runs."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence

COMMANDS = {
    "look": "show what a table holds: the inferred schema, with the reason for each fact",
    "make": "fit, sample and check in one run, into a folder with the evidence",
    "fit": "fit a method on a table and save the model",
    "sample": "make rows from a saved model",
    "check": "judge made rows beside real ones",
    "mask": "replace identifiers of persons in tables and texts",
    "list": "list the methods and guards, or the fields of one method",
    "redo": "run the recipe of an output again; the same bytes come out",
}
TRACE = "--debug"
INTERNAL_ERROR, INTERRUPTED, BROKEN_PIPE = 70, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0: done. 1: done, but --fail-on was met, or redo gave other bytes. 2: wrong use or input. 70: a fault of simulacra.
    130: interrupted. 141: nobody reads standard output any more.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # One thread unless the user says otherwise: the sums of many threads differ in the last digit from run to run.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        with warnings.catch_warnings():
            _quieten(words)
            code = _dispatch(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _interrupted(words)
    except BrokenPipeError:
        # The interpreter flushes standard output once more when it ends, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        return _failed(error, words)


def _dispatch(words: list[str]) -> int:
    if not words or words[0].startswith("-"):
        return _top(words)
    name = words[0]
    if name not in COMMANDS:
        from simulacra.core.errors import ConfigError, near

        raise ConfigError(f"unknown command {name!r}.{near(name, COMMANDS)} See: simulacra --help")
    command = importlib.import_module(f"simulacra.cli.{name}")
    parser = argparse.ArgumentParser(
        prog=f"simulacra {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.arguments(parser)
    parser.add_argument(TRACE, action="store_true", help="show the full trace of an unexpected error")
    code: int = command.run(parser.parse_args(words[1:]))
    return code


def _top(words: list[str]) -> int:
    from simulacra import __version__

    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {what}" for name, what in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="simulacra",
        usage="simulacra COMMAND ...",
        description="Synthetic data, with the evidence that they are faithful, useful and private.",
        epilog=f"commands:\n{listed}\n\nsimulacra COMMAND --help tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"simulacra {__version__}")
    parser.parse_args(words)
    parser.print_help()
    return 0


def _quieten(words: list[str]) -> None:
    """Show warnings of our own as one line each, and those of libraries only with --debug."""
    if TRACE not in words:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=UserWarning, module=r"simulacra\.")
        warnings.showwarning = lambda message, *_, **__: _say(f"warning: {message}")


def _interrupted(words: list[str]) -> int:
    kept = words[:1] == ["check"] and "--trial" in words and ("-o" in words or "--out" in words)
    resumable = kept or words[:1] in (["make"], ["fit"], ["sample"], ["redo"])
    again = " The same command goes on where it stopped." if resumable else ""
    if "--epsilon" in words:
        again = " Nothing was released. The same command goes on, and spends nothing twice."
    if words[:1] == ["mask"]:
        again = " Nothing was written; the same command starts again."
    _say(f"interrupted.{again}")
    return INTERRUPTED


def _failed(error: Exception, words: list[str]) -> int:
    from simulacra.core.errors import SimulacraError

    if TRACE in words:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, SimulacraError):
        _say(str(error))
        return error.exit_code
    if isinstance(error, MemoryError):
        _say("not enough memory; make fewer rows at a time, or use a larger machine")
        return 2
    where = "" if TRACE in words else f" Run the command again with {TRACE} for the full trace, and please report it."
    _say(f"unexpected error, {type(error).__name__}: {error}.{where}")
    return INTERNAL_ERROR


def _say(text: str) -> None:
    sys.stderr.write(f"{chr(13) + chr(27) + '[K' if sys.stderr.isatty() else ''}simulacra: {text}\n")


if __name__ == "__main__":
    raise SystemExit(main())
