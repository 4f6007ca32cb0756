import numpy as np


def simulated(rates, tasks, options, share, seed):
    """Answers of teachers with known error rates, for checks: wrong answers are any other option.

    Args:
        rates: name → error rate.
        tasks: how many tasks.
        options: how many options, equally frequent.
        share: the probability with which a teacher answers a task.
        seed: of the random numbers.

    Returns:
        tasks, teachers, answers (n,) as in :func:`error_rates`, and the teachers' names.
    """
    random = np.random.default_rng(seed)
    truth = random.integers(options, size=tasks)
    rows = []
    for j, rate in enumerate(rates.values()):
        seen = np.flatnonzero(random.random(tasks) < share)
        shift = random.integers(1, options, size=len(seen)) * (random.random(len(seen)) < rate)
        rows.append(np.stack([seen, np.full(len(seen), j), (truth[seen] + shift) % options]))
    task, teacher, answer = np.concatenate(rows, axis=1).astype(np.int64)
    return task, teacher, answer, list(rates)
