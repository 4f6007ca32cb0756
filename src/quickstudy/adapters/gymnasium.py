"""An agent for Gymnasium environments: it learns an environment by acting in it.

    agent = Agent(gymnasium.make("CartPole-v1"), journal="cartpole.db")
    agent.train(3_000)
    agent.evaluate(20).mean_return

It explores where that can pay, and plans with what it has seen (``quickstudy.judgement.value``); there is nothing to
tune. Every step is journaled as a step of a task, so ``quickstudy review`` reads it, and an agent that is opened on a
journal goes on where it was. An episode that breaks off there teaches all but its last step.

Invariants: ``evaluate`` changes nothing learned; the same seed gives the same training; ``train(a)`` and ``train(b)``
give what ``train(a + b)`` gives; Ctrl-C stops after the step that runs, and loses nothing.

Not here: continuous actions, several environments at once, the experts (an agent learns from rewards alone).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np

from quickstudy.adapters.observations import Observations, Seen
from quickstudy.adapters.played import Episode, Evaluation, Played, Training, interval
from quickstudy.adapters.trails import Trail
from quickstudy.adapters.watching import bar, interruption
from quickstudy.errors import InputError, JournalError, MissingExtraError
from quickstudy.judgement.value import Step, StepValues, Transition
from quickstudy.judgement.value.base import Columns
from quickstudy.judgement.value.values import DISCOUNT

try:
    import gymnasium
except ImportError as error:
    raise MissingExtraError("gymnasium", "gymnasium") from error

OFFERED = "offered"
"""The key of ``info`` under which an environment may say which actions it offers now, as an array of actions."""

BETWEEN = 20
"""Sweeps of planning after each episode."""

OFTEN_KEPT, LEAST_KEPT = 500, 50
"""What was learned is kept beside the journal after so many steps, or a tenth of all; on closing, after so many."""

FORMAT = 1
"""Version of what is kept; another one is learned again."""

EVALUATION_SEED = 1_000_003
"""Episodes of an evaluation begin from seeds far from those of training."""

ENDLESS = 10_000
"""Steps after which an episode is broken off that is only played, where the environment sets no time limit."""


class Agent:
    """Learns one environment.

    Args:
        env: a Gymnasium environment with discrete actions, and box, discrete, text, dict or tuple observations. It may
            say in ``info["offered"]`` which actions it offers now, and in ``action_names`` what they are called.
        journal: a path; in memory if None. Of an existing journal everything is learned again first.
        seed: of exploration and of the environment.
        discount: γ: what the next step's value counts, in (0, 1).

    Attributes:
        steps: how many it has learned from, the journal's included.
        episodes: the episodes that ended, the journal's included.

    Raises:
        InputError: actions or observations of another kind.

    >>> import gymnasium
    >>> agent = Agent(gymnasium.make("CliffWalking-v1"))
    >>> training = agent.train(400)
    >>> agent.evaluate(1).mean_return
    -13.0
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        *,
        journal: str | PathLike[str] | None = None,
        seed: int = 0,
        discount: float = DISCOUNT,
    ) -> None:
        if not isinstance(env, gymnasium.Env):
            raise InputError(f"The environment is {str(env)[:80]!r}.", next_step='Give gymnasium.make("CartPole-v1").')
        if not isinstance(env.action_space, gymnasium.spaces.Discrete):
            raise InputError(
                f"The actions are {env.action_space}.", next_step="Give an environment with Discrete actions."
            )
        if isinstance(discount, bool) or not isinstance(discount, int | float) or not 0 < discount < 1:
            raise InputError(f"discount is {discount!r}.", next_step="Give a number between 0 and 1, like 0.99.")
        self.env = env
        self.seed = _count(seed, "seed", least=0)
        self.discount = float(discount)
        self._first_action = int(env.action_space.start)
        self._columns = np.arange(int(env.action_space.n))
        self._observations = Observations(env.observation_space)
        self._generator = np.random.default_rng(seed)
        self.values = StepValues(np.ones(1), discount=self.discount)
        self.steps = 0
        self._seen: Seen | None = None
        self._possible: dict[str, Columns] = {}
        self._open: Columns | None = None
        self._total = 0.0
        self.episodes: list[Episode] = []
        self._kept_at, self._whole = 0, True
        self._trail = None if journal is None else Trail(journal, _name(env), _action_names(env))
        if self._trail is not None:
            self._recall(self._trail)

    def train(self, steps: int, *, progress: bool = True) -> Training:
        """Acts and learns for a number of steps.

        Args:
            steps: how many.
            progress: whether to show a progress bar where standard error is a terminal.

        Raises:
            InputError: the environment gave something that is no observation of its space, or no finite reward.
        """
        steps = _count(steps, "steps", least=0)
        returns: list[float] = []
        with interruption() as interrupted, bar(steps, progress) as advance:
            for done in range(steps):
                if (total := self._step()) is not None:
                    returns.append(total)
                advance(f"return {np.mean(returns[-10:]):.1f}" if returns else "")
                if interrupted():
                    steps = done + 1
                    break
            if interrupted():
                raise KeyboardInterrupt
        return Training(steps, tuple(returns))

    def act(self, observation: Any, info: Mapping[str, Any] | None = None) -> int:
        """The best known action; nothing is learned.

        Args:
            observation: what is seen.
            info: what came with it, where that says which actions are offered.
        """
        seen = self._observations.read(observation)
        return self._best(seen, self._offered(seen, info or {})) + self._first_action

    def knows(self, observation: Any) -> bool:
        """Whether just this was observed before."""
        seen = self._observations.read(observation)
        return self.values.tabular.known(seen.key, self._options(seen))

    def evaluate(self, episodes: int = 20, *, seed: int = 0) -> Evaluation:
        """Plays whole episodes with the best known options; nothing is learned.

        They are played in a new environment of the same kind. One that Gymnasium cannot make again is used itself:
        then the episode of training breaks off.

        Args:
            episodes: how many.
            seed: of the environment's starts.
        """
        episodes, seed = _count(episodes, "episodes", least=1), _count(seed, "seed", least=0)
        env = self._another()
        returns, steps = [], 0
        for episode in range(episodes):
            played = self.play(env, seed=EVALUATION_SEED + seed * 10_000 + episode)
            returns.append(played.total)
            steps += len(played.actions)
        if env is not self.env:
            env.close()
        low, high = interval(np.array(returns))
        return Evaluation(float(np.mean(returns)), low, high, tuple(returns), steps)

    def play(self, env: gymnasium.Env[Any, Any], *, seed: int) -> Played:
        """Plays one whole episode with the best known options; nothing is learned.

        Where the environment sets no time limit it is broken off after 10,000 steps: before much is learned, the best
        known options can lead in a circle.

        Args:
            env: an environment of the same kind; on the agent's own, an episode of training breaks off.
            seed: of its start.
        """
        if env is self.env:
            self._whole = self._whole and self._seen is None  # its last step would be forgotten at the next opening
            self._seen = None
        observation, info = env.reset(seed=seed)
        observations, total = [observation], 0.0
        actions: list[int] = []
        ended = cut_off = False
        limit = ENDLESS if env.spec is None else env.spec.max_episode_steps or ENDLESS
        while not (ended or cut_off or len(actions) >= limit):
            action = self.act(observation, info)
            observation, reward, ended, cut_off, info = env.step(action)
            observations.append(observation)
            actions.append(action)
            total += float(reward)
        return Played(tuple(observations), tuple(actions), total, bool(ended))

    def close(self) -> None:
        """Closes the journal; the environment stays open."""
        if self._trail is not None:
            self._keep(LEAST_KEPT)
            self._trail.close()

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- inside

    def _another(self) -> gymnasium.Env[Any, Any]:
        """A new environment of the same kind; the agent's own where there is none to be had."""
        try:
            return self.env if self.env.spec is None else gymnasium.make(self.env.spec)
        except (ValueError, gymnasium.error.Error):  # a wrapper that does not say how it was made
            return self.env

    def _step(self) -> float | None:
        """One step; the episode's return if it ended."""
        seen = self._seen
        first = seen is None
        if seen is None:
            fresh = not self.episodes and self.steps == 0
            observation, info = self.env.reset(seed=self.seed if fresh else None)
            seen, self._total = self._observations.read(observation), 0.0
            self._open = self._offered(seen, info, learning=True)
            if self._trail is not None:
                self._trail.begin()
        chosen = self._tried(seen, self._open)
        observation, given, ended, cut_off, info = self.env.step(chosen + self._first_action)
        after, reward = self._observations.read(observation), _reward(given)
        self._open = self._offered(after, info, learning=True)
        over = bool(ended or cut_off)
        if self._trail is not None:
            self._trail.step(seen, chosen, reward, self._options(seen))
            if over:
                self._trail.end(None if ended else after, self._options(after))
        self._learn(seen, chosen, reward, None if ended else after, first=first)
        self._total += reward
        self._seen = None if over else after
        if not over:
            return None
        self.episodes.append(Episode(self.steps, self._total))
        self.values.dream(BETWEEN)
        self._keep(max(OFTEN_KEPT, self.steps // 10))
        return self._total

    def _keep(self, least: int) -> None:
        """Keeps what was learned beside the journal, between episodes and if so many steps are new."""
        if self._trail is None or self._seen is not None or not self._whole or self.steps - self._kept_at < least:
            return
        arrays, values = self.values.arrays()
        episodes = [[episode.end, episode.total] for episode in self.episodes]
        options = {key: columns.tolist() for key, columns in self._possible.items()}
        document = {"values": values, "steps": self.steps, "episodes": episodes, "options": options, **self._settings()}
        try:
            self._trail.keep(arrays, document)
        except (OSError, JournalError):  # a snapshot is a cache: the events are in the journal
            self._whole = False
        self._kept_at = self.steps

    def _settings(self) -> dict[str, Any]:
        """What values depend on besides experience."""
        return {"format": FORMAT, "discount": self.discount, "actions": len(self._columns)}

    def _learn(self, seen: Seen, chosen: int, reward: float, after: Seen | None, *, first: bool) -> None:
        self.steps += 1
        next_step = None if after is None else self._made(after, 0, 0.0, self.steps)
        self.values.learn(Transition(self._made(seen, chosen, reward, self.steps - 1, first=first), next_step))

    def _made(self, seen: Seen, chosen: int, reward: float, at: int, *, first: bool = False) -> Step:
        return Step(seen.key, seen.numbers, self._options(seen), chosen, np.array([reward]), float(at), first)

    def _options(self, seen: Seen) -> Columns:
        """The options of a state: those that were offered when it was first seen, or all."""
        return self._possible.get(seen.key, self._columns)

    def _offered(self, seen: Seen, info: Mapping[str, Any], *, learning: bool = False) -> Columns | None:
        """Those of a state's options that the environment offers now; None if it does not choose among them."""
        if OFFERED not in info:
            return None
        offered = np.unique(np.asarray(info[OFFERED])) - self._first_action
        if not len(offered) or not np.isin(offered, self._columns).all():
            raise InputError(
                f"The environment offers {str(info[OFFERED])[:80]}, which are not its actions.",
                next_step=f"info[{OFFERED!r}] must be an array of actions, at least one.",
            )
        if learning:
            self._possible.setdefault(seen.key, offered.astype(np.int64))
        return np.intersect1d(offered, self._options(seen)).astype(np.int64)

    def _tried(self, seen: Seen, offered: Columns | None) -> int:
        """The column of the option to try."""
        options = self._options(seen)
        if offered is None or len(offered) in (0, len(options)):
            return int(options[self.values.choose(seen.key, seen.numbers, options, self._generator)])
        worth = self.values.actions(seen.key, seen.numbers, options)
        hopes = (worth.means + worth.bonus)[np.isin(options, offered)]
        return int(self._generator.choice(offered[hopes >= hopes.max() - 1e-9]))

    def _best(self, seen: Seen, offered: Columns | None) -> int:
        """The column of the best known option."""
        options = self._options(seen)
        if offered is None or len(offered) in (0, len(options)):
            return int(options[self.values.best(seen.key, seen.numbers, options)])
        means = self.values.actions(seen.key, seen.numbers, options).means[np.isin(options, offered)]
        return int(offered[np.argmax(means)])

    def _recall(self, trail: Trail) -> None:
        """Knows what was kept, and learns the journal's later episodes again, in the order in which they were lived."""
        real, kept = self._observations.measures, trail.kept()
        if kept is not None and self._settings().items() <= dict(kept.document).items():
            self.values.restore(kept.state, kept.document["values"])
            self.steps = self._kept_at = kept.document["steps"]
            self.episodes = [Episode(end, total) for end, total in kept.document["episodes"]]
            possible = kept.document["options"]
            self._possible = {key: np.array(options, dtype=np.int64) for key, options in possible.items()}
        else:
            kept = None
        for lived in trail.read(real=real, since=kept.seq if kept else 0):
            for key, options in lived.options.items():
                self._possible.setdefault(key, options)
            for step in lived.steps:
                if step.known:
                    self._learn(step.seen, step.option, step.reward, step.after, first=step.first)
            if lived.over:
                self.episodes.append(Episode(self.steps, sum(step.reward for step in lived.steps)))
                self.values.dream(BETWEEN)


def _count(given: object, what: str, *, least: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < least:
        raise InputError(f"{what} is {given!r}.", next_step=f"Give a whole number, at least {least}.")
    return int(given)


def _reward(given: object) -> float:
    """What an environment gave, as a number: a bool or an array of one number will do."""
    try:
        reward = float(np.asarray(given, dtype=np.float64).item())
    except (TypeError, ValueError, OverflowError):
        reward = math.nan
    if not math.isfinite(reward):
        raise InputError(f"The environment's reward is {str(given)[:80]!r}.", next_step="Give a finite number.")
    return reward


def _name(env: gymnasium.Env[Any, Any]) -> str:
    return env.spec.id if env.spec is not None else type(env.unwrapped).__name__


def _action_names(env: gymnasium.Env[Any, Any]) -> list[str]:
    space: Any = env.action_space
    if env.has_wrapper_attr("action_names"):
        return [str(name) for name in env.get_wrapper_attr("action_names")]
    return [str(action) for action in range(int(space.start), int(space.start + space.n))]
