"""Answers in the shapes of the chat completions API, whole and as a stream.

Source: the OpenAI API reference, "chat completion object" and "chat completion chunk object". Beside the standard
fields there is ``quickstudy``: the decision's id, mode and probability. No tokens were used, so usage is zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from quickstudy.serve.openai.chat import Chat
from quickstudy.serve.openai.forms import Form
from quickstudy.types import Decision

USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def about(decision: Decision | None) -> dict[str, Any]:
    """The extension field: what the learner had to do with an answer."""
    if decision is None:
        return {"decision_id": None, "mode": "none", "probability": None}
    return {"decision_id": decision.id, "mode": decision.mode, "probability": decision.probability}


def headers(decision: Decision | None) -> dict[str, str]:
    """The same as headers."""
    if decision is None:
        return {"x-quickstudy-mode": "none"}
    return {"x-quickstudy-mode": decision.mode, "x-quickstudy-decision": decision.id}


def completion(chat: Chat, decision: Decision, form: Form, written: str) -> dict[str, Any]:
    """An answer alone, whole.

    Args:
        chat: the request.
        decision: with which it is answered.
        form: how.
        written: the text, or the tool's arguments.
    """
    message: dict[str, Any] = {"role": "assistant", "content": written, "refusal": None}
    if form.kind == "tool":
        message |= {"content": None, "tool_calls": [_call(decision, form, written)]}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(form)}
    return {**_frame(chat, decision, "chat.completion"), "choices": [choice], "usage": USAGE} | {
        "quickstudy": about(decision)
    }


def chunks(chat: Chat, decision: Decision, form: Form, written: str) -> Iterator[bytes]:
    """An answer alone, as server-sent events. Takes what :func:`completion` takes."""
    said: dict[str, Any] = {"content": written}
    if form.kind == "tool":
        said = {"tool_calls": [{"index": 0, **_call(decision, form, written)}]}
    frame = _frame(chat, decision, "chat.completion.chunk")
    if chat.with_usage:
        frame["usage"] = None
    first = {"role": "assistant", "content": None if form.kind == "tool" else ""}
    for delta, finish in ((first, None), (said, None), ({}, _finish(form))):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        yield event({**frame, "choices": [choice], "quickstudy": about(decision)})
    if chat.with_usage:
        yield event({**frame, "choices": [], "usage": USAGE})
    yield b"data: [DONE]\n\n"


def event(data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + encoded(data) + b"\n\n"


def encoded(data: dict[str, Any]) -> bytes:
    """JSON in ASCII: a name that a client sent and that is no valid Unicode goes back as it came."""
    return json.dumps(data, separators=(",", ":")).encode("ascii")


def _frame(chat: Chat, decision: Decision, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{decision.id}",
        "object": kind,
        "created": int(decision.at),
        "model": chat.body["model"],
        "system_fingerprint": None,
    }


def _call(decision: Decision, form: Form, written: str) -> dict[str, Any]:
    return {"id": f"call_{decision.id[:24]}", "type": "function", "function": {"name": form.tool, "arguments": written}}


def _finish(form: Form) -> str:
    return "tool_calls" if form.kind == "tool" else "stop"
