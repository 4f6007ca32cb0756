"""Law 5 for tasks of many steps: what was acknowledged survives ``kill -9``, and the task goes on where it was."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from property.task_child import JOB, STEPS
from quickstudy import Learner

TESTS = Path(__file__).parent.parent
KILLS = 12


def kill_one(path, turn, lines, rest):
    """Starts a child, kills it ``rest`` seconds after so many lines, and gives what it acknowledged."""
    command = [sys.executable, "-m", "property.task_child", path, str(turn)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=TESTS, env=environment)
    try:
        assert child.stdout is not None
        told = b"".join(child.stdout.readline() for _ in range(lines + 1))
        time.sleep(rest)
    finally:
        child.send_signal(signal.SIGKILL)
    told += child.stdout.read()
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    return [line.split() for line in told.decode().split("\n")[1:-1] if len(line.split()) == 3]


@pytest.mark.timeout(300)
def test_acknowledged_steps_rewards_and_ends_survive_kills(tmp_path):
    path, draw = str(tmp_path / "journal.db"), random.Random(0)
    told = []
    for turn in range(KILLS):
        told += kill_one(path, turn, draw.randrange(1, 40), draw.random() ** 2 * 0.05)
        with Learner(JOB, path, read_only=True) as reader:
            held = {task.task: task for task in reader.tasks()}
        for verb, id, count in told:
            assert held[id].steps >= int(count)
            if verb == "reward":
                assert held[id].total <= -int(count) + 1.0  # an outcome is worth at most 1
            if verb == "end":
                assert (held[id].state, held[id].steps) == ("ended", STEPS)
    with Learner(JOB, path) as learner:
        running = [task for task in learner.tasks() if task.state == "running"]
        assert running
        for task in running:
            again = learner.task(task.task)
            assert again.steps == task.steps
            again.decide(np.array([0.0, 4.0, 0.0]))
            again.end(True)
        assert {task.state for task in learner.tasks()} == {"ended"}
