"""The journal: append-only events in SQLite, the truth that everything learned is computed from."""

from __future__ import annotations

from quickstudy.journal.clock import HybridClock, new_id
from quickstudy.journal.event import Event
from quickstudy.journal.snapshot import Snapshot
from quickstudy.journal.store import Journal

__all__ = ["Event", "HybridClock", "Journal", "Snapshot", "new_id"]
