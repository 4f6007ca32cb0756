"""Arrays that grow, and states made of arrays."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]


def grown(array: npt.NDArray[Any], size: int, axis: int = 0) -> npt.NDArray[Any]:
    """``array`` with room for ``size`` along ``axis``: itself, or a copy of at least twice its length with zeros."""
    length = array.shape[axis]
    if size <= length:
        return array
    shape = list(array.shape)
    shape[axis] = max(size, 2 * length)
    larger = np.zeros(shape, dtype=array.dtype)
    larger[tuple(slice(0, n) for n in array.shape)] = array
    return larger
