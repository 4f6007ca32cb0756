"""Perceive: situations (text, records, arrays) to unit vectors.

The names below are the station's public surface. Importing it loads no model and no runtime; an encoder loads its model
at the first text. Not here: learning, and the journal that keeps the vectors.
"""

from quickstudy.perception.encoder import Encoder, TextEncoder
from quickstudy.perception.registry import get_encoder, known_encoders
from quickstudy.perception.situations import (
    Kind,
    checked_situation,
    content_hash,
    situation_from_json,
    situation_to_json,
)

__all__ = [
    "Encoder",
    "Kind",
    "TextEncoder",
    "checked_situation",
    "content_hash",
    "get_encoder",
    "known_encoders",
    "situation_from_json",
    "situation_to_json",
]
