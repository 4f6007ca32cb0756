"""Small worlds with a known optimum."""

import numpy as np

from quickstudy.judgement.value import Step, Transition

NO_NUMBERS = np.zeros(0)


def step(key, column=0, rewards=(0.0,), options=2, numbers=NO_NUMBERS, at=0.0):
    return Step(
        str(key),
        np.asarray(numbers, dtype=np.float64),
        np.arange(options),
        column,
        np.asarray(rewards, dtype=np.float64),
        at,
    )


class Table:
    """A world of states: shares of next states (s, a, s + 1; the last is an end) and rewards by term (s, a, t)."""

    def __init__(self, shares, rewards):
        self.shares, self.rewards = np.asarray(shares, dtype=np.float64), np.asarray(rewards, dtype=np.float64)
        self.states, self.options = self.shares.shape[:2]

    @classmethod
    def random(cls, seed, states=8, options=3, outcomes=1, terms=1):
        generator = np.random.default_rng(seed)
        shares = np.zeros((states, options, states + 1))
        for s in range(states):
            for a in range(options):
                places = generator.choice(states + 1, outcomes, replace=False)
                shares[s, a, places] = generator.dirichlet(np.ones(outcomes) * 3)
        return cls(shares, generator.normal(size=(states, options, terms)))

    def values(self, weights, discount):
        """Exact values of the best options (s, a)."""
        rewards = self.rewards @ weights
        q = np.zeros(rewards.shape)
        for _ in range(5_000):
            q = rewards + discount * self.shares[:, :, :-1] @ q.max(axis=1)
        return q

    def transition(self, s, a, generator):
        after = int(generator.choice(self.states + 1, p=self.shares[s, a]))
        taken = step(s, a, self.rewards[s, a], self.options, at=float(generator.integers(2**40)))
        return Transition(taken, None if after == self.states else step(after, options=self.options)), after

    def walk(self, count, seed):
        """Transitions of a random walk that begins anew at each end, and now and then."""
        generator = np.random.default_rng(seed)
        s, found = 0, []
        for _ in range(count):
            transition, after = self.transition(s, int(generator.integers(self.options)), generator)
            found.append(transition)
            again = after == self.states or generator.uniform() < 0.2
            s = int(generator.integers(self.states)) if again else after
        return found


def deep_sea(length):
    """Only ``length`` right turns in a row earn 1; every other step costs a little and leads back."""
    shares, rewards = np.zeros((length, 2, length + 1)), np.zeros((length, 2, 1))
    shares[:, 0, 0] = 1.0
    for s in range(length):
        shares[s, 1, s + 1] = 1.0
        rewards[s, 1] = -0.01
    rewards[-1, 1] = 1.0
    return Table(shares, rewards)


class Line:
    """A number from 0 to 1: two options move it by 0.1; beyond 1 it ends, and every step costs 1."""

    @staticmethod
    def transition(x, a, at):
        after = max(x + (0.1 if a else -0.1), 0.0)
        taken = step(f"{x} at {at}", a, (-1.0,), numbers=[x, 1.0], at=at)
        return Transition(taken, None if after > 1.0 else step(f"{after} at {at + 1}", numbers=[after, 1.0])), after

    @classmethod
    def walk(cls, count, seed):
        generator = np.random.default_rng(seed)
        x, found = float(generator.uniform()), []
        for i in range(count):
            transition, x = cls.transition(x, int(generator.integers(2)), float(i))
            found.append(transition)
            if x > 1.0:
                x = float(generator.uniform())
        return found
