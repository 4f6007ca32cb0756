"""All learners by name. One file a learner; a new one is listed here and nowhere else."""

from __future__ import annotations

from bench.learners import (
    k_nearest,
    kernel_lda,
    last_answer,
    nearest_mean,
    outcome_only,
    q_learning,
    quickstudy_learner,
    random_projection,
    river_forest,
    river_k_nearest,
    river_logistic,
    river_words,
    setfit_learner,
    sklearn_logistic,
    sklearn_sgd,
    stable_baselines,
    streaming_lda,
    tracer_learner,
    vowpal_wabbit,
)
from bench.learners.base import Entry
from quickstudy.errors import InputError

OWN = "quickstudy"

LEARNERS: dict[str, Entry] = {
    entry.name: entry
    for module in (
        quickstudy_learner,
        nearest_mean,
        k_nearest,
        sklearn_sgd,
        sklearn_logistic,
        river_logistic,
        river_k_nearest,
        river_forest,
        river_words,
        vowpal_wabbit,
        random_projection,
        streaming_lda,
        kernel_lda,
        setfit_learner,
        tracer_learner,
        last_answer,
        q_learning,
        outcome_only,
        stable_baselines,
    )
    for entry in module.ENTRIES
}


def learner_entry(name: str) -> Entry:
    """The learner of a name.

    Raises:
        InputError: there is none; the message lists them.
    """
    if name not in LEARNERS:
        raise InputError(f"There is no learner {name!r}.", next_step=f"Known: {', '.join(LEARNERS)}.")
    return LEARNERS[name]
