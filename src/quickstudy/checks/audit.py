"""The audit of experts: whatever is registered passes the checks, whatever is an expert is registered.

It reads entry points and the library's own folder of experts, so it runs in tests, not in a learner.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping

import quickstudy.experts
from quickstudy.checks.experts import check_expert
from quickstudy.checks.running import require
from quickstudy.experts.base import Expert
from quickstudy.experts.registry import Factory, expert_factories


def expert_classes() -> Iterator[type]:
    """The classes in ``quickstudy.experts`` that propose and learn, except the protocol and private bases."""
    for module in pkgutil.iter_modules(quickstudy.experts.__path__, "quickstudy.experts."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            own = found.__module__ == module.name and not found.__name__.startswith("_") and found is not Expert
            if own and hasattr(found, "propose") and hasattr(found, "learn"):
                yield found


def audit_experts(factories: Mapping[str, Factory] | None = None) -> None:
    """Fails for a registered expert that does not pass, and for an expert of this library that is not registered.

    Args:
        factories: the registered ones; by default the built-in ones and all of the entry point ``quickstudy.experts``.

    Raises:
        AssertionError: the message names the expert and what is wrong.
    """
    registered = expert_factories() if factories is None else factories
    for found in expert_classes():
        require(
            any(factory is found for factory in registered.values()),
            f"The expert {found.__module__}.{found.__name__} is not registered: add it to registry.BUILT_IN",
        )
    for name, factory in registered.items():
        declared = getattr(factory, "name", name)
        require(declared == name, f"The expert registered as {name!r} calls itself {declared!r}")
        check_expert(factory)
