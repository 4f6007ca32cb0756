"""How checks are named, listed and run, and the small worlds that they run in.

A check is a function of one argument that returns nothing or raises AssertionError. Its name is its function's name
with spaces. Checks are plain functions: they can be called one by one, or parametrized with any test runner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

from quickstudy.types import FloatArray, Vector

Subject = TypeVar("Subject")
Check: TypeAlias = Callable[[Subject], None]

DIMENSION = 12
"""Length of the vectors in the experts' small world."""

CLASSES = 4
"""Options in it."""


def named(checks: Sequence[Check[Subject]]) -> Iterator[tuple[str, Check[Subject]]]:
    """The checks with their names, in order."""
    for check in checks:
        yield check.__name__.strip("_").replace("_", " "), check


def run_all(checks: Iterator[tuple[str, Check[Subject]]], subject: Subject, what: str) -> None:
    """Runs checks one after the other.

    Raises:
        AssertionError: one failed, or raised anything else; the message names the check and ``what`` was checked.
    """
    for name, check in checks:
        try:
            check(subject)
        except Exception as error:
            why = str(error) if isinstance(error, AssertionError) else f"it raises {error!r}"
            raise AssertionError(f"{what} fails the check {name!r}: {why}") from error


def require(condition: bool, message: str) -> None:
    """Raises AssertionError with ``message`` unless ``condition`` holds; it cannot be switched off."""
    if not condition:
        raise AssertionError(message)


def centres() -> Vector:
    """The middle of every class, (CLASSES, DIMENSION) float32 of unit norm, at right angles to each other."""
    return np.eye(CLASSES, DIMENSION, dtype=np.float32)


def separable(count: int, *, seed: int = 0, spread: float = 0.1) -> tuple[Vector, list[int]]:
    """An easy task: ``count`` unit vectors near the classes' centres, classes in turn, with their classes.

    Args:
        count: n.
        seed: of the noise.
        spread: the noise's standard deviation in each direction.

    Returns:
        float32 (n, DIMENSION) of unit norm, and n classes.
    """
    classes = [i % CLASSES for i in range(count)]
    noise: FloatArray = np.random.default_rng(seed).standard_normal((count, DIMENSION)) * spread
    vectors = centres()[classes] + noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), classes


def farthest(first: FloatArray, second: FloatArray) -> float:
    """The largest difference of two arrays of one shape; infinite if the shapes differ."""
    if first.shape != second.shape:
        return float("inf")
    return float(np.abs(first - second).max(initial=0.0))
