"""The gate in a learner: shadow first, then alone; what counts; replay; restrictions that act before the coin."""

from collections import Counter

import pytest

from autonomy.streams import COLOURS, colours, gate_of, job, live, same_gate
from quickstudy import Job, Learner
from quickstudy.autonomy.books import Recent
from quickstudy.autonomy.coins import KEY_NAME, coin
from quickstudy.autonomy.verify import verify
from quickstudy.errors import InputError, OptionError


def test_without_a_target_everything_is_asked_and_counted_in_shadow():
    with Learner(job(None)) as learner:
        decisions = live(learner, colours(300))
        assert {decision.mode for decision in decisions} == {"ask"}
        assert gate_of(learner).books["1.0"].ledger.answers > 100
        learner.configure(target_error=0.1)
        assert "act" in {decision.mode for decision in live(learner, colours(100, seed=1))}


def test_with_a_target_it_starts_in_shadow_and_then_answers_alone():
    with Learner(job()) as learner:
        decisions = live(learner, colours(500))
        assert not any(decision.alone for decision in decisions[:30])
        modes = Counter(decision.mode for decision in decisions[-200:])
        assert modes["act"] > 20
        for decision in decisions:
            assert decision.alone == (decision.mode == "act")
        ledger = gate_of(learner).books["1.0"].ledger
        assert ledger.bound() <= 0.1 * ledger.answers


def test_the_report_says_alone_only_while_answers_can_be_given_alone():
    with Learner(job(0.05)) as learner:
        assert {decision.mode for decision in live(learner, colours(70))} == {"ask"}
        (line,) = learner.report().autonomy.ledgers
        assert gate_of(learner).books["1.0"].allows(0.05)  # one answer more would do, but not rarer audits from here on
        assert line.state == "shadow"
        live(learner, colours(300, seed=1))
        assert learner.report().autonomy.ledgers[0].state == "alone"
        learner.pause()
        assert learner.report().autonomy.ledgers[0].state == "shadow"


def test_every_coin_follows_from_the_journals_key_and_decides():
    with Learner(job()) as learner:
        live(learner, colours(300))
        journal = learner._record.journal
        key = journal.get_meta(KEY_NAME)
        stood = [event for event in journal.events(kinds=["decision"]) if event.propensity is not None]
        assert len(stood) > 100
        for event in stood:
            assert event.coin == coin(key, event.id)
            assert (event.mode == "act") == (event.coin >= event.propensity)
            assert event.data["score"] >= event.data["threshold"]


def test_coins_are_even_and_of_one_key_only():
    coins = [coin("00" * 32, str(i)) for i in range(4000)]
    assert 0.48 < sum(coins) / len(coins) < 0.52
    assert coin("00" * 32, "a") == coin("00" * 32, "a") != coin("01" * 32, "a")


def test_two_journals_have_different_keys():
    with Learner(job()) as first, Learner(job()) as second:
        keys = {learner._record.journal.get_meta(KEY_NAME) for learner in (first, second)}
        assert len(keys) == 2


def test_audits_that_nobody_answers_close_the_gate_and_answers_open_it_again():
    with Learner(job()) as learner:
        live(learner, colours(300))
        late = live(learner, colours(600, seed=1), answer_audits=False)
        assert sum(decision.reason == "shadow" for decision in late[-200:]) > 60
        audits = learner.audits()
        assert audits
        truth = {str(situation): right for situation, right in colours(600, seed=1)}
        for decision in audits:
            learner.teach(decision, truth[str(decision.situation)])
        assert learner.audits() == []
        after = live(learner, colours(100, seed=2))
        assert sum(decision.reason == "shadow" for decision in after) < 50


def test_the_first_verdict_counts_and_a_later_correction_only_teaches():
    with Learner(job(None)) as learner:
        live(learner, colours(200))
        decision = next(d for d in live_until_shadow(learner))
        before = gate_of(learner).books["1.0"].ledger.errors
        wrong = next(name for name in COLOURS if name != decision.answer)
        learner.teach(decision, wrong, by="ann")
        learner.teach(decision, str(decision.answer), by="ann")
        learner.teach(decision, str(decision.answer), by="bob")
        assert gate_of(learner).books["1.0"].ledger.errors == before + 1
        assert [event.correct for event in learner._record.journal.lessons_of(decision.id)] == [False, None, None]


def live_until_shadow(learner):
    for situation, _ in colours(50, seed=9):
        decision = learner.decide(situation)
        if decision.reason == "shadow":
            yield decision


def test_a_verdict_under_an_options_old_name_is_the_same_answer():
    with Learner(job(None)) as learner:
        live(learner, colours(200))
        decision = next(d for d in live_until_shadow(learner) if d.answer == "red")
        learner.rename_option("red", "crimson")
        learner.teach(decision, "crimson")
        assert learner._record.journal.lessons_of(decision.id)[0].correct is True


