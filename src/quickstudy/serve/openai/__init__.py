"""``POST /v1/chat/completions``: an OpenAI-compatible endpoint with a learner in front of a model.

    request ─▶ situation ─▶ decide ─┬─ act ───────────────────────────▶ the learner's answer
                                    └─ ask, audit ─▶ upstream ─▶ teach ─▶ the upstream's own answer

The same idea as ``@quickstudy.learned``, with the upstream model as the body. ``routes`` is the endpoint, ``chat``
reads a request, ``forms`` knows how an answer is written, ``replies`` reads what the upstream said, ``upstream`` calls
it, ``front`` joins them for one job, ``completions`` has the shapes.
"""

from quickstudy.serve.openai.routes import router

__all__ = ["router"]
