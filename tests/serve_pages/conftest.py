"""A real server in a thread, and Debian's Chromium in front of it."""

import dataclasses
import shutil
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from quickstudy import Job, Learner
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

EXPERTS = ("prior", "recall", "ridge")
TEAMS = {
    "billing": ["I was charged twice", "please send the invoice", "a fee on my bill", "refund my payment"],
    "fraud": ["my card was stolen", "a payment that I never made", "somebody used my card", "a strange transfer"],
    "app": ["the app does not start", "I cannot log in", "the screen stays white", "an error after the update"],
}
PLACES = [
    "in Oslo",
    "in Rome",
    "in Porto",
    "on Monday",
    "last night",
    "this week",
    "again",
    "at the station",
    "at home",
]


def tickets(count):
    """Texts with their teams; no two alike."""
    teams = list(TEAMS)
    found = []
    for number in range(count):
        team = teams[number % 3]
        text = TEAMS[team][(number // 3) % 4]
        found.append((f"{text} {PLACES[(number // 12) % len(PLACES)]}, no. {number}", team))
    return found


def small_job(name, options=tuple(TEAMS), **settings):
    """A job that learns in no time."""
    return Job(name, options, encoder="static", features=64, experts=EXPERTS, **settings)


@dataclasses.dataclass
class Served:
    """A running server: its address, its folder, its app."""

    url: str
    folder: object
    app: object

    def job(self, name, options=tuple(TEAMS), *, lessons=0, asked=0, learn=None, **settings):
        """Puts a job into the folder, with lessons by anna, and questions; ``learn`` may do more with its learner."""
        job = small_job(name, options, **settings)
        job.save(self.folder / f"{name}.toml")
        with Learner(job, self.folder / f"{name}.db") as learner:
            work = tickets(lessons + asked)
            if lessons:
                learner.teach_many(work[:lessons], by="anna")
            if asked:
                learner.decide_many([text for text, _ in work[lessons:]])
            if learn:
                learn(learner)
        return f"{self.url}/jobs/{name}"

    def learner(self, name):
        """The server's own learner on a job."""
        return self.app.state.desk.job(name).learner


def _served(folder, **settings):
    port = _free_port()
    app = create_app(ServerSettings(folder=folder, port=port, **settings))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            httpx.get(f"{url}/healthz")
            break
        except httpx.HTTPError:
            time.sleep(0.05)
    yield Served(url, folder, app)
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """A server that needs no tokens."""
    yield from _served(tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="session")
def guarded(tmp_path_factory):
    """A server that needs tokens."""
    yield from _served(tmp_path_factory.mktemp("guarded"), tokens=True)


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium."""
    path = shutil.which("chromium")
    assert path, "these tests drive Debian's Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A page; what goes wrong in it, such as a refused inline script, fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = watched(context.new_page())
    yield opened
    context.close()
    assert opened.wrongs == []


def watched(page):
    """Notes what goes wrong in a page."""
    page.wrongs = []
    page.on("pageerror", lambda error: page.wrongs.append(str(error)))
    page.on("console", lambda told: page.wrongs.append(told.text) if told.type == "error" else None)
    page.set_default_timeout(8_000)
    return page
