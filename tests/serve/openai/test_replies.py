"""What an upstream's reply names; and that an answer alone reads back as the option that it says."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quickstudy.serve.openai.forms import Form, Names
from quickstudy.serve.openai.replies import Reply, StreamReader

KNOWN = Names(["billing", "Fraud", "true", "3", "Not now", "US", "us"])
FIELD = Form("json", "team", None, ("billing", "Fraud"))
TOOL = Form("tool", "team", "route", ("billing", "Fraud"))


def reply(text=None, *, calls=(), finish="stop"):
    found = Reply()
    called = [{"function": {"name": name, "arguments": arguments}} for name, arguments in calls]
    message = {"content": text, "tool_calls": called or None}
    found.take({"choices": [{"index": 0, "message": message, "finish_reason": finish}]}, part="message")
    return found


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("billing", "billing"),
        (" BILLING\n", "billing"),
        ('"Billing."', "billing"),
        ("**fraud**", "Fraud"),
        ("not now", "Not now"),
        ("US", "US"),
        ("Us", None),
        ("not billing", None),
        ("billing or fraud", None),
        ("", None),
        ("...", None),
        ("true", "true"),
        ('{"team": "billing"}', "billing"),
        ('{"team": true}', "true"),
        ('{"team": 3}', "3"),
        ('{"team": "billing", "sure": false}', None),
        ('{"team": ["billing"]}', None),
        ('{"team": {"name": "billing"}}', None),
        ("[" * 100_000, None),
    ],
)
def test_a_text_names_an_option_only_as_a_whole(text, option):
    found = reply(text).option(None, KNOWN)
    assert (found and found[0]) == option


def test_the_form_says_where_the_answer_is():
    assert reply('{"team": "FRAUD"}').option(FIELD, KNOWN) == ("Fraud", FIELD)
    assert reply('{"other": "fraud"}').option(FIELD, KNOWN) is None
    assert reply("fraud").option(FIELD, KNOWN) is None
    assert reply(calls=[("route", '{"team": "fraud"}')]).option(TOOL, KNOWN) == ("Fraud", TOOL)
    assert reply(calls=[("other", '{"team": "fraud"}')]).option(TOOL, KNOWN) is None
    assert reply(calls=[("route", '{"team": "fraud"}')] * 2).option(TOOL, KNOWN) is None
    assert reply(calls=[("route", '{"team": ')]).option(TOOL, KNOWN) is None
    assert reply(calls=[("route", '{"team": "fraud"}')]).option(None, KNOWN) is None


@pytest.mark.parametrize("finish", ["length", "content_filter", None])
def test_an_answer_that_was_cut_off_names_nothing(finish):
    assert reply("billing", finish=finish).option(None, KNOWN) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"message": 3}]},
        {"choices": [{"index": "x", "message": {"content": "billing"}, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": ["billing"], "tool_calls": [None, {"function": 1}]}}], "usage": 1},
        {"usage": {"prompt_tokens": -1, "completion_tokens": "x"}},
    ],
)
def test_a_strange_answer_names_nothing(data):
    found = Reply()
    found.take(data, part="message")
    assert found.option(None, KNOWN) is None
    assert found.usage is None


def test_a_stream_is_read_however_it_is_cut():
    choices = [{"delta": {"content": "bil"}}, {"delta": {"content": "ling"}}, {"delta": {}, "finish_reason": "stop"}]
    lines = [{"choices": [{"index": 0, **choice}]} for choice in choices]
    lines.append({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}})
    text = ": a comment\r\n\r\n" + "".join(f"data: {json.dumps(line)}\r\n\r\n" for line in lines) + "data: [DONE]\n\n"
    content = text.encode()
    for size in (1, 7, 50, len(content)):
        reader = StreamReader()
        for start in range(0, len(content), size):
            reader.feed(content[start : start + size])
        assert reader.reply.option(None, KNOWN) == ("billing", Form("text"))
        assert reader.reply.usage == (5, 2)


names = st.text(min_size=1, max_size=20).map(str.strip).filter(bool)


@settings(max_examples=60)
@given(st.sets(names, min_size=1, max_size=5), st.sampled_from(["text", "json", "bare", "tool"]), st.data())
def test_what_is_written_reads_back_as_the_same_option(options, kind, data):
    known = Names(options)
    option = data.draw(st.sampled_from(sorted(options)))
    values = tuple(sorted(options))
    form = {
        "text": Form("text"),
        "json": Form("json", "team", None, values),
        "bare": Form("json", None, None, values),
        "tool": Form("tool", "team", "route", values),
    }[kind]
    written = form.write(option, known)
    said = reply(calls=[("route", written)]) if kind == "tool" else reply(written)
    found = said.option(None if kind == "text" else form, known)
    assert found is not None
    assert found[0] == option


def test_values_of_other_types_are_written_as_they_were_listed():
    form = Form("json", "team", None, (True, 3, "FRAUD"))
    known = Names(["true", "3", "Fraud", "billing"])
    assert form.options(known) == ["true", "3", "Fraud"]
    assert [json.loads(form.write(o, known))["team"] for o in ("true", "3", "Fraud")] == [True, 3, "FRAUD"]
