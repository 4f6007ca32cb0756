"""Values where situations repeat: a table of states, what their options led to, and planning with it.

A state is a situation's key with the options that were possible there. Two value functions are kept by value iteration.
The *known* one says what the best known options bring; what was never tried counts as the worst. The *hopeful* one
takes the benefit of the doubt: one standard deviation of the posterior over the outcomes' shares, and with the
probability of a new outcome (:mod:`.outcomes`) the best that can be. Trying the most hopeful option explores where it
can pay; it is R-max (Brafman & Tennenholtz 2002) whose "known after m visits" is learned from the world itself.

Invariants: counts, reward sums and outcomes are sums over transitions; after :meth:`Tabular.settle` the values are a
function of their set. Each learned transition plans for about ``WORK`` entries, so a step's cost does not grow. Not
here: situations that never repeat (``smooth``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays, grown
from quickstudy.judgement.value.base import ActionValues, Columns, Estimate, Transition
from quickstudy.judgement.value.outcomes import OutcomeModel
from quickstudy.types import FloatArray

WORK = 12_000
"""Entries that are backed up for one transition."""

FIRST_FIT = 20
"""The outcome model is fitted after so many transitions, then whenever there are a tenth more, and 50."""

SWEEPS = 5
"""At most so many for one transition."""

CLOSE = 1e-4
"""So many, or until no value moves by more than this share of the rewards' scale."""

SETTLED = 1e-10
"""Sweeps end when no value moves by more than this share of the rewards' scale."""

END_DIGITS = 2
"""Ends with rewards that agree in so many significant digits are one outcome."""


