"""Law 1: the learned state is a pure function of the job, the encoder's fingerprint and the journal."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from property.scripts import (
    ENCODER,
    JOBS,
    Operation,
    forgettings,
    law,
    new_learner,
    option_changes,
    perform,
    probes,
    scripts,
)
from quickstudy import Learner
from quickstudy.checks import require_same_learner
from quickstudy.checks.learners import require_same_decision
from quickstudy.mind import Mind


def check_replay(folder, kind, job, script, snapshot_after):
    path = str(folder / "journal.db")
    with new_learner(job, path) as live:
        perform(live, kind, script[:snapshot_after])
        live.snapshot()
        perform(live, kind, script[snapshot_after:])
        with new_learner(job, path, read_only=True) as from_snapshot:
            require_same_learner(live, from_snapshot, probes(kind))
        Path(path + ".snapshot").unlink(missing_ok=True)
        with new_learner(job, path, read_only=True) as from_events:
            require_same_learner(live, from_events, probes(kind))
        with Learner.replay(path, encoder=ENCODER) as copy:
            require_same_learner(live, copy, probes(kind))
    with new_learner(job, path) as reopened:
        require_same_learner(reopened, from_new_journal(reopened, job), probes(kind))


def from_new_journal(learner, job):
    """A learner whose journal got the same rows, marks included, in the same order."""
    copy = new_learner(job)
    for key in ("kind", "dimension"):
        if (value := learner._record.journal.get_meta(key)) is not None:
            copy._record.journal.set_meta(key, value)
    copy._record.journal.append(list(learner._record.journal.events()), durable=False)
    copy._record.load(None)
    return copy


@law(40)
@given(st.data(), st.sampled_from(["text", "array"]), st.sampled_from(sorted(JOBS)))
def test_the_live_state_is_the_replayed_state(tmp_path_factory, data, kind, job):
    script = data.draw(scripts(option_changes(), forgettings()))
    cut = data.draw(st.integers(0, len(script)))
    check_replay(tmp_path_factory.mktemp("replay"), kind, job, script, cut)


@law(10)
@given(st.data(), st.sampled_from(sorted(JOBS)))
def test_the_state_replays_after_merges_and_further_lessons(tmp_path_factory, data, job):
    folder = tmp_path_factory.mktemp("replay")
    path = str(folder / "journal.db")
    with new_learner(job, path) as live, new_learner(job) as other:
        perform(live, "text", data.draw(scripts(option_changes())))
        perform(other, "text", data.draw(scripts(option_changes())))
        live.merge(other)
        perform(live, "text", data.draw(scripts(option_changes())))
        with new_learner(job, path, read_only=True) as again:
            require_same_learner(live, again, probes("text"))


def test_the_replay_check_fails_for_a_mind_that_learns_from_reading(tmp_path, monkeypatch):
    honest = Mind.propose

    def nosy(self, vectors, columns):
        proposal = honest(self, vectors, columns)
        self.pool._ends = self.pool._ends * 1.01
        return proposal

    monkeypatch.setattr(Mind, "propose", nosy)
    script = list(all_verbs())
    with pytest.raises(AssertionError):
        check_replay(tmp_path, "text", "closed", script, 2)


def all_verbs():
    for i in range(4):
        yield Operation("decide", i, at=float(i))
        yield Operation("answer", i, i, at=float(i))
        yield Operation("teach", i + 1, i + 1, at=float(i))


def test_a_learner_can_be_replayed_as_it_was_at_any_moment(tmp_path):
    path = str(tmp_path / "journal.db")
    states = []
    with new_learner("open", path) as live:
        for i in range(12):
            decision = live.decide(f"text {i % 5}", at=10.0 * i)
            live.teach(decision, ["red", "green", "blue"][i * i % 3], at=10.0 * i + 1)
            if i == 8:
                live.teach(decision, "white", at=10.0 * i + 2)
            states.append((live.predict_many(probes("text")), live.options, live.report()))
    for i, (decisions, options, report) in enumerate(states):
        with Learner.replay(path, until=10.0 * i + 5, encoder=ENCODER) as past:
            assert past.options == options
            assert (past.report().lessons, past.report().decisions) == (report.lessons, report.decisions)
            for live_decision, past_decision in zip(decisions, past.predict_many(probes("text")), strict=True):
                require_same_decision(live_decision, past_decision)
