"""One protocol server for any place where jobs are: over standard input and output, or over HTTP.

Invariants: logging stays as the program set it up; what is said in a job is not logged. Not here: transports' rights
(``rooms``), the tools (``tools``).
"""

from __future__ import annotations

import logging

from mcp.server import MCPServer

from quickstudy import __version__
from quickstudy.adapters.mcp.reading import INSTRUCTIONS, add_reading
from quickstudy.adapters.mcp.rooms import Jobs
from quickstudy.adapters.mcp.tools import add_tools


def make_server(jobs: Jobs) -> MCPServer:
    """A protocol server for these jobs.

    Args:
        jobs: where the jobs are.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    server = MCPServer(
        "quickstudy", title="quickstudy", instructions=INSTRUCTIONS, version=__version__, log_level="ERROR"
    )
    root.handlers[:], root.level = handlers, level  # the protocol's library sets up logging for the whole process
    logging.getLogger("mcp.server.mcpserver").setLevel(logging.WARNING)  # below it, messages quote what callers sent
    add_tools(server, jobs)
    add_reading(server, jobs)
    return server
