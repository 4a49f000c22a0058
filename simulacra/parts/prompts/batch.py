"""Batch files in OpenAI's form: requests written out to be answered elsewhere, and their answers taken in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulacra.core.atomic import writing
from simulacra.core.errors import ConfigError, DataError
from simulacra.parts.prompts import _protocol
from simulacra.parts.prompts.endpoint import Endpoint, count_of, identity_of
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.port import AskPort
from simulacra.parts.prompts.request import Answer, Request

WAITS = "waits for the answers of a batch file"
"""Reason of a cell whose request was written into a file."""
ENOUGH = 20
"""Requests, none of which stands in a file of answers, that tell it is another run's."""


class Filed:
    """A server that is asked by files: what a file answers comes from there.

    answered: name of a request in the journal -> body of its reply, or why there is none. collects: every other
    request is written down in `lines` and fails, and no key is needed; without it the server is asked. A file in which
    none of the first requests stands is another run's, and nothing is paid because of it.
    """

    batches = False
    takes_schema = True

    def __init__(self, model: Model, answered: Mapping[str, Any], *, collects: bool) -> None:
        self.model = model
        self.lines: dict[str, dict[str, Any]] = {}
        self.identity = identity_of(model)
        self._server = None if collects else Endpoint(model)
        self._answered = answered
        self._found = self._absent = 0

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests in their order."""
        keys = [request.key(self.identity) for request in requests]
        left = [r for r, key in zip(requests, keys, strict=True) if key not in self._answered]
        self._found += len(requests) - len(left)
        if self._server is None:
            rest = iter([self._collect(request) for request in left])
        else:
            self._refuse_strange(len(left))
            rest = iter(await self._server.ask(left) if left else [])
        return [
            self._read(request, self._answered[key]) if key in self._answered else next(rest)
            for request, key in zip(requests, keys, strict=True)
        ]

    def _refuse_strange(self, absent: int) -> None:
        self._absent += absent
        if self._answered and not self._found and self._absent >= ENOUGH:
            raise DataError(
                f"none of the first {self._absent} requests stands among the {len(self._answered):,} answers of the "
                "batch file, so it belongs to another recipe, seed or model; leave --batch-in out to ask the server"
            )

    def count(self, request: Request) -> int:
        """Return the tokens of a prompt by rule of thumb."""
        return count_of(request)

    def hurry(self) -> None:
        """Send nothing more."""
        if self._server is not None:
            self._server.hurry()

    async def close(self) -> None:
        """Close the connections."""
        if self._server is not None:
            await self._server.close()

    def _collect(self, request: Request) -> Answer:
        key = request.key(self.identity)
        body = _protocol.body(request, self.model, frozenset())
        url = f"/v1/{_protocol.path(request)}"
        self.lines[key] = {"custom_id": key, "method": "POST", "url": url, "body": body}
        return Answer(error=WAITS, model=self.identity)

    def _read(self, request: Request, reply: Any) -> Answer:
        if isinstance(reply, str):
            return Answer(error=reply, model=self.identity)
        try:
            return _protocol.read(request, reply, self.count(request))
        except (_protocol.Malformed, _protocol.Untold) as error:
            return Answer(error=f"the batch file holds no answer: {error}", model=self.identity)


def ports(models: Sequence[Model], answers: str | Path | None, *, collects: bool) -> dict[str, AskPort]:
    """Return the ports of a run by files, for every model that is a server.

    Raises ConfigError where there is none, or where several share a name; DataError for a file that is no batch file.
    """
    served = [model for model in models if model.port == "endpoint"]
    names = [model.name for model in models]
    if not served:
        raise ConfigError("batch files are for servers, and no model has a base_url")
    for model in served:
        if names.count(model.name) > 1:
            raise ConfigError(f"batch files go to one server, and several models are named {model.name!r}")
    answered = {} if answers is None else read(answers)
    return {model.name: Filed(model, answered, collects=collects) for model in served}


def read(path: str | Path) -> dict[str, Any]:
    """Return what the answers of a batch file say, by the name of their request: a reply, or why there is none.

    Raises DataError with file and line.
    """
    out: dict[str, Any] = {}
    try:
        lines = Path(path).read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as the answers of a batch ({error})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number}: not valid JSON ({error}); give the file of answers") from error
        if not isinstance(entry, dict) or not isinstance(entry.get("custom_id"), str):
            raise DataError(f"{path}, line {number}: no custom_id; give the file of answers that the server made")
        out[entry["custom_id"]] = _reply(entry)
    return out


def write(path: str | Path, lines: Mapping[str, Mapping[str, Any]]) -> None:
    """Write requests as a batch file, whole or not at all. Raises OutputError."""
    with writing(path) as temp, open(temp, "w", encoding="utf-8", newline="\n") as handle:
        for line in lines.values():
            handle.write(json.dumps(line, ensure_ascii=False, default=dict) + "\n")


def _reply(entry: Mapping[str, Any]) -> Any:
    response = entry.get("response")
    if isinstance(response, Mapping) and response.get("status_code", 200) == 200 and "body" in response:
        return response["body"]
    told = entry.get("error") or (response.get("body") if isinstance(response, Mapping) else None)
    return f"the batch file says: {json.dumps(told)[:200]}"
