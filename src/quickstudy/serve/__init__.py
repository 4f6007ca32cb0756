"""The desk's server: learners on many jobs behind one HTTP address, for programs and for people.

    request ─▶ door (host, size, headers) ─▶ access (who, role, rate) ─▶ api ─▶ desk ─▶ job's worker ─▶ learner

Invariants: the server adds no truth of its own: what it answers is in the journals, and a server that was killed goes
on where they stand. One thread works for each job, so a learner never does two things at a time. Import it only with
the extra ``quickstudy[serve]``; nothing here is loaded by ``import quickstudy``. Not here: what is decided and
learned.
"""
