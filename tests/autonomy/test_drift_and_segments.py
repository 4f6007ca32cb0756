"""Alarms, new ledgers, guarantees by answer or field, and prices, in real learners."""

import numpy as np
import pytest

from autonomy.streams import COLOURS, colours, gate_of, job, live, same_gate
from quickstudy import Job, Learner
from quickstudy.autonomy.drift import Drift
from quickstudy.autonomy.segments import ledger_confidence, share
from quickstudy.autonomy.verify import verify
from quickstudy.errors import InputError


def turned(tasks):
    """The same situations after every answer has changed its meaning."""
    for situation, right in tasks:
        yield situation, COLOURS[(COLOURS.index(right) + 1) % 3]


def test_a_sudden_change_raises_the_alarm_and_it_recovers_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("quickstudy.autonomy.drift.PATIENCE", 5.0)  # the scores react too; the alarm is to be first
    with Learner(job(0.2), tmp_path / "colours.db") as learner:
        live(learner, colours(500))
        changed = live(learner, turned(colours(1000, seed=1)))
        books = gate_of(learner).books
        assert "wrong lately" in books["1.0"].closed
        assert "2.0" in books
        alone = [d.alone for d in changed]
        assert any(alone[-100:])
        (line, *_) = learner.report().autonomy.ledgers
        assert (line.name, line.answers) == ("1.0", books["1.0"].ledger.answers)
        assert verify(learner._record.journal).right
        state = gate_of(learner)
    with Learner(job(0.2), tmp_path / "colours.db", read_only=True) as again:
        assert same_gate(state, gate_of(again))


def test_corrections_that_nobody_asked_for_are_counted_apart_and_raise_the_alarm():
    with Learner(job()) as learner:
        live(learner, colours(400))
        book = gate_of(learner).books["1.0"]
        errors, allowed = book.ledger.errors, book.ledger.bound() - book.ledger.certain
        alone = [learner.decision(e.id) for e in learner._record.journal.events(kinds=["decision"]) if e.mode == "act"]
        for number, decision in enumerate(alone[: allowed + 1]):
            assert not gate_of(learner).books["1.0"].closed, number
            learner.teach(decision, next(name for name in COLOURS if name != decision.answer))
        assert book.ledger.errors == errors
        assert book.corrections == allowed + 1
        assert "corrected unasked" in book.closed


def test_the_detector_is_quiet_while_the_target_is_kept_and_loud_after():
    generator = np.random.default_rng(0)
    alarms = 0
    for _ in range(100):
        drift = Drift()
        for _ in range(500):
            drift.stand(0.05, 0.2)
            if generator.random() < 0.05 * 0.2:
                drift.wrong(0.05, 0.2)
        alarms += drift.due
    assert alarms <= 15  # 500 answers of 5,000
    delays = []
    for _ in range(50):
        drift, count = Drift(), 0
        while not drift.due:
            count += 1
            drift.stand(0.05, 0.2)
            if generator.random() < 0.25 * 0.2:
                drift.wrong(0.05, 0.2)
        delays.append(count)
    assert np.median(delays) < 250


def test_all_shares_of_doubt_sum_to_one_at_most():
    undivided = sum(share(f"{family}.0") for family in range(1, 10_000))
    assert 0.99 < undivided < 1.0
    assert sum(share(f"1.{number}") for number in range(1, 10_000)) < share("1.0")
    assert ledger_confidence(0.95, "1.0") == pytest.approx(1 - 0.05 * 0.75)


def test_a_guarantee_by_answer_has_a_ledger_for_each_option():
    with Learner(job()) as learner:
        learner.configure(guarantee_by="answer")
        live(learner, colours(900))
        books = gate_of(learner).books
        assert sorted(book.segment for book in books.values()) == [f"answer={name}" for name in sorted(COLOURS)]
        assert sorted(books) == ["1.1", "1.2", "1.3"]
        assert sum(book.alone for book in books.values()) > 50
        for name, book in books.items():
            assert book.ledger.confidence == ledger_confidence(0.95, name)
            assert book.ledger.bound() <= 0.1 * (book.ledger.answers + 1) or not book.allows(0.1)
        assert verify(learner._record.journal).right