def test_the_same_request_gets_the_same_coin_and_counts_once():
    with Learner(job()) as learner:
        live(learner, colours(300))
        situation, _ = next(colours(1, seed=3))
        first = learner.decide(situation, request_id="r")
        answers = gate_of(learner).books["1.0"].ledger.answers
        again = learner.decide(situation, request_id="r")
        assert (again.id, again.mode, again.reason) == (first.id, first.mode, first.reason)
        assert gate_of(learner).books["1.0"].ledger.answers == answers


def test_predicting_counts_nothing():
    with Learner(job()) as learner:
        live(learner, colours(100))
        before = gate_of(learner).state()[1]
        assert learner.predict(next(colours(1))[0]).mode == "ask"
        assert gate_of(learner).state()[1] == before


def test_the_gate_is_the_same_after_reopening_with_a_snapshot_and_without(tmp_path):
    path = tmp_path / "colours.db"
    with Learner(job(), path) as learner:
        live(learner, colours(200))
        learner.snapshot()
        live(learner, colours(100, seed=1), answer_audits=False)
        learner.pause()
        state = gate_of(learner)
    with Learner(job(), path) as again:
        assert same_gate(state, gate_of(again))
    (tmp_path / "colours.db.snapshot").unlink()
    with Learner(job(), path, read_only=True) as again:
        assert same_gate(state, gate_of(again))
    with Learner.replay(path) as copy:
        assert same_gate(state, gate_of(copy))


def test_forgetting_errors_does_not_improve_the_bound():
    with Learner(job()) as learner:
        live(learner, colours(400, noise=0.5))
        book = gate_of(learner).books["1.0"]
        before = (book.ledger.answers, book.ledger.errors, book.ledger.pending, book.ledger.bound())
        assert before[1] > 0
        wrong = [e.decision_id for e in learner._record.journal.events(kinds=["lesson"]) if e.correct is False]
        learner.forget(wrong)
        book = gate_of(learner).books["1.0"]
        assert (book.ledger.answers, book.ledger.errors, book.ledger.pending, book.ledger.bound()) == before


def test_a_merge_brings_no_evidence_of_others():
    with Learner(job()) as mine, Learner(job()) as other:
        live(mine, colours(100))
        live(other, colours(300, seed=1))
        before = gate_of(mine).books["1.0"].ledger.answers
        mine.merge(other)
        assert gate_of(mine).books["1.0"].ledger.answers == before


def test_a_kind_of_work_that_never_came_before_is_asked():
    with Learner(job(None)) as learner:
        live(learner, colours(700, noise=0.1))
        learner.configure(target_error=0.3)
        decisions = [learner.decide(-situation) for situation, _ in colours(40, seed=1, noise=0.1)]
        assert sum(decision.reason == "far" for decision in decisions) > 30
        assert not any(decision.alone for decision in decisions if decision.reason == "far")
        near = [learner.decide(situation) for situation, _ in colours(40, seed=2, noise=0.1)]
        assert sum(decision.reason == "far" for decision in near) < 5


def test_an_audit_that_was_answered_in_another_journal_counts_after_the_merge():
    with Learner(job()) as mine, Learner(job()) as desk:
        live(mine, colours(300))
        truth = {str(situation): right for situation, right in colours(200, seed=1)}
        live(mine, colours(200, seed=1), answer_audits=False)
        audits = mine.audits()
        assert audits
        desk.merge(mine)
        for decision in audits:
            desk.teach(None, truth[str(decision.situation)], decision_id=decision.id)
        errors = sum(truth[str(d.situation)] != d.answer for d in audits)
        before = gate_of(mine).books["1.0"].ledger.errors
        mine.merge(desk)
        assert mine.audits() == []
        assert gate_of(mine).pending == {}
        assert gate_of(mine).books["1.0"].ledger.errors == before + errors
        found = verify(mine._record.journal)
        assert found.problems == ()
        assert mine.merge(desk) == 0


def test_while_paused_everything_is_asked_and_nothing_counts():
    with Learner(job()) as learner:
        live(learner, colours(300))
        learner.pause()
        answers = gate_of(learner).books["1.0"].ledger.answers
        paused = live(learner, colours(50, seed=1))
        assert {decision.reason for decision in paused} == {"paused"}
        assert gate_of(learner).books["1.0"].ledger.answers == answers
        learner.resume()
        assert any(decision.alone for decision in live(learner, colours(50, seed=2)))


def test_some_options_are_always_asked_also_under_a_new_name():
    with Learner(job()) as learner:
        learner.configure(always_ask=["red"])
        learner.rename_option("red", "crimson")
        decisions = live(learner, [(s, "crimson" if r == "red" else r) for s, r in colours(400)])
        assert any(decision.alone for decision in decisions)
        assert {d.reason for d in decisions[50:] if d.answer == "crimson"} == {"always ask"}


