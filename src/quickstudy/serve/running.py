"""Running the server: one process, one event loop, a graceful end.

On SIGTERM or Ctrl-C it takes no more connections, ends the streams of events, answers what it has been asked, works
off every queue, closes the journals, and exits with 0. A second Ctrl-C does not wait. Nothing acknowledged depends on
any of it: ``kill -9`` loses nothing either.

Not here: what it serves (``app``).
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

import uvicorn

from quickstudy.errors import InputError, QuickstudyError
from quickstudy.experts.threads import one_thread
from quickstudy.serve.access import Access
from quickstudy.serve.app import create_app
from quickstudy.serve.desk import Desk
from quickstudy.serve.logs import configure_logs
from quickstudy.serve.settings import ServerSettings

SWITCH_SECONDS = 0.0005
"""How long a worker's thread may keep the event loop waiting for the interpreter; Python's own 5 ms is felt."""


def run(settings: ServerSettings, *, started: Callable[[str], None] = lambda address: None) -> None:
    """Serves until the process is told to stop.

    Args:
        settings: how.
        started: called with the address once it listens.

    Raises:
        InputError: there is no such folder, or callers need tokens and there is none.
        QuickstudyError: the address cannot be listened on.
    """
    if not settings.folder.is_dir():
        raise InputError(
            f"There is no folder {str(settings.folder)!r}.",
            next_step=f"Make it: mkdir {settings.folder}",
            code="no-folder",
        )
    app = create_app(settings)
    access: Access = app.state.access
    if settings.needs_tokens and not access.tokens.all():
        raise InputError(
            f"Callers of {settings.host!r} need tokens, and there is none yet.",
            next_step=f"Make one: quickstudy token add NAME --role admin --folder {settings.folder}",
            code="tokens-needed",
        )
    configure_logs()
    sys.setswitchinterval(SWITCH_SECONDS)
    config = uvicorn.Config(
        app,
        http=_protocol(),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=max(1, round(settings.grace)),
    )
    with _listening(settings) as listener, one_thread():  # a batch's products are too small to share between cores
        Server(config, app.state.desk, lambda: started(address_of(listener, settings))).run(sockets=[listener])


class Server(uvicorn.Server):
    """Uvicorn's server, which ends our streams when it stops, and then exits as one that did what it was told.

    Args:
        config: uvicorn's.
        desk: whose streams are ended.
        started: called once it listens.
    """

    def __init__(self, config: uvicorn.Config, desk: Desk, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._desk, self._tell = desk, started
        self._settled = -1

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, and tells."""
        await super().startup(sockets)
        if self.started:
            self._tell()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second. Where jobs were opened, their objects are taken from the garbage collector.

        They stay until the end; to look through them cost 75 ms every few hundred requests.
        """
        if (jobs := len(self._desk.opened())) != self._settled:
            self._settled = jobs
            gc.collect()
            gc.freeze()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams first: nobody would wait for their end."""
        self._desk.hang_up()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Takes signals while it runs; uvicorn's own raises them again at the end, and the process would die of it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Asks it to stop; a second Ctrl-C does not wait for open connections."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def address_of(listener: socket.socket, settings: ServerSettings) -> str:
    """The address to give to people."""
    port = listener.getsockname()[1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{port}"


def _protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    """The fast parser with our bound, where it is installed; else the slow one, which has its own."""
    try:
        from quickstudy.serve.wire import BoundedProtocol
    except ImportError:
        return "h11"
    return BoundedProtocol


def _listening(settings: ServerSettings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    except OSError as error:
        raise QuickstudyError(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}.",
            next_step="Give another --port, or stop what listens there.",
            code="no-address",
        ) from error
