"""The asynchronous client against the app itself: tokens, rates, and what is said of them."""

import asyncio
import logging

import httpx
import pytest

import quickstudy
from quickstudy import AsyncClient, Client, Job
from quickstudy.client import Retries
from quickstudy.errors import AccessError, BusyError, InputError, JobError, UnreachableError
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings


@pytest.fixture
def app(tmp_path):
    Job("route", ["billing", "fraud"], encoder="static").save(tmp_path / "route.toml")
    made = create_app(ServerSettings(tmp_path, tokens=True, rate=4.0, burst=3.0))
    yield made
    made.state.desk.close()


def asked(app, token, work, **settings):
    """What a client with this token gets."""

    async def main():
        async with AsyncClient("http://localhost", token, transport=httpx.ASGITransport(app), **settings) as client:
            return await work(client)

    return asyncio.run(main())


def test_a_token_opens_what_its_role_may(app):
    secret, _ = app.state.access.tokens.add("shop", "teach")

    async def work(client):
        decision = await client.decide("route", "I was charged twice")
        return await client.teach("route", decision, "billing", by="anna")

    assert asked(app, secret, work).by == "shop/anna"


@pytest.mark.parametrize("token", [None, "qs_nothing"])
def test_without_a_token_that_opens_something_it_is_an_access_error(app, token):
    with pytest.raises(AccessError) as caught:
        asked(app, token, lambda client: client.jobs())
    assert caught.value.code in ("no-token", "unknown-token")


def test_a_role_that_is_too_low_is_an_access_error(app):
    secret, _ = app.state.access.tokens.add("shop", "work")
    with pytest.raises(AccessError) as caught:
        asked(app, secret, lambda client: client.report("route"))
    assert caught.value.code == "role"


def test_too_many_requests_wait_as_the_server_says_and_then_give_up(app):
    secret, _ = app.state.access.tokens.add("shop", "work")

    async def many(client):
        return [await client.jobs() for _ in range(4)]

    assert asked(app, secret, many) == [["route"]] * 4  # the fourth waits for its turn
    with pytest.raises(BusyError) as caught:
        asked(app, secret, many, retries=Retries(tries=1))
    assert caught.value.code == "too-many-requests"


def test_a_token_is_neither_shown_nor_logged(app, caplog):
    secret, _ = app.state.access.tokens.add("shop", "work")
    with caplog.at_level(logging.DEBUG):
        asked(app, secret, lambda client: client.jobs())
        with pytest.raises(AccessError) as caught:
            asked(app, secret, lambda client: client.report("route"))
    with Client("http://localhost:1", secret, retries=Retries(tries=1)) as client:
        with pytest.raises(UnreachableError) as lost:
            client.jobs()
        assert str(lost.value).startswith("The server at http://localhost:1 did not answer")
        shown = [repr(client), repr(caught.value), repr(lost.value), str(lost.value), caplog.text]
    assert not [text for text in shown if secret in text]


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8421", "ftp://localhost", "http://", "http://me:secret@localhost", "http://localhost?token=x", 5],
)
def test_an_address_that_makes_no_sense_is_refused(url):
    with pytest.raises(InputError) as caught:
        Client(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "a\r\nX-Evil: 1", "schlüssel", 7])
def test_a_token_that_no_header_can_hold_is_refused(token):
    with pytest.raises(InputError):
        Client("http://localhost", token)


@pytest.mark.parametrize("name", ["", "..", "a/b", "Route", "route?x=1", "a" * 65, None])
def test_a_name_that_no_job_can_have_is_refused_before_it_is_sent(name):
    with Client("http://localhost:1") as client, pytest.raises(JobError):
        client.decide(name, "text")


def test_an_answer_of_another_server_is_not_taken_for_one_of_ours():
    def handler(request):
        return httpx.Response(200, json={"id": 7, "alone": "yes"})

    with Client("http://localhost", transport=httpx.MockTransport(handler)) as client:
        with pytest.raises(quickstudy.QuickstudyError) as caught:
            client.decide("route", "text")
        assert caught.value.code == "bad-answer"
        with pytest.raises(quickstudy.QuickstudyError):
            client.jobs()


def test_a_redirection_is_not_followed_so_the_token_stays():
    seen = []

    def handler(request):
        seen.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://evil.example/v1/jobs"})

    client = Client("http://localhost", "qs_x", transport=httpx.MockTransport(handler))
    with client, pytest.raises(quickstudy.QuickstudyError):
        client.jobs()
    assert seen == ["localhost"]
