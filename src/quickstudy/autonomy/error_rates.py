"""How often each teacher is wrong, from tasks that several of them answered: Dawid and Skene 1979.

Dawid and Skene give each teacher a whole confusion matrix. With 100 options and a few tasks asked twice, most of it
would be guessed. So here a teacher has one error rate e, and a wrong answer is any other option, as probable as it is
popular among all answers: P(answer l | truth k) = 1 − e for l = k, else e·h(l) / (1 − h(k)). The truth of a task may
also be an option that nobody named. Found by expectation maximisation from a majority vote, with a weak common prior
(two answers' worth), so that few tasks do not give rates of 0.

Intervals are profile likelihoods: the rates e at which the other teachers can still explain the answers almost as well.
They are wide where the answers do not tell who is wrong: two teachers who disagree in 10% of the tasks may each be
wrong in any share from 0 to 10%. That takes a third teacher; see :attr:`ErrorRate.identified`.

Assumed: teachers answer without seeing each other's answers, and their errors are independent. Teachers who are wrong
together (they share a mistaken rule, or most of them do not look) seem right. Not here: who answered what
(``teachers``).

The library crowd-kit (alive, 1.4.2) does the same with confusion matrices and without intervals, but installs pandas,
pyarrow, scikit-learn, NLTK and transformers, so this is our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

Integers: TypeAlias = npt.NDArray[np.int64]

PRIOR = 2.0
"""How many answers the common error rate is worth in a teacher's own."""
ROUNDS = 300
"""Most rounds of expectation maximisation; it stops when no rate moves by more than 1e-6."""
GRID = 12
"""Steps from the ends of [0, 1] towards the estimate: where two rates are equally plausible, both are inside."""
HALVINGS = 8
"""Steps of bisection after that: an end is exact to 1/3072 of the way to 0 or 1."""
TINY = 1e-6


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """A teacher's error rate.

    Attributes:
        error: the estimate, in [0, 1]; how two teachers share their disagreements is arbitrary unless identified.
        low: the interval's lower end.
        high: its upper end.
        tasks: tasks that she and at least one other teacher answered.
        identified: whether she shares tasks with two others who share tasks too. If not, the answers cannot tell who
            of two is wrong.
    """

    error: float
    low: float
    high: float
    tasks: int
    identified: bool


def error_rates(
    tasks: Integers, teachers: Integers, answers: Integers, options: int, confidence: float = 0.95
) -> dict[int, ErrorRate]:
    """The error rates of all teachers who share tasks with others.

    Args:
        tasks: (n,) which task each answer belongs to.
        teachers: (n,) whose it is; at most one of each teacher a task.
        answers: (n,) the option.
        options: how many options there are, named or not.
        confidence: of each interval, in (0, 1).

    Returns:
        Teacher → rate; teachers who share no task are left out.
    """
    numbers, places, counts = np.unique(tasks, return_inverse=True, return_counts=True)
    kept = counts[places] > 1 if len(numbers) else np.zeros(0, dtype=bool)
    if not kept.any():
        return {}
    answered = _Answered(tasks[kept], teachers[kept], answers[kept], options)
    rates, prevalence = answered.fit()
    drop = NormalDist().inv_cdf(0.5 + confidence / 2) ** 2 / 2
    identified = answered.identified()
    found = {}
    for j, teacher in enumerate(answered.names.tolist()):
        low, high = answered.interval(j, rates, prevalence, drop)
        found[teacher] = ErrorRate(float(rates[j]), low, high, int(answered.shared[j]), bool(identified[j]))
    return found


