"""The tools, resources and prompt, called through the protocol's own client in this process."""

import asyncio
import dataclasses
import json

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from quickstudy import Job, Learner
from quickstudy.adapters.mcp import LocalJobs, make_server
from quickstudy.adapters.mcp.shapes import decided

READING = {"predict", "report", "options", "jobs", "what_if", "list_asked"}
ADDING = {"decide", "teach", "reject", "reward"}


@pytest.fixture
def folder(tmp_path):
    Job("route", {"billing": "invoices", "fraud": "stolen cards"}, encoder="static").save(tmp_path / "route.toml")
    return tmp_path


@pytest.fixture
def jobs(folder):
    found = LocalJobs.find(folder)
    yield found
    found.close()


@pytest.fixture
def talk(jobs):
    """Runs a conversation: a coroutine function that is given a connected client."""

    def talked(conversation):
        async def run():
            async with Client(make_server(jobs)) as client:
                return await conversation(client)

        return asyncio.run(run())

    return talked


@pytest.fixture
def call(talk):
    """Calls one tool; gives its data, or its error."""

    def called(tool, **arguments):
        async def conversation(client):
            answer = await client.call_tool(tool, arguments)
            assert answer.is_error or answer.structured_content == json.loads(answer.content[0].text)
            return answer.structured_content["error"] if answer.is_error else answer.structured_content

        return talk(conversation)

    return called


def test_every_tool_has_schemas_words_and_honest_hints(talk):
    async def conversation(client):
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in talk(conversation)}
    assert set(tools) == READING | ADDING
    for name, tool in tools.items():
        assert tool.description
        assert tool.title
        assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
        assert tool.annotations.read_only_hint is (name in READING)
        assert tool.annotations.idempotent_hint is (name in READING)
        assert tool.annotations.open_world_hint is False
        assert tool.annotations.destructive_hint is not True
        assert "context" not in tool.input_schema["properties"]


def test_a_task_is_handed_over_worked_out_and_taught(call):
    decision = call("decide", situation="I was charged twice")
    assert decision["mode"] == "ask"
    assert decision["answer"] is None
    assert "teach" in decision["next_step"]
    lesson = call("teach", decision_id=decision["decision_id"], answer="billing")
    assert lesson["by"] == "mcp"
    assert call("predict", situation="they charged me twice")["similar"][0]["situation"] == "I was charged twice"
    assert call("report")["lessons"] == 1


def test_the_guess_is_hidden_unless_it_is_asked_for(call):
    hidden = call("decide", situation="I was charged twice")
    assert hidden["guesses"] == hidden["similar"] == []
    assert call("decide", situation="I was charged twice", show_guess=True)["guesses"][0]["probability"] > 0.5


@pytest.mark.parametrize("mode", ["act", "audit", "ask"])
def test_only_an_answer_alone_is_given(folder, mode):
    with Learner(Job.load(folder / "route.toml")) as learner:
        made = dataclasses.replace(learner.decide("a stolen card"), mode=mode, alone=mode == "act")
    shown = decided("route", made, show_guess=False)
    assert shown.answer == (made.answer if mode == "act" else None)
    assert bool(shown.guesses) is (mode == "act")
    assert ("teach" in shown.next_step) is (mode != "act")


def test_retries_count_once(call):
    one, two = (call("decide", situation="I was charged twice", request_id="t-1") for _ in range(2))
    assert one["decision_id"] == two["decision_id"]
    lessons = [call("teach", decision_id=one["decision_id"], answer="billing", lesson_id="l-1") for _ in range(2)]
    assert lessons[0] == lessons[1]
    report = call("report")
    assert (report["decisions"], report["lessons"]) == (1, 1)
    assert call("decide", situation="another", request_id="t-1")["code"] == "used-request-id"


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("decide", {"situation": ""}, "bad-situation"),
        ("decide", {"situation": "x", "options": ["nope"]}, "unknown-option"),
        ("decide", {"situation": "x", "job": "nope"}, "no-job"),
        ("teach", {"answer": "billing"}, "bad-lesson"),
        ("teach", {"answer": "biling", "situation": "x"}, "unknown-option"),
        ("teach", {"answer": "billing", "decision_id": "nope"}, "unknown-decision"),
        ("reject", {"decision_id": "nope"}, "unknown-decision"),
        ("what_if", {"target_error": [2]}, "bad-target"),
    ],
)
def test_an_error_names_the_next_step(call, tool, arguments, code):
    error = call(tool, **arguments)
    assert error["code"] == code
    assert error["message"]
    assert error["next_step"]


def test_arguments_of_a_wrong_type_are_refused(talk, call):
    async def conversation(client):
        return await client.call_tool("decide", {"situation": "x", "request_id": 3})

    assert talk(conversation).is_error
    for nothing in (None, True, {"deep": {"er": 1}}, [[1], [2, 3]], ["a"], {}):
        assert call("decide", situation=nothing)["code"] == "bad-situation"


