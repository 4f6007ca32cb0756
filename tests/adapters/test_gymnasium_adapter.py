"""The agent for Gymnasium environments."""

import os
import shutil
import signal
from typing import ClassVar

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from quickstudy import Learner
from quickstudy.adapters.gymnasium import Agent
from quickstudy.adapters.observations import Observations
from quickstudy.errors import InputError


class Corridor(gymnasium.Env):
    """Right leads to the end of a corridor of five, left back; it is cut off after 30 steps."""

    action_space = spaces.Discrete(2, start=3)
    observation_space = spaces.Discrete(5)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.time = 0, 0
        return self.seen(), {}

    def step(self, action):
        assert action in (3, 4)
        self.place, self.time = max(self.place + (1 if action == 4 else -1), 0), self.time + 1
        ended = self.place == 5
        return self.seen() if not ended else self.last(), float(ended), ended, self.time == 30, {}

    def seen(self):
        return self.place

    def last(self):
        return 4


class WordCorridor(Corridor):
    observation_space = spaces.Dict({"text": spaces.Text(10), "image": spaces.Box(0, 9, (2, 2), np.uint8)})

    def seen(self):
        return {"text": f"place {self.place}", "image": np.full((2, 2), self.place, dtype=np.uint8)}

    def last(self):
        return {"text": "place 9", "image": np.zeros((2, 2), dtype=np.uint8)}


class InterruptedCorridor(Corridor):
    steps: ClassVar[int] = 0

    def step(self, action):
        type(self).steps += 1
        if type(self).steps == 50:
            os.kill(os.getpid(), signal.SIGINT)
        return super().step(action)


def means(agent):
    return [
        agent.values.actions(seen.key, seen.numbers, np.arange(2)).means
        for seen in (agent._observations.read(place) for place in range(5))
    ]


@pytest.mark.parametrize("world", [Corridor, WordCorridor])
def test_it_learns_the_shortest_way(world):
    agent = Agent(world())
    agent.train(300)
    found = agent.evaluate(3)
    assert found.mean_return == found.low == found.high == 1.0
    assert found.steps == 15


def test_a_pole_is_balanced_after_a_few_thousand_steps():
    agent = Agent(gymnasium.make("CartPole-v1"))
    agent.train(1_000)
    assert agent.values.speaks == "smooth"
    assert agent.evaluate(3).mean_return > 150  # at random: about 20


def test_the_same_seed_gives_the_same_training():
    one, two = (Agent(gymnasium.make("FrozenLake-v1"), seed=5) for _ in range(2))
    assert one.train(300) == two.train(300)
    assert one.evaluate(5) == two.evaluate(5)


def test_training_in_parts_is_training():
    whole, parts = Agent(Corridor()), Agent(Corridor())
    whole.train(90)
    for steps in (1, 40, 49):
        parts.train(steps)
    assert np.array_equal(means(whole), means(parts))


def test_evaluation_teaches_nothing():
    one, two = Agent(gymnasium.make("FrozenLake-v1")), Agent(gymnasium.make("FrozenLake-v1"))
    for agent in (one, two):
        agent.train(100)
    one.evaluate(5)
    assert one.train(100) == two.train(100)


def test_an_agent_goes_on_from_its_journal(tmp_path):
    path = tmp_path / "corridor.db"
    with Agent(Corridor(), journal=path) as agent:
        while agent.steps < 100 or agent._seen is not None:  # until an episode is over
            agent.train(1)
        before, steps = means(agent), agent.steps
    with Agent(Corridor(), journal=path) as again:
        assert again.steps == steps
        assert np.array_equal(means(again), before)
        again.train(10)


@pytest.mark.parametrize("world", [Corridor, "MountainCar-v0"])
def test_what_was_kept_and_the_episodes_after_it_are_what_the_journal_teaches(tmp_path, world, monkeypatch):
    def make():
        return gymnasium.make(world) if isinstance(world, str) else world()

    path, again = tmp_path / "kept.db", tmp_path / "events.db"
    with Agent(make(), journal=path) as agent:
        while agent.steps < 300 or agent._seen is not None:
            agent.train(1)
        agent._keep(1)
        while agent.steps < 420 or agent._seen is not None:
            agent.train(1)
        agent._whole = False  # so closing keeps nothing more
        steps, episodes, arrays = agent.steps, agent.episodes, agent.values.arrays()[0]
    shutil.copy(path, again)
    learned = []
    monkeypatch.setattr(Agent, "_learn", counted(Agent._learn, learned))
    for journal, most in ((path, 250), (again, steps)):
        learned.clear()
        with Agent(make(), journal=journal) as opened:
            assert len(learned) <= most
            assert (opened.steps, opened.episodes) == (steps, episodes)
            found = opened.values.arrays()[0]
            assert found.keys() == arrays.keys()
            assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
            opened._whole = False
    assert len(learned) == steps


