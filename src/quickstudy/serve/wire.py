"""One HTTP connection, with a bound on what a request may hold besides its body.

The fast parser (httptools) has no such bound: a head, a trailer or a chunk's extension that never ends would fill the
memory, before anybody was asked for a token. (The slow parser, h11, has its own bound of 64 KiB.) Needs httptools. Not
here: the body's bound (``door``), and connections that send nothing: a proxy before the server ends those.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536
"""Bytes of a request besides its body."""
CHUNK = 16
"""Bytes that each piece of a body may need besides itself."""


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with a bound; a request beyond it is answered 400, and the connection is closed."""

    _besides = 0

    def data_received(self, data: bytes) -> None:
        """Takes what came."""
        self._besides += len(data)
        super().data_received(data)
        if self._besides > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_body(self, body: bytes) -> None:
        """A piece of the body, which the door counts."""
        self._besides -= len(body) + CHUNK
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The next request begins."""
        self._besides = 0
        super().on_message_complete()
