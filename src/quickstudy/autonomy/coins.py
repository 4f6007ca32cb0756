"""The coins that decide who is audited: nobody can foresee or choose them.

A coin is HMAC-SHA256 of the decision's id under a key of the journal, as a number in [0, 1). The key is random, is made
with the journal, and never leaves it: it is not shown, exported or merged. Ids are made by the journal, not by callers.
So the coin is independent of the situation and of whether the answer is right; and whoever holds the journal can
compute every coin again (``verify``). Not here: the probability that a coin is compared with.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

KEY_NAME = "coin_key"
"""Where the journal keeps the key, beside its events."""


def new_key() -> str:
    """A new random key: 32 bytes as hexadecimal digits."""
    return secrets.token_hex(32)


def coin(key: str, decision_id: str) -> float:
    """The coin of a decision, in [0, 1).

    Args:
        key: the journal's, from :func:`new_key`.
        decision_id: an id that the journal made.
    """
    digest = hmac.new(bytes.fromhex(key), decision_id.encode(), hashlib.sha256).digest()
    return (int.from_bytes(digest[:8]) >> 11) * 2.0**-53
