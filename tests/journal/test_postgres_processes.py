"""Processes that work on one journal at the same time, are killed, and lose their server."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from postgres_server import PostgresServer

from quickstudy import Learner
from quickstudy.autonomy.verify import verify

from .postgres_child import ARRAYS, JOB

TESTS = Path(__file__).parent.parent


class Child:
    """A process with its lines so far."""

    def __init__(self, url: str, name: str, first: int, last: int) -> None:
        command = [sys.executable, "-m", "journal.postgres_child", url, name, str(first), str(last)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=TESTS, env=environment
        )
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.lines.append(line.decode().strip())

    def wait_for(self, what: str, count: int = 1) -> None:
        for _ in range(6000):
            if sum(line.startswith(what) for line in self.lines) >= count:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        self.process.kill()
        raise AssertionError(f"It never said {what!r}: {self.lines[-3:]} {self.end()}")

    def told(self, what: str) -> list[list[str]]:
        return [line.split()[1:] for line in self.lines if line.startswith(what + " ")]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> str:
        with contextlib.suppress(OSError):
            self.process.stdin.write(b"\n")
            self.process.stdin.close()
        errors = self.process.stderr.read().decode()
        self.process.wait(60)
        self._thread.join()
        self.process.stderr.close()
        self.process.stdout.close()
        return errors


def require_whole(url: str, finished: list[Child], killed: Sequence[Child] = ()) -> None:
    """What was acknowledged is there, once; all know the same, and it is what a fresh replay knows."""
    for child in finished:
        child.wait_for("done")
    errors = [child.end() for child in finished]
    assert [text for text in errors if text] == []
    decided: dict[str, tuple[str, ...]] = {}
    taught = set()
    for child in [*finished, *killed]:
        for number, *said in child.told("decided"):
            assert decided.setdefault(number, tuple(said)) == tuple(said), "one request_id got two decisions"
        taught.update(lesson for [lesson] in child.told("taught"))
    with Learner(JOB, url, read_only=True) as fresh:
        events = list(fresh._record.journal.events())
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        held = {event.id: event for event in events}
        assert len(held) == len(events)
        assert taught <= held.keys()
        assert {said[0] for said in decided.values()} <= held.keys()
        requests = Counter(event.request_id for event in events if event.request_id)
        assert set(requests.values()) <= {1}
        assert verify(fresh._record.journal).problems == ()
        says = " ".join(d.probability.hex() for d in fresh.predict_many(list(ARRAYS[:20])))
        numbers = [float.fromhex(number) for number in says.split()]
        for child in finished:
            [said] = child.told("says")
            assert [float.fromhex(number) for number in said] == pytest.approx(numbers, abs=1e-8)
            assert [f"stands {fresh.standing}"] == [line for line in child.lines if line.startswith("stands")]


@pytest.fixture
def start():
    """Starts children; none is left behind."""
    started: list[Child] = []

    def start_one(*given) -> Child:
        started.append(Child(*given))
        return started[-1]

    yield start_one
    for child in started:
        if child.process.poll() is None:
            child.kill()


@pytest.mark.parametrize("count", [2, 3])
def test_processes_that_are_given_the_same_work_at_once_do_it_once(postgres, start, count):
    url = postgres.new("processes")
    children = [start(url, name, 0, 26) for name in "abc"[:count]]
    require_whole(url, children)
    with Learner(JOB, url, read_only=True) as fresh:
        assert len({event.request_id for event in fresh._record.journal.events(kinds=["decision"])} - {None}) >= 24


def test_a_process_killed_in_the_middle_stops_nobody_and_loses_nothing(postgres, start):
    url, draw = postgres.new("killed"), random.Random(0)
    stays, killed = start(url, "a", 0, 36), []
    for turn in range(3):
        child = start(url, f"k{turn}", 8 * turn, 36)
        child.wait_for("decided", 1 + draw.randrange(6))
        time.sleep(draw.random() * 0.02)
        child.kill()
        killed.append(child)
    require_whole(url, [stays, start(url, "b", 0, 36)], killed)


@pytest.fixture
def own_server():
    """A server that may be stopped: other tests' connections are on another one."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
def test_a_server_that_goes_away_under_load_is_waited_for_and_nothing_is_lost(own_server, start, how):
    url = own_server.new("restarted")
    children = [start(url, name, 0, 30) for name in "ab"]
    for turn in range(2):
        for child in children:
            child.wait_for("decided", 4 + 12 * turn)
        own_server.stop(how)
        time.sleep(0.2)
        own_server.start()
    require_whole(url, children)
