"""quickstudy beside other things: scikit-learn (``sklearn``), River (``river``), Gymnasium, event logs (``process``).

No library is imported before the module that needs it; without the library, importing that module raises
:class:`quickstudy.errors.MissingExtraError`, which names the install command.
"""
