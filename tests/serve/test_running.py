"""A real server: another process, a real port, signals."""

import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import httpx
import pytest

from quickstudy import Job, Learner
from quickstudy.cli import run
from quickstudy.journal import Journal

PROGRAM = "from quickstudy.cli import main; main()"


@contextmanager
def serving(folder, *words):
    """A server in a process of its own, and a client for it."""
    command = [sys.executable, "-c", PROGRAM, "serve", str(folder), "--port", "0", "--json", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    log = []
    reader = threading.Thread(target=lambda: log.extend(process.stderr), daemon=True)
    reader.start()
    try:
        line = process.stdout.readline()
        assert line, "".join(log)
        started = json.loads(line)
        with httpx.Client(base_url=started["address"], timeout=30) as client:
            yield process, client, log
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()


def test_a_server_finishes_its_work_ends_its_streams_and_exits_with_0(folder):
    with serving(folder) as (process, client, log):
        client.post("/v1/jobs/route/teach", json={"situation": "charged twice", "answer": "billing"}).raise_for_status()
        events = "/v1/jobs/route/events"
        with client.stream("GET", events, headers={"Accept": "text/event-stream", "Last-Event-ID": "0"}) as stream:
            lines = stream.iter_lines()
            seen = [line for line in (next(lines) for _ in range(12)) if line.startswith("event: ")]
            assert "event: option" in seen
            items = [{"situation": f"ticket {number}", "answer": "fraud"} for number in range(100)]
            taught = []
            body = {"items": items}
            teaching = threading.Thread(
                target=lambda: taught.append(httpx.post(f"{client.base_url}/v1/jobs/route/teach/batch", json=body))
            )
            teaching.start()
            while not any('"lesson"' in line and '"fraud"' in line for line in lines):
                pass  # the first of them are on disk, the others wait
            process.send_signal(signal.SIGTERM)
            for _ in lines:
                pass
        teaching.join()
        assert process.wait(30) == 0
    assert all(one["lesson"] for one in taught[0].json()["results"])
    with Learner(Job.load(folder / "route.toml"), folder / "route.db") as learner:
        assert learner.report().lessons == 101
    requests = [line for line in map(json.loads, log) if line["message"] == "request"]
    assert {one["path"] for one in requests} >= {"/v1/jobs/{job}/teach", "/v1/jobs/{job}/teach/batch"}
    assert "charged" not in "".join(log)


def test_a_stream_is_gone_when_its_caller_is(folder):
    with serving(folder) as (_, client, _):
        for _ in range(3):
            accept = {"Accept": "text/event-stream"}
            with client.stream("GET", "/v1/jobs/route/events", headers=accept) as stream:
                next(stream.iter_lines())
        for _ in range(200):
            if 'quickstudy_streams{job="route"} 0.0' in client.get("/metrics").text:
                return
        pytest.fail("streams are left")


def test_a_killed_server_goes_on_where_it_was(folder):
    body = {"situation": "charged twice", "request_id": "r1"}
    with serving(folder) as (process, client, _):
        decision = client.post("/v1/jobs/route/decide", json=body).json()
        lesson = {"decision_id": decision["id"], "answer": "billing", "lesson_id": "l1"}
        taught = client.post("/v1/jobs/route/teach", json=lesson).json()
        process.kill()
        process.wait()
    with serving(folder) as (_, client, _):
        assert client.post("/v1/jobs/route/decide", json=body).json() == decision
        assert client.post("/v1/jobs/route/teach", json=lesson).json() == taught
        assert client.get("/v1/jobs/route/report").json()["lessons"] == 1


def test_a_journal_is_backed_up_while_it_is_written(folder, tmp_path):
    with serving(folder) as (_, client, _):
        client.post("/v1/jobs/route/teach", json={"situation": "charged twice", "answer": "billing"}).raise_for_status()
        command = [sys.executable, "-c", PROGRAM, "backup", str(folder), str(tmp_path / "copy"), "--json"]
        made = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    [copy] = made
    with Journal.open(copy["file"], identity=None, read_only=True) as opened:
        assert opened.count("lesson") == 1
    with Learner(Job.load(tmp_path / "copy" / "route.toml"), copy["file"]) as learner:
        assert learner.report().lessons == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--host", "0.0.0.0"], "token add"),
        (["--tokens"], "token add"),
        (["--port", "70000"], "65535"),
    ],
)
def test_a_server_that_would_let_strangers_in_does_not_start(folder, capfd, words, expected):
    assert run(["serve", str(folder), "--port", "0", *words]) == 2
    error = capfd.readouterr().err
    assert expected in error
    assert "Traceback" not in error


def test_a_taken_port_and_a_missing_folder_are_said(folder, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["serve", str(folder), "--port", str(taken.getsockname()[1])]) == 1
    assert "Cannot listen" in capfd.readouterr().err
    assert run(["serve", str(folder / "nope")]) == 2
    assert "no folder" in capfd.readouterr().err
