"""A grid seen as a whole, each move a decision: tables of states, as in Taxi, where long chains of credit matter.

MiniGrid's own wrapper shows the whole grid, but an agent's evaluation cannot make it again from its specification.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.utils import RecordConstructorArgs
from minigrid.wrappers import FullyObsWrapper


class Whole(gymnasium.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """Shows a MiniGrid environment as a picture of all its cells, the walker and its direction included.

    Args:
        env: where a thing that is carried is the only one of its kind, so that its absence says so.

    Attributes:
        walked: how many steps the environment made since this was made.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        wrapper: Any = FullyObsWrapper
        self._whole = wrapper(env)
        self.observation_space = self._whole.observation_space["image"]
        self.walked = 0

    def step(self, action: int) -> Any:
        """One move."""
        self.walked += 1
        return super().step(action)

    def observation(self, observation: Any) -> npt.NDArray[np.uint8]:
        """All cells as (width, height, 3) uint8."""
        picture: npt.NDArray[np.uint8] = self._whole.observation(observation)["image"]
        return picture
