"""All scenarios, in the order of their ids' arrival. A new folder is listed here and nowhere else."""

from __future__ import annotations

from bench.autonomy.scenario import SCENARIO as AUTONOMY
from bench.class_incremental.scenario import SCENARIO as CLASS_INCREMENTAL
from bench.cost.scenario import SCENARIO as COST
from bench.credit.scenario import SCENARIO as CREDIT
from bench.digits.scenario import SCENARIO as DIGITS
from bench.drift.scenario import SCENARIO as DRIFT
from bench.early_stop.scenario import SCENARIO as EARLY_STOP
from bench.few_shot.scenario import SCENARIO as FEW_SHOT
from bench.forget.scenario import SCENARIO as FORGET
from bench.grids.scenario import SCENARIO as GRIDS
from bench.icd10.scenario import SCENARIO as ICD10
from bench.merge.scenario import SCENARIO as MERGE
from bench.noise.scenario import SCENARIO as NOISE
from bench.novelty.scenario import SCENARIO as NOVELTY
from bench.scenario import Scenario
from bench.steps.scenario import SCENARIO as STEPS
from bench.stream.scenario import SCENARIO as STREAM
from bench.validity.scenario import SCENARIO as VALIDITY
from quickstudy.errors import InputError

_ALL = (
    STREAM,
    CLASS_INCREMENTAL,
    DRIFT,
    NOVELTY,
    DIGITS,
    COST,
    MERGE,
    FORGET,
    ICD10,
    FEW_SHOT,
    NOISE,
    AUTONOMY,
    VALIDITY,
    CREDIT,
    EARLY_STOP,
    STEPS,
    GRIDS,
)
SCENARIOS: dict[str, Scenario] = {scenario.id: scenario for scenario in _ALL}


def find_scenario(name: str) -> Scenario:
    """The scenario of an id.

    Raises:
        InputError: there is none; the message lists them.
    """
    if name not in SCENARIOS:
        raise InputError(f"There is no scenario {name!r}.", next_step=f"Known: {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]
