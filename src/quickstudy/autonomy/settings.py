"""What the user allows: the target error and everything else that says when the learner may answer alone.

Settings change by journaled ``configure`` events and are a fold of them. The target, prices, caps and lists can change
at any time; ``confidence``, ``q_min`` and ``guarantee_by`` are fixed for a ledger, so changing them starts a new one.
Not here: what the settings cause (``gate``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from quickstudy.errors import InputError

LEDGER_SETTINGS = ("confidence", "q_min", "guarantee_by")
"""A change of one of these starts new ledgers."""

PRICES = ("price_wrong", "price_ask", "price_audit")

LEAST_SHARE = 1e-6
"""No smaller share of wrong answers is promised, nor sought where asking costs next to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Autonomy:
    """The settings in force.

    Attributes:
        active: whether the learner may answer alone at all; until then everything is asked, and counted in shadow.
        target_error: T, the share of wrong answers accepted among those stood behind, in (0, 1).
        confidence: C, with which the guarantee holds, in [0.5, 1).
        q_min: the smallest probability with which an answer given without asking is audited, in (0, 1].
        guarantee_by: None for one guarantee; ``"answer"`` for one of each option; else a field of the record.
        always_ask: options that are never answered alone.
        per_hour: at most so many answers alone in an hour; None for no limit.
        per_day: at most so many in a day.
        paused: True while everything is asked and nothing counts.
        price_wrong: what a wrong answer costs; None where there are no prices.
        price_ask: what asking costs.
        price_audit: what an audit costs.
        ask_twice: the share of asked and audited tasks that should be put to a second teacher, in [0, 1].
    """

    active: bool = False
    target_error: float = 0.02
    confidence: float = 0.95
    q_min: float = 0.01
    guarantee_by: str | None = None
    always_ask: tuple[str, ...] = ()
    per_hour: int | None = None
    per_day: int | None = None
    paused: bool = False
    price_wrong: float | None = None
    price_ask: float | None = None
    price_audit: float | None = None
    ask_twice: float = 0.0

    @property
    def target(self) -> float:
        """The share of wrong answers that the gate keeps to: the target, or less where prices make it too dear.

        Where a wrong answer costs ``price_wrong`` and asking ``price_ask``, answering alone is worth while only if less
        than ``price_ask / price_wrong`` of the answers are wrong; where asking is free, it never is (:meth:`pays`).
        """
        if self.price_wrong is None or self.price_ask is None:
            return self.target_error
        return min(self.target_error, max(self.price_ask / self.price_wrong, LEAST_SHARE))

    def pays(self, score: float, q: float) -> bool:
        """Whether answering, audited with probability q, costs no more than asking; True without prices.

        A wrong answer that is audited is found, and costs the audit only.

        Args:
            score: the probability of being right.
            q: the probability of an audit.
        """
        if self.price_wrong is None or self.price_ask is None:
            return True
        wrong = (1.0 - q) * (1.0 - score) * self.price_wrong
        return wrong + q * (self.price_audit or 0.0) <= self.price_ask

    def changed(self, changes: Mapping[str, Any]) -> Autonomy:
        """The settings after some changes.

        Raises:
            InputError: a setting is unknown, or its value makes no sense; the message names it.
        """
        known = [field.name for field in fields(self)]
        for name, value in changes.items():
            if name not in known:
                raise InputError(
                    f"There is no setting {name!r}.", next_step=f"Known: {', '.join(known)}.", code="unknown-setting"
                )
            if not _CHECKS[name](value):
                raise InputError(
                    f"The setting {name} is {value!r}.", next_step=f"Give {_WANTED[name]}.", code="bad-setting"
                )
        given = dict(changes)
        if "always_ask" in given:
            given["always_ask"] = tuple(given["always_ask"])
        for name in ("target_error", "confidence", "q_min", "ask_twice", *PRICES):
            if given.get(name) is not None:
                given[name] = float(given[name])
        settings = replace(self, **given)
        prices = [getattr(settings, name) is not None for name in PRICES[:2]]
        if any(prices) != all(prices) or (settings.price_audit is not None and not all(prices)):
            raise InputError(
                "Prices of a wrong answer and of asking belong together.",
                next_step="Give both price_wrong and price_ask, or neither.",
                code="bad-setting",
            )
        if all(prices) and float(settings.price_ask or 0.0) >= float(settings.price_wrong or 0.0):
            raise InputError(
                f"Asking costs {settings.price_ask:g}, a wrong answer {settings.price_wrong:g}.",
                next_step="Where a wrong answer costs no more than asking, there is nothing to guarantee.",
                code="bad-setting",
            )
        return settings

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON; :meth:`from_dict` reads it back."""
        return {**asdict(self), "always_ask": list(self.always_ask)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Autonomy:
        """From :meth:`to_dict`; settings that this version does not know are passed over."""
        known = {field.name for field in fields(cls)}
        return cls().changed({name: value for name, value in data.items() if name in known})


def _number(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and low <= value <= high


def is_share(value: object) -> bool:
    """Whether a value is a share that can be promised: between 0 and 1, a millionth from either."""
    return _number(value, LEAST_SHARE, 1.0 - LEAST_SHARE)


def _count(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _price(value: object) -> bool:
    return value is None or _number(value, 0.0, 1e12)


def _names(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(isinstance(name, str) and name for name in value)


_CHECKS: dict[str, Callable[[object], bool]] = {
    "active": lambda value: isinstance(value, bool),
    "target_error": is_share,
    "confidence": lambda value: _number(value, 0.5, 1.0 - 1e-9),
    "q_min": lambda value: _number(value, 0.001, 1.0),
    "guarantee_by": lambda value: value is None or (isinstance(value, str) and bool(value.strip())),
    "always_ask": _names,
    "per_hour": _count,
    "per_day": _count,
    "paused": lambda value: isinstance(value, bool),
    "price_wrong": _price,
    "price_ask": _price,
    "price_audit": _price,
    "ask_twice": lambda value: _number(value, 0.0, 1.0),
}
_COUNT = "a whole number from 0, or None for no limit"
_PRICE = "a number from 0, or None"
_WANTED = {
    "active": "True or False",
    "target_error": "a share between 0 and 1, like 0.02",
    "confidence": "a share from 0.5 to below 1, like 0.95",
    "q_min": "a probability from 0.001 to 1, like 0.01",
    "guarantee_by": 'None, "answer", or the name of a field',
    "always_ask": "a list of options' names",
    "per_hour": _COUNT,
    "per_day": _COUNT,
    "paused": "True or False",
    "price_wrong": _PRICE,
    "price_ask": _PRICE,
    "price_audit": _PRICE,
    "ask_twice": "a share from 0 to 1",
}
