"""What every expert must do, as checks: each takes a factory and raises AssertionError.

An expert is checked inside a small world: a memory, random features, and easy situations near four directions. What
cannot be known from outside is declared by its :class:`Traits`. Not covered: how well an expert does on real work
(``bench``), and how fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from quickstudy.checks.running import (
    CLASSES,
    DIMENSION,
    Check,
    centres,
    farthest,
    named,
    require,
    run_all,
    separable,
)
from quickstudy.experts import Example, Expert, Memory, Query, RandomFeatures, Shared
from quickstudy.experts.arrays import Arrays
from quickstudy.experts.registry import Factory
from quickstudy.types import FloatArray, Vector

FEATURES = 48
EXACT = 1e-8
"""How close two ways to one state must come."""

COMPANY = 1e-4
"""How much a proposal may change with what else is asked: float32 products of blocks round differently."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What an expert promises beyond the protocol.

    Attributes:
        learns_from: what makes its best answer right in an easy task: "examples" that were taught, or "descriptions".
        exact: its state is a function of the *set* of examples: blocks and corrections give what learning one by one
            and learning right at once give, within 1e-8.
    """

    learns_from: Literal["examples", "descriptions"] = "examples"
    exact: bool = False


@runtime_checkable
class DeclaresTraits(Protocol):
    """An expert of another package that declares its own traits, as the attribute ``traits``."""

    traits: Traits


BUILT_IN_TRAITS: Mapping[str, Traits] = {
    "prior": Traits(learns_from="descriptions", exact=True),
    "ridge": Traits(exact=True),
    "gaussian": Traits(exact=True),
}
"""The traits of the experts that come with the library, where they differ from the default."""


def traits_of(expert: Expert) -> Traits:
    """The expert's traits: declared by itself, known here, or the default."""
    if isinstance(expert, DeclaresTraits):
        return expert.traits
    return BUILT_IN_TRAITS.get(expert.name, Traits())


class World:
    """An expert with the memory and the features that it needs, taught as a learner teaches it.

    Args:
        factory: makes the expert.
    """

    def __init__(self, factory: Factory) -> None:
        self.shared = Shared(DIMENSION, RandomFeatures(DIMENSION, FEATURES, 0))
        self.expert = factory(self.shared)
        self.memory = Memory(DIMENSION)
        self.options = 0

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """Describes options."""
        self.options = max(self.options, *(option + 1 for option in options))
        self.expert.describe(vectors, options)

    def propose(self, vectors: Vector, options: int | None = None) -> FloatArray:
        """Logits (m, options) for situations (m, d)."""
        return self.expert.propose(self._query(vectors, self.options if options is None else options))

    def learn(self, vectors: Vector, classes: Sequence[int], *, block: int = 1) -> None:
        """Teaches situations (n, d) in blocks of ``block``."""
        for start in range(0, len(classes), block):
            part = range(start, min(start + block, len(classes)))
            examples = [Example(f"lesson-{self.memory.learned + i}", vectors[i], classes[i], float(i)) for i in part]
            self.expert.learn(examples, self._query(vectors[start : start + block], self.options))
            for example in examples:
                self.options = max(self.options, example.option + 1)
                self.memory.learn(example.vector, example.option, example.at, example.lesson_id)

    def correct(self, vector: Vector, old: int, new: int) -> None:
        """Says that a taught situation (d,) belongs to ``new``."""
        self.options = max(self.options, new + 1)
        self.expert.correct(Example("lesson-old", vector, old, 0.0), new)
        self.memory.correct(vector, old, new, 1.0, "lesson-new")

    def copy(self, factory: Factory) -> World:
        """Another world of the same state, by way of the expert's ``state`` and ``restore``."""
        other = World(factory)
        other.expert.restore(self.expert.state())
        other.memory = Memory.restore(DIMENSION, {name: np.array(a) for name, a in self.memory.state().items()})
        other.options = self.options
        return other

    def _query(self, vectors: Vector, options: int) -> Query:
        return Query(vectors, self.shared.features, self.memory, options)


def taught(factory: Factory, count: int = 24, *, block: int = 1) -> World:
    """A world in which the options are described and ``count`` examples were learned."""
    world = World(factory)
    world.describe(centres(), range(CLASSES))
    world.learn(*separable(count), block=block)
    return world


def the_expert_has_a_name_and_a_weight(factory: Factory) -> None:
    """``name`` is text, both weights are finite numbers from 0, and the protocol's methods are there."""
    expert = World(factory).expert
    require(isinstance(expert, Expert), f"{type(expert).__name__} lacks a method or weight of the Expert protocol")
    require(isinstance(expert.name, str) and bool(expert.name), f"its name is {expert.name!r}")
    for name, weight in (("initial_weight", expert.initial_weight), ("mature_weight", expert.mature_weight)):
        require(0.0 <= weight < float("inf"), f"its {name} is {weight!r}, not a finite number from 0")


def it_works_untaught(factory: Factory) -> None:
    """Before anything is described or taught, proposals have the asked shape, and all logits are finite."""
    probes, _ = separable(3, seed=1)
    for options in (0, 1, 5):
        logits = World(factory).propose(probes, options)
        require(logits.shape == (3, options), f"untaught, its proposal for {options} options is {logits.shape}")
        require(bool(np.isfinite(logits).all()), f"untaught, a logit over {options} options is not finite")


def logits_are_finite(factory: Factory) -> None:
    """No situation, near or far, gets a logit that is NaN or infinite; logits are float64."""
    world = taught(factory)
    far = np.zeros((2, DIMENSION), dtype=np.float32)
    far[0, -1], far[1, 0] = 1.0, -1.0
    logits = world.propose(np.concatenate([separable(4, seed=1)[0], far, np.zeros_like(far)]))
    require(bool(np.isfinite(logits).all()), "a logit is not finite after 24 examples")
    require(logits.dtype == np.float64, f"its logits are {logits.dtype}, not float64")


def options_appear_at_any_time(factory: Factory) -> None:
    """Options that nobody described or taught yet get columns; a late one can be taught."""
    world = taught(factory, 8)
    probes, _ = separable(2, seed=1)
    logits = world.propose(probes, 40)
    require(logits.shape == (2, 40), f"with 40 options it proposes {logits.shape} for 2 situations")
    require(bool(np.isfinite(logits).all()), "a logit of an option that nobody taught is not finite")
    world.learn(probes[:1], [57])
    world.describe(probes[1:], [58])
    logits = world.propose(probes)
    require(logits.shape == (2, 59), f"after option 58 was described it proposes {logits.shape} for 2 situations")
    require(bool(np.isfinite(logits).all()), "a logit is not finite after a late option was taught")


def proposing_changes_nothing(factory: Factory) -> None:
    """Asking, also about options not known yet, leaves the state and later proposals as they are."""
    world = taught(factory)
    probes, _ = separable(5, seed=1)
    before, first = world.expert.state(), world.propose(probes)
    world.propose(probes, CLASSES)
    require_same_state(before, world.expert.state(), "after proposing")
    require(bool((world.propose(probes) == first).all()), "the same question got another answer the second time")


def company_does_not_matter(factory: Factory) -> None:
    """Situations asked together get what each gets alone."""
    world = taught(factory)
    probes, _ = separable(6, seed=1)
    alone = np.concatenate([world.propose(probe[None]) for probe in probes])
    difference = farthest(alone, world.propose(probes))
    require(difference <= COMPANY, f"asked together, a logit differs by {difference:.3g}")


def it_is_deterministic(factory: Factory) -> None:
    """The same examples in the same order give the same state and proposals, bit for bit."""
    first, second = taught(factory), taught(factory)
    require_same_state(first.expert.state(), second.expert.state(), "of a second one taught the same")
    probes, _ = separable(5, seed=1)
    require(bool((first.propose(probes) == second.propose(probes)).all()), "two taught the same propose differently")


def it_learns(factory: Factory) -> None:
    """In an easy task its best answers are right: after 24 examples, or after descriptions if that is its trait."""
    world = World(factory)
    if traits_of(world.expert).learns_from == "descriptions":
        world.describe(centres(), range(CLASSES))
    else:
        world.learn(*separable(24))
    probes, classes = separable(12, seed=1)
    best = world.propose(probes).argmax(axis=1).tolist()
    require(best == classes, f"its best answers are {best}, taught was {classes}")


def a_copy_is_equal_and_independent(factory: Factory) -> None:
    """``restore(state())`` gives equal proposals, goes on learning the same way, and shares nothing."""
    probes, _ = separable(5, seed=1)
    more, classes = separable(40, seed=2)
    world = taught(factory)
    copy = world.copy(factory)
    require(bool((copy.propose(probes) == world.propose(probes)).all()), "a restored copy proposes differently")
    before = world.expert.state()
    copy.learn(more, classes)
    require_same_state(before, world.expert.state(), "after its copy learned")
    world.learn(more, classes)
    difference = farthest(copy.propose(probes), world.propose(probes))
    require(difference <= EXACT, f"a restored copy that learned the same differs by {difference:.3g}")


def the_state_is_plain_and_private(factory: Factory) -> None:
    """``state()`` holds plain arrays (no objects, no pickle needed), and changing them changes nothing inside."""
    world = taught(factory)
    probes, _ = separable(5, seed=1)
    before = world.propose(probes)
    state = world.expert.state()
    for name, array in state.items():
        require(isinstance(array, np.ndarray), f"state {name!r} is {type(array).__name__}, not an array")
        require(not array.dtype.hasobject, f"state {name!r} is an array of Python objects")
        array[...] = np.zeros((), dtype=array.dtype)
    require(bool((world.propose(probes) == before).all()), "writing into what state() returned changed its proposals")


def an_untaught_state_can_be_restored(factory: Factory) -> None:
    """The state of a fresh expert restores to one that learns like a fresh one."""
    fresh, restored = World(factory), World(factory).copy(factory)
    for world in (fresh, restored):
        world.describe(centres(), range(CLASSES))
        world.learn(*separable(8))
    probes, _ = separable(5, seed=1)
    difference = farthest(fresh.propose(probes), restored.propose(probes))
    require(difference <= EXACT, f"restored from a fresh one's state it differs by {difference:.3g}")


def a_correction_moves_the_answer(factory: Factory) -> None:
    """A wrong lesson that is corrected counts for the new answer; for exact experts as if it had been right at once."""
    vectors, classes = separable(23)
    odd = np.eye(1, DIMENSION, CLASSES + 1, dtype=np.float32)
    wrong, right = World(factory), World(factory)
    for world, first in ((wrong, 1), (right, 2)):
        world.describe(centres(), range(CLASSES))
        world.learn(vectors, classes)
        for _ in range(6):
            world.learn(odd, [first])
    for _ in range(6):
        wrong.correct(odd[0], 1, 2)
    traits = traits_of(wrong.expert)
    if traits.learns_from == "examples":
        best = int(wrong.propose(odd)[0].argmax())
        require(best == 2, f"after its six lessons were corrected from 1 to 2, a situation is answered {best}")
    if traits.exact:
        probes, _ = separable(5, seed=1)
        difference = farthest(wrong.propose(probes), right.propose(probes))
        require(difference <= EXACT, f"corrected lessons and right ones differ by {difference:.3g}")


def blocks_equal_single_lessons(factory: Factory) -> None:
    """For exact experts: 70 examples in blocks of 1, 7 and 70 give one state, within 1e-8."""
    if not traits_of(World(factory).expert).exact:
        return
    probes, _ = separable(5, seed=1)
    single = taught(factory, 70).propose(probes)
    for block in (7, 70):
        difference = farthest(single, taught(factory, 70, block=block).propose(probes))
        require(difference <= EXACT, f"learned in blocks of {block} it differs by {difference:.3g}")


def memory_is_bounded(factory: Factory) -> None:
    """The same examples again and again do not make the state larger."""
    world = taught(factory)
    vectors, classes = separable(4)
    sizes = []
    for _ in range(3):
        largest = 0
        for _ in range(16):  # 64 lessons: buffers that fill and empty have their largest size in each round
            for i in range(4):
                world.learn(vectors[i : i + 1], classes[i : i + 1])
                largest = max(largest, sum(array.nbytes for array in world.expert.state().values()))
        sizes.append(largest)
    require(sizes[2] <= sizes[0], f"its state grew from {sizes[0]} to {sizes[2]} bytes by repeated lessons")


CHECKS: tuple[Check[Factory], ...] = (
    the_expert_has_a_name_and_a_weight,
    it_works_untaught,
    logits_are_finite,
    options_appear_at_any_time,
    proposing_changes_nothing,
    company_does_not_matter,
    it_is_deterministic,
    it_learns,
    a_copy_is_equal_and_independent,
    the_state_is_plain_and_private,
    an_untaught_state_can_be_restored,
    a_correction_moves_the_answer,
    blocks_equal_single_lessons,
    memory_is_bounded,
)


def checks_for_expert() -> Iterator[tuple[str, Check[Factory]]]:
    """The experts' checks as (name, function of a factory), for a test runner to parametrize."""
    return named(CHECKS)


def check_expert(factory: Factory) -> None:
    """Runs every check on an expert.

    Args:
        factory: makes the expert from what a learner's experts share; a class with that constructor will do.

    Raises:
        AssertionError: a check failed; the message says which and what broke.

    >>> from quickstudy.experts.ridge import Ridge
    >>> check_expert(Ridge)
    """
    run_all(checks_for_expert(), factory, f"The expert {getattr(factory, '__name__', factory)!r}")


def require_same_state(first: Arrays, second: Arrays, when: str) -> None:
    """Raises AssertionError unless two states are equal bit for bit."""
    require(first.keys() == second.keys(), f"the state {when} has {sorted(second)}, not {sorted(first)}")
    for name, array in first.items():
        same = array.shape == second[name].shape and array.tobytes() == second[name].tobytes()
        require(same, f"the state {name!r} {when} is another one")
