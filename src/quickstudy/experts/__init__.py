"""Propose: the experts, each one way of proposing an answer, and what they share."""

from quickstudy.experts.base import Example, Expert, Query, Shared
from quickstudy.experts.features import RandomFeatures
from quickstudy.experts.memory import Memory, Neighbours

__all__ = ["Example", "Expert", "Memory", "Neighbours", "Query", "RandomFeatures", "Shared"]
