"""One thread for small linear algebra.

A single lesson's products are too small to share between cores: with the cores busy otherwise, threads that wait for
each other made a lesson 4 to 20 times slower. Blocks of many keep all threads.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # the package ships no types


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """A context in which BLAS uses one thread; costs about 30 µs."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit
