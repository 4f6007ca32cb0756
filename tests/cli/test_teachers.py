import pytest

from quickstudy import Job, Learner


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "route.db"
    with Learner(Job("route", ["billing", "fraud"], encoder="static"), path) as learner:
        for i in range(6):
            decision = learner.decide(f"ticket {i}")
            learner.teach(decision, "billing", by="anna")
            learner.teach(decision, "fraud" if i == 0 else "billing", by="ben")
            learner.teach(decision, "billing")
    return path


def test_teachers_are_shown_with_their_errors_and_contradictions(quickstudy, journal):
    result = quickstudy("teachers", journal)
    assert result.code == 0, result.err
    for words in ("anna", "ben", "(no name)", "6 tasks have several teachers' answers; on 83.3%", "fraud (ben)"):
        assert words in result.out, words


def test_teachers_as_json(quickstudy, journal):
    result = quickstudy("teachers", journal, "--json", "--contradictions", "1", "--confidence", "0.5")
    assert result.code == 0, result.err
    assert {teacher["name"] for teacher in result.json["teachers"]} == {"anna", "ben", ""}
    assert result.json["confidence"] == 0.5
    assert result.json["contradictions_found"] == 2
    [found] = result.json["contradictions"]
    assert (found["kind"], found["situation"]) == ("teachers", "ticket 0")
    assert "bound" in result.json["note"]


def test_a_journal_that_nobody_taught_says_so(quickstudy, tmp_path):
    path = tmp_path / "empty.db"
    Learner(Job("route", ["billing", "fraud"], encoder="static"), path).close()
    assert quickstudy("teachers", path).out == "Nobody has taught anything yet.\n"
    assert quickstudy("teachers", tmp_path / "none.db").code == 2
    assert quickstudy("teachers", path, "--confidence", "3").code == 2
