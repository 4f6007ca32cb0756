"""A client of ``quickstudy serve``: the learner's verbs with the job's name first, for threads and for asyncio.

    call ─▶ exchange: send, wait, send again ─▶ reading | problems ─▶ the library's own results and errors

Needs the extra ``client``; without it, importing this raises :class:`quickstudy.errors.MissingExtraError`.
"""

from quickstudy.errors import MissingExtraError

try:
    import httpx as _httpx  # noqa: F401
except ImportError as error:
    raise MissingExtraError("httpx", "client") from error

from quickstudy.client.asynchronous import AsyncClient
from quickstudy.client.event_stream import Happening
from quickstudy.client.exchange import Retries
from quickstudy.client.sync import Client

__all__ = ["AsyncClient", "Client", "Happening", "Retries"]
