"""What pages show of decisions, journals and reports: pure functions, no browser."""

import datetime
import re
from xml.etree import ElementTree

import pytest

from quickstudy import NEW_OPTION, Learner
from quickstudy.autonomy.gate import REASONS
from quickstudy.serve.pages.browse import Wanted, detail, search
from quickstudy.serve.pages.drawing import VARIABLES, draw
from quickstudy.serve.pages.figures import bound, calibration, learning, slider
from quickstudy.serve.pages.history import history
from quickstudy.serve.pages.questions import blind_question, doubts, open_question
from quickstudy.serve.pages.words import chance, one_line, seen, share, when
from serve_pages.conftest import small_job, tickets


@pytest.fixture
def learner(tmp_path):
    with Learner(small_job("view"), tmp_path / "view.db") as made:
        made.teach_many(tickets(30), by="anna")
        yield made


def test_a_blind_question_holds_nothing_of_what_the_learner_thinks(learner):
    decision = learner.decide("my card was stolen at home")
    question = blind_question(decision, learner.options, {}, is_open=False)
    assert [choice.name for choice in question.choices] == ["app", "billing", "fraud"]
    assert [choice.probability for choice in question.choices] == [None, None, None]
    assert (question.guess, question.doubts, question.cases, question.opinions) == (None, (), (), ())


def test_an_open_question_ranks_answers_and_shows_the_nearest_cases(learner):
    decision = learner.decide("my card was stolen at home")
    question = open_question(decision.id, decision, {"fraud": "stolen cards"}, reason="unsure", is_open=False)
    assert question.guess.name == decision.answer == question.choices[0].name
    assert [choice.key for choice in question.choices] == ["1", "2", "3"]
    probabilities = [choice.probability for choice in question.choices]
    assert probabilities == sorted(probabilities, reverse=True)
    assert question.cases[0].answer == "fraud"
    assert question.cases[0].by == "anna"


def test_every_reason_of_the_gate_gives_a_question_something_to_say(learner):
    decision = learner.predict("my card was stolen at home")
    for reason in REASONS:
        assert all(sentence.endswith((".", "…")) for sentence in doubts(decision, reason))
        assert doubts(decision, reason)
    assert "not shown enough yet" in " ".join(doubts(decision, "shadow"))
    assert "asks about everything" in " ".join(doubts(decision, "off"))


def test_a_question_to_an_open_job_says_that_it_is_probably_new(tmp_path):
    with Learner(small_job("open", None), tmp_path / "open.db") as learner:
        learner.teach_many([(text, "billing") for text, _ in tickets(9)])
        for number in range(12):
            learner.teach(f"quite another thing {number} {'xyz' * number}", f"option {number}")
        decision = learner.predict("zzz qqq unheard of")
        assert NEW_OPTION in decision.probabilities
        assert doubts(decision, "new")
        choices = open_question("id", decision, {}, reason="new", is_open=True).choices
        assert NEW_OPTION not in [choice.name for choice in choices]


def test_values_read_as_people_write_them():
    assert [chance(p) for p in (0, 0.004, 0.5, 0.9999)] == ["0%", "<1%", "50%", ">99%"]
    assert [share(p) for p in (0.02, 0.0049, None)] == ["2%", "0.5%", "–"]
    assert when(float("1e20")).endswith("since 1970")
    assert one_line("a\n b " * 100, 20) == "a b a b a b a b a b…"
    record = seen({"paid": True, "on": datetime.date(2026, 11, 22), "note": None, "sum": 3.0})
    assert [(field.value, field.empty) for field in record.fields if field.name == "note"] == [("", True)]
    assert "paid: yes" in record.short
    assert "note" not in record.short