def test_an_option_that_is_always_asked_must_be_there_unless_the_job_is_open():
    with Learner(job()) as learner:
        with pytest.raises(OptionError, match=r"'blu'.*'blue'"):
            learner.configure(always_ask=["red", "blu"])
        assert learner.autonomy.always_ask == ()
        learner.configure(always_ask=["red", "blue"])
        learner.rename_option("red", "crimson")
        learner.retire_option("blue")
        assert learner.configure(always_ask=["red", "blue"]).always_ask == ("red", "blue")
    with Learner(Job("open", encoder="static")) as learner:
        assert learner.configure(always_ask=["later"]).always_ask == ("later",)


def test_a_guarantee_by_a_field_needs_situations_with_fields():
    with Learner(Job("texts", COLOURS, encoder="static")) as learner:
        learner.decide("a text")
        with pytest.raises(InputError, match="no field 'vendor'"):
            learner.configure(guarantee_by="vendor")
        assert learner.autonomy.guarantee_by is None
        assert learner.configure(guarantee_by="answer").guarantee_by == "answer"


def test_no_more_answers_alone_than_the_cap_allows():
    with Learner(job()) as learner:
        live(learner, colours(300))
        learner.configure(per_hour=5)
        decisions = live(learner, colours(300, seed=1), at=1e6)
        alone = [d.at for d in decisions if d.alone]
        assert alone
        assert max(sum(t - 3600.0 < other <= t for other in alone) for t in alone) <= 5
        assert "cap" in {d.reason for d in decisions}


def test_the_cap_holds_in_every_hour_also_where_times_go_backwards():
    with Learner(job()) as learner:
        live(learner, colours(300))
        learner.configure(per_hour=5)
        alone = []
        for number, (situation, right) in enumerate(colours(200, seed=1)):
            decision = learner.decide(situation, at=1e6 - 60.0 * number)
            if decision.alone:
                alone.append(decision.at)
            else:
                learner.teach(decision, right)
        assert len(alone) > 10
        assert max(sum(t - 3600.0 < other <= t for other in alone) for t in alone) <= 5


def test_the_newest_minutes_are_kept_whichever_way_time_runs():
    for step in (60.0, -60.0):
        recent = Recent()
        for number in range(10_000):
            recent.add(1e7 + step * number)
        newest = 1e7 + step * 9_999
        assert len(recent.state()) <= 2 * 24 * 60
        assert recent.full(None, 1_000, newest)
        assert not recent.full(None, 1_000, newest + 20 * step * 24 * 60)
        assert Recent(recent.state()).state() == recent.state()


def test_a_batch_counts_one_after_the_other():
    with Learner(job()) as learner:
        live(learner, colours(120))
        decisions = learner.decide_many([situation for situation, _ in colours(400, seed=1)])
        ledger = gate_of(learner).books["1.0"].ledger
        assert ledger.bound() <= 0.1 * ledger.answers or not decisions[-1].alone


def test_a_batch_that_cannot_be_journaled_counts_nothing(monkeypatch):
    with Learner(job()) as learner:
        live(learner, colours(100))
        journal = learner._record.journal
        before = gate_of(learner)

        def full(events, **keywords):
            raise OSError("no room")

        with monkeypatch.context() as patch:
            patch.setattr(journal, "append", full)
            with pytest.raises(OSError, match="no room"):
                learner.decide(next(colours(1, seed=5))[0])
        assert same_gate(before, gate_of(learner)) or gate_of(learner) is not before
        again = gate_of(learner)
        learner._record.keeper.refold()
        assert same_gate(again, gate_of(learner))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("target_error", value) for value in (0.0, 1.0, "2%", None, True)),
        *(("confidence", value) for value in (0.2, 1.0)),
        *(("q_min", value) for value in (0.0, 1.5)),
        *(("per_hour", value) for value in (-1, 2.5)),
        *(("always_ask", value) for value in ("red", [1])),
        *(("paused", 1), ("guarantee_by", ""), ("price_wrong", -1.0), ("price_ask", 3.0), ("colour", "red")),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name_and_change_nothing(name, value):
    with Learner(job()) as learner:
        before = learner.autonomy
        with pytest.raises(InputError, match="price" if name.startswith("price") else name):
            learner.configure(**{name: value})
        assert learner.autonomy == before


def test_a_target_changed_in_the_job_is_in_force_when_the_journal_is_opened_again(tmp_path):
    path = tmp_path / "colours.db"
    with Learner(job(0.1), path) as learner:
        live(learner, colours(20))
        learner.configure(target_error=0.3)
    with Learner(job(0.1), path) as learner:
        assert learner.autonomy.target_error == 0.3
    with Learner(job(0.05), path) as learner:
        assert learner.autonomy.target_error == 0.05
        live(learner, colours(1))
    with Learner.open(path) as learner:
        assert learner.autonomy.target_error == 0.05
