from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient

from quickstudy import Job
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.tokens import Role, Tokens

HOST = "http://localhost"


@pytest.fixture
def folder(tmp_path):
    """A jobs folder with two jobs."""
    for name in ("route", "other"):
        Job(name, ["billing", "fraud"], encoder="static").save(tmp_path / f"{name}.toml")
    return tmp_path


@pytest.fixture
def client(folder) -> Iterator[TestClient]:
    """Calls a server on this folder that needs no tokens."""
    with TestClient(create_app(ServerSettings(folder)), base_url=HOST) as caller:
        yield caller


@dataclass
class Guarded:
    """A server that needs tokens, and one token for each role."""

    client: TestClient
    secrets: dict[str, str]
    tokens: Tokens

    def get(self, path, who=None, **keywords):
        return self.request("GET", path, who, **keywords)

    def post(self, path, who=None, **keywords):
        return self.request("POST", path, who, **keywords)

    def request(self, method, path, who=None, *, headers=None, **keywords):
        shown = {"Authorization": f"Bearer {self.secrets.get(who, who)}"} if who else {}
        return self.client.request(method, path, headers={**shown, **(headers or {})}, **keywords)


@pytest.fixture
def guarded(folder) -> Iterator[Guarded]:
    tokens = Tokens(folder)
    secrets = {role.value: tokens.add(role.value, role)[0] for role in Role}
    secrets["only-other"] = tokens.add("only-other", Role.ADMIN, jobs=["other"])[0]
    app = create_app(ServerSettings(folder, tokens=True))
    with TestClient(app, base_url=HOST) as caller:
        yield Guarded(caller, secrets, tokens)


def code(answer):
    """The code of an error's answer."""
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "next_step", "request_id"}
    return body["error"]["code"]
