"""The experts by name: ours, and those that other packages register under the entry point ``quickstudy.experts``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import TypeAlias

from quickstudy.errors import JobError
from quickstudy.experts.base import Expert, Shared
from quickstudy.experts.gaussian import Gaussian
from quickstudy.experts.prior import Prior
from quickstudy.experts.recall import Recall, Recent
from quickstudy.experts.renames import Renames
from quickstudy.experts.ridge import Ridge
from quickstudy.experts.softmax import Softmax

GROUP = "quickstudy.experts"

Factory: TypeAlias = Callable[[Shared], Expert]

OURS: tuple[type[Expert], ...] = (Prior, Recall, Recent, Renames, Ridge, Gaussian, Softmax)

BUILT_IN: dict[str, Factory] = {expert.name: expert for expert in OURS}


def expert_factories() -> dict[str, Factory]:
    """All experts that are installed, by name."""
    others = {point.name: point.load() for point in entry_points(group=GROUP) if point.name not in BUILT_IN}
    return {**BUILT_IN, **others}


def build_experts(names: Sequence[str], shared: Shared) -> list[Expert]:
    """Fresh experts, in the order of ``names``.

    Raises:
        JobError: a name that no installed package registers.
    """
    factories = BUILT_IN if set(names) <= set(BUILT_IN) else expert_factories()
    unknown = [name for name in names if name not in factories]
    if unknown:
        raise JobError(f"Unknown expert {unknown[0]!r}.", next_step=f"Installed: {', '.join(sorted(factories))}.")
    experts = [factories[name](shared) for name in names]
    for name, expert in zip(names, experts, strict=True):
        if not isinstance(expert, Expert):
            raise JobError(
                f"The expert {name!r} is {type(expert).__name__}, which lacks a part of the Expert protocol.",
                next_step="quickstudy.checks says which; docs/howto/expert.md has an example.",
            )
    return experts
