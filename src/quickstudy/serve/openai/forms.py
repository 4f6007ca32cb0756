"""How an answer is written: as plain text, as a JSON object with one field, or as a call of a tool with one argument.

A client reads the learner's answer with the code that reads the model's. So the learner answers alone only in a form
that the request itself fixes (a schema with one field, a forced tool), or that the upstream was seen to use for
requests of the same kind. Invariant: what :meth:`Form.write` writes, ``replies`` reads back as the same option.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

_WRAPPING = " \t\r\n\"'`*."


@dataclass(frozen=True, slots=True)
class Form:
    """A way of writing an answer.

    Attributes:
        kind: plain text, JSON in the text, or a tool call.
        key: the field or argument that holds the answer; None for a JSON text that is the answer itself.
        tool: the tool's name.
        values: the values that the request allows, where it lists them.
    """

    kind: Literal["text", "json", "tool"]
    key: str | None = None
    tool: str | None = None
    values: tuple[Any, ...] | None = None

    def options(self, known: Names) -> list[str] | None:
        """The options that can be written in this form; None for all."""
        if self.values is None:
            return None
        found = [option for value in self.values if (option := known.of(value)) is not None]
        return list(dict.fromkeys(found))

    def write(self, option: str, known: Names) -> str:
        """The text, or the tool's arguments, that say this option."""
        if self.kind == "text":
            return option
        value = next((value for value in self.values or () if known.of(value) == option), option)
        return json.dumps(value if self.key is None else {self.key: value}, ensure_ascii=False)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, without what the request itself says."""
        return {"kind": self.kind, "key": self.key}


class Names:
    """The options in force, found by how a model writes them.

    Args:
        options: their names.
    """

    def __init__(self, options: Iterable[str]) -> None:
        self.exact = frozenset(options)
        self._folded: dict[str, str | None] = {}
        for name in self.exact:
            folded = name.casefold()
            self._folded[folded] = None if folded in self._folded else name  # two that differ only in case: neither

    def of(self, value: object) -> str | None:
        """The option that a value says, or None.

        A text is looked up as it is, then without regard to case, then without quotes, stars and the full stop around
        it. Never inside a longer text: "not billing" is not billing. Numbers, booleans and null are their JSON.
        """
        text = value if isinstance(value, str) else _scalar(value)
        if text is None:
            return None
        if text in self.exact:
            return text
        for tried in (text.strip(), text.strip(_WRAPPING)):
            found = tried if tried in self.exact else self._folded.get(tried.casefold())
            if found is not None:
                return found
        return None


def _scalar(value: object) -> str | None:
    return json.dumps(value) if value is None or isinstance(value, bool | int | float) else None


def form_of_schema(schema: object, kind: Literal["json", "tool"], tool: str | None = None) -> Form | None:
    """The form that a JSON schema fixes: one field with listed values, or the listed values themselves; else None.

    Args:
        schema: a JSON schema, as the client sent it.
        kind: what it describes.
        tool: the tool's name.
    """
    if not isinstance(schema, Mapping):
        return None
    if kind == "json" and (values := _listed(schema, schema)) is not None:
        return Form(kind, None, tool, values)
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or len(properties) != 1:
        return None
    key, inner = next(iter(properties.items()))
    values = _listed(inner, schema)
    return None if values is None else Form(kind, str(key), tool, values)


def _listed(schema: object, whole: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The values that a schema lists, itself or where its reference points to."""
    if isinstance(schema, Mapping) and isinstance(reference := schema.get("$ref"), str):
        definitions = whole.get("$defs")
        schema = definitions.get(reference.removeprefix("#/$defs/")) if isinstance(definitions, Mapping) else None
    values = schema.get("enum") if isinstance(schema, Mapping) else None
    return tuple(values) if isinstance(values, list) and values else None
