"""A process that works on a shared journal and says what was acknowledged, for ``test_postgres_processes``.

Run as: python -m journal.postgres_child URL NAME FIRST LAST

Every process is given the same tasks with the same keys, as clients that repeat what they asked. It repeats what was
not acknowledged until it is, as such a client does, and at its end says what it would answer.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from quickstudy import Job, Learner
from quickstudy.errors import JournalError

JOB = Job("shared", ["red", "green", "blue"], features=32, experts=["prior", "recall"], target_error=0.3)
ARRAYS = np.random.default_rng(0).standard_normal((400, 4)).round(2)
NAMES = ("red", "green", "blue")
PATIENCE = 60.0


def until_acknowledged(work, *given, **named):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return work(*given, **named)
        except JournalError as error:
            print(f"error {error.code}", flush=True)
            if error.code not in ("journal-unreachable", "journal-lost", "journal-unsure") or time.monotonic() > end:
                raise
            time.sleep(0.05)


def main(url, name, first, last):
    learner = until_acknowledged(Learner, JOB, url)
    print("open", flush=True)
    for i in range(first, last):
        array, right = ARRAYS[i], NAMES[int(ARRAYS[i][:3].argmax())]
        decision = until_acknowledged(learner.decide, array, request_id=f"request-{i}")
        print(f"decided {i} {decision.id} {decision.mode} {decision.probability!r}", flush=True)
        if i % 2:
            until_acknowledged(learner.teach, decision, right, lesson_id=f"lesson-{i}", by="all")
            print(f"taught lesson-{i}", flush=True)
        if i % 7 == 3:
            until_acknowledged(learner.teach, array, right, lesson_id=f"{name}-{i}")
            print(f"taught {name}-{i}", flush=True)
        if i % 20 == 15 and name == "a":
            other = Learner(JOB)
            other.teach(ARRAYS[399 - i], right, lesson_id=f"merged-{i}")
            until_acknowledged(learner.merge, other)
        if i % 21 == 17 and name == "b":
            until_acknowledged(learner.forget, f"{name}-{i}")
    print("done", flush=True)
    sys.stdin.readline()  # all others have finished
    print("says " + " ".join(d.probability.hex() for d in learner.predict_many(list(ARRAYS[:20]))), flush=True)
    print(f"stands {learner.standing}", flush=True)
    learner.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
