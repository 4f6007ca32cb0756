"""How many steps of an environment it takes to act well in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from bench.learners.outcome_only import OutcomeOnly
from bench.learners.q_learning import QLearning
from bench.learners.stable_baselines import ZOO, Baseline
from bench.scenario import Measure, Played, Scenario, Stage, Target, Versus
from bench.steps.worlds import TABLES, WORLDS, Exact, World
from quickstudy.adapters.gymnasium import EVALUATION_SEED, Agent

IN_A_ROW = 3
"""Checks in a row that must be good, in a table."""
EPISODES = 20
"""Of each check where returns are played out."""
BASELINES = {f"sb3-{name}": name for name in ZOO}
BASELINE_STEPS, BASELINE_EVERY = 20_000, 2_500
"""How long these learn, whatever the others' limit, and how often they are checked."""


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """One agent in one environment."""
    world = WORLDS[case]
    limit = stage.shortened(BASELINE_STEPS if learner in BASELINES else world.limit)
    if learner == "q-learning":
        return _play_q_learning(world, seed, limit)
    if learner in BASELINES:
        return _play_baseline(BASELINES[learner], case, seed, limit, stage)
    if world.table:
        return _play_table(world, seed, limit, stage, outcome_only=learner == "outcome-only")
    return _play_numbers(world, seed, limit, stage)


def reached(checks: list[tuple[int, bool]], limit: int, in_a_row: int) -> int:
    """The first step of so many good checks in a row; the limit if there were none."""
    for first in range(len(checks) - in_a_row + 1):
        if all(good for _, good in checks[first : first + in_a_row]):
            return checks[first][0]
    return limit


def _play_table(world: World, seed: int, limit: int, stage: Stage, *, outcome_only: bool) -> Played:
    agent, exact = Agent(world.make(), seed=seed), Exact(world.make())
    if outcome_only:
        agent.values = OutcomeOnly(agent.discount)
    checks: list[tuple[int, bool]] = []
    seconds, value = 0.0, 0.0
    while agent.steps < limit and not all(good for _, good in [(0, False), *checks][-IN_A_ROW:]):
        seconds += _trained(agent, min(world.every, limit - agent.steps))
        value = exact.of(np.array([agent.act(state) for state in range(exact.states)]))
        checks.append((agent.steps, exact.good(value)))
        if stage.progress:
            stage.progress(agent.steps, limit)
    return _played(reached(checks, limit, IN_A_ROW), limit, value, seconds, agent.steps)


def _play_numbers(world: World, seed: int, limit: int, stage: Stage) -> Played:
    agent = Agent(world.make(), seed=seed)
    checks: list[tuple[int, bool]] = []
    curve: list[tuple[int, float]] = []
    seconds = 0.0
    while agent.steps < limit:
        every = world.after if any(good for _, good in checks) else world.every
        seconds += _trained(agent, min(every, limit - agent.steps))
        value = agent.evaluate(EPISODES, seed=seed).mean_return
        checks.append((agent.steps, value >= world.enough))
        curve.append((agent.steps, value))
        if stage.progress:
            stage.progress(agent.steps, limit)
    played = _played(reached(checks, limit, 1), limit, curve[-1][1], seconds, agent.steps)
    measures = {**played.measures, "solved": float(any(good for _, good in checks))}
    share = kept(checks)
    return Played(measures if share is None else {**measures, "kept": share}, {"returns": curve})


def _play_baseline(name: str, case: str, seed: int, limit: int, stage: Stage) -> Played:
    world = WORLDS[case]
    baseline = Baseline(name, case, world.make, seed)
    checks: list[tuple[int, bool]] = []
    curve: list[tuple[int, float]] = []
    env, aside = world.make(), 0.0

    def check(steps: int) -> None:
        nonlocal aside
        begun = time.process_time()
        value = float(np.mean([_total(env, baseline.act, seed * 10_000 + episode) for episode in range(EPISODES)]))
        checks.append((steps, value >= world.enough))
        curve.append((steps, value))
        aside += time.process_time() - begun
        if stage.progress:
            stage.progress(min(steps, limit), limit)

    begun = time.process_time()
    baseline.train(limit, BASELINE_EVERY, check)
    seconds = time.process_time() - begun - aside
    played = _played(reached(checks, limit, 1), limit, curve[-1][1], seconds, curve[-1][0])
    measures = {**played.measures, "solved": float(any(good for _, good in checks))}
    share = kept(checks)
    return Played(measures if share is None else {**measures, "kept": share}, {"returns": curve})


