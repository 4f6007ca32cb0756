"""Encoders of third parties: names, factories, and a real endpoint on the loopback interface."""

import json
import math
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from quickstudy.errors import EncoderError, MissingExtraError
from quickstudy.perception import Encoder, get_encoder, known_encoders
from quickstudy.perception.endpoint import BATCH, EndpointEncoder
from quickstudy.perception.sentence import SentenceTransformerEncoder
from quickstudy.perception.spelling import SPELLING_DIMENSION, meanings


class Server(ThreadingHTTPServer):
    """An embeddings endpoint; ``spoil`` changes its answer, ``failures`` are status codes to answer first."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.failures, self.spoil = [], [], lambda rows: rows
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        if self.server.failures:
            self.send_response(self.server.failures.pop(0))
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"no luck")
            return
        rows = [
            {"index": i, "embedding": [float(len(text)), 1.0, 2.0]}
            for i, text in reversed(list(enumerate(body["input"])))
        ]
        answer = self.server.spoil(rows)
        content = answer if isinstance(answer, bytes) else json.dumps({"data": answer}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def endpoint(server, **options):
    return EndpointEncoder("tiny", server.url, backoff=0.001, **options)


def expected(texts):
    rows = np.array([[len(text), 1.0, 2.0] for text in texts])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_an_endpoint_is_found_by_name_and_its_vectors_are_unit_and_in_order(server):
    encoder = get_encoder(f"openai:tiny@{server.url}")
    texts = ["a", "four", "eleven chars"]
    assert np.allclose(meanings(encoder.encode(texts)), expected(texts), atol=1e-6)
    path, headers, body = server.requests[0]
    assert (path, body) == ("/v1/embeddings", {"model": "tiny", "input": texts})
    assert "Authorization" not in headers
    assert encoder.dimension("text") == 3 + SPELLING_DIMENSION


def test_many_texts_go_in_batches(server):
    texts = ["x" * (1 + i % 50) for i in range(2 * BATCH + 3)]
    assert np.allclose(endpoint(server).encode_texts(texts), expected(texts), atol=1e-6)
    assert [len(body["input"]) for _, _, body in server.requests] == [BATCH, BATCH, 3]


def test_the_key_is_sent(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    assert endpoint(server).dimension == 3
    assert server.requests[0][1]["Authorization"] == "Bearer secret"


def test_the_fingerprint_needs_no_network(server):
    assert endpoint(server).fingerprint == EndpointEncoder("tiny", "http://other.example/v1").fingerprint
    assert endpoint(server).fingerprint != EndpointEncoder("large", server.url).fingerprint
    assert server.requests == []


@pytest.mark.parametrize("code", [429, 500, 503])
def test_passing_failures_are_tried_again(server, code):
    server.failures = [code, code]
    assert np.allclose(endpoint(server).encode_texts(["ab"]), expected(["ab"]), atol=1e-6)
    assert len(server.requests) == 3


def test_lasting_failures_end(server):
    server.failures = [500] * 9
    with pytest.raises(EncoderError, match=r"500.*no luck.*4 times"):
        endpoint(server).encode_texts(["a"])
    assert len(server.requests) == 4


@pytest.mark.parametrize("code", [302, 307, 400, 401, 404])
def test_refusals_and_redirects_end_at_once(server, code):
    server.failures = [code]
    with pytest.raises(EncoderError, match=str(code)):
        endpoint(server).encode_texts(["a"])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows[:-1], "1 vectors for 2 texts"),
        (lambda rows: [*rows, rows[0]], "3 vectors for 2 texts"),
        (lambda rows: [{**row, "index": 0} for row in rows], "indices"),
        (lambda rows: [{**row, "embedding": [math.nan, 1.0]} for row in rows], "NaN"),
        (lambda rows: [{**row, "embedding": [1e400, 1.0]} for row in rows], "infinite"),
        (lambda rows: [{**row, "embedding": [0.0, 0.0]} for row in rows], "all zero"),
        (lambda rows: [{**row, "embedding": []} for row in rows], "shape"),
        (lambda rows: [{**row, "embedding": 3.0} for row in rows], "shape"),
        (lambda rows: [{**row, "embedding": [1.0] * (1 + row["index"])} for row in rows], "several lengths"),
        (lambda rows: [{**row, "embedding": ["a", "b"]} for row in rows], "not of numbers"),
        (lambda rows: [{"index": row["index"]} for row in rows], "no list of embeddings"),
        (lambda rows: b"<html>", "no list of embeddings"),
        (lambda rows: b"[]", "no list of embeddings"),
        (lambda rows: b'{"data": null}', "no list of embeddings"),
        (lambda rows: b"\xff\xfe\x00", "no list of embeddings"),
    ],
)
def test_wrong_answers_are_refused(server, spoil, message):
    server.spoil = spoil
    with pytest.raises(EncoderError, match=message):
        endpoint(server).encode_texts(["a", "b"])


def test_a_change_of_dimension_is_refused(server):
    encoder = endpoint(server)
    encoder.encode_texts(["a"])
    server.spoil = lambda rows: [{**row, "embedding": [1.0, 2.0]} for row in rows]
    with pytest.raises(EncoderError, match="length 2, and of length 3 before"):
        encoder.encode_texts(["b"])


def test_a_server_that_is_not_there_is_named(server):
    url = server.url
    server.server_close()
    with pytest.raises(EncoderError, match=r"127\.0\.0\.1.*3 times"):
        EndpointEncoder("tiny", url, attempts=3, backoff=0.001).encode_texts(["a"])


@pytest.mark.parametrize(
    "name", ["openai:", "openai:model", "openai:@http://x", "openai:m@file:///etc/x", "openai:m@http://u:p@x/v1"]
)
def test_a_bad_endpoint_name_is_refused(name):
    with pytest.raises(EncoderError, match="openai:MODEL@URL"):
        get_encoder(name)


@pytest.mark.parametrize("name", ["", "minlm", "sentence-transformers:", None])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(EncoderError, match=r"minilm, static.*sentence-transformers:MODEL"):
        get_encoder(name)


OWN_ENCODER = """
import numpy as np
class Own:
    name, fingerprint, dimension = "own", "own-1", 2
    def encode_texts(self, texts):
        return np.tile(np.array([[0.6, 0.8]], dtype=np.float32), (len(texts), 1))
