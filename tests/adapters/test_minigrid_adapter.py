"""MiniGrid and BabyAI: records of bearings, and errands."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from minigrid.core.actions import Actions

from quickstudy import Job, Learner
from quickstudy.adapters.errands import ERRANDS, Errands
from quickstudy.adapters.gymnasium import Agent
from quickstudy.adapters.minigrid import ACTIONS, FIELDS, Bearings, named
from quickstudy.errors import InputError

DOOR_KEY, UNLOCK = "MiniGrid-DoorKey-5x5-v0", "MiniGrid-Unlock-v0"


def told(record):
    return {field: word for field, word in record.items() if word}


def errand(name):
    return next(place for place, (called, _, _) in enumerate(ERRANDS) if called == name)


@pytest.mark.parametrize("level", [DOOR_KEY, UNLOCK, "MiniGrid-MultiRoom-N4-S5-v1", "BabyAI-GoToLocal-v0"])
def test_the_map_agrees_with_the_room_wherever_one_walks(level):
    env = Bearings(gymnasium.make(level))
    generator = np.random.default_rng(0)
    for seed in range(5):
        env.reset(seed=seed)
        room = env.unwrapped
        origin = np.array(room.agent_pos)
        for _ in range(60):
            _, _, ended, cut_off, _ = env.step(int(generator.choice([0, 1, 2, 2, 2, 3, 4, 5])))
            if ended or cut_off:
                break
            assert np.array_equal(origin + env.map.place, room.agent_pos)
            assert env.map.direction == room.agent_dir
            for place, cell in env.map.cells.items():
                there = room.grid.get(*(origin + place))
                if there is not None and tuple(origin + place) != tuple(room.agent_pos):
                    assert (cell.thing, cell.colour) == (there.type, there.color)


def test_a_record_says_what_is_known_and_is_in_its_space():
    env = Bearings(gymnasium.make(DOOR_KEY))
    record, _ = env.reset(seed=3)
    assert told(record) == {"unseen": "left", "named 1": "right", "named 2": "locked left"}
    assert tuple(record) == FIELDS
    assert env.observation_space.contains(record)
    for word in ("right", "forward"):
        record, *_ = env.step(Actions[word])
    assert record["carrying"] == ""


def test_what_was_done_in_just_this_situation_is_not_offered_again():
    env = Bearings(gymnasium.make("MiniGrid-Empty-5x5-v0"))
    everything = list(range(len(ACTIONS)))
    _, info = env.reset(seed=0)
    assert info["offered"].tolist() == everything
    for _ in range(9):  # twice around, until all is seen, and on to the wall
        *_, info = env.step(Actions.left)
    left = [action for action in everything if action != Actions.left]
    for action in (Actions.forward, Actions.pickup, Actions.drop, Actions.toggle, Actions.done):
        assert info["offered"].tolist() == left
        *_, info = env.step(action)
        left.remove(action)
    assert info["offered"].tolist() == [Actions.right]
    env.step(Actions.right)
    *_, info = env.step(Actions.left)
    assert info["offered"].tolist() == everything
    _, info = env.reset(seed=0)
    *_, info = env.step(Actions.left)
    assert info["offered"].tolist() == everything


@pytest.mark.parametrize("level", [DOOR_KEY, "BabyAI-GoToLocal-v0"])
def test_an_action_that_is_offered_no_more_would_lead_where_it_led_before(level):
    env = Bearings(gymnasium.make(level))
    generator = np.random.default_rng(0)
    repeated = 0

    def room():
        inner = env.unwrapped
        load = inner.carrying and inner.carrying.encode()
        seen = frozenset(env.map.cells.items())
        return tuple(inner.agent_pos), inner.agent_dir, load, inner.grid.encode().tobytes(), seen

    for seed in range(10):
        _, info = env.reset(seed=seed)
        led, over = {}, False
        while not over:
            here, offered = room(), set(info["offered"].tolist())
            known = {action for (place, action) in led if place == here}
            assert offered == set(range(len(ACTIONS))) - known or known == set(range(len(ACTIONS)))
            action = int(generator.choice([0, 0, 1, 1, 2, 3, 4, 5]))  # whatever is offered
            _, _, ended, cut_off, info = env.step(action)
            over = ended or cut_off
            if (here, action) in led:
                repeated += 1
                assert led[here, action] == room()
            led[here, action] = room()
    assert repeated > 20


def test_what_a_mission_names_is_found_in_its_order():
    assert named("use the key to open the door and then get to the goal") == (("", "key"), ("", "door"), ("", "goal"))
    assert named("put the red ball next to a grey box") == (("red", "ball"), ("grey", "box"))
    assert named("pick up a green object") == (("green", ""),)
    assert named("go on") == ()


def test_a_thing_of_another_colour_is_not_the_named_one():
    env = Bearings(gymnasium.make("BabyAI-GoToRedBall-v0"))
    for seed in range(8):
        env.reset(seed=seed)
        for action in (0, 0, 0, 0):
            record, *_ = env.step(action)
        seen = {(cell.thing, cell.colour) for cell in env.map.cells.values()}
        assert bool(record["named 1"]) == (("ball", "red") in seen)
        assert bool(record["ball"]) == any(thing == "ball" and colour != "red" for thing, colour in seen)


def test_an_errand_walks_the_way_and_does_the_deed():
    env = Errands(gymnasium.make(DOOR_KEY))
    record, info = env.reset(seed=3)
    before = env.walked
    for name in ("pickup named 1", "toggle named 2", "forward named 3"):
        assert errand(name) in info["offered"]
        while True:
            record, reward, ended, _, info = env.step(errand(name))
            if name.split()[0] == "pickup" or ended or errand(name) not in info["offered"]:
                break
            if name.startswith("toggle") and record["named 2"].startswith("open"):
                break
    assert ended
    assert reward == pytest.approx(1 - 0.9 * (env.walked - before) / env.unwrapped.max_steps)


def test_an_errand_in_vain_is_not_offered_again_until_there_is_news():
    env = Errands(gymnasium.make(DOOR_KEY))
    record, info = env.reset(seed=3)
    drop = errand("drop")
    while drop in info["offered"]:
        before = record
        record, _, _, _, info = env.step(drop)
    assert record == before
    record, _, _, _, info = env.step(errand("pickup named 1"))
    assert record["carrying"] == "named 1"
    assert drop in info["offered"]


def test_every_step_of_an_errand_is_counted_and_the_time_limit_holds():
    env = Errands(gymnasium.make(DOOR_KEY))
    generator = np.random.default_rng(1)
    for seed in range(6):
        _, info = env.reset(seed=seed)
        before, over = env.walked, False
        while not over:
            _, _, ended, cut_off, info = env.step(int(generator.choice(info["offered"])))
            over = ended or cut_off
            assert env.walked - before == env.unwrapped.step_count
        assert env.walked - before <= env.unwrapped.max_steps


@pytest.mark.parametrize("level", [DOOR_KEY, UNLOCK])
def test_an_agent_learns_to_open_doors_in_rooms_that_it_never_saw(level):
    env = Errands(gymnasium.make(level))
    agent = Agent(env, seed=100)
    best = 0.0
    while env.walked < 1_500 and best < 0.9:
        agent.train(100, progress=False)
        best = agent.evaluate(20).mean_return
    assert best >= 0.9


def test_an_agents_errands_come_back_from_its_journal_by_name(tmp_path):
    path = tmp_path / "door.db"
    with Agent(Errands(gymnasium.make(DOOR_KEY)), journal=path) as agent:
        while agent.steps < 150 or agent._seen is not None:  # until an episode is over
            agent.train(1, progress=False)
        steps, played = agent.steps, agent.play(Errands(gymnasium.make(DOOR_KEY)), seed=5)
    with Agent(Errands(gymnasium.make(DOOR_KEY)), journal=path) as again:
        assert again.steps == steps
        assert again.play(Errands(gymnasium.make(DOOR_KEY)), seed=5) == played
        assert again.values.tabular.transitions == agent.values.tabular.transitions
        assert np.array_equal(again.values.tabular._q_hopeful, agent.values.tabular._q_hopeful)
    with Learner.open(path, read_only=True) as learner:
        task = next(task for task in learner.tasks() if task.steps)
        assert {step.answer for step in learner.review(task.task).steps} <= {name for name, _, _ in ERRANDS}


def test_records_are_situations_that_a_learner_can_be_taught():
    env = Bearings(gymnasium.make(DOOR_KEY))
    with Learner(Job("walk", list(ACTIONS), encoder="static")) as learner:
        for seed in range(12):
            record, _ = env.reset(seed=seed)
            way = record["named 1"]
            if way in ("left", "right"):
                learner.teach(record, way)
        record, _ = env.reset(seed=3)
        assert learner.predict(record).answer == "right"


def test_other_observations_are_refused():
    with pytest.raises(InputError):
        Bearings(gymnasium.make("CartPole-v1"))
    with pytest.raises(InputError):
        Errands(gymnasium.make("CliffWalking-v1"))
    walk = gymnasium.Wrapper(gymnasium.make(DOOR_KEY))
    walk.action_space = gymnasium.spaces.Box(0.0, 1.0)
    with pytest.raises(InputError, match="Discrete"):
        Bearings(walk)


def test_an_offer_of_unknown_actions_is_refused():
    class Wrong(gymnasium.Wrapper):
        def reset(self, **words):
            observation, info = self.env.reset(**words)
            return observation, {**info, "offered": np.array([99])}

    with pytest.raises(InputError, match="99"):
        Agent(Wrong(gymnasium.make("CliffWalking-v1"))).train(1)


def test_without_minigrid_the_error_names_the_extra():
    program = "import sys; sys.modules['minigrid'] = None\nimport quickstudy.adapters.minigrid"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert 'pip install "quickstudy[minigrid]"' in done.stderr


def test_nothing_is_printed_when_it_is_imported():
    done = subprocess.run([sys.executable, "-c", "import quickstudy.adapters.errands"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
