"""A server in a process of its own, on loopback, that can be stopped, killed and started again at the same port.

Not here: what is asked of it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from quickstudy.errors import UnreachableError

QUICKSTUDY = (sys.executable, "-c", "from quickstudy.cli import main; main()")
"""The command line of this Python's quickstudy."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class ServerProcess:
    """``quickstudy serve FOLDER`` as its users run it. A context manager: leaving it stops the server.

    Args:
        folder: of the jobs.
        options: more of the command line.
        environment: more variables.
        command: what to run instead of the command line's own ``serve``.
        log: the file of what it prints; beside the folder if None.

    Attributes:
        log: the same.
        seconds_to_ready: from its start until it was ready.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = log or folder.with_name(f"{folder.name}.log")
        self.seconds_to_ready = 0.0
        self._command = command or [*QUICKSTUDY, "serve", str(folder)]
        self._options = options
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def processor(self) -> float:
        """Seconds of processor time that it has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def start(self, *, wait: float = 300.0) -> None:
        """Starts it, and waits until it is ready.

        Raises:
            UnreachableError: it ended, or was not ready in time; the message ends with what it printed.
        """
        begun = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "--port", str(self.port), *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )
        while time.perf_counter() < begun + wait:
            if self._ready():
                self.seconds_to_ready = time.perf_counter() - begun
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        said = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
        self.kill()
        raise UnreachableError(f"The server did not become ready: {said}")

    def stop(self, *, wait: float = 30.0) -> int:
        """Asks it to end, as a service manager does, and waits; gives its exit code."""
        return self._end(signal.SIGTERM, wait)

    def kill(self) -> int:
        """``kill -9``."""
        return self._end(signal.SIGKILL, 30.0)

    def __enter__(self) -> ServerProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _end(self, how: signal.Signals, wait: float) -> int:
        process = self._process
        if process is None:
            return 0
        self._process = None
        process.send_signal(how)
        try:
            return process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=20.0) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