def nothing():
    return 3
"""


def test_a_factory_of_a_module_is_called(tmp_path, monkeypatch):
    (tmp_path / "own_encoder_module.py").write_text(OWN_ENCODER)
    monkeypatch.syspath_prepend(tmp_path)
    encoder = get_encoder("own_encoder_module:Own")
    assert isinstance(encoder, Encoder)
    assert meanings(encoder.encode(["a", "b"])) == pytest.approx(np.array([[0.6, 0.8]] * 2), abs=1e-6)
    for name in ("own_encoder_module:nothing", "own_encoder_module:absent", "no_such_module_at_all:Own"):
        with pytest.raises(EncoderError):
            get_encoder(name)


def test_an_entry_point_is_found(tmp_path, monkeypatch):
    (tmp_path / "own_encoder_entry.py").write_text(OWN_ENCODER)
    info = tmp_path / "own_encoder-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-encoder\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[quickstudy.encoders]\nown = own_encoder_entry:Own\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "own" in known_encoders()
    assert meanings(get_encoder("own").encode(["a"])) == pytest.approx(np.array([[0.6, 0.8]]), abs=1e-6)


def test_a_missing_library_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match=r"quickstudy\[sentence-transformers\]"):
        get_encoder("sentence-transformers:no-model").encode(["a"])


STAND_IN = """
import numpy as np
class SentenceTransformer:
    def __init__(self, name):
        if name == "absent":
            raise OSError("no such model")
    def encode(self, sentences, *, batch_size, convert_to_numpy, show_progress_bar):
        assert batch_size == 1
        return np.array([[len(s), 1.0, 3.0] for s in sentences], dtype=np.float32)
"""


def test_the_sentence_transformers_adapter_on_a_stand_in_library(tmp_path, monkeypatch):
    (tmp_path / "sentence_transformers.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sentence_transformers", raising=False)
    encoder = SentenceTransformerEncoder("some/model")
    assert np.allclose(encoder.encode_texts(["abc"]), np.array([[3.0, 1.0, 3.0]]) / np.sqrt(19), atol=1e-6)
    assert encoder.dimension == 3
    assert encoder.fingerprint == SentenceTransformerEncoder("some/model").fingerprint
    assert "some/model" in encoder.fingerprint
    with pytest.raises(EncoderError, match=r"absent.*no such model"):
        SentenceTransformerEncoder("absent").encode_texts(["a"])
    monkeypatch.delitem(sys.modules, "sentence_transformers")
