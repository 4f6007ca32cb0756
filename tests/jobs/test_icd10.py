import subprocess
import sys

import pytest

from quickstudy.errors import InputError
from quickstudy.jobs import LEVELS, icd10_codebook, icd10_tasks


def test_the_code_book_has_its_real_size():
    sizes = {level: (len(icd10_codebook(level).titles), len(icd10_codebook(level).phrases)) for level in LEVELS}
    # Five phrases stand under a block itself, in none of its categories.
    assert sizes == {"chapter": (22, 12_574), "block": (273, 12_574), "category": (1_453, 12_569)}


def test_the_phrases_agree_with_the_package_itself():
    cm = pytest.importorskip("simple_icd_10_cm")
    book = icd10_codebook("category")
    for code in list(book.titles)[::50]:
        assert book.titles[code] == cm.get_description(code)
        below = [code, *cm.get_descendants(code)]
        theirs = {" ".join(term.split()) for each in below for term in cm.get_inclusion_term(each)}
        assert {phrase for phrase, answer in book.phrases if answer == code} == theirs


def test_descriptions_hold_the_titles_below_and_are_cut():
    book = icd10_codebook("block")
    assert book.descriptions["A15-A19"].startswith("Tuberculosis; Respiratory tuberculosis; ")
    assert max(map(len, book.descriptions.values())) <= 600
    assert "(A00-A09)" not in book.descriptions["A00-A09"]


def test_ambiguous_phrases_stay_and_are_counted():
    book = icd10_codebook("block")
    answers: dict[str, set[str]] = {}
    for phrase, code in book.phrases:
        answers.setdefault(phrase.casefold(), set()).add(code)
    several = [phrase for phrase, codes in answers.items() if len(codes) > 1]
    assert several
    assert book.ambiguous == sum(phrase.casefold() in several for phrase, _ in book.phrases)


def test_a_seed_fixes_the_tasks_and_another_seed_changes_them():
    job, first = icd10_tasks("block", 50, seed=1)
    assert first == icd10_tasks("block", 50, seed=1)[1]
    assert first != icd10_tasks("block", 50, seed=2)[1]
    assert len(first) == 50
    assert {answer for _, answer in first} <= set(job.options)
    assert job.name == "icd10-block"


def test_more_tasks_than_phrases_gives_all_phrases_once():
    book = icd10_codebook("chapter")
    _, pairs = icd10_tasks("chapter", 1_000_000)
    assert sorted(pairs) == sorted(book.phrases)


@pytest.mark.parametrize("tasks", [0, -1, 2.5, True])
def test_a_senseless_number_of_tasks_is_refused(tasks):
    with pytest.raises(InputError, match="tasks is"):
        icd10_tasks("block", tasks)


def test_an_unknown_level_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="chapter"):
        icd10_tasks("page")


def test_the_package_that_ships_the_book_is_not_imported():
    code = (
        "import sys; from quickstudy.jobs import icd10_tasks; icd10_tasks(); print('simple_icd_10_cm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