def test_a_change_of_the_guarantee_starts_new_ledgers_and_keeps_the_old_ones():
    with Learner(job()) as learner:
        live(learner, colours(150))
        learner.configure(guarantee_by="answer")
        live(learner, colours(100, seed=1))
        each = [book.ledger.answers for book in gate_of(learner).books.values() if not book.closed]
        assert len(each) == 3
        said = ", ".join(str(answers) for answers in each)
        assert f"Now V = {said}, a claim for each answer by itself, T = 10" in learner.report().autonomy.promise()
        learner.configure(guarantee_by=None)
        live(learner, colours(50, seed=2))
        books = gate_of(learner).books
        assert {"1.0", "2.1", "3.0"} <= set(books)
        assert books["1.0"].closed
        assert books["2.1"].closed
        assert not books["3.0"].closed


def records(count, seed):
    generator = np.random.default_rng(seed)
    for i in range(count):
        vendor = ["Acme", "Bolt", "Core"][int(generator.integers(3))]
        yield {"vendor": vendor, "number": i}, {"Acme": "red", "Bolt": "green", "Core": "blue"}[vendor]


def test_a_guarantee_by_a_field_has_a_ledger_for_each_value_also_after_forgetting_one(tmp_path):
    with Learner(Job("vendors", COLOURS, features=32, target_error=0.2, encoder="static")) as learner:
        learner.configure(guarantee_by="vendor")
        live(learner, records(150, 0))
        segments = {book.segment: name for name, book in gate_of(learner).books.items()}
        assert set(segments) == {"vendor=Acme", "vendor=Bolt", "vendor=Core"}
        before = gate_of(learner).books[segments["vendor=Acme"]].ledger
        counts = (before.answers, before.bound())
        learner.forget(vendor="Acme")
        book = gate_of(learner).books[segments["vendor=Acme"]]
        assert book.segment is None
        assert (book.ledger.answers, book.ledger.bound()) == counts
        assert not any("Acme" in str(event.data) for event in learner._record.journal.events())
        live(learner, records(20, 1))
        assert verify(learner._record.journal).right


def test_with_prices_an_answer_is_given_alone_only_where_it_pays():
    with Learner(job(0.3)) as learner:
        learner.configure(price_wrong=8.0, price_ask=1.0, price_audit=1.0)
        assert learner.autonomy.target == pytest.approx(0.125)
        decisions = live(learner, colours(700))
        for event in learner._record.journal.events(kinds=["decision"]):
            if event.mode == "act":
                assert (1.0 - event.data["score"]) * 8.0 * (1.0 - event.propensity) + event.propensity <= 1.0 + 1e-9
        account = learner.report().autonomy
        assert "T = 12.5 (by the prices), C = 95%." in account.promise()
        saving = account.saving
        assert saving.asking == len(decisions)
        assert saving.least <= saving.expected <= saving.asking
        assert saving.expected > 0.0


def test_prices_that_make_no_sense_together_are_refused():
    with Learner(job()) as learner:
        for prices in ({"price_wrong": 1.0}, {"price_audit": 1.0}, {"price_wrong": 1.0, "price_ask": 1.0}):
            with pytest.raises(InputError, match=r"price|costs"):
                learner.configure(**prices)


def test_where_asking_is_free_everything_is_asked_and_verdicts_that_come_later_count(tmp_path):
    with Learner(job(), tmp_path / "colours.db") as learner:
        live(learner, colours(150))
        waiting = [learner.decide(situation) for situation, _ in colours(20, seed=1)]
        assert "shadow" in {decision.reason for decision in waiting}
        learner.configure(price_wrong=1.0, price_ask=0.0)
        assert {d.reason for d in live(learner, colours(20, seed=2))} <= {"too dear", "far"}
        for decision in waiting:
            learner.reject(decision)
        errors = gate_of(learner).books["1.0"].ledger.errors
    with Learner.open(tmp_path / "colours.db") as learner:
        assert gate_of(learner).books["1.0"].ledger.errors == errors
