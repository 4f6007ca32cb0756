"""One value function for any situation: which of the two speaks is learned from the world.

Where situations repeat, the table speaks; where they are numbers that hardly ever repeat, planning in a learned model
does. The rule is the share of situations whose key was seen before: at least half, and the table is asked. Texts and
records have no numbers to plan with, so the table always speaks for them. Both learn every transition, as long as the
other may still be needed.

Invariant: the rule is a function of the set of transitions. Not here: what a situation's key is (``perception``), and
the two methods (``tabular``, ``smooth``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.judgement.value.base import ActionValues, Columns, Estimate, Transition
from quickstudy.judgement.value.smooth import Smooth
from quickstudy.judgement.value.tabular import Tabular
from quickstudy.types import FloatArray

DISCOUNT = 0.99
"""γ unless the job says otherwise: about 100 steps are looked ahead."""

REPEATING = 0.5
"""From this share of repeated situations on, the table speaks."""

ENOUGH = 200
"""After so many transitions the share is trusted, and only the method that speaks goes on learning."""


class StepValues:
    """Values of options in tasks of many steps; see :class:`~.base.Values`.

    Args:
        weights: the reward terms' weights, float64 (t,).
        discount: γ, of the next step's value, in (0, 1).
        seed: the job's feature seed.

    >>> values = StepValues(np.ones(1))
    >>> values.speaks
    'tabular'
    """

    def __init__(self, weights: FloatArray, *, discount: float = DISCOUNT, seed: int = 0) -> None:
        self.discount = discount
        self.weights = np.asarray(weights, dtype=np.float64)
        self.tabular = Tabular(self.weights, discount)
        self.smooth = Smooth(self.weights, discount, seed)
        self.transitions = 0
        self._keys: set[str] = set()
        self._only_table = False

    @classmethod
    def rebuilt(cls, transitions: Iterable[Transition], weights: FloatArray, **keywords: Any) -> StepValues:
        """The canonical values of a set of transitions."""
        values = cls(weights, **keywords)
        for transition in transitions:
            values._take(transition)
            values.tabular.count(transition)
            if transition.step.numbers.size:
                values.smooth.keep(transition)
        values.settle()
        return values

    @property
    def speaks(self) -> Literal["tabular", "smooth"]:
        """Which method the values come from."""
        if self._only_table:
            return "tabular"
        return "tabular" if self.repeated >= REPEATING else "smooth"

    @property
    def repeated(self) -> float:
        """The share of situations that were seen before; 1 before the first."""
        return 1.0 - len(self._keys) / self.transitions if self.transitions else 1.0

    def learn(self, transition: Transition) -> None:
        """Takes one transition online, and plans a little."""
        self._take(transition)
        early, speaks = self.transitions <= ENOUGH, self.speaks
        if early or speaks == "tabular":
            self.tabular.learn(transition)
        else:
            self.tabular.count(transition)
        if transition.step.numbers.size:
            if early or speaks == "smooth":
                self.smooth.learn(transition)
            else:
                self.smooth.keep(transition)

    def dream(self, budget: int) -> None:
        """Plans with the table: at most ``budget`` sweeps. With a model, it is planned as experience grows."""
        if self.speaks == "tabular":
            self.tabular.dream(budget)

    def settle(self) -> None:
        """The canonical state: plans anew, from nothing, with all that was learned; the silent one has no plan."""
        speaks, silent = (self.tabular, self.smooth) if self.speaks == "tabular" else (self.smooth, self.tabular)
        silent.reset()
        speaks.settle()

    def reweigh(self, weights: FloatArray) -> None:
        """Other weights for the reward terms. Nothing is learned anew; plans are made again."""
        self.weights = np.asarray(weights, dtype=np.float64)
        self.tabular.weights = self.smooth.weights = self.weights
        self.settle()

    def state(self, key: str, numbers: FloatArray, columns: Columns) -> Estimate:
        """The return to expect from a situation if the best known options are taken from here."""
        if self.speaks == "tabular":
            return self.tabular.state(key, columns)
        return self.smooth.state(numbers, columns)

    def actions(self, key: str, numbers: FloatArray, columns: Columns) -> ActionValues:
        """What each of ``columns`` (k,) leads to."""
        if self.speaks == "tabular":
            return self.tabular.actions(key, columns)
        return self.smooth.actions(numbers, columns)

    def best(self, key: str, numbers: FloatArray, columns: Columns) -> int:
        """The place in ``columns`` of the best known option."""
        if self.speaks == "tabular":
            return self.tabular.best(key, columns)
        return self.smooth.best(numbers, columns)

    def choose(self, key: str, numbers: FloatArray, columns: Columns, generator: np.random.Generator) -> int:
        """The place in ``columns`` of the option to try in order to learn, and to do well."""
        if self.speaks == "tabular":
            return self.tabular.choose(key, columns, generator)
        return self.smooth.choose(numbers, columns, generator)

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """For a snapshot: arrays (private copies) and a document."""
        table, table_document = self.tabular.arrays()
        smooth, smooth_document = self.smooth.arrays()
        arrays = {f"tabular.{name}": array for name, array in table.items()}
        arrays |= {f"smooth.{name}": array for name, array in smooth.items()}
        arrays["keys"] = np.array(sorted(self._keys), dtype=np.str_) if self._keys else np.zeros(0, dtype="U1")
        document = {"tabular": table_document, "smooth": smooth_document, "transitions": self.transitions}
        return arrays, {**document, "only_table": self._only_table}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """From :meth:`arrays`."""
        parts: dict[str, Arrays] = {"tabular": {}, "smooth": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition(".")
            if rest:
                parts[part][rest] = array
        self.tabular.restore(parts["tabular"], document["tabular"])
        self.smooth.restore(parts["smooth"], document["smooth"])
        self.transitions, self._only_table = document["transitions"], document["only_table"]
        self._keys = {str(key) for key in arrays["keys"]}

    def _take(self, transition: Transition) -> None:
        self.transitions += 1
        self._keys.add(transition.step.key)
        self._only_table = self._only_table or not transition.step.numbers.size
