"""The model behind the learner: where it is, and how it is called.

A job has an upstream if there is a file NAME.upstream.toml beside its NAME.toml::

    url = "http://127.0.0.1:11434/v1"
    model = "llama3.1:8b"
    key_variable = "UPSTREAM_KEY"    # the environment variable with the key; leave it out if there is none
    timeout = 60                     # seconds until the first bytes, and between two of a stream

It is no part of the job: changing it changes nothing learned, and the file can only be written where the server runs.

Invariants: the key comes from the environment, goes to that URL alone (redirects are not followed), and is in no log,
message or answer. Not here: what is done with an answer (``front``).
"""

from __future__ import annotations

import json
import os
import tomllib
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from quickstudy.serve.problems import Problem

LOOPBACK = ("localhost", "127.0.0.1", "::1")
CONNECT_SECONDS = 10.0
MAX_ANSWER = 16_000_000
"""Longest answer that is passed on, in bytes."""

PASSED_ON = ("content-type", "retry-after", "openai-processing-ms", "openai-version")
"""Headers of the upstream's answer that are passed on, beside those that begin with ``x-ratelimit-``."""


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """Where a job's upstream is.

    Attributes:
        url: the base, such as ``http://127.0.0.1:11434/v1``; ``/chat/completions`` is added.
        model: the model's name there.
        key_variable: the environment variable that holds the key; None if there is none.
        timeout: seconds.
    """

    url: str
    model: str
    key_variable: str | None = None
    timeout: float = 60.0

    @classmethod
    def load(cls, file: Path) -> UpstreamSettings:
        """Reads a file.

        Raises:
            Problem: it is no such file's content; the operator has to mend it.
        """
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise _unusable(file, f"it cannot be read: {error}") from error
        unknown = sorted(set(data) - {"url", "model", "key_variable", "timeout"})
        if unknown:
            raise _unusable(file, f"it has an unknown key {unknown[0]!r}")
        url, model, key, timeout = (data.get(name) for name in ("url", "model", "key_variable", "timeout"))
        if not isinstance(model, str) or not model or not _plain(url):
            raise _unusable(file, "it names no model, or no plain http or https url")
        if key is not None and (not isinstance(key, str) or not key.isidentifier()):
            raise _unusable(file, "key_variable is not the name of an environment variable")
        if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0):
            raise _unusable(file, "timeout is no number of seconds")
        return cls(str(url).rstrip("/"), model, key, 60.0 if timeout is None else float(timeout))


class Upstream:
    """Calls one upstream.

    Args:
        settings: where it is.
    """

    def __init__(self, settings: UpstreamSettings) -> None:
        self.settings = settings
        host = urllib.parse.urlsplit(settings.url).hostname
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(settings.timeout, connect=min(CONNECT_SECONDS, settings.timeout)),
            follow_redirects=False,
            trust_env=host not in LOOPBACK,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=20),
        )

    async def send(self, body: dict[str, Any], idempotency_key: str | None) -> httpx.Response:
        """Sends a request; its answer's head has come, its content has not. Close it.

        Args:
            body: the client's request; only the model's name is changed.
            idempotency_key: the client's own, passed on.

        Raises:
            Problem: the upstream cannot be reached, is too slow, or sends somewhere else.
        """
        headers = {"Content-Type": "application/json"}
        if key := self._key():
            headers["Authorization"] = f"Bearer {key}"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        content = json.dumps({**body, "model": self.settings.model}).encode("ascii")
        url = self.settings.url + "/chat/completions"
        try:
            try:
                answer = await self._post(url, content, headers)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # A connection that was kept, and that the upstream had closed meanwhile: once more, on a new one.
                answer = await self._post(url, content, headers)
        except httpx.HTTPError as error:
            raise failure(error) from error
        if 300 <= answer.status_code < 400:
            await answer.aclose()
            raise _failed(502, "upstream-redirect", "The upstream sends requests to another place.")
        return answer

    async def content(self, answer: httpx.Response) -> bytes:
        """All of an answer's content.

        Raises:
            Problem: it broke off, or is too long.
        """
        parts, size = [], 0
        try:
            async for part in answer.aiter_bytes():
                parts.append(part)
                size += len(part)
                if size > MAX_ANSWER:
                    raise _failed(502, "upstream-too-long", f"The upstream sent more than {MAX_ANSWER:,} bytes.")
        except httpx.HTTPError as error:
            raise failure(error) from error
        finally:
            await answer.aclose()
        return b"".join(parts)

    def without_key(self, content: bytes) -> bytes:
        """An upstream's error as it can be passed on: some servers repeat the key that they refuse."""
        key = self._key()
        return content.replace(key.encode(), b"[key]") if key else content

    async def close(self) -> None:
        """Ends all connections."""
        await self._client.aclose()

    async def _post(self, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        return await self._client.send(
            self._client.build_request("POST", url, content=content, headers=headers), stream=True
        )

    def _key(self) -> str | None:
        variable = self.settings.key_variable
        if variable is None:
            return None
        key = os.environ.get(variable, "").strip()
        if not key.isascii() or not key:
            raise _failed(503, "upstream-key", f"The environment variable {variable} holds no key for the upstream.")
        return key


def passed_on(answer: httpx.Response) -> dict[str, str]:
    """The headers of an upstream's answer that its caller gets."""
    return {
        name: value for name, value in answer.headers.items() if name in PASSED_ON or name.startswith("x-ratelimit-")
    }


def failure(error: httpx.HTTPError) -> Problem:
    """What a lost connection or a time-out answers."""
    if isinstance(error, httpx.TimeoutException):
        return _failed(504, "upstream-timeout", "The upstream took too long.")
    return _failed(502, "upstream-unreachable", f"The upstream cannot be reached ({type(error).__name__}).")


def _failed(status: int, code: str, message: str) -> Problem:
    return Problem(
        status,
        code,
        message,
        next_step="Nothing was learned. Try again; the server's operator can look at the upstream.",
    )


def _plain(url: object) -> bool:
    try:
        parts = urllib.parse.urlsplit(url) if isinstance(url, str) else None
        return bool(
            parts
            and parts.scheme in ("http", "https")
            and parts.hostname
            and parts.username is None
            and not parts.query
        )
    except ValueError:
        return False


def _unusable(file: Path, why: str) -> Problem:
    return Problem(
        503,
        "bad-upstream",
        f"The file {file.name!r} cannot be used: {why}.",
        next_step="The server's operator has to mend it: url, model, and if needed key_variable and timeout.",
    )
