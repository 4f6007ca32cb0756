"""Built-in jobs that run offline, on data that a dependency ships.

Today there is one: :mod:`quickstudy.jobs.icd10`, the job of ``quickstudy demo``. A job here is a function that returns
a :class:`~quickstudy.Job` and its labelled tasks; nothing is read before it is called.
"""

from quickstudy.jobs.icd10 import LEVELS, icd10_codebook, icd10_tasks

__all__ = ["LEVELS", "icd10_codebook", "icd10_tasks"]