class Tabular:
    """Values of states that repeat.

    Args:
        weights: the reward terms' weights, float64 (t,).
        discount: γ, of the next step's value, in (0, 1).
    """

    def __init__(self, weights: FloatArray, discount: float) -> None:
        self.weights = weights
        self.discount = discount
        self.transitions = 0
        self._states: dict[str, int] = {}
        self._starts = np.zeros(64, dtype=np.int64)  # a state's first pair
        self._pairs = 0
        self._visits = np.zeros(256)
        self._strengths = np.zeros(256)
        self._members: dict[int, list[int]] = {}
        self._entries: dict[tuple[int, str], int] = {}
        self._of = np.zeros(256, dtype=np.int64)
        self._next = np.zeros(256, dtype=np.int64)  # a state, or -1 for an end
        self._counts = np.zeros(256)
        self._sums = np.zeros((256, len(weights)))
        self._rewards = np.zeros(256)
        self._lowest = self._highest = 0.0
        self._shares = np.zeros(256)
        self._model = OutcomeModel.unknown()
        self._fit_at = FIRST_FIT
        self._credit = 0
        self._known = np.zeros(64)
        self._hopeful = np.zeros(64)
        self._q_known = np.zeros(0)
        self._q_hopeful = np.zeros(0)
        self._explained: tuple[FloatArray, FloatArray] | None = None

    @property
    def states(self) -> int:
        """How many states are known."""
        return len(self._states)

    def learn(self, transition: Transition) -> None:
        """Counts one transition, and plans a little."""
        pair = self._counted(transition)
        if self.transitions >= self._fit_at:
            self._fit_at = self.transitions + max(50, self.transitions // 10)
            self._fit()
        else:
            members = np.array(self._members[pair])
            shares = self._model.shares(np.zeros(len(members), dtype=np.int64), self._counts[members], 1)
            self._shares[members], self._strengths[pair] = shares.means, shares.strengths[0]
        self._credit = min(self._credit + WORK, max(SWEEPS * WORK, len(self._entries)))
        for _ in range(SWEEPS):
            if self._credit < len(self._entries):
                break
            self._credit -= len(self._entries)
            if self._sweep() < CLOSE * self._scale:
                break

    def count(self, transition: Transition) -> None:
        """Counts one transition, without planning; what is learned next fits the outcome model to it."""
        self._counted(transition)
        self._fit_at = 0

    def _counted(self, transition: Transition) -> int:
        """Counts one transition; its pair."""
        step, after = transition.step, transition.after
        state = self._state(step.key, step.columns)
        pair = int(self._starts[state]) + int(np.searchsorted(step.columns, step.column))
        if after is None:
            end = ",".join(f"{amount:.{END_DIGITS}g}" for amount in step.rewards)
            next_state, name = -1, f"end {end}"
        else:
            next_state = self._state(after.key, after.columns)
            name = str(next_state)
        entry = self._entries.get((pair, name))
        if entry is None:
            entry = self._entries[pair, name] = len(self._entries)
            self._of, self._next = grown(self._of, entry + 1), grown(self._next, entry + 1)
            self._counts, self._shares = grown(self._counts, entry + 1), grown(self._shares, entry + 1)
            self._sums, self._rewards = grown(self._sums, entry + 1), grown(self._rewards, entry + 1)
            self._of[entry], self._next[entry] = pair, next_state
            self._members.setdefault(pair, []).append(entry)
        self._counts[entry] += 1.0
        self._sums[entry] += step.rewards
        reward = self._rewards[entry] = float(self._sums[entry] @ self.weights) / self._counts[entry]
        self._lowest, self._highest = min(self._lowest, reward), max(self._highest, reward)
        self._visits[pair] += 1.0
        self.transitions += 1
        self._explained = None
        return pair

    def dream(self, budget: int) -> None:
        """Plans with what is known: at most ``budget`` sweeps."""
        if self._entries and not self._fit_at:
            self._fit()
        for _ in range(budget if self._entries else 0):
            if self._sweep() < SETTLED * self._scale:
                break

    def reset(self) -> None:
        """As if nothing had been planned yet; the counts stay."""
        for plans in (self._known, self._hopeful, self._shares, self._strengths):
            plans[:] = 0.0
        self._q_known, self._q_hopeful, self._explained = np.zeros(0), np.zeros(0), None
        self._model = OutcomeModel.unknown()
        self._fit_at = self._credit = 0
        if self._entries:
            self._measure()

    def settle(self) -> None:
        """Plans anew, from nothing."""
        self.reset()
        self.dream(int(60 / (1.0 - self.discount)))

    def known(self, key: str, columns: Columns) -> bool:
        """Whether this state was seen before."""
        return _name(key, columns) in self._states

    def state(self, key: str, columns: Columns) -> Estimate:
        """The return to expect; of a state that was never seen, nothing is known but the rewards' scale."""
        place = self._states.get(_name(key, columns))
        if place is None or not self._tried(place, len(columns)).any():
            return Estimate(0.0, self._scale, np.zeros(len(self.weights)))
        terms, variances = self._explain()
        pairs = self._range(place, len(columns))
        best = pairs.start + int(np.argmax(self._q_known[pairs]))
        return Estimate(float(self._q_known[best]), float(np.sqrt(variances[best])), terms[best].copy())

    def actions(self, key: str, columns: Columns) -> ActionValues:
        """What each option leads to; one that was never tried has the worst mean and the largest bonus."""
        place = self._states.get(_name(key, columns))
        worst, best = self._bounds()
        if place is None or self._starts[place] + len(columns) > len(self._q_known):
            means = np.full(len(columns), worst)
            return ActionValues(means, np.full(len(columns), best - worst), best - means)
        pairs = self._range(place, len(columns))
        tried = self._visits[pairs] > 0
        means = np.where(tried, self._q_known[pairs], worst)
        bonus = np.where(tried, np.maximum(self._q_hopeful[pairs] - means, 0.0), best - means)
        sds = np.where(tried, np.sqrt(self._explain()[1][pairs]), best - worst)
        return ActionValues(means, sds, bonus)

    def choose(self, key: str, columns: Columns, generator: np.random.Generator) -> int:
        """The most hopeful option; ties by chance."""
        place = self._states.get(_name(key, columns))
        if place is None or self._starts[place] + len(columns) > len(self._q_hopeful):
            return int(generator.integers(len(columns)))
        hopes = self._q_hopeful[self._range(place, len(columns))]
        return int(generator.choice(np.flatnonzero(hopes >= hopes.max() - 1e-9 * self._scale)))

    def best(self, key: str, columns: Columns) -> int:
        """The best known option; the first one where nothing is known."""
        return int(np.argmax(self.actions_means(key, columns)))

    def actions_means(self, key: str, columns: Columns) -> FloatArray:
        """The means of :meth:`actions`, which cost less than all of it, float64 (k,)."""
        place = self._states.get(_name(key, columns))
        if place is None or self._starts[place] + len(columns) > len(self._q_known):
            return np.zeros(len(columns))
        means: FloatArray = self._q_known[self._range(place, len(columns))]
        return means

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything, as arrays and a document."""
        entries, pairs, states = len(self._entries), self._pairs, len(self._states)
        names = json.dumps({"states": list(self._states), "entries": [list(key) for key in self._entries]})
        weights = {str(k): list(found) for k, found in self._model.log_weights.items()}
        arrays = {
            "names": np.frombuffer(names.encode(), dtype=np.uint8).copy(),
            "starts": self._starts[:states].copy(),
            "visits": self._visits[:pairs].copy(),
            "strengths": self._strengths[:pairs].copy(),
            **{name: getattr(self, f"_{name}")[:entries].copy() for name in ("of", "next", "counts", "sums", "shares")},
            "new": self._model.new.copy(),
            "known": self._known[:states].copy(),
            "hopeful": self._hopeful[:states].copy(),
            "q_known": self._q_known.copy(),
            "q_hopeful": self._q_hopeful.copy(),
        }
        document = {"transitions": self.transitions, "fit_at": self._fit_at, "credit": self._credit, "model": weights}
        return arrays, document

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """From :meth:`arrays`."""
        names = json.loads(arrays["names"].tobytes())
        self._states = {name: place for place, name in enumerate(names["states"])}
        self._entries = {(int(pair), str(name)): place for place, (pair, name) in enumerate(names["entries"])}
        for name in ("starts", "visits", "strengths", "of", "next", "counts", "sums", "shares", "known", "hopeful"):
            setattr(self, f"_{name}", grown(arrays[name].copy(), 64))
        self._q_known, self._q_hopeful = arrays["q_known"].copy(), arrays["q_hopeful"].copy()
        self._pairs = len(arrays["visits"])
        self._members = {}
        for entry, pair in enumerate(arrays["of"].tolist()):
            self._members.setdefault(pair, []).append(entry)
        weights = {int(k): np.array(found) for k, found in document["model"].items()}
        self._model = OutcomeModel(weights, arrays["new"].copy())
        self._rewards = np.zeros(len(self._counts))
        self._measure()
        self.transitions, self._fit_at = document["transitions"], document["fit_at"]
        self._credit = document["credit"]
        self._explained = None

    # -- inside

    def _state(self, key: str, columns: Columns) -> int:
        name = _name(key, columns)
        place = self._states.get(name)
        if place is None:
            place = self._states[name] = len(self._states)
            for field in ("_starts", "_known", "_hopeful"):
                setattr(self, field, grown(getattr(self, field), place + 1))
            self._starts[place] = self._pairs
            self._pairs += len(columns)
            self._visits = grown(self._visits, self._pairs)
            self._strengths = grown(self._strengths, self._pairs)
            self._known[place], self._hopeful[place] = self._bounds()
        return place

    def _range(self, place: int, size: int) -> slice:
        start = int(self._starts[place])
        return slice(start, start + size)

    def _tried(self, place: int, size: int) -> npt.NDArray[np.bool_]:
        pairs = self._range(place, size)
        tried: npt.NDArray[np.bool_] = (self._visits[pairs] > 0) & (pairs.stop <= len(self._q_known))
        return tried

    @property
    def _scale(self) -> float:
        """The largest reward, as a size; 1 while there was none."""
        return max(self._highest, -self._lowest) or 1.0

    def _bounds(self) -> tuple[float, float]:
        """The worst that can be, and what is hoped for: more than the best known, and worth the worst way there."""
        worst = self._lowest / (1.0 - self.discount)
        best = float(self._known[: len(self._states)].max(initial=0.0))
        return worst, self._scale + max(self._scale, best) - worst

    def _measure(self) -> None:
        """Mean rewards of all entries, weighed, and their range."""
        entries = len(self._entries)
        self._rewards[:entries] = (self._sums[:entries] @ self.weights) / self._counts[:entries]
        self._lowest = float(self._rewards[:entries].min(initial=0.0))
        self._highest = float(self._rewards[:entries].max(initial=0.0))

    def _fit(self) -> None:
        entries = len(self._entries)
        of, counts = self._of[:entries], self._counts[:entries]
        self._model = OutcomeModel.fitted(of, counts, self._pairs)
        shares = self._model.shares(of, counts, self._pairs)
        self._shares[:entries], self._strengths[: self._pairs] = shares.means, shares.strengths

    def _sweep(self) -> float:
        """Backs up every pair once in both value functions; returns the largest change."""
        entries, pairs, states = len(self._entries), self._pairs, len(self._states)
        of, after, shares = self._of[:entries], self._next[:entries], self._shares[:entries]
        rewards, visits = self._rewards[:entries], self._visits[:pairs]
        worst, best = self._bounds()
        untried = visits == 0
        starts = self._starts[:states]

        known = rewards + self.discount * np.where(after >= 0, self._known[after], 0.0)
        self._q_known = np.where(untried, worst, np.bincount(of, shares * known, pairs))
        hopeful = rewards + self.discount * np.where(after >= 0, self._hopeful[after], 0.0)
        mean = np.bincount(of, shares * hopeful, pairs)
        variance = np.bincount(of, shares * hopeful**2, pairs) - mean**2
        doubt = np.sqrt(np.maximum(variance, 0.0) / (self._strengths[:pairs] + 1.0))
        new = self._model.new_after(visits)
        self._q_hopeful = np.minimum((1.0 - new) * (mean + doubt) + new * best, best)

        change = 0.0
        for values, q in ((self._known, self._q_known), (self._hopeful, self._q_hopeful)):
            found = np.maximum.reduceat(q, starts)
            change = max(change, float(np.abs(found - values[:states]).max()))
            values[:states] = found
        return change

    def _explain(self) -> tuple[FloatArray, FloatArray]:
        """Under the best known options: returns by term (pairs, t), and the variance of the mean (pairs,).

        The variance solves the uncertainty Bellman equation (O'Donoghue et al. 2018).
        """
        if self._explained is None:
            entries, pairs, states = len(self._entries), self._pairs, len(self._states)
            of, after, shares = self._of[:entries], self._next[:entries], self._shares[:entries]
            going = np.where(after >= 0, shares, 0.0)
            worst, best = self._bounds()
            known = self._rewards[:entries] + self.discount * np.where(after >= 0, self._known[after], 0.0)
            mean = np.bincount(of, shares * known, pairs)
            spread = np.maximum(np.bincount(of, shares * known**2, pairs) - mean**2, 0.0)
            new = self._model.new_after(self._visits[:pairs])
            local = spread / (self._strengths[:pairs] + 1.0) + (new * (best - worst)) ** 2
            given = self._sums[:entries] / self._counts[:entries, None]
            columns = [*given.T, None]
            found = []
            choice = _best_pairs(self._q_known, self._starts[:states])
            for amounts in columns:
                start = np.asarray(
                    local if amounts is None else np.bincount(of, shares * amounts, pairs), dtype=np.float64
                )
                found.append(self._evaluate(start, of, after, going, choice, squared=amounts is None))
            self._explained = np.stack(found[:-1], axis=1), found[-1]
        return self._explained

    def _evaluate(
        self,
        start: FloatArray,
        of: npt.NDArray[np.int64],
        after: npt.NDArray[np.int64],
        going: FloatArray,
        choice: npt.NDArray[np.int64],
        *,
        squared: bool,
    ) -> FloatArray:
        """Policy evaluation of the amounts ``start`` (pairs,) under the pairs ``choice`` (states,)."""
        q = start.copy()
        weight = going * (self.discount**2 if squared else self.discount)
        for _ in range(int(60 / (1.0 - self.discount))):
            renewed = start + np.bincount(of, weight * q[choice[after]], len(start))
            change = float(np.abs(renewed - q).max(initial=0.0))
            q = renewed
            if change < SETTLED * max(float(np.abs(start).max(initial=0.0)), 1e-300):
                break
        return q


def _name(key: str, columns: Columns) -> str:
    return f"{key} {columns.tobytes().hex()}" if len(columns) else key


def _best_pairs(q: FloatArray, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first pair of the highest value in each state."""
    best = np.maximum.reduceat(q, starts)
    of = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(q)))
    found = np.full(len(starts), len(q), dtype=np.int64)
    hits = np.flatnonzero(q == best[of])
    np.minimum.at(found, of[hits], hits)
    return found
