"""Grids in which every episode has another room: learned from rewards alone, or from a teacher who knows the way.

MiniGrid loads pygame, so it is imported where it is played.
"""

from __future__ import annotations

import time

from bench.grids.worlds import LEVELS, REWARDED, TAUGHT, Level, success
from bench.learners.outcome_only import OutcomeOnly
from bench.scenario import Measure, Played, Scenario, Stage, Target, Versus
from bench.steps.scenario import reached
from quickstudy.adapters.gymnasium import Agent

LIMIT = 15_000
"""Steps of the environment."""
OUTCOME_LIMIT = 45_000
"""The same for credit from outcomes alone where each move is a decision: three times as many."""
AFTER = 3_000
"""Steps after which a level that was learned sooner is looked at once more."""
CHECKS = (*range(100, 1_000, 100), *range(1_000, LIMIT, 500), *range(LIMIT, OUTCOME_LIMIT + 1, 1_500))
"""After so many of them is looked how far it is, until it is learned."""
EPISODES, LAST_EPISODES = 20, 200
"""Of each check, and of the one at the end."""
IN_A_ROW = 3
"""Checks in a row that must be good."""
DEMONSTRATIONS, WATCHED = 10, 300
"""Episodes that the bot plays, and episodes in all."""
LOOKS = (0, 10, 25, 50, 100, 200, WATCHED)
"""Watched episodes after which is looked how far it is."""
UNSEEN, UNSEEN_EPISODES, LAST_UNSEEN_EPISODES = 500_000, 100, 500
"""Where seeds of unseen episodes begin, and how many there are of each look, and of the last one."""
APART = 1_000_000
"""Seeds of one run are so far from those of the next."""


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """One learner in one level."""
    level = LEVELS[case]
    if level.taught:
        return _play_taught(level, seed, stage)
    return _play_rewarded(level, seed, stage, outcome_only=learner == "outcome-only")


def _play_rewarded(level: Level, seed: int, stage: Stage, *, outcome_only: bool) -> Played:
    from bench.grids.whole import Whole
    from quickstudy.adapters.errands import Errands

    env = (Whole if level.plain else Errands)(level.make())
    agent = Agent(env, seed=seed)
    if outcome_only:
        agent.values = OutcomeOnly(agent.discount)
    limit, seconds = stage.shortened(OUTCOME_LIMIT if outcome_only and level.plain else LIMIT), 0.0
    checks: list[tuple[int, bool]] = []
    curve: list[tuple[int, float]] = []

    def until(steps: int) -> float:
        begun = time.process_time()
        while env.walked < steps:
            agent.train(1, progress=False)
        return time.process_time() - begun

    for at in CHECKS:
        if at > limit or all(good for _, good in [(0, False), *checks][-IN_A_ROW:]):
            break
        seconds += until(at)
        value = agent.evaluate(EPISODES, seed=seed).mean_return
        checks.append((env.walked, value >= level.enough))
        curve.append((env.walked, value))
        if stage.progress:
            stage.progress(env.walked, limit)
    steps = reached(checks, limit, IN_A_ROW)
    seconds += until(min(max(AFTER, env.walked), limit))
    last = agent.evaluate(EPISODES if stage.quick else LAST_EPISODES, seed=seed)
    measures = {
        "steps": float(steps),
        "solved": float(steps < limit),
        "return": last.mean_return,
        "ms": 1e3 * seconds / env.walked,
    }
    return Played(measures, {"returns": curve, "decisions": agent.steps})


def _play_taught(level: Level, seed: int, stage: Stage) -> Played:
    from bench.grids.taught import Apprentice

    apprentice = Apprentice.on(level)
    watched = stage.shortened(WATCHED) if not stage.quick else LOOKS[2]
    unseen = seed * APART + UNSEEN
    curve: list[tuple[int, int, float]] = []
    seconds = 0.0

    def look() -> None:
        count = LAST_UNSEEN_EPISODES if apprentice.watched in (0, WATCHED) else UNSEEN_EPISODES
        seeds = range(unseen, unseen + (EPISODES if stage.quick else count))
        curve.append((apprentice.watched, apprentice.taught, success(level, apprentice.answers, seeds)))

    look()
    for episode in range(watched):
        begun = time.process_time()
        (apprentice.demonstrate if episode < DEMONSTRATIONS else apprentice.attempt)(seed * APART + episode)
        seconds += time.process_time() - begun
        if apprentice.watched in LOOKS:
            look()
        if stage.progress:
            stage.progress(episode + 1, watched)
    share = curve[-1][2]
    last = range(unseen, unseen + (EPISODES if stage.quick else LAST_UNSEEN_EPISODES))
    good = [share >= level.enough for _, _, share in curve]
    kept = next((place for place in range(len(good)) if all(good[place:])), None)
    measures = {
        "success": share,
        "untaught": curve[0][2],
        "unheeding": success(level, apprentice.answers, last, heed=False),
        "taught": float(apprentice.taught),
        "lessons": float(apprentice.lessons),
        "needed": float(watched if kept is None else curve[kept][1]),
        "seconds": seconds,
    }
    return Played(measures, {"watched, taught, success": curve})


