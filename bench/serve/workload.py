"""Work for a server from several threads at once, with a book of what was acknowledged; and the journal against it.

Every text is sent once, under keys of its own, by a client that tries again over lost connections and restarts. So the
journal must hold each acknowledged decision and lesson exactly once, and nothing of what was sent twice. Not here: what
is done to the server meanwhile (``kill``, ``full``).
"""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.serve.process import QUICKSTUDY
from quickstudy import Client
from quickstudy.client import Retries
from quickstudy.errors import QuickstudyError
from quickstudy.journal import new_id

JOB = "route"
ANSWERS = ("billing", "fraud")


@dataclass(slots=True)
class Book:
    """What was sent, and what was acknowledged, by key: lesson ids, and the decisions' request ids.

    Attributes:
        sent: every key that was ever sent.
        lessons: the keys of lessons that were acknowledged.
        decisions: decision id by request id, as acknowledged.
        errors: how often each error reached the caller.
    """

    sent: set[str] = field(default_factory=set)
    lessons: set[str] = field(default_factory=set)
    decisions: dict[str, str] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)


class Workload:
    """Threads that decide and teach until they are told to stop. A context manager.

    Args:
        url: of the server.
        threads: at the same time, each with a client of its own.
        retries: of the clients.
    """

    def __init__(self, url: str, *, threads: int = 6, retries: Retries | None = None) -> None:
        self.book = Book()
        self._url, self._retries = url, retries or Retries(tries=2_000, first_wait=0.02, longest_wait=0.25)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=(place,)) for place in range(threads)]

    @property
    def acknowledged(self) -> int:
        """How many lessons were acknowledged."""
        return len(self.book.lessons)

    def __enter__(self) -> Workload:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, place: int) -> None:
        with Client(self._url, retries=self._retries) as client:
            number = 0
            while not self._stop.is_set():
                number += 1
                try:
                    self._round(client, place, number)
                except QuickstudyError as error:
                    with self._lock:
                        self.book.errors[f"{type(error).__name__} {error.code}"] += 1

    def _round(self, client: Client, place: int, number: int) -> None:
        """A lesson on a text, a decision, and a lesson on that."""
        text, answer = f"thread {place} text {number} {new_id()}", ANSWERS[number % 2]
        first, second, request = new_id(), new_id(), new_id()
        self._sent(first)
        client.teach(JOB, f"{text} taught", answer, lesson_id=first)
        self._acknowledged(first)
        self._sent(request)
        decision = client.decide(JOB, f"{text} asked", request_id=request)
        with self._lock:
            self.book.decisions[request] = decision.id
        self._sent(second)
        client.teach(JOB, decision, answer, lesson_id=second)
        self._acknowledged(second)

    def _sent(self, key: str) -> None:
        with self._lock:
            self.book.sent.add(key)

    def _acknowledged(self, key: str) -> None:
        with self._lock:
            self.book.lessons.add(key)


def faults(journal: Path, book: Book) -> list[str]:
    """What the journal holds against the book: nothing, if all is well. The server must not be running.

    Args:
        journal: its file.
        book: what was sent and acknowledged until now.
    """
    with closing(sqlite3.connect(journal)) as connection:
        rows = connection.execute("SELECT kind, id, request_id, situation FROM events").fetchall()
        whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
    ids = Counter(id for kind, id, _, _ in rows if kind == "lesson")
    requests = {request: id for kind, id, request, _ in rows if kind == "decision"}
    situations = Counter(situation for _, _, _, situation in rows if situation)
    found = [] if whole == "ok" else [f"the database is damaged: {whole}"]
    found += [f"lesson {key} was acknowledged and is lost" for key in book.lessons - set(ids)]
    found += [f"lesson {key} is in the journal, and nobody sent it" for key in set(ids) - book.sent]
    found += [f"lesson {key} is there {count} times" for key, count in ids.items() if count > 1]
    found += [f"{text} was sent once and is there {count} times" for text, count in situations.items() if count > 1]
    found += [
        f"request {request} was answered with {id}, and the journal says {requests.get(request)}"
        for request, id in book.decisions.items()
        if requests.get(request) != id
    ]
    return found


def verified(journal: Path) -> str:
    """What ``quickstudy verify`` says against the journal; empty if nothing."""
    done = subprocess.run([*QUICKSTUDY, "verify", str(journal)], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr
