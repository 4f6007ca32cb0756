"""A process that teaches and says after each lesson that it was acknowledged. It is killed by ``test_kill``.

Run as: python -m property.teaching_child JOURNAL ROUND
"""

import sys

import numpy as np

from quickstudy import Job, Learner

JOB = Job("killed", ["red", "green", "blue"], features=32)
ARRAYS = np.random.default_rng(0).standard_normal((200, 8)).round(3)


def main(path, turn):
    with Learner(JOB, path) as learner:
        print("open", flush=True)
        for i in range(10_000):
            array = ARRAYS[(turn * 37 + i) % len(ARRAYS)]
            answer = JOB_NAMES[int(array.argmax()) % 3]
            lesson_id = f"{turn}-{i}"
            if i % 4 == 1:
                decision = learner.decide(array, request_id=f"request-{turn}-{i}")
                learner.teach(decision, answer, lesson_id=lesson_id)
            elif i % 8 == 6:
                learner.teach_many([(array, answer)] * 3, lesson_ids=[lesson_id, f"{lesson_id}b", f"{lesson_id}c"])
                lesson_id = f"{lesson_id}c"
            else:
                learner.teach(array, answer, lesson_id=lesson_id)
            print(lesson_id, flush=True)
            if i % 10 == 9:
                learner.snapshot()


JOB_NAMES = tuple(JOB.options)

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
