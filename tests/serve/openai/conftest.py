import shutil

import httpx
import openai
import pytest

from quickstudy import Job, Learner
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings
from serve.openai.upstreams import KEY, Model, listening, rule, tickets

OPTIONS = {"billing": "charges, invoices, refunds", "fraud": "stolen cards", "app": "the app does not work"}
TAUGHT = 100


@pytest.fixture(scope="session")
def taught(tmp_path_factory):
    """A folder with a journal that has learned enough to answer most tickets alone."""
    folder = tmp_path_factory.mktemp("taught")
    job = Job("route", OPTIONS, encoder="static", target_error=0.9)
    job.save(folder / "route.toml")
    with Learner(job, folder / "route.db") as learner:
        seen = tickets(TAUGHT)
        for start in range(0, TAUGHT, 10):
            decisions = learner.decide_many(seen[start : start + 10])
            learner.teach_many([(decision, rule(decision.situation)) for decision in decisions])
    return folder


@pytest.fixture(scope="session")
def upstream():
    """The upstream model and its address."""
    model = Model()
    with listening(model.app()) as url:
        yield model, url


@pytest.fixture
def model(upstream):
    """The upstream model, which was never called."""
    upstream[0].reset()
    return upstream[0]


@pytest.fixture
def folder(tmp_path, taught, upstream, model, monkeypatch):
    """A jobs folder: "route" can work alone, "fresh" knows nothing, "plain" has no upstream."""
    monkeypatch.setenv("UPSTREAM_KEY", KEY)
    shutil.copytree(taught, tmp_path, dirs_exist_ok=True)
    Job("fresh", OPTIONS, encoder="static", target_error=0.1).save(tmp_path / "fresh.toml")
    Job("plain", OPTIONS, encoder="static").save(tmp_path / "plain.toml")
    text = f'url = "{upstream[1]}/v1"\nmodel = "big"\nkey_variable = "UPSTREAM_KEY"\ntimeout = 20\n'
    for name in ("route", "fresh"):
        (tmp_path / f"{name}.upstream.toml").write_text(text)
    return tmp_path


@pytest.fixture
def app(folder):
    """The server's app."""
    return create_app(ServerSettings(folder))


@pytest.fixture
def url(app):
    """The server's address."""
    with listening(app) as address:
        yield address


@pytest.fixture
def client(url):
    """The official client, pointed at the server."""
    with openai.OpenAI(base_url=f"{url}/v1", api_key="some-key", max_retries=0) as caller:
        yield caller


def messages(ticket):
    return [{"role": "system", "content": "Name the team."}, {"role": "user", "content": ticket}]


@pytest.fixture
def ask(client):
    """Asks for the team of a ticket, as an existing program would."""

    def asked(ticket, job="route", **more):
        return client.chat.completions.create(model=f"quickstudy/{job}", messages=messages(ticket), **more)

    return asked


@pytest.fixture
def alone(ask):
    """Asks about new tickets until one is answered alone; gives the ticket and its answer."""

    def asked(**more):
        for ticket in tickets(TAUGHT + 60)[TAUGHT:]:
            answer = ask(ticket, **more)
            if answer.quickstudy["mode"] == "act":
                return ticket, answer
        raise AssertionError("nothing was answered alone")

    return asked


@pytest.fixture
def post(url):
    """Sends a request by hand: (ticket, headers, fields) to the answer."""
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as caller:

        def sent(ticket, headers=None, job="fresh", **more):
            body = {"model": f"quickstudy/{job}", "messages": messages(ticket), **more}
            return caller.post("/v1/chat/completions", json=body, headers=headers)

        yield sent


@pytest.fixture
def report(url):
    """A job's report, as the server gives it."""
    return lambda job="fresh": httpx.get(f"{url}/v1/jobs/{job}/report", trust_env=False).json()
