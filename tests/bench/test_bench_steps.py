"""The scoring of the scenario of many steps."""

from pathlib import Path

import numpy as np
import pytest
from bench.learners.outcome_only import OutcomeOnly
from bench.learners.q_learning import QLearning
from bench.scenario import Stage
from bench.steps.scenario import kept, play, reached
from bench.steps.worlds import WORLDS, Exact

from quickstudy.judgement.value import Step, Transition


def test_a_policy_is_evaluated_exactly_within_the_time_limit():
    exact = Exact(WORLDS["cliff-walking"].make())
    assert exact.best == pytest.approx(-13.0)
    up_right_down = np.ones(48, dtype=np.int64)
    up_right_down[36], up_right_down[[11, 23, 35]] = 0, 2
    assert exact.of(up_right_down) == pytest.approx(-13.0)
    assert exact.of(np.zeros(48, dtype=np.int64)) == pytest.approx(-200.0)
    assert exact.good(-13.5)
    assert not exact.good(-14.0)


def test_good_checks_count_only_in_a_row():
    checks = [(10, True), (20, False), (30, True), (40, True), (50, True)]
    assert reached(checks, 99, 3) == 30
    assert reached(checks[:4], 99, 3) == 99
    assert reached(checks, 99, 1) == 10


def test_what_was_reached_is_kept_where_later_checks_are_good_too():
    assert kept([(1, False), (2, True), (3, True), (4, False)]) == 0.5
    assert kept([(1, False), (2, True)]) is None
    assert kept([(1, False)]) is None


def test_q_learning_learns_the_better_action():
    agent = QLearning(1, 2, 400, seed=0)
    for _ in range(400):
        action = agent.choose(0)
        agent.learn(0, action, float(action), None)
    assert agent.values[0].argmax() == 1


def test_an_agent_walks_along_the_cliff():
    played = play("cliff-walking", "quickstudy", 0, Stage(Path("."), quick=True))
    assert played.measures["solved"] == 1.0
    assert played.measures["return"] == pytest.approx(-13.0)
    assert played.measures["steps"] <= 350


def test_credit_from_outcomes_alone_waits_for_the_end_and_is_the_discounted_return_from_each_step():
    values, options, nothing = OutcomeOnly(0.5), np.arange(2), np.zeros(0)
    path = [Step(key, nothing, options, 1, np.array([reward]), 0.0) for key, reward in (("a", 0.0), ("b", 4.0))]
    values.learn(Transition(path[0], path[1]))
    values.learn(Transition(path[1], None))
    assert values.best("a", nothing, options) == 0  # nothing is known before the end
    values.dream(0)
    assert [values.best(key, nothing, options) for key in "ab"] == [1, 1]
    assert values._row("a", options).tolist() == [[0.0, 1.0], [0.0, 2.0]]
    assert values.choose("a", nothing, options, np.random.default_rng(0)) == 0  # what was never tried comes first
