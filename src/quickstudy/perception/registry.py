"""Encoders by name: the built-in ones, adapters, and third parties' own.

Invariants: a name gives the same encoder in every process that has the same packages; the built-in encoders are shared
within a process, so that several learners load one model. A ``module:factory`` name imports that module: give job files
the trust that you give code.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import threading
from collections.abc import Callable

from quickstudy.errors import EncoderError
from quickstudy.perception.encoder import Encoder, TextEncoder

ENTRY_POINTS = "quickstudy.encoders"
BUILT_IN = ("minilm", "static")
FORMS = ("sentence-transformers:MODEL", "openai:MODEL@URL", "MODULE:FACTORY")

_shared: dict[str, Encoder] = {}
_lock = threading.Lock()


def get_encoder(name: str) -> Encoder:
    """The encoder of a name; no model is loaded before the first text.

    Args:
        name: "minilm" (default of a job; English), "static" (300 times faster), "sentence-transformers:MODEL",
            "openai:MODEL@URL" (any OpenAI-compatible endpoint; the key comes from OPENAI_API_KEY), a name that a
            package registers as an entry point of the group "quickstudy.encoders", or "module:factory". A factory takes
            no argument and returns a :class:`TextEncoder` or an :class:`Encoder`.

    Raises:
        EncoderError: no encoder has this name (the message lists the known ones), or its factory fails.

    >>> get_encoder("static").encode(["a refund, please"]).shape
    (1, 512)
    """
    if not isinstance(name, str) or not name.strip():
        raise EncoderError(f"An encoder's name is {name!r}.", next_step=_known())
    with _lock:
        if name in _shared:
            return _shared[name]
        encoder = _built_in(name)
        if encoder is not None:
            _shared[name] = encoder
            return encoder
    return _third_party(name)


def known_encoders() -> list[str]:
    """Names and forms of names that :func:`get_encoder` understands here."""
    registered = {point.name for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    return [*BUILT_IN, *sorted(registered - set(BUILT_IN)), *FORMS]


def _known() -> str:
    return f"Known encoders: {', '.join(known_encoders())}."


def _built_in(name: str) -> Encoder | None:
    if name == "minilm":
        from quickstudy.perception.minilm import MiniLM

        return Encoder(MiniLM())
    if name == "static":
        from quickstudy.perception.static import StaticEmbedding

        return Encoder(StaticEmbedding())
    scheme, _, rest = name.partition(":")
    if scheme == "sentence-transformers" and rest:
        from quickstudy.perception.sentence import SentenceTransformerEncoder

        return Encoder(SentenceTransformerEncoder(rest))
    if scheme == "openai":
        from quickstudy.perception.endpoint import EndpointEncoder

        model, _, url = rest.rpartition("@")
        return Encoder(EndpointEncoder(model, url))
    return None


def _third_party(name: str) -> Encoder:
    points = importlib.metadata.entry_points(group=ENTRY_POINTS, name=name)
    factory: Callable[[], object]
    try:
        if points:
            factory = next(iter(points)).load()
        elif ":" in name and not name.startswith("sentence-transformers:"):
            module, _, attribute = name.partition(":")
            factory = getattr(importlib.import_module(module), attribute)
        else:
            raise EncoderError(f"There is no encoder {name!r}.", next_step=_known(), code="unknown-encoder")
        made = factory()
    except EncoderError:
        raise
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise EncoderError(
            f"The encoder {name!r} cannot be made: {error}.", next_step=_known(), code="unknown-encoder"
        ) from error
    if isinstance(made, Encoder):
        return made
    if isinstance(made, TextEncoder):
        return Encoder(made)
    raise EncoderError(
        f"The encoder {name!r} made {type(made).__name__}, not a text encoder.",
        next_step="It needs name, fingerprint, dimension and encode_texts(texts).",
    )
