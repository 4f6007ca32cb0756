"""A process that works through tasks and says what was acknowledged. It is killed by ``test_kill_tasks``.

Run as: python -m property.task_child JOURNAL ROUND
"""

import sys

import numpy as np

from quickstudy import Job, Learner

JOB = Job("killed", ["red", "green"], features=32, rewards={"time": -1.0}, experts=["prior", "recall"])
STEPS = 5


def main(path, turn):
    with Learner(JOB, path) as learner:
        print("open", flush=True)
        for number in range(10_000):
            task = learner.task(f"{turn}-{number}", stop=0.2)
            for step in range(STEPS):
                task.decide(np.array([number % 3, step, turn % 2]) + 0.0)
                print(f"step {task.id} {task.steps}", flush=True)
                task.reward({"time": 1.0}, lesson_id=f"{task.id}-{step}")
                print(f"reward {task.id} {task.steps}", flush=True)
            task.end(number % 3 > 0)
            print(f"end {task.id} {STEPS}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
