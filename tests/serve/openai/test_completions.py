"""The endpoint as an existing program sees it: the official client, pointed at the server."""

import asyncio
import itertools
import json

import httpx
import openai

from serve.openai.conftest import TAUGHT, messages
from serve.openai.upstreams import rule, tickets

SCHEMA = {"type": "object", "properties": {"team": {"enum": ["billing", "fraud", "app"]}}, "required": ["team"]}
STRUCTURED = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
TOOL = {"type": "function", "function": {"name": "route_to", "parameters": SCHEMA}}
FORCED = {"type": "function", "function": {"name": "route_to"}}


def test_upstream_calls_fall_and_the_answers_stay(ask, model, report):
    modes = []
    for ticket in tickets(TAUGHT + 50)[TAUGHT:]:
        answer = ask(ticket)
        modes.append(answer.quickstudy["mode"])
        if answer.quickstudy["mode"] != "act":
            assert answer.choices[0].message.content == rule(ticket)
    assert modes[0] == "none"  # how this program wants its answers written was not known yet
    assert modes.count("act") > 10
    assert model.calls == 50 - modes.count("act")
    calls = report("route")["calls"]
    assert calls["decided"] == 49
    assert calls["alone"] == modes.count("act")
    assert calls["share_alone"] == modes.count("act") / 49
    assert calls["spent"]["calls"] == model.calls
    assert calls["tokens_saved"] == 52 * modes.count("act")


