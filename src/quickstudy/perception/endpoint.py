"""``openai:MODEL@URL``: an OpenAI-compatible embeddings endpoint as a text encoder.

``POST {URL}/embeddings`` with ``{"model": MODEL, "input": [texts]}``, at most 128 texts a request. The key, if any,
comes from the environment variable OPENAI_API_KEY and is sent to that URL only: redirects are refused. Answers 429 and
5xx and lost connections are tried again, a bounded number of times; everything that comes back is checked.

Invariants: opening a journal needs no network, as the fingerprint is the model's name: two servers that give one name
to two models must not share a job. Not covered: servers whose vectors depend on the batch, and texts beyond the
server's own limit, which it refuses or cuts.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from quickstudy.errors import EncoderError
from quickstudy.perception.sentence import PROBE, unit_rows
from quickstudy.types import FloatArray, Vector

BATCH = 128
"""Most texts a request."""
MAX_ANSWER_BYTES = 64_000_000
MAX_WAIT = 30.0
"""Longest pause between two attempts, in seconds, whatever the server asks for."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class EndpointEncoder:
    """A model behind an OpenAI-compatible embeddings endpoint.

    Args:
        model: the model's name as the server knows it.
        url: the base, such as ``http://localhost:11434/v1``; ``/embeddings`` is added.
        timeout: seconds that one request may take.
        attempts: how often a request is tried in all.
        backoff: seconds before the second attempt; doubled before each one after it.

    Raises:
        EncoderError: the model's name or the URL makes no sense.
    """

    def __init__(self, model: str, url: str, *, timeout: float = 60.0, attempts: int = 4, backoff: float = 0.5) -> None:
        self.name = f"openai:{model}@{url}"
        try:
            parts = urllib.parse.urlsplit(url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        except ValueError:
            usable = False
        if not model or not usable:
            raise EncoderError(
                f"The endpoint {self.name!r} has no model, or no plain http or https URL.",
                next_step="Write it as openai:MODEL@URL, like openai:nomic-embed-text@http://localhost:11434/v1; "
                "put a key into OPENAI_API_KEY.",
            )
        self._model = model
        self._url = url.rstrip("/") + "/embeddings"
        self._timeout = timeout
        self._attempts = max(1, attempts)
        self._backoff = backoff
        handlers: list[urllib.request.BaseHandler] = [_RefuseRedirects()]
        if parts.hostname in _LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)
        self._dimension: int | None = None

    @property
    def fingerprint(self) -> str:
        """The model's name; needs no network."""
        return f"openai-embeddings-1:{self._model}"

    @property
    def dimension(self) -> int:
        """The length of its vectors; asks the server once, unless texts were encoded before."""
        if self._dimension is None:
            self.encode_texts([PROBE])
        assert self._dimension is not None
        return self._dimension

    def encode_texts(self, texts: Sequence[str]) -> Vector:
        """Texts (n) to float32 (n, dimension) with rows of unit norm.

        Raises:
            EncoderError: the server cannot be reached, refuses, or returns something that is not n finite vectors of
                one length.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        batches = [list(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.concatenate([self._encode_batch(batch) for batch in batches])

    def _encode_batch(self, texts: list[str]) -> Vector:
        body = json.dumps({"model": self._model, "input": texts}).encode("ascii")
        vectors = unit_rows(self._parse(self._post(body), len(texts)), self.name)
        if self._dimension is None:
            self._dimension = vectors.shape[1]
        if vectors.shape[1] != self._dimension:
            raise self._wrong(f"vectors of length {vectors.shape[1]}, and of length {self._dimension} before")
        return vectors

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key := os.environ.get("OPENAI_API_KEY", "").strip():
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self._url, data=body, headers=headers, method="POST")
        for attempt in range(1, self._attempts + 1):
            wait = self._backoff * 2 ** (attempt - 1)
            try:
                with self._opener.open(request, timeout=self._timeout) as answer:
                    content: bytes = answer.read(MAX_ANSWER_BYTES + 1)
                if len(content) > MAX_ANSWER_BYTES:
                    raise self._wrong(f"more than {MAX_ANSWER_BYTES:,} bytes")
                return content
            except urllib.error.HTTPError as error:
                with error:
                    said = _beginning(error)
                problem = f"it answered {error.code}: {said!r}"
                if error.code != 429 and error.code < 500:
                    raise self._unusable(problem) from error
                wait = max(wait, _retry_after(error))
                cause: Exception = error
            except (OSError, http.client.HTTPException) as error:
                problem, cause = f"{error or type(error).__name__}", error
            if attempt == self._attempts:
                raise self._unusable(f"{problem}, {attempt} times") from cause
            time.sleep(min(wait, MAX_WAIT))
        raise AssertionError("unreachable")

    def _parse(self, content: bytes, count: int) -> FloatArray:
        """The vectors of an answer in the order of the texts, float64 (count, d)."""
        try:
            rows = json.loads(content)["data"]
            indices = [row.get("index", position) for position, row in enumerate(rows)]
            lists: list[Any] = [row["embedding"] for row in rows]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._wrong(f"no list of embeddings: {content[:80]!r}") from error
        if len(lists) != count:
            raise self._wrong(f"{len(lists)} vectors for {count} texts")
        if sorted(indices, key=str) != sorted(range(count), key=str):
            raise self._wrong(f"vectors with the indices {str(indices)[:80]}")
        try:
            vectors = np.array(lists, dtype=np.float64)
        except (ValueError, TypeError) as error:
            raise self._wrong(f"vectors of several lengths, or not of numbers: {error}") from error
        ordered = np.empty_like(vectors)
        ordered[np.array(indices, dtype=np.int64)] = vectors
        return ordered

    def _unusable(self, problem: str) -> EncoderError:
        return EncoderError(
            f"The endpoint {self._url!r} cannot be used: {problem}.",
            next_step="Check that it runs, that it knows the model, and the key in OPENAI_API_KEY.",
            code="endpoint",
        )

    def _wrong(self, what: str) -> EncoderError:
        return EncoderError(
            f"The endpoint {self._url!r} returned {what}.",
            next_step="It must speak the OpenAI embeddings format; check the URL and the model.",
            code="endpoint",
        )


class _RefuseRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another place."""

    def redirect_request(self, *_: object) -> None:
        return None


def _beginning(answer: IO[bytes]) -> str:
    try:
        return answer.read(300).decode("utf-8", errors="replace")
    except (OSError, http.client.HTTPException):
        return ""


def _retry_after(error: urllib.error.HTTPError) -> float:
    """Seconds that the server asks to wait; 0 if it does not say, or names a date."""
    try:
        return max(0.0, float(error.headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0
