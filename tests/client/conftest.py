"""A real server in a process of its own, with a proxy that loses connections before it."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # the harness is not part of the installed package

from bench.serve.process import ServerProcess  # noqa: E402

from client.both import open_client  # noqa: E402
from client.flaky_proxy import FlakyProxy  # noqa: E402
from quickstudy import Job  # noqa: E402
from quickstudy.client import Retries  # noqa: E402

QUICK = Retries(tries=6, first_wait=0.01, longest_wait=2.0)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server on loopback without tokens."""
    folder = tmp_path_factory.mktemp("jobs")
    with ServerProcess(folder) as process:
        yield process


@pytest.fixture
def job(server, request):
    """A new job of the server; its name."""
    name = "job-" + "".join(c if c.isalnum() else "-" for c in request.node.name.lower())[-50:].strip("-")
    Job(name, ["billing", "fraud"], encoder="static").save(server.folder / f"{name}.toml")
    return name


@pytest.fixture(params=["threads", "asyncio"])
def kind(request):
    """Which of the two clients."""
    return request.param


@pytest.fixture
def client(server, kind):
    with open_client(kind, server.url, retries=QUICK) as caller:
        yield caller


@pytest.fixture
def proxy(server):
    """Between the server and the client ``through``."""
    with FlakyProxy(server.port) as between:
        yield between


@pytest.fixture
def through(proxy, kind):
    """A client that calls through the proxy."""
    with open_client(kind, proxy.url, retries=QUICK) as caller:
        yield caller
