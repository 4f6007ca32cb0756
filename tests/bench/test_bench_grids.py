"""The scoring of the grids: steps of the environment, and a teacher who corrects what failed."""

from pathlib import Path

import numpy as np
import pytest
from bench.grids.scenario import play
from bench.grids.taught import Apprentice
from bench.grids.whole import Whole
from bench.grids.worlds import LEVELS, begin, success
from bench.learners.outcome_only import OutcomeOnly
from bench.scenario import Stage

from quickstudy.adapters.minigrid import ACTIONS, Bearings
from quickstudy.judgement.value import Step, Transition

LEVEL = LEVELS["go-to-red-ball-grey"]


def follow(records, options):
    """What the bearings say already: the named thing first, else what was never seen; whatever is offered."""
    moves = {"ahead": "forward", "left": "left", "right": "right"}
    return [moves.get(record["named 1"]) or moves.get(record["unseen"], "done") for record in records]


def test_success_is_counted_in_unseen_episodes_and_equal_records_are_asked_once():
    asked = []

    def counted(records, options):
        asked.extend((tuple(record.values()), tuple(options)) for record in records)
        return follow(records, options)

    assert success(LEVEL, counted, range(40)) >= 0.95
    assert len(asked) == len(set(asked))
    assert success(LEVEL, lambda records, options: ["left"] * len(records), range(40)) <= 0.2


def test_who_turns_round_gets_on_only_where_nothing_is_offered_twice():
    def turning(records, options):
        wishes = [("left", right, "forward") for right in follow(records, options)]
        return [next(wish for wish in (*wished, *options) if wish in options) for wished in wishes]

    assert success(LEVEL, turning, range(40), heed=False) <= 0.2
    assert success(LEVEL, turning, range(40)) >= 0.5


def test_only_failed_attempts_are_corrected_and_each_situation_once(capsys):
    apprentice = Apprentice.on(LEVEL)
    for seed in range(11):
        before = apprentice.taught, apprentice.lessons
        walk = Bearings(LEVEL.make())
        record, over, came, offered = begin(walk, seed), False, set(), list(ACTIONS)
        while not over:
            came.add(tuple(record.values()))
            action = ACTIONS.index(str(apprentice.learner.predict(record, offered).answer))
            record, reward, ended, cut_off, info = walk.step(action)
            offered = [ACTIONS[option] for option in info["offered"]]
            over = ended or cut_off
        apprentice.attempt(seed)
        if reward > 0:
            assert (apprentice.taught, apprentice.lessons) == before
        else:
            assert apprentice.taught == before[0] + 1
            assert apprentice.lessons - before[1] <= len(came)
    assert 0 < apprentice.taught < apprentice.watched == 11
    before = apprentice.taught, apprentice.lessons
    apprentice.demonstrate(11)
    assert (apprentice.watched, apprentice.taught) == (12, before[0] + 1)
    assert apprentice.lessons > before[1]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("learner", ["quickstudy", "outcome-only"])
def test_steps_are_those_of_the_environment(learner):
    played = play("empty-random-5x5", learner, 0, Stage(Path("."), quick=True))
    first = played.details["returns"][0][0]
    assert 100 <= first <= 200
    assert played.measures["steps"] >= first
    assert played.details["decisions"] < 700
    assert played.measures["return"] > 0.9


def test_a_whole_grid_shows_where_the_walker_is_and_whether_the_key_is_gone():
    env = Whole(LEVELS["door-key-5x5-plain"].make())
    begun, _ = env.reset(seed=3)
    assert env.observation_space.contains(begun)
    turned, *_ = env.step(ACTIONS.index("right"))
    assert not np.array_equal(turned, begun)
    back, *_ = env.step(ACTIONS.index("left"))
    assert np.array_equal(back, begun)
    env.step(ACTIONS.index("right"))
    env.step(ACTIONS.index("forward"))
    assert env.walked == 4
    inner = env.unwrapped
    key = next(place for place in np.ndindex(5, 5) if getattr(inner.grid.get(*place), "type", "") == "key")
    inner.agent_pos = np.array(key) - inner.dir_vec
    before, *_ = env.step(ACTIONS.index("done"))
    after, *_ = env.step(ACTIONS.index("pickup"))
    assert inner.carrying is not None
    assert not np.array_equal(before, after)


def test_credit_from_outcomes_alone_ranks_what_is_offered():
    values, options, nothing = OutcomeOnly(0.9), np.array([2, 5]), np.zeros(0)
    values.learn(Transition(Step("a", nothing, options, 5, np.array([1.0]), 0.0), None))
    values.dream(0)
    worth = values.actions("a", nothing, options)
    assert worth.means[1] == 1.0 > worth.means[0]
    assert (worth.means + worth.bonus)[0] > (worth.means + worth.bonus)[1]
