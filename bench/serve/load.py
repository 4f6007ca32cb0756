"""A load of requests over connections that are kept, from a process of its own: ``python -m bench.serve.load``.

Every connection sends its next request when it has the answer to the last one; with a rate, when it is due, and
then the time counts from when it was due: a slow answer is not hidden by requests that wait for it. It speaks HTTP by
hand over asyncio's streams, since a full client would take more of the processor than the server (see docs/log.md).
Reads the
requests' bodies from a file, one JSON a line; prints one line of JSON. Not here: the server.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load.

    Attributes:
        connections: at the same time.
        requests: answered.
        seconds: it took.
        per_second: requests / seconds.
        median: of the answers' times, milliseconds.
        p99: 99% of them were not longer, milliseconds.
        longest: milliseconds.
        statuses: how many answers had each status.
        processor: seconds of processor time that the load itself took.
    """

    connections: int
    requests: int
    seconds: float
    per_second: float
    median: float
    p99: float
    longest: float
    statuses: dict[str, int]
    processor: float


def request(path: str, port: int, token: str | None, body: bytes) -> bytes:
    """The bytes of one request."""
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


async def answer(reader: asyncio.StreamReader) -> int:
    """Reads one answer; gives its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"transfer-encoding":
            raise ValueError("chunked answers are not read here")
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


async def connection(
    port: int, requests: Iterator[tuple[float, bytes]], until: float, times: list[float], seen: Counter[str]
) -> None:
    """One connection, until the time is over or the requests are; each comes with when it is due."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for due, sent in requests:
            if due >= until or time.perf_counter() >= until:
                return
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            begun = due or time.perf_counter()
            writer.write(sent)
            status = await answer(reader)
            times.append(time.perf_counter() - begun)
            seen[str(status)] += 1
    finally:
        writer.close()


async def run(
    port: int,
    path: str,
    bodies: list[bytes],
    connections: int,
    seconds: float,
    token: str | None,
    rate: float | None = None,
) -> Load:
    """Runs a load.

    Args:
        port: of the server on loopback.
        path: of every request.
        bodies: the requests' JSON; the load ends when each was sent once.
        connections: at the same time.
        seconds: the load also ends after these.
        token: of the requests; None for none.
        rate: so many a second are due; None for as many as are answered.
    """
    made = [request(path, port, token, body) for body in bodies]
    times: list[float] = []
    seen: Counter[str] = Counter()
    begun, processor = time.perf_counter(), time.process_time()
    requests = iter([(begun + i / rate if rate else 0.0, sent) for i, sent in enumerate(made)])
    await asyncio.gather(
        *(connection(port, requests, begun + seconds, times, seen) for _ in itertools.repeat(None, connections))
    )
    took = time.perf_counter() - begun
    milliseconds = 1000.0 * np.array(times)
    return Load(
        connections=connections,
        requests=len(times),
        seconds=took,
        per_second=len(times) / took,
        median=float(np.median(milliseconds)),
        p99=float(np.quantile(milliseconds, 0.99)),
        longest=float(milliseconds.max()),
        statuses=dict(seen),
        processor=time.process_time() - processor,
    )


def main() -> None:
    """Runs one load and prints it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bodies", type=Path, help="one JSON a line")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--token")
    parser.add_argument(
        "--rate", type=float, help="requests a second that are due; if not given, as many as are answered"
    )
    given = parser.parse_args()
    bodies = given.bodies.read_bytes().splitlines()
    load = asyncio.run(run(given.port, given.path, bodies, given.connections, given.seconds, given.token, given.rate))
    print(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()
