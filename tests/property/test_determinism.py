"""Law 7: the same seeds and the same journal give the same numbers, also in another process."""

import os
import subprocess
import sys
from pathlib import Path

from property.scripts import TEXTS, new_learner

TESTS = Path(__file__).parent.parent


def numbers():
    """Every number that a small learner says, in full precision."""
    said = []
    for seed in (0, 1):
        with new_learner("open", seed=seed) as learner, new_learner("open", seed=seed) as other:
            for i in range(40):
                answer = ("red", "green", "blue", f"option {i // 8}")[i % 4]
                learner.teach(TEXTS[i % 6] + str(i % 9), answer, lesson_id=f"lesson-{i}", at=float(i))
            other.merge(learner)
            for one in (learner, other):
                for text in TEXTS:
                    decision = one.predict(text)
                    opinions = [
                        (o.expert, o.answer, o.probability.hex(), o.weight.hex()) for o in decision.evidence.opinions
                    ]
                    values = [(name, p.hex()) for name, p in decision.probabilities.items()]
                    said.append((seed, text, decision.novelty.hex(), values, opinions))
    return said


def in_a_new_process():
    command = [sys.executable, "-c", "from property.test_determinism import numbers; print(numbers())"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHASHSEED"}
    return subprocess.run(command, cwd=TESTS, env=environment, capture_output=True, text=True, check=True).stdout


def test_two_processes_say_the_same_numbers():
    first, second = in_a_new_process(), in_a_new_process()
    assert len(first) > 1000
    assert first == second


def test_a_learners_own_seed_does_not_change_what_is_learned():
    said = numbers()
    half = len(said) // 2
    assert [part[1:] for part in said[:half]] == [part[1:] for part in said[half:]]