class _Answered:
    """Answers to shared tasks, laid out for expectation maximisation.

    A *candidate* is an option that somebody named for a task, or "none of these"; a *pair* is a candidate with one of
    its task's answers.
    """

    def __init__(self, tasks: Integers, teachers: Integers, answers: Integers, options: int) -> None:
        order = np.lexsort((answers, tasks))
        _, task = np.unique(tasks[order], return_inverse=True)
        self.names, self.teacher = np.unique(teachers[order], return_inverse=True)
        named, option = np.unique(answers[order], return_inverse=True)
        self.options = max(options, len(named))
        self.shared = np.bincount(self.teacher)
        self.task, self.option = task, option
        n, m = int(task[-1]) + 1, len(named)
        counts = np.bincount(option, minlength=m).astype(np.float64)
        self.popularity: FloatArray = (counts + 0.5) / (counts.sum() + 0.5 * self.options)
        keys, self.candidate = np.unique(task * m + option, return_inverse=True)
        self.candidate_task, self.candidate_option = keys // m, keys % m
        size = np.bincount(task, minlength=n)
        start = np.concatenate([[0], np.cumsum(size)[:-1]])
        repeats = size[self.candidate_task]
        self.pair_candidate = np.repeat(np.arange(len(keys)), repeats)
        first = np.cumsum(repeats) - repeats
        inside = np.arange(len(self.pair_candidate)) - np.repeat(first, repeats)
        self.pair_answer = np.repeat(start[self.candidate_task], repeats) + inside
        truth = self.candidate_option[self.pair_candidate]
        said = option[self.pair_answer]
        self.pair_right = truth == said
        wrong = self.popularity[said] / np.maximum(1.0 - self.popularity[truth], TINY)
        self.pair_log = np.where(self.pair_right, 0.0, np.log(wrong))
        self.pair_teacher = self.teacher[self.pair_answer]
        self.answer_log = np.log(self.popularity[option])
        votes = np.bincount(self.candidate, minlength=len(keys)).astype(np.float64)
        most = np.zeros(n)
        np.maximum.at(most, self.candidate_task, votes)
        winner = (votes == most[self.candidate_task]).astype(np.float64)
        self.majority: FloatArray = winner / np.bincount(self.candidate_task, winner, n)[self.candidate_task]
        self.common = self._pooled(self.majority)

    def fit(
        self, rates: FloatArray | None = None, prevalence: FloatArray | None = None, fixed: int | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """The rates (teachers,) and the options' shares (named,); from a majority vote if no start is given."""
        if rates is None or prevalence is None:
            rates = self._rates(self.majority, None, np.zeros(0))
            prevalence = self._prevalence(self.majority)
        for _ in range(ROUNDS):
            truth, _ = self._expect(rates, prevalence)
            moved = self._rates(truth, fixed, rates)
            prevalence = self._prevalence(truth)
            step, rates = float(np.abs(moved - rates).max()), moved
            if step < TINY:
                break
        return rates, prevalence

    def interval(self, j: int, rates: FloatArray, prevalence: FloatArray, drop: float) -> tuple[float, float]:
        """Where the profile log-likelihood of one teacher's rate is at most ``drop`` below its best."""
        best = self._score(j, float(rates[j]), rates, prevalence)

        def inside(rate: float) -> bool:
            return best - self._score(j, rate, rates, prevalence) <= drop

        ends = []
        for limit in (TINY, 1.0 - TINY):
            steps = np.linspace(limit, float(rates[j]), GRID + 1).tolist()
            place = next((i for i, rate in enumerate(steps[:-1]) if inside(rate)), GRID)  # the outermost
            near, far = steps[place], steps[max(place - 1, 0)]
            for _ in range(HALVINGS if place else 0):
                middle = (near + far) / 2
                near, far = (middle, far) if inside(middle) else (near, middle)
            ends.append(near)
        return (0.0 if ends[0] <= TINY else ends[0]), (1.0 if ends[1] >= 1.0 - TINY else ends[1])

    def identified(self) -> npt.NDArray[np.bool_]:
        """Per teacher, whether she shares tasks with two others who share tasks with each other."""
        met = np.zeros((len(self.names), int(self.task[-1]) + 1))
        met[self.teacher, self.task] = 1.0
        together = (met @ met.T > 0).astype(np.float64)
        np.fill_diagonal(together, 0.0)
        return np.asarray(((together @ together) * together).sum(axis=1) > 0)

    def _score(self, j: int, rate: float, rates: FloatArray, prevalence: FloatArray) -> float:
        """The log-likelihood with teacher j's rate fixed and all else fitted to it."""
        start = rates.copy()
        start[j] = min(max(rate, TINY), 1.0 - TINY)
        return self._expect(*self.fit(start, prevalence, fixed=j))[1]

    def _expect(self, rates: FloatArray, prevalence: FloatArray) -> tuple[FloatArray, float]:
        """The probability of every candidate, (candidates,), and the answers' log-likelihood."""
        right, wrong = np.log1p(-rates), np.log(rates)
        terms = np.where(self.pair_right, right[self.pair_teacher], wrong[self.pair_teacher] + self.pair_log)
        share = prevalence[self.candidate_option]
        logs = np.log(share) + np.bincount(self.pair_candidate, terms, len(share))
        n = int(self.task[-1]) + 1
        left = np.maximum(1.0 - np.bincount(self.candidate_task, share, n), TINY)
        none = np.log(left) + np.bincount(self.task, wrong[self.teacher] + self.answer_log, n)
        top = none.copy()
        np.maximum.at(top, self.candidate_task, logs)
        weights = np.exp(logs - top[self.candidate_task])
        total = np.bincount(self.candidate_task, weights, n) + np.exp(none - top)
        return weights / total[self.candidate_task], float((np.log(total) + top).sum())

    def _rates(self, truth: FloatArray, fixed: int | None, before: FloatArray) -> FloatArray:
        wrong = np.bincount(self.teacher, 1.0 - truth[self.candidate], len(self.names))
        prior = PRIOR if fixed is None else 0.0
        rates = (wrong + prior * self.common) / (self.shared + prior)
        if fixed is not None:
            rates[fixed] = before[fixed]
        return np.asarray(np.clip(rates, TINY, 1.0 - TINY))

    def _prevalence(self, truth: FloatArray) -> FloatArray:
        counts = np.bincount(self.candidate_option, truth, len(self.popularity))
        return np.asarray((counts + 0.5) / (counts.sum() + 0.5 * self.options))

    def _pooled(self, truth: FloatArray) -> float:
        wrong = float((1.0 - truth[self.candidate]).sum())
        return min((wrong + 0.5) / (len(self.teacher) + 1.0), 0.5)