def _total(env: gymnasium.Env[Any, Any], act: Callable[[Any], int], seed: int) -> float:
    """The return of one episode that begins from an evaluation's seed."""
    observation, _ = env.reset(seed=EVALUATION_SEED + seed)
    total, over = 0.0, False
    while not over:
        observation, reward, ended, cut_off, _ = env.step(act(observation))
        total, over = total + float(reward), ended or cut_off
    return total


def kept(checks: list[tuple[int, bool]]) -> float | None:
    """The share of good checks among those after the first good one; None if there was none."""
    goods = [good for _, good in checks]
    later = goods[goods.index(True) + 1 :] if True in goods else []
    return float(np.mean(later)) if later else None


def _play_q_learning(world: World, seed: int, limit: int) -> Played:
    env, exact = world.make(), Exact(world.make())
    agent = QLearning(exact.states, exact.actions, limit, seed)
    checks: list[tuple[int, bool]] = []
    begun, value = time.process_time(), 0.0
    state, _ = env.reset(seed=seed)
    for step in range(1, limit + 1):
        action = agent.choose(state)
        after, reward, ended, cut_off, _ = env.step(action)
        agent.learn(state, action, float(reward), None if ended else after)
        state = env.reset()[0] if ended or cut_off else after
        if step % world.every == 0:
            best: npt.NDArray[Any] = agent.values.argmax(axis=1)
            value = exact.of(best)
            checks.append((step, exact.good(value)))
    return _played(reached(checks, limit, IN_A_ROW), limit, value, time.process_time() - begun, limit)


def _trained(agent: Agent, steps: int) -> float:
    begun = time.process_time()
    agent.train(steps, progress=False)
    return time.process_time() - begun


def _played(steps: int, limit: int, value: float, seconds: float, all_steps: int) -> Played:
    solved = float(steps < limit)
    return Played({"steps": float(steps), "solved": solved, "return": value, "ms": 1e3 * seconds / max(all_steps, 1)})


def _targets() -> tuple[Target, ...]:
    most = {"frozen-lake-4x4": 1_200, "frozen-lake-8x8": 11_000, "cliff-walking": 350, "taxi": 12_000}
    found = [
        Target(case, "steps", "at most", bound, f"{case}: steps to 95% of the best return", form=",.0f")
        for case, bound in most.items()
    ]
    found.append(Target("cart-pole", "solved", "at least", 1.0, "cart-pole: 500 over 20 episodes within 8,000 steps"))
    found.append(Target("cart-pole", "kept", "at least", 1.0, "cart-pole: later checks that are as good"))
    for case, least in (("mountain-car", -115.0), ("acrobot", -90.0)):
        text = f"{case}: mean return after 20,000 steps"
        found.append(Target(case, "return", "at least", least, text, form=".1f"))
    found += [Target(case, "ms", "at most", 3.0, f"{case}: milliseconds a step", form=".2f") for case in WORLDS]
    return tuple(found)


SCENARIO = Scenario(
    id="steps",
    title="Steps of an environment until it is mastered",
    about=(
        "Gymnasium's environments, one agent for all, with the same settings. In tables (FrozenLake, slippery; "
        "CliffWalking; Taxi) the best known policy is evaluated exactly every so many steps, within the time limit; "
        "measured are the steps to the first of three checks in a row at 95% of the best return. CartPole: steps to a "
        "check at which 20 episodes all reach 500. MountainCar and Acrobot: the mean return of 20 episodes after "
        "20,000 steps, and the steps to the first check at -115 or -90. Kept: the share of the checks after it that "
        "are as good. A run that does not get there counts with all "
        "its steps. Milliseconds are processor time for learning and choosing, the environment's own included."
    ),
    cases=tuple(WORLDS),
    learners=("quickstudy", "q-learning", "outcome-only", *BASELINES),
    seeds=10,
    settings={"version": 1, "discount": 0.99, "checks": {name: world.every for name, world in WORLDS.items()}},
    measures=(
        Measure("steps", "steps", "lower", 0.25, ",.0f", relative=True),
        Measure("solved", "solved", tolerance=0.1, form=".2f"),
        Measure("kept", "kept", tolerance=0.15, form=".2f"),
        Measure("return", "mean return", tolerance=5.0, form=".2f"),
        Measure("ms", "ms a step", "lower", 0.5, ".2f", relative=True),
    ),
    targets=_targets(),
    play=play,
    texts=False,
    small_only=("q-learning", "outcome-only"),
    small=TABLES,
    cases_of={learner: tuple(ZOO[name]) for learner, name in BASELINES.items()},
    peer_seeds=10,
    versus=(
        Versus(
            "taxi",
            "steps",
            "at most",
            ("outcome-only",),
            "taxi: a third of the steps that credit from outcomes alone takes",
            factor=1.0 / 3.0,
            form=",.0f",
        ),
    ),
)