def counted(honest, calls):
    def learn(self, *arguments, **keywords):
        calls.append(arguments)
        honest(self, *arguments, **keywords)

    return learn


def test_what_was_kept_is_not_used_after_a_reward_that_came_late_or_with_another_discount(tmp_path):
    path = tmp_path / "corridor.db"
    with Agent(Corridor(), journal=path) as agent:
        while agent.steps < 100 or agent._seen is not None:
            agent.train(1)
    with Agent(Corridor(), journal=path, discount=0.5) as other:
        assert other._kept_at == 0
        other._whole = False
    with Learner.open(path) as learner:
        learner.reward(learner.review(learner.tasks()[0].task).steps[0].decision_id, 3.0)
    with Agent(Corridor(), journal=path) as again:
        assert again._kept_at == 0
        assert again.episodes[0].total == agent.episodes[0].total + 3.0


def test_numbers_that_measure_come_back_from_the_journal(tmp_path):
    path = tmp_path / "pole.db"
    with Agent(gymnasium.make("CartPole-v1"), journal=path) as agent:
        while agent.steps < 150 or agent._seen is not None:
            agent.train(1)
        steps = agent.steps
        actions = [agent.act(np.array([0.0, 0.0, angle, 0.0])) for angle in np.linspace(-0.2, 0.2, 9)]
    with Agent(gymnasium.make("CartPole-v1"), journal=path) as again:
        assert again.steps == steps
        assert [again.act(np.array([0.0, 0.0, angle, 0.0])) for angle in np.linspace(-0.2, 0.2, 9)] == actions


def test_its_journal_holds_tasks_that_can_be_reviewed(tmp_path):
    path = tmp_path / "corridor.db"
    with Agent(Corridor(), journal=path) as agent:
        training = agent.train(120)
    with Learner.open(path) as learner:
        ended = [task for task in learner.tasks() if task.state in ("ended", "cut off")]
        assert [task.total for task in ended] == list(training.returns)
        reached = next(task.task for task in ended if task.state == "ended")
        assert learner.review(reached).steps[-1].reward == 1.0


def test_lessons_that_an_agent_cannot_use_are_not_asked_for(tmp_path):
    with Agent(Corridor(), journal=tmp_path / "c.db") as agent:
        agent.train(65)
    with Learner.open(tmp_path / "c.db") as learner:
        assert learner.wanted() == ()
        assert {learner.review(task.task).lessons for task in learner.tasks()} == {()}


def test_a_forgotten_step_leaves_a_gap_and_a_forgotten_episode_nothing(tmp_path):
    path = tmp_path / "corridor.db"
    with Agent(Corridor(), journal=path) as agent:
        while agent.steps < 60 or agent._seen is not None:
            agent.train(1)
        steps = agent.steps
    with Learner.open(path) as learner:
        first, second = (task for task in learner.tasks()[:2])
        learner.forget(learner.review(first.task).steps[1].decision_id)
        learner.forget(task_id=second.task)
    with Agent(Corridor(), journal=path) as again:
        assert again.steps == steps - 2 - second.steps  # the step before the gap leads nowhere


def test_interrupting_loses_nothing(tmp_path):
    path = tmp_path / "corridor.db"
    with Agent(InterruptedCorridor(), journal=path) as agent:
        with pytest.raises(KeyboardInterrupt):
            agent.train(1_000)
        assert agent.steps == 50
        agent.train(10)
        assert agent.steps == 60
    with Learner.open(path) as learner:
        assert sum(task.steps for task in learner.tasks()) == 60


def test_observations_are_told_apart_and_measured_where_they_measure():
    real = Observations(spaces.Dict({"a": spaces.Box(-1, 1, (2,)), "b": spaces.Box(-1, 1, (1,))}))
    seen = real.read({"a": np.array([0.5, 0.25], dtype=np.float32), "b": np.array([1.0], dtype=np.float32)})
    assert seen.numbers.tolist() == [0.5, 0.25, 1.0]
    for space, one, other in (
        (spaces.Discrete(4), 1, 2),
        (spaces.Box(0, 255, (2, 2), np.uint8), np.zeros((2, 2), np.uint8), np.eye(2, dtype=np.uint8)),
        (spaces.MultiBinary(3), np.array([0, 1, 1]), np.array([1, 1, 0])),
        (spaces.Tuple((spaces.Text(5), spaces.Discrete(3))), ("a", 1), ("a", 2)),
        (spaces.Text(5), "a", "b"),
    ):
        observations = Observations(space)
        assert observations.read(one).key == observations.read(one).key != observations.read(other).key
        assert observations.read(one).numbers.size == 0


