"""``verify`` finds nothing in an honest journal, and finds every way of cheating that was thought of."""

import sqlite3

import pytest

from autonomy.streams import colours, job, live
from quickstudy import Learner
from quickstudy.autonomy.verify import verify
from quickstudy.errors import JournalCorruptError
from quickstudy.journal import Journal


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    path = tmp_path_factory.mktemp("verify") / "colours.db"
    with Learner(job(), path) as learner:
        live(learner, colours(350))
        learner.pause()
        live(learner, colours(5, seed=1))
        learner.resume()
        learner.configure(target_error=0.2, always_ask=["blue"])
        live(learner, colours(150, seed=2), answer_audits=False)
        learner.rename_option("red", "crimson")
        live(learner, [(s, "crimson" if r == "red" else r) for s, r in colours(60, seed=3)])
        learner.configure(confidence=0.9, guarantee_by="answer")
        live(learner, [(s, "crimson" if r == "red" else r) for s, r in colours(150, seed=4)])
        wrong = [e.decision_id for e in learner._record.journal.events(kinds=["lesson"]) if e.correct is False]
        learner.forget(wrong[:3])
    return path


def checked(path):
    with Journal.open(path, identity=None, read_only=True) as journal:
        return verify(journal)


def test_an_honest_journal_is_right_in_everything(honest):
    found = checked(honest)
    assert found.problems == ()
    assert found.right
    assert found.coins > 300
    assert found.bounds > 50
    assert found.forgotten >= 1
    assert {ledger.name for ledger in found.ledgers} >= {"1.0", "2.1"}


def test_it_computes_the_ledgers_of_the_live_learner(honest):
    with Learner.open(honest, read_only=True) as learner:
        books = learner._record.keeper.gate.books
        for ledger in checked(honest).ledgers:
            book = books[ledger.name]
            assert (ledger.answers, ledger.errors, ledger.pending) == (
                book.ledger.answers,
                book.ledger.errors,
                book.ledger.pending,
            )
            assert (ledger.bound, ledger.alone, ledger.segment) == (book.ledger.bound(), book.alone, book.segment)


CHEATS = {
    "a coin": "UPDATE events SET coin = 0.999 WHERE mode = 'audit'",
    "a probability": "UPDATE events SET propensity = 0.001 WHERE mode = 'act'",
    "an audit that became an answer alone": "UPDATE events SET mode = 'act' WHERE mode = 'audit'",
    "an answer alone while nothing was shown": (
        "UPDATE events SET mode = 'act', propensity = 0.02, coin = 0.5 WHERE mode = 'ask' AND propensity = 1.0"
    ),
    "a score": "UPDATE events SET data = json_set(data, '$.score', -0.01) WHERE mode = 'act' AND forgotten = 0",
    "a target": "UPDATE events SET data = json_set(data, '$.target', 0.5) WHERE mode = 'act' AND forgotten = 0",
    "a verdict": "UPDATE events SET correct = 1 WHERE kind = 'lesson' AND correct = 0 AND forgotten = 0",
    "a second verdict": (
        "INSERT INTO events (id, kind, clock, node, at, decision_id, answer, correct) SELECT 'again', 'lesson', "
        "clock, node, at, decision_id, answer, 1 FROM events WHERE kind = 'lesson' AND correct = 0 LIMIT 1"
    ),
    "a key": "UPDATE meta SET value = replace(value, '0', '1') WHERE key = 'coin_key'",
    "a decision taken out of its ledger": (
        "UPDATE events SET ledger = NULL, propensity = NULL WHERE id = (SELECT id FROM events WHERE mode = 'act')"
    ),
    "an audit that is gone, but for its verdict": (
        "DELETE FROM events WHERE id = (SELECT decision_id FROM events WHERE correct = 0 AND forgotten = 0)"
    ),
    "answers alone that are gone": "DELETE FROM events WHERE mode = 'act' AND coin > 0.7",
    "what was said of a decision": "UPDATE events SET data = '{}' WHERE mode = 'act' AND forgotten = 0",
    "a score that is no number": "UPDATE events SET data = json_set(data, '$.score', 'high') WHERE mode = 'act'",
    "a probability that is no number": "UPDATE events SET propensity = 'often' WHERE mode = 'act'",
    "a ledger that is none": "UPDATE events SET ledger = 'mine' WHERE mode = 'act'",
    "a key that is none": "UPDATE meta SET value = 'secret' WHERE key = 'coin_key'",
    "settings": "UPDATE events SET data = json_set(data, '$.settings.target_error', 5) WHERE kind = 'configure'",
    "settings that are none": "UPDATE events SET data = json_set(data, '$.settings', 'x') WHERE kind = 'configure'",
    "an alarm": "UPDATE events SET data = json_set(data, '$.alarm', json('{}')) WHERE kind = 'configure'",
    "verdicts": "UPDATE events SET data = json_set(data, '$.verdicts', json('[[1]]')) WHERE kind = 'configure'",
    "an audit that is gone": "DELETE FROM events WHERE propensity = 1.0 AND correct IS NULL AND kind = 'decision'",
}


@pytest.mark.parametrize("what", sorted(CHEATS))
def test_a_changed_journal_is_found_out(honest, tmp_path, what):
    with Journal.open(honest, identity=None, read_only=True) as journal:
        journal.backup(tmp_path / "changed.db")
    connection = sqlite3.connect(tmp_path / "changed.db")
    assert connection.execute(CHEATS[what]).rowcount > 0
    connection.commit()
    connection.close()
    assert not checked(tmp_path / "changed.db").right


def test_a_journal_that_does_not_say_whose_it_is_cannot_be_verified(honest, tmp_path):
    with Journal.open(honest, identity=None, read_only=True) as journal:
        journal.backup(tmp_path / "nobodys.db")
    connection = sqlite3.connect(tmp_path / "nobodys.db")
    connection.execute("DELETE FROM meta WHERE key = 'learner'")
    connection.commit()
    connection.close()
    with pytest.raises(JournalCorruptError, match="which learner"):
        checked(tmp_path / "nobodys.db")
