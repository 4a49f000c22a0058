"""What the three contracts have in common: one sentence a violation, and rules about fields, documents and imports."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import typing
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from simulacra.core import options
from simulacra.core.errors import ConfigError

HEAVY = ("numpy", "polars", "pandas", "pyarrow", "scipy", "sklearn", "torch", "transformers", "matplotlib")
"""Libraries that importing a method or a guard must not load; they are imported where they are used."""


def require(holds: bool, sentence: str) -> None:
    """Raise AssertionError with the sentence unless the rule holds."""
    if not holds:
        raise AssertionError(sentence)


@contextlib.contextmanager
def one_sentence(who: str, rule: Callable[..., None]) -> Iterator[None]:
    """Turn an error of the thing under test into an AssertionError that names the rule, e.g. "gives n rows"."""
    try:
        yield
    except AssertionError:
        raise
    except Exception as error:
        about = rule.__name__.strip("_").replace("_", " ")
        raise AssertionError(f"{who}: the rule '{about}' ended in {type(error).__name__}: {error}") from error


def must_raise(error: type[Exception], call: Callable[[], object], what: str) -> None:
    """Require that a call raises one of our errors with a message, and no other."""
    try:
        call()
    except error as raised:
        require(len(str(raised)) > 10, f"{what} must say what was wrong and what to do, got {str(raised)!r}")
    except Exception as other:
        raise AssertionError(f"{what} must raise {error.__name__}, got {type(other).__name__}: {other}") from other
    else:
        raise AssertionError(f"{what} must raise {error.__name__}, but nothing was raised")


def leaves_the_world_alone(who: str, what: str, call: Callable[[], Any]) -> Any:
    """Require that a call changes no global generator, environment, folder or setting; returns its result.

    The call is made twice: what loading libraries changes, happens the first time only and is not the caller's doing.
    """
    start = _world()
    with warnings.catch_warnings():
        call()
        try:
            _restore(start)
            # Another state than before the first call, so that seeding with a fixed number shows.
            random.random()
            if "numpy" in sys.modules:
                sys.modules["numpy"].random.random_sample()
            warnings.resetwarnings()
            warnings.filterwarnings("ignore", message=".*")
            before = _world()
            out = call()
            for name, value in _world().items():
                same = name not in before or before[name] == value
                require(same, f"{who}: {what} changed {name}; global state must stay as it is")
        finally:
            _restore(start)
    return out


def _world() -> dict[str, Any]:
    out: dict[str, Any] = {
        "the state of `random`": random.getstate(),
        "os.environ": dict(os.environ),
        "the working folder": os.getcwd(),
        "sys.path": list(sys.path),
        "warnings.filters": list(warnings.filters),
    }
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        kind, keys, *place = numpy.random.get_state()
        out["the state of numpy.random"] = (kind, keys.tolist(), *place)
        out["numpy's answer to errors"] = numpy.geterr()
    if torch is not None:
        out["the state of torch's generator"] = torch.get_rng_state().tolist()
    return out


def _restore(world: dict[str, Any]) -> None:
    random.setstate(world["the state of `random`"])
    os.environ.clear()
    os.environ.update(world["os.environ"])
    os.chdir(world["the working folder"])
    sys.path[:] = world["sys.path"]
    if "the state of numpy.random" in world:
        sys.modules["numpy"].random.set_state(world["the state of numpy.random"])
        sys.modules["numpy"].seterr(**world["numpy's answer to errors"])
    if "the state of torch's generator" in world:
        torch = sys.modules["torch"]
        torch.set_rng_state(torch.tensor(world["the state of torch's generator"], dtype=torch.uint8))


def documented(thing: object, who: str) -> None:
    """Require a docstring whose first sentence says what the thing is."""
    doc = (thing.__doc__ or "").strip()
    own = bool(doc) and not (isinstance(thing, type) and doc.startswith(f"{thing.__name__}("))
    require(own, f"{who}: no docstring; begin with one sentence that says what it does")
    first = " ".join(doc.split("\n\n")[0].split())
    require(
        first.endswith(".") and " " in first, f"{who}: the docstring must begin with a whole sentence, got {first!r}"
    )


def well_described_fields(cls: type, name: str) -> None:
    """Require help for every field, and a range or choices where a number is expected."""
    hints = typing.get_type_hints(cls)
    for field in options.fields(cls):
        meta = field.metadata
        require(bool(meta.get("help")), f"{name}: field {field.name} has no help; declare it with core.options.option")
        kinds = typing.get_args(hints[field.name]) or (hints[field.name],)
        if int in kinds or float in kinds:
            ranged = meta.get("low") is not None or meta.get("high") is not None or bool(meta.get("choices"))
            require(ranged, f"{name}: field {field.name} is a number without a range; give low= and high=")


def refuses_bad_fields(cls: type, params: dict[str, Any], name: str) -> None:
    """Require ConfigError for values of the wrong type, outside the range or not among the choices."""
    for field in options.fields(cls):
        bad: list[Any] = [object()]
        if field.metadata.get("low") is not None:
            bad.append(field.metadata["low"] - 1)
        if field.metadata.get("high") is not None:
            bad.append(field.metadata["high"] + 1)
        if field.metadata.get("choices"):
            bad.append("none of these choices")
        for value in bad:
            given = {**params, field.name: value}
            shown = value if isinstance(value, int | float | str) else "an object of another type"
            must_raise(ConfigError, lambda given=given: cls(**given), f"{name}: {field.name} = {shown!r}")  # type: ignore[misc]


def loads_nothing_heavy(module: str, name: str) -> None:
    """Require that importing a module in a fresh process loads none of HEAVY."""
    if module == "__main__" or importlib.util.find_spec(module) is None:
        return
    loaded, error = _loaded_by(module)
    require(not error, f"{name}: importing {module} alone fails: {error}")
    require(not loaded, f"{name}: importing {module} loads {', '.join(loaded)}; import those where they are used")


@functools.cache
def _loaded_by(module: str) -> tuple[tuple[str, ...], str]:
    code = f"import json, sys, {module}; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    if done.returncode:
        return (), done.stderr.strip().splitlines()[-1]
    return tuple(json.loads(done.stdout.splitlines()[-1])), ""


def fresh(method: Any) -> Any:
    """Return a new, unfitted object of the same configuration."""
    return type(method)(**{f.name: getattr(method, f.name) for f in dataclasses.fields(method) if f.init})


def address(name: object) -> bool:
    """Return whether a text is an address such as "tables/forest"."""
    return isinstance(name, str) and re.fullmatch(r"[a-z]+/[a-z0-9_-]+", name) is not None