def test_a_text_that_looks_like_json_stays_a_text(call):
    decision = call("decide", situation="[1, 2]")
    call("decide", situation="null")
    assert [task["situation"] for task in call("list_asked")["waiting"]] == ["[1, 2]", "null"]
    call("teach", decision_id=decision["decision_id"], answer="fraud")
    call("decide", situation='{"deep": {"er": 3}}')
    assert call("list_asked")["waiting"][1]["situation"] == '{"deep": {"er": 3}}'


def test_a_job_that_sees_records_also_takes_them_written_as_text(call):
    call("teach", situation={"amount": 3.5, "vendor": "Acme"}, answer="billing")
    call("decide", situation='{"amount": 4, "vendor": "Acme"}')
    assert call("list_asked")["waiting"][0]["situation"] == {"amount": 4, "vendor": "Acme"}
    assert call("decide", situation="just words")["code"] == "bad-situation"


def test_arrays_are_seen(call):
    call("teach", situation=[0.5, 1, 2], answer="billing")
    assert call("predict", situation=[0.5, 1, 2])["answer"] == "billing"


def test_what_waits_is_listed_without_a_guess(call):
    for number in range(3):
        call("decide", situation=f"task {number}")
    asked = call("list_asked", limit=2)
    assert [task["situation"] for task in asked["waiting"]] == ["task 0", "task 1"]
    assert set(asked["waiting"][0]) == {"decision_id", "situation", "at"}
    assert asked["more"]
    call("reject", decision_id=asked["waiting"][0]["decision_id"])
    assert not call("list_asked", limit=2)["more"]


def test_rewards_options_jobs_and_forecasts(call):
    decision = call("decide", situation="task")
    assert call("reward", decision_id=decision["decision_id"], value=0.5)["value"] == 0.5
    assert call("options", contains="STOLEN")["options"] == [{"name": "fraud", "description": "stolen cards"}]
    assert call("options", limit=1)["total"] == 2
    assert call("jobs")["jobs"] == [{"name": "route", "instructions": "", "options": 2, "open": False}]
    assert [target["target_error"] for target in call("what_if", target_error=[0.1])["targets"]] == [0.1]


def test_reading_writes_nothing(call, folder):
    call("decide", situation="task")
    before = call("report")["decisions"]
    call("predict", situation="another")
    assert call("report")["decisions"] == before


def test_with_several_jobs_one_has_to_be_named(folder):
    Job("mail", ["spam", "ham"], encoder="static").save(folder / "mail.toml")
    (folder / "mail.upstream.toml").write_text("not a job")

    async def run():
        jobs = LocalJobs.find(folder)
        try:
            async with Client(make_server(jobs)) as client:
                names = [job["name"] for job in (await client.call_tool("jobs")).structured_content["jobs"]]
                unnamed = await client.call_tool("decide", {"situation": "x"})
                named = await client.call_tool("decide", {"situation": "x", "job": "mail"})
                return names, unnamed.structured_content["error"], named.structured_content
        finally:
            jobs.close()

    names, unnamed, named = asyncio.run(run())
    assert names == ["mail", "route"]
    assert unnamed["next_step"] == "Name one of: 'mail', 'route'."
    assert named["job"] == "mail"


def test_a_journal_that_is_locked_is_an_error_of_its_calls_and_tried_again(call, folder):
    with Learner(Job.load(folder / "route.toml"), folder / "route.db"):
        assert call("decide", situation="task")["code"] == "journal-locked"
    assert call("decide", situation="task")["mode"] == "ask"


def test_resources_can_be_read(call, talk):
    decision = call("decide", situation="I was charged twice")["decision_id"]
    call("teach", decision_id=decision, answer="billing", by="anna")

    async def conversation(client):
        templates = [t.uri_template for t in (await client.list_resource_templates()).resource_templates]
        uris = ("quickstudy://route/report", "quickstudy://route/job", f"quickstudy://route/decisions/{decision}")
        return templates, [json.loads((await client.read_resource(uri)).contents[0].text) for uri in uris]

    templates, (report, job, shown) = talk(conversation)
    assert len(templates) == 3
    assert report["lessons"] == 1
    assert job["options"] == {"billing": "invoices", "fraud": "stolen cards"}
    assert shown["situation"] == "I was charged twice"
    assert shown["opinions"]
    assert [(lesson["answer"], lesson["by"]) for lesson in shown["lessons"]] == [("billing", "anna")]


@pytest.mark.parametrize("uri", ["quickstudy://route/decisions/nope", "quickstudy://nope/report"])
def test_a_resource_that_is_not_there_says_so(talk, uri):
    async def conversation(client):
        with pytest.raises(MCPError, match="nope"):
            await client.read_resource(uri)

    talk(conversation)


def test_the_prompt_says_how_to_work(talk):
    async def conversation(client):
        return await client.get_prompt("work_with_the_learner", {"job": "route"})

    text = talk(conversation).messages[0].content.text
    assert text.index("`decide`") < text.index("`teach`")
    assert "'route'" in text
