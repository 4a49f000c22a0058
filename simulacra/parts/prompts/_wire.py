"""The connection to one server: one attempt at one request, and what each way to fail means."""

from __future__ import annotations

import asyncio
import datetime
import email.utils
import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from simulacra.core.errors import ConfigError, ModelError, need
from simulacra.parts.prompts.limits import Patience
from simulacra.parts.prompts.model import Model

if TYPE_CHECKING:
    import aiohttp

MOST_BYTES = 64 * 2**20
"""An answer that is larger is no answer of a language model."""

_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "exceeded your current quota")


class Again(Exception):
    """An attempt failed in a way that may pass. after: seconds that the server asks to wait. busy: it has too much to
    do. silent: there was no answer in time. unreachable: there is no connection at all."""

    def __init__(
        self,
        reason: str,
        *,
        after: float | None = None,
        busy: bool = False,
        silent: bool = False,
        unreachable: bool = False,
    ) -> None:
        super().__init__(reason)
        self.after = after
        self.busy = busy
        self.silent = silent
        self.unreachable = unreachable


class Refused(Exception):
    """The server takes this request never, whatever happens to others. status: of HTTP."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Unknown(ConfigError):
    """The server has no such model or no such path."""


class Wire:
    """One server. Its key is read from the environment, sent in a header, and taken out of all that comes back."""

    def __init__(self, model: Model, patience: Patience) -> None:
        self.model = model
        self.host = urlsplit(model.base_url).hostname or model.base_url
        self._patience = patience
        self._base = model.base_url.rstrip("/")
        self._key = _key(model)
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def who(self) -> str:
        """Return the model and its server, for messages."""
        return f"model {self.model.name!r} ({self.model.model or self.model.name} at {self.host})"

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send one attempt and return the JSON that comes back.

        Raises Again, Refused; ConfigError or ModelError where every other request would fail as well.
        """
        aiohttp = need("aiohttp", "text", "port endpoint")
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        try:
            async with self._opened().post(f"{self._base}/{path}", data=data, allow_redirects=False) as response:
                raw = await self._content(response)
        except TimeoutError:
            raise Again(f"no answer came within {self.model.timeout:g} seconds", silent=True) from None
        except aiohttp.ClientConnectorError as error:
            told = self.scrub(str(error.os_error))
            raise Again(f"{self.host} cannot be reached ({told})", unreachable=True) from None
        except aiohttp.InvalidURL:
            raise ConfigError(f"{self.who}: base_url is no address") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Again(f"the connection broke ({self.scrub(str(error))[:120] or type(error).__name__})") from None
        if response.status != 200:
            self._failed(path, response.status, response.headers, raw.decode("utf-8", "replace"))
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise Again("its answer is no JSON") from None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def scrub(self, text: str) -> str:
        """Return a text without the key."""
        if self._key:
            text = text.replace(self._key, "[key]")
        return re.sub(r"(?i)(bearer\s+)[^\s\"']+", r"\1[key]", text)

    def _opened(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            import aiohttp

            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            if self._key:
                headers["Authorization"] = f"Bearer {self._key}"
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(
                    total=self.model.timeout, sock_connect=min(self._patience.connect, self.model.timeout)
                ),
            )
        return self._session

    async def _content(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the bytes of an answer, without the key, each part within its time."""
        parts, size = [], 0
        while True:
            if response.content.is_eof() and response.content.at_eof():
                break
            try:
                async with asyncio.timeout(self._patience.stall):
                    part = await response.content.readany()
            except TimeoutError:
                raise Again(f"its answer stopped for {self._patience.stall:g} seconds", silent=True) from None
            if not part:
                break
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                raise Again(f"its answer is larger than {MOST_BYTES >> 20} MiB")
        raw = b"".join(parts)
        return raw.replace(self._key.encode(), b"[key]") if self._key else raw

    def _failed(self, path: str, status: int, headers: Mapping[str, str], text: str) -> NoReturn:
        """Tell apart what passes, what is wrong with this request, and what is wrong with all."""
        told = self.scrub(_message(text))
        reason = f"{status}: {told}" if told else str(status)
        if status in (401, 403):
            variable = self.model.key_env
            advice = f"see to the environment variable {variable}" if variable else "name its key's variable as key_env"
            raise ConfigError(f"{self.who}: the server refuses the key ({reason}); {advice}")
        if status == 402 or any(q in text for q in _QUOTA):
            raise ModelError(f"{self.who}: the account has nothing left ({reason}); what was answered is kept")
        if status == 404:
            raise Unknown(f"{self.who}: no such model, or no {path}, on that server ({reason}); see to model, base_url")
        if 300 <= status < 400:
            raise ConfigError(f"{self.who}: {path} has moved ({reason}); give its new address as base_url")
        if status in (408, 409, 425, 429) or status >= 500:
            raise Again(reason, after=_after(headers), busy=status in (429, 529))
        raise Refused(status, reason)


def _key(model: Model) -> str:
    if not model.key_env:
        return ""
    key = os.environ.get(model.key_env, "").strip()
    if not key:
        raise ConfigError(f"model {model.name!r}: the key is missing; set the environment variable {model.key_env}")
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"model {model.name!r}: {model.key_env} holds characters that no key has")
    return key


def _message(text: str) -> str:
    """Return what an error says, in OpenAI's form or any other, on one line."""
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError):
        told = re.sub(r"<[^>]*>", " ", text)
    for name in ("error", "message", "detail"):
        if isinstance(told, Mapping) and name in told:
            told = told[name]
    return " ".join(str(told).split())[:300]


def _after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait: a number, or a date."""
    told = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", told):
        return float(told)
    try:
        date = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=datetime.UTC)
    return max((date - datetime.datetime.now(datetime.UTC)).total_seconds(), 0.0)
