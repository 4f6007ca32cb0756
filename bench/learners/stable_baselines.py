"""DQN, PPO and A2C of stable-baselines3, with the settings that rl-baselines3-zoo publishes for each environment.

They learn with a neural network from rewards alone. The zoo's settings name how many steps a run takes; here it ends at
the benchmark's limit, while the schedules (ε, learning rate, clipping) run over the zoo's number of steps: a run is the
beginning of the published one. So far for CartPole only.
Needs ``pip install torch==2.13.0 ".[bench-heavy]"``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from bench.learners.base import Entry, Setting, StreamLearner
from quickstudy.errors import InputError

WIDE = {"policy_kwargs": {"net_arch": [256, 256]}}
ZOO: dict[str, dict[str, dict[str, Any]]] = {
    "dqn": {
        "cart-pole": {
            "n_timesteps": 50_000,
            "learning_rate": 2.3e-3,
            "batch_size": 64,
            "buffer_size": 100_000,
            "learning_starts": 1_000,
            "gamma": 0.99,
            "target_update_interval": 10,
            "train_freq": 256,
            "gradient_steps": 128,
            "exploration_fraction": 0.16,
            "exploration_final_eps": 0.04,
            **WIDE,
        },
    },
    "ppo": {
        "cart-pole": {
            "n_timesteps": 100_000,
            "n_envs": 8,
            "n_steps": 32,
            "batch_size": 256,
            "gae_lambda": 0.8,
            "gamma": 0.98,
            "n_epochs": 20,
            "ent_coef": 0.0,
            "learning_rate": "linear 0.001",
            "clip_range": "linear 0.2",
        },
    },
    "a2c": {"cart-pole": {"n_timesteps": 500_000, "n_envs": 8, "ent_coef": 0.0}},
}
"""Settings by algorithm and case; ``linear`` falls from there to 0."""


class Baseline:
    """One agent.

    Args:
        name: "dqn", "ppo" or "a2c".
        case: the benchmark's case.
        make: makes an environment.
        seed: of everything.
    """

    def __init__(self, name: str, case: str, make: Callable[[], Any], seed: int) -> None:
        settings = dict(ZOO[name][case])
        self._all = int(settings.pop("n_timesteps"))
        environments = int(settings.pop("n_envs", 1))
        for key, value in settings.items():
            if isinstance(value, str):
                settings[key] = _falling(float(value.split()[1]))
        baselines: Any = importlib.import_module("stable_baselines3")
        vector: Any = importlib.import_module("stable_baselines3.common.env_util")
        environment = vector.make_vec_env(make, n_envs=environments, seed=seed)
        algorithm = getattr(baselines, name.upper())
        self._model: Any = algorithm("MlpPolicy", environment, seed=seed, device="cpu", verbose=0, **settings)

    def train(self, limit: int, every: int, check: Callable[[int], None]) -> None:
        """Trains for ``limit`` steps, and calls ``check`` with their number about every so many."""
        callbacks: Any = importlib.import_module("stable_baselines3.common.callbacks")
        following = every

        class Check(callbacks.BaseCallback):  # type: ignore[misc]
            def _on_step(self) -> bool:
                nonlocal following
                if self.num_timesteps >= following:
                    following += every
                    check(self.num_timesteps)
                return bool(self.num_timesteps < limit)

        self._model.learn(self._all, callback=Check())

    def act(self, observation: Any) -> int:
        """The best known action."""
        return int(self._model.predict(observation, deterministic=True)[0])


def _falling(start: float) -> Callable[[float], float]:
    return lambda left: left * start


def _make(setting: Setting, seed: int) -> StreamLearner:
    raise InputError("This learner plays tasks of many steps only.", next_step="Run it with: bench run steps")


ENTRIES = tuple(
    Entry(f"sb3-{name}", f"stable-baselines3 {name.upper()}, rl-zoo's settings", "stable-baselines3", False, zoo, _make)
    for name, zoo in ZOO.items()
)
