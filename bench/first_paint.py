"""``python -m bench.first_paint``: how soon the desk's pages are there, with a long journal, in a real browser.

Makes a journal of 100,000 events (kept in ``--folder``), starts a server on it, and measures: first paint of the inbox
in Chromium, how long one key takes to show the next question, and each page's time at the server. Medians and ranges
over ``--times``. The journal's texts are made from a seed; the encoder is ``static``.
"""

from __future__ import annotations

import argparse
import random
import shutil
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import uvicorn
from playwright.sync_api import Page, sync_playwright

from quickstudy import Job, Learner
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

NAME = "long"
TEAMS = 40
THINGS = ("card", "invoice", "login", "parcel", "refund", "meter", "contract", "password", "device", "payment")
TROUBLES = ("is lost", "is late", "does not work", "was charged twice", "is unknown to me", "came broken", "expired")
PAGES = ("inbox", "inbox?order=useful", "audits", "journal", "journal?text=nothing+like+this", "journal?by=nobody")


def long_journal(folder: Path, events: int) -> None:
    """Puts a job with so many events into a folder, if it is not there."""
    if (folder / f"{NAME}.toml").exists():
        return
    chance = random.Random(0)
    job = Job(NAME, [f"team {number}" for number in range(TEAMS)], target_error=0.05, encoder="static", features=256)
    with Learner(job, folder / f"{NAME}.db") as learner:
        made, at = 0, time.time() - 90 * 86_400
        while made < events:
            words = [
                (chance.randrange(len(THINGS)), chance.randrange(len(TROUBLES)), chance.random()) for _ in range(1000)
            ]
            texts = [f"my {THINGS[a]} {TROUBLES[b]}, order {int(1e6 * c)}" for a, b, c in words]
            decisions = learner.decide_many(texts, at=at + 70 * made)
            pairs = [
                (decision, f"team {(7 * a + b) % TEAMS}")
                for decision, (a, b, c) in zip(decisions, words, strict=True)
                if not decision.alone and c < 0.95
            ]
            learner.teach_many(pairs, by=chance.choice(["anna", "ben", "mara"]))
            made += len(decisions) + len(pairs)
            print(f"\r{made:,} events", end="", flush=True)
        print()
    job.save(folder / f"{NAME}.toml")


def serve(folder: Path) -> tuple[str, uvicorn.Server]:
    """A server on a folder, in a thread, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(ServerSettings(folder=folder, port=port))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    threading.Thread(target=server.run, daemon=True).start()
    url = f"http://127.0.0.1:{port}/jobs/{NAME}"
    for _ in range(600):
        try:
            httpx.get(f"{url}/glance", timeout=600)
            return url, server
        except httpx.ConnectError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


def painted(page: Page, url: str) -> float:
    """Milliseconds from the click to the first contentful paint."""
    page.goto(f"{url}/inbox")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


def answered(page: Page) -> float:
    """Milliseconds from a key to the next question on the page, measured inside it."""
    return float(
        page.evaluate(
            """() => { const from = performance.now();
            document.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
            document.body.offsetHeight; return performance.now() - from; }"""
        )
    )


def said(what: str, values: Sequence[float]) -> None:
    """Prints a median and a range of milliseconds."""
    print(f"{what:<48} {statistics.median(values):7.0f} ms  ({min(values):.0f} to {max(values):.0f})")


def main() -> None:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=None, help="where the journal is made and kept")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    long_journal(folder, arguments.events)
    url, server = serve(folder)
    with httpx.Client(timeout=120) as client:
        for address in PAGES:
            times = []
            for _ in range(arguments.times):
                from_ = time.perf_counter()
                client.get(f"{url}/{address}").raise_for_status()
                times.append(1000 * (time.perf_counter() - from_))
            said(f"server: {address}", times)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(bypass_csp=True)  # for what is asked of the page here
        said("Chromium: first contentful paint of the inbox", [painted(page, url) for _ in range(arguments.times)])
        keys = []
        for _ in range(4 * arguments.times):
            page.wait_for_timeout(250)
            keys.append(answered(page))
        said("Chromium: from a key to the next question", keys)
        browser.close()
    server.should_exit = True


if __name__ == "__main__":
    main()