def test_a_search_finds_words_in_any_case_and_pages_through_all(learner):
    decisions = learner.decide_many([f'ÄRGER with «{number}» "quoted"' for number in range(7)])
    learner.teach(decisions[3], "fraud", by="Ben")
    journal = learner._record.journal

    def nothing_sealed(ids):
        return frozenset()

    found = search(journal, Wanted(text='ärger "QUOTED"'), nothing_sealed, limit=3)
    pages = [found]
    while pages[-1].older is not None:
        pages.append(search(journal, Wanted(text='ärger "QUOTED"', before=pages[-1].older), nothing_sealed, limit=3))
    assert [entry.id for part in pages for entry in part.entries] == [decision.id for decision in decisions[::-1]]
    [said] = search(journal, Wanted(by="ben"), nothing_sealed).entries
    assert (said.id, said.said[0].answer) == (decisions[3].id, "fraud")
    assert {entry.kind for entry in search(journal, Wanted(mode="lesson"), nothing_sealed).entries} == {"lesson"}
    assert search(journal, Wanted(until=10.0), nothing_sealed).entries == ()


def test_a_sealed_entry_shows_no_answer_and_is_not_found_by_it(learner):
    decision = learner.decide("my card was stolen at home")
    journal = learner._record.journal

    def sealed(ids):
        return frozenset(ids) & {decision.id}

    [entry] = search(journal, Wanted(text="at home", mode="ask"), sealed).entries
    assert (entry.sealed, entry.answer, entry.probability) == (True, None, None)
    assert search(journal, Wanted(answer=decision.answer, mode="ask"), sealed).entries == ()
    hidden = detail(journal, journal.get(decision.id), sealed=True)
    assert (hidden.ranked, hidden.cases, hidden.opinions, hidden.score) == ((), (), (), None)
    shown = detail(journal, journal.get(decision.id), sealed=False)
    assert shown.ranked[0][0] == decision.answer
    assert shown.cases[0].seen.text == decision.evidence.neighbours[0].situation


def test_a_drawing_is_part_of_the_page_and_its_text_is_text():
    drawn = draw(lambda axes: (axes.plot([0, 1], [0, 1]), axes.set_title("<script>$x$</script> & more")))
    root = ElementTree.fromstring(drawn)
    assert not re.search(r"style=|<style|<script|http://matplotlib|DOCTYPE", drawn)
    assert not [element for element in root.iter() if element.tag.endswith(("}script", "}style", "}metadata"))]
    assert "<script>$x$</script> & more" in [(element.text or "").strip() for element in root.iter()]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    other = draw(lambda axes: axes.plot([0, 1], [0, 1]))
    assert not any(f'id="{id}"' in other for id in ids)


def test_figures_say_in_words_and_numbers_what_they_draw(learner):
    for text, team in tickets(90)[30:]:
        learner.teach(learner.decide(text), team, by="ben")
    report, gate = learner.report(), learner._record.keeper.gate.copy()
    past = history(learner._record.journal, gate)
    drawn = [learning(report), calibration(report), bound(past, 0.02), slider(learner.what_if([0.05, 0.2]))]
    for figure in drawn:
        assert figure.words
        assert figure.rows
        assert all(len(row) == len(figure.columns) for row in figure.rows)
        assert not any(colour in figure.svg for colour in VARIABLES)
        assert "var(--" in figure.svg


def test_the_history_ends_where_the_ledger_in_force_stands(learner):
    for text, team in tickets(120)[30:]:
        learner.teach(learner.decide(text), team, by="ben")
    gate = learner._record.keeper.gate.copy()
    past = history(learner._record.journal, gate)
    assert gate.stood_behind[0] > 0
    assert (past.shown[-1].answers, past.shown[-1].bound) == gate.stood_behind
    assert past.stretches[-1].decisions == 90
    assert all(abs(part.alone + part.audited + part.asked - 1) < 1e-9 for part in past.stretches)


def test_an_error_that_nobody_has_looked_for_is_not_called_zero(learner):
    decisions = learner.decide_many([text for text, _ in tickets(120)[30:]])
    past = history(learner._record.journal, learner._record.keeper.gate.copy())
    account = learner.report().autonomy
    assert account.answers > 1
    assert account.expected_error is None
    assert "observed: no verdict yet" in bound(past, 0.02).words
    assert bound(past, 0.02).rows[-1][-1] == "–"
    for decision in decisions:
        learner.teach(decision, decision.answer)
    assert learner.report().autonomy.expected_error == 0.0
