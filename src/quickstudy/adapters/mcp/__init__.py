"""A learner as a Model Context Protocol server: other programs' agents ask it, teach it and hand over to it.

Needs the extra ``mcp``. ``rooms`` is where the jobs are, ``tools`` and ``reading`` what is offered of them, ``shapes``
what comes back, ``server`` joins them, ``local`` serves journals of this machine over standard input and output.

Not here: HTTP, tokens and roles (``serve``), which mounts the same server.
"""

from quickstudy.errors import MissingExtraError

try:
    import mcp  # noqa: F401
except ImportError as error:
    raise MissingExtraError("mcp", "mcp") from error

from quickstudy.adapters.mcp.local import LocalJobs, serve_stdio
from quickstudy.adapters.mcp.rooms import Jobs, Room
from quickstudy.adapters.mcp.server import make_server

__all__ = ["Jobs", "LocalJobs", "Room", "make_server", "serve_stdio"]