def _targets() -> tuple[Target, ...]:
    found = [
        Target(case, "return", "at least", 0.9, f"{case}: mean return after 3,000 steps, or 15,000")
        for case in REWARDED
    ]
    found += [Target(case, "steps", "at most", LIMIT, f"{case}: steps to 0.9", form=",.0f") for case in REWARDED]
    found += [Target(case, "ms", "at most", 3.0, f"{case}: milliseconds a step", form=".2f") for case in REWARDED]
    for case, most in zip(TAUGHT, (600, 10_000, 15_000), strict=True):
        level = LEVELS[case]
        found.append(Target(case, "success", "at least", level.enough, f"{case}: episodes that succeed, unseen seeds"))
        found.append(Target(case, "taught", "at most", most, f"{case}: taught episodes", form=",.0f"))
    return tuple(found)


SCENARIO = Scenario(
    id="grids",
    title="Grids that are another one in every episode",
    about=(
        "MiniGrid and BabyAI, seen as bearings on a map that is drawn on the way. Levels with rewards alone are "
        "learned as errands: steps of the environment to the first of three checks in a row (20 unseen episodes each, "
        "every 100 steps, later every 500) at a mean return of 0.9, and the mean return of 200 unseen episodes after "
        "3,000 steps (15,000 if it was not learned). With a teacher: BabyAI's bot demonstrates 10 episodes, then "
        "corrects those of 290 further ones that the learner fails; measured are the share of 500 unseen episodes that "
        "succeed, the same before anything was taught, and if the learner may do the same again in just the same "
        "situation of an episode; the episodes that something was taught of, and how many of them were needed until "
        "all later looks were good. `door-key-5x5-plain` has no errands and no bearings: every move is a decision, on "
        "a picture of the whole grid; credit from outcomes alone may take 45,000 steps there. Milliseconds are "
        "processor time of a step of the environment, its own included."
    ),
    cases=tuple(LEVELS),
    learners=("quickstudy", "outcome-only"),
    seeds=10,
    settings={
        "version": 2,
        "limit": LIMIT,
        "outcome limit": OUTCOME_LIMIT,
        "after": AFTER,
        "checks": "every 100 steps up to 1,000, every 500 up to 15,000, then every 1,500",
        "in a row": IN_A_ROW,
        "demonstrations": DEMONSTRATIONS,
        "watched": WATCHED,
    },
    measures=(
        Measure("steps", "steps", "lower", 0.25, ",.0f", relative=True),
        Measure("solved", "solved", tolerance=0.1, form=".2f"),
        Measure("return", "mean return", tolerance=0.02),
        Measure("ms", "ms a step", "lower", 0.5, ".2f", relative=True),
        Measure("success", "success", tolerance=0.01),
        Measure("untaught", "before lessons", tolerance=0.05),
        Measure("unheeding", "may repeat itself", tolerance=0.05),
        Measure("taught", "taught episodes", "lower", 0.5, ".0f", relative=True),
        Measure("lessons", "lessons", "lower", 0.5, ".0f", relative=True),
        Measure("needed", "of them needed", "lower", 0.5, ".0f", relative=True),
        Measure("seconds", "seconds", "lower", 0.5, ".1f", relative=True),
    ),
    targets=_targets(),
    play=play,
    texts=False,
    small_only=("outcome-only",),
    small=("door-key-5x5", "door-key-5x5-plain"),
    peer_seeds=10,
    versus=tuple(
        Versus(
            case,
            "steps",
            "at most",
            ("outcome-only",),
            f"{case}: a third of the steps that credit from outcomes alone takes",
            factor=1.0 / 3.0,
            form=",.0f",
        )
        for case in ("door-key-5x5", "door-key-5x5-plain")
    ),
)
