"""Failures, repetitions and restarts: nothing wrong is learned, and nothing right is lost."""

import json
import logging
import os
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

import quickstudy
from quickstudy import Learner
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.tokens import Role, Tokens
from serve.openai.conftest import messages
from serve.openai.upstreams import KEY, listening


def eventually(true):
    for _ in range(200):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it never came")


@pytest.mark.parametrize(("word", "status"), [("FAIL", 500), ("LIMIT", 429), ("DENY", 401)])
def test_an_upstreams_error_passes_through_and_teaches_nothing(post, report, word, status):
    post("a crash")  # now the form is known, and the learner decides
    answer = post(f"{word}: I never paid this")
    assert answer.status_code == status
    assert answer.headers["x-quickstudy-mode"] == "ask"
    assert "error" in answer.json()
    assert answer.headers.get("retry-after") == ("0" if status == 429 else None)
    assert report()["lessons"] == 1
    assert report()["waiting"] == 1
    assert report()["calls"]["spent"]["failed"] == 1


def test_a_decision_whose_upstream_failed_is_taken_up_again(post, report):
    post("a crash")
    ticket = "FAIL: I never paid this"
    failed = post(ticket)
    again = post(ticket)
    assert again.headers["x-quickstudy-decision"] == failed.headers["x-quickstudy-decision"]
    assert report()["decisions"] == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_slow_upstream_answers_504_and_a_lost_one_502(folder, post, report, stream):
    file = folder / "fresh.upstream.toml"
    text = file.read_text()
    file.write_text(text.replace("timeout = 20", "timeout = 0.2"))
    answer = post("SLOW crash", stream=stream)
    if answer.status_code == 200:  # the stream had begun
        assert "upstream-timeout" in answer.text
        assert "[DONE]" not in answer.text
    else:
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream-timeout")
    file.write_text('url = "http://127.0.0.1:9/v1"\nmodel = "big"\n')
    answer = post("a crash", stream=stream)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream-unreachable")
    assert report()["lessons"] == 0


def test_a_kept_connection_that_the_upstream_closed_is_replaced(folder, post):
    said = json.dumps({"choices": [{"message": {"content": "app"}, "finish_reason": "stop"}]})
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(said)}\r\n\r\n"

    class Forgetful(socketserver.BaseRequestHandler):
        """Answers the first request of a connection, reads the second, and hangs up."""

        def handle(self):
            self.request.recv(100_000)
            self.request.sendall((head + said).encode())
            self.request.recv(100_000)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Forgetful) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        (folder / "fresh.upstream.toml").write_text(f'url = "{url}"\nmodel = "big"\n')
        assert [post(f"crash {number}").status_code for number in range(3)] == [200, 200, 200]
        server.shutdown()


def test_a_redirect_is_not_followed(post):
    answer = post("MOVE")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream-redirect")


def test_a_stream_that_breaks_says_so_and_teaches_nothing(post, report):
    answer = post("BREAK crash", stream=True)
    assert "upstream-unreachable" in answer.text
    assert "[DONE]" not in answer.text
    assert report()["lessons"] == 0


def test_the_key_is_in_no_answer_and_no_log(post, report, caplog):
    caplog.set_level(logging.DEBUG)
    answer = post("DENY")
    assert answer.json()["error"]["message"] == "bad key Bearer [key]"
    post("a crash")
    assert KEY not in caplog.text
    assert KEY not in json.dumps(report())


@pytest.mark.parametrize("word", ["SHRUG", "MUTE"])
def test_what_names_no_option_passes_through_and_teaches_nothing(post, report, word):
    post("a crash")
    answer = post(f"{word} screen")
    assert answer.status_code == 200
    assert answer.json()["usage"]["total_tokens"] == 52
    assert report()["lessons"] == 1
    assert report()["waiting"] == 1


