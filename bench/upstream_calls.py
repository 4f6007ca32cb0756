"""Upstream calls behind the OpenAI-compatible endpoint: ``python -m bench.upstream_calls``.

A real server with one job, a real upstream that answers what the corpus says and counts its calls, and a client that
sends the corpus's questions one after another, in a random order, as a program would that knows of no learner. Prints
how many of each thousand questions reached the upstream, and how many answers given alone were wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.data import DEFAULT_DATA, load_corpus
from quickstudy import Job
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

BLOCK = 1000


class Oracle:
    """An upstream that knows the answers.

    Args:
        truth: question → answer.
    """

    def __init__(self, truth: dict[str, str]) -> None:
        self.truth = truth
        self.calls = 0

    async def chat(self, request: Request) -> JSONResponse:
        """Answers one request."""
        body = await request.json()
        self.calls += 1
        message = {"role": "assistant", "content": self.truth[body["messages"][-1]["content"]]}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return JSONResponse(
            {"id": "1", "object": "chat.completion", "created": 0, "model": "oracle", "choices": choices}
        )


@contextlib.contextmanager
def listening(app: Any) -> Iterator[str]:
    """Serves an app on a free port of this machine; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", default="banking77")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--target-error", type=float, default=0.1)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="where the data sets are")
    given = parser.parse_args()
    corpus = load_corpus(given.corpus, given.data).train
    truth = dict(zip(corpus.texts, corpus.labels, strict=True))
    texts = [corpus.texts[i] for i in np.random.default_rng(given.seed).permutation(len(corpus.texts))[: given.tasks]]
    oracle = Oracle(truth)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        job = Job("questions", sorted(set(corpus.labels)), encoder=given.encoder, target_error=given.target_error)
        job.save(folder / "questions.toml")
        upstream = stack.enter_context(
            listening(Starlette(routes=[Route("/v1/chat/completions", oracle.chat, methods=["POST"])]))
        )
        (folder / "questions.upstream.toml").write_text(f'url = "{upstream}/v1"\nmodel = "oracle"\n')
        url = stack.enter_context(listening(create_app(ServerSettings(folder))))
        client = stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=60))
        ask(client, texts, oracle)
        report = client.get("/v1/jobs/questions/report").json()
        print(f"report: {report['calls']}")
        account = report["autonomy"]
        print(f"stood behind {account['answers']:,} answers, at most {account['bound']:,} of them wrong")


def ask(client: httpx.Client, texts: list[str], oracle: Oracle) -> None:
    """Sends every question, and prints a line a thousand."""
    modes: Counter[str] = Counter()
    wrong, before = 0, 0
    times: list[float] = []
    print("questions  to the upstream  alone  of these wrong  audits  alone, median ms", flush=True)
    for number, text in enumerate(texts, 1):
        messages = [{"role": "system", "content": "Name the intent."}, {"role": "user", "content": text}]
        begun = time.perf_counter()
        sent = client.post("/v1/chat/completions", json={"model": "quickstudy/questions", "messages": messages})
        answer = sent.raise_for_status().json()
        mode = answer["quickstudy"]["mode"]
        modes[mode] += 1
        if mode == "act":
            times.append(1000.0 * (time.perf_counter() - begun))
            wrong += answer["choices"][0]["message"]["content"] != oracle.truth[text]
        if number % BLOCK == 0 or number == len(texts):
            median = f"{np.median(times):.1f}" if times else "-"
            sums = f"{modes['act']:5,}  {wrong:14,}  {modes['audit']:6,}  {median:>16}"
            print(f"{number:9,}  {oracle.calls - before:15,}  {sums}", flush=True)
            modes.clear()
            wrong, before, times = 0, oracle.calls, []


if __name__ == "__main__":
    main()
