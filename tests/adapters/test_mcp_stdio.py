"""``quickstudy mcp`` as a client program starts it: a real process, spoken to over its standard input and output."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from typer.testing import CliRunner

import quickstudy
from quickstudy import Job, Learner
from quickstudy.cli import run
from quickstudy.cli.app import app

SOURCE = str(Path(quickstudy.__file__).parents[1])
COMMAND = ["-m", "quickstudy", "mcp"]

ENCODER = """
import pathlib, time
import numpy

print("noise from an import")


class Slow:
    name = fingerprint = "slow"
    dimension = 2

    def encode_texts(self, texts):
        print("noise from a model")
        while not pathlib.Path("go").exists():
            time.sleep(0.01)
        return numpy.tile(numpy.array([[0.6, 0.8]], dtype=numpy.float32), (len(texts), 1))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "slow.py").write_text(ENCODER)
    Job("route", ["billing", "fraud"], encoder="slow:Slow").save(tmp_path / "route.toml")
    return tmp_path


def environment(folder):
    return {"PYTHONPATH": f"{SOURCE}:{folder}"}


def test_it_answers_before_the_model_is_there_and_keeps_what_it_was_taught(folder):
    words = [*COMMAND, "route.db", "--job", "route.toml"]
    server = StdioServerParameters(command=sys.executable, args=words, env=environment(folder), cwd=folder)

    async def conversation():
        async with Client(server) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            (folder / "go").touch()  # only now the model can be loaded
            decision = (await client.call_tool("decide", {"situation": "a"})).structured_content
            lesson = {"decision_id": decision["decision_id"], "answer": "fraud", "lesson_id": "l-1"}
            taught = await client.call_tool("teach", lesson)
            return names, taught

    names, taught = asyncio.run(conversation())
    assert {"decide", "teach"} <= names
    assert not taught.is_error
    sys.path.insert(0, str(folder))
    try:
        with Learner.open(folder / "route.db", read_only=True) as learner:
            assert [lesson.answer for lesson, _ in learner.lessons()] == ["fraud"]
    finally:
        sys.path.remove(str(folder))


def test_nothing_but_the_protocol_is_on_standard_output(folder):
    (folder / "go").touch()
    about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    ask = {"name": "decide", "arguments": {"situation": "a"}}
    server = subprocess.Popen(
        [sys.executable, *COMMAND, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(folder),
        cwd=folder,
        text=True,
    )
    lines = []
    for message in (
        {"id": 1, "method": "initialize", "params": about},
        {"method": "notifications/initialized"},
        "this is no message",
        {"id": 2, "method": "tools/call", "params": ask},
    ):
        text = message if isinstance(message, str) else json.dumps({"jsonrpc": "2.0", **message})
        server.stdin.write(text + "\n")
        server.stdin.flush()
        if isinstance(message, dict) and "id" in message:
            while not lines or json.loads(lines[-1]).get("id") != message["id"]:
                lines.append(server.stdout.readline())
    rest, noise = server.communicate(timeout=60)
    answers = [json.loads(line) for line in [*lines, *rest.splitlines()]]
    assert all(answer["jsonrpc"] == "2.0" for answer in answers)
    found = {answer["id"]: answer for answer in answers if "id" in answer}
    assert found[2]["result"]["structuredContent"]["mode"] == "ask"
    assert server.returncode == 0
    assert "noise from a model" in noise
    assert "Traceback" not in noise


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nothing.db"], "no-journal"),
        (["empty"], "no-job"),
        (["empty", "--job", "route.toml"], "bad-input"),
        (["new.db", "--job", "nothing.toml"], "bad-job"),
        (["route.toml"], "journal-corrupt"),
    ],
)
def test_what_is_not_there_is_said_before_it_serves(folder, monkeypatch, capsys, words, code):
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    assert run(["mcp", *words, "--json"]) in (1, 2)
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_json_is_the_entry_for_a_clients_configuration(folder, monkeypatch):
    monkeypatch.chdir(folder)
    shown = CliRunner().invoke(app, ["mcp", "route.db", "--job", "route.toml", "--json"])
    entry = json.loads(shown.output)["mcpServers"]["quickstudy"]
    assert entry["command"] == sys.executable
    assert entry["args"] == [*COMMAND, str(folder / "route.db"), "--job", str(folder / "route.toml")]
    assert not (folder / "route.db").exists()


def test_without_the_extra_the_command_names_it(folder, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith("quickstudy.adapters.mcp")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert run(["mcp", str(folder), "--json"]) == 1
    assert "quickstudy[mcp]" in json.loads(capsys.readouterr().out)["error"]["next_step"]
