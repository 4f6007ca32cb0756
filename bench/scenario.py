"""What a scenario is: a permanent id, data, fixed settings, seeds, measures with their direction, and targets.

Invariant: ``play`` is a function of (case, learner, seed, settings, data), besides times and memory. Not here: the
list of scenarios (``catalogue``) and running them (``run``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

QUICK_TASKS = 600


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that a scenario yields.

    Attributes:
        key: its key in a result's measures.
        label: what tables say.
        better: whether higher or lower is better.
        tolerance: how much worse it may get before ``compare`` calls it a fall, besides noise; a share of the base
            where ``relative``.
        form: how it is printed.
        relative: for times and memory, which vary with the machine.
    """

    key: str
    label: str
    better: Literal["higher", "lower"] = "higher"
    tolerance: float = 0.003
    form: str = ".3f"
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that the learner under test must reach: the mean over seeds of ``key`` against ``bound``."""

    case: str
    key: str
    relation: Literal["at least", "at most", "above"]
    bound: float
    text: str
    learner: str = "quickstudy"
    form: str = ".3f"


@dataclass(frozen=True, slots=True)
class Versus:
    """A figure that the learner under test must reach beside others, each on the seeds that both have.

    The bound is ``factor * theirs + margin``; every one of the others must be matched, so the hardest decides.

    Attributes:
        case: the case.
        key: the measure.
        relation: whether the own figure must be at least or at most the bound.
        others: ``"peers"`` for all, ``"online"`` for installable online learners, or names.
        text: what the report calls it.
        factor: see above.
        margin: see above.
        enough: a figure that will do whatever the others have; None for none.
        best_by: only the one of the others with the highest mean of this measure counts; None for every one.
        form: how it is printed.
    """

    case: str
    key: str
    relation: Literal["at least", "at most"]
    others: Literal["peers", "online"] | tuple[str, ...]
    text: str
    factor: float = 1.0
    margin: float = 0.0
    enough: float | None = None
    best_by: str | None = None
    form: str = ".3f"


def area_targets(case: str) -> tuple[Versus, ...]:
    """What a stream's areas must be beside others: every peer's, and on the first 1,000 well above online ones."""
    name = case.upper()
    return (
        Versus(case, "area 1000", "at least", "peers", f"{name}: area on the first 1,000, against every peer"),
        Versus(case, "area all", "at least", "peers", f"{name}: area on all, against every peer"),
        Versus(
            case,
            "area 1000",
            "at least",
            "online",
            f"{name}: area on the first 1,000, 3 points above every online peer",
            margin=0.03,
        ),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case lies on a curve: ``banking77-5`` is 5 on the curve ``banking77``."""

    curve: str
    at: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and how a run happens: the data folder, whether it is a quick one, and whom to tell of progress."""

    data: Path
    quick: bool = False
    progress: Callable[[int, int], None] | None = None

    def shortened(self, count: int) -> int:
        """How many of ``count`` tasks are played."""
        return min(count, QUICK_TASKS) if self.quick else count


@dataclass(frozen=True, slots=True)
class Played:
    """What a run yields: numbers by key, and details for plots."""

    measures: Mapping[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario; a folder of ``bench`` each.

    Attributes:
        id: permanent; results and reports use it.
        title: one line.
        about: what happens, what is measured, and how; a few sentences for the report.
        cases: the data sets or sizes.
        learners: who takes part unless ``--peers`` says otherwise; the first is the one under test.
        seeds: how many seeds a full run has for the learner under test.
        peer_seeds: how many for the others, some of which take long.
        settings: everything fixed; a result with other settings is another result. ``version`` rises when the
            meaning changes.
        measures: what tables show.
        targets: what must be reached.
        play: plays one (case, learner, seed).
        alone: runs with nothing beside it, because it measures time.
        own_only: cases that no peer can play.
        texts: whether its situations are texts; learners that read texts only cannot play others.
        slow: learners of which one seed must do.
        small_only: learners that can only play some cases, because they take too long on the others.
        small: which cases these can play.
        cases_of: learners that play these cases only.
        versus: what must be reached beside others.
        stages: the keys of the parts of a learning curve, in order: on none of them should anybody be ahead.
        place: for cases that are points on curves: where each lies; tables then show the first measure, a column a
            point.
        along: what a point's place on its curve is, for the plot.
    """

    id: str
    title: str
    about: str
    cases: tuple[str, ...]
    learners: tuple[str, ...]
    seeds: int
    settings: Mapping[str, Any] = field(hash=False)
    measures: tuple[Measure, ...]
    targets: tuple[Target, ...]
    play: Callable[[str, str, int, Stage], Played] = field(hash=False)
    alone: bool = False
    own_only: tuple[str, ...] = ()
    peer_seeds: int = 3
    texts: bool = True
    slow: tuple[str, ...] = ()
    small_only: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    cases_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    versus: tuple[Versus, ...] = ()
    stages: tuple[str, ...] = ()
    place: Callable[[str], Place] | None = field(default=None, hash=False)
    along: str = ""

    def takes_part(self, learner: str, case: str) -> bool:
        """Whether a learner can play a case."""
        if learner in self.small_only and case not in self.small:
            return False
        if learner in self.cases_of and case not in self.cases_of[learner]:
            return False
        return learner == self.learners[0] or case not in self.own_only

    def seeds_of(self, learner: str) -> int:
        """How many seeds a full run has for a learner."""
        if learner == self.learners[0]:
            return self.seeds
        return 1 if learner in self.slow else min(self.seeds, self.peer_seeds)
