"""What a journal belongs to: its job, encoder and kind of situations, and what may be merged into it.

Not here: merging (``revisions``).
"""

from __future__ import annotations

import contextlib
import json
import os

from quickstudy.errors import EncoderError, JournalError, JournalMismatchError
from quickstudy.job import Job
from quickstudy.journal import Journal
from quickstudy.perception import Encoder, get_encoder


def identity_of(job: Job, encoder: Encoder) -> dict[str, str]:
    """What two journals must share to be merged."""
    return {
        "job": job.name,
        "fingerprint": encoder.fingerprint,
        "feature_seed": str(job.feature_seed),
        "features": str(job.features),
        "experts": ",".join(job.experts),
    }


def stored_job(journal: str | os.PathLike[str]) -> Job:
    """The job that is stored in a journal.

    Raises:
        JournalError: there is no such journal, or it holds no job.
    """
    return stored_job_and_fingerprint(journal)[0]


def stored_job_and_fingerprint(journal: str | os.PathLike[str]) -> tuple[Job, str]:
    """The job that is stored in a journal, and the fingerprint of its encoder.

    Raises:
        JournalError: there is no such journal, or it holds no job.
    """
    with Journal.open(journal, identity=None, read_only=True) as opened:
        text, fingerprint = opened.job_json, opened.identity.get("fingerprint", "")
    if text is None:
        raise JournalError(f"The journal {opened.path!r} holds no job.", next_step="Give the job: --job job.toml")
    return Job.from_dict(json.loads(text)), fingerprint


def encoder_to_read(name: str, fingerprint: str) -> Encoder:
    """The encoder of a name, to read a journal with; a stand-in if it has another fingerprint by now, or is gone."""
    with contextlib.suppress(EncoderError):
        encoder = get_encoder(name)
        if encoder.fingerprint == fingerprint:
            return encoder
    return Encoder.absent(name, fingerprint)


def check_mergeable(journal: Journal, source: Journal, kind: str | None) -> None:
    """Refuses a journal that cannot be merged, and takes over the kind of situations if none is known yet.

    Args:
        journal: that into which it would be merged.
        source: the journal.
        kind: of the situations that were seen, journaled or not; None if none was.

    Raises:
        JournalMismatchError: it is of another job, encoder, or kind of situation.
    """
    theirs = source.identity
    for key, value in journal.identity.items():
        if theirs.get(key) != value:
            raise JournalMismatchError(
                f"The journal {source.path!r} has the {key} {theirs.get(key)!r}, this learner {value!r}.",
                next_step="Only learners of one job merge. Export its lessons and import them instead: "
                "quickstudy export, then quickstudy import.",
            )
    for key in ("kind", "dimension"):
        held, other = journal.get_meta(key), source.get_meta(key)
        if other is None:
            continue
        if held is None and kind is None:
            journal.set_meta(key, other)
        elif held is not None and held != other:
            raise JournalMismatchError(
                f"The journal {source.path!r} holds situations of another {key}: {other}, not {held}.",
                next_step="Only learners that see the same kind of situations merge.",
            )
