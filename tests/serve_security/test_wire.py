"""Bytes that no client library sends, to a real server: heads without end, smuggled requests, broken framing.

Connections that send nothing, or a byte a minute ("slow loris"), are a matter of uvicorn and of the proxy before it.
"""

import socket
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # the harness is not part of the installed package

from bench.serve.process import ServerProcess  # noqa: E402

from quickstudy import Job  # noqa: E402

HEAD = b"POST /v1/jobs/route/decide HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wire") / "jobs"
    folder.mkdir()
    Job("route", ["billing", "fraud"], encoder="static").save(folder / "route.toml")
    with ServerProcess(folder) as process:
        yield process


def answers(server, pieces, *, ends=True):
    """What comes back for pieces of bytes until the server closes, and how many bytes were taken."""
    sent, content = 0, b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                sent += len(piece)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                content += part
        except (ConnectionError, TimeoutError):
            pass
    return content, sent


@pytest.mark.parametrize("begin", [HEAD + b"X-Long: ", b"GET /", HEAD], ids=["a header", "an address", "many headers"])
def test_a_head_without_end_is_cut_off(server, begin):
    piece = b"a: b\r\n" * 10_000 if begin == HEAD else b"w" * 60_000
    content, sent = answers(server, [begin, *[piece] * 500])
    assert sent < 20_000_000
    assert content.startswith(b"HTTP/1.1 400") or content == b""


def test_a_trailer_without_end_is_cut_off(server):
    begin = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Long: "
    _, sent = answers(server, [begin, *[b"w" * 60_000] * 500])
    assert sent < 20_000_000


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Content-Length: 0x5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Bad Header: 1\r\nContent-Length: 5\r\n",
        b"X: \x00\r\nContent-Length: 5\r\n",
    ],
)
def test_a_request_that_two_servers_would_read_in_two_ways_is_refused(server, head):
    smuggled = b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n"
    content, _ = answers(server, [HEAD + head + b"\r\n" + b"0\r\n\r\n" + smuggled])
    assert not content.startswith(b"HTTP/1.1 200")
    assert b'"jobs"' not in content


def test_a_body_in_small_pieces_is_taken(server):
    body = b'{"situation": "I was charged twice"}'
    chunks = b"".join(b"1\r\n" + body[i : i + 1] + b"\r\n" for i in range(len(body)))
    request = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    content, _ = answers(server, [request], ends=False)
    assert content.startswith(b"HTTP/1.1 200")


def test_a_long_body_is_taken(server):
    body = b'{"situation": "' + b"word " * 60_000 + b'"}'
    content, _ = answers(
        server, [HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body), body], ends=False
    )
    assert content.startswith(b"HTTP/1.1 200")
