from pathlib import Path

import pytest

from quickstudy.journal import Journal

from .examples import IDENTITY


@pytest.fixture(params=["file", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a journal can be, for ``open_journal``: a folder, or a URL."""
    return tmp_path if request.param == "file" else request.getfixturevalue("postgres").new()


@pytest.fixture(params=["memory", "postgres"])
def journal(request: pytest.FixtureRequest):
    """An open journal that is empty."""
    url = None if request.param == "memory" else request.getfixturevalue("postgres").new()
    with Journal.open(url, identity=IDENTITY) as opened:
        yield opened