def test_an_answer_alone_has_the_shape_of_a_completion(alone, model):
    ticket, answer = alone()
    calls = model.calls
    data = answer.model_dump(exclude_unset=True)
    assert data["id"].startswith("chatcmpl-")
    assert data["object"] == "chat.completion"
    assert data["model"] == "quickstudy/route"
    assert data["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": rule(ticket), "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert data["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert set(data["quickstudy"]) == {"decision_id", "mode", "probability"}
    assert "upstream" not in json.dumps(model.requests[-1])
    assert model.calls == calls


def test_the_upstream_sees_the_request_as_it_was_sent(ask, model):
    ask("I never paid this", job="fresh", temperature=0.3, seed=7, extra_body={"custom": {"deep": [1, None]}})
    assert model.requests == [
        {
            "messages": messages("I never paid this"),
            "model": "big",
            "temperature": 0.3,
            "seed": 7,
            "custom": {"deep": [1, None]},
        }
    ]
    assert model.headers[0]["authorization"] == "Bearer sk-upstream-0123456789"


def test_the_headers_say_who_answered(client):
    raw = client.chat.completions.with_raw_response.create(model="quickstudy/fresh", messages=messages("a crash"))
    assert raw.headers["x-quickstudy-mode"] == "none"
    raw = client.chat.completions.with_raw_response.create(
        model="quickstudy/fresh", messages=messages("one more crash")
    )
    assert raw.headers["x-quickstudy-mode"] == "ask"
    assert raw.headers["x-quickstudy-decision"] == raw.parse().quickstudy["decision_id"]


def test_an_answer_alone_can_be_streamed(client, alone):
    alone()  # the form is known now
    for ticket in tickets(230)[160:]:
        raw = client.chat.completions.with_raw_response.create(
            model="quickstudy/route",
            messages=messages(ticket),
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(raw.parse())
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == rule(ticket)
        if raw.headers["x-quickstudy-mode"] == "act":
            break
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 0
    assert chunks[0].quickstudy["mode"] == "act"


def test_a_stream_of_the_upstream_passes_through_and_teaches(client, report):
    for number, ticket in enumerate(("I never paid this", "My card was stolen")):
        stream = client.chat.completions.create(
            model="quickstudy/fresh", messages=messages(ticket), stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        assert [c.choices[0].delta.content for c in chunks if c.choices][1:-1] == list("fraud")
        assert chunks[-1].usage.total_tokens == 52
        assert report()["lessons"] == number + 1
    assert report()["calls"]["spent"] == {
        "calls": 2,
        "failed": 0,
        "told": 2,
        "prompt_tokens": 100,
        "completion_tokens": 4,
    }


def test_a_schema_with_one_field_is_answered_alone_from_the_start(alone):
    ticket, answer = alone(response_format=STRUCTURED)
    assert json.loads(answer.choices[0].message.content) == {"team": rule(ticket)}


def test_a_forced_tool_is_called_alone(alone, client):
    ticket, answer = alone(tools=[TOOL], tool_choice=FORCED)
    (call,) = answer.choices[0].message.tool_calls
    assert call.type == "function"
    assert call.function.name == "route_to"
    assert json.loads(call.function.arguments) == {"team": rule(ticket)}
    assert answer.choices[0].message.content is None
    assert answer.choices[0].finish_reason == "tool_calls"
    for ticket in tickets(200)[150:]:
        chunks = list(
            client.chat.completions.create(
                model="quickstudy/route", messages=messages(ticket), tools=[TOOL], tool_choice="required", stream=True
            )
        )
        parts = [c.choices[0].delta.tool_calls[0].function.arguments for c in chunks if c.choices[0].delta.tool_calls]
        assert json.loads("".join(parts)) == {"team": rule(ticket)}
        if getattr(chunks[0], "quickstudy", None):
            return
    raise AssertionError("no call was streamed alone")


def test_a_name_that_is_no_unicode_goes_back_as_it_came(url, alone):
    ticket, _ = alone()
    schema = SCHEMA | {"properties": {"\ud800": SCHEMA["properties"]["team"]}}
    body = {"messages": messages(ticket), "tool_choice": "required"}
    body |= {"tools": [{"type": "function", "function": {"name": "\ud801", "parameters": schema}}]}
    for job, stream in itertools.product(("route", "fresh"), (False, True)):  # alone, unless audited; and forwarded
        content = json.dumps({**body, "model": f"quickstudy/{job}", "stream": stream})
        answer = httpx.post(f"{url}/v1/chat/completions", content=content, trust_env=False)
        assert answer.status_code == 200
        assert "\\ud801" in answer.text


def test_what_the_upstream_says_in_a_tool_call_is_learned(ask, report):
    for _ in range(2):
        ask("I never paid this", job="fresh", tools=[TOOL], tool_choice="required")
    assert report()["lessons"] == 2
    assert report()["teachers"]["teachers"][0]["name"] == "big"


def test_json_is_answered_as_json_once_it_was_seen(ask, alone):
    first = ask("I never paid this", response_format={"type": "json_object"})
    assert first.quickstudy["mode"] == "none"
    ticket, answer = alone(response_format={"type": "json_object"})
    assert json.loads(answer.choices[0].message.content) == {"team": rule(ticket)}


def test_what_cannot_be_answered_alone_goes_to_the_upstream(ask, alone, model, report):
    ticket, _ = alone()
    lessons = report("route")["lessons"]
    more_fields = {"team": {"enum": ["billing", "fraud", "app"]}, "reason": {"type": "string"}}
    wide = {"name": "answer", "schema": {"type": "object", "properties": more_fields}}
    for number, asked_for in enumerate(
        (
            {"logprobs": True},
            {"extra_body": {"unknown": 1}},
            {"n": 2},
            {"tools": [TOOL]},
            {"response_format": {"type": "json_schema", "json_schema": wide}},
        )
    ):
        calls = model.calls
        assert ask(ticket, **asked_for).quickstudy["mode"] == "none"
        assert model.calls == calls + 1, asked_for
        assert report("route")["lessons"] == lessons + min(number + 1, 2)  # the last three name no single answer


def test_many_programs_at_once_lose_nothing(url, model, report):
    async def run():
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="some-key", max_retries=0) as client:
            asked = [
                client.chat.completions.create(model="quickstudy/fresh", messages=messages(t), stream=n % 2 == 0)
                for n, t in enumerate(tickets(40))
            ]
            answers = await asyncio.gather(*asked)
            return [[c async for c in a] if n % 2 == 0 else a for n, a in enumerate(answers)]

    answers = asyncio.run(run())
    for ticket, answer in zip(tickets(40)[1::2], answers[1::2], strict=True):
        assert answer.choices[0].message.content == rule(ticket)
    assert model.calls == 40
    told = report()
    assert told["lessons"] == 40
    assert told["waiting"] == 0
    assert told["calls"]["spent"]["calls"] == 40


def test_the_models_are_the_jobs_with_an_upstream(client):
    assert [model.id for model in client.models.list()] == ["quickstudy/fresh", "quickstudy/route"]
    assert client.models.retrieve("quickstudy/route").owned_by == "quickstudy"
