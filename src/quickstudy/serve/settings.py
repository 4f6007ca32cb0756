"""What a server is started with. Immutable; checked once, before anything is opened.

Not here: who may do what (``access``), and the jobs themselves (``desk``).
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from quickstudy.errors import InputError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""The Host headers of a server that only this machine can reach."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How a server runs.

    Attributes:
        folder: the jobs: NAME.toml with its journal NAME.db beside it.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        tokens: whether callers need a token; None: wherever the address is not this machine alone.
        allowed_hosts: names by which callers may address the server, beside the loopback names and ``host``.
        max_body: bytes of a request's body.
        max_table: bytes of a body that creates a job, which may hold a table.
        rate: requests a second of one token, on average.
        burst: requests that one token may send at once.
        queue: requests that wait for one job; more are refused with 503.
        batch: requests that are worked off together.
        heartbeat: seconds between signs of life on a stream of events.
        grace: seconds that a stopping server waits for open connections.
        database: a PostgreSQL URL, ``postgresql://user@host/database``, in which each job has a schema of its name, so
            that several servers can share the jobs. None keeps each journal in a file beside its job.
        https: whether people reach it by https, through a proxy: cookies then travel no other way.
        log_content: whether errors' messages, which can quote work, go to the log.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8421
    tokens: bool | None = None
    allowed_hosts: tuple[str, ...] = ()
    max_body: int = 1_000_000
    max_table: int = 32_000_000
    rate: float = 1_000.0
    burst: float = 2_000.0
    queue: int = 2_000
    batch: int = 64
    heartbeat: float = 15.0
    grace: float = 10.0
    log_content: bool = False
    https: bool = False
    database: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.tokens is False and not self.loopback:
            raise InputError(
                f"The address {self.host!r} can be reached from other machines, so callers need tokens.",
                next_step="Make one: quickstudy token add NAME --role admin",
                code="tokens-needed",
            )
        if not 0 <= self.port <= 65_535:
            raise InputError(f"The port is {self.port}.", next_step="Give a number from 0 to 65535.", code="bad-port")
        for name in ("max_body", "max_table", "rate", "burst", "queue", "batch", "heartbeat", "grace"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)!r}.", next_step="Give a number above 0.")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    def journal(self, name: str) -> str:
        """Where a job's journal is: a file in the folder, or a schema of the database."""
        if self.database is None:
            return str(self.folder / f"{name}.db")
        return f"{self.database}{'&' if '?' in self.database else '?'}schema={schema_of(name)}"

    @property
    def needs_tokens(self) -> bool:
        """Whether callers need a token."""
        return not self.loopback if self.tokens is None else self.tokens

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are answered, without ports, in lower case."""
        return frozenset(name.lower() for name in (*LOOPBACK_NAMES, self.host, *self.allowed_hosts))


def schema_of(name: str) -> str:
    """The database schema of a job: two jobs never share one, whatever they are called.

    >>> schema_of("route"), schema_of("my-job"), schema_of("my_job")
    ('job_route', 'job_my_hjob', 'job_my__job')
    """
    schema = "job_" + name.replace("_", "__").replace("-", "_h")
    if len(schema) > 63:  # PostgreSQL cuts names off
        schema = f"{schema[:40]}_x{hashlib.sha256(name.encode()).hexdigest()[:20]}"
    return schema
