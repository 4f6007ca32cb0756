"""What the upstream said: its message, put together from a whole answer or from a stream, and the option that it names.

Invariant: what names no option exactly teaches nothing. Not here: passing the answer on, which is done byte by byte,
whatever is understood of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from quickstudy.serve.openai.forms import Form, Names

MAX_LINE = 1_000_000
"""Longest line of a stream that is read, in bytes."""


@dataclass(slots=True)
class Reply:
    """One answer of the upstream.

    Attributes:
        text: its text.
        calls: tool calls, by their place: name and arguments.
        finish: why it ended.
        usage: prompt and completion tokens, where told.
        choices: how many choices it had.
    """

    text: str = ""
    calls: dict[int, list[str]] = field(default_factory=dict)
    finish: str | None = None
    usage: tuple[int, int] | None = None
    choices: int = 0

    def take(self, data: object, *, part: str) -> None:
        """Adds a whole answer, or one chunk of a stream.

        Args:
            data: the JSON.
            part: "message" for a whole answer, "delta" for a chunk.
        """
        if not isinstance(data, dict):
            return
        usage = data.get("usage")
        if isinstance(usage, dict):
            tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
            if all(isinstance(one, int) and one >= 0 for one in tokens):
                self.usage = (int(tokens[0] or 0), int(tokens[1] or 0))
        choices = data.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self._take_choice(choice, choice.get(part))

    def _take_choice(self, choice: dict[str, Any], said: object) -> None:
        index = choice.get("index", 0)
        self.choices = max(self.choices, index + 1 if isinstance(index, int) else 2)
        if isinstance(choice.get("finish_reason"), str):
            self.finish = choice["finish_reason"]
        if not isinstance(said, dict):
            return
        if isinstance(said.get("content"), str):
            self.text += said["content"]
        calls = said.get("tool_calls")
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict):
                at = call.get("index", place)
                held = self.calls.setdefault(at if isinstance(at, int) else place, ["", ""])
                for position, name in enumerate(("name", "arguments")):
                    if isinstance(function.get(name), str):
                        held[position] += function[name]

    def option(self, form: Form | None, known: Names) -> tuple[str, Form] | None:
        """The option that it names, and the form in which; None if there is none.

        Args:
            form: the form that the request fixes, if it does.
            known: the options.
        """
        if self.choices != 1 or self.finish not in ("stop", "tool_calls"):
            return None
        if self.calls:
            if len(self.calls) > 1 or form is None or form.kind != "tool":
                return None
            name, arguments = next(iter(self.calls.values()))
            return _in_json(arguments, form, known) if name == form.tool else None
        if form is None and (found := known.of(self.text)) is not None:
            return found, Form("text")
        return _in_json(self.text, form, known) if form is None or form.kind == "json" else None


def _in_json(text: str, form: Form | None, known: Names) -> tuple[str, Form] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(data, dict):
        if len(data) != 1:
            return None
        ((key, value),) = data.items()
        if form is not None and key != form.key:
            return None
    elif form is None or form.key is None:
        key, value = None, data
    else:
        return None
    found = known.of(value)
    return None if found is None else (found, form or Form("json", key))


class StreamReader:
    """Reads a stream of server-sent events as it passes, into a reply."""

    def __init__(self) -> None:
        self.reply = Reply()
        self._left = b""

    def feed(self, content: bytes) -> None:
        """Takes the next bytes."""
        *lines, self._left = (self._left + content).split(b"\n")
        if len(self._left) > MAX_LINE:
            self._left = b""
        for line in lines:
            if line.startswith(b"data:") and len(line) <= MAX_LINE:
                try:
                    self.reply.take(json.loads(line[5:]), part="delta")
                except (ValueError, RecursionError):
                    continue  # [DONE], or nothing that can be read
