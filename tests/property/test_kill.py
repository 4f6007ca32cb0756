"""Law 5: a lesson that was acknowledged survives ``kill -9`` at any moment; a half-written one is absent."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from property.teaching_child import ARRAYS, JOB
from quickstudy import Learner
from quickstudy.checks import require_same_learner

KILLS = 100
JOURNALS = 2
"""As many children run at the same time, each on a journal of its own."""

TESTS = Path(__file__).parent.parent


def kill_one(path, turn, lessons, rest):
    """Starts a child, kills it ``rest`` seconds after ``lessons`` lessons, and gives the ids that it acknowledged."""
    command = [sys.executable, "-m", "property.teaching_child", path, str(turn)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=TESTS, env=environment)
    try:
        assert child.stdout is not None
        first = child.stdout.readline()
        told = b"".join(child.stdout.readline() for _ in range(lessons))
        time.sleep(rest)
    finally:
        child.send_signal(signal.SIGKILL)
    output = first + told + child.stdout.read()
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    assert first == b"open\n"
    return output.decode().split("\n")[1:-1]


def kill_many(path, seed, kills):
    generator = random.Random(seed)
    acknowledged = set()
    for turn in range(kills):
        acknowledged.update(kill_one(path, turn, generator.randrange(12), generator.random() ** 2 * 0.05))
        with Learner(JOB, path, read_only=True) as reader:
            held = {lesson.id for lesson, _ in reader.lessons()}
        lost = acknowledged - held
        assert not lost, f"after kill {turn} of seed {seed} these acknowledged lessons are gone: {sorted(lost)[:5]}"
    return acknowledged


@pytest.mark.timeout(600)
def test_acknowledged_lessons_survive_a_hundred_kills(tmp_path):
    paths = [str(tmp_path / f"journal-{i}.db") for i in range(JOURNALS)]
    with ThreadPoolExecutor(JOURNALS) as pool:
        told = list(pool.map(kill_many, paths, range(JOURNALS), [KILLS // JOURNALS] * JOURNALS))
    for path, acknowledged in zip(paths, told, strict=True):
        assert len(acknowledged) > KILLS
        with Learner(JOB, path) as learner:
            ids = {lesson.id for lesson, _ in learner.lessons()}
            assert acknowledged <= ids
            for batch in (id for id in ids if id.endswith(("b", "c"))):
                assert {batch[:-1], batch[:-1] + "b", batch[:-1] + "c"} <= ids, "a batch was written in part"
            with Learner.replay(path) as replayed:
                require_same_learner(learner, replayed, list(ARRAYS[:5]))
            learner.teach(ARRAYS[0], "red", lesson_id="after")
        Path(path + ".snapshot").unlink(missing_ok=True)
        with Learner(JOB, path) as again:
            assert ids | {"after"} == {lesson.id for lesson, _ in again.lessons()}
