"""Who changed the desk itself: tokens made and revoked, jobs made, backups. One JSON line each, only ever appended.

What is done to a job is in its journal; this is about the folder. Invariants: a line is whole and on disk before the
change is answered; no secret is in it. Not here: the log of requests (``logs``).
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

FILE = ".audit.jsonl"


def note(folder: Path, by: str, what: str, name: str, **details: object) -> None:
    """Appends one line.

    Args:
        folder: the jobs folder.
        by: who did it: a token's name, "local", or "shell" for the command line.
        what: such as "token added".
        name: of the token or job.
        details: anything else that JSON can hold.
    """
    line = json.dumps({"at": time.time(), "by": by, "what": what, "name": name, **details}, ensure_ascii=False) + "\n"
    file = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, line.encode("utf-8"))
        os.fsync(file)
    finally:
        os.close(file)
