import os

import pytest
from postgres_server import MISSING, PostgresServer, binaries


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL server for the session. In CI its tests fail where it is not installed."""
    if binaries() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    server = PostgresServer()
    yield server
    server.close()
