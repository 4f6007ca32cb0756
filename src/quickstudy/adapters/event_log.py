"""Reading event logs of real procedures: CSV, and XES (IEEE 1849), the exchange format of process mining.

An event log is a table of events: a case (an order, a claim, a patient), an activity, a time, attributes.

Invariants: a case's events are in the order of their times, ties in the file's order. XES is read as a stream, plain or
gzipped; a document type declaration is refused, so no entity is ever expanded. The libraries that read XES are GPL
(opyenxes, last released in 2018) and AGPL (pm4py), so it is read here. Not here: learning from cases (``process``).
"""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import math
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.parsers import expat

from quickstudy.errors import InputError, TableError
from quickstudy.types import Scalar

EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_800.0
"""The years 1 to 9999, in seconds since 1970: what lies outside is no time, but often milliseconds."""

MAX_CELL = 131_072
"""Characters of a cell: what the csv module takes, unless somebody in the process has raised its limit."""

SHOWN = 60
"""Characters of a wrong cell that a message shows."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a case: what was done, when (seconds since 1970), and anything else that was noted."""

    activity: str
    at: float
    attributes: Mapping[str, Scalar] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its events in the order of their times, and what was noted about it as a whole."""

    id: str
    events: tuple[LogEvent, ...]
    attributes: Mapping[str, Scalar] = field(default_factory=dict, hash=False)

    def first(self, count: int) -> Case:
        """The case as it was after so many events."""
        return Case(self.id, self.events[:count], self.attributes)


def read_event_log(
    path: str | os.PathLike[str],
    *,
    case: str = "case",
    activity: str = "activity",
    timestamp: str = "timestamp",
    attributes: Sequence[str] | None = None,
) -> list[Case]:
    """The cases of an event log, in the order of their first events.

    Args:
        path: a ``.csv``, ``.xes`` or ``.xes.gz`` file.
        case: the column that names the case; in XES the trace's ``concept:name``.
        activity: the column that names the activity; in XES the event's ``concept:name``.
        timestamp: the column of the time: ISO 8601 or seconds since 1970; UTC where it says no zone.
        attributes: the columns to keep besides; all others if None.

    Raises:
        TableError: the file cannot be read, or is no such log; the message names the line.
    """
    file = Path(path)
    name = file.name.lower()
    try:
        if name.endswith((".xes", ".xes.gz")):
            with gzip.open(file) if name.endswith(".gz") else file.open("rb") as stream:
                return _ordered(_XesReader(str(file), attributes).read(stream))
        with file.open(encoding="utf-8-sig", newline="") as text:
            return _ordered(_read_csv(text, str(file), case, activity, timestamp, attributes))
    except UnicodeDecodeError as error:
        raise TableError(
            f"The event log {str(file)!r} is not UTF-8: {error}.", next_step="Save it as UTF-8."
        ) from error
    except (OSError, EOFError, csv.Error, zlib.error) as error:
        raise TableError(f"Cannot read the event log {str(file)!r}: {error}.", next_step="Check the file.") from error


def _read_csv(
    text: io.TextIOWrapper, name: str, case: str, activity: str, timestamp: str, attributes: Sequence[str] | None
) -> Iterator[tuple[str, LogEvent, Mapping[str, Scalar]]]:
    reader = csv.DictReader(text)
    columns = list(reader.fieldnames or [])
    if not columns:
        raise TableError(f"The event log {name!r} is empty.", next_step="Its first line must name the columns.")
    for wanted in (case, activity, timestamp, *(attributes or ())):
        if wanted not in columns:
            raise TableError(
                f"The event log {name!r} has no column {wanted!r}.",
                next_step=f"Its columns: {', '.join(map(repr, columns))}. Name them: read_event_log(path, case=...).",
                code="missing-column",
            )
    others = [column for column in columns if column.strip() and column not in (case, activity, timestamp)]
    kept = others if attributes is None else list(attributes)
    for row in reader:
        where = f"Line {reader.line_num:,} of {name}"
        if any(len(row[column] or "") > MAX_CELL for column in columns):
            raise csv.Error(f"field larger than field limit ({MAX_CELL})")
        id, done = ((row[column] or "").strip() for column in (case, activity))
        if not id or not done:
            raise TableError(f"{where} has no {activity if id else case}.", next_step="Mend or remove it.")
        noted = {column: _scalar(row[column]) for column in kept if row[column]}
        yield id, LogEvent(done, _seconds(row[timestamp], where), noted), {}


class _XesReader:
    """A stream reader of XES: traces with events, each with attributes; nested attributes are passed over."""

    def __init__(self, name: str, attributes: Sequence[str] | None) -> None:
        self._name, self._kept = name, attributes
        self._path: list[str] = []
        self._trace: dict[str, Scalar] = {}
        self._event: dict[str, Scalar] = {}
        self._traces = 0
        self._found: list[tuple[str, dict[str, Scalar]]] = []
        self._events: list[tuple[str, LogEvent, Mapping[str, Scalar]]] = []

    def read(self, stream: IO[bytes] | gzip.GzipFile) -> list[tuple[str, LogEvent, Mapping[str, Scalar]]]:
        self._parser = parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        try:
            parser.ParseFile(stream)
        except (expat.ExpatError, LookupError) as error:  # the latter: an encoding that is not known
            raise TableError(f"{self._name!r} is not XES: {error}.", next_step="Check the file.") from error
        return self._events

    def _refuse(self, *_: object) -> None:
        raise TableError(f"{self._name!r} declares a document type.", next_step="Remove the line <!DOCTYPE ...>.")

    def _start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        above = self._path[-1] if self._path else ""
        if not above and tag != "log":
            raise TableError(f"{self._name!r} is not XES: it begins with <{tag[:SHOWN]}>.", next_step="Check the file.")
        self._path.append(tag)
        if tag == "trace":
            self._trace, self._found = {}, []
            self._traces += 1
        elif tag == "event":
            self._event = {}
        elif above in ("trace", "event") and "key" in given:
            (self._trace if above == "trace" else self._event)[given["key"]] = self._value(tag, given.get("value", ""))

    def _end(self, tag: str) -> None:
        self._path.pop()
        tag = tag.rpartition(":")[2]
        if tag == "event" and self._path[-1:] == ["trace"]:
            self._found.append((f"Line {self._parser.CurrentLineNumber:,} of {self._name}", self._event))
        elif tag == "trace":
            case = str(self._trace.pop("concept:name", None) or f"trace {self._traces}")
            about = self._attributes(self._trace)
            for where, event in self._found:
                activity, at = event.pop("concept:name", None), event.pop("time:timestamp", None)
                if not activity or at is None:
                    missing = "time:timestamp" if activity else "concept:name"
                    raise TableError(f"{where}: an event has no {missing}.", next_step="Mend or remove it.")
                self._events.append(
                    (case, LogEvent(str(activity), _seconds(str(at), where), self._attributes(event)), about)
                )

    def _value(self, tag: str, text: str) -> Scalar:
        where = f"Line {self._parser.CurrentLineNumber:,} of {self._name}"
        try:
            if tag == "date":
                return _seconds(text, where)
            if tag == "int":
                return int(float(text)) and int(text)  # refused too: more than a number can hold
            if tag == "float":
                return float(text)
        except (ValueError, OverflowError) as error:
            raise TableError(f"{where}: {text[:SHOWN]!r} is no {tag}.", next_step="Mend or remove it.") from error
        return text.lower() == "true" if tag == "boolean" else text

    def _attributes(self, found: Mapping[str, Scalar]) -> dict[str, Scalar]:
        known = {k: v for k, v in found.items() if not isinstance(v, float) or math.isfinite(v)}
        return {k: v for k, v in known.items() if v not in ("", None) and (self._kept is None or k in self._kept)}


def _ordered(events: Iterable[tuple[str, LogEvent, Mapping[str, Scalar]]]) -> list[Case]:
    """Cases from events in any order; events at the same time stay in the file's order."""
    found: dict[str, list[LogEvent]] = {}
    about: dict[str, Mapping[str, Scalar]] = {}
    for case, event, attributes in events:
        found.setdefault(case, []).append(event)
        about[case] = attributes
    cases = [Case(id, tuple(sorted(events, key=lambda event: event.at)), about[id]) for id, events in found.items()]
    return sorted(cases, key=lambda case: case.events[0].at)


def _scalar(text: str) -> Scalar:
    """A cell as a number, where it is one; else as text."""
    try:
        number = float(text)
    except ValueError:
        return text.strip() or None
    return number if math.isfinite(number) else text


def _seconds(text: str | None, where: str) -> float:
    """Seconds since 1970."""
    given = (text or "").strip()
    try:
        seconds = float(given)
    except ValueError:
        seconds = _moment(given)
    if not EARLIEST <= seconds < LATEST:
        raise InputError(
            f"{where}: {given[:SHOWN]!r} is no time.",
            next_step="Give ISO 8601, like 2026-03-01T12:00, or seconds (not milliseconds) since 1970.",
        )
    return seconds


def _moment(text: str) -> float:
    """A moment in ISO 8601 as seconds since 1970; NaN if it is none."""
    try:
        moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan
