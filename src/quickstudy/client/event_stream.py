"""Server-sent events, without input or output: bytes in, events out.

Follows the HTML standard, section 9.2.6 ("Interpreting an event stream"), for what a quickstudy server sends. Lines end
with CR LF, LF or CR only: other line breaks of Unicode are text. Not here: connecting and coming back (``client``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened on a server's job.

    Attributes:
        id: its number, by which a stream goes on after it; empty where it has none.
        kind: what happened, such as "decision" or "lesson".
        data: about it.
    """

    id: str
    kind: str
    data: Any


class EventStream:
    r"""Reads one stream of events.

    >>> stream = EventStream()
    >>> list(stream.feed(b'id: 7\nevent: lesson\nda')) + list(stream.feed(b'ta: {"by": "anna"}\n\n'))
    [Happening(id='7', kind='lesson', data={'by': 'anna'})]

    Attributes:
        last_id: of the newest event; a new connection goes on after it.
        retry: the server's wish: wait so many seconds before coming back; None if it has none.
    """

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry: float | None = None
        self._rest = b""
        self._kind = ""
        self._data: list[str] = []

    def feed(self, content: bytes) -> Iterator[Happening]:
        """The events that are complete with these bytes."""
        whole = self._rest + content
        held = whole.endswith(b"\r")  # the LF of a CR LF may come next
        lines = (whole[:-1] if held else whole).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + (b"\r" if held else b"")
        for line in lines:
            event = self._line(line.decode("utf-8", "replace"))
            if event is not None:
                yield event

    def reconnected(self) -> None:
        """What was half received is dropped: it comes again."""
        self._rest, self._kind, self._data = b"", "", []

    def _line(self, line: str) -> Happening | None:
        if not line:
            data, kind = self._data, self._kind
            self._data, self._kind = [], ""
            return Happening(self.last_id, kind or "message", _json("\n".join(data))) if data else None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and "\0" not in value:
            self.last_id = value
        elif name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value) / 1000.0
        return None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
