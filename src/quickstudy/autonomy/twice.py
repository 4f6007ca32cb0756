"""Which tasks are asked twice: a share of what is asked or audited, drawn by coins.

A task's coin comes from the journal's key and the decision's id, as the audit's does (``coins``), but for another word,
so the two are independent. A task is drawn if its coin is below the share ``ask_twice`` that was in force when it was
decided. Nothing is stored: whoever holds the journal can draw again, and gets the same tasks.

A drawn task with one teacher's answer is put to another teacher, who is not shown it (``work``). Not here: what second
answers are good for (``teachers``).
"""

from __future__ import annotations

from dataclasses import dataclass

from quickstudy.autonomy.coins import KEY_NAME, coin
from quickstudy.journal.reader import JournalReader


@dataclass(frozen=True, slots=True)
class Drawn:
    """The tasks that are to be asked twice.

    Attributes:
        share: the share in force now, in [0, 1].
        decisions: ids of the decisions that were drawn, in order of arrival.
    """

    share: float
    decisions: tuple[str, ...]


def draw(journal: JournalReader, node: str) -> Drawn:
    """Draws the tasks of a journal that are to be asked twice.

    Args:
        journal: the journal.
        node: the learner's id; decisions of other learners are drawn by their own keys.
    """
    key, share, decisions = journal.get_meta(KEY_NAME), 0.0, []
    for event in journal.events(kinds=["configure", "decision"], light=True):
        if event.node != node or event.forgotten:
            continue
        if event.kind == "configure":
            found = journal.get(event.id)
            share = float(found.data.get("settings", {}).get("ask_twice", share)) if found else share
        elif share and key is not None and event.mode in ("ask", "audit") and is_drawn(key, event.id, share):
            decisions.append(event.id)
    return Drawn(share, tuple(decisions))


def to_ask_again(journal: JournalReader, drawn: Drawn, by: str | None = None) -> tuple[str, ...]:
    """The drawn tasks that one teacher answered and that wait for another, oldest first.

    Args:
        journal: the journal.
        drawn: what :func:`draw` drew from it.
        by: the teacher who would be asked: her own tasks are left out; None for nobody in particular.
    """
    waiting = []
    for id in drawn.decisions:
        teachers = {e.by or "" for e in journal.lessons_of(id) if e.answer is not None and not e.forgotten}
        if len(teachers) == 1 and by not in teachers:
            waiting.append(id)
    return tuple(waiting)


def is_drawn(key: str, decision_id: str, share: float) -> bool:
    """Whether a decision is put to a second teacher; ``key`` is the journal's."""
    return coin(key, f"ask twice {decision_id}") < share
