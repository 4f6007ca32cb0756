"""Reliability: the share of right proposals among what is like a task."""

import numpy as np
import pytest

from quickstudy.experts import Example, Memory
from quickstudy.judgement.reliability import IMAGINED, reliability
from quickstudy.mind import Mind

EXPERTS = ("prior", "recall", "recent", "renames", "ridge", "gaussian", "softmax")


def unit(*numbers):
    vector = np.array(numbers, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def test_near_lessons_count_and_far_ones_hardly():
    memory = Memory(2)
    memory.learn(unit(1, 0), 0, 0.0, "a", hit=1.0)
    memory.learn(unit(1, 0.001), 1, 1.0, "b", hit=0.0)
    memory.learn(unit(0, 1), 0, 2.0, "c", hit=1.0)
    memory.learn(unit(1, 0.002), 0, 3.0, "d")  # nobody knows
    near, far = reliability(memory.search(np.stack([unit(1, 0), unit(0, 1)]), 4))
    assert near == pytest.approx((1.0 + IMAGINED / 2) / (2.0 + IMAGINED), abs=1e-4)
    assert far == pytest.approx((1.0 + IMAGINED / 2) / (1.0 + IMAGINED), abs=1e-4)


def test_where_nothing_is_known_it_is_a_half():
    assert reliability(Memory(2).search(unit(1, 0)[None], 4)).tolist() == [0.5]


@pytest.mark.parametrize("relived", [False, True])
def test_work_that_is_left_to_chance_is_told_from_work_that_can_be_done(relived):
    """Two kinds of tasks: one always has the same answer, the other any of four."""
    generator = np.random.default_rng(0)
    centres = np.eye(16)[:2]
    mind = Mind(16, features=64, seed=0, experts=EXPERTS, open_job=False)
    mind.describe(None, [0, 1, 2, 3])
    kinds = generator.integers(0, 2, 240)
    vectors = [unit(*(centres[kind] + 0.1 * generator.standard_normal(16))) for kind in kinds]
    answers = np.where(kinds == 0, 0, generator.integers(0, 4, 240))
    examples = [Example(f"{i:03d}", vectors[i], int(answers[i]), float(i)) for i in range(240)]
    columns = np.arange(4)
    if relived:
        mind.relive(examples, columns, lambda column: None)
    else:
        for example in examples:
            mind.learn(example, columns)
    sure, chance = mind.propose(np.stack([unit(*centres[0]), unit(*centres[1])]), columns).reliability
    assert sure > 0.8
    assert chance < 0.5
    again = Mind(16, features=64, seed=0, experts=EXPERTS, open_job=False)
    again.restore(mind.state())
    assert again.propose(np.stack([unit(*centres[0])]), columns).reliability[0] == sure
