from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from quickstudy import Job
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings


@pytest.fixture
def folder(tmp_path):
    """A jobs folder with one job."""
    Job("route", ["billing", "fraud"], encoder="static").save(tmp_path / "route.toml")
    return tmp_path


@pytest.fixture
def client(folder) -> Iterator[TestClient]:
    """Calls a server on this folder that needs no tokens."""
    with TestClient(create_app(ServerSettings(folder)), base_url="http://localhost") as caller:
        yield caller
