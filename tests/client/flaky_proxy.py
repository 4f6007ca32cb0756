"""A proxy on loopback that loses connections: before the server heard, or after it has worked and before its answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from enum import Enum

from bench.serve.process import free_port


class Fate(Enum):
    """What happens to a connection's next request."""

    PASS = "pass"
    REFUSE = "the connection is closed before anything was sent on"
    LOSE_ANSWER = "the server works, and its answer is lost"
    CUT_ANSWER = "half of the answer comes"


class FlakyProxy:
    """Passes bytes to a server; ``fates`` says what happens to one request after the other, then all pass.

    Attributes:
        passed: how many requests reached the server.
        streaming: set once a stream has begun to come through.
    """

    def __init__(self, upstream: int) -> None:
        self.port = free_port()
        self.passed = 0
        self.streaming = threading.Event()
        self.fates: Iterator[Fate] = iter(())
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FlakyProxy:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def cut(self) -> None:
        """Loses every open connection."""
        done = threading.Event()

        def cut() -> None:
            for task in list(self._connections):
                task.cancel()
            done.set()

        self._loop.call_soon_threadsafe(cut)
        assert done.wait(10)
        self.streaming.clear()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        up = None
        try:
            up_reader, up = await asyncio.open_connection("127.0.0.1", self._upstream)
            while await self._exchange(reader, writer, up_reader, up):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            for end in (writer, up):
                if end is not None:
                    end.transport.abort()

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up: asyncio.StreamWriter,
    ) -> bool:
        """One request and its answer; whether the connection stays."""
        request = await _message(reader)
        fate = next(self.fates, Fate.PASS)
        if fate is Fate.REFUSE:
            return False
        up.write(request)
        self.passed += 1
        answer = await _message(up_reader)
        if fate is Fate.LOSE_ANSWER:
            return False
        if b"content-length:" not in answer.lower():
            return await self._stream(answer, writer, up_reader)
        writer.write(answer[: len(answer) // 2] if fate is Fate.CUT_ANSWER else answer)
        await writer.drain()
        return fate is Fate.PASS

    async def _stream(self, head: bytes, writer: asyncio.StreamWriter, up_reader: asyncio.StreamReader) -> bool:
        """Passes on what comes, until it ends."""
        content = head
        while content:
            writer.write(content)
            await writer.drain()
            content = await up_reader.read(65_536)
            self.streaming.set()
        return False


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer with its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head