def test_what_it_cannot_do_is_said():
    class Steering(Corridor):
        action_space = spaces.Box(-1, 1, (1,))

    class Graphs(Corridor):
        observation_space = spaces.Graph(spaces.Discrete(2), None)

    for wrong in (Steering, Graphs):
        with pytest.raises(InputError):
            Agent(wrong())
    with pytest.raises(InputError):
        Agent(Corridor(), discount=1.0)
    with pytest.raises(InputError):
        Agent(Corridor()).evaluate(0)


@pytest.mark.parametrize("reward", [float("nan"), float("inf"), None, "much"])
def test_a_reward_that_makes_no_sense_is_refused_before_it_is_learned(reward):
    class Odd(Corridor):
        def step(self, action):
            return self.place, reward, False, False, {}

    agent = Agent(Odd())
    with pytest.raises(InputError, match="reward is"):
        agent.train(3)
    assert agent.steps == 0


@pytest.mark.parametrize("reward", [True, np.bool_(True), np.float32(1.0), np.array([1.0]), 1])
def test_a_reward_may_be_any_kind_of_number(reward):
    class Plain(Corridor):
        def step(self, action):
            return self.place, reward, True, False, {}

    assert Agent(Plain()).train(2).returns == (1.0, 1.0)


@pytest.mark.parametrize(
    ("space", "given"),
    [
        (spaces.Discrete(5), "two"),
        (spaces.Box(-1, 1, (2,)), np.zeros(3)),
        (spaces.Box(-1, 1, (2,)), np.array([0.0, np.nan])),
        (spaces.Dict({"a": spaces.Discrete(2)}), {"b": 1}),
        (spaces.Dict({"a": spaces.Discrete(2)}), 1),
        (spaces.Tuple((spaces.Discrete(2), spaces.Text(3))), (1,)),
        (spaces.Text(5), 3),
    ],
)
def test_what_is_no_observation_of_the_space_is_refused(space, given):
    with pytest.raises(InputError, match="observation"):
        Observations(space).read(given)


def test_a_text_may_be_empty(tmp_path):
    class Silent(Corridor):
        observation_space = spaces.Text(5, min_length=0)

        def seen(self):
            return "" if self.place == 0 else str(self.place)

        def last(self):
            return " "

    with Agent(Silent(), journal=tmp_path / "silent.db") as agent:
        agent.train(60)
    with Agent(Silent(), journal=tmp_path / "silent.db") as again:
        assert again.knows("")


@pytest.mark.parametrize("bad", [-1, 1.5, True, "ten"])
def test_numbers_of_steps_and_episodes_are_checked(bad):
    agent = Agent(Corridor())
    for verb in (agent.train, agent.evaluate, lambda seed: agent.evaluate(1, seed=seed)):
        with pytest.raises(InputError):
            verb(bad)
    with pytest.raises(InputError):
        Agent(Corridor(), seed=bad)
    with pytest.raises(InputError, match="CartPole"):
        Agent("CartPole-v1")


def test_an_episode_that_would_never_end_is_broken_off(monkeypatch):
    class Endless(Corridor):
        def step(self, action):
            return self.place, 1.0, False, False, {}

    monkeypatch.setattr("quickstudy.adapters.gymnasium.ENDLESS", 25)
    evaluation = Agent(Endless()).evaluate(2)
    assert (evaluation.returns, evaluation.steps) == ((25.0, 25.0), 50)


def test_an_environment_that_cannot_be_made_again_is_evaluated_itself():
    class Wrapped(gymnasium.Wrapper):
        def __init__(self, env, note):
            super().__init__(env)
            self.note = note

    agent = Agent(Wrapped(gymnasium.make("CartPole-v1"), "not recorded"))
    agent.train(5)
    assert agent.evaluate(2).steps > 0
    assert agent.train(5).steps == 5


def test_ended_episodes_are_kept_and_come_back_from_the_journal(tmp_path):
    with Agent(Corridor(), journal=tmp_path / "c.db") as agent:
        assert (agent.episodes, agent.knows(0)) == ([], False)
        returns = agent.train(200, progress=False).returns
        kept = list(agent.episodes)
        assert tuple(episode.total for episode in kept) == returns
        assert agent.knows(0)
        assert kept[-1].end <= agent.steps
    with Agent(Corridor(), journal=tmp_path / "c.db") as again:
        assert again.episodes == kept


def test_equal_observations_have_equal_keys():
    observations = Observations(spaces.Box(-1, 1, (2,)))
    keys = {observations.read(np.array([zero, 1.0], np.float32)).key for zero in (0.0, -0.0)}
    assert len(keys) == 1
