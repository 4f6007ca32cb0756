"""quickstudy inside other libraries: scikit-learn (``sklearn``) and River (``river``).

Neither library is imported before one of these modules is; without it, importing the module raises
:class:`quickstudy.errors.MissingExtraError`, which names the install command.
"""
