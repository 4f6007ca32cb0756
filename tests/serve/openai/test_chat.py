"""What is read of a request: its situation, its kind, and the form of its answer."""

import json

import pytest

from quickstudy.serve.openai.chat import read_chat
from quickstudy.serve.openai.forms import Form

ENUM = {"enum": ["a", "b"]}


def chat(*messages, **more):
    return read_chat(json.dumps({"model": "quickstudy/route", "messages": list(messages), **more}).encode())


def said(role, content):
    return {"role": role, "content": content}


@pytest.mark.parametrize(
    ("messages", "situation"),
    [
        ([said("user", " I was charged twice ")], "I was charged twice"),
        ([said("system", "Route."), said("developer", "Now."), said("user", "x")], "x"),
        ([said("user", [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}])], "one\ntwo"),
        ([said("user", "a"), said("assistant", "b"), said("user", "c")], "user: a\n\nassistant: b\n\nuser: c"),
        (
            [said("user", "a"), {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}],
            "user: a\n\nassistant: f({})",
        ),
        ([said("system", "Route.")], None),
        ([said("assistant", "hello")], None),
        ([said("user", "")], None),
        ([said("user", 3)], None),
        ([said("user", [{"type": "image_url", "image_url": {}}])], None),
        ([said("user", "a"), said("user", [{"type": "input_audio"}])], None),
    ],
)
def test_the_situation_is_what_is_said_beside_the_system(messages, situation):
    assert chat(*messages).situation == situation


def test_requests_of_one_kind_differ_only_in_what_is_said():
    kind = chat(said("system", "Route."), said("user", "x")).kind
    assert chat(said("system", "Route."), said("user", "y"), temperature=0.5).kind == kind
    assert chat(said("system", "Answer as JSON."), said("user", "x")).kind != kind
    assert chat(said("system", "Route."), said("user", "x"), response_format={"type": "json_object"}).kind != kind


def json_schema(schema):
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}}


def tool(name, schema):
    return {"type": "function", "function": {"name": name, "parameters": schema}}


OBJECT = {"type": "object", "properties": {"team": ENUM}}
REFERRED = {"$defs": {"T": ENUM}, "type": "object", "properties": {"team": {"$ref": "#/$defs/T"}}}
WIDE = {"type": "object", "properties": {"team": ENUM, "why": {"type": "string"}}}
NAMED = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("fields", "form", "open_form"),
    [
        ({}, None, True),
        ({"response_format": {"type": "text"}}, None, True),
        ({"response_format": {"type": "json_object"}}, None, True),
        ({"response_format": "odd"}, None, False),
        (json_schema(OBJECT), Form("json", "team", None, ("a", "b")), False),
        (json_schema(REFERRED), Form("json", "team", None, ("a", "b")), False),
        (json_schema(ENUM), Form("json", None, None, ("a", "b")), False),
        (json_schema(WIDE), None, False),
        (json_schema("odd"), None, False),
        ({"tools": [tool("f", OBJECT)]}, None, False),
        ({"tools": [tool("f", OBJECT)], "tool_choice": "auto"}, None, False),
        ({"tools": [tool("f", OBJECT)], "tool_choice": "none"}, None, True),
        ({"tools": [tool("f", OBJECT)], "tool_choice": "required"}, Form("tool", "team", "f", ("a", "b")), False),
        ({"tools": [tool("f", OBJECT), tool("g", OBJECT)], "tool_choice": "required"}, None, False),
        (
            {"tools": [tool("f", OBJECT), tool("g", OBJECT)], "tool_choice": NAMED},
            Form("tool", "team", "f", ("a", "b")),
            False,
        ),
        ({"tools": "odd", "tool_choice": "required"}, None, False),
    ],
)
def test_the_form_is_what_the_request_fixes(fields, form, open_form):
    found = chat(said("user", "x"), **fields)
    assert (found.form, found.open_form) == (form, open_form)


@pytest.mark.parametrize(
    ("fields", "single"),
    [
        ({"temperature": 1, "n": 1, "logprobs": False, "modalities": ["text"], "stream": True}, True),
        ({"n": 2}, False),
        ({"logprobs": True}, False),
        ({"top_logprobs": 3}, False),
        ({"modalities": ["text", "audio"]}, False),
        ({"functions": []}, False),
        ({"something_new": 1}, False),
    ],
)
def test_only_what_is_known_to_change_nothing_is_answered_alone(fields, single):
    assert chat(said("user", "x"), **fields).single is single
