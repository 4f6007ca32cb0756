"""The protocol over streamable HTTP: the same tools, with the server's tokens and its other protections."""

import asyncio
import contextlib
import json
import sys

import httpx
import httpx2
import pytest
from fastapi.testclient import TestClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from quickstudy import Job
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.tokens import Role, Tokens
from serve.openai.upstreams import listening


@pytest.fixture
def url(folder):
    Job("mail", ["spam", "ham"], encoder="static").save(folder / "mail.toml")
    with listening(create_app(ServerSettings(folder, tokens=True))) as address:
        yield f"{address}/mcp"


@pytest.fixture
def talk(url, folder):
    """Runs a conversation as the holder of a token with this role."""

    def talked(role, conversation, *, jobs=None, mode="auto"):
        secret, _ = Tokens(folder).add(f"agent-{role}", role, jobs=jobs)

        async def run():
            own = {"Authorization": f"Bearer {secret}"}
            async with contextlib.AsyncExitStack() as stack:
                http = await stack.enter_async_context(httpx2.AsyncClient(headers=own, trust_env=False))
                client = Client(streamable_http_client(url, http_client=http), mode=mode)
                return await conversation(await stack.enter_async_context(client))

        return asyncio.run(run())

    return talked


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_task_is_handed_over_and_taught_over_http(talk, mode):
    async def conversation(client):
        decision = await client.call_tool("decide", {"situation": "I was charged twice", "job": "route"})
        given = {"job": "route", "decision_id": decision.structured_content["decision_id"], "answer": "billing"}
        return (await client.call_tool("teach", given)).structured_content

    assert talk(Role.TEACH, conversation, mode=mode)["by"] == "agent-teach"


def test_a_token_may_do_what_its_role_allows(talk):
    async def conversation(client):
        codes = {}
        for tool, given in (
            ("decide", {"situation": "x"}),
            ("predict", {"situation": "x"}),
            ("teach", {"situation": "x", "answer": "billing"}),
            ("list_asked", {}),
            ("report", {}),
            ("what_if", {}),
        ):
            answer = await client.call_tool(tool, {"job": "route", **given})
            codes[tool] = answer.structured_content["error"]["code"] if answer.is_error else "done"
        return codes

    denied = {"report": "role", "what_if": "role"}
    assert talk(Role.TEACH, conversation) == {
        **dict.fromkeys(("decide", "predict", "teach", "list_asked"), "done"),
        **denied,
    }
    assert talk(Role.WORK, conversation) == {
        **dict.fromkeys(("decide", "predict"), "done"),
        **dict.fromkeys(("teach", "list_asked"), "role"),
        **denied,
    }


def test_a_token_of_one_job_does_not_see_another(talk):
    async def conversation(client):
        names = [job["name"] for job in (await client.call_tool("jobs")).structured_content["jobs"]]
        other = await client.call_tool("decide", {"situation": "x", "job": "route"})
        only = await client.call_tool("decide", {"situation": "x"})
        return names, other.structured_content["error"], only.structured_content["job"]

    names, other, only = talk(Role.WORK, conversation, jobs=["mail"])
    assert names == ["mail"]
    assert other["code"] == "no-job"
    assert "route" not in other["next_step"]
    assert only == "mail"


def test_resources_need_their_role_too(talk):
    async def conversation(client):
        job = json.loads((await client.read_resource("quickstudy://route/job")).contents[0].text)
        try:
            await client.read_resource("quickstudy://route/report")
        except Exception as error:
            return job, str(error)

    job, refused = talk(Role.WORK, conversation)
    assert job["name"] == "route"
    assert "needs review" in refused


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer qs_wrong"}, 401),
        ({"Host": "evil.example"}, 400),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_strangers_are_refused(url, folder, headers, status):
    secret, _ = Tokens(folder).add("known", Role.ADMIN)
    own = {} if status == 401 else {"Authorization": f"Bearer {secret}"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = httpx.post(url, json=message, headers={**own, **headers}, trust_env=False)
    assert answer.status_code == status
    assert answer.json()["error"]["code"]


def test_too_much_and_nonsense_are_refused(url, folder):
    secret, _ = Tokens(folder).add("known", Role.ADMIN)
    own = {"Authorization": f"Bearer {secret}", "Accept": "application/json, text/event-stream"}
    assert httpx.post(url, content=b"x" * 2_000_000, headers=own, trust_env=False).status_code == 413
    kind = {"Content-Type": "application/json"}
    for content in (b"", b"{", b"[]", b'{"jsonrpc": "2.0"}', b"[" * 100_000):
        assert httpx.post(url, content=content, headers={**own, **kind}, trust_env=False).status_code == 400, content
    assert httpx.get(url, headers=own, trust_env=False).status_code == 405


def test_without_the_extra_the_address_names_it(folder, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("quickstudy.adapters.mcp")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with TestClient(create_app(ServerSettings(folder)), base_url="http://localhost") as client:
        answer = client.post("/mcp", json={})
        assert client.get("/healthz").status_code == 200
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "missing-extra")
    assert "quickstudy[mcp]" in answer.json()["error"]["next_step"]
