"""The server's log: one line of JSON for each request and each thing that went wrong, on standard error.

Invariants: no situation, no answer and no token is ever logged; an error's message can quote work, so it is logged only
where the settings say so, its code always. Not here: metrics.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

FIELDS = ("request_id", "method", "path", "status", "ms", "caller", "code", "error", "job")


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["trace"] = _trace(record.exc_info[2])
            kind = record.exc_info[0]
            line["kind"] = "" if kind is None else kind.__name__
        return json.dumps(line, ensure_ascii=False)


class ToStderr(logging.StreamHandler[Any]):
    """Standard error as it is when a line is written, not as it was when the log began."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a line."""
        self.stream = sys.stderr
        super().emit(record)


def configure_logs(level: str = "info") -> None:
    """Sends the server's and uvicorn's log to standard error, as lines of JSON."""
    handler = ToStderr()
    handler.setFormatter(JsonLines())
    for name in ("quickstudy", "uvicorn", "uvicorn.error"):
        log = logging.getLogger(name)
        log.handlers, log.propagate = ([handler], False) if name != "uvicorn.error" else ([], True)
        log.setLevel(level.upper())
    logging.getLogger("uvicorn.access").disabled = True


def _trace(trace: Any) -> list[str]:
    """Where an error came from: files and lines, without the values that its message may quote."""
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-12:]
