"""Values: the return to expect from here, and what is worth doing, in tasks of many steps."""

from quickstudy.judgement.value.base import ActionValues, Estimate, Step, Transition, Values
from quickstudy.judgement.value.values import StepValues

__all__ = ["ActionValues", "Estimate", "Step", "StepValues", "Transition", "Values"]
