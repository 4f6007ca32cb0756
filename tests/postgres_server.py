"""A real PostgreSQL server for tests and measurements: Debian's binaries, a cluster of its own, fsync on.

PostgreSQL refuses to run as root; then it runs as the user ``postgres``.
"""

from __future__ import annotations

import getpass
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ACCOUNT = "postgres"
MISSING = (
    "PostgreSQL's server is not installed, so its tests cannot run. Debian: apt-get install postgresql; then initdb is "
    "in /usr/lib/postgresql/VERSION/bin. Elsewhere: put pg_config on the PATH."
)


def binaries() -> Path | None:
    """The folder with initdb and postgres, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    if config := shutil.which("pg_config"):
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        found.append(Path(told))
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


class PostgresServer:
    """A running server; :meth:`close` it.

    Args:
        max_file: no file of it grows beyond so many bytes.

    Attributes:
        url: of its database, without a schema.
        data: its cluster's folder.
    """

    def __init__(self, *, max_file: int | None = None) -> None:
        self._max_file = max_file
        found = binaries()
        if found is None:
            raise RuntimeError(MISSING)
        self._bin = found
        self._folder = Path(tempfile.mkdtemp(prefix="quickstudy-pg-", dir="/tmp"))
        self.data = self._folder / "data"
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(self._folder, ACCOUNT)
            self._user = ACCOUNT
        else:
            self._user = getpass.getuser()
        self._run("initdb", "--pgdata", str(self.data), "--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync")
        self.url = f"postgresql://{self._user}@127.0.0.1:{self.port}/postgres"
        self.start()

    def new(self, name: str = "journal") -> str:
        """The URL of a schema that is not there yet."""
        return f"{self.url}?schema={name}_{os.getpid()}_{next(self._numbers)}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._folder,
            "fsync": "on",
            "shared_buffers": "32MB",
            "max_connections": 60,
            "autovacuum": "off",
        }
        words = [str(self._bin / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            words += ["-c", f"{name}={value}"]
        if self._max_file is not None:
            words = ["prlimit", f"--fsize={self._max_file}", *words]
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._as())
        for _ in range(600):
            if self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), check=False) == 0:
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log()[-2000:]}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops it: SIGINT ends all sessions, SIGQUIT is like a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops it and starts it again."""
        self.stop(how)
        self.start()

    def log(self) -> str:
        """What it logged."""
        return (self._folder / "log").read_text(errors="replace")

    def files(self) -> bytes:
        """The bytes of all of its tables and indexes, as they are on disk now."""
        return b"".join(file.read_bytes() for file in sorted((self.data / "base").rglob("*")) if file.is_file())

    def close(self) -> None:
        """Stops it and removes its cluster."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        done = subprocess.run(
            [str(self._bin / program), *arguments], capture_output=True, text=True, check=False, **self._as()
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")
        return done.returncode

    def _as(self) -> dict[str, object]:
        """How to run a program as the account that owns the cluster."""
        if os.geteuid() != 0:
            return {}
        return {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": [], "cwd": "/tmp"}
