"""What a chat request asks: its situation, the kind of request it is, and the form that its answer must have.

The rule, which ``docs/agents.md`` states for users: messages with the role system or developer belong to the job, not
to the situation. The text of the only other message, the user's, is the situation; of several, all of them are, each
with its role before it. Texts only: a request with an image, a sound or a file goes to the upstream, and teaches
nothing.

Invariant: what cannot be answered alone exactly as the client asked (log-probabilities, several choices, tools that the
model may or may not call, unknown parameters) is never answered alone. Not here: answering.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quickstudy.serve.openai.forms import Form, form_of_schema
from quickstudy.serve.problems import Problem

PREFIX = "quickstudy/"
"""Before a job's name, in the name of a model."""

_INDIFFERENT = frozenset(
    (
        *(
            "model",
            "messages",
            "stream",
            "stream_options",
            "temperature",
            "top_p",
            "max_tokens",
            "seed",
            "stop",
            "user",
        ),
        *("max_completion_tokens", "metadata", "store", "service_tier", "reasoning_effort", "verbosity", "prediction"),
        *("presence_penalty", "frequency_penalty", "logit_bias", "parallel_tool_calls", "safety_identifier"),
        *("prompt_cache_key", "prompt_cache_retention", "response_format", "tools", "tool_choice"),
    )
)
"""Parameters that do not change what an answer alone is, or that are looked at below."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat request.

    Attributes:
        body: the request as it was sent.
        job: the job's name.
        situation: the text to decide on; None if there is none that can be perceived.
        kind: a hash of everything that is equal for requests of one kind: system messages, format, tools.
        form: the form that the request fixes; None if it leaves it open.
        open_form: whether the form may be the one that the upstream used before.
        single: whether one answer, and nothing beside it, is all that is asked for.
    """

    body: Mapping[str, Any]
    job: str
    situation: str | None
    kind: str
    form: Form | None
    open_form: bool
    single: bool

    @property
    def stream(self) -> bool:
        """Whether the answer is to be streamed."""
        return self.body.get("stream") is True

    @property
    def with_usage(self) -> bool:
        """Whether a streamed answer ends with its usage."""
        options = self.body.get("stream_options")
        return isinstance(options, Mapping) and options.get("include_usage") is True


def read_chat(content: bytes) -> Chat:
    """Reads a request.

    Args:
        content: its body.

    Raises:
        Problem: it is no chat request for a job.
    """
    try:
        body = json.loads(content, parse_constant=_no_number)
        json.dumps(body)  # what is nested too deeply to be passed on is refused here
    except (ValueError, RecursionError) as error:
        raise _bad(f"The request is not JSON: {str(error)[:80]}.", "Send a JSON object.") from error
    if not isinstance(body, dict):
        raise _bad("The request is no JSON object.", 'Send {"model": ..., "messages": [...]}.')
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str):
        raise _bad(f"The model is {str(model)[:80]!r}.", f'Name a job: "{PREFIX}JOB".')
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise _bad("There are no messages.", 'Send "messages": [{"role": "user", "content": "..."}].')
    if not model.startswith(PREFIX):
        raise Problem(
            404,
            "unknown-model",
            f"There is no model {model[:80]!r}.",
            next_step=f"Models here are called {PREFIX}JOB; GET /v1/models lists them.",
        )
    form, open_form = _form(body)
    system = [one.get("content") for one in messages if one.get("role") in ("system", "developer")]
    frame = [system, *(body.get(name) for name in ("response_format", "tools", "tool_choice"))]
    return Chat(
        body=body,
        job=model.removeprefix(PREFIX),
        situation=_situation(messages),
        kind=hashlib.sha256(json.dumps(frame, sort_keys=True).encode()).hexdigest()[:32],
        form=form,
        open_form=open_form,
        single=_single(body),
    )


def _situation(messages: list[dict[str, Any]]) -> str | None:
    said = [(str(one.get("role")), _text(one)) for one in messages if one.get("role") not in ("system", "developer")]
    texts = [(role, text.strip()) for role, text in said if text is not None]
    if len(texts) < len(said) or not any(role == "user" and text for role, text in texts):
        return None
    found = texts[0][1] if len(texts) == 1 else "\n\n".join(f"{role}: {text}" for role, text in texts)
    return found.encode("utf-8", "replace").decode()


def _text(message: dict[str, Any]) -> str | None:
    """The text of a message; None if it has anything else."""
    content, calls = message.get("content"), message.get("tool_calls")
    parts = content if isinstance(content, list) else [{"type": "text", "text": "" if content is None else content}]
    texts = []
    for part in parts:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            return None
        texts.append(part["text"])
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            return None
        texts.append(f"{function.get('name')}({function.get('arguments')})")
    return "\n".join(texts)


def _single(body: Mapping[str, Any]) -> bool:
    indifferent = {
        "n": (None, 1),
        "logprobs": (None, False),
        "top_logprobs": (None, 0),
        "modalities": (None, ["text"]),
    }
    return all(
        name in _INDIFFERENT or (name in indifferent and value in indifferent[name]) for name, value in body.items()
    )


def _form(body: Mapping[str, Any]) -> tuple[Form | None, bool]:
    """The form that a request fixes, and whether it leaves the form open."""
    tools, choice = body.get("tools"), body.get("tool_choice")
    if tools and choice != "none":
        return _tool_form(tools, choice), False
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema":
        inner = wanted.get("json_schema")
        return form_of_schema(inner.get("schema") if isinstance(inner, dict) else None, "json"), False
    return None, wanted is None or (isinstance(wanted, dict) and wanted.get("type") in ("text", "json_object"))


def _tool_form(tools: object, choice: object) -> Form | None:
    """The form of a tool that has to be called; None if the model may choose."""
    functions = [one.get("function") for one in tools if isinstance(one, dict)] if isinstance(tools, list) else []
    named = [one for one in functions if isinstance(one, dict) and isinstance(one.get("name"), str)]
    if isinstance(choice, dict):
        wanted = choice.get("function")
        name = wanted.get("name") if isinstance(wanted, dict) else None
        named = [one for one in named if one["name"] == name]
    elif choice != "required":
        return None
    return form_of_schema(named[0].get("parameters"), "tool", named[0]["name"]) if len(named) == 1 else None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _bad(message: str, next_step: str) -> Problem:
    return Problem(400, "bad-request", message, next_step=next_step)