def test_an_answer_is_understood_without_regard_to_case_and_quotes(post, report):
    assert post("LOUD crash").json()["choices"][0]["message"]["content"] == '"App."'
    assert report()["lessons"] == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_repeated_request_is_decided_and_taught_once(post, report, model, stream):
    post("a crash")
    one, two = (post("I never paid this", {"Idempotency-Key": "a"}, stream=stream) for _ in range(2))
    assert one.headers["x-quickstudy-decision"] == two.headers["x-quickstudy-decision"]
    model.say = lambda text: "app"  # it changes its mind; the first answer stands, the caller gets the second
    assert "app" in post("I never paid this", {"Idempotency-Key": "a"}).text
    assert report()["lessons"] == 2
    assert report()["decisions"] == 1
    other = post("Another", {"Idempotency-Key": "a"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "used-request-id")


def test_the_first_request_of_its_kind_is_taught_once_when_it_is_repeated(post, report):
    for _ in range(2):
        assert post("I never paid this", {"Idempotency-Key": "a"}).headers["x-quickstudy-mode"] == "none"
    assert (report()["lessons"], report()["decisions"]) == (1, 0)


def test_a_decision_that_was_answered_or_forgotten_meanwhile_is_not_taken_up(url, post, report):
    post("a crash")
    for path, more in (("teach", {"answer": "fraud"}), ("forget", {})):
        waiting = post("SHRUG").headers["x-quickstudy-decision"]
        body = {"decision_id": waiting, **more} if more else {"ids": [waiting]}
        httpx.post(f"{url}/v1/jobs/fresh/{path}", json=body, trust_env=False).raise_for_status()
        assert post("SHRUG").headers["x-quickstudy-decision"] != waiting


@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_that_goes_away_does_not_lose_the_lesson(url, post, report, stream):
    post("a crash")
    body = {"model": "quickstudy/fresh", "messages": messages("SLOW, I never paid this"), "stream": stream}
    with httpx.Client(trust_env=False) as impatient:
        if stream:
            with impatient.stream("POST", f"{url}/v1/chat/completions", json=body) as answer:
                next(answer.iter_raw())
        else:
            with pytest.raises(httpx.ReadTimeout):
                impatient.post(f"{url}/v1/chat/completions", json=body, timeout=0.2)
    eventually(lambda: report()["lessons"] == 2)
    assert report()["waiting"] == 0


def test_a_restart_remembers_what_waits_and_how_answers_are_written(folder, model):
    with listening(create_app(ServerSettings(folder))) as url, httpx.Client(base_url=url, trust_env=False) as client:

        def sent(ticket):
            body = {"model": "quickstudy/fresh", "messages": messages(ticket)}
            return client.post("/v1/chat/completions", json=body).headers

        assert sent("a crash")["x-quickstudy-mode"] == "none"
        before = sent("SHRUG")["x-quickstudy-decision"]
    with listening(create_app(ServerSettings(folder))) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert sent("another crash")["x-quickstudy-mode"] == "ask"
        assert sent("SHRUG")["x-quickstudy-decision"] == before


def test_what_was_answered_is_taught_also_if_the_server_is_killed_at_once(folder):
    source = str(Path(quickstudy.__file__).parents[1])
    words = [sys.executable, "-m", "quickstudy", "serve", str(folder), "--port", "0", "--json"]
    environment = {**os.environ, "PYTHONPATH": source}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as server:
        url = json.loads(server.stdout.readline())["address"]
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            for number in range(4):
                body = {"model": "quickstudy/fresh", "messages": messages(f"crash {number}"), "stream": number == 3}
                assert client.post("/v1/chat/completions", json=body).status_code == 200
        server.kill()
    with Learner.open(folder / "fresh.db", read_only=True) as learner:
        report = learner.report()
    assert (report.lessons, report.waiting, report.calls.spent.calls) == (4, 0, 4)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "bad-request"),
        (b"[]", 400, "bad-request"),
        (b'{"model": "quickstudy/fresh", "messages": []}', 400, "bad-request"),
        (b'{"model": "quickstudy/fresh", "messages": [{"role": "user", "content": NaN}]}', 400, "bad-request"),
        (b'{"model": "quickstudy/fresh", "messages": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, "bad-request"),
        (b'{"model": 3, "messages": [{"role": "user"}]}', 400, "bad-request"),
        (b'{"model": "gpt-4o", "messages": [{"role": "user"}]}', 404, "unknown-model"),
        (b'{"model": "quickstudy/\\ud800", "messages": [{"role": "user"}]}', 404, "unknown-job"),
        (b'{"model": "quickstudy/../fresh", "messages": [{"role": "user"}]}', 404, "unknown-job"),
        (b'{"model": "quickstudy/plain", "messages": [{"role": "user"}]}', 404, "no-upstream"),
    ],
)
def test_what_cannot_be_read_is_refused(folder, model, content, status, code):
    with TestClient(create_app(ServerSettings(folder)), base_url="http://localhost") as client:
        answer = client.post("/v1/chat/completions", content=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert model.calls == 0


def test_odd_messages_go_to_the_upstream_and_come_back(folder, model):
    with TestClient(create_app(ServerSettings(folder)), base_url="http://localhost") as client:
        for content in (
            b'"\\ud800 lone"',
            b"null",
            b'[{"type": "image_url", "image_url": {"url": "data:x"}}]',
            b'[{"type": "text", "text": "a crash"}]',
            b'{"strange": []}',
        ):
            body = b'{"model": "quickstudy/fresh", "messages": [{"role": "user", "content": ' + content + b"}]}"
            assert client.post("/v1/chat/completions", content=body).status_code == 200
    assert model.calls == 5


@pytest.mark.parametrize(
    "text",
    [
        "url = ",
        'url = "ftp://x"\nmodel = "m"',
        'url = "http://user:secret@x/v1"\nmodel = "m"',
        'url = "http://x/v1"',
        'url = "http://x/v1"\nmodel = "m"\nkey = "sk-1"',
        'url = "http://x/v1"\nmodel = "m"\nkey_variable = "sk-1"',
        'url = "http://x/v1"\nmodel = "m"\ntimeout = 0',
    ],
)
def test_an_upstream_file_that_makes_no_sense_is_named(folder, text):
    (folder / "fresh.upstream.toml").write_text(text)
    with TestClient(create_app(ServerSettings(folder)), base_url="http://localhost") as client:
        body = {"model": "quickstudy/fresh", "messages": messages("x")}
        answer = client.post("/v1/chat/completions", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "bad-upstream")
    assert "fresh.upstream.toml" in answer.json()["error"]["message"]
    assert "sk-1" not in answer.text
    assert "secret" not in answer.text


def test_a_missing_key_is_named_by_its_variable(folder, monkeypatch):
    monkeypatch.delenv("UPSTREAM_KEY")
    with TestClient(create_app(ServerSettings(folder)), base_url="http://localhost") as client:
        body = {"model": "quickstudy/fresh", "messages": messages("x")}
        answer = client.post("/v1/chat/completions", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "upstream-key")
    assert "UPSTREAM_KEY" in answer.json()["error"]["message"]


def test_tokens_say_which_models_there_are(folder):
    settings = ServerSettings(folder, tokens=True)
    secret, _ = Tokens(folder).add("bot", Role.WORK, jobs=["fresh"])
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        body = {"model": "quickstudy/fresh", "messages": messages("a crash")}
        assert client.post("/v1/chat/completions", json=body).status_code == 401
        wrong = {"Authorization": "Bearer some-key"}
        assert client.post("/v1/chat/completions", json=body, headers=wrong).status_code == 401
        own = {"Authorization": f"Bearer {secret}"}
        assert client.post("/v1/chat/completions", json=body, headers=own).status_code == 200
        body["model"] = "quickstudy/route"
        refused = client.post("/v1/chat/completions", json=body, headers=own)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "other-job")
        assert [one["id"] for one in client.get("/v1/models", headers=own).json()["data"]] == ["quickstudy/fresh"]
