"""What both clients share of HTTP: the address, the headers, and what httpx's errors mean.

Invariant: the token goes to the given address only (redirections are not followed), and is never shown. Not here: the
tries of a call (``exchange``).
"""

from __future__ import annotations

from typing import Any

import httpx

from quickstudy.client.call import Call
from quickstudy.errors import InputError

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""After these the server cannot have got the request."""


def settings(url: str, token: str | None, timeout: float) -> dict[str, Any]:
    """What both of httpx's clients are made with.

    Args:
        url: the server's address, such as ``http://127.0.0.1:8421``.
        token: as ``quickstudy token`` showed it; None for a server on this machine that needs none.
        timeout: how long to wait for an answer, seconds.

    Raises:
        InputError: an address, token or time that makes no sense.
    """
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise InputError(f"The server's address is {url!r}.", next_step="Like http://127.0.0.1:8421") from error
    if address.scheme not in ("http", "https") or not address.host or address.query or address.userinfo:
        raise InputError(
            "The server's address must be http://HOST:PORT or https://HOST:PORT.",
            next_step="Give the token as token=, not in the address.",
        )
    if token is not None and not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
        raise InputError("The token is empty or holds odd characters.", next_step="Give it as it was shown.")
    if not timeout > 0:
        raise InputError(f"timeout is {timeout!r}.", next_step="Give seconds above 0.")
    headers = {"Accept": "application/json", "User-Agent": "quickstudy"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return {
        "base_url": address,
        "headers": headers,
        "timeout": httpx.Timeout(timeout, connect=min(timeout, 5.0)),
        "follow_redirects": False,
    }


def request(client: httpx.Client | httpx.AsyncClient, call: Call[Any]) -> httpx.Request:
    """The request of a call."""
    body = {} if call.body is None else {"json": call.body}
    return client.build_request(call.method, call.path, params=dict(call.query) or None, **body)
