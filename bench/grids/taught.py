"""A learner taught by BabyAI's bot: whole demonstrations first, then corrections of the episodes that it failed.

An episode in which the learner succeeds teaches nothing and costs the teacher nothing. In a failed one the bot says
what was right in each situation that the learner came to itself (DAgger; Ross, Gordon & Bagnell 2011), once for each.
The learner takes the best of what is offered: of what it did not do yet in just this situation of the episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minigrid.utils.baby_ai_bot import BabyAIBot, DisappearedBoxError

from bench.grids.worlds import Level, Records, begin
from quickstudy import Job, Learner
from quickstudy.adapters.minigrid import ACTIONS, Bearings

Lessons = list[tuple[dict[str, str], str]]


@dataclass(slots=True)
class Apprentice:
    """A learner with its teacher.

    Attributes:
        learner: who learns.
        walk: where.
        watched: episodes it was in, the successful ones included.
        taught: episodes that something was taught of.
        lessons: how many lessons these were.
    """

    learner: Learner
    walk: Bearings
    watched: int = 0
    taught: int = 0
    lessons: int = 0

    @classmethod
    def on(cls, level: Level) -> Apprentice:
        """One that knows nothing."""
        return cls(Learner(Job("walk", list(ACTIONS), encoder="static")), Bearings(level.make()))

    def demonstrate(self, seed: int) -> None:
        """The bot plays an episode; every step is a lesson."""
        record, bot = begin(self.walk, seed), _bot(self.walk)
        found: Lessons = []
        action, over = None, False
        while not over:
            action = int(bot.replan(action))
            found.append((record, ACTIONS[action]))
            record, _, ended, cut_off, _ = self.walk.step(action)
            over = ended or cut_off
        self._teach(found)

    def attempt(self, seed: int) -> None:
        """The learner plays an episode; if it fails, the bot corrects it."""
        record, bot = begin(self.walk, seed), _bot(self.walk)
        offered = list(ACTIONS)
        found: dict[tuple[str, ...], tuple[dict[str, str], str]] = {}
        action, over, lost, reward = None, False, False, 0.0
        while not over:
            if not lost:
                try:
                    found.setdefault(tuple(record.values()), (record, ACTIONS[int(bot.replan(action))]))
                except (AssertionError, DisappearedBoxError):
                    lost = True  # the bot can not undo everything that a learner may do
            action = ACTIONS.index(str(self.learner.predict(record, offered).answer))
            record, reward, ended, cut_off, info = self.walk.step(action)
            offered = [ACTIONS[option] for option in info["offered"]]
            over = ended or cut_off
        self._teach(list(found.values()) if reward <= 0.0 else [])

    def answers(self, records: Records, options: list[str]) -> list[str]:
        """What it would do, of these options."""
        return [str(decision.answer) for decision in self.learner.predict_many(records, options)]

    def _teach(self, found: Lessons) -> None:
        self.watched += 1
        if found:
            self.learner.teach_many(found)
            self.taught += 1
            self.lessons += len(found)


def _bot(walk: Bearings) -> Any:
    bot: Any = BabyAIBot
    return bot(walk.unwrapped)
