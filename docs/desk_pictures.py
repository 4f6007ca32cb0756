"""Draws the pictures of docs/desk.md again: ``python docs/desk_pictures.py``. Needs ``.[test]`` and Chromium.

Makes a folder of jobs with invented tickets, serves it, and takes pictures of the real pages in the real browser.
"""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from quickstudy import Job, Learner

FOLDER = Path(__file__).parent / "desk"
OPTIONS = {
    "delivery": "where is my parcel?",
    "return": "sending something back",
    "refund": "where is my money?",
    "invoice": "a bill is missing or wrong",
    "damaged goods": "it came broken",
    "address change": "",
    "login": "cannot get into the account",
    "voucher": "a code that does not work",
    "spare part": "",
    "warranty": "it broke later",
}
TICKETS = {
    "delivery": ["my {thing} has not come", "the parcel with the {thing} is late", "when will the {thing} be here?"],
    "return": [
        "I want to send the {thing} back",
        "how do I return the {thing}?",
        "the {thing} is too small, back it goes",
    ],
    "refund": ["I sent the {thing} back and got no money", "when do I get the money for the {thing}?", "no refund yet"],
    "invoice": [
        "I need a bill for the {thing}",
        "the bill says two {thing}s, I bought one",
        "our tax number is not on it",
    ],
    "damaged goods": ["the {thing} came with a crack", "the box was open and the {thing} broken", "a wheel is bent"],
    "address change": [
        "we moved, send the {thing} to the new flat",
        "my street is spelt wrong",
        "another house number",
    ],
    "login": [
        "I cannot log in to look at the {thing}",
        "the password link never comes",
        "it says my account is locked",
    ],
    "voucher": ["the code does not work for the {thing}", "my gift card is empty?", "ten percent off was promised"],
    "spare part": [
        "do you sell a wheel for the {thing}?",
        "I lost a screw of the {thing}",
        "is there a new lid for the {thing}?",
    ],
    "warranty": [
        "the {thing} died after a year",
        "after three months the {thing} makes a noise",
        "is this still covered?",
    ],
}
THINGS = ["kettle", "lamp", "bicycle", "desk", "pushchair", "coffee grinder", "tent", "drill", "piano stool", "radio"]
BEFORE = ["Hello,", "Good morning,", "", "", "Dear all,", "Second try:", "Sorry to ask again,", "Please help:"]
AFTER = [
    "Thanks.",
    "Order of Monday.",
    "",
    "",
    "Can you call me?",
    "It is urgent.",
    "My daughter waits for it.",
    "Regards",
]
STRANGE = ["We moved last week, and now the kettle is at the old flat, in two pieces. Who pays for that?"]


def tickets(count: int, draw: random.Random) -> list[tuple[str, str]]:
    """Invented tickets with the team that should answer."""
    made = []
    for _ in range(count):
        team = draw.choice(list(TICKETS))
        said = draw.choice(TICKETS[team]).format(thing=draw.choice(THINGS))
        if draw.random() < 0.15:  # two things at once: hard
            said += ", and " + draw.choice(TICKETS[draw.choice(list(TICKETS))]).format(thing=draw.choice(THINGS))
        end = "" if said.endswith("?") else "."
        made.append((f"{draw.choice(BEFORE)} {said}{end} {draw.choice(AFTER)}".strip(), team))
    return made


def work(folder: Path) -> None:
    """A job after nine days of work: asks, audits, second looks, three teachers."""
    draw = random.Random(1)
    job = Job("tickets", OPTIONS, instructions="Which team should answer this?", target_error=0.05, encoder="static")
    job.save(folder / "tickets.toml")
    began = time.time() - 9 * 86400
    with Learner(job, folder / "tickets.db") as learner:
        learner.configure(ask_twice=0.03)
        for number, (text, team) in enumerate(tickets(1250, draw)):
            at = began + number * 620
            decision = learner.decide(text, at=at)
            late = number > (1150 if decision.mode == "ask" else 1235) and draw.random() < 0.5
            if decision.alone or late:
                continue
            by = draw.choice(["anna", "anna", "ben", "mara"])
            learner.teach(decision, team, by=by, at=at + 200)
            if draw.random() < 0.04:
                learner.teach(decision, team, by="anna" if by == "ben" else "ben", at=at + 900)
        for text in STRANGE:
            learner.decide(text)


def pictures(address: str) -> None:
    """Takes them."""
    shots = {"inbox": "light", "report": "light", "journal": "light", "autonomy": "dark"}
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, scheme in shots.items():
            context = browser.new_context(viewport={"width": 1240, "height": 760}, color_scheme=scheme)
            page = context.new_page()
            page.goto(f"{address}/jobs/tickets/{name}")
            page.wait_for_timeout(500)
            page.locator("[data-renewing]").wait_for(state="detached", timeout=60_000)
            _keep(page, name)
            context.close()
        rows = [f'"{text}",{team},2026-11-{day:02}' for day, (text, team) in enumerate(tickets(6, random.Random(2)), 3)]
        table = "\n".join(["text,team,received", *rows])
        page = browser.new_page(viewport={"width": 1240, "height": 900})
        page.goto(f"{address}/new")
        page.locator("input[type=file]").set_input_files(
            {"name": "support.csv", "mimeType": "text/csv", "buffer": table.encode()}
        )
        page.locator("[data-preview] table").wait_for()
        _keep(page, "new")
        browser.close()


def _keep(page: Page, name: str) -> None:
    """Takes a page's picture, in few colours."""
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file)
    Image.open(file).quantize(128).save(file, optimize=True)


def main() -> None:
    """Works, serves, draws."""
    with tempfile.TemporaryDirectory() as folder:
        work(Path(folder))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        serve = [sys.executable, "-m", "quickstudy", "serve", folder, "--port", str(port)]
        with subprocess.Popen(serve) as server:
            address = f"http://127.0.0.1:{port}"
            try:
                for _ in range(200):
                    try:
                        urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                        break
                    except OSError:
                        time.sleep(0.1)
                pictures(address)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
