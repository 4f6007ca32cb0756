"""quickstudy beside other things: ``sklearn``, ``river``, ``gymnasium``, event logs (``process``), agents (``mcp``).

No library is imported before the module that needs it; without the library, importing that module raises
:class:`quickstudy.errors.MissingExtraError`, which names the install command.
"""
