"""A client of ``quickstudy serve``: the learner's verbs with the job's name first, for threads and for asyncio.

    call ─▶ exchange: send, wait, send again ─▶ reading | problems ─▶ the library's own results and errors

Needs the extra ``client``; without it, importing this raises :class:`quickstudy.errors.MissingExtraError`.
"""
